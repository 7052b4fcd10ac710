//! What is violated has the same name on both engines.

use accunode_db::{Db, DbError, Engine, Options, Tx, constraint, on, unique_violation};
use accunode_domain::{AccessLevel, Error};
use accunode_testkit::{People, on_both_engines};
use uuid::Uuid;

use crate::{NOW, company};

const USER: &str =
    "INSERT INTO users (id, email, username, password_hash, created_at) VALUES ($1, $2, $3, 'none', $4)";

async fn user(tx: &mut Tx, email: &str, username: &str) -> sqlx::Result<()> {
    on!(tx, |c| sqlx::query(USER)
        .bind(Uuid::now_v7())
        .bind(email)
        .bind(username)
        .bind(NOW)
        .execute(c)
        .await
        .map(drop))
}

async fn prediction(
    tx: &mut Tx,
    company: Uuid,
    by: Uuid,
    quarter: Option<&str>,
    probability: f64,
) -> sqlx::Result<()> {
    const INSERT: &str = "INSERT INTO annual_predictions (id, company_id, access_level, created_by, reporting_year,
            reporting_quarter, probability, raw_probability, risk_level, confidence, model_name, model_version,
            model_hash, created_at)
        VALUES ($1, $2, 'personal', $3, 2020, $4, $5, 0.5, 'LOW', 0.5, 'm', '1', 'h', $6)";
    on!(tx, |c| sqlx::query(INSERT)
        .bind(Uuid::now_v7())
        .bind(company)
        .bind(by)
        .bind(quarter)
        .bind(probability)
        .bind(NOW)
        .execute(c)
        .await
        .map(drop))
}

on_both_engines! {
    async fn unique_indexes_by_name(test: TestDb) {
        let people = People::stored(test.db()).await;
        let mut tx = test.db().system("test").await.unwrap();
        let taken = user(&mut tx, "user@example.com", "someone").await.unwrap_err();
        assert!(unique_violation(&taken, "users_email") && !unique_violation(&taken, "users_username"), "{taken}");
        drop(tx);

        let mut tx = test.db().scoped(&people.user).await.unwrap();
        let by = people.user.user_id.0;
        let acme = company(&mut tx, "ACME", AccessLevel::Personal, None, by).await.unwrap();
        prediction(&mut tx, acme, by, Some("Q4"), 0.1).await.unwrap();
        prediction(&mut tx, acme, by, None, 0.1).await.unwrap();
        // Null never equals null, but a year without a quarter is one period all the same.
        let twice = prediction(&mut tx, acme, by, None, 0.1).await.unwrap_err();
        assert!(unique_violation(&twice, "annual_predictions_period"), "{twice}");
        drop(tx);

        let mut tx = test.db().scoped(&people.user).await.unwrap();
        company(&mut tx, "ACME", AccessLevel::Personal, None, by).await.unwrap();
        let twice = company(&mut tx, "ACME", AccessLevel::Personal, None, by).await.unwrap_err();
        assert!(unique_violation(&twice, "companies_symbol_personal"), "{twice}");
        assert_eq!(twice.constraint(), Some("companies_symbol_personal"));
    }

    async fn checks_by_name(test: TestDb) {
        let people = People::stored(test.db()).await;
        let by = people.user.user_id.0;
        for (quarter, probability, expected) in [
            (Some("Q5"), 0.5, "annual_predictions_quarter_known"),
            (None, 1.5, "annual_predictions_probabilities"),
            (None, f64::INFINITY, "annual_predictions_probabilities"),
        ] {
            let mut tx = test.db().scoped(&people.user).await.unwrap();
            let acme = company(&mut tx, "ACME", AccessLevel::Personal, None, by).await.unwrap();
            let refused = prediction(&mut tx, acme, by, quarter, probability).await.unwrap_err();
            assert_eq!(constraint(&refused), Some(expected));
            assert!(!unique_violation(&refused, expected));
        }
        let mut tx = test.db().system("test").await.unwrap();
        let upper = user(&mut tx, "Upper@example.com", "upper").await.unwrap_err();
        assert_eq!(constraint(&upper), Some("users_email_lower"));
    }

    /// As when the disk is full, which SQLite says in the same words.
    async fn no_room_is_unavailable_and_may_help_later(test: TestDb) {
        const LIMIT: &str = "PRAGMA max_page_count = 1";
        const LARGE: &str = "CREATE TABLE large AS SELECT randomblob(10000000) AS bytes";
        const FULL: &str = "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$";
        let mut tx = test.db().system("test").await.unwrap();
        let statements: &[&'static str] = if tx.engine() == Engine::Sqlite { &[LIMIT, LARGE] } else { &[FULL] };
        let mut outcome = Ok(());
        for sql in statements {
            outcome = on!(tx, |c| sqlx::query(*sql).execute(c).await.map(drop));
        }
        let error = DbError::from(outcome.unwrap_err());
        assert!(error.is_transient(), "{error}");
        let error = Error::from(error);
        assert!(matches!(&error, Error::Unavailable(text) if text.contains("no room")), "{error}");
    }

    async fn defects_are_internal_and_show_no_row(test: TestDb) {
        People::stored(test.db()).await;
        let mut tx = test.db().system("test").await.unwrap();
        let taken = DbError::from(user(&mut tx, "user@example.com", "someone").await.unwrap_err());
        assert!(!format!("{taken:?}").contains("user@example.com"), "{taken:?}");
        assert!(!taken.is_transient());
        assert!(matches!(Error::from(taken), Error::Internal(_)));
    }
}

#[test]
fn an_unreachable_database_is_unavailable_and_its_password_is_not_shown() {
    accunode_testkit::block_on(async {
        let options =
            Options { acquire_timeout: std::time::Duration::from_millis(300), ..Options::default() };
        let error = Db::connect("postgres://user:hunter2@127.0.0.1:9/x", &options).await.unwrap_err();
        assert!(error.is_transient());
        assert!(!format!("{error:?} {error}").contains("hunter2"));
        assert!(matches!(Error::from(error), Error::Unavailable(_)));
        for url in
            ["mysql://user:hunter2@h/x", "postgres://user:hunter2@h:port/x", "sqlite::memory:", "sqlite://"]
        {
            let error = Db::connect(url, &options).await.unwrap_err();
            assert!(matches!(&error, DbError::Config(m) if !m.contains("hunter2")), "{error}");
        }
    });
}
