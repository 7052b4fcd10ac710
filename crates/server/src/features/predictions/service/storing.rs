//! Storing new rows, whosever they are: companies first, then predictions, then what is latest of each company.
//!
//! Companies are held in the order of owner and symbol, then the people and places that rows refer to, then the owners'
//! counters in their order: every transaction that stores rows does so, so that none waits for another in a circle.

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
};

use accunode_db::{Timestamp, Tx};
use accunode_domain::{AccessLevel, Error, Kind, Quarter, Result, UploadId};
use accunode_scoring::{Bundle, Score};
use accunode_sheets::Record;
use uuid::Uuid;

use super::{Owner, figured};
use crate::features::{
    dashboard::store::changes as figures,
    grades::service::Scale,
    predictions::{
        columns,
        store::{
            self,
            companies::{self as known, Stands},
            latest::{self, Growth, Said},
        },
    },
};

/// A row to store, scored.
pub(in crate::features::predictions) struct NewRow<'a> {
    pub(in crate::features::predictions) kind: Kind,
    pub(in crate::features::predictions) owner: Owner,
    pub(in crate::features::predictions) upload: Option<UploadId>,
    /// Its number in the file.
    pub(in crate::features::predictions) number: Option<i64>,
    pub(in crate::features::predictions) record: &'a Record,
    pub(in crate::features::predictions) score: &'a Score,
    pub(in crate::features::predictions) bundle: &'a Bundle,
    pub(in crate::features::predictions) scale: &'a Scale,
    /// What is odd about its inputs, as [`quality`] says it.
    pub(in crate::features::predictions) quality: String,
}

impl NewRow<'_> {
    /// Its grade on the scale.
    pub(in crate::features::predictions) fn grade(&self) -> &str {
        self.scale.master.grade(self.score.probability)
    }
}

/// A record's quality flags as they are stored, by the bundle's training ranges.
pub(super) fn quality(record: &Record, ranges: &[Option<(f64, f64)>]) -> Result<String> {
    serde_json::to_string(&record.quality(ranges)).map_err(Error::internal)
}

/// What became of rows.
pub(super) struct Stored<'a> {
    /// The prediction of each row, or none where its company already has one for the period.
    pub(super) ids: Vec<Option<Uuid>>,
    /// The place of each row's company in `companies`.
    pub(super) of: Vec<usize>,
    pub(super) companies: Vec<Company<'a>>,
}

/// A company of some rows.
pub(super) struct Company<'a> {
    pub(super) owner: Owner,
    pub(super) id: Uuid,
    pub(super) symbol: &'a str,
    pub(super) name: Cow<'a, str>,
    pub(super) sector: Cow<'a, str>,
    pub(super) market_cap: Option<f64>,
    /// Its rows, of each period the first.
    pub(super) rows: Vec<usize>,
    pub(super) state: State,
    /// How it stood before, if it was there.
    pub(super) stood: Option<Stands>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum State {
    /// Nobody has looked for it yet.
    Unknown,
    /// Its owner had it before.
    There,
    /// This transaction adds it, and so knows all that there is of it.
    Added,
}

/// Stores rows. Where `follow`, what rows say of their companies overwrites what was known of them, as files do; rows of
/// a file come in its order.
///
/// # Errors
/// When the database fails; then the transaction is of no further use.
pub(super) async fn store_rows<'a>(
    tx: &mut Tx,
    rows: &'a [NewRow<'a>],
    follow: bool,
    now: Timestamp,
) -> Result<Stored<'a>> {
    let (mut companies, of) = gathered(rows);
    let ids: Vec<Uuid> = rows.iter().map(|_| Uuid::now_v7()).collect();
    find(tx, &mut companies).await?;
    add(tx, rows, &ids, &mut companies, follow, now).await?;
    // Where a company was added by somebody else at the same moment, it is theirs.
    find(tx, &mut companies).await?;
    if companies.iter().any(|company| company.state == State::Unknown) {
        return Err(Error::internal("a company is gone"));
    }
    let stored = insert(tx, rows, &ids, &companies, &of, now).await?;
    settle(tx, rows, &companies, &|row| stored.contains(&ids[row]), follow, now).await?;
    let changes =
        figured::changes(tx, rows, &ids, &companies, &|row| stored.contains(&ids[row]), now).await?;
    figures::note(tx, changes).await?;
    let ids = ids.into_iter().map(|id| stored.contains(&id).then_some(id)).collect();
    Ok(Stored { ids, of, companies })
}

