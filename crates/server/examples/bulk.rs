//! How fast rows of files are stored, beside a plain loop of inserts of the same rows into the same tables:
//!
//! ```sh
//! DATABASE_URL=postgres://… cargo run --release -p accunode-server --example bulk -- [ROWS] [CHUNK] [AT ONCE]
//! ```
//!
//! The database is migrated and gets a new tenant with two organizations, one for each way; it keeps what is stored, so
//! take one that nobody needs. Scores are worked out before the clock runs. Chunks are committed one by one, as many at
//! the same time as said; every company has five rows, and its rows stand together.
#![allow(clippy::print_stdout)] // what it is for

use std::{error::Error, sync::Arc, time::Instant};

use accunode_db::{BulkInsert, Clock, Column, Db, Options, Timestamp};
use accunode_domain::{Actor, Kind, MasterScale, OrganizationId, Period, Ratio, Role, TenantId, UserId};
use accunode_scoring::{Bundle, Score};
use accunode_server::{
    features::{
        grades::service::Scale,
        predictions::service::{Batch, Owner, score, store_batch},
    },
    models::Models,
};
use accunode_sheets::Record;
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const ROWS_OF_A_COMPANY: u16 = 5;

/// Scored rows, each with its number.
type Chunk = (Vec<(Option<i64>, Record)>, Vec<Score>);

fn chunks(bundle: &Bundle, rows: usize, size: usize) -> Outcome<Vec<Arc<Chunk>>> {
    let record = |n: usize| {
        let (company, year) = (n / usize::from(ROWS_OF_A_COMPANY), n % usize::from(ROWS_OF_A_COMPANY));
        let ratio = |i: usize| Ratio::Value(((n * 31 + i * 17) % 997) as f64 / 10.0 - 20.0);
        Record {
            kind: Kind::Annual,
            symbol: format!("S{company}"),
            name: format!("Company {company} of a large file"),
            market_cap: Some(100.0 + (company % 5_000) as f64),
            sector: "Industrials".to_owned(),
            period: Period { year: 2_020 + u16::try_from(year).unwrap_or(0), quarter: None },
            ratios: (0..Kind::Annual.ratios().len()).map(ratio).collect(),
            sentinel: vec![false; Kind::Annual.ratios().len()],
        }
    };
    let mut made = Vec::new();
    for from in (0..rows).step_by(size) {
        let numbered: Vec<_> =
            (from..rows.min(from + size)).map(|n| (i64::try_from(n).ok(), record(n))).collect();
        let scores = score(bundle, &numbered)?;
        made.push(Arc::new((numbered, scores)));
    }
    Ok(made)
}

/// A tenant with two analysts, each alone in an organization.
async fn people(db: &Db, now: Timestamp) -> Outcome<[Actor; 2]> {
    let tenant = TenantId::new();
    let text = |value: String| Column::Text(vec![value]);
    let mut tx = db.system("people of a benchmark").await?;
    let made = |table: &'static str, id: Uuid| {
        BulkInsert::into(table)
            .column("id", Column::Uuid(vec![id]))
            .column("created_at", Column::Time(vec![now]))
    };
    let insert = made("tenants", tenant.0).column("name", text(tenant.to_string()));
    insert.column("slug", text(tenant.to_string())).execute(&mut tx, "").await?;
    let people = [(); 2].map(|()| Actor {
        user_id: UserId::new(),
        role: Role::OrgMember,
        tenant_id: Some(tenant),
        organization_id: Some(OrganizationId::new()),
        limited_to: None,
    });
    for actor in &people {
        let (id, place) = (actor.user_id.0, actor.organization_id.map_or(Uuid::nil(), |o| o.0));
        let insert = made("organizations", place).column("tenant_id", Column::Uuid(vec![tenant.0]));
        let insert = insert.column("name", text(place.to_string())).column("slug", text(place.to_string()));
        insert.column("join_token", text(place.to_string())).execute(&mut tx, "").await?;
        let insert = made("users", id).column("email", text(format!("{id}@example.org")));
        let insert =
            insert.column("username", text(id.to_string())).column("password_hash", text("none".to_owned()));
        let insert = insert.column("role", text(actor.role.as_str().to_owned()));
        let insert = insert.column("tenant_id", Column::Uuid(vec![tenant.0]));
        insert.column("organization_id", Column::Uuid(vec![place])).execute(&mut tx, "").await?;
    }
    tx.commit().await?;
    Ok(people)
}

