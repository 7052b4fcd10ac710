//! From lines of figures to the shape of the API.

use accunode_domain::{MasterScale, RiskLevel};

use crate::features::dashboard::{
    api::{
        GradeShare, KindName, Mover, Movers, OtherSectors, Portfolio, RiskShare, SectorShare, Sectors,
        TrendPoint,
    },
    store::{FigureRow, Figured, MoverRow, TrendRow},
};

/// A mean; 0 of nothing.
#[allow(clippy::cast_precision_loss)] // counts of rows
pub(super) fn mean(total: f64, n: i64) -> f64 {
    if n == 0 { 0.0 } else { total / n as f64 }
}

fn kind(name: &str) -> KindName {
    if name == "annual" { KindName::Annual } else { KindName::Quarterly }
}

pub(super) fn portfolio(scale: &MasterScale, figured: Figured) -> Portfolio {
    let Figured { companies: figures, trend, movers } = figured;
    let rated = |part: &str, label: &str| {
        figures.iter().find(|row| row.part == part && row.label == label).map_or(0, |row| row.rated)
    };
    let by_risk_level = RiskLevel::ALL
        .iter()
        .map(|level| RiskShare { risk_level: level.to_string(), companies: rated("risk", level.as_str()) });
    Portfolio {
        rated_companies: rated("all", ""),
        by_risk_level: by_risk_level.collect(),
        by_grade: grades(scale, &figures),
        by_sector: sectors(&figures),
        trend: points(trend),
        movers: directions(movers),
    }
}

/// The grades of the scale, then those that it does not have.
fn grades(scale: &MasterScale, figures: &[FigureRow]) -> Vec<GradeShare> {
    let mut shares: Vec<GradeShare> =
        scale.grades().iter().map(|g| GradeShare { grade: g.grade.clone(), companies: 0 }).collect();
    let mut earlier = Vec::new();
    for row in figures.iter().filter(|row| row.part == "grade") {
        match shares.iter_mut().find(|share| share.grade == row.label) {
            Some(share) => share.companies = row.rated,
            None => earlier.push(GradeShare { grade: row.label.clone(), companies: row.rated }),
        }
    }
    earlier.sort_by(|a, b| a.grade.cmp(&b.grade));
    shares.extend(earlier);
    shares
}

fn sectors(figures: &[FigureRow]) -> Sectors {
    let Some(all) = figures.iter().find(|row| row.part == "all") else {
        return Sectors { largest: Vec::new(), others: None };
    };
    let mut others = OtherSectors {
        sectors: all.rated_sectors,
        companies: all.rated,
        mean_probability: 0.0,
        high_risk_companies: all.high,
    };
    let mut rest = all.total;
    let mut largest = Vec::new();
    for row in figures.iter().filter(|row| row.part == "sector") {
        others.sectors -= 1;
        others.companies -= row.rated;
        others.high_risk_companies -= row.high;
        rest -= row.total;
        largest.push(SectorShare {
            sector: row.label.clone(),
            companies: row.rated,
            mean_probability: mean(row.total, row.rated),
            high_risk_companies: row.high,
        });
    }
    // What is left over by rounding is no probability.
    others.mean_probability = mean(rest, others.companies).clamp(0.0, 1.0);
    largest.sort_by(|a, b| b.companies.cmp(&a.companies).then_with(|| a.sector.cmp(&b.sector)));
    Sectors { largest, others: (others.sectors > 0).then_some(others) }
}

fn points(trend: Vec<TrendRow>) -> Vec<TrendPoint> {
    let mut points: Vec<TrendPoint> = trend
        .into_iter()
        .map(|row| TrendPoint {
            kind: kind(&row.kind),
            reporting_year: row.reporting_year,
            reporting_quarter: row.reporting_quarter,
            predictions: row.predictions,
            mean_probability: mean(row.total, row.predictions),
        })
        .collect();
    // A whole year stands behind its quarters.
    points.sort_by(|a, b| {
        let place = |p: &TrendPoint| (p.reporting_year, p.reporting_quarter.is_none());
        (place(a), &a.reporting_quarter, a.kind).cmp(&(place(b), &b.reporting_quarter, b.kind))
    });
    points
}

fn directions(movers: Vec<MoverRow>) -> Movers {
    let (up, down): (Vec<_>, Vec<_>) = movers.into_iter().partition(|row| row.ratio > 1.0);
    let shape = |rows: Vec<MoverRow>| rows.into_iter().map(mover).collect();
    Movers { up: shape(up), down: shape(down) }
}

fn mover(row: MoverRow) -> Mover {
    Mover {
        company_id: row.id,
        company_symbol: row.symbol,
        company_name: row.name,
        kind: kind(&row.kind),
        reporting_year: row.reporting_year,
        reporting_quarter: row.reporting_quarter,
        probability: row.probability,
        previous_probability: row.previous_probability,
        grade: row.grade,
        previous_grade: row.previous_grade,
        log_odds_change: row.ratio.ln(),
    }
}
