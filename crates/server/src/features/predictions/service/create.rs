//! Single new predictions, stored together with those that others ask for at the same moment.
//!
//! One transaction after the other takes along whatever has come while the one before was committed. Each request has an
//! outcome of its own; when the whole transaction fails, each is tried again in a transaction of its own, so that nobody
//! suffers for another.

use std::{collections::HashMap, num::NonZeroUsize, sync::Arc};

use accunode_db::{Clock, Db, DbError, Timestamp, Tx};
use accunode_domain::{AccessLevel, Error, Kind, Result};
use accunode_scoring::{Bundle, Score};
use accunode_sheets::Record;
use uuid::Uuid;

use super::{
    Owner, audited, duplicate, score,
    storing::{Company, NewRow, Stored, quality, store_rows},
    target,
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    coalesce::{Bounds, Coalesce, Unanswered},
    features::{
        grades::service::{self as grades, Scale},
        predictions::{
            columns::not_meaningful,
            store::{self, Home, PredictionRow},
        },
    },
    state::AppState,
};

/// Requests in one transaction at most: bounds how long any of them waits for the others.
const MOST: NonZeroUsize = NonZeroUsize::MIN.saturating_add(127);

/// Stores what several people ask for together; clones share the work.
pub(crate) type Creates = Coalesce<Wanted, Result<PredictionRow>, Failed>;

/// A scored company that somebody wants to have stored.
#[derive(Clone)]
pub(crate) struct Wanted(Arc<Asked>);

struct Asked {
    caller: Caller,
    owner: Owner,
    kind: Kind,
    record: Record,
    score: Score,
    quality: String,
    bundle: Arc<Bundle>,
    scale: Scale,
}

/// Why a transaction of several people failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    /// Nothing is stored, and each may succeed alone.
    #[error("{0}")]
    Together(Error),
    /// Nobody would succeed alone either, or what is stored is not known.
    #[error("{0}")]
    Everybody(Error),
}

/// The one place in which new predictions come together. One transaction at a time: two would wait for each other at
/// the counters and audit chains of the same people.
pub(crate) fn creates(db: Db, clock: Clock) -> Creates {
    let bounds = Bounds { under_way: NonZeroUsize::MIN, batch: MOST };
    Coalesce::new(bounds, move |wanted: Vec<Wanted>| {
        let (db, now) = (db.clone(), clock.now());
        async move { together(&db, &wanted, now).await }
    })
}

/// Scores one company and stores the result.
///
/// # Errors
/// [`Error::BadRequest`] with the text that clients parse when there is one for this period already.
pub(crate) async fn create(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    record: Record,
) -> Result<PredictionRow> {
    let bundle = state.models.get(kind);
    let scale = grades::by_id(state, caller.place.scale).await?;
    let rows = [(None, record)];
    let scores = score(&bundle, &rows)?;
    let ([(_, record)], Some(score)) = (rows, scores.into_iter().next()) else {
        return Err(Error::internal("a row without a score"));
    };
    let quality = quality(&record, &bundle.training_ranges())?;
    let (caller, owner) = (caller.clone(), Owner::of(caller));
    let wanted = Wanted(Arc::new(Asked { caller, owner, kind, record, score, quality, bundle, scale }));
    // What is the system's is stored by its administrators alone.
    if owner.level == AccessLevel::System {
        return alone(state, &wanted).await;
    }
    match state.creates().ask(wanted.clone()).await {
        Ok(outcome) => outcome,
        Err(Unanswered::Failed(failed)) => match &*failed {
            Failed::Together(error) => {
                tracing::warn!(%error, "predictions could not be stored together, each is tried alone");
                alone(state, &wanted).await
            }
            Failed::Everybody(error) => Err(again(error)),
        },
        Err(Unanswered::Broken) => Err(Error::internal("a prediction was neither stored nor refused")),
    }
}

/// The same error for one more of those whom it meets.
fn again(error: &Error) -> Error {
    match error {
        Error::Unavailable(text) => Error::Unavailable(text.clone()),
        other => Error::internal(other.to_string()),
    }
}

/// Stores one in a transaction of its own.
async fn alone(state: &AppState, wanted: &Wanted) -> Result<PredictionRow> {
    let mut tx = state.db.scoped(&wanted.0.caller).await?;
    let outcome = write(&mut tx, std::slice::from_ref(wanted), state.clock.now()).await?.pop();
    tx.commit().await?;
    outcome.unwrap_or_else(|| Err(Error::internal("a prediction without an outcome")))
}

