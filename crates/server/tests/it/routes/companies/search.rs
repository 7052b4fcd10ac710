use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use super::{added, one_each, see_the_systems, seen_by, stored, symbols};
use crate::{
    app::{Client, Limits, TestApp},
    routes::predictions::annual,
};

async fn named(client: &Client, symbol: &str, name: &str) {
    let mut body = crate::routes::companies::company(symbol);
    body["name"] = json!(name);
    let (status, body) = client.post("/companies", &body).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

/// As part of an address.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

on_both_engines! {
    async fn the_best_hits_come_first(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        for (symbol, name) in [("ZZ1", "Grand Ironworks"), ("ZZ2", "Iron Mills"), ("IRONX", "Other"), ("IRON", "First"), ("ZZ3", "Copper")] {
            named(&member, symbol, name).await;
        }
        assert_eq!(symbols(&member.get_ok("/companies/search?q=iron").await), ["IRON", "IRONX", "ZZ2", "ZZ1"]);
        // Two letters find beginnings of words alone.
        assert_eq!(symbols(&member.get_ok("/companies/search?q=ir").await), ["IRON", "IRONX", "ZZ2", "ZZ1"]);
        assert_eq!(symbols(&member.get_ok("/companies/search?q=mil").await), ["ZZ2"]);
        assert_eq!(symbols(&member.get_ok("/companies/search?q=on").await), [""; 0]);
        for q in ["q=", "q=%20", "q=a%00", ""] {
            assert_eq!(member.get(&format!("/companies/search?{q}")).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{q}");
        }
    }

    async fn there_are_at_most_twenty(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        for n in 0..25 {
            named(&member, &format!("S{n:02}"), "Somewhere Works").await;
        }
        named(&member, "SO", "Exactly").await;
        for (q, first) in [("so", "SO"), ("s", "S00"), ("somewhere", "S00")] {
            let hits = symbols(&member.get_ok(&format!("/companies/search?q={q}")).await);
            assert_eq!((hits.len(), hits[0].as_str()), (20, first), "{q}");
        }
    }

    async fn signs_of_the_engines_mean_nothing_but_themselves(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        named(&member, "A%B", "A \"quoted\" name_1 OR 1* [x]?").await;
        named(&member, "PLAIN", "Nothing of this").await;
        for q in ["a%25b", "%22quoted%22", "name_1", "OR%201*", "1*", "%25", "%22", "%5Bx%5D?", "%5B", "%5D", "*", "?"] {
            let list = symbols(&member.get_ok(&format!("/companies?search={q}")).await);
            assert_eq!(list, ["A%B"], "{q}");
        }
        for q in ["a%25", "a%25b", "%22quoted%22", "name_1"] {
            assert_eq!(symbols(&member.get_ok(&format!("/companies/search?q={q}")).await), ["A%B"], "{q}");
        }
        for q in ["AND", "NEAR(", "words%3A", "%5C", "'%3B--", "^", "-", "(", "NOT%20x%20NOT", "P?", "%5BP"] {
            assert_eq!(symbols(&member.get_ok(&format!("/companies?search={q}")).await), [""; 0], "{q}");
            assert_eq!(symbols(&member.get_ok(&format!("/companies/search?q={q}")).await), [""; 0], "{q}");
        }
    }

    async fn case_does_not_matter_in_any_alphabet(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        for (symbol, name) in [("AFR", "A Grande École"), ("FR", "École Centrale"), ("DE", "Straße Werke"), ("RU", "Юг Банк"), ("GR", "Ωμέγα Works")] {
            named(&member, symbol, name).await;
        }
        // However long the text is, and with whichever index that goes.
        for (text, found) in [("é", &["AFR", "FR"][..]), ("É", &["AFR", "FR"]), ("éC", &["AFR", "FR"]), ("ÉCOLE", &["AFR", "FR"]),
                              ("école c", &["FR"]), ("ß", &["DE"]), ("ASS", &[]), ("ю", &["RU"]), ("ЮГ", &["RU"]), ("БАНК", &["RU"]),
                              ("ω", &["GR"]), ("ΩΜ", &["GR"]), ("ωμΈ", &["GR"])] {
            let list = member.get_ok(&format!("/companies?search={}&sort_by=symbol", encoded(text))).await;
            assert_eq!(symbols(&list), found, "{text}");
            let file = member.text(&format!("/companies/export?format=csv&search={}", encoded(text))).await.1;
            assert_eq!(file.lines().count(), 1 + found.len(), "{text}: {file}");
        }
        // Names that begin so come first.
        for text in ["é", "É", "éC", "ÉCOLE"] {
            assert_eq!(symbols(&member.get_ok(&format!("/companies/search?q={}", encoded(text))).await), ["FR", "AFR"], "{text}");
        }
        for (symbol, name) in [("ÉA", "Other"), ("Z", "Éa Works")] {
            named(&member, symbol, name).await;
        }
        assert_eq!(symbols(&member.get_ok(&format!("/companies/search?q={}", encoded("éa"))).await), ["ÉA", "Z"]);
    }

    async fn nobody_finds_what_is_not_theirs(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        one_each(&app).await;
        see_the_systems(&app, true).await;
        for (name, actor) in app.people.all() {
            let client = app.client(actor);
            let seen = stored(&seen_by(&app, actor, true));
            // Every company is called the same, so all in sight are found.
            for query in ["/companies?search=example%20works&limit=100&sort_by=symbol", "/companies?search=ex&limit=100&sort_by=symbol"] {
                let body = client.get_ok(query).await;
                assert_eq!((symbols(&body), body["total"].as_u64().unwrap()), (seen.clone(), seen.len() as u64), "{name} {query}");
            }
            for q in ["example", "ex", "works"] {
                let mut hits = symbols(&client.get_ok(&format!("/companies/search?q={q}")).await);
                hits.sort();
                assert_eq!(hits, seen, "{name} {q}");
            }
            for (other, _) in app.people.all() {
                let symbol = other.to_uppercase();
                let (status, body) = client.get(&format!("/companies/search/{other}")).await;
                let expected = if seen.contains(&symbol) { StatusCode::OK } else { StatusCode::NOT_FOUND };
                assert_eq!(status, expected, "{name} looks for {other}: {body}");
                let hits = client.get_ok(&format!("/companies/search?q={other}")).await;
                assert_eq!(symbols(&hits).contains(&symbol), seen.contains(&symbol), "{name} types {other}");
            }
        }
    }

    async fn what_is_renamed_is_found_by_its_new_name_alone(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let id = added(&member, "XMP").await;
        assert_eq!(member.put(&format!("/companies/{id}"), &json!({ "name": "Quite Different" })).await.0, StatusCode::OK);
        assert_eq!(symbols(&member.get_ok("/companies?search=XMP%20works").await), [""; 0]);
        assert_eq!(symbols(&member.get_ok("/companies?search=differ").await), ["XMP"]);
        assert_eq!(member.delete(&format!("/companies/{id}")).await.0, StatusCode::OK);
        assert_eq!(symbols(&member.get_ok("/companies?search=differ").await), [""; 0]);
    }

    async fn of_several_of_a_symbol_the_nearest_is_given(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        see_the_systems(&app, true).await;
        added(&app.client(&people.super_admin), "SAME").await;
        let level = async |actor: &accunode_domain::Actor| {
            app.client(actor).get_ok("/companies/search/same").await["data"]["access_level"].clone()
        };
        assert_eq!(level(&people.member).await, "system");
        added(&app.client(&people.member), "same").await;
        assert_eq!(level(&people.member).await, "organization");
        assert_eq!(level(&people.super_admin).await, "system");
        assert_eq!(level(&people.tenant_admin).await, "organization");
        added(&app.client(&people.tenant_admin), "SAME").await;
        assert_eq!(level(&people.tenant_admin).await, "personal");
        let (status, _) = app.client(&people.user).get("/companies/search/SAME").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        app.client(&people.user).post("/predictions/annual", &annual("SAME")).await;
        assert_eq!(level(&people.user).await, "personal");
        let long = "X".repeat(21);
        for unlikely in ["NONE", "%00", long.as_str(), "%FF"] {
            let (status, body) = app.client(&people.member).get(&format!("/companies/search/{unlikely}")).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{unlikely}");
            assert!(body["detail"].is_string(), "{unlikely}: {body}");
        }
    }
}
