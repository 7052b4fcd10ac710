//! Who may do what to whom, for every operation of the route table: what each role may expect is read from the
//! permission matrix, so an operation that nobody has thought about fails here.

mod bodies;
mod table;
mod world;

use std::collections::BTreeSet;

use accunode_domain::{Reach, Role};
use accunode_testkit::{TestDb, on_both_engines};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::Value;

use crate::app::{Limits, TestApp};
use table::{Guard, Operation, TABLE};
use world::{Relation, World};

#[test]
fn every_operation_has_an_entry() {
    let document = serde_json::to_value(accunode_server::router::openapi()).unwrap();
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            routes.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let entries: BTreeSet<String> = TABLE.iter().map(|o| o.route.to_owned()).collect();
    assert_eq!(entries.len(), TABLE.len(), "an operation stands in the table twice");
    let missing: Vec<_> = routes.difference(&entries).collect();
    let gone: Vec<_> = entries.difference(&routes).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "without an entry: {missing:#?}\nno such route: {gone:#?}"
    );
}

on_both_engines! {
    async fn everybody_reaches_what_the_matrix_says_and_nothing_else(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let mut wrong = Vec::new();
        for operation in TABLE {
            for role in Role::ALL {
                probe(&app, operation, role, false, &mut wrong).await;
            }
        }
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    }

    async fn nobody_unknown_is_let_in(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let world = World::around(&app.state.db, Role::User).await;
        for operation in TABLE {
            let Guard::Permission(_) = operation.guard else { continue };
            let Some(target) = operation.target(&world, Relation::OtherTenant) else { continue };
            for token in [None, Some("x"), Some("acr_x"), Some("ack_x")] {
                let (status, _) = send(&app, token, operation, &target.path, target.body.as_ref()).await;
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{} with {token:?}", operation.route);
            }
        }
    }
}

/// PostgreSQL alone: every statement binds the scope of a super_admin, and still nobody gets past their tenancy.
#[test]
fn row_level_security_alone_lets_nothing_through() {
    accunode_testkit::block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let app = TestApp::with_widened_predicates(test).await;
        let mut wrong = Vec::new();
        for operation in TABLE {
            for role in [Role::User, Role::OrgMember, Role::OrgAdmin, Role::TenantAdmin] {
                probe(&app, operation, role, true, &mut wrong).await;
            }
        }
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    });
}

/// Tries one operation as one role on something in each relation.
async fn probe(app: &TestApp, operation: &Operation, role: Role, widened: bool, wrong: &mut Vec<String>) {
    let Guard::Permission(permission) = operation.guard else { return };
    let world = World::around(&app.state.db, role).await;
    let token = app.token(world.caller.actor.user_id, 0);
    let reach = role.reach(permission);
    // The world as it was last looked at, until somebody may have changed it.
    let mut seen = None;
    for relation in Relation::ALL {
        let Some(target) = operation.target(&world, relation) else { continue };
        let allowed = target
            .belongs
            .map_or(reach != Reach::No, |belongs| world.caller.actor.reaches(permission, &belongs));
        let before = match (allowed, seen.take()) {
            (true, _) => None,
            (false, None) => Some(watched(app, &world).await),
            (false, seen) => seen,
        };
        let (status, text) = send(app, Some(&token), operation, &target.path, target.body.as_ref()).await;
        let mut complain = |what: &str| {
            wrong
                .push(format!("{} as {role} on {relation:?}: {what}: {status} {text:.200}", operation.route));
        };
        let beyond_tenancy = !within_tenancy(role, relation);
        if allowed {
            // An operation may have a reason of its own to refuse, but not as if it were out of reach.
            let refused_by_rule = (operation.may_refuse
                && matches!(status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT))
                || operation.excused.contains(&status.as_u16());
            // With super_admin's predicates the second wall is what stops one from going beyond.
            let expected = status.is_success() || refused_by_rule || (widened && beyond_tenancy);
            if !expected {
                complain("should be let through");
            }
        } else if reach == Reach::No {
            if status != StatusCode::FORBIDDEN {
                complain("lacks the permission");
            }
        } else if !matches!(status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) {
            complain("is out of reach");
        }
        if let Some(before) = before {
            let after = watched(app, &world).await;
            if after != before {
                complain("something has changed");
            }
            seen = Some(after);
        }
        for shown in Relation::ALL {
            let tenancy = within_tenancy(role, shown);
            let visible = if widened { tenancy } else { tenancy && operation.shows(role, shown) };
            // What the request itself names may be repeated.
            let named = shown == relation;
            if !visible && !named && text.contains(&world.marker(shown)) {
                complain(&format!("shows what is {shown:?}'s"));
            }
            if !visible && named && status.is_success() && text.contains(&world.marker(shown)) {
                complain(&format!("gives what is {shown:?}'s"));
            }
        }
    }
}

