//! Both engines have the same tables and columns, and unique indexes have names that errors can be told by.

use std::collections::BTreeMap;

use accunode_db::{Db, Engine, on};
use accunode_testkit::TestDb;

/// (table, column) → (class of type, whether null is allowed).
type Columns = BTreeMap<(String, String), (String, bool)>;

const POSTGRES: &str = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES'
                        FROM information_schema.columns WHERE table_schema = 'public'";
const SQLITE: &str =
    "SELECT m.name, c.name, c.type, NOT c.\"notnull\" FROM sqlite_schema m, pragma_table_info(m.name) c
                      WHERE m.type = 'table' AND m.name NOT LIKE 'company\\_search\\_fts%' ESCAPE '\\'
                          AND NOT (m.name = 'company_search' AND c.name = 'id') -- SQLite's table of words has numbers";

async fn columns(db: &Db) -> Columns {
    let mut tx = db.system_read("schema").await.unwrap();
    let sql = if tx.engine() == Engine::Postgres { POSTGRES } else { SQLITE };
    let rows: Vec<(String, String, String, bool)> =
        on!(tx, |c| sqlx::query_as(sql).fetch_all(c).await).unwrap();
    let class = |ty: &str| {
        match ty {
            "uuid" => "BLOB",
            "text" | "jsonb" => "TEXT",
            "double precision" => "REAL",
            "smallint" | "integer" | "bigint" | "boolean" | "timestamp with time zone" => "INTEGER",
            lite => return lite.to_owned(),
        }
        .to_owned()
    };
    rows.into_iter()
        .filter(|(table, ..)| table != "_sqlx_migrations" && table != "sqlite_sequence")
        .map(|(table, column, ty, null)| ((table, column), (class(&ty), null)))
        .collect()
}

#[test]
fn both_engines_have_the_same_columns() {
    accunode_testkit::block_on(async {
        let lite = columns(TestDb::sqlite().await.db()).await;
        for table in [
            "tenants",
            "organizations",
            "users",
            "companies",
            "annual_predictions",
            "quarterly_predictions",
            "bulk_upload_jobs",
            "bulk_upload_errors",
            "job",
        ] {
            assert!(lite.keys().any(|(t, _)| t == table), "{table} is missing");
        }
        if let Some(test) = TestDb::postgres().await {
            assert_eq!(columns(test.db()).await, lite);
        }
    });
}

#[test]
fn both_engines_have_the_same_indexes_and_checks() {
    const PG: &str = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public'
                        AND indexname NOT LIKE '%\\_pkey'
                        AND indexname <> 'company_search_words' -- SQLite has a table for that
                      UNION ALL SELECT conname::text FROM pg_constraint WHERE contype = 'c'
                        AND connamespace = 'public'::regnamespace";
    const LITE: &str = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    const LITE_TABLES: &str = "SELECT sql FROM sqlite_schema WHERE type = 'table'
                               AND name NOT LIKE 'company\\_search\\_fts%' ESCAPE '\\'";
    accunode_testkit::block_on(async {
        let lite = TestDb::sqlite().await;
        let mut tx = lite.db().system_read("schema").await.unwrap();
        let rows: Vec<(String,)> = on!(tx, |c| sqlx::query_as(LITE).fetch_all(c).await).unwrap();
        let mut names: Vec<String> = rows.into_iter().map(|r| r.0).collect();
        let rows: Vec<(String,)> = on!(tx, |c| sqlx::query_as(LITE_TABLES).fetch_all(c).await).unwrap();
        for (sql,) in &rows {
            let constraints = sql.split("CONSTRAINT ").skip(1);
            names.extend(constraints.filter_map(|rest| Some(rest.split_whitespace().next()?.to_owned())));
        }
        names.sort();
        if let Some(test) = TestDb::postgres().await {
            let mut tx = test.db().system_read("schema").await.unwrap();
            let rows: Vec<(String,)> = on!(tx, |c| sqlx::query_as(PG).fetch_all(c).await).unwrap();
            let mut expected: Vec<String> = rows.into_iter().map(|r| r.0).collect();
            expected.sort();
            assert_eq!(names, expected);
        }
    });
}

/// SQLite reports a unique index over plain columns by its columns; every one must be translated to its name.
#[test]
fn every_unique_index_of_sqlite_is_known_by_name() {
    const INDEXES: &str = "SELECT m.name, l.name, l.origin,
                                  (SELECT group_concat(coalesce(m.name || '.' || i.name, '(expression)'), ', ')
                                   FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno) i)
                           FROM sqlite_schema m, pragma_index_list(m.name) l
                           WHERE m.type = 'table' AND m.name <> '_sqlx_migrations' AND l.\"unique\"
                             AND m.name NOT LIKE 'company\\_search\\_fts%' ESCAPE '\\'";
    accunode_testkit::block_on(async {
        let test = TestDb::sqlite().await;
        let mut tx = test.db().system_read("schema").await.unwrap();
        let indexes: Vec<(String, String, String, String)> =
            on!(tx, |c| sqlx::query_as(INDEXES).fetch_all(c).await).unwrap();
        assert!(indexes.len() > 15, "{indexes:?}");
        for (table, index, origin, columns) in indexes {
            if columns.contains("(expression)") {
                continue; // reported by its name
            }
            let expected = if origin == "pk" { format!("{table}_pkey") } else { index };
            assert_eq!(accunode_db::private::lite_unique(&columns), Some(expected.as_str()), "{columns}");
        }
    });
}
