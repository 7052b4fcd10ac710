//! SQL of figures: everything is counted and summed by the database, in few statements.
//!
//! Each owner's figures are kept as lines, see [`owners`]; a portion's are sums over the lines of its owners.

pub(crate) mod changes;
pub(crate) mod line;
pub(super) mod owners;
pub(super) mod stats;

use std::collections::HashMap;

use accunode_db::{Result, Sql, Timestamp, Tx, bulk::json_ids, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// The rows that figures are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Portion {
    /// A person's own, at personal level.
    Personal(Uuid),
    /// An organization's.
    Organization(Uuid),
    /// Those of a tenant's organizations.
    Tenant(Uuid),
    /// The system's.
    System,
    /// All there are.
    Everything,
}

/// The most sectors that are told apart.
pub(super) const MOST_SECTORS: usize = 20;
/// The most companies that are named in each direction.
pub(super) const MOST_MOVERS: usize = 10;

impl Portion {
    const fn owner(self) -> Option<Uuid> {
        match self {
            Self::Personal(id) | Self::Organization(id) | Self::Tenant(id) => Some(id),
            Self::System => Some(Uuid::nil()),
            Self::Everything => None,
        }
    }

    /// The statement of this portion: of one owner, of a tenant's organizations, of all.
    const fn pick(self, [one, tenant, everything]: [Sql; 3]) -> Sql {
        match self {
            Self::Personal(_) | Self::Organization(_) | Self::System => one,
            Self::Tenant(_) => tenant,
            Self::Everything => everything,
        }
    }
}

/// The owners of a portion: $1 its owner.
macro_rules! portion {
    (one) => {
        "owner = $1"
    };
    (tenant) => {
        "owner IN (SELECT o.id FROM organizations o WHERE o.tenant_id = $1)"
    };
    (everything) => {
        "CAST($1 AS uuid) IS NULL"
    };
}

/// Whose companies are named: what is personal is counted, but nobody else is told of it by name.
macro_rules! named {
    (everything) => {
        "level <> 'personal'"
    };
    ($one_or_tenant:tt) => {
        "TRUE"
    };
}

/// The lines of some owners, `$whose` of them: those that are kept, but for owners whose newer ones come along as $2, a
/// JSON list as it is kept.
macro_rules! lines {
    (pg $whose:expr) => {
        concat!(
            "WITH fresh AS MATERIALIZED (
                 SELECT owner, level, lines FROM jsonb_to_recordset($2::jsonb) AS x(owner uuid, level text, lines jsonb)),
             l AS MATERIALIZED (
                 SELECT f.owner, f.level, e.*
                 FROM (SELECT owner, level, lines FROM owner_figures
                       WHERE owner NOT IN (SELECT owner FROM fresh) AND ", $whose, "
                       UNION ALL SELECT owner, level, lines FROM fresh WHERE ", $whose, ") f,
                      jsonb_to_recordset(f.lines) AS e(part text, label text, year integer, subject uuid, n bigint,
                          rated bigint, high bigint, total double precision, rate double precision, at bigint))"
        )
    };
    (lite $whose:expr) => {
        concat!(
            "WITH fresh AS MATERIALIZED (
                 SELECT unhex(value ->> 'owner') AS owner, value ->> 'level' AS level, value -> 'lines' AS lines
                 FROM json_each($2)),
             l AS MATERIALIZED (
                 SELECT f.owner, f.level, e.value ->> 'part' AS part, e.value ->> 'label' AS label, e.value ->> 'year' AS year,
                        unhex(e.value ->> 'subject') AS subject, e.value ->> 'n' AS n, e.value ->> 'rated' AS rated,
                        e.value ->> 'high' AS high, e.value ->> 'total' AS total, e.value ->> 'rate' AS rate,
                        e.value ->> 'at' AS at
                 FROM (SELECT owner, level, lines FROM owner_figures
                       WHERE owner NOT IN (SELECT owner FROM fresh) AND ", $whose, "
                       UNION ALL SELECT owner, level, lines FROM fresh WHERE ", $whose, ") f, json_each(f.lines) e)"
        )
    };
}

use lines;

