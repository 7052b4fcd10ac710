//! SQL of the audit log.

use std::collections::{BTreeMap, HashMap};

use accunode_db::{BulkInsert, BulkRows, Column, Result, Sql, Timestamp, Tx, on, sql};
use sha2::{Digest, Sha256};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};
use uuid::Uuid;

use super::service::Filter;

/// What one entry says, without its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The tenant that it concerns.
    pub tenant_id: Option<Uuid>,
    /// Who acted; none before a sign-in.
    pub actor_id: Option<Uuid>,
    /// Their address at the time.
    pub actor_email: Option<String>,
    /// Their role at the time.
    pub actor_role: Option<String>,
    /// The API key they used.
    pub api_key_id: Option<Uuid>,
    /// What was done.
    pub action: String,
    /// `done` or `denied`.
    pub outcome: String,
    /// What kind of thing it was done to.
    pub target_type: Option<String>,
    /// Which one.
    pub target_id: Option<String>,
    /// JSON of the state before.
    pub before_state: Option<String>,
    /// JSON of the state after.
    pub after_state: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// The client's address.
    pub address: Option<String>,
}

impl Entry {
    /// The chain that it belongs to.
    fn chain(&self) -> Uuid {
        self.tenant_id.unwrap_or(Uuid::nil())
    }

    /// The hash of this entry at its place: SHA-256 over the previous entry's hash and the entry's parts as a
    /// JSON array, so that no two different entries read the same. Hexadecimal.
    #[must_use]
    pub fn hash(&self, chain: Uuid, seq: i64, previous: &str) -> String {
        let parts = serde_json::json!([
            previous,
            chain,
            seq,
            self.at.unix_micros(),
            self.tenant_id,
            self.actor_id,
            self.actor_email,
            self.actor_role,
            self.api_key_id,
            self.action,
            self.outcome,
            self.target_type,
            self.target_id,
            self.before_state,
            self.after_state,
            self.request_id,
            self.address,
        ]);
        hex::encode(Sha256::digest(parts.to_string()))
    }
}

/// What the first entry of a chain has for its predecessor's hash.
pub const GENESIS: &str = "";

/// An entry at its place.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(crate) struct Placed {
    /// The tenant's id, or nil.
    pub(crate) chain: Uuid,
    /// Its number within the chain, from 1.
    pub(crate) seq: i64,
    #[sqlx(flatten)]
    pub(crate) entry: Entry,
    /// The hash of the entry before it.
    pub(crate) previous_hash: String,
    /// Its own.
    pub(crate) hash: String,
}

/// A row of the log as it is found.
pub(crate) struct Found {
    pub(crate) seq: i64,
    /// None when the row holds what no entry can.
    pub(crate) placed: Option<Placed>,
}

impl<'r, R: Row> FromRow<'r, R> for Found
where
    Placed: FromRow<'r, R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    &'static str: ColumnIndex<R>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        Ok(Self { seq: row.try_get("seq")?, placed: Placed::from_row(row).ok() })
    }
}

/// Where a page of the log, read from the newest entry on, begins: behind this entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    at: Timestamp,
    chain: Uuid,
    seq: i64,
}

impl Cursor {
    /// In front of the newest entry.
    pub(crate) const START: Self =
        Self { at: Timestamp::from_unix_micros(i64::MAX), chain: Uuid::max(), seq: i64::MAX };
}

impl From<&Placed> for Cursor {
    fn from(placed: &Placed) -> Self {
        Self { at: placed.entry.at, chain: placed.chain, seq: placed.seq }
    }
}

/// How a chain ends, by its head and by its entries.
#[derive(Debug, FromRow)]
pub(crate) struct End {
    pub(crate) head_seq: Option<i64>,
    pub(crate) head_hash: Option<String>,
    /// The number of the last entry.
    pub(crate) last: Option<i64>,
}

macro_rules! select {
    () => {
        "SELECT chain, seq, at, tenant_id, actor_id, actor_email, actor_role, api_key_id, action, outcome,
                target_type, target_id, before_state, after_state, request_id, address, previous_hash, hash
         FROM audit_log"
    };
}

