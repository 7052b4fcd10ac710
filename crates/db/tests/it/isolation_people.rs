//! The second wall around tenants, organizations, people and what is theirs: what PostgreSQL shows and lets change
//! when a statement has no predicate at all.

use accunode_db::{GUARDED_TABLES, Tx, on};
use accunode_domain::Actor;
use accunode_testkit::{People, TestDb, block_on};
use uuid::Uuid;

use crate::NOW;

/// People, each with a session, a key and a reset of their own; each organization with a whitelist entry; each
/// tenant and the platform with an audit entry; a contact message and a failed sign-in of nobody's.
async fn filled() -> Option<(TestDb, People)> {
    const OWN: [&str; 3] = [
        "INSERT INTO sessions (id, user_id, refresh_hash, token_version, created_at, expires_at)
         VALUES ($1, $2, $3, 0, $4, $4)",
        "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, permissions, created_at)
         VALUES ($1, $2, 'k', 'p', $3, '[]', $4)",
        "INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $4)",
    ];
    let test = TestDb::postgres().await?;
    let people = People::stored(test.db()).await;
    for (name, actor) in people.all() {
        let mut tx = test.db().scoped(actor).await.unwrap();
        for sql in OWN {
            on!(tx, |c| sqlx::query(sql)
                .bind(Uuid::now_v7())
                .bind(actor.user_id.0)
                .bind(name)
                .bind(NOW)
                .execute(c)
                .await
                .map(drop))
            .unwrap();
        }
        tx.commit().await.unwrap();
    }
    let mut tx = test.db().system("test").await.unwrap();
    for sql in [
        "INSERT INTO organization_member_whitelist (id, organization_id, email, added_at)
         SELECT gen_random_uuid(), id, 'somebody@example.com', created_at FROM organizations",
        "INSERT INTO audit_log (chain, seq, at, tenant_id, action, outcome, previous_hash, hash)
         SELECT id, 1, created_at, id, 'test', 'done', '', 'h' FROM tenants",
        "INSERT INTO audit_heads (chain, seq, hash) SELECT id, 1, 'h' FROM tenants",
        "INSERT INTO contact_messages (id, reference_id, name, email, subject, message, created_at)
         VALUES (gen_random_uuid(), 'r', 'n', 'e', 's', 'm', now())",
        "INSERT INTO sign_in_failures (key, failures, updated_at) VALUES ('k', 1, now())",
    ] {
        run(&mut tx, sql).await.unwrap();
    }
    tx.commit().await.unwrap();
    Some((test, people))
}

async fn run(tx: &mut Tx, sql: &'static str) -> sqlx::Result<u64> {
    on!(tx, |c| sqlx::query(sql).execute(c).await.map(|r| r.rows_affected()))
}

async fn count(test: &TestDb, actor: &Actor, table: &str) -> i64 {
    let mut tx = test.db().scoped_read(actor).await.unwrap();
    let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    on!(tx, |c| sqlx::query_scalar(sql).fetch_one(c).await).unwrap()
}

/// How many rows of a table each sees: tenants, organizations, users, whitelist.
fn in_sight(name: &str) -> [i64; 4] {
    match name {
        "super_admin" => [2, 3, 11, 3],
        "tenant_admin" => [1, 2, 5, 2],
        // With whoever runs the tenant.
        "org_admin" | "member" | "colleague" => [1, 1, 4, 1],
        "neighbour" => [1, 1, 2, 1],
        "foreign_tenant_admin" | "foreign_org_admin" | "stranger" => [1, 1, 3, 1],
        _ => [0, 0, 1, 0],
    }
}

#[test]
fn everybody_sees_their_own_surroundings() {
    block_on(async {
        let Some((test, people)) = filled().await else { return };
        for (name, actor) in people.all() {
            let tables = ["tenants", "organizations", "users", "organization_member_whitelist"];
            for (table, expected) in tables.into_iter().zip(in_sight(name)) {
                assert_eq!(count(&test, actor, table).await, expected, "{name}: {table}");
            }
            for table in ["sessions", "api_keys", "password_resets"] {
                let expected = if name == "super_admin" { 11 } else { 1 };
                assert_eq!(count(&test, actor, table).await, expected, "{name}: {table}");
            }
            for table in ["contact_messages", "sign_in_failures"] {
                assert_eq!(
                    count(&test, actor, table).await,
                    i64::from(name == "super_admin"),
                    "{name}: {table}"
                );
            }
            let entries = match name {
                "super_admin" => 2,
                "tenant_admin" | "foreign_tenant_admin" => 1,
                _ => 0,
            };
            assert_eq!(count(&test, actor, "audit_log").await, entries, "{name}: audit_log");
        }
    });
}