/// All lines added up, and the companies whose odds changed the most; the order of sectors with as many companies is
/// that of bytes. $3: how many sectors, $4 how many companies in each direction.
macro_rules! figures {
    ($engine:tt $portion:tt, $bytes:literal) => {
        concat!(
            lines!($engine portion!($portion)), ",
             s AS MATERIALIZED (
                 SELECT label AS sector, CAST(SUM(n) AS BIGINT) AS n, CAST(SUM(rated) AS BIGINT) AS rated,
                        CAST(SUM(high) AS BIGINT) AS high, SUM(total) AS total
                 FROM l WHERE part = 'sector' GROUP BY label),
             m AS MATERIALIZED (
                 SELECT subject, total AS ratio FROM l WHERE part = 'mover' AND ", named!($portion), ")
             SELECT 'all' AS part, '' AS label, 0 AS year, CAST(NULL AS uuid) AS subject,
                    CAST(COALESCE(SUM(n), 0) AS BIGINT) AS n, CAST(COALESCE(SUM(rated), 0) AS BIGINT) AS rated,
                    CAST(COALESCE(SUM(high), 0) AS BIGINT) AS high, COALESCE(SUM(total), 0.0) AS total,
                    CAST(0.0 AS DOUBLE PRECISION) AS rate, COUNT(*) AS sectors,
                    COUNT(CASE WHEN rated > 0 THEN 1 END) AS rated_sectors
             FROM s
             UNION ALL
             SELECT part, label, COALESCE(year, 0), NULL, CAST(SUM(n) AS BIGINT), CAST(SUM(rated) AS BIGINT), 0,
                    SUM(total), SUM(rate), 0, 0
             FROM l WHERE part IN ('risk', 'grade', 'annual', 'quarterly') GROUP BY part, label, COALESCE(year, 0)
             UNION ALL
             SELECT * FROM (SELECT 'sector', sector, 0, CAST(NULL AS uuid), n, rated, high, total, 0.0, 0, 0 FROM s
                            WHERE rated > 0 ORDER BY rated DESC, sector", $bytes, " LIMIT $3) top
             UNION ALL
             SELECT * FROM (SELECT 'mover', '', 0, subject, 0, 0, 0, ratio, 0.0, 0, 0 FROM m
                            WHERE ratio > 1 ORDER BY ratio DESC, subject LIMIT $4) up
             UNION ALL
             SELECT * FROM (SELECT 'mover', '', 0, subject, 0, 0, 0, ratio, 0.0, 0, 0 FROM m
                            WHERE ratio < 1 ORDER BY ratio, subject LIMIT $4) down"
        )
    };
}

/// Companies as movers show them: $1 their ids as a JSON list.
macro_rules! companies {
    ($listed:literal) => {
        concat!(
            "SELECT c.id, c.symbol, c.name, c.latest_kind AS kind, c.latest_year AS reporting_year,
                    c.latest_quarter AS reporting_quarter, c.latest_probability AS probability,
                    c.previous_probability, c.latest_grade AS grade, c.previous_grade
             FROM companies c WHERE c.id ",
            $listed
        )
    };
}

/// Names and times around the figures: $1 the person, $2 as above, $3 an organization, $4 a tenant, $5 and $6 the owners
/// among whose rows those that the person made are looked for, $7 the system's id.
macro_rules! about {
    ($engine:tt) => {
        concat!(
            lines!($engine "owner IN ($5, $6, $7)"),
            " SELECT COALESCE(NULLIF(u.full_name, ''), u.username, u.email) AS user_name,
                     (SELECT o.name FROM organizations o WHERE o.id = $3) AS organization_name,
                     (SELECT t.name FROM tenants t WHERE t.id = $4) AS tenant_name,
                     (SELECT MAX(at) FROM l WHERE part = 'creator' AND subject = $1 AND owner IN ($5, $6)) AS own_last,
                     (SELECT MAX(at) FROM l WHERE part = 'creator' AND owner = $7) AS system_last
              FROM users u WHERE u.id = $1"
        )
    };
}

sql! {
    FIGURES_ONE { pg: figures!(pg one, " COLLATE \"C\""), lite: figures!(lite one, "") };
    FIGURES_TENANT { pg: figures!(pg tenant, " COLLATE \"C\""), lite: figures!(lite tenant, "") };
    FIGURES_ALL { pg: figures!(pg everything, " COLLATE \"C\""), lite: figures!(lite everything, "") };
    COMPANIES {
        pg: companies!("= ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($1::jsonb) AS uuid)))"),
        lite: companies!("IN (SELECT unhex(value) FROM json_each($1))")
    };
    ABOUT { pg: about!(pg), lite: about!(lite) };
}

/// What companies are, by one of several.
#[derive(Clone, Debug)]
pub(super) struct FigureRow {
    /// `all`, `risk`, `grade` or `sector`: what the line is about.
    pub(super) part: String,
    /// Which level, grade or sector.
    pub(super) label: String,
    pub(super) companies: i64,
    /// Those with a prediction.
    pub(super) rated: i64,
    /// Those whose latest prediction is HIGH or CRITICAL.
    pub(super) high: i64,
    /// The latest probabilities added up.
    pub(super) total: f64,
    pub(super) sectors: i64,
    pub(super) rated_sectors: i64,
}

/// A company whose odds changed.
#[derive(Clone, Debug, FromRow)]
pub(super) struct MoverRow {
    pub(super) id: Uuid,
    pub(super) symbol: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) reporting_year: i32,
    pub(super) reporting_quarter: Option<String>,
    pub(super) probability: f64,
    pub(super) previous_probability: f64,
    pub(super) grade: Option<String>,
    pub(super) previous_grade: Option<String>,
    /// The odds now by those before.
    #[sqlx(skip)]
    pub(super) ratio: f64,
}

