//! Many rows in few statements.
//!
//! PostgreSQL takes one array for each column (`INSERT … SELECT … FROM UNNEST`): as fast as COPY, and allowed
//! under row-level security. SQLite takes `VALUES` lists of up to 2,000 rows.

use std::ops::Range;

use sqlx::{
    AssertSqlSafe, FromRow, Postgres, Sqlite,
    postgres::{PgArguments, PgRow},
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use uuid::Uuid;

use crate::{DbError, Result, Sql, Timestamp, Tx, tx::Inner};

/// The values of one column, one for each row.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names say it: Opt… may be null
pub enum Column {
    Uuid(Vec<Uuid>),
    OptUuid(Vec<Option<Uuid>>),
    Text(Vec<String>),
    OptText(Vec<Option<String>>),
    F64(Vec<f64>),
    OptF64(Vec<Option<f64>>),
    I64(Vec<i64>),
    OptI64(Vec<Option<i64>>),
    Bool(Vec<bool>),
    Time(Vec<Timestamp>),
    OptTime(Vec<Option<Timestamp>>),
}

/// Runs `$body` with the vector inside, whatever its type.
macro_rules! each {
    ($column:expr, |$values:ident| $body:expr) => {
        match $column {
            Column::Uuid($values) => $body,
            Column::OptUuid($values) => $body,
            Column::Text($values) => $body,
            Column::OptText($values) => $body,
            Column::F64($values) => $body,
            Column::OptF64($values) => $body,
            Column::I64($values) => $body,
            Column::OptI64($values) => $body,
            Column::Bool($values) => $body,
            Column::Time($values) => $body,
            Column::OptTime($values) => $body,
        }
    };
}

impl Column {
    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, |values| values.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    const fn array_type(&self) -> &'static str {
        match self {
            Self::Uuid(_) | Self::OptUuid(_) => "uuid[]",
            Self::Text(_) | Self::OptText(_) => "text[]",
            Self::F64(_) | Self::OptF64(_) => "double precision[]",
            Self::I64(_) | Self::OptI64(_) => "bigint[]",
            Self::Bool(_) => "boolean[]",
            Self::Time(_) | Self::OptTime(_) => "timestamptz[]",
        }
    }
}

/// Rows in one SQLite statement, so that one statement holds the write lock some 20 ms.
const LITE_ROWS: usize = 2_000;
/// SQLite's limit on the variables of a statement.
const LITE_VARIABLES: usize = 32_766;
/// Rows in one PostgreSQL statement: bounds the memory of a message.
const PG_ROWS: usize = 50_000;

/// Rows given column by column, and how they stand in a statement.
#[derive(Clone, Debug)]
struct Rows {
    /// Of what, for messages.
    table: &'static str,
    columns: Vec<(&'static str, Column)>,
}

impl Rows {
    fn len(&self) -> Result<usize> {
        let refuse = |reason: String| DbError::Bulk { table: self.table, reason };
        let Some((first, values)) = self.columns.first() else { return Err(refuse("no columns".into())) };
        let rows = values.len();
        for (name, values) in &self.columns {
            if values.len() != rows {
                return Err(refuse(format!("{first} has {rows} rows, {name} has {}", values.len())));
            }
        }
        Ok(rows)
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// `SELECT * FROM UNNEST(…)` for PostgreSQL.
    fn postgres_text(&self) -> String {
        let arrays: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .map(|(i, (_, c))| format!("${}::{}", i + 1, c.array_type()))
            .collect();
        format!("SELECT * FROM UNNEST({})", arrays.join(", "))
    }

    /// `VALUES (…), …` for SQLite.
    fn lite_text(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        format!("VALUES {}", vec![row.as_str(); rows].join(", "))
    }

    fn lite_rows(&self) -> usize {
        (LITE_VARIABLES / self.columns.len().max(1)).clamp(1, LITE_ROWS)
    }

    /// Binds some rows to a text that holds [`Self::postgres_text`].
    fn postgres<'q>(&'q self, sql: &str, range: Range<usize>) -> Query<'q, Postgres, PgArguments> {
        // The texts are made of literals of this program only: see the types of the parts.
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (_, column) in &self.columns {
            query = each!(column, |values| query.bind(&values[range.clone()]));
        }
        query
    }

