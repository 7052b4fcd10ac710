//! The work behind an upload: read, score and store its rows, chunk by chunk.
//!
//! A chunk's predictions, its row errors and the upload's counters are committed together, fenced by the lease
//! of the worker: whatever happens to the worker, the counters equal the stored rows, and the next one goes on
//! behind the last committed chunk.

use std::{path::PathBuf, sync::Arc};

use accunode_db::{Timestamp, Tx};
use accunode_domain::{
    AccessLevel, Actor, Error, Kind, OrganizationId, Result, Role, TenantId, UploadId, UserId,
};
use accunode_queue::{Context, DeadJob, Handler, JobError};
use accunode_scoring::Bundle;
use accunode_sheets::{Record, Row};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    service::intake,
    store::{self, ErrorRow, UploadRow},
};
use crate::{
    audit::{self, Event},
    features::{
        grades::service as grades,
        predictions::service::{self as predictions, Batch, Owner},
    },
    models,
    state::AppState,
};

/// The queue's name of this work.
pub const KIND: &str = "upload";

/// What the queue keeps of an upload.
#[derive(Debug, Serialize, Deserialize)]
pub struct Payload {
    /// The upload.
    pub upload_id: Uuid,
}

/// Scores and stores uploads.
pub struct UploadHandler {
    /// The application.
    pub state: AppState,
}

/// How a run can end early.
enum Stop {
    /// The queue's business: try again, or give the job back.
    Job(JobError),
    /// The upload cannot be completed.
    Failed(String),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::BadRequest(text) | Error::TooLarge(text) => Self::Failed(text),
            other => Self::Job(other.into()),
        }
    }
}

impl From<accunode_db::DbError> for Stop {
    fn from(error: accunode_db::DbError) -> Self {
        Self::Job(error.into())
    }
}

impl From<JobError> for Stop {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

#[async_trait::async_trait]
impl Handler for UploadHandler {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: &Context) -> Result<(), JobError> {
        let id = job.payload::<Payload>()?.upload_id;
        match self.work(job, id).await {
            Ok(()) => Ok(()),
            Err(Stop::Job(error)) => Err(error),
            Err(Stop::Failed(reason)) => self.end(job, id, "failed", Some(&reason)).await,
        }
    }

    /// One run takes a whole file.
    fn time_limit(&self) -> std::time::Duration {
        std::time::Duration::from_secs(6 * 3_600)
    }

    async fn on_dead(&self, tx: &mut Tx, job: &DeadJob<'_>) -> accunode_db::Result<()> {
        // The reason stays with the job, for operators: it may hold what is not for the person to see.
        let message = "The file could not be processed because of an internal error";
        match job.payload::<Payload>() {
            Ok(payload) => finish(tx, payload.upload_id, "failed", Some(message), job.at).await,
            Err(error) => {
                tracing::error!(%error, job.id = %job.lease.id, "a dead job names no upload");
                Ok(())
            }
        }
    }
}

/// The rows of one transaction.
struct Chunk {
    /// Data rows before this chunk.
    from: i64,
    rows: Vec<Row>,
}

impl UploadHandler {
    async fn work(&self, job: &Context, id: Uuid) -> Result<(), Stop> {
        let state = &self.state;
        let mut tx = state.db.system_read("find the upload to work on").await?;
        let upload =
            store::by_id(&mut tx, id).await?.ok_or(JobError::Permanent("no such upload".to_owned()))?;
        drop(tx);
        let kind: Kind = upload.job_type.parse().map_err(JobError::Permanent)?;
        let bundle = bundle(state, kind, upload.model_hash.as_deref()).await?;
        let mut tx = state.db.system("begin to work on an upload").await?;
        job.lease.fence(&mut tx).await?;
        let model = (bundle.name(), bundle.version(), bundle.hash());
        if !store::start(&mut tx, id, model, state.clock.now()).await? {
            return Ok(()); // cancelled, or done by a worker whose last word to the queue was lost
        }
        tx.commit().await?;
        let file = state.blobs.open_local(&upload.file_key).await.map_err(Error::internal)?;
        let mut chunks = self.read(file.path().to_path_buf(), kind, &upload);
        let mut header = None;
        while let Some(message) = chunks.recv().await {
            if job.cancelled.is_cancelled() {
                return Err(Stop::Job(JobError::Release));
            }
            match message? {
                Message::Header(columns, total) => {
                    if let Some(total) = total {
                        self.note_total(job, id, total).await?;
                    }
                    header = Some(columns);
                }
                Message::Chunk(chunk) => {
                    self.store(job, &upload, kind, &bundle, header.as_deref().unwrap_or_default(), chunk)
                        .await?;
                }
                Message::End => return Ok(self.end(job, id, "completed", None).await?),
            }
        }
        // Only a reader that died falls silent: an upload never ends as completed with rows unread.
        Err(Stop::Job(JobError::Retry("the file's reader ended without a word".to_owned())))
    }

