//! The work behind an upload. A workbook is planned first: read once, its rows unpacked so that parts of them can be
//! read alone. Then each chunk is a job of its own; whichever worker takes it reads, scores and stores it, and the
//! last one to be stored ends the upload.

pub(super) mod chunk;
pub(super) mod ending;
mod plan;
mod removal;
pub mod sweep;
mod wire;

pub use chunk::ChunkHandler;
pub use plan::PlanHandler;
pub(super) use plan::unpack;
pub use removal::{REMOVE, RemoveHandler, RemovePayload};
pub use sweep::SweepHandler;
pub(super) use wire::{Received, Sent};

use std::sync::Arc;

use accunode_db::Timestamp;
use accunode_domain::{
    AccessLevel, Actor, Error, Kind, OrganizationId, Result, Role, TenantId, UploadId, UserId,
};
use accunode_queue::{Context, JobError, NewJob, Priority};
use accunode_scoring::Bundle;
use accunode_sheets::{Limits, PartSize};
use accunode_telemetry::traces;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::{self, UploadRow};
use crate::{config::ServerConfig, features::predictions::service::Owner, models, state::AppState};

/// The queue's name of planning a workbook.
pub const PLAN: &str = "upload.plan";
/// The queue's name of scoring and storing a chunk.
pub const CHUNK: &str = "upload.chunk";

/// What the queue keeps of planning.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlanPayload {
    /// The upload.
    pub upload_id: Uuid,
}

/// What the queue keeps of a chunk.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChunkPayload {
    /// The upload.
    pub upload_id: Uuid,
    /// Which of its chunks.
    pub position: i64,
}

/// Bytes at which a chunk ends although it has fewer rows than others: bounds the memory of a worker.
const CHUNK_BYTES: u64 = 8 << 20;

/// How large chunks become.
pub(super) fn chunk_size(config: &ServerConfig) -> PartSize {
    PartSize { rows: u64::try_from(config.chunk_rows.max(1)).unwrap_or(u64::MAX), bytes: CHUNK_BYTES }
}

/// How large a file may be.
pub(super) fn limits(config: &ServerConfig) -> Limits {
    Limits { max_rows: Some(config.max_upload_rows), ..Limits::default() }
}

/// The jobs of an upload's chunks, which belong together under the upload's own id.
pub(super) fn chunk_jobs(
    upload: UploadId,
    chunks: usize,
    priority: Priority,
    customer: &str,
    now: Timestamp,
) -> Result<Vec<NewJob>> {
    (0..)
        .take(chunks)
        .map(|position| {
            let payload = ChunkPayload { upload_id: upload.0, position };
            let job = NewJob::new(CHUNK, &payload, now).map_err(Error::internal)?;
            Ok(job.group(upload.0).priority(priority).tenant_key(customer))
        })
        .collect()
}

/// The kind of an upload.
fn kind(upload: &UploadRow) -> Result<Kind, JobError> {
    upload.job_type.parse().map_err(JobError::Permanent)
}

/// Marks an upload as being worked on and gives the bundle that it is scored with: the one in use when the first of
/// its jobs began, however many workers it passes through. None when the upload has ended.
async fn begin(
    state: &AppState,
    job: &Context,
    upload: &UploadRow,
    kind: Kind,
) -> Result<Option<Arc<Bundle>>, JobError> {
    let span = tracing::Span::current();
    span.record("user.id", tracing::field::display(upload.user_id));
    if let Some(tenant) = upload.tenant_id {
        span.record("tenant.id", tracing::field::display(tenant));
    }
    traces::note(&span, "upload.id", upload.id.to_string());
    if upload.status == "processing"
        && let Some(hash) = &upload.model_hash
        && let Some(bundle) = models::by_hash(state, hash).await?
    {
        return Ok(Some(bundle));
    }
    // Asked now: another server may have been told of another model within the last moments.
    models::refresh(state).await?;
    let bundle = state.models.get(kind);
    let mut tx = state.db.system("begin to work on an upload").await?;
    job.lease.fence(&mut tx).await?;
    let model = (bundle.name(), bundle.version(), bundle.hash());
    let Some(hash) = store::start(&mut tx, upload.id, model, state.clock.now()).await? else {
        return Ok(None);
    };
    tx.commit().await?;
    if hash == bundle.hash() {
        return Ok(Some(bundle));
    }
    let bundle = models::by_hash(state, &hash).await?;
    bundle.map(Some).ok_or_else(|| JobError::Retry(format!("the model {hash} cannot be found")))
}

/// To whom the rows of an upload belong.
pub(super) fn owner(upload: &UploadRow) -> Result<Owner> {
    let level: AccessLevel = upload.access_level.parse().map_err(|e: String| Error::internal(e))?;
    let organization_id = upload.organization_id.map(OrganizationId);
    Ok(Owner { level, organization_id, created_by: UserId(upload.user_id) })
}

/// Acts with just the reach that the upload was taken in with.
pub(super) fn actor(owner: &Owner) -> Actor {
    let role = match owner.level {
        AccessLevel::System => Role::SuperAdmin,
        AccessLevel::Organization => Role::OrgMember,
        AccessLevel::Personal => Role::User,
    };
    Actor {
        user_id: owner.created_by,
        role,
        tenant_id: None,
        organization_id: owner.organization_id,
        limited_to: None,
    }
}

/// One customer's uploads wait for each other, not for another customer's.
pub(super) fn customer(
    tenant: Option<TenantId>,
    organization: Option<OrganizationId>,
    user: UserId,
) -> String {
    tenant.map(|t| t.0).or(organization.map(|o| o.0)).unwrap_or(user.0).to_string()
}

/// The customer of an upload.
fn customer_of(upload: &UploadRow) -> String {
    let organization = upload.organization_id.map(OrganizationId);
    customer(upload.tenant_id.map(TenantId), organization, UserId(upload.user_id))
}
