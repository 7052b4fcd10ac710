//! SQL of the files that uploads refer to.

use std::collections::HashSet;

use accunode_db::{Result, Tx, bulk::json_ids, on, sql};
use uuid::Uuid;

sql! {
    /// The file itself, and while it is worked on, or may be again, the rows that were unpacked of it.
    NEEDED {
        pg: "SELECT file_key, status NOT IN ('completed', 'cancelled'), CAST(id AS text) FROM bulk_upload_jobs
             WHERE id = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($1::jsonb) AS uuid)))",
        lite: "SELECT file_key, status NOT IN ('completed', 'cancelled'), lower(hex(id)) FROM bulk_upload_jobs
               WHERE id IN (SELECT unhex(value) FROM json_each($1))"
    };
}

/// The keys of the files that these uploads need.
pub(crate) async fn needed(tx: &mut Tx, uploads: &[Uuid]) -> Result<HashSet<String>> {
    let list = json_ids(uploads.iter().copied());
    let rows: Vec<(String, bool, String)> =
        on!(tx, NEEDED, |c, sql| sqlx::query_as(sql).bind(list).fetch_all(c).await)?;
    let unpacked = |id: &str| id.parse().map(|id: Uuid| format!("uploads/{id}.rows"));
    let keys = rows.into_iter().flat_map(|(file, open, id)| {
        [Some(file), open.then(|| unpacked(&id).ok()).flatten()].into_iter().flatten()
    });
    Ok(keys.collect())
}
