//! Transactions that know who acts.

use std::ops::{Deref, DerefMut};

use accunode_domain::{Actor, Role};
use sqlx::{
    AssertSqlSafe, Postgres, Sqlite, SqliteConnection, Transaction, pool::PoolConnection,
    postgres::PgConnection,
};
use uuid::Uuid;

use crate::{Db, Engine, Result, begin, glance::Glance, pool::Pools};

/// Who acts in a transaction: what stores bind, and what PostgreSQL's policies read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The person, unless the application itself acts.
    pub user_id: Option<Uuid>,
    /// Their organization.
    pub organization_id: Option<Uuid>,
    /// Their tenant.
    pub tenant_id: Option<Uuid>,
    /// The role's name, or `system`.
    pub role: &'static str,
    /// Whether this is the application's own work across tenants.
    pub system: bool,
}

impl Scope {
    const SYSTEM: Self =
        Self { user_id: None, organization_id: None, tenant_id: None, role: "system", system: true };
    /// Several people, see [`Db::many`]. None of them is in sight through it.
    pub(crate) const MANY: Self =
        Self { user_id: None, organization_id: None, tenant_id: None, role: "many", system: false };
}

impl Scope {
    /// The tenant that the actor runs: what a tenant_admin's predicates bind.
    #[must_use]
    pub fn runs_tenant(&self) -> Option<Uuid> {
        self.tenant_id.filter(|_| self.role == Role::TenantAdmin.as_str())
    }

    /// The organization whose data the actor works on: that of its analysts and administrators alone.
    #[must_use]
    pub fn works_in(&self) -> Option<Uuid> {
        let works = [Role::OrgMember.as_str(), Role::OrgAdmin.as_str()].contains(&self.role);
        self.organization_id.filter(|_| works)
    }

    /// Whether every tenant is in sight: the application's own work, or a super_admin.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        self.system || self.role == Role::SuperAdmin.as_str()
    }
}

impl From<&Actor> for Scope {
    fn from(actor: &Actor) -> Self {
        Self {
            user_id: Some(actor.user_id.0),
            organization_id: actor.organization_id.map(|id| id.0),
            tenant_id: actor.tenant_id.map(|id| id.0),
            role: actor.role.as_str(),
            system: false,
        }
    }
}

/// A transaction on either engine, with the scope of whoever acts. Rolled back when dropped.
#[derive(Debug)]
pub struct Tx {
    scope: Scope,
    inner: Inner,
}

/// What [`on!`](crate::on!) matches on.
#[doc(hidden)]
#[derive(Debug)]
pub enum Inner {
    /// PostgreSQL.
    Pg(OnPg),
    /// SQLite.
    Lite(OnLite),
}

/// A connection to PostgreSQL, in a transaction or for single statements.
#[doc(hidden)]
#[derive(Debug)]
pub enum OnPg {
    /// In a transaction.
    Transaction(Transaction<'static, Postgres>),
    /// For single statements.
    Glance(Glance),
}

impl OnPg {
    /// Notes how a statement ended: a connection whose statement did not is not used again.
    pub fn ended<T, E>(&mut self, outcome: &std::result::Result<T, E>) {
        if let (Self::Glance(glance), Ok(_)) = (self, outcome) {
            glance.settle();
        }
    }
}

impl Deref for OnPg {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        match self {
            Self::Transaction(transaction) => transaction,
            Self::Glance(glance) => glance,
        }
    }
}

impl DerefMut for OnPg {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Transaction(transaction) => transaction,
            Self::Glance(glance) => glance,
        }
    }
}

/// A connection to SQLite, in a transaction or for single statements.
#[doc(hidden)]
#[derive(Debug)]
pub enum OnLite {
    /// In a transaction.
    Transaction(Transaction<'static, Sqlite>),
    /// For single statements.
    Glance(PoolConnection<Sqlite>),
}

impl Deref for OnLite {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Transaction(transaction) => transaction,
            Self::Glance(connection) => connection,
        }
    }
}

impl DerefMut for OnLite {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Transaction(transaction) => transaction,
            Self::Glance(connection) => connection,
        }
    }
}

