//! Rules of master scales: which one counts, and who may change it.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use accunode_db::Tx;
use accunode_domain::{Belongs, Error, Grade, MasterScale, Permission, Result, Role, TenantId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    api::ScaleView,
    store::{self, ScaleRow},
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::tenants::store as tenants,
    state::AppState,
};

/// A scale as it was at one version.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Its version's id; none for the built-in one.
    pub id: Option<Uuid>,
    /// Its grades.
    pub master: Arc<MasterScale>,
}

/// The scales that were needed so far. A version never changes, so it never grows old.
#[derive(Debug)]
pub struct Scales {
    built_in: Arc<MasterScale>,
    known: RwLock<HashMap<Uuid, Arc<MasterScale>>>,
}

impl Default for Scales {
    fn default() -> Self {
        Self { built_in: Arc::new(MasterScale::built_in()), known: RwLock::default() }
    }
}

impl Scales {
    /// A scale that is known already, as the built-in one always is.
    fn known(&self, id: Option<Uuid>) -> Option<Scale> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let master = id.map_or(Some(&self.built_in), |id| known.get(&id))?;
        Some(Scale { id, master: Arc::clone(master) })
    }
}

/// The scale with this id; none is the built-in one.
///
/// # Errors
/// [`Error::NotFound`] when there is no such scale, and when the database fails.
pub async fn by_id(state: &AppState, id: Option<Uuid>) -> Result<Scale> {
    if let Some(scale) = state.scales.known(id) {
        return Ok(scale);
    }
    let mut tx = state.db.system_read("read a master scale").await?;
    within(state, &mut tx, id).await
}

/// As [`by_id`], for whoever is in a transaction already: waiting for a second connection while holding one can be
/// waiting for each other.
///
/// # Errors
/// As [`by_id`], and where the scale is out of the transaction's sight.
pub(crate) async fn within(state: &AppState, tx: &mut Tx, id: Option<Uuid>) -> Result<Scale> {
    if let Some(scale) = state.scales.known(id) {
        return Ok(scale);
    }
    let missing = || Error::NotFound("Master scale not found".to_owned());
    let key = id.ok_or_else(missing)?;
    let text = store::grades(tx, key).await?.ok_or_else(missing)?;
    let master = Arc::new(read(&text)?);
    state.scales.known.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&master));
    Ok(Scale { id, master })
}

/// The scale in force for a tenant, or for whoever has none.
///
/// # Errors
/// When the database fails.
pub async fn of_tenant(state: &AppState, tenant: Option<TenantId>) -> Result<Scale> {
    let mut tx = state.db.system_read("find the master scale in force").await?;
    let id = store::active(&mut tx, tenant.map(|t| t.0)).await?;
    drop(tx);
    by_id(state, id).await
}

/// The most versions that a list shows.
const MOST_VERSIONS: i64 = 200;

/// A change of a scale, as it was asked for.
pub(crate) struct Change {
    /// The new grades.
    pub(crate) master: MasterScale,
    /// Why.
    pub(crate) note: Option<String>,
    /// The version that the change was made from, if that matters.
    pub(crate) expected: Option<i64>,
    /// Whose scale; a super_admin's without it is the platform's.
    pub(crate) tenant: Option<TenantId>,
}

/// The tenant whose scale the caller asks about. Everybody may name the own one, a super_admin any.
async fn tenant_of(tx: &mut Tx, caller: &Caller, asked: Option<TenantId>) -> Result<Option<TenantId>> {
    let Some(asked) = asked else {
        return Ok(if caller.role == Role::SuperAdmin { None } else { caller.tenant_id });
    };
    if caller.role == Role::SuperAdmin {
        let known = tenants::find(tx, asked.0).await?;
        known.ok_or_else(|| Error::NotFound("Tenant not found".to_owned()))?;
    } else if caller.tenant_id != Some(asked) {
        return Err(Error::Forbidden("Only the own tenant's master scale can be read".to_owned()));
    }
    Ok(Some(asked))
}

