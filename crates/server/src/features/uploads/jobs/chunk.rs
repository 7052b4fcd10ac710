//! One chunk: read, scored in one batch, and stored in one transaction with its place, its row errors, the upload's
//! counters and the end of its job. Whatever happens to a worker, a chunk is stored once or not at all.

use std::{io::Cursor, sync::Arc};

use accunode_db::{Timestamp, Tx};
use accunode_domain::{Error, Kind, Result, TenantId, UploadId};
use accunode_queue::{Context, DeadJob, Handler, JobError, RetriedJob};
use accunode_scoring::{Bundle, Score};
use accunode_sheets::{FileError, Format, Reader, Record, Row};
use accunode_telemetry::traces;
use bytes::Bytes;
use tracing::{Instrument as _, info_span};
use uuid::Uuid;

use super::{CHUNK, ChunkPayload, actor, begin, ending, kind, limits, owner};
use crate::{
    features::{
        grades::service::{self as grades, Scale},
        predictions::service::{self as predictions, Batch, Owner},
        uploads::store::{
            self, UploadRow,
            chunks::{self, ChunkRow},
            errors::{self, ErrorRow},
        },
    },
    state::AppState,
};

/// Scores and stores chunks.
pub struct ChunkHandler {
    /// The application.
    pub state: AppState,
}

#[async_trait::async_trait]
impl Handler for ChunkHandler {
    fn kind(&self) -> &'static str {
        CHUNK
    }

    async fn run(&self, job: &Context) -> Result<(), JobError> {
        let payload: ChunkPayload = job.payload()?;
        traces::note_here("chunk.number", payload.position);
        let mut tx = self.state.db.system_read("find the chunk to work on").await?;
        let upload = store::by_id(&mut tx, payload.upload_id).await?;
        let chunk = chunks::one(&mut tx, payload.upload_id, payload.position).await?;
        drop(tx);
        // An upload that is gone has no chunks to store.
        let Some((upload, chunk)) = upload.zip(chunk) else { return Ok(()) };
        if chunk.state != "waiting" {
            return Ok(()); // stored by a worker whose last word to the queue was lost
        }
        let kind = kind(&upload)?;
        let Some(bundle) = begin(&self.state, job, &upload, kind).await? else { return Ok(()) };
        let scored = self.score(&upload, &chunk, kind, &bundle).instrument(info_span!("score")).await?;
        if job.cancelled.is_cancelled() {
            return Err(JobError::Release);
        }
        self.store(job, &upload, chunk, &bundle, scored).instrument(info_span!("store")).await
    }

    async fn on_retry(&self, tx: &mut Tx, job: &RetriedJob) -> accunode_db::Result<()> {
        ending::revived(tx, job).await
    }

    async fn on_dead(&self, tx: &mut Tx, job: &DeadJob<'_>) -> accunode_db::Result<()> {
        match job.payload::<ChunkPayload>() {
            Ok(payload) => ending::broken(tx, payload.upload_id, job.at).await,
            Err(error) => {
                tracing::error!(%error, job.id = %job.lease.id, "a dead job names no upload");
                Ok(())
            }
        }
    }
}

impl ChunkHandler {
    async fn score(
        &self,
        upload: &UploadRow,
        chunk: &ChunkRow,
        kind: Kind,
        bundle: &Arc<Bundle>,
    ) -> Result<Scored, JobError> {
        let missing = || JobError::Permanent("a chunk of an upload without a plan".to_owned());
        let key = upload.rows_key.as_deref().ok_or_else(missing)?;
        let headers: Vec<String> = serde_json::from_str(upload.header.as_deref().ok_or_else(missing)?)
            .map_err(|e| JobError::Permanent(format!("the header of an upload cannot be read: {e}")))?;
        let offset = |n: i64| u64::try_from(n).unwrap_or_default();
        let range = offset(chunk.byte_start)..offset(chunk.byte_end);
        let bytes = self.state.blobs.get_range(key, range).await.map_err(Error::internal)?;
        let part = Part {
            // A workbook's rows lie elsewhere, unpacked.
            format: if key == upload.file_key { Format::Csv } else { Format::Xlsx },
            kind,
            headers,
            first_line: offset(chunk.first_line),
            rows: offset(chunk.row_count),
        };
        let (bundle, limits) = (Arc::clone(bundle), limits(&self.state.config));
        let scored = move || score(&bundle, part, bytes, &limits);
        Ok(tokio::task::spawn_blocking(scored).await.map_err(Error::internal)??)
    }

    async fn store(
        &self,
        job: &Context,
        upload: &UploadRow,
        chunk: ChunkRow,
        bundle: &Bundle,
        scored: Scored,
    ) -> Result<(), JobError> {
        let (now, owner) = (self.state.clock.now(), owner(upload)?);
        let scale = grades::of_tenant(&self.state, upload.tenant_id.map(TenantId)).await?;
        let mut tx = self.state.db.scoped(&actor(&owner)).await?;
        job.lease.fence(&mut tx).await?;
        let to = Destination { upload: UploadId(upload.id), owner, bundle, scale: &scale };
        let Some(()) = put(&mut tx, &to, chunk.position, scored, now).await? else {
            return Err(JobError::Release); // cancelled meanwhile: the next run, if there is one, sees it and ends
        };
        let last = !chunks::some_wait(&mut tx, upload.id).await?;
        if last {
            tx.elevate("end an upload").await?;
            let finish = ending::finish(&mut tx, upload.id, "completed", None, now);
            finish.instrument(info_span!("finish")).await?;
        }
        job.lease.complete(&mut tx, now).await?;
        tx.commit().await?;
        job.count_rows(u64::try_from(chunk.row_count).unwrap_or_default());
        if last {
            ending::tidy(&self.state, upload).await;
        }
        Ok(())
    }
}

