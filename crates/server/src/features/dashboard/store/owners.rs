//! SQL of the figures that are kept for each owner of data: which of them are old, and how they are worked out.

use std::collections::HashMap;

use accunode_db::{Result, Sql, Timestamp, Tx, bulk::json_ids, on, sql};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    line::{self, KEPT_MOVERS, Line},
    most,
};

/// An owner whose figures are not kept, or hold no longer.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Old {
    pub(crate) owner: Uuid,
    /// The count of changes that the new figures hold for.
    pub(crate) version: i64,
    /// `personal`, `organization` or `system`.
    pub(crate) level: String,
}

/// All lines of one owner at one count of changes.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    #[serde(serialize_with = "simple_id")]
    owner: Uuid,
    level: String,
    version: i64,
    lines: Vec<Line>,
}

impl Figures {
    /// The lines of an owner at the count that was found.
    pub(crate) fn of(Old { owner, version, level }: Old, lines: Vec<Line>) -> Self {
        Self { owner, level, version, lines }
    }
}

fn simple_id<S: serde::Serializer>(id: &Uuid, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&id.simple())
}

/// A line of an owner as it is worked out.
#[derive(FromRow)]
struct WorkedOut {
    owner: Uuid,
    part: String,
    label: String,
    year: Option<i32>,
    subject: Option<Uuid>,
    n: i64,
    rated: i64,
    high: i64,
    total: f64,
    rate: f64,
    at: Option<Timestamp>,
}

impl WorkedOut {
    fn line(self) -> Line {
        Line {
            part: self.part,
            label: self.label,
            year: self.year,
            subject: self.subject,
            n: self.n,
            rated: self.rated,
            high: self.high,
            total: self.total,
            rate: self.rate,
            at: self.at.map(Timestamp::unix_micros),
        }
    }
}

/// Owners whose figures are not those of the present count: $1 a portion's owner, $2 and $3 two others.
macro_rules! old {
    ($portion:literal) => {
        concat!(
            "SELECT v.owner, v.version,
                    CASE WHEN v.owner = $3 THEN 'system'
                         WHEN EXISTS (SELECT 1 FROM organizations o WHERE o.id = v.owner) THEN 'organization'
                         ELSE 'personal' END AS level
             FROM data_versions v LEFT JOIN owner_figures f ON f.owner = v.owner
             WHERE (", $portion, " OR v.owner IN ($2, $3)) AND (f.version IS NULL OR f.version <> v.version)
             ORDER BY v.owner"
        )
    };
}

/// A probability inside (0, 1), so that it has odds.
macro_rules! inside {
    ($p:literal) => {
        concat!(
            "CASE WHEN ",
            $p,
            " < 1e-9 THEN 1e-9 WHEN ",
            $p,
            " > 0.999999999 THEN 0.999999999 ELSE ",
            $p,
            " END"
        )
    };
}