/// Whether something in this relation belongs to the role's own part of the world.
fn within_tenancy(role: Role, relation: Relation) -> bool {
    match role {
        Role::SuperAdmin => true,
        Role::TenantAdmin => {
            matches!(relation, Relation::Own | Relation::SameOrganization | Relation::SameTenant)
        }
        Role::OrgAdmin | Role::OrgMember => matches!(relation, Relation::Own | Relation::SameOrganization),
        Role::User => relation == Relation::Own,
    }
}

/// The rows of the world that operations change, as text.
async fn watched(app: &TestApp, world: &World) -> String {
    use accunode_db::on;
    // A column for each thing that an operation could change.
    const PEOPLE: &str = "SELECT username || '|' || COALESCE(full_name, '') || '|' || email || '|' || role || '|'
        || CASE WHEN is_active THEN 'on' ELSE 'off' END || CASE WHEN deleted_at IS NULL THEN '' ELSE ' closed' END
        || CASE WHEN organization_id IS NULL THEN ' nowhere' ELSE ' somewhere' END
        FROM users WHERE username LIKE $1 ORDER BY 1";
    const PLACES: &str =
        "SELECT name || '|' || slug || '|' || join_token || '|' || CAST(max_users AS TEXT) || '|'
        || default_role || CASE WHEN is_active THEN 'on' ELSE 'off' END
        || CASE WHEN archived_at IS NULL THEN '' ELSE ' archived' END
        || CASE WHEN allow_global_data_access THEN ' global' ELSE '' END
        FROM organizations WHERE slug LIKE $1 ORDER BY 1";
    const TENANTS: &str =
        "SELECT name || '|' || COALESCE(description, '') || CASE WHEN is_active THEN 'on' ELSE 'off' END
        || CASE WHEN archived_at IS NULL THEN '' ELSE ' archived' END
        FROM tenants WHERE slug LIKE $1 ORDER BY 1";
    const LISTS: &str =
        "SELECT o.name || '|' || w.email || '|' || w.status FROM organization_member_whitelist w
        JOIN organizations o ON o.id = w.organization_id WHERE o.slug LIKE $1 ORDER BY 1";
    const KEYS: &str = "SELECT name || CASE WHEN revoked_at IS NULL THEN ' live' ELSE ' revoked' END
        FROM api_keys WHERE name LIKE $1 ORDER BY 1";
    const SCALES: &str = "SELECT t.slug || '|' || CAST(s.version AS TEXT) FROM master_scales s
        JOIN tenants t ON t.id = s.tenant_id WHERE t.slug LIKE $1 ORDER BY 1";
    const COMPANIES: &str =
        "SELECT name || '|' || symbol || '|' || sector FROM companies WHERE name LIKE $1 ORDER BY 1";
    const PREDICTIONS: &str =
        "SELECT c.name || '|' || c.symbol || '|' || CAST(p.version AS TEXT) FROM companies c
        JOIN (SELECT company_id, version FROM annual_predictions
              UNION ALL SELECT company_id, version FROM quarterly_predictions) p ON p.company_id = c.id
        WHERE c.name LIKE $1 ORDER BY 1";
    const UPLOADS: &str = "SELECT original_filename || '|' || status
        || CASE WHEN deleted_at IS NULL THEN '' ELSE ' deleted' END
        FROM bulk_upload_jobs WHERE original_filename LIKE $1 || '.csv' ORDER BY 1";
    const DEAD: &str = "SELECT status || '|' || worker FROM job WHERE worker LIKE $1 ORDER BY 1";
    let mut tx = app.state.db.system_read("look at a test's world").await.unwrap();
    let mut found = Vec::new();
    for sql in [UPLOADS, PEOPLE, PLACES, TENANTS, LISTS, KEYS, COMPANIES, PREDICTIONS, SCALES, DEAD] {
        let rows: Vec<String> =
            on!(tx, |c| sqlx::query_scalar(sql).bind(format!("%{}", world.tag)).fetch_all(c).await).unwrap();
        found.extend(rows);
    }
    found.join("\n")
}

async fn send(
    app: &TestApp,
    token: Option<&str>,
    operation: &Operation,
    path: &str,
    body: Option<&Value>,
) -> (StatusCode, String) {
    let method: Method = operation.route.split(' ').next().unwrap().parse().unwrap();
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = match (body, operation.form) {
        (_, true) => {
            const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n\
                company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,\
                long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,ebit_to_interest_expense,\
                return_on_assets,sga_margin,return_on_capital\nA,A,1,S,2020,Q1,1,1,1,1,1,1,1\n\r\n--b--\r\n";
            request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b").body(Body::from(FORM))
        }
        (Some(body), _) => {
            request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))
        }
        (None, _) => request.body(Body::empty()),
    };
    let response = app.anonymous().raw(request.unwrap()).await;
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}
