//! What is latest of a company, kept beside it; and the counter that says whether something changed.

use std::{collections::BTreeMap, ops::AddAssign};

use accunode_db::{BulkRows, Column, Result, Sql, Timestamp, Tx};
use accunode_domain::{AccessLevel, Kind};
use uuid::Uuid;

use crate::features::{
    dashboard::store::{changes as figures, line::Change},
    predictions::service::Owner,
};

/// Works out anew what is latest of the companies in `settled`, and sets `$known` along.
macro_rules! settle {
    ($listed:literal, $theirs:literal, [$($known:tt)*]) => {
        concat!(
            "UPDATE companies SET
                 latest_kind = s.kind, latest_prediction_id = s.prediction_id, latest_year = s.reporting_year,
                 latest_quarter = s.reporting_quarter, latest_probability = s.probability,
                 latest_risk_level = s.risk_level, latest_grade = s.grade, latest_at = s.at,
                 previous_probability = s.previous_probability, previous_grade = s.previous_grade,
                 annual_count = s.annual_count, quarterly_count = s.quarterly_count",
            $($known)*,
            " FROM (SELECT s.*, p.kind, p.prediction_id, p.reporting_year, p.reporting_quarter, p.probability,
                           p.risk_level, p.grade, p.at,
                           ROW_NUMBER() OVER (PARTITION BY s.id ORDER BY p.reporting_year DESC, p.quarter DESC,
                                              p.at DESC, p.kind, p.prediction_id) AS n,
                           LEAD(p.probability) OVER by_kind AS previous_probability,
                           LEAD(p.grade) OVER by_kind AS previous_grade,
                           SUM(CASE WHEN p.kind = 'annual' THEN 1 ELSE 0 END)
                               OVER (PARTITION BY s.id) AS annual_count,
                           SUM(CASE WHEN p.kind = 'quarterly' THEN 1 ELSE 0 END)
                               OVER (PARTITION BY s.id) AS quarterly_count
                    FROM settled s
                    LEFT JOIN (SELECT 'annual' AS kind, id AS prediction_id, company_id, reporting_year,
                                      reporting_quarter,
                                      COALESCE(CAST(SUBSTR(reporting_quarter, 2, 1) AS INTEGER), 4) AS quarter,
                                      probability, risk_level, grade, COALESCE(updated_at, created_at) AS at
                               FROM annual_predictions", $listed, "
                               UNION ALL
                               SELECT 'quarterly', id, company_id, reporting_year, reporting_quarter,
                                      COALESCE(CAST(SUBSTR(reporting_quarter, 2, 1) AS INTEGER), 4),
                                      ensemble_probability, risk_level, grade, COALESCE(updated_at, created_at)
                               FROM quarterly_predictions", $listed, ") p ON p.company_id = s.id
                    WINDOW by_kind AS (PARTITION BY s.id, p.kind
                                       ORDER BY p.reporting_year DESC, p.quarter DESC, p.at DESC,
                                                p.prediction_id)) s
              WHERE companies.id = s.id AND s.n = 1", $theirs
        )
    };
}

/// What a file says of its companies counts unless a later row of the same file has said it already; an unknown market
/// capitalisation keeps the known one.
macro_rules! known {
    () => {
        ", name = CASE WHEN s.upload IS NULL OR known_upload IS DISTINCT FROM s.upload OR known_row < s.said_in
                       THEN s.name ELSE companies.name END,
           sector = CASE WHEN s.upload IS NULL OR known_upload IS DISTINCT FROM s.upload OR known_row < s.said_in
                         THEN s.sector ELSE companies.sector END,
           market_cap = CASE WHEN s.market_cap IS NOT NULL
                                  AND (s.upload IS NULL OR known_upload IS DISTINCT FROM s.upload
                                       OR COALESCE(market_cap_row, -1) < s.market_cap_in)
                             THEN s.market_cap ELSE companies.market_cap END,
           market_cap_row = CASE WHEN known_upload IS DISTINCT FROM s.upload THEN s.market_cap_in
                                 WHEN COALESCE(market_cap_row, -1) < s.market_cap_in THEN s.market_cap_in
                                 ELSE market_cap_row END,
           known_row = CASE WHEN known_upload IS DISTINCT FROM s.upload OR known_row < s.said_in
                            THEN s.said_in ELSE known_row END,
           known_upload = s.upload, updated_at = s.now"
    };
}

macro_rules! statements {
    ($($name:ident: $known:tt;)*) => {
        $(pub(super) const $name: Sql = Sql::new(
            // One walk along the index for each company, however many there are.
            settle!("", "", $known),
            // SQLite, left to choose, reads all predictions and all companies.
            settle!(" WHERE company_id IN (SELECT id FROM settled)", " AND companies.id IN (SELECT id FROM settled)",
                    $known),
        );)*
    };
}

statements! {
    SETTLE: [""];
    SETTLE_AND_KNOW: [known!()];
}

/// Raises the counters of owners, and how many rows they have. The counters also keep up with the clock, in milliseconds
/// since 2026: a sum of counters never comes to what it was before, whichever owners leave it or come to it.
macro_rules! touch {
    ($now:literal, $greatest:literal) => {
        concat!(
            "INSERT INTO data_versions (owner, version, companies, annual_predictions, quarterly_predictions)
             SELECT owner, ",
            $now,
            ", companies, annual, quarterly FROM touched WHERE TRUE
             ON CONFLICT (owner) DO UPDATE SET version = ",
            $greatest,
            "(data_versions.version + 1, excluded.version),
                 before = data_versions.version,
                 companies = data_versions.companies + excluded.companies,
                 annual_predictions = data_versions.annual_predictions + excluded.annual_predictions,
                 quarterly_predictions = data_versions.quarterly_predictions + excluded.quarterly_predictions"
        )
    };
}

