//! What belongs to a backup beside the database.

use accunode_db::Db;
use accunode_domain::Result;

use super::store;

/// The keys of the files that the database names, in order.
///
/// # Errors
/// When the database fails.
pub async fn files(db: &Db) -> Result<Vec<String>> {
    let mut tx = db.system_read("a backup takes everybody's files along").await?;
    Ok(store::files(&mut tx).await?)
}
