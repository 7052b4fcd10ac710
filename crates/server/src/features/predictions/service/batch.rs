//! Scoring and storing many rows together.

use std::collections::{BTreeMap, HashMap, HashSet};

use accunode_db::{BulkInsert, Column, Timestamp, Tx};
use accunode_domain::{Error, Kind, PredictionId, Result, UploadId};
use accunode_scoring::{Bundle, Score};
use accunode_sheets::{Record, ratio_columns};
use uuid::Uuid;

use super::Owner;
use crate::features::{
    grades::service::Scale,
    predictions::{columns, store},
};

/// Rows to score and store together.
pub struct Batch<'a> {
    /// Their kind.
    pub kind: Kind,
    /// To whom they will belong.
    pub owner: Owner,
    /// The upload that they come from.
    pub upload: Option<UploadId>,
    /// The rows, each with its number in the file.
    pub rows: &'a [(Option<i64>, Record)],
    /// Their scores, in the same order.
    pub scores: &'a [Score],
    /// The bundle that gave the scores.
    pub bundle: &'a Bundle,
    /// The master scale that gives the grades.
    pub scale: &'a Scale,
    /// Whether rows overwrite what is known of their company, as files do.
    pub update_companies: bool,
}

/// Scores every row in one go, over all cores.
///
/// # Errors
/// When the rows do not fit the bundle, which is a defect.
pub fn score(bundle: &Bundle, rows: &[(Option<i64>, Record)]) -> Result<Vec<Score>> {
    let columns = ratio_columns(bundle.kind(), rows.iter().map(|(_, record)| record));
    let scores = bundle.score_batch(&columns).map_err(Error::internal)?;
    Ok(scores.iter().collect())
}

/// Stores a batch: for each row the new prediction, or none where its company already has one for the period
/// (in the database or earlier in the batch). Nothing else of such a row is stored.
///
/// # Errors
/// When the database fails; then the transaction is of no further use.
pub async fn store_batch(
    tx: &mut Tx,
    batch: &Batch<'_>,
    now: Timestamp,
) -> Result<Vec<Option<PredictionId>>> {
    let companies = ensure_companies(tx, batch, now).await?;
    let ids: Vec<Uuid> = batch.rows.iter().map(|_| Uuid::now_v7()).collect();
    let columns = columns::predictions(batch, &companies, &ids, now)?;
    let stored: HashSet<Uuid> = store::insert_predictions(tx, columns).await?.into_iter().collect();
    if batch.update_companies {
        update_companies(tx, batch, &companies, |i| stored.contains(&ids[i]), now).await?;
    }
    if !stored.is_empty() {
        let changed: Vec<Uuid> = companies.values().copied().collect();
        store::latest::settle(tx, &batch.owner, &changed).await?;
    }
    Ok(ids.into_iter().map(|id| stored.contains(&id).then_some(PredictionId(id))).collect())
}

async fn ensure_companies(tx: &mut Tx, batch: &Batch<'_>, now: Timestamp) -> Result<HashMap<String, Uuid>> {
    let mut first: HashMap<&str, &Record> = HashMap::new();
    for (_, record) in batch.rows {
        first.entry(&record.symbol).or_insert(record);
    }
    // One order for everybody: two uploads that add the same companies wait instead of deadlocking.
    let mut records: Vec<&Record> = first.into_values().collect();
    records.sort_unstable_by(|a, b| a.symbol.cmp(&b.symbol));
    let symbols: Vec<&str> = records.iter().map(|r| r.symbol.as_str()).collect();
    let mut known = store::company_ids(tx, &batch.owner, &symbols).await?;
    records.retain(|r| !known.contains_key(&r.symbol));
    if records.is_empty() {
        return Ok(known);
    }
    let (n, owner) = (records.len(), &batch.owner);
    let ids: Vec<Uuid> = records.iter().map(|_| Uuid::now_v7()).collect();
    let text = |f: fn(&Record) -> &String| Column::Text(records.iter().map(|r| f(r).clone()).collect());
    let insert = BulkInsert::into("companies")
        .column("id", Column::Uuid(ids.clone()))
        .column("symbol", text(|r| &r.symbol))
        .column("name", text(|r| &r.name))
        .column("sector", text(|r| &r.sector))
        .column("market_cap", Column::OptF64(records.iter().map(|r| r.market_cap).collect()))
        .column("access_level", Column::Text(vec![owner.level.as_str().to_owned(); n]))
        .column("organization_id", Column::OptUuid(vec![owner.organization_id.map(|o| o.0); n]))
        .column("created_by", Column::Uuid(vec![owner.created_by.0; n]))
        .column("created_at", Column::Time(vec![now; n]));
    if store::insert_companies(tx, owner, insert).await? == n as u64 {
        known.extend(records.iter().map(|r| r.symbol.clone()).zip(ids));
        return Ok(known);
    }
    // Somebody else added one of them meanwhile.
    Ok(store::company_ids(tx, owner, &symbols).await?)
}

/// The last stored row of each company says what is known of it.
async fn update_companies(
    tx: &mut Tx,
    batch: &Batch<'_>,
    companies: &HashMap<String, Uuid>,
    stored: impl Fn(usize) -> bool,
    now: Timestamp,
) -> Result<()> {
    let mut last: BTreeMap<&str, &Record> = BTreeMap::new();
    for (i, (_, record)) in batch.rows.iter().enumerate() {
        if stored(i) {
            last.insert(&record.symbol, record);
        }
    }
    for (symbol, record) in last {
        if let Some(id) = companies.get(symbol) {
            store::update_company(tx, *id, (&record.name, &record.sector, record.market_cap), now).await?;
        }
    }
    Ok(())
}
