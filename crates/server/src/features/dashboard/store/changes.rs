//! SQL of what storing rows changed of figures: noted with the counter that it led to, and added to what is kept.

use std::collections::{BTreeMap, HashMap};

use accunode_db::{BulkRows, Column, Result, Sql, Tx, bulk::json_ids, on, sql};
use accunode_domain::{AccessLevel, Error};
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    line::{self, Change, Line},
    owners::{Figures, Old},
};

/// Steps from what is kept to what is that are added up at most: more of them cost more than looking at the rows.
const MOST_STEPS: i64 = 256;

/// What is kept of owners ($1, a JSON list), and the steps since; not of those with more than $2 of them.
macro_rules! steps {
    ($listed:literal) => {
        concat!(
            "SELECT f.owner, CAST(0 AS BIGINT) AS before, f.version, CAST(f.lines AS TEXT) AS lines, TRUE AS kept
             FROM owner_figures f WHERE f.owner ",
            $listed,
            " UNION ALL
             SELECT s.owner, s.before, s.version, s.lines, FALSE
             FROM (SELECT c.owner, c.before, c.version, CAST(c.lines AS TEXT) AS lines,
                          COUNT(*) OVER (PARTITION BY c.owner) AS steps
                   FROM figure_changes c LEFT JOIN owner_figures f ON f.owner = c.owner
                   WHERE c.version > COALESCE(f.version, 0) AND c.owner ",
            $listed,
            ") s WHERE s.steps <= $2
             ORDER BY 1, 3"
        )
    };
}

sql! {
    STEPS {
        pg: steps!("= ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($1::jsonb) AS uuid)))"),
        lite: steps!("IN (SELECT unhex(value) FROM json_each($1))")
    };
    /// Steps that kept figures hold: $1 the figures as a JSON list.
    FORGET {
        pg: "DELETE FROM figure_changes c
             USING jsonb_to_recordset($1::jsonb) AS x(owner uuid) JOIN owner_figures f ON f.owner = x.owner
             WHERE c.owner = f.owner AND c.version <= f.version",
        lite: "DELETE FROM figure_changes
               WHERE owner IN (SELECT unhex(value ->> 'owner') FROM json_each($1))
                     AND version <= (SELECT f.version FROM owner_figures f WHERE f.owner = figure_changes.owner)"
    };
}

const NOTE: Sql = {
    macro_rules! note {
        ($lines:literal) => {
            concat!(
                "INSERT INTO figure_changes (owner, version, before, level, lines)
                 SELECT s.owner, v.version, v.before, s.level, ",
                $lines,
                " FROM step s JOIN data_versions v ON v.owner = s.owner"
            )
        };
    }
    Sql::new(note!("s.lines::jsonb"), note!("s.lines"))
};

/// Notes what this transaction changed of owners' figures, whose counters it has raised just now. `level` is that of
/// their rows.
///
/// # Errors
/// When the database fails.
pub(crate) async fn note(
    tx: &mut Tx,
    changes: BTreeMap<Uuid, (AccessLevel, Change)>,
) -> accunode_domain::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let (mut owners, mut levels, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for (owner, (level, change)) in changes {
        owners.push(owner);
        levels.push(level.to_string());
        lines.push(serde_json::to_string(&change.lines()).map_err(Error::internal)?);
    }
    BulkRows::named("step")
        .column("owner", Column::Uuid(owners))
        .column("level", Column::Text(levels))
        .column("lines", Column::Text(lines))
        .execute(tx, NOTE)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct Step {
    owner: Uuid,
    before: i64,
    version: i64,
    lines: String,
    kept: bool,
}

/// The present figures of those owners for whom what is kept and the steps since come to them, and the other owners.
pub(crate) async fn added_up(tx: &mut Tx, old: Vec<Old>) -> Result<(Vec<Figures>, Vec<Old>)> {
    let owners = json_ids(old.iter().map(|old| old.owner));
    let steps: Vec<Step> =
        on!(tx, STEPS, |c, sql| sqlx::query_as(sql).bind(owners).bind(MOST_STEPS).fetch_all(c).await)?;
    let mut of_owner: HashMap<Uuid, Vec<Step>> = HashMap::new();
    for step in steps {
        of_owner.entry(step.owner).or_default().push(step);
    }
    let (mut figures, mut others) = (Vec::new(), Vec::new());
    for old in old {
        let steps = of_owner.remove(&old.owner).unwrap_or_default();
        match present(steps, old.version) {
            Some(lines) => figures.push(Figures::of(old, lines)),
            None => others.push(old),
        }
    }
    Ok((figures, others))
}

/// The lines at `version`, if the steps lead there from what is kept, or from nothing, without a gap.
fn present(steps: Vec<Step>, version: i64) -> Option<Vec<Line>> {
    let (mut at, mut kept, mut changes) = (0, line::none(), Vec::with_capacity(steps.len()));
    for step in steps {
        // Figures of another form are worked out anew.
        let lines: Vec<Line> = serde_json::from_str(&step.lines).ok()?;
        if step.kept {
            kept = lines;
        } else if step.before == at {
            changes.push(lines);
        } else {
            return None;
        }
        at = step.version;
    }
    if at == version && !changes.is_empty() { line::with(kept, changes) } else { None }
}

/// Forgets the steps that kept figures, a JSON list of [`Figures`], hold.
///
/// # Errors
/// When the database fails.
pub(crate) async fn forget(tx: &mut Tx, figures: &str) -> Result<()> {
    Ok(on!(tx, FORGET, |c, sql| sqlx::query(sql).bind(figures).execute(c).await.map(drop))?)
}
