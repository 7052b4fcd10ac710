//! Why stored predictions have their probabilities.

use std::collections::BTreeMap;

use accunode_domain::{Error, Kind, Ratio, Result};

use crate::{
    features::{
        predictions::store::PredictionRow,
        score::{api::explanation::Explanation, service as score},
    },
    models,
    state::AppState,
};

/// A row with its explanation, if one is asked for: none inside where its model is not to be found, or cannot
/// explain itself.
pub(crate) struct Explained {
    pub(crate) row: PredictionRow,
    pub(crate) explanation: Option<Option<Explanation>>,
}

/// The rows with their explanations, if `wanted`, each by the model that it was scored with.
///
/// # Errors
/// When a model is there and cannot be read.
pub(crate) async fn explained(
    state: &AppState,
    kind: Kind,
    rows: Vec<PredictionRow>,
    wanted: bool,
) -> Result<Vec<Explained>> {
    if !wanted {
        return Ok(rows.into_iter().map(|row| Explained { row, explanation: None }).collect());
    }
    let mut explanations: Vec<Option<Explanation>> = rows.iter().map(|_| None).collect();
    let mut by_model: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        by_model.entry(&row.model_hash).or_default().push(i);
    }
    for (hash, places) in by_model {
        let Some(bundle) = models::by_hash(state, hash).await? else { continue };
        let inputs: Vec<Vec<Ratio>> = places.iter().map(|i| rows[*i].ratios(kind)).collect();
        // A thousand rows take a while: not on the threads that answer requests.
        let work = tokio::task::spawn_blocking(move || score::explain(&bundle, &inputs));
        match work.await.map_err(Error::internal)? {
            Ok(found) => {
                for (i, explanation) in places.into_iter().zip(found) {
                    explanations[i] = Some(explanation);
                }
            }
            Err(Error::BadRequest(reason)) => tracing::warn!(model.hash = hash, reason, "no explanation"),
            Err(other) => return Err(other),
        }
    }
    let pairs = rows.into_iter().zip(explanations);
    Ok(pairs.map(|(row, explanation)| Explained { row, explanation: Some(explanation) }).collect())
}
