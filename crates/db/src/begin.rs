//! Beginning a transaction on PostgreSQL.

use std::{
    pin::Pin,
    task::{self, Poll},
};

use accunode_telemetry::{DB_POOL_WAIT, timed};
use sqlx::{AssertSqlSafe, PgPool, Postgres, SqlSafeStr as _, Transaction, pool::MaybePoolConnection};

/// Waits for a connection, and notes for how long.
pub(crate) async fn waited<F: Future>(connection: F) -> F::Output {
    // On the heap: the futures of all who ask the database would grow by it.
    timed(&DB_POOL_WAIT, Box::pin(connection)).await
}

/// Begins a transaction with this text, whole even if the caller goes away in the middle. The driver counts a
/// transaction only once it has begun: left before, the connection would go back to the pool with one that nobody
/// knows of, and the next one's writes would be part of it, or refused where it only reads.
pub(crate) async fn postgres(pool: &PgPool, text: String) -> sqlx::Result<Transaction<'static, Postgres>> {
    let connection = MaybePoolConnection::PoolConnection(waited(pool.acquire()).await?);
    let begin = Transaction::begin(connection, Some(AssertSqlSafe(text).into_sql_str()));
    Whole(Some(begin)).await
}

/// A future that comes to its end also when it is dropped, on the runtime at hand; its value is dropped then.
struct Whole<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T: Send + 'static> Future for Whole<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<T> {
        let Some(future) = &mut self.0 else { return Poll::Pending };
        let value = std::task::ready!(future.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(value)
    }
}

impl<T: Send + 'static> Drop for Whole<T> {
    fn drop(&mut self) {
        // Without a runtime the connection is closed with the future.
        if let Some(future) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(future);
        }
    }
}
