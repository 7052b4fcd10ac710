//! Repeating stored predictions, and packing bundles, as the commands are run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)] // tests

use std::process::Command;

use accunode_db::{BulkInsert, Column, Timestamp};
use accunode_domain::{CompanyId, Kind, MasterScale, PredictionId, Ratio};
use accunode_scoring::{Bundle, shipped};
use accunode_testkit::{People, TestDb, on_both_engines};

/// The exit code of `accunode model replay`, and what it prints.
fn replay(test: &TestDb, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_accunode"))
        .args(["model", "replay", "--data-dir"])
        .arg(folder.path())
        .args(arguments)
        .env("DATABASE_URL", test.url())
        .env("SECRET_KEY", "a secret for tests, of 32 bytes or more")
        .env_remove("REDIS_URL")
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

/// What a stored row of a test differs by from what the model says.
#[derive(Clone, Copy, Default)]
struct Changes {
    probability: f64,
    grade: Option<&'static str>,
    hash: Option<&'static str>,
    earlier: bool,
}

/// Stores annual predictions of one company, each with an earlier version where the changes ask for it.
async fn store(test: &TestDb, people: &People, rows: &[(Vec<Ratio>, Changes)]) {
    let bundle = shipped(Kind::Annual).unwrap();
    let now = Timestamp::from_unix_seconds(1_780_000_000);
    let mut tx = test.db().system("predictions of a test").await.unwrap();
    let company = CompanyId::new().0;
    let user = people.user.user_id.0;
    let text = |text: &str| Column::Text(vec![text.to_owned()]);
    let insert = BulkInsert::into("companies").column("id", Column::Uuid(vec![company]));
    let insert = insert.column("symbol", text(&company.to_string()[..18])).column("name", text("Example"));
    let insert = insert.column("sector", text("Sector")).column("access_level", text("personal"));
    let insert =
        insert.column("created_by", Column::Uuid(vec![user])).column("created_at", Column::Time(vec![now]));
    insert.execute(&mut tx, "").await.unwrap();
    for (i, (ratios, changes)) in rows.iter().enumerate() {
        let id = PredictionId::new().0;
        let year = 2_000 + i64::try_from(i).unwrap();
        // Where the earlier version is the one that is changed, the present one is sound.
        let present = if changes.earlier { Changes::default() } else { *changes };
        let insert = scored("annual_predictions", &bundle, ratios, present, year);
        let insert =
            insert.column("id", Column::Uuid(vec![id])).column("company_id", Column::Uuid(vec![company]));
        let insert =
            insert.column("access_level", text("personal")).column("created_by", Column::Uuid(vec![user]));
        insert.column("created_at", Column::Time(vec![now])).execute(&mut tx, "").await.unwrap();
        if changes.earlier {
            let insert = scored("annual_prediction_versions", &bundle, ratios, *changes, year);
            let insert = insert
                .column("prediction_id", Column::Uuid(vec![id]))
                .column("version", Column::I64(vec![1]));
            let insert = insert.column("scored_by", Column::Uuid(vec![user]));
            insert.column("scored_at", Column::Time(vec![now])).execute(&mut tx, "").await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

fn scored(table: &'static str, bundle: &Bundle, ratios: &[Ratio], changes: Changes, year: i64) -> BulkInsert {
    let score = bundle.score(ratios).unwrap();
    let text = |text: &str| Column::Text(vec![text.to_owned()]);
    let number = |x: f64| Column::F64(vec![x]);
    let bits =
        ratios.iter().enumerate().filter(|(_, r)| **r == Ratio::NotMeaningful).map(|(i, _)| 1 << i).sum();
    let mut insert = BulkInsert::into(table).column("reporting_year", Column::I64(vec![year]));
    for (spec, ratio) in Kind::Annual.ratios().iter().zip(ratios) {
        insert = insert.column(spec.name, Column::OptF64(vec![ratio.value()]));
    }
    let scale = MasterScale::built_in();
    let grade = changes.grade.unwrap_or_else(|| scale.grade(score.probability));
    let probability = if changes.probability == 0.0 { score.probability } else { changes.probability };
    insert
        .column("not_meaningful", Column::I64(vec![bits]))
        .column("probability", number(probability))
        .column("raw_probability", number(score.raw))
        .column("confidence", number(score.confidence))
        .column("risk_level", text(score.risk_level.as_str()))
        .column("grade", text(grade))
        .column("model_name", text(bundle.name()))
        .column("model_version", text(bundle.version()))
        .column("model_hash", text(changes.hash.unwrap_or(bundle.hash())))
        .column("quality", text("[]"))
}

fn sound() -> Vec<Ratio> {
    vec![Ratio::Value(25.5), Ratio::Value(2.3), Ratio::Missing, Ratio::NotMeaningful, Ratio::Value(6.8)]
}

on_both_engines! {
    async fn what_is_untouched_is_the_same_to_the_last_bit(test: TestDb) {
        let people = People::stored(test.db()).await;
        let row = |x: f64| (vec![Ratio::Value(x), Ratio::Value(x / 3.0), Ratio::Missing, Ratio::Value(-x), Ratio::NotMeaningful], Changes::default());
        let rows: Vec<_> = (0..40).map(|i| row(f64::from(i) * 1.1)).collect();
        store(&test, &people, &rows).await;
        let (code, text) = replay(&test, &[]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("predictions and earlier versions: 40, the same: 40, different: 0"), "{text}");
        for (arguments, count) in [(&["--kind", "quarterly"][..], 0), (&["--limit", "7"], 7), (&["--since", "2027-01-01"], 0),
                                   (&["--since", "2026-05-01", "--kind", "annual"], 40)] {
            let (code, text) = replay(&test, arguments);
            assert_eq!(code, Some(0), "{text}");
            assert!(text.contains(&format!("versions: {count},")), "{arguments:?}: {text}");
        }
        let (code, text) = replay(&test, &["--since", "lately"]);
        assert_eq!((code, text.contains("--since is 'lately'")), (Some(1), true), "{text}");
    }

    async fn whatever_differs_is_named(test: TestDb) {
        let people = People::stored(test.db()).await;
        let p = shipped(Kind::Annual).unwrap().score(&sound()).unwrap().probability;
        let missing = Changes { hash: Some("0123456789abcdef"), ..Changes::default() };
        store(&test, &people, &[(sound(), Changes::default()), (sound(), missing)]).await;
        let (code, text) = replay(&test, &[]);
        assert_eq!(code, Some(3), "{text}");
        assert!(text.contains("MISSING model 0123456789abcdef of 1 predictions: no model of this hash"), "{text}");
        // One bit of a present number, and a grade of an earlier version.
        let bit = Changes { probability: p.next_up(), ..Changes::default() };
        let grade = Changes { grade: Some("A+"), earlier: true, ..Changes::default() };
        store(&test, &people, &[(sound(), bit), (sound(), grade)]).await;
        let (code, text) = replay(&test, &[]);
        assert_eq!(code, Some(1), "{text}");
        assert_eq!(text.matches("DIFFERENT annual").count(), 2, "{text}");
        assert!(text.contains(&format!("probability is stored as {} ({:016x})", p.next_up(), p.next_up().to_bits())), "{text}");
        assert!(text.contains("grade is stored as A+, but comes out as"), "{text}");
        assert!(text.contains("versions: 5, the same: 2, different: 2, without their model: 1"), "{text}");
    }
}

#[test]
fn a_folder_is_packed_if_it_answers_its_golden_rows() {
    let out = tempfile::tempdir().unwrap();
    let archive = out.path().join("annual.zip");
    let pack = |folder: &std::path::Path| {
        let command = Command::new(env!("CARGO_BIN_EXE_accunode"))
            .args(["model", "pack"])
            .arg(folder)
            .arg("--output")
            .arg(&archive)
            .output()
            .unwrap();
        (command.status.success(), String::from_utf8([command.stdout, command.stderr].concat()).unwrap())
    };
    let shipped_folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/annual"));
    let (well, text) = pack(shipped_folder);
    assert!(well, "{text}");
    let opened = accunode_scoring::archive::open(&std::fs::read(&archive).unwrap()).unwrap();
    assert_eq!(opened.bundle.hash(), shipped(Kind::Annual).unwrap().hash());
    std::fs::remove_file(&archive).unwrap();
    let folder = out.path().join("changed");
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(shipped_folder).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    let manifest = folder.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("-0.140197", "-0.150197");
    std::fs::write(&manifest, text).unwrap();
    let (well, text) = pack(&folder);
    assert!(!well && text.contains("golden.csv, line 2: probability is"), "{text}");
    assert!(!archive.exists());
}