/// What a filter lets through: $1 the action's beginning, $2 and $3 who acted, $4 and $5 on what, $6 the outcome,
/// $7 and $8 from when until when. A parameter that may be null is compared before it is asked whether it is:
/// PostgreSQL learns its type from the first use.
macro_rules! filtered {
    () => {
        " WHERE substr(action, 1, CAST(length(CAST($1 AS TEXT)) AS INTEGER)) = CAST($1 AS TEXT)
            AND (actor_id = $2 OR $2 IS NULL) AND (actor_email = $3 OR $3 IS NULL)
            AND (target_type = $4 OR $4 IS NULL) AND (target_id = $5 OR $5 IS NULL)
            AND (outcome = $6 OR $6 IS NULL) AND at >= $7 AND at < $8"
    };
}

/// $9 is the tenant, or none for all: two texts, so that each finds its index.
macro_rules! of_tenant {
    () => {
        " AND tenant_id = $9"
    };
}
macro_rules! of_all {
    () => {
        " AND CAST($9 AS uuid) IS NULL"
    };
}

macro_rules! page {
    () => {
        " AND (at, chain, seq) < ($10, $11, $12) ORDER BY at DESC, chain DESC, seq DESC LIMIT $13 OFFSET $14"
    };
}

sql! {
    PAGE_OF_TENANT = concat!(select!(), filtered!(), of_tenant!(), page!());
    PAGE_OF_ALL = concat!(select!(), filtered!(), of_all!(), page!());
    COUNT_OF_TENANT = concat!("SELECT COUNT(*) FROM audit_log", filtered!(), of_tenant!());
    COUNT_OF_ALL = concat!("SELECT COUNT(*) FROM audit_log", filtered!(), of_all!());
    /// A chain may have lost its head, or all its entries.
    CHAINS = "SELECT chain FROM audit_heads UNION SELECT chain FROM audit_log ORDER BY chain";
    /// In one statement: head and entries as of one moment.
    END = "SELECT h.seq AS head_seq, h.hash AS head_hash, l.last
           FROM (SELECT MAX(seq) AS last FROM audit_log WHERE chain = $1) l
           LEFT JOIN audit_heads h ON h.chain = $1";
    WALK = concat!(select!(), " WHERE chain = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq LIMIT $4");
}

/// The ends of chains after their new entries.
const CLOSE: Sql = {
    const TEXT: &str =
        "UPDATE audit_heads SET hash = closed.hash FROM closed WHERE audit_heads.chain = closed.chain";
    Sql::new(TEXT, TEXT)
};

/// Adds entries to the chains of their tenants, or of what belongs to none. It moves the chains' heads on, or makes them
/// for the first entry, and holds them until the transaction ends: in one order, so that no two transactions wait for
/// each other.
pub(crate) async fn append(tx: &mut Tx, entries: Vec<Entry>) -> Result<()> {
    let mut counts: BTreeMap<Uuid, i64> = BTreeMap::new();
    for entry in &entries {
        *counts.entry(entry.chain()).or_default() += 1;
    }
    let heads = BulkInsert::into("audit_heads")
        .column("chain", Column::Uuid(counts.keys().copied().collect()))
        .column("seq", Column::I64(counts.values().copied().collect()))
        .column("hash", Column::Text(vec![GENESIS.to_owned(); counts.len()]));
    const MOVE: &str = "ON CONFLICT (chain) DO UPDATE SET seq = audit_heads.seq + excluded.seq";
    let ends: Vec<(Uuid, i64, String)> = heads.execute_returning(tx, MOVE, "chain, seq, hash").await?;
    let before = |(chain, seq, hash)| (chain, (seq - counts.get(&chain).copied().unwrap_or_default(), hash));
    let mut ends: HashMap<Uuid, (i64, String)> = ends.into_iter().map(before).collect();
    let mut placed = Vec::with_capacity(entries.len());
    for entry in entries {
        let chain = entry.chain();
        let (seq, end) = ends.entry(chain).or_insert_with(|| (0, GENESIS.to_owned()));
        *seq += 1;
        let hash = entry.hash(chain, *seq, end);
        let previous_hash = std::mem::replace(end, hash.clone());
        placed.push(Placed { chain, seq: *seq, entry, previous_hash, hash });
    }
    insert(placed).execute(tx, "").await?;
    let (chains, hashes) = ends.into_iter().map(|(chain, (_, hash))| (chain, hash)).unzip();
    let closed =
        BulkRows::named("closed").column("chain", Column::Uuid(chains)).column("hash", Column::Text(hashes));
    closed.execute(tx, CLOSE).await
}

