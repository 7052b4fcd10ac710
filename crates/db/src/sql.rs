//! Statements: declared once, known to a registry, so that one test prepares all of them on both engines.

use crate::{Db, DbError, Engine, Tx, pool::Pools};

/// The text of one statement, for both engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sql {
    pg: &'static str,
    lite: &'static str,
}

impl Sql {
    /// A statement with a text for each engine; [`sql!`](crate::sql!) calls this.
    #[must_use]
    pub const fn new(pg: &'static str, lite: &'static str) -> Self {
        Self { pg, lite }
    }

    /// The text for an engine.
    #[must_use]
    pub const fn for_engine(self, engine: Engine) -> &'static str {
        match engine {
            Engine::Postgres => self.pg,
            Engine::Sqlite => self.lite,
        }
    }

    /// The text for a transaction's engine.
    #[must_use]
    pub const fn text(self, tx: &Tx) -> &'static str {
        self.for_engine(tx.engine())
    }
}

/// A declared statement and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Registered {
    /// `module::path::NAME`.
    pub name: &'static str,
    /// Its texts.
    pub sql: Sql,
}

/// Every statement of the program, gathered by the linker.
#[doc(hidden)]
#[linkme::distributed_slice]
pub static STATEMENTS: [Registered];

/// Declares statements as constants of type [`Sql`] and registers them.
///
/// `NAME = "one text for both engines";` or `NAME { pg: "…", lite: "…" };`, each with optional doc comment and
/// visibility. Placeholders are `$1`, `$2`, … on both engines.
#[macro_export]
macro_rules! sql {
    () => {};
    ($(#[$meta:meta])* $vis:vis $name:ident = $text:expr; $($rest:tt)*) => {
        $crate::sql! { @declare [$(#[$meta])*] [$vis] $name, $text, $text }
        $crate::sql! { $($rest)* }
    };
    ($(#[$meta:meta])* $vis:vis $name:ident { pg: $pg:expr, lite: $lite:expr $(,)? }; $($rest:tt)*) => {
        $crate::sql! { @declare [$(#[$meta])*] [$vis] $name, $pg, $lite }
        $crate::sql! { $($rest)* }
    };
    (@declare [$($meta:tt)*] [$vis:vis] $name:ident, $pg:expr, $lite:expr) => {
        $($meta)*
        $vis const $name: $crate::Sql = $crate::Sql::new($pg, $lite);
        const _: () = {
            #[$crate::private::linkme::distributed_slice($crate::private::STATEMENTS)]
            #[linkme(crate = $crate::private::linkme)]
            static ENTRY: $crate::Registered =
                $crate::Registered { name: concat!(module_path!(), "::", stringify!($name)), sql: $name };
        };
    };
}

/// Every statement that [`sql!`](crate::sql!) declared in the crates linked into this program.
pub fn registered() -> impl Iterator<Item = &'static Registered> {
    STATEMENTS.iter()
}

/// Prepares every registered statement on the engine of `db`; what the engine refuses is returned by name.
/// Catches syntax, tables and columns, but not the types of rows.
pub async fn prepare_all(db: &Db) -> Vec<(&'static str, DbError)> {
    use sqlx::{Executor as _, SqlSafeStr as _};

    let mut refused = Vec::new();
    for statement in registered() {
        let text = statement.sql.for_engine(db.engine()).into_sql_str();
        let outcome = match db.pools() {
            Pools::Pg { transactions, .. } => transactions.prepare(text).await.map(drop),
            Pools::Lite { write, .. } => write.prepare(text).await.map(drop),
        };
        if let Err(error) = outcome {
            refused.push((statement.name, error.into()));
        }
    }
    refused
}
