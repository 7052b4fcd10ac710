//! Transactions that know who acts.

use accunode_domain::{Actor, Role};
use sqlx::{Postgres, Sqlite, Transaction};
use uuid::Uuid;

use crate::{Db, Engine, Result, pool::Pools};

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
    Pg(Transaction<'static, Postgres>),
    /// SQLite.
    Lite(Transaction<'static, Sqlite>),
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
            $crate::private::Inner::Pg(transaction) => {
                let $c = &mut **transaction;
                $body
            }
            $crate::private::Inner::Lite(transaction) => {
                let $c = &mut **transaction;
                $body
            }
        }
    };
    ($tx:expr, $statement:expr, |$c:ident, $sql:ident| $body:expr) => {
        match $tx.inner_mut() {
            $crate::private::Inner::Pg(transaction) => {
                let $c = &mut **transaction;
                let $sql: &'static str = $statement.for_engine($crate::Engine::Postgres);
                $body
            }
            $crate::private::Inner::Lite(transaction) => {
                let $c = &mut **transaction;
                let $sql: &'static str = $statement.for_engine($crate::Engine::Sqlite);
                $body
            }
        }
    };
}

const SET_SCOPE: &str =
    "SELECT set_config('app.user_id', $1, true), set_config('app.organization_id', $2, true),
                                set_config('app.tenant_id', $3, true), set_config('app.role', $4, true)";

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

    async fn begin(&self, scope: Scope, write: bool) -> Result<Tx> {
        let inner = match self.pools() {
            Pools::Pg(pool) => {
                let begin = if write { "BEGIN" } else { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" };
                let mut transaction = pool.begin_with(begin).await?;
                set_scope(&mut transaction, &scope).await?;
                Inner::Pg(transaction)
            }
            // Taking the write lock at once: a transaction that reads first and writes later can find the
            // database changed in between, and waiting does not help it.
            Pools::Lite { write: pool, .. } if write => {
                Inner::Lite(pool.begin_with("BEGIN IMMEDIATE").await?)
            }
            Pools::Lite { read: pool, .. } => Inner::Lite(pool.begin().await?),
        };
        Ok(Tx { scope: self.predicate_scope(scope), inner })
    }
}

/// Tells PostgreSQL's policies who acts, until the transaction ends.
async fn set_scope(transaction: &mut Transaction<'static, Postgres>, scope: &Scope) -> Result<()> {
    let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    sqlx::query(SET_SCOPE)
        .bind(text(scope.user_id))
        .bind(text(scope.organization_id))
        .bind(text(scope.tenant_id))
        .bind(scope.role)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

impl Tx {
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
        if let Inner::Pg(transaction) = &mut self.inner {
            set_scope(transaction, &Scope::SYSTEM).await?;
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
            Inner::Pg(transaction) => transaction.commit().await?,
            Inner::Lite(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Undoes the changes now; dropping does the same a little later.
    ///
    /// # Errors
    /// [`crate::DbError`] when the connection failed; the changes are gone anyway.
    pub async fn rollback(self) -> Result<()> {
        match self.inner {
            Inner::Pg(transaction) => transaction.rollback().await?,
            Inner::Lite(transaction) => transaction.rollback().await?,
        }
        Ok(())
    }
}
