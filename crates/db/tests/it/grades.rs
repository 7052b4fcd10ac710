//! The migration gave grades to the rows that were there: by the very scale that the program has built in.

use accunode_db::{Engine, on};
use accunode_domain::MasterScale;
use accunode_testkit::on_both_engines;
use sqlx::AssertSqlSafe;

const POSTGRES: &str = include_str!("../../../../migrations/postgres/20261121120000_ratings.sql");
const SQLITE: &str = include_str!("../../../../migrations/sqlite/20261121120000_ratings.sql");

/// The expressions that the migration sets grades to, over a column `probability`.
fn expressions(migration: &str) -> Vec<String> {
    let updates = migration.split("_predictions SET grade = ").skip(1);
    updates.map(|u| u.split_once(';').unwrap().0.replace("ensemble_probability", "probability")).collect()
}

/// Around every bound, and far from all.
fn probes() -> Vec<f64> {
    let bounds = MasterScale::built_in().grades().iter().filter_map(|g| g.upper).collect::<Vec<_>>();
    let around = |x: &f64| [x.next_down(), *x, x.next_up(), x * 0.7, x * 1.3];
    bounds.iter().flat_map(around).chain([0.0, 1.0, 0.5]).collect()
}

on_both_engines! {
    async fn the_migrations_grades_are_those_of_the_built_in_scale(test: TestDb) {
        let scale = MasterScale::built_in();
        let found = expressions(if test.engine() == Engine::Postgres { POSTGRES } else { SQLITE });
        assert_eq!(found.len(), 2, "one for each kind");
        let mut tx = test.db().system_read("evaluate an expression of a migration").await.unwrap();
        for expression in found {
            let sql = format!("SELECT {expression} FROM (SELECT CAST($1 AS DOUBLE PRECISION) AS probability) p");
            for probability in probes() {
                let grade: String = on!(tx, |c| sqlx::query_scalar(AssertSqlSafe(sql.clone()))
                    .bind(probability).fetch_one(c).await).unwrap();
                assert_eq!(grade, scale.grade(probability), "{probability}");
            }
        }
    }
}