/// Which rows to read.
pub(in crate::features::uploads) struct Part {
    pub(in crate::features::uploads) format: Format,
    pub(in crate::features::uploads) kind: Kind,
    pub(in crate::features::uploads) headers: Vec<String>,
    pub(in crate::features::uploads) first_line: u64,
    pub(in crate::features::uploads) rows: u64,
}

/// The rows of a part: the good ones with their numbers, cells and scores, the bad ones as errors.
pub(in crate::features::uploads) struct Scored {
    pub(in crate::features::uploads) rows: Vec<(Option<i64>, Record)>,
    pub(in crate::features::uploads) cells: Vec<Vec<String>>,
    pub(in crate::features::uploads) scores: Vec<Score>,
    pub(in crate::features::uploads) errors: Vec<ErrorRow>,
    pub(in crate::features::uploads) headers: Vec<String>,
}

/// Reads the rows of a part.
pub(in crate::features::uploads) fn read(
    part: Part,
    bytes: Bytes,
    limits: &accunode_sheets::Limits,
) -> Result<Scored> {
    // The file was read to its end before: what is wrong with it now happened to it here.
    let damaged = |e: FileError| Error::internal(e);
    let Part { format, kind, headers, first_line, rows } = part;
    let reader = Reader::part(Cursor::new(bytes), format, kind, headers.clone(), first_line, limits);
    let (mut scored, mut read) = (Scored::empty(headers), 0);
    for row in reader.map_err(damaged)? {
        scored.add(row.map_err(damaged)?);
        read += 1;
    }
    if read != rows {
        return Err(Error::internal(format!("a chunk of {rows} rows has {read} of them")));
    }
    Ok(scored)
}

/// Reads and scores the rows of a part. It computes: call it on a thread that may be kept busy.
pub(in crate::features::uploads) fn score(
    bundle: &Bundle,
    part: Part,
    bytes: Bytes,
    limits: &accunode_sheets::Limits,
) -> Result<Scored> {
    let mut scored = read(part, bytes, limits)?;
    scored.scores = predictions::score(bundle, &scored.rows)?;
    Ok(scored)
}

impl Scored {
    fn empty(headers: Vec<String>) -> Self {
        let (rows, cells, scores, errors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { rows, cells, scores, errors, headers }
    }

    fn add(&mut self, row: Row) {
        let Row { number, cells, record } = row;
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        match record {
            Ok(record) => {
                self.rows.push((Some(number), record));
                self.cells.push(cells);
            }
            Err(errors) => {
                let error = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                self.errors.push(row_error(&self.headers, number, error, &cells));
            }
        }
    }

    /// Notes that the n-th good row is one too many for its company and period.
    pub(in crate::features::uploads) fn is_duplicate(&mut self, n: usize) {
        let (Some((number, record)), Some(cells)) = (self.rows.get(n), self.cells.get(n)) else { return };
        let error = format!("Prediction already exists for {} {}", record.symbol, record.period);
        self.errors.push(row_error(&self.headers, number.unwrap_or_default(), error, cells));
    }
}

/// A refused row with its cells by column.
fn row_error(header: &[String], row_number: i64, error: String, cells: &[String]) -> ErrorRow {
    let object: serde_json::Map<String, serde_json::Value> =
        header.iter().cloned().zip(cells.iter().cloned().map(Into::into)).collect();
    ErrorRow { row_number, error, data: Some(serde_json::Value::Object(object).to_string()) }
}

/// Where rows go.
pub(in crate::features::uploads) struct Destination<'a> {
    pub(in crate::features::uploads) upload: UploadId,
    pub(in crate::features::uploads) owner: Owner,
    pub(in crate::features::uploads) bundle: &'a Bundle,
    pub(in crate::features::uploads) scale: &'a Scale,
}

/// Stores a chunk of an upload: predictions, row errors, its own end, the upload's counters. None when it was stored
/// before or the upload is no longer being worked on: then the transaction must not be committed.
pub(in crate::features::uploads) async fn put(
    tx: &mut Tx,
    to: &Destination<'_>,
    position: i64,
    mut scored: Scored,
    now: Timestamp,
) -> Result<Option<()>> {
    let size = scored.rows.len() + scored.errors.len();
    let batch = Batch {
        kind: to.bundle.kind(),
        owner: to.owner,
        upload: Some(to.upload),
        rows: &scored.rows,
        scores: &scored.scores,
        bundle: to.bundle,
        scale: to.scale,
        update_companies: true,
    };
    let stored = predictions::store_batch(tx, &batch, now).await?;
    for (n, _) in stored.iter().enumerate().filter(|(_, id)| id.is_none()) {
        scored.is_duplicate(n);
    }
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let failed = count(scored.errors.len());
    let ok = count(size) - failed;
    let id: Uuid = to.upload.0;
    if failed > 0 {
        errors::insert_errors(tx, id, scored.errors).await?;
    }
    // The upload last: others wait for it only as long as the commit takes.
    let once = chunks::commit(tx, id, position, ok, failed, now).await?
        && store::count_chunk(tx, id, ok, failed, now).await?;
    Ok(once.then_some(()))
}