fn insert(placed: Vec<Placed>) -> BulkInsert {
    let text = |f: fn(&Placed) -> &String| Column::Text(placed.iter().map(|p| f(p).clone()).collect());
    let optional = |f: fn(&Entry) -> &Option<String>| {
        Column::OptText(placed.iter().map(|p| f(&p.entry).clone()).collect())
    };
    let id = |f: fn(&Entry) -> Option<Uuid>| Column::OptUuid(placed.iter().map(|p| f(&p.entry)).collect());
    BulkInsert::into("audit_log")
        .column("chain", Column::Uuid(placed.iter().map(|p| p.chain).collect()))
        .column("seq", Column::I64(placed.iter().map(|p| p.seq).collect()))
        .column("at", Column::Time(placed.iter().map(|p| p.entry.at).collect()))
        .column("tenant_id", id(|e| e.tenant_id))
        .column("actor_id", id(|e| e.actor_id))
        .column("actor_email", optional(|e| &e.actor_email))
        .column("actor_role", optional(|e| &e.actor_role))
        .column("api_key_id", id(|e| e.api_key_id))
        .column("action", text(|p| &p.entry.action))
        .column("outcome", text(|p| &p.entry.outcome))
        .column("target_type", optional(|e| &e.target_type))
        .column("target_id", optional(|e| &e.target_id))
        .column("before_state", optional(|e| &e.before_state))
        .column("after_state", optional(|e| &e.after_state))
        .column("request_id", optional(|e| &e.request_id))
        .column("address", optional(|e| &e.address))
        .column("previous_hash", text(|p| &p.previous_hash))
        .column("hash", text(|p| &p.hash))
}

/// The tenant that entries are looked for in; none for all.
fn tenant(tx: &Tx, filter: &Filter) -> Option<Uuid> {
    let scope = tx.scope();
    if scope.sees_all() { filter.tenant } else { Some(scope.runs_tenant().unwrap_or(Uuid::nil())) }
}

/// Entries in the caller's sight behind a place, newest first.
pub(crate) async fn page(
    tx: &mut Tx,
    filter: &Filter,
    behind: Cursor,
    limit: i64,
    offset: i64,
) -> Result<Vec<Placed>> {
    let tenant = tenant(tx, filter);
    let statement = if tenant.is_some() { PAGE_OF_TENANT } else { PAGE_OF_ALL };
    Ok(on!(tx, statement, |c, sql| {
        let query = sqlx::query_as(sql).bind(&filter.action).bind(filter.actor_id).bind(&filter.actor_email);
        let query = query.bind(&filter.target_type).bind(&filter.target_id).bind(filter.outcome);
        let query = query.bind(filter.from).bind(filter.to).bind(tenant);
        let query = query.bind(behind.at).bind(behind.chain).bind(behind.seq);
        query.bind(limit).bind(offset).fetch_all(c).await
    })?)
}

/// How many entries there are in the caller's sight.
pub(crate) async fn count(tx: &mut Tx, filter: &Filter) -> Result<i64> {
    let tenant = tenant(tx, filter);
    let statement = if tenant.is_some() { COUNT_OF_TENANT } else { COUNT_OF_ALL };
    Ok(on!(tx, statement, |c, sql| {
        let query =
            sqlx::query_scalar(sql).bind(&filter.action).bind(filter.actor_id).bind(&filter.actor_email);
        let query = query.bind(&filter.target_type).bind(&filter.target_id).bind(filter.outcome);
        query.bind(filter.from).bind(filter.to).bind(tenant).fetch_one(c).await
    })?)
}

/// Every chain that there is.
pub(crate) async fn chains(tx: &mut Tx) -> Result<Vec<Uuid>> {
    Ok(on!(tx, CHAINS, |c, sql| sqlx::query_scalar(sql).fetch_all(c).await)?)
}

/// Where a chain ends.
pub(crate) async fn end(tx: &mut Tx, chain: Uuid) -> Result<End> {
    Ok(on!(tx, END, |c, sql| sqlx::query_as(sql).bind(chain).fetch_one(c).await)?)
}

/// Rows of a chain in its order, from one number up to another.
pub(crate) async fn walk(tx: &mut Tx, chain: Uuid, from: i64, to: i64, limit: i64) -> Result<Vec<Found>> {
    Ok(on!(tx, WALK, |c, sql| {
        sqlx::query_as(sql).bind(chain).bind(from).bind(to).bind(limit).fetch_all(c).await
    })?)
}
