//! A batch of scored rows as columns of the predictions' tables.

use accunode_db::{BulkInsert, Column, Timestamp};
use accunode_domain::{Kind, Ratio};
use accunode_scoring::Score;
use uuid::Uuid;

use super::{
    service::storing::{Latest, NewCompany, NewRow},
    store::latest::Said,
};

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

/// The insert of new companies, with what is latest of them. Where rows `follow` each other, what they say is noted
/// with the rows that said it.
pub(super) fn companies(new: &[NewCompany<'_>], follow: bool, now: Timestamp) -> BulkInsert {
    let text = |f: for<'a> fn(&'a NewCompany<'a>) -> &'a str| {
        Column::Text(new.iter().map(|c| f(c).to_owned()).collect())
    };
    let id = |f: fn(&NewCompany<'_>) -> Option<Uuid>| Column::OptUuid(new.iter().map(f).collect());
    let count =
        |f: fn(&Latest<'_>) -> i64| Column::I64(new.iter().map(|c| c.latest.as_ref().map_or(0, f)).collect());
    let row = |f: fn(&Said<'_>) -> Option<i64>| {
        Column::OptI64(new.iter().map(|c| f(&c.said).filter(|_| follow)).collect())
    };
    let insert = BulkInsert::into("companies")
        .column("id", Column::Uuid(new.iter().map(|c| c.id).collect()))
        .column("symbol", text(|c| c.symbol))
        .column("name", text(|c| c.said.name))
        .column("sector", text(|c| c.said.sector))
        .column("market_cap", Column::OptF64(new.iter().map(|c| c.said.market_cap).collect()))
        .column("access_level", text(|c| c.owner.level.as_str()))
        .column("organization_id", id(|c| c.owner.organization_id.map(|o| o.0)))
        .column("created_by", Column::Uuid(new.iter().map(|c| c.owner.created_by.0).collect()))
        .column("created_at", Column::Time(vec![now; new.len()]))
        .column("annual_count", count(|latest| latest.annual))
        .column("quarterly_count", count(|latest| latest.quarterly))
        .column(
            "known_upload",
            Column::OptUuid(new.iter().map(|c| c.said.upload.filter(|_| follow)).collect()),
        )
        .column("known_row", row(|said| said.row))
        .column("market_cap_row", row(|said| said.market_cap_row));
    latest(insert, new, now)
}

fn latest(insert: BulkInsert, new: &[NewCompany<'_>], now: Timestamp) -> BulkInsert {
    let all = || new.iter().map(|c| c.latest.as_ref());
    let text = |f: for<'a> fn(&'a Latest<'a>) -> Option<&'a str>| {
        Column::OptText(all().map(|l| l.and_then(f).map(str::to_owned)).collect())
    };
    let years = all().map(|l| l.map(|l| l.row.record.period.year.into())).collect();
    let previous = all().map(|l| l.and_then(|l| l.previous).map(|row| row.score.probability)).collect();
    insert
        .column("latest_kind", text(|l| Some(l.row.kind.as_str())))
        .column("latest_prediction_id", Column::OptUuid(all().map(|l| l.map(|l| l.id)).collect()))
        .column("latest_year", Column::OptI64(years))
        .column("latest_quarter", text(|l| l.row.record.period.quarter.map(|q| q.as_str())))
        .column(
            "latest_probability",
            Column::OptF64(all().map(|l| l.map(|l| l.row.score.probability)).collect()),
        )
        .column("latest_risk_level", text(|l| Some(l.row.score.risk_level.as_str())))
        .column("latest_grade", text(|l| Some(l.row.grade())))
        .column("latest_at", Column::OptTime(all().map(|l| l.map(|_| now)).collect()))
        .column("previous_probability", Column::OptF64(previous))
        .column("previous_grade", text(|l| l.previous.map(|row| row.grade())))
}

/// The insert of rows of one kind, each with its id and its company's.
pub(super) fn predictions(kind: Kind, rows: &[(&NewRow<'_>, Uuid, Uuid)], now: Timestamp) -> BulkInsert {
    let id =
        |f: fn(&NewRow<'_>) -> Option<Uuid>| Column::OptUuid(rows.iter().map(|(row, ..)| f(row)).collect());
    let text = |f: for<'a> fn(&'a NewRow<'a>) -> &'a str| {
        Column::Text(rows.iter().map(|(row, ..)| f(row).to_owned()).collect())
    };
    let quarters = rows.iter().map(|(row, ..)| row.record.period.quarter.map(|q| q.as_str().to_owned()));
    let years = rows.iter().map(|(row, ..)| row.record.period.year.into());
    let bits = rows.iter().map(|(row, ..)| not_meaningful(&row.record.ratios));
    let mut insert = BulkInsert::into(table(kind))
        .column("id", Column::Uuid(rows.iter().map(|(_, id, _)| *id).collect()))
        .column("company_id", Column::Uuid(rows.iter().map(|(.., company)| *company).collect()))
        .column("organization_id", id(|row| row.owner.organization_id.map(|o| o.0)))
        .column("access_level", text(|row| row.owner.level.as_str()))
        .column("created_by", Column::Uuid(rows.iter().map(|(row, ..)| row.owner.created_by.0).collect()))
        .column("reporting_year", Column::I64(years.collect()))
        .column("reporting_quarter", Column::OptText(quarters.collect()))
        .column("model_name", text(|row| row.bundle.name()))
        .column("model_version", text(|row| row.bundle.version()))
        .column("model_hash", text(|row| row.bundle.hash()))
        .column("quality", text(|row| &row.quality))
        .column("bulk_upload_job_id", id(|row| row.upload.map(|u| u.0)))
        .column("source_row", Column::OptI64(rows.iter().map(|(row, ..)| row.number).collect()))
        .column("created_at", Column::Time(vec![now; rows.len()]))
        .column("not_meaningful", Column::I64(bits.collect()))
        .column("grade", text(|row| row.grade()))
        .column("grade_scale_id", id(|row| row.scale.id));
    for (i, spec) in kind.ratios().iter().enumerate() {
        let values = rows.iter().map(|(row, ..)| row.record.ratios.get(i).and_then(|x| x.value()));
        insert = insert.column(spec.name, Column::OptF64(values.collect()));
    }
    scores(insert, kind, rows)
}

fn scores(insert: BulkInsert, kind: Kind, rows: &[(&NewRow<'_>, Uuid, Uuid)]) -> BulkInsert {
    let number = |f: fn(&Score) -> f64| Column::F64(rows.iter().map(|(row, ..)| f(row.score)).collect());
    let optional =
        |f: fn(&Score) -> Option<f64>| Column::OptF64(rows.iter().map(|(row, ..)| f(row.score)).collect());
    let insert = match kind {
        Kind::Annual => insert.column("probability", number(|s| s.probability)),
        Kind::Quarterly => insert
            .column("ensemble_probability", number(|s| s.probability))
            .column("logistic_probability", optional(Score::scorecard_probability))
            .column("gbm_probability", optional(Score::lightgbm_probability)),
    };
    let levels = rows.iter().map(|(row, ..)| row.score.risk_level.as_str().to_owned());
    insert
        .column("raw_probability", number(|s| s.raw))
        .column("risk_level", Column::Text(levels.collect()))
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