/// The companies of rows in the order in which they are held, and which company each row has.
fn gathered<'a>(rows: &'a [NewRow<'a>]) -> (Vec<Company<'a>>, Vec<usize>) {
    let mut by_key: BTreeMap<(Uuid, &str), Vec<usize>> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        by_key.entry((row.owner.id(), &row.record.symbol)).or_default().push(i);
    }
    let mut of = vec![0; rows.len()];
    let mut companies = Vec::with_capacity(by_key.len());
    for ((_, symbol), mut listed) in by_key {
        for row in &listed {
            of[*row] = companies.len();
        }
        let first = &rows[listed[0]];
        let mut periods = HashSet::new();
        listed.retain(|row| periods.insert((rows[*row].kind, rows[*row].record.period)));
        companies.push(Company {
            owner: first.owner,
            id: Uuid::nil(),
            symbol,
            name: Cow::Borrowed(&first.record.name),
            sector: Cow::Borrowed(&first.record.sector),
            market_cap: first.record.market_cap,
            rows: listed,
            state: State::Unknown,
            stood: None,
        });
    }
    (companies, of)
}

const LEVELS: [AccessLevel; 3] = [AccessLevel::Personal, AccessLevel::Organization, AccessLevel::System];

/// Holds the companies that are there.
async fn find(tx: &mut Tx, companies: &mut [Company<'_>]) -> Result<()> {
    for level in LEVELS {
        let wanted = companies.iter().filter(|c| c.owner.level == level && c.state == State::Unknown);
        let wanted: (Vec<Uuid>, Vec<String>) = wanted.map(|c| (c.owner.id(), c.symbol.to_owned())).unzip();
        if wanted.0.is_empty() {
            continue;
        }
        for known in known::companies(tx, level, wanted).await? {
            let key = (known.owner, known.symbol.as_str());
            let Ok(at) = companies.binary_search_by(|c| (c.owner.id(), c.symbol).cmp(&key)) else { continue };
            let company = &mut companies[at];
            (company.id, company.state) = (known.stands.id, State::There);
            (company.name, company.sector) = (known.name.into(), known.stands.sector.clone().into());
            (company.market_cap, company.stood) = (known.market_cap, Some(known.stands));
        }
    }
    Ok(())
}

/// Adds the companies that are not there, with what will be latest of them.
async fn add<'a>(
    tx: &mut Tx,
    rows: &'a [NewRow<'a>],
    ids: &[Uuid],
    companies: &mut [Company<'a>],
    follow: bool,
    now: Timestamp,
) -> Result<()> {
    for level in LEVELS {
        let mut missing: Vec<&mut Company<'a>> =
            companies.iter_mut().filter(|c| c.owner.level == level && c.state == State::Unknown).collect();
        if missing.is_empty() {
            continue;
        }
        let mut new = Vec::with_capacity(missing.len());
        for company in &mut missing {
            // Nobody else can have stored any of its rows.
            let said = said(rows, company.rows.iter().copied(), follow);
            company.id = Uuid::now_v7();
            (company.name, company.sector) = (said.name.into(), said.sector.into());
            company.market_cap = said.market_cap;
            let latest = Latest::of(rows, ids, &company.rows);
            new.push(NewCompany {
                id: company.id,
                owner: company.owner,
                symbol: company.symbol,
                said,
                latest,
            });
        }
        let added = known::insert_companies(tx, level, columns::companies(&new, follow, now)).await?;
        let added: HashSet<Uuid> = added.into_iter().collect();
        for company in missing {
            if added.contains(&company.id) {
                company.state = State::Added;
            }
        }
    }
    Ok(())
}

