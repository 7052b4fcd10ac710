//! Finding companies.

use std::collections::HashMap;

use accunode_db::Tx;
use accunode_domain::{Error, Kind, Result};
use accunode_sheets::validate::{self, MAX_NAME};
use uuid::Uuid;

use super::{
    super::store::{self, CompanyRow, Part, Sight, list::Filter, nested::NestedRow, order::Sort},
    find, may_look_for, nowhere, reads_scores, told,
};
use crate::{
    caller::{Caller, Versions},
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
    window: Window,
) -> Result<(Vec<Shown>, i64)> {
    may_look_for(caller, filter, order.0)?;
    let mut tx = state.db.scoped_glance(caller).await?;
    let within = in_sight(state, &mut tx, caller).await?;
    let total = total(state, &mut tx, caller, within, filter).await?;
    if total == 0 {
        return Ok((Vec::new(), 0));
    }
    let rows = store::list::page(&mut tx, within, filter, order, window).await?;
    Ok((with_predictions(&mut tx, caller, rows, IN_A_LIST).await?, total))
}

/// Under which key the first part of a list is kept; none for others. Whatever stands in it is of an owner whose counter
/// is in the key.
pub(crate) fn first_part_key(
    caller: &Caller,
    filter: &Filter,
    order: (Sort, bool),
    window: Window,
) -> Option<String> {
    // A key is told what its own permissions let it know.
    let who = (caller.user_id, caller.role, caller.organization_id, caller.tenant_id, &caller.limited_to);
    let place = (caller.place.sees_global, caller.place.versions);
    (window.skip == 0)
        .then(|| format!("companies/part/{}/{who:?}/{place:?}/{order:?}/{filter:?}", window.limit))
}

/// What of the caller's sight has companies at all, and how many.
pub(super) async fn in_sight(state: &AppState, tx: &mut Tx, caller: &Caller) -> Result<(Sight, i64)> {
    let mut sight = Sight::of(tx, caller);
    let Versions { own, shared, system } = caller.place.versions;
    let mut total = 0;
    for part in sight.parts() {
        let version = match part {
            Part::Personal(_) => own,
            Part::Organization(_) | Part::Tenant(_) | Part::All => shared,
            Part::System => system,
        };
        // The counters differ in meaning by role.
        let key = format!("companies/total/{part:?}/{}/{version}", caller.role);
        let count = kept_number(&state.cache, &key, store::list::count_part(tx, part)).await?;
        if count == 0 {
            sight = sight.without(part);
        }
        total += count;
    }
    Ok((sight, total))
}

/// How many of the companies in sight a filter lets through.
pub(super) async fn total(
    state: &AppState,
    tx: &mut Tx,
    caller: &Caller,
    within: (Sight, i64),
    filter: &Filter,
) -> Result<i64> {
    if *filter == Filter::default() {
        return Ok(within.1);
    }
    let key = format!("companies/total/{:?}/{:?}/{filter:?}", within.0, caller.place.versions);
    kept_number(&state.cache, &key, store::list::count(tx, within, filter)).await
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
