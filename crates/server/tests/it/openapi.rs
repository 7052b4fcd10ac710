//! The API document is part of the contract: a change of it is a change that somebody reads.

use std::{fs, path::Path};

#[test]
fn the_document_is_the_committed_one() {
    let document = accunode_server::router::openapi().to_pretty_json().unwrap();
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json"));
    let committed = fs::read_to_string(path).unwrap();
    assert_eq!(committed.trim_end(), document, "run `make openapi` and look at the difference");
}

#[test]
fn every_operation_says_how_it_is_protected() {
    let document = serde_json::to_value(accunode_server::router::openapi()).unwrap();
    let public = [
        "/",
        "/health",
        "/health/live",
        "/health/ready",
        "/api/v1/auth/login",
        "/api/v1/auth/register",
        "/api/v1/auth/logout",
        "/api/v1/auth/forgot-password",
        "/api/v1/auth/reset-password",
        "/api/v1/contact/submit",
    ];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let protected = operation["security"][0]["bearer"].is_array();
            assert_eq!(protected, !public.contains(&path.as_str()), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            assert!(operation["tags"][0].is_string(), "{method} {path} has no tag");
        }
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = serde_json::to_value(accunode_server::router::openapi()).unwrap();
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    let mut names: Vec<&str> = operations.map(|o| o["operationId"].as_str().unwrap()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// The type of a body's member in the document.
fn member(schema: &str, name: &str) -> serde_json::Value {
    let document = serde_json::to_value(accunode_server::router::openapi()).unwrap();
    document["components"]["schemas"][schema]["properties"][name].clone()
}

#[test]
fn members_that_may_be_null_are_described_so() {
    for name in ["include_predictions", "include_companies", "include_errors"] {
        assert_eq!(member("Include", name)["type"], serde_json::json!(["boolean", "null"]), "{name}");
    }
}

/// Whoever reads a stream reads one event after the other: a text is not what one is.
#[test]
fn a_stream_is_described_by_its_events() {
    let document = serde_json::to_value(accunode_server::router::openapi()).unwrap();
    let answer = &document["paths"]["/api/v1/predictions/jobs/{id}/events"]["get"]["responses"]["200"];
    let schema = &answer["content"]["text/event-stream"]["schema"]["$ref"];
    assert_eq!(schema, "#/components/schemas/UploadEvent");
    assert_eq!(member("UploadEvent", "data")["contentMediaType"], "application/json");
}

#[test]
fn addresses_and_new_passwords_are_described_as_such() {
    let addresses = [("Register", "email"), ("NewUser", "email"), ("TenantWithAdmin", "admin_email")];
    for (schema, name) in addresses {
        assert_eq!(member(schema, name)["format"], "email", "{schema} {name}");
    }
    let passwords = [("Register", "password"), ("NewUser", "password"), ("ResetPassword", "new_password")];
    for (schema, name) in passwords {
        let described = member(schema, name);
        let length = (described["minLength"].as_u64(), described["maxLength"].as_u64());
        assert_eq!(length, (Some(8), Some(1_024)), "{schema} {name}");
    }
}

/// Of two shapes of one name the document would show one, and nobody would say so.
#[test]
fn every_shape_has_a_name_of_its_own() {
    let mut names: Vec<String> = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for (at, _) in text.match_indices("ToSchema)]").chain(text.match_indices("ToSchema, ")) {
                names.extend(shape_behind(&text[at..]));
            }
        }
    }
    names.sort();
    assert!(names.len() > 100, "{names:?}");
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// The name under which the type behind a derivation stands in the document.
fn shape_behind(text: &str) -> Option<String> {
    for line in text.lines().skip(1).map(str::trim) {
        if let Some((_, name)) = line.split_once("schema(as = ") {
            return Some(name.split([',', ')']).next()?.to_owned());
        }
        let item = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        if let Some(rest) = item.strip_prefix("struct ").or_else(|| item.strip_prefix("enum ")) {
            return Some(rest.split(|c: char| !c.is_alphanumeric()).next()?.to_owned());
        }
        if !(line.starts_with("#[") || line.starts_with("//")) {
            return None;
        }
    }
    None
}