/// The scale in force for the caller, or for a tenant that a super_admin names.
///
/// # Errors
/// [`Error::Forbidden`] for another tenant, [`Error::NotFound`] when there is no such tenant.
pub(crate) async fn in_force(
    state: &AppState,
    caller: &Caller,
    tenant: Option<TenantId>,
) -> Result<ScaleView> {
    let mut tx = state.db.scoped_read(caller).await?;
    let tenant = tenant_of(&mut tx, caller, tenant).await?;
    let row = store::in_force(&mut tx, tenant.map(|t| t.0)).await?;
    row.map_or_else(|| Ok(ScaleView::built_in()), |row| view(&row))
}

/// The versions that were or are in force for the caller, newest first; the built-in scale is the oldest.
///
/// # Errors
/// As [`in_force`].
pub(crate) async fn versions(
    state: &AppState,
    caller: &Caller,
    tenant: Option<TenantId>,
) -> Result<Vec<ScaleView>> {
    let mut tx = state.db.scoped_read(caller).await?;
    let tenant = tenant_of(&mut tx, caller, tenant).await?;
    let rows = store::versions(&mut tx, tenant.map(|t| t.0), MOST_VERSIONS).await?;
    let mut views = rows.iter().map(view).collect::<Result<Vec<_>>>()?;
    views.push(ScaleView::built_in());
    Ok(views)
}

/// Adds a version to a tenant's scale, or to the platform's. What was scored before keeps its grade.
///
/// # Errors
/// [`Error::Forbidden`] for a tenant that the caller does not run, [`Error::NotFound`] when there is no such tenant,
/// [`Error::Conflict`] when somebody else was faster.
pub(crate) async fn change(state: &AppState, caller: &Caller, change: Change) -> Result<ScaleView> {
    let tenant = change.tenant.or_else(|| caller.runs_tenant());
    let belongs = Belongs { tenant, ..Belongs::default() };
    if !caller.reaches(Permission::ScaleUpdate, &belongs) {
        return Err(Error::Forbidden("Only the own tenant's master scale can be changed".to_owned()));
    }
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    if let Some(tenant) = tenant {
        let known = tenants::find(&mut tx, tenant.0).await?;
        known.ok_or_else(|| Error::NotFound("Tenant not found".to_owned()))?;
    }
    let before = store::last(&mut tx, tenant.map(|t| t.0)).await?;
    let version = before.as_ref().map_or(0, |row| row.version);
    if change.expected.is_some_and(|expected| expected != i64::from(version)) {
        return Err(Error::Conflict(format!(
            "The master scale is at version {version} by now: read it again"
        )));
    }
    let row = ScaleRow {
        id: Uuid::now_v7(),
        tenant_id: tenant.map(|t| t.0),
        version: version.checked_add(1).ok_or_else(|| Error::internal("no further version"))?,
        grades: serde_json::to_string(change.master.grades()).map_err(Error::internal)?,
        note: change.note,
        created_at: now,
    };
    store::insert(&mut tx, &row).await.map_err(|error| match error.constraint() {
        Some("master_scales_version") => {
            Error::Conflict("The master scale was changed at the same moment: read it again".to_owned())
        }
        _ => error.into(),
    })?;
    let mut event =
        Event::done("scale.update").tenant(tenant).on("master_scale", row.id).after(audited(&row)?);
    if let Some(before) = before {
        event = event.before(audited(&before)?);
    }
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    view(&row)
}

/// A stored list of grades. It was checked before it was stored.
fn read(grades: &str) -> Result<MasterScale> {
    let grades: Vec<Grade> = serde_json::from_str(grades).map_err(Error::internal)?;
    MasterScale::new(grades).map_err(Error::internal)
}

fn view(row: &ScaleRow) -> Result<ScaleView> {
    Ok(ScaleView::new(&read(&row.grades)?, row))
}

/// A scale's state for the audit log.
fn audited(row: &ScaleRow) -> Result<Value> {
    let grades: Value = serde_json::from_str(&row.grades).map_err(Error::internal)?;
    Ok(json!({ "version": row.version, "grades": grades, "note": row.note }))
}
