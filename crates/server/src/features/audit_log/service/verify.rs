//! Whether the chains still are as they were written.

use accunode_db::Db;
use accunode_domain::{Actor, Result, Role};
use uuid::Uuid;

use super::super::{
    api::{Break, Chain, Reason},
    store::{self, End, GENESIS, Placed},
};

/// Entries read at once.
const PAGE: i64 = 1_000;

/// The chains that a caller may have checked: the own tenant's, or all.
///
/// # Errors
/// When the database fails.
pub(crate) async fn in_reach(db: &Db, actor: &Actor) -> Result<Vec<Chain>> {
    match actor.runs_tenant() {
        Some(tenant) => Ok(vec![walk(db, tenant.0).await?]),
        None if actor.role == Role::SuperAdmin => all(db).await,
        None => Ok(Vec::new()),
    }
}

/// Every chain.
///
/// # Errors
/// When the database fails.
pub async fn all(db: &Db) -> Result<Vec<Chain>> {
    let mut tx = db.system_read("find the audit log's chains").await?;
    let chains = store::chains(&mut tx).await?;
    drop(tx);
    let mut reports = Vec::with_capacity(chains.len());
    for chain in chains {
        reports.push(walk(db, chain).await?);
    }
    Ok(reports)
}

/// Walks one chain from its first entry to where it ended when the walk began, a page at a time, and stops at the
/// first link that does not hold. In the application's own name: an entry that was moved out of its tenant's
/// sight has to be seen.
async fn walk(db: &Db, chain: Uuid) -> Result<Chain> {
    let mut tx = db.system_read("walk a chain of the audit log").await?;
    let end = store::end(&mut tx, chain).await?;
    drop(tx);
    // What lies beyond the head is judged by that alone.
    let last = end.last.unwrap_or(0);
    let last = end.head_seq.map_or(last, |head| head.min(last));
    let mut walked = Walked { chain, seq: 0, hash: GENESIS.to_owned() };
    let mut from = i64::MIN;
    let mut broken = None;
    while broken.is_none() && walked.seq < last {
        let mut tx = db.system_read("walk a chain of the audit log").await?;
        let rows = store::walk(&mut tx, chain, from, last, PAGE).await?;
        drop(tx);
        if rows.is_empty() {
            broken = Some(walked.next(Reason::EntryMissing));
        }
        broken = rows.into_iter().find_map(|row| walked.step(row.seq, row.placed)).or(broken);
        from = walked.seq + 1;
    }
    let broken_at = broken.or_else(|| walked.ends(&end));
    Ok(Chain {
        tenant_id: Some(chain).filter(|chain| !chain.is_nil()),
        entries: walked.seq,
        intact: broken_at.is_none(),
        broken_at,
        head_hash: end.head_hash,
    })
}

/// The part of a chain that holds.
struct Walked {
    chain: Uuid,
    seq: i64,
    hash: String,
}

impl Walked {
    /// Something wrong with what comes next.
    const fn next(&self, reason: Reason) -> Break {
        Break { seq: self.seq + 1, reason }
    }

    /// Takes the next row, or says what is wrong with it.
    fn step(&mut self, seq: i64, placed: Option<Placed>) -> Option<Break> {
        if seq <= self.seq {
            return Some(Break { seq, reason: Reason::EntryUnexpected });
        }
        if seq > self.seq + 1 {
            return Some(self.next(Reason::EntryMissing));
        }
        let Some(placed) = placed else { return Some(self.next(Reason::ContentsChanged)) };
        if placed.previous_hash != self.hash {
            return Some(self.next(Reason::PreviousHashDiffers));
        }
        if placed.entry.hash(self.chain, seq, &self.hash) != placed.hash {
            return Some(self.next(Reason::ContentsChanged));
        }
        (self.seq, self.hash) = (seq, placed.hash);
        None
    }

    /// Compares the last entry with the head.
    fn ends(&self, end: &End) -> Option<Break> {
        let last = end.last.unwrap_or(0);
        let Some((head, hash)) = end.head_seq.zip(end.head_hash.as_ref()) else {
            return (last > 0).then_some(Break { seq: self.seq, reason: Reason::HeadMissing });
        };
        if head > last {
            Some(self.next(Reason::TailCutOff))
        } else if head < last {
            Some(self.next(Reason::EntryUnexpected))
        } else if *hash != self.hash {
            Some(Break { seq: self.seq, reason: Reason::HeadDiffers })
        } else {
            None
        }
    }
}