/// Runs a statement on whichever engine the transaction is of.
///
/// `on!(tx, |c| …)` gives the body a connection; `on!(tx, STATEMENT, |c, sql| …)` also the text of a
/// [`Sql`](crate::Sql) for that engine. The body is compiled once for each engine, is usually one `sqlx` call, and
/// its value (a `Result<_, sqlx::Error>`) is the macro's.
#[macro_export]
macro_rules! on {
    ($tx:expr, |$c:ident| $body:expr) => {
        match $tx.inner_mut() {
            $crate::private::Inner::Pg(connection) => {
                let outcome = {
                    let $c = &mut **connection;
                    $body
                };
                connection.ended(&outcome);
                outcome
            }
            $crate::private::Inner::Lite(connection) => {
                let $c = &mut **connection;
                $body
            }
        }
    };
    ($tx:expr, $statement:expr, |$c:ident, $sql:ident| $body:expr) => {
        match $tx.inner_mut() {
            $crate::private::Inner::Pg(connection) => {
                let outcome = {
                    let $c = &mut **connection;
                    let $sql: &'static str = $statement.for_engine($crate::Engine::Postgres);
                    $body
                };
                connection.ended(&outcome);
                outcome
            }
            $crate::private::Inner::Lite(connection) => {
                let $c = &mut **connection;
                let $sql: &'static str = $statement.for_engine($crate::Engine::Sqlite);
                $body
            }
        }
    };
}

/// Tells PostgreSQL's policies who acts: for the transaction with `SET LOCAL`, for the session with `SET`. As text,
/// so that it goes together with `BEGIN` in one message; ids and the names of roles hold nothing to escape.
pub(crate) fn scope_text(set: &'static str, scope: &Scope) -> String {
    let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    format!(
        "{set} app.user_id = '{}'; {set} app.organization_id = '{}'; {set} app.tenant_id = '{}'; \
         {set} app.role = '{}'",
        text(scope.user_id),
        text(scope.organization_id),
        text(scope.tenant_id),
        scope.role
    )
}

impl Db {
    /// Begins a writing transaction for an actor. On SQLite it waits for its turn: there is one writer at a time,
    /// so never begin a second one while holding the first, and do nothing slow inside.
    ///
    /// # Errors
    /// [`crate::DbError`] when the database cannot be reached or no connection is free in time.
    pub async fn scoped(&self, actor: &Actor) -> Result<Tx> {
        self.begin(actor.into(), true).await
    }

    /// Begins a reading transaction for an actor: one unchanging view of the database. Writing is refused.
    ///
    /// # Errors
    /// As [`Db::scoped`].
    pub async fn scoped_read(&self, actor: &Actor) -> Result<Tx> {
        self.begin(actor.into(), false).await
    }

    /// Begins a writing transaction for the application's own work, which sees every tenant. `reason` says why
    /// that is needed; it is logged.
    ///
    /// # Errors
    /// As [`Db::scoped`].
    pub async fn system(&self, reason: &'static str) -> Result<Tx> {
        tracing::trace!(reason, "cross-tenant transaction");
        self.begin(Scope::SYSTEM, true).await
    }

    /// As [`Db::system`], reading only.
    ///
    /// # Errors
    /// As [`Db::scoped`].
    pub async fn system_read(&self, reason: &'static str) -> Result<Tx> {
        tracing::trace!(reason, "cross-tenant reading transaction");
        self.begin(Scope::SYSTEM, false).await
    }

    /// For one reading statement of the application's own work, such as recognising who calls: cheaper than
    /// [`Db::system_read`] by the round trips of a transaction. Every further statement sees the database as it is
    /// by then. Writing is refused.
    ///
    /// # Errors
    /// As [`Db::scoped`].
    pub async fn system_glance(&self, reason: &'static str) -> Result<Tx> {
        tracing::trace!(reason, "cross-tenant glance");
        self.glance(Scope::SYSTEM).await
    }

