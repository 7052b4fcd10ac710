//! The yardstick of bulk uploads: the rows that an upload stored are read from one PostgreSQL database and inserted into
//! another of the same schema by plain `INSERT … SELECT … FROM UNNEST`, chunk by chunk, over one connection. Nothing is
//! parsed, scored, checked or counted. Prints rows and the seconds that the inserts and their commits took:
//!
//!     unnest --from postgres://…/full --to postgres://…/empty --kind annual --chunk 5000
#![allow(clippy::print_stdout)] // a program

use std::time::{Duration, Instant};

use accunode_db::Timestamp;
use accunode_domain::Kind;
use clap::Parser;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

/// Copies what one upload stored, by UNNEST.
#[derive(Parser)]
struct Arguments {
    /// The database with the rows, of a superuser.
    #[arg(long)]
    from: String,
    /// The one to insert them into, with the same accounts.
    #[arg(long)]
    to: String,
    /// annual or quarterly.
    #[arg(long)]
    kind: Kind,
    /// Predictions in one transaction, with the companies that they are the first of.
    #[arg(long, default_value_t = 5_000)]
    chunk: i64,
}

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// A table as it is copied.
struct Table {
    name: &'static str,
    /// Name and type of each column.
    columns: Vec<(String, String)>,
    insert: String,
}

impl Table {
    async fn of(from: &mut PgConnection, name: &'static str) -> Fallible<Self> {
        let columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT column_name::text, udt_name::text FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position",
        )
        .bind(name)
        .fetch_all(from)
        .await?;
        let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let arrays: Vec<_> =
            columns.iter().zip(1..).map(|((_, kind), i)| format!("${i}::{}[]", array_of(kind))).collect();
        let names = names.join(", ");
        let insert = format!("INSERT INTO {name} ({names}) SELECT * FROM UNNEST({})", arrays.join(", "));
        Ok(Self { name, columns, insert })
    }

    /// The rows that `rest` (a join or a condition on alias t) chooses.
    async fn read(&self, from: &mut PgConnection, rest: &str, range: (i64, i64)) -> Fallible<Vec<PgRow>> {
        let cells = self.columns.iter().map(|(name, kind)| match kind.as_str() {
            "int4" | "int2" => format!("t.{name}::bigint"),
            _ => format!("t.{name}"),
        });
        let sql = format!("SELECT {} FROM {} t {rest}", cells.collect::<Vec<_>>().join(", "), self.name);
        Ok(sqlx::query(AssertSqlSafe(sql)).bind(range.0).bind(range.1).fetch_all(from).await?)
    }

    async fn write(&self, to: &mut PgConnection, rows: &[PgRow]) -> Fallible<()> {
        let mut query = sqlx::query(AssertSqlSafe(self.insert.as_str()));
        for (i, (_, kind)) in self.columns.iter().enumerate() {
            query = match kind.as_str() {
                "uuid" => query.bind(column::<Uuid>(rows, i)?),
                "float8" => query.bind(column::<f64>(rows, i)?),
                "int8" | "int4" | "int2" => query.bind(column::<i64>(rows, i)?),
                "bool" => query.bind(column::<bool>(rows, i)?),
                "timestamptz" => query.bind(column::<Timestamp>(rows, i)?),
                "text" => query.bind(column::<String>(rows, i)?),
                other => return Err(format!("a column of type {other} cannot be copied").into()),
            };
        }
        query.execute(to).await?;
        Ok(())
    }
}

fn array_of(kind: &str) -> &str {
    if matches!(kind, "int4" | "int2") { "int8" } else { kind }
}

fn column<'r, T>(rows: &'r [PgRow], i: usize) -> Fallible<Vec<Option<T>>>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    Ok(rows.iter().map(|row| row.try_get(i)).collect::<Result<_, _>>()?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Fallible<()> {
    let Arguments { from, to, kind, chunk } = Arguments::parse();
    let (mut from, mut to) = (PgConnection::connect(&from).await?, PgConnection::connect(&to).await?);
    let table = if kind == Kind::Annual { "annual_predictions" } else { "quarterly_predictions" };
    let firsts = format!(
        "CREATE TEMP TABLE firsts AS SELECT company_id, min(source_row) AS first FROM {table} GROUP BY company_id;
         CREATE INDEX ON firsts (first);"
    );
    sqlx::raw_sql(AssertSqlSafe(firsts)).execute(&mut from).await?;
    let uploads = Table::of(&mut from, "bulk_upload_jobs").await?;
    let rows = uploads.read(&mut from, "WHERE $1 < $2", (0, 1)).await?;
    uploads.write(&mut to, &rows).await?;
    let companies = Table::of(&mut from, "companies").await?;
    let predictions = Table::of(&mut from, table).await?;
    let last: Option<i64> = sqlx::query_scalar(AssertSqlSafe(format!("SELECT max(source_row) FROM {table}")))
        .fetch_one(&mut from)
        .await?;
    let (mut took, mut stored, mut at) = (Duration::ZERO, 0, 0);
    while at < last.unwrap_or_default() {
        let range = (at, at + chunk);
        let first =
            "JOIN firsts f ON f.company_id = t.id WHERE f.first > $1 AND f.first <= $2 ORDER BY f.first";
        let new = companies.read(&mut from, first, range).await?;
        let rows = predictions
            .read(&mut from, "WHERE t.source_row > $1 AND t.source_row <= $2 ORDER BY t.source_row", range)
            .await?;
        let began = Instant::now();
        let mut tx = to.begin().await?;
        if !new.is_empty() {
            companies.write(&mut tx, &new).await?;
        }
        predictions.write(&mut tx, &rows).await?;
        tx.commit().await?;
        took += began.elapsed();
        stored += rows.len();
        at += chunk;
    }
    println!("{stored} {:.3}", took.as_secs_f64());
    Ok(())
}
