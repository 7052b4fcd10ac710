//! Migrating: at once, again, by a plain role, and in a cluster that has never seen the application.

use accunode_db::{Db, DbError, Engine, Options, on};
use accunode_testkit::{PrivatePostgres, TestDb, block_on, on_both_engines};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

on_both_engines! {
    async fn again_changes_nothing(test: TestDb) {
        Db::migrate(test.url()).await.unwrap();
        assert!(test.db().pending_migrations().await.unwrap().is_empty());
        test.db().check_policies().await.unwrap();
    }
}

#[test]
fn many_servers_migrate_one_sqlite_file_at_once() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("new/folder/test.db").display());
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                tokio::spawn({
                    let url = url.clone();
                    async move { Db::migrate(&url).await }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let db = Db::connect(&url, &Options::default()).await.unwrap();
        assert!(db.pending_migrations().await.unwrap().is_empty());
    });
}

#[test]
fn a_file_that_is_not_there_is_not_made_by_connecting() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing.db");
        assert!(Db::connect(&format!("sqlite://{}", path.display()), &Options::default()).await.is_err());
        assert!(!path.exists());
    });
}

async fn run(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// A cluster of its own: the role is the cluster's, and must not be there beforehand.
#[test]
fn several_databases_of_a_new_cluster_migrate_at_once() {
    let Some(cluster) = PrivatePostgres::start() else { return };
    block_on(async {
        let names: Vec<_> = (0..4).map(|i| format!("db{i}")).collect();
        for name in &names {
            run(&cluster.url(), &format!("CREATE DATABASE {name}")).await;
        }
        // Two servers on each database.
        let tasks: Vec<_> = names
            .iter()
            .chain(&names)
            .map(|name| {
                let url = cluster.url_of("postgres", name);
                tokio::spawn(async move { Db::migrate(&url).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
}

#[test]
fn a_database_that_was_never_migrated_is_refused_at_once() {
    let Some(cluster) = PrivatePostgres::start() else { return };
    block_on(async {
        let error = Db::connect(&cluster.url(), &Options::default()).await.unwrap_err();
        assert!(matches!(&error, DbError::Config(m) if m.contains("migrate the database first")), "{error}");
    });
}

/// The usual way in production: the login role owns its database and is no superuser.
#[test]
fn a_plain_role_migrates_and_serves() {
    let Some(cluster) = PrivatePostgres::start() else { return };
    block_on(async {
        run(&cluster.url(), "CREATE ROLE owner LOGIN CREATEROLE").await;
        run(&cluster.url(), "CREATE DATABASE accunode OWNER owner").await;
        let url = cluster.url_of("owner", "accunode");
        Db::migrate(&url).await.unwrap();
        let db = Db::connect(&url, &Options::default()).await.unwrap();
        db.check_policies().await.unwrap();
        let mut tx = db.system("test").await.unwrap();
        let (role,): (String,) =
            on!(tx, |c| sqlx::query_as("SELECT CAST(current_user AS TEXT)").fetch_one(c).await).unwrap();
        assert_eq!(role, "accunode_app");
        let denied = on!(tx, |c| sqlx::query("DELETE FROM _sqlx_migrations").execute(c).await.map(drop));
        assert!(denied.unwrap_err().to_string().contains("permission denied"));
    });
}

#[test]
fn the_boot_check_names_every_gap() {
    block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        assert_eq!(test.engine(), Engine::Postgres);
        run(test.url(), "ALTER TABLE companies NO FORCE ROW LEVEL SECURITY").await;
        run(test.url(), "DROP POLICY annual_predictions_insert ON annual_predictions").await;
        run(test.url(), "DROP POLICY bulk_upload_jobs_read ON bulk_upload_jobs").await;
        let Err(DbError::Policies(gaps)) = test.db().check_policies().await else { panic!("accepted") };
        assert_eq!(gaps.len(), 3, "{gaps:?}");
        assert!(gaps[0].contains("companies does not force"), "{gaps:?}");
        assert!(gaps[1].contains("annual_predictions has no check"), "{gaps:?}");
        assert!(gaps[2].contains("bulk_upload_jobs has no policy"), "{gaps:?}");
    });
}