const TOUCH: Sql = Sql::new(
    touch!("CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) - 1767225600000", "GREATEST"),
    touch!("CAST(unixepoch('subsec') * 1000 AS INTEGER) - 1767225600000", "MAX"),
);

/// By how many rows an owner has more than before; less where it is below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Growth {
    pub(crate) companies: i64,
    pub(crate) annual: i64,
    pub(crate) quarterly: i64,
}

impl Growth {
    /// Rows are changed, none added or taken away.
    pub(crate) const NONE: Self = Self { companies: 0, annual: 0, quarterly: 0 };

    /// So many predictions of a kind.
    pub(crate) const fn predictions(kind: Kind, n: i64) -> Self {
        match kind {
            Kind::Annual => Self { annual: n, ..Self::NONE },
            Kind::Quarterly => Self { quarterly: n, ..Self::NONE },
        }
    }
}

impl AddAssign for Growth {
    fn add_assign(&mut self, more: Self) {
        self.companies += more.companies;
        self.annual += more.annual;
        self.quarterly += more.quarterly;
    }
}

/// What a file says of a company.
#[derive(Debug, Default)]
pub(crate) struct Said<'a> {
    pub(crate) name: &'a str,
    pub(crate) sector: &'a str,
    pub(crate) market_cap: Option<f64>,
    /// The upload, and the rows that say it.
    pub(crate) upload: Option<Uuid>,
    pub(crate) row: Option<i64>,
    pub(crate) market_cap_row: Option<i64>,
}

/// Must follow every change of predictions or companies, in its transaction: brings what is latest of these companies
/// up to date, and tells whoever keeps figures or lists of this owner that they are old, and how many rows there are.
///
/// # Errors
/// When the database fails.
pub(crate) async fn settle(tx: &mut Tx, owner: &Owner, companies: &[Uuid], growth: Growth) -> Result<()> {
    work_out(tx, companies.to_vec()).await?;
    touch(tx, owner.id(), growth).await
}

/// Brings what is latest of these companies up to date. They must be held.
///
/// # Errors
/// When the database fails.
pub(crate) async fn work_out(tx: &mut Tx, companies: Vec<Uuid>) -> Result<()> {
    if companies.is_empty() {
        return Ok(());
    }
    BulkRows::named("settled").column("id", Column::Uuid(companies)).execute(tx, SETTLE).await
}

/// As [`work_out`], and sets what a file says of these companies. None may stand in it twice.
///
/// # Errors
/// When the database fails.
pub(crate) async fn work_out_and_know(
    tx: &mut Tx,
    companies: &[(Uuid, Said<'_>)],
    now: Timestamp,
) -> Result<()> {
    if companies.is_empty() {
        return Ok(());
    }
    let text = |f: for<'a> fn(&'a Said<'a>) -> &'a str| {
        Column::Text(companies.iter().map(|(_, said)| f(said).to_owned()).collect())
    };
    let row =
        |f: fn(&Said<'_>) -> Option<i64>| Column::OptI64(companies.iter().map(|(_, said)| f(said)).collect());
    BulkRows::named("settled")
        .column("id", Column::Uuid(companies.iter().map(|(id, _)| *id).collect()))
        .column("name", text(|said| said.name))
        .column("sector", text(|said| said.sector))
        .column("market_cap", Column::OptF64(companies.iter().map(|(_, said)| said.market_cap).collect()))
        .column("upload", Column::OptUuid(companies.iter().map(|(_, said)| said.upload).collect()))
        .column("said_in", row(|said| said.row))
        .column("market_cap_in", row(|said| said.market_cap_row))
        .column("now", Column::Time(vec![now; companies.len()]))
        .execute(tx, SETTLE_AND_KNOW)
        .await
}

/// The part of [`settle`] for changes that leave what is latest alone, such as those of names that stand beside it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn touch(tx: &mut Tx, owner: Uuid, growth: Growth) -> Result<()> {
    touch_all(tx, BTreeMap::from([(owner, growth)])).await
}

/// The part of [`settle`] for an organization whose name, or a member's, stands beside its rows and changed: figures stay
/// as they are.
///
/// # Errors
/// When the database fails.
pub(crate) async fn rename(tx: &mut Tx, organization: Uuid) -> accunode_domain::Result<()> {
    touch(tx, organization, Growth::NONE).await?;
    figures::note(tx, BTreeMap::from([(organization, (AccessLevel::Organization, Change::default()))])).await
}

/// As [`touch`], for several owners in one order, so that no two transactions wait for each other.
///
/// # Errors
/// When the database fails.
pub(crate) async fn touch_all(tx: &mut Tx, owners: BTreeMap<Uuid, Growth>) -> Result<()> {
    let rows = |f: fn(&Growth) -> i64| Column::I64(owners.values().map(f).collect());
    BulkRows::named("touched")
        .column("companies", rows(|growth| growth.companies))
        .column("annual", rows(|growth| growth.annual))
        .column("quarterly", rows(|growth| growth.quarterly))
        .column("owner", Column::Uuid(owners.into_keys().collect()))
        .execute(tx, TOUCH)
        .await
}
