//! PostgreSQL alone: how it finds companies among many.

use accunode_db::{Engine, Tx, on, registered};
use accunode_testkit::{People, TestDb};
use uuid::Uuid;

const MANY: &str =
    "INSERT INTO companies (id, symbol, name, sector, access_level, organization_id, created_by, created_at,
                                           latest_probability)
    SELECT gen_random_uuid(), 'S' || n, md5(CAST(n AS text)) || ' Works', 'Sector', 'organization', $1, $2,
           now() - n * interval '1 second', CASE WHEN n % 3 > 0 THEN n / 100000.0 END
    FROM generate_series(1, $3) n";

/// The plan of a statement, by the end of its name.
async fn plan(tx: &mut Tx, name: &str, bind: Bound<'_>) -> String {
    let statement = registered().find(|r| r.name.ends_with(&format!("companies::store::{name}"))).unwrap();
    let sql = format!(
        "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {}",
        statement.sql.for_engine(Engine::Postgres)
    );
    let scope = tx.scope();
    let (user, organization) = (scope.user_id, scope.organization_id);
    if matches!(bind, Bound::Whole) {
        let lines: Vec<String> = on!(tx, |c| {
            let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(organization);
            query.bind(10_i64).bind(0_i64).fetch_all(c).await
        })
        .unwrap();
        return lines.join("\n");
    }
    let lines: Vec<String> = on!(tx, |c| {
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(user).bind(organization);
        let query = query.bind(None::<Uuid>).bind(false).bind(false);
        match bind {
            Bound::Page(top) => {
                let query =
                    query.bind(None::<String>).bind(None::<String>).bind(None::<String>).bind(None::<String>);
                query.bind(top).bind(10_i64).bind(0_i64).fetch_all(c).await
            }
            Bound::Found(pattern, owners) => {
                let query =
                    query.bind(None::<String>).bind(None::<String>).bind(None::<String>).bind(None::<String>);
                query.bind(pattern).bind(owners).bind(10_i64).bind(0_i64).fetch_all(c).await
            }
            Bound::Beginning(pattern, owners) => {
                query.bind(pattern).bind(owners).bind(20_i64).fetch_all(c).await
            }
            Bound::Symbol(symbol) => query.bind(symbol).fetch_all(c).await,
            Bound::Whole => Ok(Vec::new()),
        }
    })
    .unwrap();
    lines.join("\n")
}

/// What a statement has besides the sight.
#[derive(Clone, Copy)]
enum Bound<'a> {
    Page(i64),
    Found(&'a str, &'a str),
    Beginning(&'a str, &'a str),
    Symbol(&'a str),
    /// No sight but the organization.
    Whole,
}

#[test]
fn lists_and_searches_find_their_indexes() {
    accunode_testkit::block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let people = People::stored(test.db()).await;
        let mut tx = test.db().system("companies of a test").await.unwrap();
        for (actor, count) in
            [(&people.member, 40_000), (&people.neighbour, 8_000), (&people.stranger, 8_000)]
        {
            let organization = actor.organization_id.unwrap().0;
            on!(tx, |c| sqlx::query(MANY)
                .bind(organization)
                .bind(actor.user_id.0)
                .bind(count)
                .execute(c)
                .await
                .map(drop))
            .unwrap();
        }
        tx.commit().await.unwrap();
        test.as_owner("ANALYZE").await.unwrap();
        let mut tx = test.db().scoped_read(&people.member).await.unwrap();
        let owners =
            format!("[\"{}\", \"{}\"]", people.member.user_id.0.simple(), people.organization().simple());
        for (name, bind, index) in [
            ("list::name_asc::ALL", Bound::Page(10), "companies_by_organization_name"),
            ("list::name_desc::ALL", Bound::Page(10), "companies_by_organization_name"),
            ("list::probability_asc::ALL", Bound::Page(10), "companies_by_organization_probability"),
            ("list::probability_desc::ALL", Bound::Page(10), "companies_by_organization_probability"),
            ("list::created_desc::ALL", Bound::Page(10), "companies_by_organization"),
            ("whole::name_asc::ORGANIZATION", Bound::Whole, "companies_by_organization_name"),
            ("whole::name_desc::ORGANIZATION", Bound::Whole, "companies_by_organization_name"),
            ("whole::probability_desc::ORGANIZATION", Bound::Whole, "companies_by_organization_probability"),
            ("whole::created_asc::ORGANIZATION", Bound::Whole, "companies_by_organization"),
            ("whole::symbol_asc::ORGANIZATION", Bound::Whole, "companies_symbol_organization"),
            ("list::name_asc::OTHERWISE", Bound::Found("%c4ca4238a0%", &owners), "company_search_words"),
            ("search::BEGINNING", Bound::Beginning("s4242%", &owners), "company_search"),
            ("BY_SYMBOL", Bound::Symbol("S4242"), "companies_symbol_organization"),
        ] {
            let plan = plan(&mut tx, name, bind).await;
            assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
            // Parts that the caller has no claim to are planned, and not carried out.
            let read =
                plan.lines().find(|l| l.contains("Seq Scan on compan") && !l.contains("never executed"));
            assert!(read.is_none(), "{name} reads everything:\n{plan}");
        }
    });
}
