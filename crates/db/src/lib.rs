//! The only crate that knows the database engines: PostgreSQL, and SQLite where nothing is to be installed.
//!
//! # In one page
//! - [`Db::migrate`] brings a database up to date, then [`Db::connect`] opens it: `postgres://…` or
//!   `sqlite://path`. [`Db::check_policies`] refuses a PostgreSQL database without its second wall.
//! - Everything happens inside a [`Tx`]. [`Db::scoped`] (writing) and [`Db::scoped_read`] (reading) begin one for
//!   an actor, [`Db::system`] and [`Db::system_read`] one for the application's own work across tenants;
//!   [`Db::scoped_glance`] and [`Db::system_glance`] serve single reading statements without a transaction, and
//!   [`Db::many`] what several people store together. A store
//!   reads [`Tx::scope`] and binds it: the tenancy is never an argument, so it cannot differ from the
//!   transaction's. Dropping a `Tx` rolls back.
//! - [`sql!`] declares statements, [`on!`] runs them on whichever engine the transaction is of:
//!
//! ```
//! use accunode_db::{Db, Result, Timestamp, Tx, on, sql};
//!
//! sql! {
//!     /// The newest companies of the actor's organization.
//!     NEWEST = "SELECT symbol, created_at FROM companies WHERE organization_id = $1
//!               ORDER BY created_at DESC, id LIMIT $2";
//!     /// Where the dialects part, one text for each.
//!     MONTHS { pg: "SELECT to_char(created_at, 'YYYY-MM') FROM companies",
//!              lite: "SELECT strftime('%Y-%m', created_at / 1000000, 'unixepoch') FROM companies" };
//! }
//!
//! #[derive(sqlx::FromRow)]
//! struct Row { symbol: String, created_at: Timestamp }
//!
//! async fn newest(tx: &mut Tx) -> Result<Vec<Row>> {
//!     let organization = tx.scope().organization_id;
//!     let rows = on!(tx, NEWEST, |c, sql| {
//!         sqlx::query_as::<_, Row>(sql).bind(organization).bind(20_i64).fetch_all(c).await
//!     })?;
//!     Ok(rows)
//! }
//! # async fn months(tx: &mut Tx) -> Result<Vec<(String,)>> {
//! #     Ok(on!(tx, MONTHS, |c, sql| sqlx::query_as(sql).fetch_all(c).await)?)
//! # }
//! ```
//!
//! # Types in rows
//! | column | PostgreSQL | SQLite | Rust |
//! |---|---|---|---|
//! | ids | `uuid` | 16-byte `BLOB` | `Uuid` |
//! | times | `timestamptz` | `INTEGER` (µs) | [`Timestamp`] |
//! | year, `not_meaningful`, `token_version`, `max_users`, attempts | `integer` | `INTEGER` | `i32` |
//! | counters, sizes, row numbers | `bigint` | `INTEGER` | `i64` |
//! | ratios, probabilities, `market_cap` | `double precision` | `REAL` | `f64` |
//! | flags | `boolean` | `INTEGER` | `bool` |
//! | JSON | `text` | `TEXT` | `String` |
//!
//! `sum()` of a `bigint` is `numeric` on PostgreSQL: write `CAST(sum(x) AS BIGINT)`, valid on both. A filter that
//! may be absent is `(CAST($2 AS TEXT) IS NULL OR role = $2)`. A list of values is bound as one JSON text, see
//! [`bulk::json_texts`].

mod begin;
pub mod bulk;
mod clock;
mod error;
mod glance;
mod many;
mod migrate;
mod notify;
mod page;
mod policies;
mod pool;
mod snapshot;
mod sql;
mod timestamp;
mod tx;
mod watch;

pub use bulk::{BulkInsert, BulkRows, Column};
pub use clock::Clock;
pub use error::{DbError, Result, constraint, unique_violation};
pub use notify::Notifications;
pub use page::{Page, PageQuery};
pub use policies::GUARDED_TABLES;
pub use pool::{Db, Engine, Options};
pub use sql::{Registered, Sql, prepare_all, registered};
pub use timestamp::Timestamp;
pub use tx::{Scope, Tx};
pub use watch::PoolState;

/// What the macros of this crate expand to; not for direct use.
#[doc(hidden)]
pub mod private {
    pub use crate::error::lite_unique;
    pub use crate::migrate::schema_fingerprint;
    pub use crate::sql::STATEMENTS;
    pub use crate::tx::Inner;
    pub use linkme;
}
