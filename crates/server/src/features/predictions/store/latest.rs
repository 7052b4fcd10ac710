//! What is latest of a company, kept beside it; and the counter that says whether something changed.

use accunode_db::{Engine, Result, Tx, bulk::json_texts, on, sql};
use uuid::Uuid;

use crate::features::predictions::service::Owner;

/// Works out anew what is latest of some companies: $1 their ids as a JSON list.
macro_rules! settle {
    ($listed:literal) => {
        concat!(
            "UPDATE companies SET
                 latest_kind = s.kind, latest_prediction_id = s.id, latest_year = s.reporting_year,
                 latest_quarter = s.reporting_quarter, latest_probability = s.probability,
                 latest_risk_level = s.risk_level, latest_grade = s.grade, latest_at = s.at,
                 previous_probability = s.previous_probability, previous_grade = s.previous_grade,
                 annual_count = s.annual_count, quarterly_count = s.quarterly_count
             FROM (SELECT c.id AS settled_id, r.kind, r.id, r.reporting_year, r.reporting_quarter, r.probability,
                          r.risk_level, r.grade, r.at, r.previous_probability, r.previous_grade,
                          COALESCE(r.annual_count, 0) AS annual_count,
                          COALESCE(r.quarterly_count, 0) AS quarterly_count
                   FROM companies c
                   LEFT JOIN (SELECT p.*,
                                     ROW_NUMBER() OVER (PARTITION BY company_id
                                         ORDER BY reporting_year DESC, quarter DESC, at DESC, kind, id) AS n,
                                     LEAD(probability) OVER by_kind AS previous_probability,
                                     LEAD(grade) OVER by_kind AS previous_grade,
                                     SUM(CASE WHEN kind = 'annual' THEN 1 ELSE 0 END)
                                         OVER (PARTITION BY company_id) AS annual_count,
                                     SUM(CASE WHEN kind = 'quarterly' THEN 1 ELSE 0 END)
                                         OVER (PARTITION BY company_id) AS quarterly_count
                              FROM (SELECT 'annual' AS kind, id, company_id, reporting_year, reporting_quarter,
                                           COALESCE(CAST(SUBSTR(reporting_quarter, 2, 1) AS INTEGER), 4) AS quarter,
                                           probability, risk_level, grade, COALESCE(updated_at, created_at) AS at
                                    FROM annual_predictions WHERE company_id ", $listed, "
                                    UNION ALL
                                    SELECT 'quarterly', id, company_id, reporting_year, reporting_quarter,
                                           COALESCE(CAST(SUBSTR(reporting_quarter, 2, 1) AS INTEGER), 4),
                                           ensemble_probability, risk_level, grade, COALESCE(updated_at, created_at)
                                    FROM quarterly_predictions WHERE company_id ", $listed, ") p
                              WINDOW by_kind AS (PARTITION BY company_id, kind
                                                 ORDER BY reporting_year DESC, quarter DESC, at DESC, id)) r
                          ON r.company_id = c.id AND r.n = 1
                   WHERE c.id ", $listed, ") s
             WHERE companies.id = s.settled_id"
        )
    };
}

/// Raises the counter of an owner. It also keeps up with the clock, in milliseconds since 2026: a sum of counters never
/// comes to what it was before, whichever owners leave it or come to it.
macro_rules! touch {
    ($owner:literal, $now:literal, $greatest:literal) => {
        concat!(
            "INSERT INTO data_versions (owner, version) VALUES (",
            $owner,
            ", ",
            $now,
            ")
             ON CONFLICT (owner) DO UPDATE SET version = ",
            $greatest,
            "(data_versions.version + 1, excluded.version)"
        )
    };
}

sql! {
    /// $2 the owner, whose counter is raised along.
    SETTLE {
        pg: concat!(
            "WITH touched AS (",
            touch!("$2", "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) - 1767225600000", "GREATEST"),
            ") ",
            settle!("= ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($1::jsonb) AS uuid)))")
        ),
        lite: settle!("IN (SELECT unhex(value) FROM json_each($1))")
    };
    TOUCH {
        pg: touch!("$1", "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) - 1767225600000", "GREATEST"),
        lite: touch!("$1", "CAST(unixepoch('subsec') * 1000 AS INTEGER) - 1767225600000", "MAX")
    };
}

/// Must follow every change of predictions or companies, in its transaction: brings what is latest of these companies
/// up to date, and tells whoever keeps figures or lists of this owner that they are old.
///
/// # Errors
/// When the database fails.
pub(crate) async fn settle(tx: &mut Tx, owner: &Owner, companies: &[Uuid]) -> Result<()> {
    // One order for everybody, see where companies are added.
    let mut ids: Vec<String> = companies.iter().map(|id| id.simple().to_string()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return touch(tx, owner.id()).await;
    }
    let list = json_texts(ids.iter().map(String::as_str));
    if tx.engine() == Engine::Postgres {
        let owner = owner.id();
        on!(tx, SETTLE, |c, sql| sqlx::query(sql).bind(list).bind(owner).execute(c).await.map(drop))?;
        return Ok(());
    }
    // SQLite does not change two tables in one statement.
    on!(tx, SETTLE, |c, sql| sqlx::query(sql).bind(list).execute(c).await.map(drop))?;
    touch(tx, owner.id()).await
}

/// The part of [`settle`] for changes that leave predictions alone, such as those of names that stand beside them.
///
/// # Errors
/// When the database fails.
pub(crate) async fn touch(tx: &mut Tx, owner: Uuid) -> Result<()> {
    on!(tx, TOUCH, |c, sql| sqlx::query(sql).bind(owner).execute(c).await.map(drop))?;
    Ok(())
}