    /// Binds some rows to a text that holds [`Self::lite_text`].
    fn lite<'q>(&'q self, sql: &str, range: Range<usize>) -> Query<'q, Sqlite, SqliteArguments> {
        let full = range.len() == self.lite_rows();
        // Texts of odd lengths come once: keeping them prepared would only push others out.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(full);
        for row in range {
            for (_, column) in &self.columns {
                query = each!(column, |values| query.bind(nth(values, row)));
            }
        }
        query
    }
}

/// An insert of many rows, given column by column. Integers of every width are given as `I64`.
///
/// ```
/// # use accunode_db::{BulkInsert, Column, Result, Tx};
/// # use uuid::Uuid;
/// async fn store(tx: &mut Tx, job: Uuid, rows: Vec<i64>, errors: Vec<String>) -> Result<u64> {
///     BulkInsert::into("bulk_upload_errors")
///         .column("job_id", Column::Uuid(vec![job; rows.len()]))
///         .column("row_number", Column::I64(rows))
///         .column("error", Column::Text(errors))
///         .execute(tx, "ON CONFLICT DO NOTHING")
///         .await
/// }
/// ```
#[derive(Clone, Debug)]
pub struct BulkInsert(Rows);

impl BulkInsert {
    /// Begins an insert into a table.
    #[must_use]
    pub const fn into(table: &'static str) -> Self {
        Self(Rows { table, columns: Vec::new() })
    }

    /// Adds a column.
    #[must_use]
    pub fn column(mut self, name: &'static str, values: Column) -> Self {
        self.0.columns.push((name, values));
        self
    }

    /// Inserts the rows; `tail` stands after them (`""`, or `"ON CONFLICT DO NOTHING"`). Gives the number of rows
    /// that were inserted (or updated, by `ON CONFLICT … DO UPDATE`, which refuses two rows of one key).
    ///
    /// # Errors
    /// [`DbError::Bulk`] when the columns differ in length, else whatever the engine refuses. Rows of earlier
    /// statements of the same insert are undone with the transaction.
    pub async fn execute(self, tx: &mut Tx, tail: &'static str) -> Result<u64> {
        let (rows, before) = (&self.0, self.before());
        let mut inserted = 0;
        match tx.inner_mut() {
            Inner::Pg(t) => {
                let sql = format!("{before} {} {tail}", rows.postgres_text());
                for range in chunks(rows.len()?, PG_ROWS) {
                    inserted += rows.postgres(&sql, range).execute(&mut **t).await?.rows_affected();
                }
            }
            Inner::Lite(t) => {
                for range in chunks(rows.len()?, rows.lite_rows()) {
                    let sql = format!("{before} {} {tail}", rows.lite_text(range.len()));
                    inserted += rows.lite(&sql, range).execute(&mut **t).await?.rows_affected();
                }
            }
        }
        Ok(inserted)
    }

    /// As [`BulkInsert::execute`], and gives the column `id` of each row that was inserted: those that an
    /// `ON CONFLICT DO NOTHING` skipped are not among them. `tail` must not say RETURNING itself.
    ///
    /// # Errors
    /// As [`BulkInsert::execute`].
    pub async fn execute_returning_id(self, tx: &mut Tx, tail: &'static str) -> Result<Vec<Uuid>> {
        let found: Vec<(Uuid,)> = self.execute_returning(tx, tail, "id").await?;
        Ok(found.into_iter().map(|(id,)| id).collect())
    }

    /// As [`BulkInsert::execute_returning_id`] with other columns, of each row that was inserted or updated.
    ///
    /// # Errors
    /// As [`BulkInsert::execute`].
    pub async fn execute_returning<T>(
        self,
        tx: &mut Tx,
        tail: &'static str,
        columns: &'static str,
    ) -> Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow>,
    {
        let statement = format!("{} {{}} {tail} RETURNING {columns}", self.before());
        self.0.fetch(tx, &statement).await
    }

