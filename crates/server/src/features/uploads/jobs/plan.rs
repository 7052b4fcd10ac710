//! Planning a workbook: it cannot be read in parts, so its rows are unpacked once into a file that can.

use std::time::Duration;

use accunode_db::Tx;
use accunode_domain::{Error, Kind, UploadId};
use accunode_infra::BlobError;
use accunode_queue::{Context, DeadJob, Handler, JobError, RetriedJob};
use accunode_sheets::{FileError, Plan};
use futures_util::stream;
use tokio::sync::mpsc;
use tracing::{Instrument as _, info_span};

use super::{PLAN, PlanPayload, Sent, begin, chunk_jobs, chunk_size, customer_of, ending, kind, limits};
use crate::{
    features::uploads::{
        service::{intake, priority},
        store::{self, UploadRow, chunks},
    },
    state::AppState,
};

/// Portions of unpacked rows that wait to be stored.
const WAITING: usize = 4;

/// Plans workbooks.
pub struct PlanHandler {
    /// The application.
    pub state: AppState,
}

#[async_trait::async_trait]
impl Handler for PlanHandler {
    fn kind(&self) -> &'static str {
        PLAN
    }

    async fn run(&self, job: &Context) -> Result<(), JobError> {
        let id = job.payload::<PlanPayload>()?.upload_id;
        let mut tx = self.state.db.system_read("find the upload to plan").await?;
        let upload = store::by_id(&mut tx, id).await?;
        drop(tx);
        let Some(upload) = upload.filter(|u| u.header.is_none()) else { return Ok(()) };
        let kind = kind(&upload)?;
        if begin(&self.state, job, &upload, kind).await?.is_none() {
            return Ok(());
        }
        let unpacked = unpack(&self.state, UploadId(id), &upload.file_key, kind);
        match unpacked.instrument(info_span!("split")).await {
            Ok((key, plan)) => self.planned(job, upload, &key, &plan).await,
            Err(Error::BadRequest(reason) | Error::TooLarge(reason)) => self.refused(job, id, &reason).await,
            Err(other) => Err(other.into()),
        }
    }

    /// One run takes a whole file.
    fn time_limit(&self) -> Duration {
        Duration::from_secs(3_600)
    }

    async fn on_retry(&self, tx: &mut Tx, job: &RetriedJob) -> accunode_db::Result<()> {
        store::chunks::revive(tx, job.group_id.unwrap_or_default(), job.at).await.map(drop)
    }

    async fn on_dead(&self, tx: &mut Tx, job: &DeadJob<'_>) -> accunode_db::Result<()> {
        match job.payload::<PlanPayload>() {
            Ok(payload) => ending::broken(tx, payload.upload_id, job.at).await,
            Err(error) => {
                tracing::error!(%error, job.id = %job.lease.id, "a dead job names no upload");
                Ok(())
            }
        }
    }
}

impl PlanHandler {
    /// The chunks and their jobs, in one transaction with the end of this one.
    async fn planned(
        &self,
        job: &Context,
        upload: UploadRow,
        key: &str,
        plan: &Plan,
    ) -> Result<(), JobError> {
        let now = self.state.clock.now();
        let lane = priority(i64::try_from(plan.rows).ok());
        let customer = customer_of(&upload);
        let jobs = chunk_jobs(UploadId(upload.id), plan.parts.len(), lane, &customer, now)?;
        let mut tx = self.state.db.system("store the chunks of an upload").await?;
        job.lease.fence(&mut tx).await?;
        if chunks::planned(&mut tx, upload.id, plan, key, now).await? {
            accunode_queue::enqueue_all(&mut tx, jobs).await?;
        }
        job.lease.complete(&mut tx, now).await?;
        tx.commit().await?;
        self.state.wake.notify();
        Ok(())
    }

    /// Nothing of the file has been stored.
    async fn refused(&self, job: &Context, id: uuid::Uuid, reason: &str) -> Result<(), JobError> {
        let now = self.state.clock.now();
        let mut tx = self.state.db.system("end an upload").await?;
        job.lease.fence(&mut tx).await?;
        job.lease.complete(&mut tx, now).await?;
        ending::finish(&mut tx, id, "failed", Some(reason), now).await?;
        Ok(tx.commit().await?)
    }
}

/// Stores the rows of a workbook such that parts of them can be read alone; gives where, and which parts.
pub(in crate::features::uploads) async fn unpack(
    state: &AppState,
    id: UploadId,
    file_key: &str,
    kind: Kind,
) -> Result<(String, Plan), Error> {
    let file = state.blobs.open_local(file_key).await.map_err(Error::internal)?;
    let (limits, size) = (limits(&state.config), chunk_size(&state.config));
    let most = limits.max_unzipped_bytes;
    let (sender, receiver) = mpsc::channel(WAITING);
    let reading = tokio::task::spawn_blocking(move || {
        let input = std::io::BufReader::new(std::fs::File::open(file.path())?);
        let mut out = Sent::new(sender);
        let plan = Plan::of_xlsx(input, kind, &limits, size, &mut out)?;
        out.finish()?;
        Ok::<_, FileError>(plan)
    });
    let key = format!("uploads/{id}.rows");
    let rows = stream::unfold(receiver, |mut r| async move { r.recv().await.map(|item| (item, r)) });
    let stored = state.blobs.put(&key, rows, most).await;
    match (reading.await.map_err(Error::internal)?, stored) {
        (Ok(plan), Ok(_)) => Ok((key, plan)),
        (_, Err(BlobError::TooLarge { limit })) => {
            let text = format!("The file unpacks to more than {} MB", limit >> 20);
            Err(Error::TooLarge(text))
        }
        (Err(error), _) => Err(intake::file_error(error)),
        (Ok(_), Err(error)) => Err(Error::internal(error)),
    }
}