/// What is known of a portion.
#[derive(Debug, Default)]
pub(super) struct Figured {
    /// Its companies by what is latest of them.
    pub(super) companies: Vec<FigureRow>,
    /// Its predictions by kind and period.
    pub(super) trend: Vec<TrendRow>,
    /// The companies that moved most: those whose odds grew first, each direction by size.
    pub(super) movers: Vec<MoverRow>,
}

/// The predictions of a kind and period.
#[derive(Clone, Debug)]
pub(super) struct TrendRow {
    pub(super) kind: String,
    pub(super) reporting_year: i32,
    pub(super) reporting_quarter: Option<String>,
    pub(super) predictions: i64,
    /// The final probabilities added up.
    pub(super) total: f64,
    /// What the average default rate is made of added up.
    pub(super) rate: f64,
}

/// Names and times around the figures.
#[derive(Clone, Debug, FromRow)]
pub(super) struct About {
    pub(super) user_name: String,
    pub(super) organization_name: Option<String>,
    pub(super) tenant_name: Option<String>,
    own_last: Option<i64>,
    system_last: Option<i64>,
}

impl About {
    /// When the person's own predictions were last made or changed.
    pub(super) fn user_last_updated(&self) -> Option<Timestamp> {
        self.own_last.map(Timestamp::from_unix_micros)
    }

    /// When the system's were.
    pub(super) fn system_last_updated(&self) -> Option<Timestamp> {
        self.system_last.map(Timestamp::from_unix_micros)
    }
}

/// A sum of [`figures`].
#[derive(Debug, FromRow)]
struct Sum {
    part: String,
    label: String,
    year: i32,
    subject: Option<Uuid>,
    n: i64,
    rated: i64,
    high: i64,
    total: f64,
    rate: f64,
    sectors: i64,
    rated_sectors: i64,
}

impl Sum {
    fn figure(self) -> FigureRow {
        FigureRow {
            part: self.part,
            label: self.label,
            companies: self.n,
            rated: self.rated,
            high: self.high,
            total: self.total,
            sectors: self.sectors,
            rated_sectors: self.rated_sectors,
        }
    }

    fn period(self) -> TrendRow {
        TrendRow {
            kind: self.part,
            reporting_year: self.year,
            reporting_quarter: Some(self.label).filter(|quarter| !quarter.is_empty()),
            predictions: self.n,
            total: self.total,
            rate: self.rate,
        }
    }
}

/// What is known of a portion. `fresh` are the figures of owners for whom none are kept that hold.
pub(super) async fn figures(tx: &mut Tx, portion: Portion, fresh: &str) -> Result<Figured> {
    let owner = portion.owner();
    let sums: Vec<Sum> = on!(tx, portion.pick([FIGURES_ONE, FIGURES_TENANT, FIGURES_ALL]), |c, sql| {
        let query = sqlx::query_as(sql).bind(owner).bind(fresh);
        query.bind(most(MOST_SECTORS)).bind(most(MOST_MOVERS)).fetch_all(c).await
    })?;
    let mut figured = Figured::default();
    let mut ratios = HashMap::new();
    for sum in sums {
        match (sum.part.as_str(), sum.subject) {
            ("mover", Some(company)) => {
                ratios.insert(company, sum.total);
            }
            ("annual" | "quarterly", _) => figured.trend.push(sum.period()),
            _ => figured.companies.push(sum.figure()),
        }
    }
    figured.movers = movers(tx, &ratios).await?;
    Ok(figured)
}

/// Companies by their ratios of odds.
async fn movers(tx: &mut Tx, ratios: &HashMap<Uuid, f64>) -> Result<Vec<MoverRow>> {
    if ratios.is_empty() {
        return Ok(Vec::new());
    }
    let ids = json_ids(ratios.keys().copied());
    let mut rows: Vec<MoverRow> =
        on!(tx, COMPANIES, |c, sql| sqlx::query_as(sql).bind(ids).fetch_all(c).await)?;
    for row in &mut rows {
        row.ratio = ratios.get(&row.id).copied().unwrap_or(1.0);
    }
    // Those that grew have the larger ratios; of those that fell the smallest comes first.
    let place = |row: &MoverRow| if row.ratio > 1.0 { -row.ratio } else { row.ratio };
    rows.sort_by(|a, b| place(a).total_cmp(&place(b)).then(a.id.cmp(&b.id)));
    Ok(rows)
}

fn most(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Names and times around a portion's figures, for the person who acts.
pub(super) async fn about(tx: &mut Tx, portion: Portion, fresh: &str) -> Result<About> {
    let user = tx.scope().user_id;
    let (organization, tenant) = match portion {
        Portion::Organization(id) => (Some(id), None),
        Portion::Tenant(id) => (None, Some(id)),
        _ => (None, None),
    };
    // In an organization what was made there counts, otherwise what was made outside of any.
    let places = organization.map_or((user, Some(Uuid::nil())), |id| (Some(id), Some(id)));
    Ok(on!(tx, ABOUT, |c, sql| {
        let query = sqlx::query_as(sql).bind(user).bind(fresh).bind(organization).bind(tenant);
        query.bind(places.0).bind(places.1).bind(Uuid::nil()).fetch_one(c).await
    })?)
}