/// Predictions of a kind by owner, period and creator.
macro_rules! made {
    ($kind:literal, $owner:literal, $rows:expr, $p:literal, $rate:literal) => {
        concat!(
            "SELECT ",
            $owner,
            " AS owner, '",
            $kind,
            "' AS kind, reporting_year AS year, reporting_quarter AS quarter,
                    created_by, COUNT(*) AS n, SUM(",
            $p,
            ") AS total, SUM(",
            $rate,
            ") AS rate,
                    MAX(CASE WHEN updated_at > created_at THEN updated_at ELSE created_at END) AS at
             FROM ",
            $kind,
            "_predictions WHERE ",
            $rows,
            " GROUP BY reporting_year, reporting_quarter, created_by"
        )
    };
}

/// A line of a part; what is not said is empty or zero.
macro_rules! line {
    ($part:literal, $label:literal, $year:literal, $subject:literal, $n:literal, $rated:literal, $high:literal,
     $total:literal, $rate:literal, $at:literal) => {
        concat!(
            "SELECT owner, ",
            $part,
            " AS part, ",
            $label,
            " AS label, ",
            $year,
            " AS year, ",
            $subject,
            " AS subject, ",
            $n,
            " AS n, ",
            $rated,
            " AS rated, ",
            $high,
            " AS high, ",
            $total,
            " AS total, ",
            $rate,
            " AS rate, ",
            $at,
            " AS at FROM "
        )
    };
}

/// Every line of some owners of a level: $1 their ids as a JSON list, $2 how many movers in each direction.
macro_rules! lines {
    ($owner:literal, $grouped:literal, $rows:expr, $no_id:literal, $no_time:literal) => {
        concat!(
            "WITH c AS MATERIALIZED (
                 SELECT ", $owner, " AS owner, id, sector, latest_risk_level AS risk, latest_grade AS grade,
                        latest_probability AS p, previous_probability AS q
                 FROM companies WHERE ", $rows, "),
             g AS MATERIALIZED (
                 SELECT owner, sector, risk, grade, COUNT(*) AS n, COUNT(p) AS rated, COALESCE(SUM(p), 0.0) AS total
                 FROM c GROUP BY owner, sector, risk, grade),
             r AS MATERIALIZED (",
                 made!("annual", $owner, $rows, "probability", "probability"), $grouped, " UNION ALL ",
                 made!("quarterly", $owner, $rows, "ensemble_probability",
                       "COALESCE(logistic_probability, ensemble_probability)"), $grouped, "),
             m AS (SELECT owner, id, (p / (1 - p)) / (q / (1 - q)) AS ratio
                   FROM (SELECT owner, id, ", inside!("p"), " AS p, ", inside!("q"), " AS q
                         FROM c WHERE p IS NOT NULL AND q IS NOT NULL) moved),
             x AS (SELECT owner, id, ratio, ROW_NUMBER() OVER (PARTITION BY owner ORDER BY ratio DESC, id) AS up,
                          ROW_NUMBER() OVER (PARTITION BY owner ORDER BY ratio, id) AS down FROM m)",
            line!("'sector'", "sector", "CAST(NULL AS INTEGER)", $no_id, "CAST(SUM(n) AS BIGINT)",
                  "CAST(SUM(rated) AS BIGINT)",
                  "CAST(SUM(CASE WHEN risk IN ('HIGH', 'CRITICAL') THEN n ELSE 0 END) AS BIGINT)", "SUM(total)",
                  "CAST(0.0 AS DOUBLE PRECISION)", $no_time),
            "g GROUP BY owner, sector UNION ALL ",
            line!("'risk'", "risk", "NULL", "NULL", "0", "CAST(SUM(rated) AS BIGINT)", "0", "0.0", "0.0", "NULL"),
            "g WHERE risk IS NOT NULL GROUP BY owner, risk UNION ALL ",
            line!("'grade'", "COALESCE(grade, '')", "NULL", "NULL", "0", "CAST(SUM(rated) AS BIGINT)", "0", "0.0", "0.0",
                  "NULL"),
            "g WHERE risk IS NOT NULL GROUP BY owner, COALESCE(grade, '') UNION ALL ",
            line!("'mover'", "''", "NULL", "id", "0", "0", "0", "ratio", "0.0", "NULL"),
            "x WHERE (ratio > 1 AND up <= $2) OR (ratio < 1 AND down <= $2) UNION ALL ",
            line!("kind", "COALESCE(quarter, '')", "year", "NULL", "CAST(SUM(n) AS BIGINT)", "0", "0", "SUM(total)",
                  "SUM(rate)", "NULL"),
            "r GROUP BY owner, kind, year, COALESCE(quarter, '') UNION ALL ",
            line!("'creator'", "''", "NULL", "created_by", "CAST(SUM(n) AS BIGINT)", "0", "0", "0.0", "0.0", "MAX(at)"),
            "r GROUP BY owner, created_by"
        )
    };
    (pg $owner:literal, $grouped:literal, $rows:expr) => {
        lines!($owner, $grouped, $rows, "CAST(NULL AS uuid)", "CAST(NULL AS timestamptz)")
    };
    (lite $owner:literal, $grouped:literal, $rows:expr) => {
        lines!($owner, $grouped, $rows, "NULL", "NULL")
    };
}

macro_rules! listed {
    (pg) => {
        " = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($1::jsonb) AS uuid)))"
    };
    (lite) => {
        " IN (SELECT unhex(value) FROM json_each($1))"
    };
}

sql! {
    OLD_OF_ONE = old!("v.owner = $1");
    OLD_OF_TENANT = old!("v.owner IN (SELECT o.id FROM organizations o WHERE o.tenant_id = $1)");
    OLD_OF_ALL = old!("CAST($1 AS uuid) IS NULL");
    /// Those that nobody has changed for a while: $1 the system's id, $2 the count that the clock stands for then, $3 how
    /// many.
    OLD_AND_QUIET = "SELECT v.owner, v.version,
                            CASE WHEN v.owner = $1 THEN 'system'
                                 WHEN EXISTS (SELECT 1 FROM organizations o WHERE o.id = v.owner) THEN 'organization'
                                 ELSE 'personal' END AS level
                     FROM data_versions v LEFT JOIN owner_figures f ON f.owner = v.owner
                     WHERE v.version < $2 AND (f.version IS NULL OR f.version <> v.version)
                     ORDER BY v.version LIMIT $3";
    PERSONAL {
        pg: lines!(pg "created_by", "", concat!("access_level = 'personal' AND created_by", listed!(pg))),
        lite: lines!(lite "created_by", "", concat!("access_level = 'personal' AND created_by", listed!(lite)))
    };
    ORGANIZATION {
        pg: lines!(pg "organization_id", ", organization_id",
                   concat!("access_level = 'organization' AND organization_id", listed!(pg))),
        lite: lines!(lite "organization_id", ", organization_id",
                     concat!("access_level = 'organization' AND organization_id", listed!(lite)))
    };
    SYSTEM {
        pg: lines!(pg "CAST('00000000-0000-0000-0000-000000000000' AS uuid)", "",
                   concat!("access_level = 'system' AND CAST('00000000-0000-0000-0000-000000000000' AS uuid)",
                           listed!(pg))),
        lite: lines!(lite "x'00000000000000000000000000000000'", "",
                     concat!("access_level = 'system' AND x'00000000000000000000000000000000'", listed!(lite)))
    };
    /// $1 the figures as a JSON list. One order for everybody, so that two never wait for each other.
    KEEP {
        pg: "INSERT INTO owner_figures (owner, level, version, lines)
             SELECT owner, level, version, lines
             FROM jsonb_to_recordset($1::jsonb) AS f(owner uuid, level text, version bigint, lines jsonb)
             ORDER BY owner
             ON CONFLICT (owner) DO UPDATE SET level = excluded.level, version = excluded.version, lines = excluded.lines
             WHERE owner_figures.version < excluded.version",
        lite: "INSERT INTO owner_figures (owner, level, version, lines)
               SELECT unhex(value ->> 'owner'), value ->> 'level', value ->> 'version', value -> 'lines'
               FROM json_each($1) WHERE true
               ON CONFLICT (owner) DO UPDATE SET level = excluded.level, version = excluded.version, lines = excluded.lines
               WHERE owner_figures.version < excluded.version"
    };
}

/// The owners of a portion, and those two, whose figures are old.
pub(crate) async fn old(tx: &mut Tx, portion: super::Portion, user: Option<Uuid>) -> Result<Vec<Old>> {
    let (statement, system) = (portion.pick([OLD_OF_ONE, OLD_OF_TENANT, OLD_OF_ALL]), Uuid::nil());
    Ok(on!(tx, statement, |c, sql| {
        sqlx::query_as(sql).bind(portion.owner()).bind(user).bind(system).fetch_all(c).await
    })?)
}

/// Up to `most` owners with old figures, whose data has not been changed since the counters stood at `before`.
pub(crate) async fn old_and_quiet(tx: &mut Tx, before: i64, most: i64) -> Result<Vec<Old>> {
    Ok(on!(tx, OLD_AND_QUIET, |c, sql| {
        sqlx::query_as(sql).bind(Uuid::nil()).bind(before).bind(most).fetch_all(c).await
    })?)
}

fn statement(level: &str) -> Sql {
    match level {
        "organization" => ORGANIZATION,
        "system" => SYSTEM,
        _ => PERSONAL,
    }
}

/// The figures of some owners as their rows are now.
pub(crate) async fn work_out(tx: &mut Tx, old: Vec<Old>) -> Result<Vec<Figures>> {
    let mut of_owner: HashMap<Uuid, Vec<Line>> = HashMap::new();
    for level in ["personal", "organization", "system"] {
        let owners = json_ids(old.iter().filter(|old| old.level == level).map(|old| old.owner));
        if owners != "[]" {
            let found: Vec<WorkedOut> = on!(tx, statement(level), |c, sql| {
                sqlx::query_as(sql).bind(owners).bind(most(KEPT_MOVERS)).fetch_all(c).await
            })?;
            for line in found {
                of_owner.entry(line.owner).or_default().push(line.line());
            }
        }
    }
    let figures = old.into_iter().map(|old| {
        let mut lines = of_owner.remove(&old.owner).unwrap_or_default();
        lines.extend(line::reach(&lines));
        Figures::of(old, lines)
    });
    Ok(figures.collect())
}

/// Keeps figures, a JSON list of [`Figures`], unless newer ones are kept already.
pub(crate) async fn keep(tx: &mut Tx, figures: &str) -> Result<()> {
    Ok(on!(tx, KEEP, |c, sql| sqlx::query(sql).bind(figures).execute(c).await.map(drop))?)
}
