//! Rules of comparing: with whom, and from how many on.

use accunode_domain::{Error, Kind, Permission, PredictionId, Result};

use super::{
    api::{PeerFigure, Peers},
    store::{self, MeasureRow, Subject},
};
use crate::{caller::Caller, state::AppState};

/// With fewer peers a percentile says little of the company and too much of the peers.
const FEWEST: i64 = 10;

/// A prediction among its peers.
///
/// # Errors
/// [`Error::NotFound`] when there is no such prediction in sight.
pub(crate) async fn peers(state: &AppState, caller: &Caller, kind: Kind, id: PredictionId) -> Result<Peers> {
    let system = caller.holds(Permission::PredictionReadSystem);
    let mut tx = state.db.scoped_read(caller).await?;
    let subject = store::subject(&mut tx, kind, id.0, system).await?;
    let subject = subject.ok_or_else(|| Error::NotFound("Prediction not found".to_owned()))?;
    let rows = store::measures(&mut tx, kind, &subject, system).await?;
    drop(tx);
    let figure = |measure: i32, name: &str, value: Option<f64>| {
        place(name, value, rows.iter().find(|row| row.measure == measure))
    };
    let probability = figure(0, "probability", Some(subject.probability));
    let ratios = (1..).zip(kind.ratios()).zip(subject.ratios());
    Ok(Peers {
        success: true,
        prediction_id: subject.id,
        peers: probability.peers,
        probability,
        ratios: ratios.map(|((measure, spec), value)| figure(measure, spec.name, value)).collect(),
        company_id: subject.company_id,
        company_symbol: subject.symbol,
        sector: subject.sector,
        reporting_year: subject.reporting_year.to_string(),
    })
}

/// Where a value lies among those of the peers.
#[allow(clippy::cast_precision_loss)] // counts of rows
fn place(name: &str, value: Option<f64>, row: Option<&MeasureRow>) -> PeerFigure {
    let peers = row.map_or(0, |row| row.peers);
    let row = row.filter(|_| peers >= FEWEST);
    let percentile = |row: &MeasureRow| 100.0 * (row.below as f64 + 0.5 * row.equal as f64) / peers as f64;
    // Of n values the k-th quartile lies at (n − 1) · k / 4, counted from 0.
    let quartile = |k: i64, (low, high): (f64, f64)| low + (high - low) * ((peers - 1) * k % 4) as f64 / 4.0;
    PeerFigure {
        name: name.to_owned(),
        value,
        peers,
        percentile: row.filter(|_| value.is_some()).map(percentile),
        lower_quartile: row.map(|row| quartile(1, (row.lower_from, row.lower_to))),
        median: row.map(|row| quartile(2, (row.median_from, row.median_to))),
        upper_quartile: row.map(|row| quartile(3, (row.upper_from, row.upper_to))),
    }
}

impl Subject {
    fn ratios(&self) -> [Option<f64>; 5] {
        [self.r1, self.r2, self.r3, self.r4, self.r5]
    }
}
