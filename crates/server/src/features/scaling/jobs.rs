//! The server that leads: it looks at the queue once a minute, and keeps the workers of its machine.
//!
//! This is no job of the queue. Jobs wait for workers, and a job that is to bring more workers would wait for them
//! longest when they are needed most.

use accunode_db::{Result, Timestamp};
use accunode_domain::Error;
use accunode_infra::{LocalWorkers, Scaler};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    decision::Action,
    emf,
    service::{self, BEAT, By, LEASE, Picture, TURN},
    store,
};
use crate::state::AppState;

/// Looks after the number of workers until `stop`, whenever this server leads; then its own workers are stopped and
/// waited for.
pub async fn watch(state: AppState, stop: CancellationToken) {
    let mut candidate = Candidate::new(state);
    loop {
        if let Err(error) = candidate.beat().await {
            tracing::warn!(%error, "it could not be looked up who leads");
        }
        if stop.run_until_cancelled(tokio::time::sleep(BEAT)).await.is_none() {
            break;
        }
    }
    candidate.leave().await;
}

/// A server that leads, or stands by.
pub struct Candidate {
    state: AppState,
    name: String,
    /// Until when it may take itself for the one that leads.
    leads_until: Option<Timestamp>,
    keeping: Option<Keeping>,
    recommended: i64,
}

struct Keeping {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Candidate {
    /// A server that stands by.
    #[must_use]
    pub fn new(state: AppState) -> Self {
        Self { state, name: Uuid::new_v4().to_string(), leads_until: None, keeping: None, recommended: 0 }
    }

    /// Says that it lives. Whoever leads takes the turn that is due, and has as many workers running here as were
    /// asked for. Whether it leads.
    ///
    /// # Errors
    /// When the database fails. Who leads goes on until its time is over, and no longer.
    pub async fn beat(&mut self) -> Result<bool> {
        let now = self.state.clock.now();
        match self.lead(now).await {
            Ok(true) => self.leads_until = Some(now + LEASE),
            Ok(false) => self.leads_until = None,
            Err(error) => {
                if self.leads_until.is_none_or(|until| until <= now) {
                    self.stop_keeping().await;
                }
                return Err(error);
            }
        }
        if self.leads_until.is_none() {
            self.stop_keeping().await;
            return Ok(false);
        }
        if self.is_due(now).await? {
            self.turn().await;
        }
        if let Scaler::Local(workers) = self.state.scaler.clone() {
            self.keep(&workers).await?;
        }
        Ok(true)
    }

    async fn lead(&self, now: Timestamp) -> Result<bool> {
        let mut tx = self.state.db.system("the number of workers is everybody's").await?;
        let leads = store::lead(&mut tx, &self.name, now + LEASE, now).await?;
        tx.commit().await?;
        Ok(leads)
    }

    async fn is_due(&self, now: Timestamp) -> Result<bool> {
        let mut tx = self.state.db.system("the number of workers is everybody's").await?;
        let due = store::turn(&mut tx, &self.name, now, now - TURN).await?;
        tx.commit().await?;
        Ok(due)
    }

    /// Looks, tells, and does what is to be done.
    async fn turn(&mut self) {
        match self.take_turn().await {
            Ok(()) => {}
            // Somebody has just changed it by hand.
            Err(Error::Conflict(reason)) => tracing::info!(reason, "a turn of scaling was left out"),
            Err(error) => tracing::error!(%error, "a turn of scaling failed"),
        }
    }

    async fn take_turn(&mut self) -> accunode_domain::Result<()> {
        let state = &self.state;
        let tx = state.db.system_read("the number of workers is everybody's").await?;
        let picture = service::look(state, tx).await?;
        publish(state, &picture);
        let decision = picture.decision();
        if decision.action == Action::Maintain {
            self.recommended = decision.target;
            return Ok(());
        }
        if !service::acts_by_itself(state) {
            // Said once, not each minute.
            if self.recommended != decision.target {
                let (from, to, reason) = (decision.current, decision.target, &decision.reason);
                tracing::info!(from, to, reason, "another number of workers is recommended");
                self.recommended = decision.target;
            }
            return Ok(());
        }
        service::carry_out(state, By::Server, &picture, decision).await.map(drop)
    }

    /// Has as many workers running as the database says.
    async fn keep(&mut self, workers: &LocalWorkers) -> Result<()> {
        let mut tx = self.state.db.system_read("the number of workers is everybody's").await?;
        let row = store::state(&mut tx).await?;
        drop(tx);
        let wanted = service::wanted(&row, &service::thresholds(&self.state, &row));
        workers.want(usize::try_from(wanted).unwrap_or(0));
        if self.keeping.is_none() {
            let (stop, workers) = (CancellationToken::new(), workers.clone());
            let stopped = stop.clone();
            let task = tokio::spawn(async move { workers.keep(stopped).await });
            self.keeping = Some(Keeping { stop, task });
        }
        Ok(())
    }

    async fn stop_keeping(&mut self) {
        if let Some(keeping) = self.keeping.take() {
            keeping.stop.cancel();
            if let Err(error) = keeping.task.await {
                tracing::error!(%error, "the keeper of the workers ended badly");
            }
        }
    }

    /// Stops this server's workers and leads no longer.
    pub async fn leave(mut self) {
        self.stop_keeping().await;
        if let Err(error) = self.resign().await {
            tracing::warn!(%error, "another server will lead once this one's time is over");
        }
    }

    async fn resign(&self) -> Result<()> {
        let mut tx = self.state.db.system("the number of workers is everybody's").await?;
        store::resign(&mut tx, &self.name).await?;
        tx.commit().await
    }
}

/// Tells CloudWatch what target tracking and alarms go by.
fn publish(state: &AppState, picture: &Picture) {
    let Scaler::Ecs(service) = &state.scaler else { return };
    let measured = &picture.measured;
    let dimensions = [("ClusterName", service.cluster()), ("ServiceName", service.name())];
    let metrics = [
        ("BacklogPerWorker", "Count", Some(measured.backlog_per_worker(picture.current))),
        ("PendingJobs", "Count", Some(measured.pending() as f64)),
        ("OldestWait", "Seconds", measured.oldest_wait_seconds()),
        ("BusyShare", "Percent", measured.busy_share().map(|share| share * 100.0)),
        ("RowsPerSecond", "Count/Second", measured.rows_per_second()),
    ];
    emf::write(&emf::line(picture.at, &dimensions, &metrics));
}
