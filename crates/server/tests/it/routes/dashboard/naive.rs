//! The figures of a dashboard worked out row by row, from nothing but companies and predictions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use accunode_db::{Timestamp, on};
use accunode_domain::{Actor, MasterScale, Role};
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

use crate::app::TestApp;

#[derive(Clone, Debug, FromRow)]
pub struct Company {
    id: Uuid,
    sector: String,
    access_level: String,
    organization_id: Option<Uuid>,
    created_by: Uuid,
}

#[derive(Clone, Debug, FromRow)]
pub struct Prediction {
    kind: String,
    company_id: Uuid,
    access_level: String,
    organization_id: Option<Uuid>,
    created_by: Uuid,
    reporting_year: i32,
    reporting_quarter: Option<String>,
    probability: f64,
    rate: f64,
    risk_level: String,
    grade: String,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
}

/// Everything that is stored.
pub struct All {
    companies: Vec<Company>,
    predictions: Vec<Prediction>,
    tenants: HashMap<Uuid, Option<Uuid>>,
}

impl All {
    pub async fn read(app: &TestApp) -> Self {
        const COMPANIES: &str = "SELECT id, sector, access_level, organization_id, created_by FROM companies";
        const PREDICTIONS: &str = "SELECT 'annual' AS kind, company_id, access_level, organization_id, created_by,
                reporting_year, reporting_quarter, probability, probability AS rate, risk_level, grade, created_at,
                updated_at FROM annual_predictions
            UNION ALL
            SELECT 'quarterly', company_id, access_level, organization_id, created_by, reporting_year,
                reporting_quarter, ensemble_probability, logistic_probability, risk_level, grade, created_at,
                updated_at FROM quarterly_predictions";
        let mut tx = app.state.db.system_read("read everything of a test").await.unwrap();
        let companies = on!(tx, |c| sqlx::query_as(COMPANIES).fetch_all(c).await).unwrap();
        let predictions = on!(tx, |c| sqlx::query_as(PREDICTIONS).fetch_all(c).await).unwrap();
        let tenants: Vec<(Uuid, Option<Uuid>)> =
            on!(tx, |c| sqlx::query_as("SELECT id, tenant_id FROM organizations").fetch_all(c).await)
                .unwrap();
        Self { companies, predictions, tenants: tenants.into_iter().collect() }
    }

    /// Whether a row counts in somebody's usual dashboard, or in the personal one.
    fn counts(&self, actor: &Actor, personal: bool, row: (&str, Option<Uuid>, Uuid)) -> bool {
        let (level, organization, creator) = row;
        let own = level == "personal" && creator == actor.user_id.0;
        match actor.role {
            _ if personal => own,
            Role::SuperAdmin => true,
            Role::User => own,
            Role::TenantAdmin => {
                let tenant = organization.and_then(|o| self.tenants[&o]);
                level == "organization" && tenant == actor.tenant_id.map(|t| t.0)
            }
            Role::OrgMember | Role::OrgAdmin => {
                level == "organization" && organization == actor.organization_id.map(|o| o.0)
            }
        }
    }

    /// How many annual and quarterly predictions somebody may read.
    pub fn readable(&self, actor: &Actor, kind: &str) -> usize {
        let in_sight = |p: &&Prediction| {
            let row = (p.access_level.as_str(), p.organization_id, p.created_by);
            p.access_level == "system"
                || self.counts(actor, true, row)
                || (p.access_level == "organization" && self.counts(actor, false, row))
        };
        self.predictions.iter().filter(in_sight).filter(|p| p.kind == kind).count()
    }

    /// The figures that a dashboard must have; floating-point ones are compared by [`close`].
    pub fn dashboard(&self, actor: &Actor, personal: bool) -> Value {
        let companies: Vec<&Company> = self
            .companies
            .iter()
            .filter(|c| self.counts(actor, personal, (&c.access_level, c.organization_id, c.created_by)))
            .collect();
        let predictions: Vec<&Prediction> = self
            .predictions
            .iter()
            .filter(|p| self.counts(actor, personal, (&p.access_level, p.organization_id, p.created_by)))
            .collect();
        let rated: Vec<(&Company, &Prediction)> = companies
            .iter()
            .filter_map(|c| Some((*c, *ordered(&predictions, c.id, None).first()?)))
            .collect();
        let of = |kind: &str| predictions.iter().filter(|p| p.kind == kind).count();
        let high = rated.iter().filter(|(_, p)| is_high(p)).count();
        let sectors: BTreeSet<&str> = companies.iter().map(|c| c.sector.as_str()).collect();
        json!({
            "total_companies": companies.len(),
            "total_predictions": predictions.len(),
            "annual_predictions": of("annual"),
            "quarterly_predictions": of("quarterly"),
            "average_default_rate": mean(predictions.iter().map(|p| p.rate)),
            "high_risk_companies": high,
            "sectors_covered": sectors.len(),
            "user_last_updated": self.touched(actor, personal),
            "system_last_updated": last(self.predictions.iter().filter(|p| p.access_level == "system")),
            "rated_companies": rated.len(),
            "by_risk_level": by_risk(&rated),
            "by_grade": by_grade(&rated),
            "by_sector": by_sector(&rated),
            "trend": trend(&predictions),
            "movers": movers(&rated, &predictions),
        })
    }

    fn touched(&self, actor: &Actor, personal: bool) -> Value {
        let works = matches!(actor.role, Role::OrgAdmin | Role::OrgMember) && !personal;
        let place = actor.organization_id.map(|o| o.0).filter(|_| works);
        let own = |p: &&Prediction| p.created_by == actor.user_id.0 && p.organization_id == place;
        last(self.predictions.iter().filter(own))
    }
}