    fn before(&self) -> String {
        format!("INSERT INTO {} ({})", self.0.table, self.0.names())
    }
}

impl Rows {
    /// Runs a statement in which `{}` stands for the rows.
    async fn fetch<T>(&self, tx: &mut Tx, statement: &str) -> Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow>,
    {
        let mut found = Vec::new();
        match tx.inner_mut() {
            Inner::Pg(t) => {
                let sql = statement.replacen("{}", &self.postgres_text(), 1);
                for range in chunks(self.len()?, PG_ROWS) {
                    for row in self.postgres(&sql, range).fetch_all(&mut **t).await? {
                        found.push(T::from_row(&row)?);
                    }
                }
            }
            Inner::Lite(t) => {
                for range in chunks(self.len()?, self.lite_rows()) {
                    let sql = statement.replacen("{}", &self.lite_text(range.len()), 1);
                    for row in self.lite(&sql, range).fetch_all(&mut **t).await? {
                        found.push(T::from_row(&row)?);
                    }
                }
            }
        }
        Ok(found)
    }
}

/// Many rows that a statement reads as if they were a table, see [`Sql::new`](crate::Sql::new) for its text.
///
/// ```
/// # use accunode_db::{BulkRows, Column, Result, Sql, Tx};
/// # use uuid::Uuid;
/// const RENAME: Sql = Sql::new(
///     "UPDATE companies SET name = named.name FROM named WHERE companies.id = named.id RETURNING id",
///     "UPDATE companies SET name = named.name FROM named WHERE companies.id = named.id RETURNING id",
/// );
/// async fn rename(tx: &mut Tx, ids: Vec<Uuid>, names: Vec<String>) -> Result<Vec<(Uuid,)>> {
///     BulkRows::named("named")
///         .column("id", Column::Uuid(ids))
///         .column("name", Column::Text(names))
///         .fetch(tx, RENAME)
///         .await
/// }
/// ```
#[derive(Clone, Debug)]
pub struct BulkRows(Rows);

impl BulkRows {
    /// Begins rows that the statement knows by this name.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self(Rows { table: name, columns: Vec::new() })
    }

    /// Adds a column.
    #[must_use]
    pub fn column(mut self, name: &'static str, values: Column) -> Self {
        self.0.columns.push((name, values));
        self
    }

    /// Runs the statement for all rows (SQLite: for some at a time, so it must not matter which rows come together)
    /// and gives what it returns.
    ///
    /// # Errors
    /// As [`BulkInsert::execute`].
    pub async fn fetch<T>(self, tx: &mut Tx, statement: Sql) -> Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow>,
    {
        let text = format!("WITH {} ({}) AS ({{}}) {}", self.0.table, self.0.names(), statement.text(tx));
        self.0.fetch(tx, &text).await
    }

    /// As [`BulkRows::fetch`] for statements that return nothing.
    ///
    /// # Errors
    /// As [`BulkInsert::execute`].
    pub async fn execute(self, tx: &mut Tx, statement: Sql) -> Result<()> {
        self.fetch::<(Uuid,)>(tx, statement).await.map(drop)
    }
}

/// A reference to one value, whether its type is copied or not.
fn nth<T>(values: &[T], row: usize) -> &T {
    &values[row]
}

fn chunks(rows: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(size).map(move |start| start..(start + size).min(rows))
}

/// A list of texts as one bound value. In the statement: `symbol IN (SELECT value FROM json_each($1))` on SQLite
/// and `symbol IN (SELECT jsonb_array_elements_text($1::jsonb))` on PostgreSQL.
#[must_use]
pub fn json_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    serde_json::Value::from_iter(texts).to_string()
}

/// A list of ids as one bound value. In the statement: `id IN (SELECT unhex(value) FROM json_each($1))` on SQLite
/// and `id IN (SELECT jsonb_array_elements_text($1::jsonb)::uuid)` on PostgreSQL.
#[must_use]
pub fn json_ids(ids: impl IntoIterator<Item = Uuid>) -> String {
    serde_json::Value::from_iter(ids.into_iter().map(|id| id.simple().to_string())).to_string()
}