    /// Reads the file on a thread of its own, at most two chunks ahead.
    fn read(&self, path: PathBuf, kind: Kind, upload: &UploadRow) -> mpsc::Receiver<Result<Message, Error>> {
        let (sender, receiver) = mpsc::channel(2);
        let config = &self.state.config;
        let (max_rows, size) = (config.max_upload_rows, config.chunk_rows.max(1));
        let (skip, known) = (upload.next_row, upload.total_rows);
        tokio::task::spawn_blocking(move || {
            let result = read_chunks(&path, kind, max_rows, size, skip, known, &sender);
            if let Err(error) = result {
                // Nobody listens any more when the run has ended: then nobody needs the error.
                let _ = sender.blocking_send(Err(error));
            }
        });
        receiver
    }

    async fn note_total(&self, job: &Context, id: Uuid, total: i64) -> Result<(), Stop> {
        let mut tx = self.state.db.system("note how many rows an upload has").await?;
        job.lease.fence(&mut tx).await?;
        store::set_total(&mut tx, id, total, self.state.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn store(
        &self,
        job: &Context,
        upload: &UploadRow,
        kind: Kind,
        bundle: &Arc<Bundle>,
        header: &[String],
        chunk: Chunk,
    ) -> Result<(), Stop> {
        let size = count(chunk.rows.len());
        let (records, cells, mut errors) = split(header, chunk.rows);
        let scorer = Arc::clone(bundle);
        let scoring = move || predictions::score(&scorer, &records).map(|scores| (records, scores));
        let scored = tokio::task::spawn_blocking(scoring).await.map_err(Error::internal)?;
        let (records, scores) = scored?;
        let now = self.state.clock.now();
        let owner = owner(upload)?;
        let scale = grades::of_tenant(&self.state, upload.tenant_id.map(TenantId)).await?;
        let mut tx: Tx = self.state.db.scoped(&actor(upload, &owner)).await?;
        job.lease.fence(&mut tx).await?;
        let upload_id = Some(UploadId(upload.id));
        let batch = Batch {
            kind,
            owner,
            upload: upload_id,
            rows: &records,
            scores: &scores,
            bundle,
            scale: &scale,
            update_companies: true,
        };
        let stored = predictions::store_batch(&mut tx, &batch, now).await?;
        for (((number, record), cells), id) in records.iter().zip(&cells).zip(&stored) {
            if id.is_none() {
                let error = format!("Prediction already exists for {} {}", record.symbol, record.period);
                errors.push(row_error(header, number.unwrap_or_default(), error, cells));
            }
        }
        let failed = count(errors.len());
        if !errors.is_empty() {
            store::insert_errors(&mut tx, upload.id, errors).await?;
        }
        if !store::advance(&mut tx, upload.id, chunk.from, size - failed, failed, now).await? {
            return Err(Stop::Job(JobError::Release)); // cancelled meanwhile: the next run sees it and ends
        }
        Ok(tx.commit().await?)
    }

    /// Ends the upload and its job in one transaction.
    async fn end(&self, job: &Context, id: Uuid, status: &str, error: Option<&str>) -> Result<(), JobError> {
        let now = self.state.clock.now();
        let mut tx = self.state.db.system("end an upload").await?;
        job.lease.fence(&mut tx).await?;
        job.lease.complete(&mut tx, now).await?;
        finish(&mut tx, id, status, error, now).await?;
        Ok(tx.commit().await?)
    }
}

/// Ends an upload, and says so in the audit log in the application's name with the uploader's address.
async fn finish(
    tx: &mut Tx,
    id: Uuid,
    status: &str,
    error: Option<&str>,
    now: Timestamp,
) -> accunode_db::Result<()> {
    let Some(upload) = store::finish(tx, id, status, error, now).await? else { return Ok(()) };
    let action = if status == "completed" { "upload.complete" } else { "upload.fail" };
    let event = Event::done(action).on("upload", id).tenant(upload.tenant_id.map(TenantId)).after(json!({
        "status": upload.status,
        "total_rows": upload.total_rows,
        "successful_rows": upload.successful_rows,
        "failed_rows": upload.failed_rows,
        "error_message": upload.error_message,
    }));
    audit::record_background(tx, upload.user_email.as_deref(), event, now).await
}

/// The bundle that an upload is scored with: the one in use when it began, however many workers it passes through.
async fn bundle(state: &AppState, kind: Kind, begun_with: Option<&str>) -> Result<Arc<Bundle>> {
    if let Some(hash) = begun_with
        && let Some(bundle) = models::by_hash(state, hash).await?
    {
        return Ok(bundle);
    }
    // Asked now: another server may have been told of another model within the last moments.
    models::refresh(state).await?;
    Ok(state.models.get(kind))
}

enum Message {
    /// The columns, and the rows in all where they had to be counted.
    Header(Vec<String>, Option<i64>),
    Chunk(Chunk),
    /// Every row was sent.
    End,
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Sends the header and then the chunks behind the first `skip` data rows.
fn read_chunks(
    path: &std::path::Path,
    kind: Kind,
    max_rows: u64,
    size: usize,
    skip: i64,
    known: Option<i64>,
    sender: &mpsc::Sender<Result<Message, Error>>,
) -> Result<(), Error> {
    let total = match known {
        Some(_) => None,
        None => Some(intake::count_rows(intake::open(path, kind, max_rows)?)?),
    };
    let mut reader = intake::open(path, kind, max_rows)?;
    let header = Message::Header(reader.headers().to_vec(), total);
    if sender.blocking_send(Ok(header)).is_err() {
        return Ok(());
    }
    for row in reader.by_ref().take(usize::try_from(skip).unwrap_or(usize::MAX)) {
        row.map_err(intake::file_error)?;
    }
    let mut from = skip;
    loop {
        let rows: Vec<Row> =
            reader.by_ref().take(size).collect::<Result<_, _>>().map_err(intake::file_error)?;
        let read = count(rows.len());
        if read == 0 {
            let _ = sender.blocking_send(Ok(Message::End)); // as above
            return Ok(());
        }
        if sender.blocking_send(Ok(Message::Chunk(Chunk { from, rows }))).is_err() {
            return Ok(());
        }
        from += read;
    }
}

/// Good rows with their numbers, the cells of each, and the bad rows as errors.
type Split = (Vec<(Option<i64>, Record)>, Vec<Vec<String>>, Vec<ErrorRow>);

fn split(header: &[String], rows: Vec<Row>) -> Split {
    let (mut good, mut good_cells) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    let mut bad = Vec::new();
    for Row { number, cells, record } in rows {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        match record {
            Ok(record) => {
                good.push((Some(number), record));
                good_cells.push(cells);
            }
            Err(errors) => {
                let error = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                bad.push(row_error(header, number, error, &cells));
            }
        }
    }
    (good, good_cells, bad)
}

/// A refused row with its cells by column.
fn row_error(header: &[String], row_number: i64, error: String, cells: &[String]) -> ErrorRow {
    let object: serde_json::Map<String, serde_json::Value> =
        header.iter().cloned().zip(cells.iter().cloned().map(Into::into)).collect();
    ErrorRow { row_number, error, data: Some(serde_json::Value::Object(object).to_string()) }
}

fn owner(upload: &UploadRow) -> Result<Owner> {
    let level: AccessLevel = upload.access_level.parse().map_err(|e: String| Error::internal(e))?;
    let organization_id = upload.organization_id.map(OrganizationId);
    Ok(Owner { level, organization_id, created_by: UserId(upload.user_id) })
}

/// Acts with just the reach that the upload was taken in with.
fn actor(upload: &UploadRow, owner: &Owner) -> Actor {
    let role = match owner.level {
        AccessLevel::System => Role::SuperAdmin,
        AccessLevel::Organization => Role::OrgMember,
        AccessLevel::Personal => Role::User,
    };
    Actor {
        user_id: UserId(upload.user_id),
        role,
        tenant_id: None,
        organization_id: owner.organization_id,
        limited_to: None,
    }
}
