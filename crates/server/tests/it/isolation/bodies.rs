//! Bodies that the operations take.

use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{Relation, World};

fn fresh() -> String {
    Uuid::new_v4().simple().to_string()
}

pub fn address(_: &World, _: Relation) -> Value {
    json!({ "email": format!("{}@example.com", fresh()) })
}

pub fn names(_: &World, _: Relation) -> Value {
    json!({ "full_name": "Another Name" })
}

pub fn role(_: &World, _: Relation) -> Value {
    json!({ "role": "user" })
}

pub fn member_role(_: &World, _: Relation) -> Value {
    json!({ "role": "org_admin" })
}

pub fn new_person(_: &World, _: Relation) -> Value {
    json!({ "email": format!("{}@example.com", fresh()), "password": "correct horse 1", "role": "user" })
}

/// What the creator's own place makes possible: `POST /users` takes no plain user from an org_admin.
pub fn new_colleague(world: &World, _: Relation) -> Value {
    let role = if world.caller.actor.organization_id.is_some() { "org_member" } else { "user" };
    json!({
        "email": format!("{}@example.com", fresh()), "username": fresh(), "password": "correct horse 1",
        "role": role
    })
}

pub fn new_place(_: &World, _: Relation) -> Value {
    json!({ "name": format!("Place {}", fresh()) })
}

pub fn described(_: &World, _: Relation) -> Value {
    json!({ "description": "Another description" })
}

pub fn new_tenant(_: &World, _: Relation) -> Value {
    json!({
        "tenant_name": format!("Tenant {}", fresh()), "admin_email": format!("{}@example.com", fresh()),
        "admin_password": "correct horse 1", "admin_first_name": "First", "admin_last_name": "Admin"
    })
}

pub fn their_tenant(world: &World, relation: Relation) -> Value {
    json!({
        "user_email": world.person(relation).unwrap().email,
        "tenant_id": world.place(relation).unwrap().tenant.unwrap()
    })
}

pub fn their_organization(world: &World, relation: Relation) -> Value {
    json!({
        "user_email": world.person(relation).unwrap().email,
        "organization_id": world.place(relation).unwrap().organization, "role": "org_member"
    })
}

pub fn their_member(world: &World, relation: Relation) -> Value {
    json!({ "user_id": world.person(relation).unwrap().actor.user_id })
}

pub fn company(_: &World, _: Relation) -> Value {
    json!({ "symbol": fresh()[..16], "name": "Example Works", "market_cap": 1.0, "sector": "Sector" })
}

pub fn sector(_: &World, _: Relation) -> Value {
    json!({ "sector": "Another Sector" })
}

/// Holds what each of the three operations asks for.
pub fn scored(world: &World, relation: Relation) -> Value {
    let row = annual(world, relation);
    json!({
        "kind": "annual", "rows": [row], "explain": true, "base": row, "risk_level": "HIGH",
        "changes": { "return_on_assets": 2.0 }
    })
}

pub fn annual(_: &World, _: Relation) -> Value {
    json!({
        "company_symbol": fresh()[..16], "company_name": "Example Works", "market_cap": 1.0, "sector": "Sector",
        "reporting_year": "2024", "long_term_debt_to_total_capital": 1.0, "total_debt_to_ebitda": 1.0,
        "net_income_margin": 1.0, "ebit_to_interest_expense": 1.0, "return_on_assets": 1.0
    })
}

pub fn quarterly(_: &World, _: Relation) -> Value {
    json!({
        "company_symbol": fresh()[..16], "company_name": "Example Works", "market_cap": 1.0, "sector": "Sector",
        "reporting_year": "2024", "reporting_quarter": "Q1", "total_debt_to_ebitda": 1.0, "sga_margin": 1.0,
        "long_term_debt_to_total_capital": 1.0, "return_on_capital": 1.0
    })
}

pub fn platform_too(_: &World, _: Relation) -> Value {
    json!({ "include_platform_stats": true })
}

pub fn their_scale(world: &World, relation: Relation) -> Value {
    json!({
        "grades": [{ "grade": "good", "upper": 0.05 }, { "grade": "bad", "upper": null }],
        "tenant_id": world.place(relation).unwrap().tenant.unwrap()
    })
}

pub fn everything(_: &World, _: Relation) -> Value {
    json!({ "include_predictions": true, "include_companies": true, "include_errors": true })
}

pub fn passwords(_: &World, _: Relation) -> Value {
    json!({ "current_password": "wrong horse 1", "new_password": "correct horse 2" })
}

pub fn key(_: &World, _: Relation) -> Value {
    json!({ "name": "a machine", "permissions": ["prediction.read"] })
}

pub fn why(_: &World, _: Relation) -> Value {
    json!({ "reason": "a test" })
}

pub fn token(_: &World, _: Relation) -> Value {
    json!({ "join_token": "unknown" })
}

/// For both what is asked for and what is set.
pub fn three_workers(_: &World, _: Relation) -> Value {
    json!({ "target_workers": 3, "max_workers": 13 })
}
