//! Rules of master scales: which one counts.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use accunode_domain::{Error, Grade, MasterScale, Result, TenantId};
use uuid::Uuid;

use super::store;
use crate::state::AppState;

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

/// The scale with this id; none is the built-in one.
///
/// # Errors
/// [`Error::NotFound`] when there is no such scale, and when the database fails.
pub async fn by_id(state: &AppState, id: Option<Uuid>) -> Result<Scale> {
    let Some(key) = id else { return Ok(Scale { id, master: Arc::clone(&state.scales.built_in) }) };
    let known = state.scales.known.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some(master) = known {
        return Ok(Scale { id, master });
    }
    let mut tx = state.db.system_read("read a master scale").await?;
    let text = store::grades(&mut tx, key).await?;
    drop(tx);
    let text = text.ok_or_else(|| Error::NotFound("Master scale not found".to_owned()))?;
    let grades: Vec<Grade> = serde_json::from_str(&text).map_err(Error::internal)?;
    let master = Arc::new(MasterScale::new(grades).map_err(Error::internal)?);
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
