//! Bulk inserts.

use std::collections::HashSet;

use accunode_db::{
    BulkInsert, Column, DbError, Engine, Timestamp, Tx,
    bulk::{json_ids, json_texts},
    on, sql,
};
use accunode_domain::Actor;
use accunode_testkit::{People, on_both_engines};
use uuid::Uuid;

use crate::NOW;

fn companies(actor: &Actor, symbols: &[String], ids: &[Uuid]) -> BulkInsert {
    let n = symbols.len();
    let (level, organization) = actor.creates_at();
    BulkInsert::into("companies")
        .column("id", Column::Uuid(ids.to_vec()))
        .column("symbol", Column::Text(symbols.to_vec()))
        .column("name", Column::Text(symbols.iter().map(|s| format!("{s} & Söhne, \"Inc\"")).collect()))
        .column(
            "market_cap",
            Column::OptF64((0..n).map(|i| (i % 2 == 0).then_some(0.1 * i as f64)).collect()),
        )
        .column("sector", Column::Text(vec!["Test".into(); n]))
        .column("access_level", Column::Text(vec![level.as_str().into(); n]))
        .column("organization_id", Column::OptUuid(vec![organization.map(|o| o.0); n]))
        .column("created_by", Column::Uuid(vec![actor.user_id.0; n]))
        .column("created_at", Column::Time(vec![NOW; n]))
        .column("updated_at", Column::OptTime(vec![None; n]))
}

fn named(range: std::ops::Range<usize>) -> (Vec<String>, Vec<Uuid>) {
    range.map(|i| (format!("S{i}"), Uuid::now_v7())).unzip()
}

#[derive(Debug, sqlx::FromRow)]
struct Stored {
    id: Uuid,
    name: String,
    market_cap: Option<f64>,
    organization_id: Option<Uuid>,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
}

async fn stored(tx: &mut Tx, symbol: &str) -> Stored {
    const SQL: &str = "SELECT id, name, market_cap, organization_id, created_at, updated_at FROM companies
                       WHERE symbol = $1";
    on!(tx, |c| sqlx::query_as(SQL).bind(symbol).fetch_one(c).await).unwrap()
}

sql! {
    BY_SYMBOLS { pg: "SELECT id FROM companies WHERE symbol IN (SELECT jsonb_array_elements_text($1::jsonb))",
                 lite: "SELECT id FROM companies WHERE symbol IN (SELECT value FROM json_each($1))" };
    BY_IDS { pg: "SELECT symbol FROM companies WHERE id IN (SELECT jsonb_array_elements_text($1::jsonb)::uuid)",
             lite: "SELECT symbol FROM companies WHERE id IN (SELECT unhex(value) FROM json_each($1))" };
}

on_both_engines! {
    /// More rows than one statement takes, under the policies of an ordinary member.
    async fn every_row_arrives_once(test: TestDb) {
        let people = People::stored(test.db()).await;
        let (symbols, ids) = named(0..5_001);
        let mut tx = test.db().scoped(&people.member).await.unwrap();
        let inserted = companies(&people.member, &symbols, &ids)
            .execute_returning_id(&mut tx, "ON CONFLICT DO NOTHING").await.unwrap();
        assert_eq!(inserted.iter().collect::<HashSet<_>>(), ids.iter().collect::<HashSet<_>>());
        let row = stored(&mut tx, "S4321").await;
        assert_eq!(row.id, ids[4321]);
        assert_eq!(row.name, "S4321 & Söhne, \"Inc\"");
        assert_eq!((row.market_cap, stored(&mut tx, "S4320").await.market_cap), (None, Some(0.1 * 4320.0)));
        assert_eq!((row.organization_id, row.created_at, row.updated_at), (Some(people.organization()), NOW, None));
        tx.commit().await.unwrap();

        // Again with some new ones: only those are inserted and reported, also when a batch repeats itself.
        let (mut symbols, mut ids) = named(5_000..5_010);
        symbols.push("S5009".into());
        ids.push(Uuid::now_v7());
        let mut tx = test.db().scoped(&people.colleague).await.unwrap();
        let inserted = companies(&people.colleague, &symbols, &ids)
            .execute_returning_id(&mut tx, "ON CONFLICT DO NOTHING").await.unwrap();
        assert_eq!(inserted.iter().collect::<HashSet<_>>(), ids[1..10].iter().collect::<HashSet<_>>());
        let again = companies(&people.colleague, &symbols, &ids).execute(&mut tx, "ON CONFLICT DO NOTHING").await;
        assert_eq!(again.unwrap(), 0);
    }

    async fn another_organizations_rows_are_refused_by_the_second_wall(test: TestDb) {
        let people = People::stored(test.db()).await;
        let (symbols, ids) = named(0..3);
        let mut tx = test.db().scoped(&people.member).await.unwrap();
        let outcome = companies(&people.stranger, &symbols, &ids).execute(&mut tx, "").await;
        match test.engine() {
            Engine::Postgres => {
                let error = outcome.unwrap_err().to_string();
                assert!(error.contains("row-level security"), "{error}");
            }
            // No such wall here: the caller binds tx.scope(), never an owner from elsewhere.
            Engine::Sqlite => assert_eq!(outcome.unwrap(), 3),
        }
    }

    async fn columns_that_do_not_fit_are_refused(test: TestDb) {
        let mut tx = test.db().system("test").await.unwrap();
        let uneven = BulkInsert::into("users").column("id", Column::Uuid(vec![])).column("email", Column::Text(vec!["a".into()]));
        let error = uneven.execute(&mut tx, "").await.unwrap_err();
        assert!(matches!(error, DbError::Bulk { table: "users", .. }), "{error}");
        assert!(error.to_string().contains("email has 1"), "{error}");
        assert!(BulkInsert::into("users").execute(&mut tx, "").await.is_err());
        let empty = BulkInsert::into("users").column("id", Column::Uuid(vec![]));
        assert_eq!(empty.execute(&mut tx, "").await.unwrap(), 0);
    }

    async fn lists_are_bound_as_one_value(test: TestDb) {
        let people = People::stored(test.db()).await;
        let (symbols, ids) = named(0..10);
        let mut tx = test.db().scoped(&people.member).await.unwrap();
        companies(&people.member, &symbols, &ids).execute(&mut tx, "").await.unwrap();
        let wanted = json_texts(["S3", "S7", "S'\"99"]);
        let found: Vec<(Uuid,)> = on!(tx, BY_SYMBOLS, |c, sql| sqlx::query_as(sql).bind(&wanted).fetch_all(c).await).unwrap();
        assert_eq!(found.into_iter().map(|r| r.0).collect::<HashSet<_>>(), HashSet::from([ids[3], ids[7]]));
        let wanted = json_ids([ids[1], Uuid::nil()]);
        let found: Vec<(String,)> = on!(tx, BY_IDS, |c, sql| sqlx::query_as(sql).bind(&wanted).fetch_all(c).await).unwrap();
        assert_eq!(found, [("S1".to_owned(),)]);
    }
}
