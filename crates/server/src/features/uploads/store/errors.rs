//! SQL of the rows that uploads could not take.

use accunode_db::{BulkInsert, Column, Result, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

sql! {
    /// $2 the row behind which to begin.
    PAGE = "SELECT row_number, error, data FROM bulk_upload_errors WHERE job_id = $1 AND row_number > $2
            ORDER BY row_number LIMIT $3 OFFSET $4";
}

/// A row that was not taken.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ErrorRow {
    /// The row's number as a spreadsheet shows it.
    pub(crate) row_number: i64,
    /// What is wrong with it.
    pub(crate) error: String,
    /// The row's cells by column, as a JSON object.
    pub(crate) data: Option<String>,
}

/// Stores the rows of a chunk that were not taken.
pub(crate) async fn insert_errors(tx: &mut Tx, id: Uuid, rows: Vec<ErrorRow>) -> Result<()> {
    let n = rows.len();
    let mut columns = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
    for row in rows {
        columns.0.push(row.row_number);
        columns.1.push(row.error);
        columns.2.push(row.data);
    }
    let insert = BulkInsert::into("bulk_upload_errors")
        .column("job_id", Column::Uuid(vec![id; n]))
        .column("row_number", Column::I64(columns.0))
        .column("error", Column::Text(columns.1))
        .column("data", Column::OptText(columns.2));
    insert.execute(tx, "").await?;
    Ok(())
}

/// Rows that were not taken, in the file's order, from those behind row `behind` on.
pub(crate) async fn errors(
    tx: &mut Tx,
    id: Uuid,
    behind: i64,
    limit: i64,
    offset: i64,
) -> Result<Vec<ErrorRow>> {
    Ok(on!(tx, PAGE, |c, sql| {
        sqlx::query_as(sql).bind(id).bind(behind).bind(limit).bind(offset).fetch_all(c).await
    })?)
}
