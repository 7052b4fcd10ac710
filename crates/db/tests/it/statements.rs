//! Declaring and running statements; the types of rows.

use accunode_db::{Engine, Result, Timestamp, Tx, on, prepare_all, registered, sql};
use accunode_testkit::{People, engines, on_both_engines};
use uuid::Uuid;

sql! {
    /// One text for both.
    pub(crate) USER = "SELECT id, email, is_active, token_version, created_at, updated_at FROM users WHERE email = $1";
    TYPE_OF_TIME { pg: "SELECT CAST(pg_typeof(created_at) AS TEXT) FROM users LIMIT 1",
                   lite: "SELECT typeof(created_at) FROM users LIMIT 1" };
    BROKEN_ON_LITE = "SELECT now() - interval '1 day'";
}

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct User {
    id: Uuid,
    email: String,
    is_active: bool,
    token_version: i32,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
}

async fn user(tx: &mut Tx, email: &str) -> Result<Option<User>> {
    Ok(on!(tx, USER, |c, sql| sqlx::query_as::<_, User>(sql).bind(email).fetch_optional(c).await)?)
}

on_both_engines! {
    async fn one_text_and_one_row_type_serve_both(test: TestDb) {
        let people = People::stored(test.db()).await;
        let mut tx = test.db().scoped_read(&people.member).await.unwrap();
        let found = user(&mut tx, "member@example.com").await.unwrap().unwrap();
        let expected = User {
            id: people.member.user_id.0,
            email: "member@example.com".into(),
            is_active: true,
            token_version: 0,
            created_at: Timestamp::from_unix_seconds(1_700_000_000),
            updated_at: None,
        };
        assert_eq!(found, expected);
        assert_eq!(user(&mut tx, "nobody@example.com").await.unwrap(), None);
        let time: (String,) =
            on!(tx, TYPE_OF_TIME, |c, sql| sqlx::query_as(sql).fetch_one(c).await).unwrap();
        assert_eq!(time.0, match test.engine() {
            Engine::Postgres => "timestamp with time zone",
            Engine::Sqlite => "integer",
        });
        let text = TYPE_OF_TIME.text(&tx);
        assert_eq!(text, TYPE_OF_TIME.for_engine(test.engine()));
    }

    async fn times_keep_their_microseconds(test: TestDb) {
        let mut tx = test.db().system("test").await.unwrap();
        for micros in [-62_167_219_200_000_000, -1, 0, 946_684_800_000_001, 253_402_300_799_999_999] {
            let time = Timestamp::from_unix_micros(micros);
            let id = Uuid::now_v7();
            on!(tx, |c| sqlx::query("INSERT INTO tenants (id, name, slug, created_at) VALUES ($1, $2, $2, $3)")
                .bind(id).bind(id.to_string()).bind(time).execute(c).await.map(drop)).unwrap();
            let read: (Timestamp,) = on!(tx, |c| sqlx::query_as("SELECT created_at FROM tenants WHERE id = $1")
                .bind(id).fetch_one(c).await).unwrap();
            assert_eq!(read.0, time);
        }
        let sorted: Vec<(Timestamp,)> = on!(tx, |c| sqlx::query_as(
            "SELECT created_at FROM tenants ORDER BY created_at").fetch_all(c).await).unwrap();
        assert!(sorted.is_sorted());
    }

    async fn reading_transactions_do_not_write(test: TestDb) {
        let people = People::stored(test.db()).await;
        let mut tx = test.db().scoped_read(&people.member).await.unwrap();
        let refused = on!(tx, |c| sqlx::query("DELETE FROM users").execute(c).await.map(drop));
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("read") && message.contains("only"), "{message}");
    }

    async fn dropping_undoes_and_committing_keeps(test: TestDb) {
        let people = People::stored(test.db()).await;
        let rename = |name: &'static str| {
            let (db, people) = (test.db().clone(), people.clone());
            async move {
                let mut tx = db.scoped(&people.user).await.unwrap();
                on!(tx, |c| sqlx::query("UPDATE users SET full_name = $1 WHERE username = 'user'")
                    .bind(name).execute(c).await.map(drop)).unwrap();
                tx
            }
        };
        drop(rename("dropped").await);
        let read = || async {
            let mut tx = test.db().system_read("test").await.unwrap();
            let name: (Option<String>,) = on!(tx, |c| sqlx::query_as(
                "SELECT full_name FROM users WHERE username = 'user'").fetch_one(c).await).unwrap();
            name.0
        };
        assert_eq!(read().await, None);
        rename("rolled back").await.rollback().await.unwrap();
        assert_eq!(read().await, None);
        rename("kept").await.commit().await.unwrap();
        assert_eq!(read().await.as_deref(), Some("kept"));
    }
}

#[test]
fn the_registry_finds_what_one_engine_refuses() {
    assert!(registered().any(|s| s.name.ends_with("statements::USER")));
    accunode_testkit::block_on(async {
        for test in engines().await {
            let refused: Vec<_> = prepare_all(test.db()).await.into_iter().map(|(name, _)| name).collect();
            match test.engine() {
                Engine::Postgres => assert!(refused.is_empty(), "{refused:?}"),
                Engine::Sqlite => assert_eq!(refused, ["it::statements::BROKEN_ON_LITE"]),
            }
            let sql = BROKEN_ON_LITE.for_engine(test.engine());
            assert!(sql.contains("interval"));
        }
    });
}
