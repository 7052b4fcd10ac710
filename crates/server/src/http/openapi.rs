//! The API document.

use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::problem::{Detail, FieldProblem, ValidationProblem};

/// Title, tags and the ways to authenticate; the operations come from the route table.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "AccuNode API",
        description = "Corporate default prediction: score companies one by one or as portfolio files.",
    ),
    components(schemas(Detail, ValidationProblem, FieldProblem)),
    modifiers(&Bearer),
    tags(
        (name = "auth", description = "Signing in"),
        (name = "users", description = "People"),
        (name = "predictions", description = "Scores of single companies"),
        (name = "uploads", description = "Portfolio files, scored as jobs"),
        (name = "audit_log", description = "Who did what, and whether the record is whole"),
        (name = "contact", description = "Messages from the contact form"),
        (name = "ops", description = "The running system"),
    )
)]
pub struct ApiDoc;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        openapi
            .components
            .get_or_insert_with(Default::default)
            .add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}
