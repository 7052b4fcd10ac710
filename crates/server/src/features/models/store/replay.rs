//! SQL of repeating stored predictions: whoever's they are, in batches behind a row.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use accunode_domain::Kind;
use sqlx::FromRow;
use uuid::Uuid;

use crate::features::predictions::store::{Scored, columns, of, scored};

/// A prediction as it was stored, now or at an earlier version.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct StoredScore {
    pub(crate) id: Uuid,
    pub(crate) version: i32,
    #[sqlx(flatten)]
    pub(crate) scored: Scored,
}

/// Which of the two tables of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// The predictions as they are.
    Current,
    /// What they were before they were scored again.
    Earlier,
}

/// $1 and $2: the row behind which to go on; $3 not scored before; $4 how many.
macro_rules! stored {
    ($kind:tt, $table:literal, $id:literal, $at:literal) => {
        concat!(
            "SELECT ",
            $id,
            " AS id, p.version, ",
            scored!($kind),
            " FROM ",
            $table,
            " p WHERE (",
            $id,
            ", p.version) > ($1, $2) AND ",
            $at,
            " >= $3
              ORDER BY ",
            $id,
            ", p.version LIMIT $4"
        )
    };
}

sql! {
    ANNUAL = stored!(annual, "annual_predictions", "p.id", "COALESCE(p.updated_at, p.created_at)");
    QUARTERLY = stored!(quarterly, "quarterly_predictions", "p.id", "COALESCE(p.updated_at, p.created_at)");
    EARLIER_ANNUAL = stored!(annual, "annual_prediction_versions", "p.prediction_id", "p.scored_at");
    EARLIER_QUARTERLY = stored!(quarterly, "quarterly_prediction_versions", "p.prediction_id", "p.scored_at");
}

/// The next rows behind one, ordered by prediction and version, in a transaction of the application's own.
pub(crate) async fn behind(
    tx: &mut Tx,
    kind: Kind,
    table: Table,
    (id, version): (Uuid, i32),
    since: Timestamp,
    limit: i64,
) -> Result<Vec<StoredScore>> {
    let statement = match table {
        Table::Current => of(kind, ANNUAL, QUARTERLY),
        Table::Earlier => of(kind, EARLIER_ANNUAL, EARLIER_QUARTERLY),
    };
    Ok(on!(tx, statement, |c, sql| {
        sqlx::query_as(sql).bind(id).bind(version).bind(since).bind(limit).fetch_all(c).await
    })?)
}
