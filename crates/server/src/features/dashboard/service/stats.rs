//! How many predictions are in sight.

use accunode_domain::{Error, Result};
use bytes::Bytes;

use super::{kept, key};
use crate::{
    caller::Caller,
    features::dashboard::{
        api::{Counts, PredictionCounts, RecentJob, Stats, UserContext},
        store::stats::{self as store, JobRow},
    },
    state::AppState,
};

/// Counts and the newest uploads. The counts are kept as a dashboard is; uploads move without changing data, so they
/// are read each time.
///
/// # Errors
/// When the database fails.
pub(crate) async fn stats(state: &AppState, caller: &Caller) -> Result<Stats> {
    let key = key(caller, "counts");
    let mut tx = state.db.scoped_read(caller).await?;
    let recent_jobs = store::recent_jobs(&mut tx).await?.into_iter().map(job).collect();
    let make = async {
        let fresh = kept::fresh(state, &mut tx, super::usual(caller)).await?;
        let counts = counts(caller, &store::counts(&mut tx, &fresh).await?);
        serde_json::to_vec(&counts).map(Bytes::from).map_err(Error::internal)
    };
    let bytes = state.cache.get_or_make(&key, usize::MAX, make).await?;
    let prediction_counts = serde_json::from_slice(&bytes).map_err(Error::internal)?;
    let user_context = UserContext {
        user_id: caller.user_id.0,
        role: caller.role.to_string(),
        organization_id: caller.organization_id.map(|o| o.0),
    };
    Ok(Stats { success: true, user_context, prediction_counts, recent_jobs })
}

fn counts(caller: &Caller, rows: &[(String, i64, i64)]) -> PredictionCounts {
    let of = |part: &str| {
        let row = rows.iter().find(|(name, ..)| name == part);
        row.map_or(Counts::default(), |(_, annual, quarterly)| Counts {
            annual: *annual,
            quarterly: *quarterly,
            total: annual + quarterly,
        })
    };
    let (system, personal, organization) = (of("system"), of("personal"), of("organization"));
    let sum = |f: fn(&Counts) -> i64| f(&system) + f(&personal) + f(&organization);
    let accessible_total =
        Counts { annual: sum(|c| c.annual), quarterly: sum(|c| c.quarterly), total: sum(|c| c.total) };
    // Who works in no organization and runs none has none to count.
    let has_some = !matches!(super::usual(caller), super::Portion::Personal(_));
    PredictionCounts { system, personal, organization: has_some.then_some(organization), accessible_total }
}

fn job(row: JobRow) -> RecentJob {
    RecentJob {
        id: row.id,
        // As in the list of uploads: clients know no cancelled job.
        status: if row.status == "cancelled" { "failed".to_owned() } else { row.status },
        job_type: row.job_type,
        total_rows: row.total_rows,
        successful_rows: row.successful_rows,
        created_at: row.created_at,
    }
}