/// The rows as they are, companies first: what a loop of inserts does that knows nothing of what is there.
async fn plain(
    db: &Db,
    actor: &Actor,
    bundle: &Bundle,
    scale: &Scale,
    chunk: &Chunk,
    now: Timestamp,
) -> Outcome<()> {
    let (rows, scores) = chunk;
    let (owner, place) = (actor.user_id.0, actor.organization_id.map(|o| o.0));
    let firsts: Vec<&Record> =
        rows.iter().step_by(ROWS_OF_A_COMPANY.into()).map(|(_, record)| record).collect();
    let ids: Vec<Uuid> = firsts.iter().map(|_| Uuid::now_v7()).collect();
    let (companies, n) = (firsts.len(), rows.len());
    let text = |f: fn(&Record) -> &String| Column::Text(firsts.iter().map(|r| f(r).clone()).collect());
    let same = |value: &str, n: usize| Column::Text(vec![value.to_owned(); n]);
    let mut tx = db.system("the inserts that a benchmark compares with").await?;
    BulkInsert::into("companies")
        .column("id", Column::Uuid(ids.clone()))
        .column("symbol", text(|r| &r.symbol))
        .column("name", text(|r| &r.name))
        .column("sector", text(|r| &r.sector))
        .column("market_cap", Column::OptF64(firsts.iter().map(|r| r.market_cap).collect()))
        .column("access_level", same("organization", companies))
        .column("organization_id", Column::OptUuid(vec![place; companies]))
        .column("created_by", Column::Uuid(vec![owner; companies]))
        .column("created_at", Column::Time(vec![now; companies]))
        .execute(&mut tx, "")
        .await?;
    let company = |row: usize| ids.get(row / usize::from(ROWS_OF_A_COMPANY)).copied().unwrap_or_default();
    let number = |f: fn(&Score) -> f64| Column::F64(scores.iter().map(f).collect());
    let mut insert = BulkInsert::into("annual_predictions")
        .column("id", Column::Uuid((0..n).map(|_| Uuid::now_v7()).collect()))
        .column("company_id", Column::Uuid((0..n).map(company).collect()))
        .column("organization_id", Column::OptUuid(vec![place; n]))
        .column("access_level", same("organization", n))
        .column("created_by", Column::Uuid(vec![owner; n]))
        .column("reporting_year", Column::I64(rows.iter().map(|(_, r)| r.period.year.into()).collect()))
        .column("probability", number(|s| s.probability))
        .column("raw_probability", number(|s| s.raw))
        .column("confidence", number(|s| s.confidence))
        .column("risk_level", Column::Text(scores.iter().map(|s| s.risk_level.as_str().to_owned()).collect()))
        .column(
            "grade",
            Column::Text(scores.iter().map(|s| scale.master.grade(s.probability).to_owned()).collect()),
        )
        .column("model_name", same(bundle.name(), n))
        .column("model_version", same(bundle.version(), n))
        .column("model_hash", same(bundle.hash(), n))
        .column("quality", same("[]", n))
        .column("source_row", Column::OptI64(rows.iter().map(|(number, _)| *number).collect()))
        .column("created_at", Column::Time(vec![now; n]));
    for (i, spec) in Kind::Annual.ratios().iter().enumerate() {
        let values = rows.iter().map(|(_, r)| r.ratios.get(i).and_then(|ratio| ratio.value()));
        insert = insert.column(spec.name, Column::OptF64(values.collect()));
    }
    insert.execute(&mut tx, "").await?;
    Ok(tx.commit().await?)
}

/// As the chunk of an upload is stored.
async fn stored(
    db: &Db,
    actor: &Actor,
    bundle: &Bundle,
    scale: &Scale,
    chunk: &Chunk,
    now: Timestamp,
) -> Outcome<()> {
    let (rows, scores) = chunk;
    let owner = Owner::of(actor);
    let batch = Batch {
        kind: Kind::Annual,
        owner,
        upload: None,
        rows,
        scores,
        bundle,
        scale,
        update_companies: true,
    };
    let mut tx = db.scoped(actor).await?;
    let made = store_batch(&mut tx, &batch, now).await?;
    if made.iter().any(Option::is_none) {
        return Err("a row was taken for a duplicate".into());
    }
    Ok(tx.commit().await?)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let rows = numbers.next().transpose()?.unwrap_or(100_000).max(1);
    let size = numbers.next().transpose()?.unwrap_or(5_000).next_multiple_of(ROWS_OF_A_COMPANY.into());
    let at_once = numbers.next().transpose()?.unwrap_or(2).max(1);
    let url =
        std::env::var("DATABASE_URL").map_err(|_| "DATABASE_URL must name a database that nobody needs")?;
    Db::migrate(&url).await?;
    let db = Db::connect(&url, &Options::default()).await?;
    let now = Clock::system().now();
    let people = people(&db, now).await?;
    let bundle = Models::shipped()?.get(Kind::Annual);
    let scale = Scale { id: None, master: Arc::new(MasterScale::built_in()) };
    let chunks = chunks(&bundle, rows, size)?;
    let mut rates = Vec::new();
    for (actor, as_uploads) in people.iter().zip([false, true]) {
        let began = Instant::now();
        let mut tasks = Vec::new();
        for mine in chunks.chunks(chunks.len().div_ceil(at_once)) {
            let (db, actor, bundle, scale) = (db.clone(), actor.clone(), Arc::clone(&bundle), scale.clone());
            let mine = mine.to_vec();
            tasks.push(tokio::spawn(async move {
                for chunk in mine {
                    if as_uploads {
                        stored(&db, &actor, &bundle, &scale, &chunk, now).await?;
                    } else {
                        plain(&db, &actor, &bundle, &scale, &chunk, now).await?;
                    }
                }
                Outcome::Ok(())
            }));
        }
        for task in tasks {
            task.await??;
        }
        let seconds = began.elapsed().as_secs_f64();
        rates.push(rows as f64 / seconds);
        let way = if as_uploads { "as uploads" } else { "plain loop" };
        println!("{way}: {rows} rows in {seconds:.2} s, {:.0} rows/s", rows as f64 / seconds);
    }
    if let [plain, uploads] = rates[..] {
        println!("ratio: {:.2}", uploads / plain);
    }
    Ok(())
}