/// Adds the predictions; gives those whose company and period were free.
async fn insert(
    tx: &mut Tx,
    rows: &[NewRow<'_>],
    ids: &[Uuid],
    companies: &[Company<'_>],
    of: &[usize],
    now: Timestamp,
) -> Result<HashSet<Uuid>> {
    let mut first = vec![false; rows.len()];
    for row in companies.iter().flat_map(|company| &company.rows) {
        first[*row] = true;
    }
    let mut stored = HashSet::with_capacity(rows.len());
    for kind in [Kind::Annual, Kind::Quarterly] {
        let of_kind = (0..rows.len()).filter(|row| first[*row] && rows[*row].kind == kind);
        let new = of_kind.map(|row| (&rows[row], ids[row], &companies[of[row]]));
        let (added, there): (Vec<_>, Vec<_>) = new.partition(|(.., company)| company.state == State::Added);
        let columns = |new: &[(&NewRow<'_>, Uuid, &Company<'_>)]| {
            let new: Vec<_> = new.iter().map(|(row, id, company)| (*row, *id, company.id)).collect();
            columns::predictions(kind, &new, now)
        };
        if !added.is_empty() {
            // Nobody else sees a company that this transaction adds: every period of it is free.
            store::insert_first_predictions(tx, columns(&added)).await?;
            stored.extend(added.iter().map(|(_, id, _)| *id));
        }
        if !there.is_empty() {
            stored.extend(store::insert_predictions(tx, columns(&there)).await?);
        }
    }
    Ok(stored)
}

/// Brings the companies that were there before up to date, and raises the counters of all owners.
async fn settle(
    tx: &mut Tx,
    rows: &[NewRow<'_>],
    companies: &[Company<'_>],
    stored: &impl Fn(usize) -> bool,
    follow: bool,
    now: Timestamp,
) -> Result<()> {
    let (mut changed, mut told) = (Vec::new(), Vec::new());
    let mut owners: BTreeMap<Uuid, Growth> = BTreeMap::new();
    for company in companies {
        let mut new = company.rows.iter().copied().filter(|row| stored(*row)).peekable();
        if new.peek().is_none() {
            continue;
        }
        let growth = owners.entry(company.owner.id()).or_default();
        for row in company.rows.iter().filter(|row| stored(**row)) {
            *growth += Growth::predictions(rows[*row].kind, 1);
        }
        growth.companies += i64::from(company.state == State::Added);
        match company.state {
            State::There if follow => told.push((company.id, said(rows, new, follow))),
            State::There => changed.push(company.id),
            State::Added | State::Unknown => {}
        }
    }
    latest::work_out(tx, changed).await?;
    latest::work_out_and_know(tx, &told, now).await?;
    if !owners.is_empty() {
        latest::touch_all(tx, owners).await?;
    }
    Ok(())
}

/// What some rows of a company, at least one, say of it: where they follow each other the last of them, else the first.
fn said<'a>(rows: &'a [NewRow<'a>], which: impl Iterator<Item = usize>, follow: bool) -> Said<'a> {
    let mut said = Said::default();
    for (n, row) in which.map(|row| &rows[row]).enumerate() {
        if n > 0 && !follow {
            break;
        }
        (said.name, said.sector) = (&row.record.name, &row.record.sector);
        (said.upload, said.row) = (row.upload.map(|u| u.0), row.number);
        if row.record.market_cap.is_some() {
            (said.market_cap, said.market_cap_row) = (row.record.market_cap, row.number);
        }
    }
    said
}

/// A company to add.
pub(in crate::features::predictions) struct NewCompany<'a> {
    pub(in crate::features::predictions) id: Uuid,
    pub(in crate::features::predictions) owner: Owner,
    pub(in crate::features::predictions) symbol: &'a str,
    pub(in crate::features::predictions) said: Said<'a>,
    pub(in crate::features::predictions) latest: Option<Latest<'a>>,
}

/// What is latest of a new company, as [`latest::settle`] would work it out from all of its rows.
pub(in crate::features::predictions) struct Latest<'a> {
    pub(in crate::features::predictions) id: Uuid,
    pub(in crate::features::predictions) row: &'a NewRow<'a>,
    /// Of the period before, of the same kind.
    pub(in crate::features::predictions) previous: Option<&'a NewRow<'a>>,
    pub(in crate::features::predictions) annual: i64,
    pub(in crate::features::predictions) quarterly: i64,
}

impl<'a> Latest<'a> {
    pub(super) fn of(rows: &'a [NewRow<'a>], ids: &[Uuid], which: &[usize]) -> Option<Self> {
        // All are scored at the same moment.
        let rank = |row: &usize| {
            let period = rows[*row].record.period;
            (
                Reverse(period.year),
                Reverse(period.quarter.unwrap_or(Quarter::Q4)),
                rows[*row].kind.as_str(),
                ids[*row],
            )
        };
        let latest = *which.iter().min_by_key(|row| rank(row))?;
        let of_kind = |kind: Kind| which.iter().filter(move |row| rows[**row].kind == kind);
        let previous = of_kind(rows[latest].kind).filter(|row| **row != latest).min_by_key(|row| rank(row));
        let count = |kind: Kind| i64::try_from(of_kind(kind).count()).unwrap_or(i64::MAX);
        Some(Self {
            id: ids[latest],
            row: &rows[latest],
            previous: previous.map(|row| &rows[*row]),
            annual: count(Kind::Annual),
            quarterly: count(Kind::Quarterly),
        })
    }
}
