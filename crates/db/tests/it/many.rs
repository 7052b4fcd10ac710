//! What several people store in one transaction: their own, at their places, and nothing else.

use accunode_db::{BulkRows, Column, Engine, Sql, Tx, on};
use accunode_domain::{AccessLevel, Actor};
use accunode_testkit::{People, TestDb, block_on, on_both_engines};
use uuid::Uuid;

use crate::{NOW, company};

async fn refused(tx: &mut Tx, sql: &'static str, what: &str) {
    let outcome = on!(tx, |c| sqlx::query(sql).execute(c).await.map(drop));
    let text = outcome.expect_err(sql).to_string();
    assert!(text.contains(what), "{sql}: {text}");
}

async fn own(tx: &mut Tx, symbol: &str, actor: &Actor) -> accunode_db::Result<Uuid> {
    let (level, organization) = actor.creates_at();
    company(tx, symbol, level, organization.map(|o| o.0), actor.user_id.0).await
}

on_both_engines! {
    async fn several_people_store_together(test: TestDb) {
        let people = People::stored(test.db()).await;
        let together = [&people.member, &people.stranger, &people.user];
        let mut tx = test.db().many(together).await.unwrap();
        for (n, actor) in together.iter().enumerate() {
            own(&mut tx, &format!("S{n}"), actor).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut tx = test.db().system_read("test").await.unwrap();
        let stored: i64 = on!(tx, |c| sqlx::query_scalar("SELECT COUNT(*) FROM companies").fetch_one(c).await).unwrap();
        assert_eq!(stored, 3);
    }

    async fn rows_stand_in_a_statement_like_a_table(test: TestDb) {
        const DOUBLED: Sql = Sql::new(
            "SELECT name, n * 2 AS n FROM given WHERE n IS NOT NULL ORDER BY n",
            "SELECT name, n * 2 AS n FROM given WHERE n IS NOT NULL ORDER BY n",
        );
        let mut tx = test.db().system("test").await.unwrap();
        let given = BulkRows::named("given")
            .column("name", Column::Text(vec!["b'".into(), "a\"".into(), "c".into()]))
            .column("n", Column::OptI64(vec![Some(2), Some(1), None]));
        let found: Vec<(String, i64)> = given.fetch(&mut tx, DOUBLED).await.unwrap();
        assert_eq!(found, [("a\"".to_owned(), 2), ("b'".to_owned(), 4)]);
        let uneven = BulkRows::named("given")
            .column("name", Column::Text(vec!["b".into()]))
            .column("n", Column::OptI64(vec![]));
        assert!(uneven.fetch::<(String, i64)>(&mut tx, DOUBLED).await.is_err());
    }
}

#[test]
fn nobody_stores_outside_of_their_place() {
    block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let people = People::stored(test.db()).await;
        let (member, stranger, user) = (&people.member, &people.stranger, &people.user);
        let organization = |actor: &Actor| actor.organization_id.map(|o| o.0);
        let (me, them) = (member.user_id.0, stranger.user_id.0);
        use AccessLevel::{Organization, Personal, System};
        for (what, level, place, by) in [
            ("in another's organization", Organization, organization(stranger), me),
            ("in another's name", Organization, organization(member), them),
            (
                "in the name of somebody who is not among them",
                Organization,
                organization(member),
                people.colleague.user_id.0,
            ),
            ("in another organization altogether", Organization, organization(&people.neighbour), me),
            ("for oneself, while working in an organization", Personal, None, me),
            ("for somebody who is not among them", Personal, None, people.other_user.user_id.0),
            ("for everybody", System, None, me),
        ] {
            let mut tx = test.db().many([member, stranger, user]).await.unwrap();
            let outcome = company(&mut tx, "NEW", level, place, by).await;
            let text = outcome.expect_err(what).to_string();
            assert!(text.contains("row-level security"), "{what}: {text}");
        }
    });
}

#[test]
fn nothing_else_is_seen_or_done() {
    block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        assert_eq!(test.engine(), Engine::Postgres);
        let people = People::stored(test.db()).await;
        for (name, actor) in people.all() {
            let mut tx = test.db().scoped(actor).await.unwrap();
            own(&mut tx, name, actor).await.unwrap();
            tx.commit().await.unwrap();
        }
        let begin = async || test.db().many([&people.member, &people.user]).await.unwrap();
        let mut tx = begin().await;
        let seen: Vec<(String,)> =
            on!(tx, |c| sqlx::query_as("SELECT symbol FROM companies ORDER BY symbol").fetch_all(c).await)
                .unwrap();
        let seen: Vec<_> = seen.iter().map(|(symbol,)| symbol.as_str()).collect();
        // The member's organization's, and the user's own.
        assert_eq!(seen, ["colleague", "member", "org_admin", "user"]);
        for sql in [
            "UPDATE companies SET name = 'x'",
            "UPDATE companies SET created_by = created_by",
            "DELETE FROM companies",
            "UPDATE annual_predictions SET probability = 0",
            "DELETE FROM annual_predictions",
            "SELECT 1 FROM users",
            "SELECT 1 FROM sessions",
            "SELECT 1 FROM audit_log",
            "DELETE FROM audit_heads",
            "INSERT INTO users (id) VALUES (gen_random_uuid())",
        ] {
            refused(&mut begin().await, sql, "permission denied").await;
        }
        for sql in [
            "INSERT INTO audit_log (chain, seq, at, actor_id, action, outcome, previous_hash, hash)
             SELECT gen_random_uuid(), 1, now(), gen_random_uuid(), 'a', 'done', '', ''",
            "INSERT INTO audit_heads (chain, seq, hash) VALUES (gen_random_uuid(), 1, '')",
        ] {
            refused(&mut begin().await, sql, "row-level security").await;
        }
        // Nobody speaks in the chain of another among them.
        const SPEAK: &str =
            "INSERT INTO audit_log (chain, seq, at, actor_id, action, outcome, previous_hash, hash)
                             VALUES ($1, 1, $3, $2, 'a', 'done', '', '')";
        let tenant = people.member.tenant_id.unwrap().0;
        for (chain, by, allowed) in [
            (tenant, people.member.user_id.0, true),
            (Uuid::nil(), people.user.user_id.0, true),
            (tenant, people.user.user_id.0, false),
            (Uuid::nil(), people.member.user_id.0, false),
        ] {
            let mut tx = begin().await;
            let done =
                on!(tx, |c| sqlx::query(SPEAK).bind(chain).bind(by).bind(NOW).execute(c).await.map(drop));
            assert_eq!(done.is_ok(), allowed, "{done:?}");
        }
        // The connection that served them serves others as before.
        let mut tx = test.db().scoped(&people.stranger).await.unwrap();
        let role: String =
            on!(tx, |c| sqlx::query_scalar("SELECT CAST(current_user AS TEXT)").fetch_one(c).await).unwrap();
        assert_eq!(role, "accunode_app");
    });
}