#[test]
fn nobody_changes_what_is_not_in_their_tenancy() {
    block_on(async {
        let Some((test, people)) = filled().await else { return };
        for (name, actor) in people.all() {
            let all = name == "super_admin";
            let own = if all { 11 } else { 1 };
            let [tenants, organizations, users, whitelist] = in_sight(name);
            let runs = name.ends_with("tenant_admin");
            let expected = [
                ("UPDATE tenants SET name = name", if all || runs { tenants } else { 0 }),
                ("DELETE FROM organization_member_whitelist", whitelist),
                ("UPDATE organizations SET slug = slug", organizations),
                // Who runs the tenant is seen by its people, not changed.
                (
                    "UPDATE users SET username = username",
                    if all || runs || users == 1 { users } else { users - 1 },
                ),
                ("DELETE FROM users WHERE id <> id", 0),
                ("UPDATE sessions SET address = 'x'", own),
                ("DELETE FROM api_keys", own),
                ("DELETE FROM password_resets", own),
                ("DELETE FROM contact_messages", i64::from(all)),
                ("DELETE FROM sign_in_failures", i64::from(all)),
            ];
            for (sql, rows) in expected {
                let mut tx = test.db().scoped(actor).await.unwrap();
                assert_eq!(run(&mut tx, sql).await.unwrap(), u64::try_from(rows).unwrap(), "{name}: {sql}");
            }
        }
    });
}

#[test]
fn nobody_plants_people_or_places_elsewhere() {
    block_on(async {
        let Some((test, people)) = filled().await else { return };
        for actor in [&people.user, &people.member, &people.org_admin, &people.tenant_admin] {
            for sql in [
                "INSERT INTO tenants (id, name, slug, created_at) VALUES (gen_random_uuid(), 'n', 'n', now())",
                "INSERT INTO organizations (id, name, slug, join_token, created_at)
                 VALUES (gen_random_uuid(), 'n', 'n', 'n', now())",
                "INSERT INTO users (id, email, username, password_hash, created_at)
                 VALUES (gen_random_uuid(), 'n', 'n', 'n', now())",
                "INSERT INTO audit_log (chain, seq, at, action, outcome, previous_hash, hash)
                 VALUES (gen_random_uuid(), 1, now(), 'n', 'done', '', '')",
                "INSERT INTO audit_heads (chain, seq, hash) VALUES (gen_random_uuid(), 1, '')",
                "INSERT INTO contact_messages (id, reference_id, name, email, subject, message, created_at)
                 VALUES (gen_random_uuid(), 'q', 'n', 'e', 's', 'm', now())",
            ] {
                let mut tx = test.db().scoped(actor).await.unwrap();
                let message = run(&mut tx, sql).await.unwrap_err().to_string();
                assert!(message.contains("row-level security"), "{} {sql}: {message}", actor.role);
            }
            // A session in somebody else's name.
            let mut tx = test.db().scoped(actor).await.unwrap();
            let outcome = on!(tx, |c| sqlx::query("UPDATE sessions SET user_id = $1")
                .bind(people.stranger.user_id.0)
                .execute(c)
                .await
                .map(drop));
            assert!(outcome.unwrap_err().to_string().contains("row-level security"));
        }
    });
}

#[test]
fn entries_of_the_audit_log_stay_as_they_are() {
    block_on(async {
        let Some((test, people)) = filled().await else { return };
        for sql in ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"] {
            for system in [false, true] {
                let mut tx = if system {
                    test.db().system("test").await.unwrap()
                } else {
                    test.db().scoped(&people.super_admin).await.unwrap()
                };
                let message = run(&mut tx, sql).await.unwrap_err().to_string();
                assert!(message.contains("permission denied"), "{sql}: {message}");
            }
        }
    });
}

#[test]
fn every_table_is_guarded_or_holds_nothing_of_anybody() {
    // The queue holds identifiers of work; workers, schedules and how many there are to be are the application's own,
    // and so is the list of migrations. The counters tell nothing of anybody, and what companies are searched by is only ever joined
    // with companies.
    const OPEN: [&str; 8] = [
        "job",
        "workers",
        "schedules",
        "scaling",
        "scaling_history",
        "_sqlx_migrations",
        "data_versions",
        "company_search",
    ];
    block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let mut tx = test.db().system_read("test").await.unwrap();
        let tables: Vec<String> = on!(tx, |c| sqlx::query_scalar(
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'"
        )
        .fetch_all(c)
        .await)
        .unwrap();
        for table in tables {
            let known = GUARDED_TABLES.contains(&table.as_str()) || OPEN.contains(&table.as_str());
            assert!(known, "{table} has no policies and is not excused");
        }
    });
}
