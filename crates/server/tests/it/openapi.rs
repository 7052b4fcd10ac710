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
