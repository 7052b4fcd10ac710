//! Lists of predictions: pages that neither skip nor repeat, with totals that are not counted each time.

use accunode_db::Tx;
use accunode_domain::{Error, Kind, Result, Role};

use super::{
    Filter,
    paging::{Asked, Cursor, Trail},
};
use crate::{
    caller::{Caller, Versions},
    features::predictions::store::{
        PredictionRow,
        list::{self as store, Part, Sight, Window},
    },
    http::kept::kept_number,
    state::AppState,
};

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// The caller's rows but for the system's.
    Own,
    /// The system's rows, which everybody may read.
    System,
}

/// A page of rows.
pub(crate) struct Listed {
    pub(crate) rows: Vec<PredictionRow>,
    /// Rows on all pages.
    pub(crate) total: i64,
    /// The page's number.
    pub(crate) page: i64,
    /// Rows on a full page.
    pub(crate) size: i64,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<Cursor>,
}

/// A page of a list. Only tenant_admin and super_admin may ask for an organization.
///
/// # Errors
/// [`Error::Forbidden`] for `organization_id` by a lower role.
pub(crate) async fn list(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    list: List,
    filter: &Filter,
    asked: &Asked,
) -> Result<Listed> {
    may_filter(caller, filter)?;
    let trail = Trail::new(state, &format!("{}/{kind}/{list:?}/{filter:?}", caller.user_id), asked);
    let start = trail.start(asked).await;
    let window = Window { behind: start.behind, limit: asked.size() + 1, offset: start.offset };
    let mut tx = state.db.scoped_glance(caller).await?;
    let mut sight = store::sight(&mut tx, list == List::System, filter).await?;
    let mut total = 0;
    for part in sight.parts() {
        let count = count(state, &mut tx, caller, kind, part, filter).await?;
        if count == 0 {
            sight = sight.without(part);
        }
        total += count;
    }
    let mut rows = store::page(&mut tx, kind, &sight, filter, &window).await?;
    drop(tx);
    let full = usize::try_from(asked.size()).map_err(Error::internal)?;
    let more = rows.len() > full;
    rows.truncate(full);
    let next = rows.last().map(Cursor::from).filter(|_| more);
    if let Some(ended) = next {
        trail.note(asked, &start, ended).await;
    }
    Ok(Listed { rows, total, page: asked.page(), size: asked.size(), next })
}

/// Under which key the first page of a list is kept; none for other pages, whose place depends on what was shown
/// before. Whatever stands in a page is of an owner whose counter is in the key.
pub(crate) fn first_page_key(
    caller: &Caller,
    kind: Kind,
    list: List,
    filter: &Filter,
    asked: &Asked,
) -> Option<String> {
    let who = (caller.user_id, caller.role, caller.organization_id, caller.tenant_id);
    let versions = caller.place.versions;
    asked
        .is_first()
        .then(|| format!("predictions/page/{kind}/{list:?}/{}/{who:?}/{versions:?}/{filter:?}", asked.size()))
}

/// How many rows a list has.
pub(super) async fn total(
    state: &AppState,
    tx: &mut Tx,
    caller: &Caller,
    kind: Kind,
    sight: &Sight,
    filter: &Filter,
) -> Result<i64> {
    let mut total = 0;
    for part in sight.parts() {
        total += count(state, tx, caller, kind, part, filter).await?;
    }
    Ok(total)
}

/// How many rows a part of a list has: counted once and then known until something in it changes.
async fn count(
    state: &AppState,
    tx: &mut Tx,
    caller: &Caller,
    kind: Kind,
    part: Part,
    filter: &Filter,
) -> Result<i64> {
    let key = key(caller, kind, &part, filter);
    kept_number(&state.cache, &key, store::count(tx, kind, &part, filter)).await
}

/// Only those who look into several organizations may name one.
///
/// # Errors
/// [`Error::Forbidden`].
pub(super) fn may_filter(caller: &Caller, filter: &Filter) -> Result<()> {
    if filter.organization.is_some() && caller.role < Role::TenantAdmin {
        return Err(Error::Forbidden("Only tenant administrators can filter by organization".to_owned()));
    }
    Ok(())
}

/// What a count depends on: whose rows, how narrowed, and how often they were changed. The last differs in meaning
/// by role, so the role stands there too.
fn key(caller: &Caller, kind: Kind, part: &Part, filter: &Filter) -> String {
    let Versions { own, shared, system } = caller.place.versions;
    let version = match part {
        Part::Personal(_) => own,
        Part::Organization(_) | Part::Tenant(_) => shared,
        Part::System => system,
    };
    format!("predictions/total/{kind}/{part:?}/{}/{version}/{filter:?}", caller.role)
}