    /// For one reading statement of an actor's: cheaper than [`Db::scoped_read`] by the round trips of a
    /// transaction. Every further statement sees the database as it is by then. Writing is refused.
    ///
    /// # Errors
    /// As [`Db::scoped`].
    pub async fn scoped_glance(&self, actor: &Actor) -> Result<Tx> {
        self.glance(actor.into()).await
    }

    async fn glance(&self, scope: Scope) -> Result<Tx> {
        let inner = match self.pools() {
            Pools::Pg { glances, .. } => Inner::Pg(OnPg::Glance(begin::waited(glances.take(scope)).await?)),
            Pools::Lite { read, .. } => Inner::Lite(OnLite::Glance(begin::waited(read.acquire()).await?)),
        };
        Ok(Tx { scope: self.predicate_scope(scope), inner })
    }

    pub(crate) async fn begin(&self, scope: Scope, write: bool) -> Result<Tx> {
        let inner = match self.pools() {
            Pools::Pg { transactions, .. } => {
                let begin = if write { "BEGIN" } else { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" };
                let text = format!("{begin}; {}", scope_text("SET LOCAL", &scope));
                Inner::Pg(OnPg::Transaction(begin::postgres(transactions, text).await?))
            }
            // Taking the write lock at once: a transaction that reads first and writes later can find the
            // database changed in between, and waiting does not help it.
            Pools::Lite { write: pool, .. } if write => {
                Inner::Lite(OnLite::Transaction(begin::waited(pool.begin_with("BEGIN IMMEDIATE")).await?))
            }
            Pools::Lite { read: pool, .. } => {
                Inner::Lite(OnLite::Transaction(begin::waited(pool.begin()).await?))
            }
        };
        Ok(Tx { scope: self.predicate_scope(scope), inner })
    }
}

impl Tx {
    pub(crate) const fn over(scope: Scope, inner: Inner) -> Self {
        Self { scope, inner }
    }

    /// Who acts.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// The engine underneath.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.inner {
            Inner::Pg(_) => Engine::Postgres,
            Inner::Lite(_) => Engine::Sqlite,
        }
    }

    /// Goes on as the application itself, once the actor's own sight of what is concerned has been made sure
    /// of in this transaction: for the writes that take something out of the actor's sight, such as a person
    /// who leaves an organization. `reason` says why that is needed; it is logged.
    ///
    /// # Errors
    /// [`crate::DbError`] when the database does not answer.
    pub async fn elevate(&mut self, reason: &'static str) -> Result<()> {
        tracing::trace!(reason, "transaction goes on across tenants");
        self.scope = Scope::SYSTEM;
        match &mut self.inner {
            Inner::Pg(OnPg::Transaction(transaction)) => {
                let text = scope_text("SET LOCAL", &Scope::SYSTEM);
                sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut **transaction).await?;
            }
            Inner::Pg(OnPg::Glance(glance)) => glance.says(Scope::SYSTEM).await?,
            Inner::Lite(_) => {}
        }
        Ok(())
    }

    /// For [`on!`](crate::on!).
    #[doc(hidden)]
    pub const fn inner_mut(&mut self) -> &mut Inner {
        &mut self.inner
    }

    /// Makes the changes lasting.
    ///
    /// # Errors
    /// [`crate::DbError`] when they could not be written.
    pub async fn commit(self) -> Result<()> {
        match self.inner {
            Inner::Pg(OnPg::Transaction(transaction)) => transaction.commit().await?,
            Inner::Lite(OnLite::Transaction(transaction)) => transaction.commit().await?,
            Inner::Pg(OnPg::Glance(_)) | Inner::Lite(OnLite::Glance(_)) => {}
        }
        Ok(())
    }

    /// Undoes the changes now; dropping does the same a little later.
    ///
    /// # Errors
    /// [`crate::DbError`] when the connection failed; the changes are gone anyway.
    pub async fn rollback(self) -> Result<()> {
        match self.inner {
            Inner::Pg(OnPg::Transaction(transaction)) => transaction.rollback().await?,
            Inner::Lite(OnLite::Transaction(transaction)) => transaction.rollback().await?,
            Inner::Pg(OnPg::Glance(_)) | Inner::Lite(OnLite::Glance(_)) => {}
        }
        Ok(())
    }
}
