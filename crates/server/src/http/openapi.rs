//! The API document.

use utoipa::{
    Modify,
    openapi::{
        ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
        path::{Operation, ParameterIn},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::problem::{Detail, FieldProblem, TooOften, ValidationProblem};

/// Title, tags and the ways to authenticate; the operations come from the route table.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "AccuNode API",
        description = "Corporate default prediction: score companies one by one or as portfolio files.",
    ),
    components(schemas(Detail, TooOften, ValidationProblem, FieldProblem)),
    modifiers(&Bearer),
    tags(
        (name = "auth", description = "Signing in"),
        (name = "users", description = "People"),
        (name = "companies", description = "The companies that are scored"),
        (name = "predictions", description = "Scores of single companies"),
        (name = "score", description = "Scores that are not stored, and what would change them"),
        (name = "uploads", description = "Portfolio files, scored as jobs"),
        (name = "dashboard", description = "Figures of what is in sight"),
        (name = "grades", description = "The master scale that gives probabilities their grades"),
        (name = "models", description = "Models: which there are, and which are in use"),
        (name = "tenants", description = "Customers"),
        (name = "tenant_admins", description = "Who runs the customers"),
        (name = "organizations", description = "Departments of customers and their people"),
        (name = "api_keys", description = "Keys that machines sign in with"),
        (name = "audit_log", description = "Who did what, and whether the record is whole"),
        (name = "queue_admin", description = "Work in the background: what waits, who works, what died"),
        (name = "contact", description = "Messages to the operator"),
        (name = "scaling", description = "How many workers there are, and should be"),
        (name = "ops", description = "The running system"),
    )
)]
pub struct ApiDoc;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        openapi
            .components
            .get_or_insert_with(Default::default)
            .add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// Balancers ask these, often and from few addresses.
const UNCOUNTED: [&str; 2] = ["/health/live", "/health/ready"];

/// Adds the answers that any operation can give, where an operation does not describe its own.
pub fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            name(operation);
            let mut common = vec![
                ("500", "A failure inside", "Detail"),
                ("503", "Something that is needed is not there at the moment", "Detail"),
                ("504", "It took too long", "Detail"),
            ];
            if !UNCOUNTED.contains(&path.as_str()) {
                common.push(("429", "Asked too often", "TooOften"));
            }
            if operation.security.is_some() {
                common.push(("401", "Not signed in, or no longer", "Detail"));
                common.push(("403", "Not permitted", "Detail"));
            }
            if operation.request_body.is_some() {
                common.push(("400", "The request cannot be carried out or broke off", "Detail"));
                common.push(("413", "Larger than allowed", "Detail"));
                common.push(("422", "Fields that are not acceptable", "ValidationProblem"));
            }
            if operation.parameters.is_some() {
                common.push(("422", "Parameters that are not acceptable", "ValidationProblem"));
            }
            if names_something(operation) {
                common.push(("404", "Not there, or not in sight", "Detail"));
            }
            for (status, description, schema) in common {
                operation
                    .responses
                    .responses
                    .entry(status.to_owned())
                    .or_insert_with(|| answer(description, schema));
            }
        }
    }
}

/// Whether the path names an object.
fn names_something(operation: &Operation) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.into_iter().any(|p| matches!(p, RefOr::T(p) if p.parameter_in == ParameterIn::Path))
}

/// An identifier that is unique in the document: the handler's name after the feature's.
fn name(operation: &mut Operation) {
    let feature = operation.tags.as_ref().and_then(|tags| tags.first());
    if let (Some(feature), Some(handler)) = (feature, &operation.operation_id) {
        operation.operation_id = Some(format!("{feature}_{handler}"));
    }
}

fn answer(description: &str, schema: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    ResponseBuilder::new().description(description).content("application/json", content).build().into()
}
