use accunode_domain::Kind;
use accunode_scoring::{GOLDEN, archive};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use super::{app, changed, changed_files, imported};

on_both_engines! {
    async fn a_model_is_taken_in_and_not_yet_in_use(test: TestDb) {
        let (app, _) = app(test).await;
        let root = &app.people.super_admin;
        let model = imported(&app, root, &changed(Kind::Annual, "2.0.0", 0.3)).await;
        assert_eq!((model["version"].as_str(), model["in_use"].as_bool()), (Some("2.0.0"), Some(false)));
        assert_eq!((model["kind"].as_str(), model["origin"].as_str()), (Some("annual"), Some("imported")));
        assert_eq!(model["imported_by_email"], "super_admin@example.com");
        assert!(model["golden_rows"].as_i64().unwrap() >= 20);
        assert_eq!(app.state.models.get(Kind::Annual).version(), app.state.models.came(Kind::Annual).version());
        let entries = app.client(root).get_ok("/audit?action=model.import").await;
        assert_eq!(entries["entries"][0]["after"]["hash"], model["hash"]);
    }

    async fn the_same_again_is_refused(test: TestDb) {
        let (app, second) = app(test).await;
        let bytes = changed(Kind::Quarterly, "2.0.0", 0.3);
        imported(&app, &app.people.super_admin, &bytes).await;
        let kept_before = app.stored("models");
        let (status, body) = app.client(&second).post_file("/models", "file", "other.zip", &bytes).await;
        assert_eq!(status, StatusCode::CONFLICT, "{body}");
        // What ships is there already, too.
        let shipped = archive::pack(&accunode_scoring::shipped_files(Kind::Annual)).unwrap();
        let (status, body) = app.client(&second).post_file("/models", "file", "s.zip", &shipped).await;
        assert_eq!(status, StatusCode::CONFLICT, "{body}");
        assert_eq!(app.stored("models"), kept_before, "a refused file stays");
    }

    async fn what_is_wrong_is_named_and_nothing_stays(test: TestDb) {
        let (app, _) = app(test).await;
        let root = app.client(&app.people.super_admin);
        let kept_before = app.stored("models");
        let files = changed_files(Kind::Annual, "2.0.0", 0.3);
        let without = |name: &str| {
            let mut files = files.clone();
            files.remove(name);
            archive::pack(&files).unwrap()
        };
        let with = |name: &str, from: &str, to: &str| {
            let mut files = files.clone();
            let text = String::from_utf8(files[name].clone()).unwrap();
            assert!(text.contains(from), "{name} lacks {from}");
            files.insert(name.to_owned(), text.replacen(from, to, 1).into_bytes());
            archive::pack(&files).unwrap()
        };
        for (archive, text) in [
            (b"PK, or so it says".to_vec(), "the archive: is not a complete zip archive"),
            (without(GOLDEN), "golden.csv: is not in the archive"),
            (without("manifest.json"), "manifest.json: is not in the bundle"),
            (without("scorecard.json"), "scorecard.json: is not in the bundle"),
            (with("manifest.json", "\"weight\": 0.1", "\"weight\": 0.2"), "manifest.json, members: the weights sum to"),
            (with("scorecard.json", "\"intercept\"", "\"intercepts\""), "scorecard.json, line"),
            (with("lightgbm.txt", "leaf_value=", "leaf_value=x "), "lightgbm.txt, line"),
            (with(GOLDEN, "return_on_assets", "return"), "golden.csv, line 1: unknown column 'return'"),
            (with("manifest.json", "\"intercept\": 0.3", "\"intercept\": 0.31"), "golden.csv, line 2: probability is"),
        ] {
            let (status, body) = root.post_file("/models", "file", "model.zip", &archive).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{text}: {body}");
            assert!(body["detail"].as_str().unwrap().contains(text), "{body} lacks '{text}'");
        }
        let (status, body) = root.post_file("/models", "other", "model.zip", b"PK").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(root.get_ok("/models").await["total"], 2);
        assert_eq!(app.stored("models"), kept_before, "a refused file stays");
    }

    async fn nobody_else_imports(test: TestDb) {
        let (app, _) = app(test).await;
        let bytes = changed(Kind::Annual, "2.0.0", 0.3);
        let people = &app.people;
        for actor in [&people.tenant_admin, &people.org_admin, &people.member, &people.user] {
            let (status, _) = app.client(actor).post_file("/models", "file", "model.zip", &bytes).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{:?}", actor.role);
        }
        let (status, _) = app.anonymous().post_file("/models", "file", "model.zip", &bytes).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(app.client(&people.super_admin).get_ok("/models").await["total"], 2);
    }
}