#[test]
fn what_rows_refer_to_is_there_and_stays() {
    const PREDICT: &str = "INSERT INTO annual_predictions (id, company_id, organization_id, access_level, created_by,
            reporting_year, probability, raw_probability, risk_level, confidence, model_name, model_version, model_hash,
            bulk_upload_job_id, grade_scale_id, created_at)
        SELECT gen_random_uuid(), c.id, c.organization_id, c.access_level, COALESCE($1, c.created_by), 2020, 0.1, 0.1, 'LOW',
               0.5, 'm', '1', 'h', $2, $3, now() FROM companies c";
    const UPLOAD: &str = "INSERT INTO bulk_upload_jobs (id, user_id, organization_id, access_level, job_type,
            original_filename, file_key, file_size, file_sha256, queue_priority, created_at)
        SELECT $1, u.id, c.organization_id, c.access_level, 'annual', 'a.csv', 'k', 1, 'h', 'high', now()
        FROM companies c JOIN users u ON u.username = 'colleague'";
    const COUNT: &str = "SELECT (SELECT COUNT(*) FROM annual_predictions WHERE bulk_upload_job_id IS NULL)
                             || ' ' || (SELECT COUNT(*) FROM annual_predictions)
                             || ' ' || (SELECT COUNT(*) FROM company_search)";
    block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let people = People::stored(test.db()).await;
        let nobody = Some(Uuid::now_v7());
        let upload = Uuid::now_v7();
        let mut tx = test.db().system("test").await.unwrap();
        own(&mut tx, "A", &people.member).await.unwrap();
        on!(tx, |c| sqlx::query(UPLOAD).bind(upload).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        for (by, upload, scale) in [(nobody, None, None), (None, nobody, None), (None, None, nobody)] {
            let mut tx = test.db().system("test").await.unwrap();
            let done = on!(tx, |c| sqlx::query(PREDICT)
                .bind(by)
                .bind(upload)
                .bind(scale)
                .execute(c)
                .await
                .map(drop));
            let refused = done.unwrap_err();
            assert!(refused.as_database_error().unwrap().is_foreign_key_violation(), "{refused}");
        }
        let mut tx = test.db().system("test").await.unwrap();
        let stray = company(&mut tx, "B", AccessLevel::Personal, None, Uuid::now_v7()).await.unwrap_err();
        assert_eq!(stray.constraint(), Some("companies_created_by_fkey"));
        drop(tx);
        let mut tx = test.db().system("test").await.unwrap();
        let none: Option<Uuid> = None;
        on!(tx, |c| sqlx::query(PREDICT).bind(none).bind(upload).bind(none).execute(c).await.map(drop))
            .unwrap();
        tx.commit().await.unwrap();
        // As the database's owner, whom no policy holds.
        for (sql, what) in [
            (
                "DELETE FROM users WHERE id = (SELECT created_by FROM companies)",
                "refer to what is deleted from users",
            ),
            ("UPDATE companies SET id = gen_random_uuid()", "are not changed"),
            ("UPDATE companies SET access_level = 'system', organization_id = NULL", "are not changed"),
            ("UPDATE users SET id = gen_random_uuid()", "are not changed"),
            ("UPDATE annual_predictions SET company_id = gen_random_uuid()", "of no company of its owner"),
        ] {
            let text = test.as_owner(sql).await.expect_err(sql).to_string();
            assert!(text.contains(what), "{sql}: {text}");
        }
        let counted = async || {
            let mut tx = test.db().system_read("test").await.unwrap();
            let counts: String = on!(tx, |c| sqlx::query_scalar(COUNT).fetch_one(c).await).unwrap();
            counts
        };
        assert_eq!(counted().await, "0 1 1");
        test.as_owner("DELETE FROM bulk_upload_jobs").await.unwrap();
        assert_eq!(counted().await, "1 1 1");
        test.as_owner("DELETE FROM companies").await.unwrap();
        assert_eq!(counted().await, "0 0 0");
    });
}
