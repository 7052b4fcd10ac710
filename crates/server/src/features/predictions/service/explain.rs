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

/// A row with its explanation, if one is asked for, or why there is none.
pub(crate) struct Explained {
    pub(crate) row: PredictionRow,
    pub(crate) explanation: Option<Result<Explanation, String>>,
}

/// The rows with their explanations, if `wanted`, each by the model that it was scored with. A model that is not to be
/// had leaves its rows without one, and no others.
///
/// # Errors
/// When the work fails inside.
pub(crate) async fn explained(
    state: &AppState,
    kind: Kind,
    rows: Vec<PredictionRow>,
    wanted: bool,
) -> Result<Vec<Explained>> {
    if !wanted {
        return Ok(rows.into_iter().map(|row| Explained { row, explanation: None }).collect());
    }
    let gone = || Err("The model that scored this prediction is not to be found any more".to_owned());
    let mut explanations: Vec<Result<Explanation, String>> = rows.iter().map(|_| gone()).collect();
    let mut by_model: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        by_model.entry(&row.model_hash).or_default().push(i);
    }
    for (hash, places) in by_model {
        let bundle = match models::by_hash(state, hash).await {
            Ok(Some(bundle)) => bundle,
            Ok(None) => continue,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(model.hash = hash, %error, cause, "a model cannot be read");
                for i in places {
                    let (name, version) = (&rows[i].model_name, &rows[i].model_version);
                    explanations[i] = Err(format!("The model {name} {version} cannot be read at the moment"));
                }
                continue;
            }
        };
        let inputs: Vec<Vec<Ratio>> = places.iter().map(|i| rows[*i].ratios(kind)).collect();
        // A thousand rows take a while: not on the threads that answer requests.
        let work = tokio::task::spawn_blocking(move || score::explain(&bundle, &inputs));
        match work.await.map_err(Error::internal)? {
            Ok(found) => {
                for (i, explanation) in places.into_iter().zip(found) {
                    explanations[i] = Ok(explanation);
                }
            }
            Err(Error::BadRequest(reason)) => {
                tracing::warn!(model.hash = hash, reason, "no explanation");
                places.into_iter().for_each(|i| explanations[i] = Err(reason.clone()));
            }
            Err(other) => return Err(other),
        }
    }
    let pairs = rows.into_iter().zip(explanations);
    Ok(pairs.map(|(row, explanation)| Explained { row, explanation: Some(explanation) }).collect())
}
