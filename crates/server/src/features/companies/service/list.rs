//! Finding companies.

use std::collections::HashMap;

use accunode_db::Tx;
use accunode_domain::{Error, Kind, Result};
use accunode_sheets::validate::{self, MAX_NAME};
use uuid::Uuid;

use super::{
    super::store::{
        self, CompanyRow, Sight,
        list::{Filter, Sort},
        nested::NestedRow,
    },
    find, may_look_for, nowhere, reads_scores, told,
};
use crate::{
    caller::Caller,
    http::kept::kept_number,
    listing::{Window, sought},
    state::AppState,
};

/// Predictions of each kind beside a company of a list.
const IN_A_LIST: i64 = 12;
/// The same beside a single company: all that there can be of the years that are known.
const OF_ONE: i64 = 1_100;
/// Companies shown to who types.
const SUGGESTED: i64 = 20;
/// Companies looked at for who types.
const LOOKED_AT: i64 = 2_000;

/// A company with its newest predictions of each kind.
pub(crate) struct Shown {
    pub(crate) row: CompanyRow,
    pub(crate) annual: Vec<NestedRow>,
    pub(crate) quarterly: Vec<NestedRow>,
}

/// A part of the companies in the caller's sight, and how many there are.
///
/// # Errors
/// [`Error::Forbidden`] for who looks for scores and may not read predictions.
pub(crate) async fn list(
    state: &AppState,
    caller: &Caller,
    filter: &Filter,
    order: (Sort, bool),
    part: Window,
) -> Result<(Vec<Shown>, i64)> {
    may_look_for(caller, filter, order.0)?;
    let mut tx = state.db.scoped_read(caller).await?;
    let sight = Sight::of(&tx, caller);
    let total = total(state, &mut tx, caller, sight, filter).await?;
    let rows = store::list::page(&mut tx, sight, filter, order, part).await?;
    Ok((with_predictions(&mut tx, caller, rows, IN_A_LIST).await?, total))
}

/// How many companies are in sight: counted once, until something changes.
pub(super) async fn total(
    state: &AppState,
    tx: &mut Tx,
    caller: &Caller,
    sight: Sight,
    filter: &Filter,
) -> Result<i64> {
    let key = format!("companies: total for {sight:?} at {:?} of {filter:?}", caller.place.versions);
    kept_number(&state.cache, &key, store::list::count(tx, sight, filter)).await
}

async fn with_predictions(
    tx: &mut Tx,
    caller: &Caller,
    rows: Vec<CompanyRow>,
    most: i64,
) -> Result<Vec<Shown>> {
    let ids: Vec<Uuid> = rows.iter().filter(|row| reads_scores(caller, row)).map(|row| row.id).collect();
    let mut annual = by_company(store::nested::newest(tx, Kind::Annual, &ids, most).await?);
    let mut quarterly = by_company(store::nested::newest(tx, Kind::Quarterly, &ids, most).await?);
    let shown = rows.into_iter().map(|row| Shown {
        annual: annual.remove(&row.id).unwrap_or_default(),
        quarterly: quarterly.remove(&row.id).unwrap_or_default(),
        row: told(caller, row),
    });
    Ok(shown.collect())
}

fn by_company(rows: Vec<NestedRow>) -> HashMap<Uuid, Vec<NestedRow>> {
    let mut found: HashMap<Uuid, Vec<NestedRow>> = HashMap::new();
    for row in rows {
        found.entry(row.company_id).or_default().push(row);
    }
    found
}

/// A company with its predictions.
///
/// # Errors
/// [`Error::NotFound`] for one out of sight.
pub(crate) async fn get(state: &AppState, caller: &Caller, id: Uuid) -> Result<Shown> {
    let mut tx = state.db.scoped_read(caller).await?;
    let row = find(&mut tx, caller, id).await?;
    with_predictions(&mut tx, caller, vec![row], OF_ONE).await?.pop().ok_or_else(nowhere)
}

/// The nearest company of a symbol in the caller's sight.
///
/// # Errors
/// [`Error::NotFound`] where there is none.
pub(crate) async fn of_symbol(state: &AppState, caller: &Caller, symbol: &str) -> Result<CompanyRow> {
    // What cannot be a symbol is nobody's.
    let symbol = validate::company_symbol(symbol).map_err(|_| nowhere())?;
    let mut tx = state.db.scoped_read(caller).await?;
    let sight = Sight::of(&tx, caller);
    let row = store::by_symbol(&mut tx, sight, &symbol).await?.ok_or_else(nowhere)?;
    Ok(told(caller, row))
}

/// Companies for who types.
///
/// # Errors
/// [`Error::Invalid`] for a text that no company can have.
pub(crate) async fn suggest(state: &AppState, caller: &Caller, text: &str) -> Result<Vec<CompanyRow>> {
    let Some(text) = sought("q", Some(text), MAX_NAME)? else {
        return Err(Error::field("q", "Q is too short"));
    };
    let mut tx = state.db.scoped_read(caller).await?;
    let sight = Sight::of(&tx, caller);
    let rows = store::search::typed(&mut tx, sight, text, SUGGESTED, LOOKED_AT).await?;
    Ok(rows.into_iter().map(|row| told(caller, row)).collect())
}