fn is_high(p: &Prediction) -> bool {
    matches!(p.risk_level.as_str(), "HIGH" | "CRITICAL")
}

fn last<'a>(rows: impl Iterator<Item = &'a Prediction>) -> Value {
    json!(rows.map(|p| p.updated_at.map_or(p.created_at, |u| u.max(p.created_at))).max())
}

#[allow(clippy::cast_precision_loss)] // a test's few rows
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// A company's predictions, latest first: by period, then by when they were made.
fn ordered<'a>(predictions: &[&'a Prediction], company: Uuid, kind: Option<&str>) -> Vec<&'a Prediction> {
    let mut found: Vec<&Prediction> = predictions
        .iter()
        .copied()
        .filter(|p| p.company_id == company && kind.is_none_or(|kind| p.kind == kind))
        .collect();
    let place = |p: &Prediction| {
        let quarter = p.reporting_quarter.clone().unwrap_or_else(|| "Q4".to_owned());
        (p.reporting_year, quarter, p.updated_at.unwrap_or(p.created_at), std::cmp::Reverse(p.kind.clone()))
    };
    found.sort_by_key(|p| std::cmp::Reverse(place(p)));
    found
}

fn by_risk(rated: &[(&Company, &Prediction)]) -> Value {
    let count = |level: &str| rated.iter().filter(|(_, p)| p.risk_level == level).count();
    ["LOW", "MEDIUM", "HIGH", "CRITICAL"]
        .iter()
        .map(|level| json!({ "risk_level": level, "companies": count(level) }))
        .collect()
}

fn by_grade(rated: &[(&Company, &Prediction)]) -> Value {
    let count = |grade: &str| rated.iter().filter(|(_, p)| p.grade == grade).count();
    MasterScale::built_in()
        .grades()
        .iter()
        .map(|g| json!({ "grade": g.grade, "companies": count(&g.grade) }))
        .collect()
}

fn by_sector(rated: &[(&Company, &Prediction)]) -> Value {
    let mut sectors: BTreeMap<&str, Vec<&Prediction>> = BTreeMap::new();
    for (company, prediction) in rated {
        sectors.entry(&company.sector).or_default().push(prediction);
    }
    let mut sectors: Vec<_> = sectors.into_iter().collect();
    sectors.sort_by_key(|(name, rows)| (std::cmp::Reverse(rows.len()), *name));
    let figures = |rows: &[&Prediction]| {
        json!({
            "companies": rows.len(), "mean_probability": mean(rows.iter().map(|p| p.probability)),
            "high_risk_companies": rows.iter().filter(|p| is_high(p)).count(),
        })
    };
    let with = |mut figures: Value, name: &str, value: Value| {
        figures[name] = value;
        figures
    };
    let largest: Vec<Value> =
        sectors.iter().take(20).map(|(name, rows)| with(figures(rows), "sector", json!(name))).collect();
    let others: Vec<&Prediction> =
        sectors.iter().skip(20).flat_map(|(_, rows)| rows.iter().copied()).collect();
    let others = if others.is_empty() {
        Value::Null
    } else {
        with(figures(&others), "sectors", json!(sectors.len() - 20))
    };
    json!({ "largest": largest, "others": others })
}

fn trend(predictions: &[&Prediction]) -> Value {
    let mut points: BTreeMap<(i32, bool, Option<&str>, &str), Vec<f64>> = BTreeMap::new();
    for p in predictions {
        let quarter = p.reporting_quarter.as_deref();
        let place = (p.reporting_year, quarter.is_none(), quarter, p.kind.as_str());
        points.entry(place).or_default().push(p.probability);
    }
    points.into_iter().map(|((year, _, quarter, kind), values)| json!({
        "kind": kind, "reporting_year": year, "reporting_quarter": quarter, "predictions": values.len(),
        "mean_probability": mean(values.into_iter()),
    })).collect()
}

fn movers(rated: &[(&Company, &Prediction)], predictions: &[&Prediction]) -> Value {
    let odds = |p: f64| p / (1.0 - p);
    let mut moved: Vec<(f64, Uuid)> = Vec::new();
    for (company, latest) in rated.iter().filter(|_| true) {
        if let Some(before) = ordered(predictions, company.id, Some(&latest.kind)).get(1) {
            let ratio = odds(latest.probability) / odds(before.probability);
            moved.push((ratio.ln(), company.id));
        }
    }
    moved.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then(a.1.cmp(&b.1)));
    let of = |up: bool| -> Vec<Value> {
        moved
            .iter()
            .filter(|(change, _)| if up { *change > 0.0 } else { *change < 0.0 })
            .take(10)
            .map(|(change, id)| json!({ "company_id": id, "log_odds_change": change }))
            .collect()
    };
    json!({ "up": of(true), "down": of(false) })
}

/// Whether the answer has what is expected: the same members, numbers but for rounding.
pub fn close(path: &str, expected: &Value, answer: &Value) -> Result<(), String> {
    let differs = || Err(format!("{path}: expected {expected}, found {answer}"));
    match (expected, answer) {
        (Value::Object(members), Value::Object(_)) => members
            .iter()
            .try_for_each(|(name, value)| close(&format!("{path}.{name}"), value, &answer[name.as_str()])),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => (0..)
            .zip(a)
            .zip(b)
            .try_for_each(|((i, a), b): ((usize, _), _)| close(&format!("{path}[{i}]"), a, b)),
        (Value::Number(a), Value::Number(b)) => {
            let tolerance = if path.ends_with("average_default_rate") { 5.1e-5 } else { 1e-9 };
            if (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() <= tolerance { Ok(()) } else { differs() }
        }
        (a, b) if a == b => Ok(()),
        _ => differs(),
    }
}