async fn together(
    db: &Db,
    wanted: &[Wanted],
    now: Timestamp,
) -> std::result::Result<Vec<Result<PredictionRow>>, Failed> {
    let everybody = |error: DbError| Failed::Everybody(error.into());
    let begun = match wanted {
        [one] => db.scoped(&one.0.caller).await,
        _ => db.many(wanted.iter().map(|one| &one.0.caller.actor)).await,
    };
    let mut tx = begun.map_err(everybody)?;
    let outcomes = write(&mut tx, wanted, now).await.map_err(Failed::Together)?;
    tx.commit().await.map_err(everybody)?;
    Ok(outcomes)
}

/// Stores what is wanted with an entry for each that is stored; the outcomes in their order.
async fn write(tx: &mut Tx, wanted: &[Wanted], now: Timestamp) -> Result<Vec<Result<PredictionRow>>> {
    let rows: Vec<NewRow<'_>> = wanted.iter().map(Wanted::row).collect();
    let stored = store_rows(tx, &rows, false, now).await?;
    let homes = homes(tx, &stored).await?;
    let mut outcomes = Vec::with_capacity(wanted.len());
    for (i, Wanted(asked)) in wanted.iter().enumerate() {
        let company = &stored.companies[stored.of[i]];
        let home = company.owner.organization_id.and_then(|o| homes.get(&o.0));
        outcomes.push(match stored.ids[i] {
            Some(id) => Ok(shown(id, asked, company, home, now)),
            None => {
                let (record, level) = (&asked.record, asked.owner.level);
                Err(duplicate(asked.kind, &record.symbol, record.period, level.as_str()))
            }
        });
    }
    let events = wanted.iter().zip(&outcomes).filter_map(|(Wanted(asked), outcome)| {
        let row = outcome.as_ref().ok()?;
        let event = Event::done("prediction.create").on(target(asked.kind), row.id).after(audited(row));
        Some((&asked.caller, event))
    });
    let events: Vec<_> = events.collect();
    if !events.is_empty() {
        audit::record_all(tx, events, now).await?;
    }
    Ok(outcomes)
}

/// The organizations of what was stored, by id.
async fn homes(tx: &mut Tx, stored: &Stored<'_>) -> Result<HashMap<Uuid, Home>> {
    let ids = stored.ids.iter().zip(&stored.of).filter(|(id, _)| id.is_some());
    let mut ids: Vec<Uuid> =
        ids.filter_map(|(_, of)| stored.companies[*of].owner.organization_id.map(|o| o.0)).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(store::homes(tx, ids).await?.into_iter().map(|home| (home.id, home)).collect())
}

impl Wanted {
    fn row(&self) -> NewRow<'_> {
        let asked = &*self.0;
        NewRow {
            kind: asked.kind,
            owner: asked.owner,
            upload: None,
            number: None,
            record: &asked.record,
            score: &asked.score,
            bundle: &asked.bundle,
            scale: &asked.scale,
            quality: asked.quality.clone(),
        }
    }
}

/// The stored row as reading it would give it.
fn shown(
    id: Uuid,
    asked: &Asked,
    company: &Company<'_>,
    home: Option<&Home>,
    now: Timestamp,
) -> PredictionRow {
    let (record, score, bundle) = (&asked.record, &asked.score, &asked.bundle);
    let ratio = |i: usize| record.ratios.get(i).and_then(|ratio| ratio.value());
    let (scorecard, gbm) = match asked.kind {
        Kind::Annual => (None, None),
        Kind::Quarterly => (score.scorecard_probability(), score.lightgbm_probability()),
    };
    PredictionRow {
        id,
        company_id: company.id,
        symbol: company.symbol.to_owned(),
        name: company.name.clone().into_owned(),
        sector: company.sector.clone().into_owned(),
        market_cap: company.market_cap,
        reporting_year: record.period.year.into(),
        reporting_quarter: record.period.quarter.map(|q| q.as_str().to_owned()),
        r1: ratio(0),
        r2: ratio(1),
        r3: ratio(2),
        r4: ratio(3),
        r5: ratio(4),
        logistic_probability: scorecard,
        gbm_probability: gbm,
        probability: score.probability,
        raw_probability: score.raw,
        risk_level: score.risk_level.as_str().to_owned(),
        confidence: score.confidence,
        model_name: bundle.name().to_owned(),
        model_version: bundle.version().to_owned(),
        model_hash: bundle.hash().to_owned(),
        grade: Some(asked.scale.master.grade(score.probability).to_owned()),
        version: 1,
        not_meaningful: i32::try_from(not_meaningful(&record.ratios)).unwrap_or_default(),
        quality: asked.quality.clone(),
        access_level: asked.owner.level.as_str().to_owned(),
        organization_id: asked.owner.organization_id.map(|o| o.0),
        organization_name: home.map(|home| home.name.clone()),
        tenant_id: home.and_then(|home| home.tenant_id),
        created_by: asked.owner.created_by.0,
        created_by_email: (asked.owner.level != AccessLevel::System).then(|| asked.caller.email.clone()),
        created_at: now,
        updated_at: None,
    }
}
