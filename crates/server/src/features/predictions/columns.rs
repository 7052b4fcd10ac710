//! A batch of scored rows as columns of the predictions' tables.

use std::collections::HashMap;

use accunode_db::{BulkInsert, Column, Timestamp};
use accunode_domain::{Error, Kind, Ratio, Result};
use accunode_scoring::Score;
use accunode_sheets::Record;
use uuid::Uuid;

use super::service::Batch;

const fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::Annual => "annual_predictions",
        Kind::Quarterly => "quarterly_predictions",
    }
}

/// Bit i is set where the i-th ratio is not meaningful.
pub(super) fn not_meaningful(ratios: &[Ratio]) -> i64 {
    ratios.iter().enumerate().filter(|(_, r)| **r == Ratio::NotMeaningful).map(|(i, _)| 1_i64 << i).sum()
}

/// The insert of a batch whose rows get `ids`, `companies` by symbol.
pub(super) fn predictions(
    batch: &Batch<'_>,
    companies: &HashMap<String, Uuid>,
    ids: &[Uuid],
    now: Timestamp,
) -> Result<BulkInsert> {
    let n = batch.rows.len();
    let company = |(_, r): &(_, Record)| companies.get(&r.symbol).copied().ok_or("a company is gone");
    let company_ids = batch.rows.iter().map(company).collect::<Result<_, _>>().map_err(Error::internal)?;
    let (owner, bundle) = (&batch.owner, batch.bundle);
    let quarters = batch.rows.iter().map(|(_, r)| r.period.quarter.map(|q| q.as_str().to_owned()));
    let same = |text: &str| Column::Text(vec![text.to_owned(); n]);
    let mut insert = BulkInsert::into(table(batch.kind))
        .column("id", Column::Uuid(ids.to_vec()))
        .column("company_id", Column::Uuid(company_ids))
        .column("organization_id", Column::OptUuid(vec![owner.organization_id.map(|o| o.0); n]))
        .column("access_level", same(owner.level.as_str()))
        .column("created_by", Column::Uuid(vec![owner.created_by.0; n]))
        .column("reporting_year", Column::I64(batch.rows.iter().map(|(_, r)| r.period.year.into()).collect()))
        .column("reporting_quarter", Column::OptText(quarters.collect()))
        .column("model_name", same(bundle.name()))
        .column("model_version", same(bundle.version()))
        .column("model_hash", same(bundle.hash()))
        .column("quality", qualities(batch)?)
        .column("bulk_upload_job_id", Column::OptUuid(vec![batch.upload.map(|u| u.0); n]))
        .column("source_row", Column::OptI64(batch.rows.iter().map(|(number, _)| *number).collect()))
        .column("created_at", Column::Time(vec![now; n]));
    for (i, spec) in batch.kind.ratios().iter().enumerate() {
        let values = batch.rows.iter().map(|(_, r)| r.ratios.get(i).and_then(|x| x.value())).collect();
        insert = insert.column(spec.name, Column::OptF64(values));
    }
    let bits = batch.rows.iter().map(|(_, r)| not_meaningful(&r.ratios)).collect();
    let grades = batch.scores.iter().map(|s| batch.scale.master.grade(s.probability).to_owned()).collect();
    let insert = insert
        .column("not_meaningful", Column::I64(bits))
        .column("grade", Column::Text(grades))
        .column("grade_scale_id", Column::OptUuid(vec![batch.scale.id; n]));
    Ok(scores(insert, batch.kind, batch.scores))
}

fn qualities(batch: &Batch<'_>) -> Result<Column> {
    let ranges = batch.bundle.training_ranges();
    let flags = batch.rows.iter().map(|(_, r)| serde_json::to_string(&r.quality(&ranges)));
    Ok(Column::Text(flags.collect::<Result<_, _>>().map_err(Error::internal)?))
}

fn scores(insert: BulkInsert, kind: Kind, scores: &[Score]) -> BulkInsert {
    let number = |f: fn(&Score) -> f64| Column::F64(scores.iter().map(f).collect());
    let optional = |f: fn(&Score) -> Option<f64>| Column::OptF64(scores.iter().map(f).collect());
    let insert = match kind {
        Kind::Annual => insert.column("probability", number(|s| s.probability)),
        Kind::Quarterly => insert
            .column("ensemble_probability", number(|s| s.probability))
            .column("logistic_probability", optional(Score::scorecard_probability))
            .column("gbm_probability", optional(Score::lightgbm_probability)),
    };
    insert
        .column("raw_probability", number(|s| s.raw))
        .column("risk_level", Column::Text(scores.iter().map(|s| s.risk_level.as_str().to_owned()).collect()))
        .column("confidence", number(|s| s.confidence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ratio_has_its_bit() {
        let ratios = [Ratio::NotMeaningful, Ratio::Missing, Ratio::Value(1.0), Ratio::NotMeaningful];
        assert_eq!(not_meaningful(&ratios), 0b1001);
    }
}
