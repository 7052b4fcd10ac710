//! Errors as answers: the one place where an error of a service becomes a status and a body.

use accunode_domain::{Error, FieldError};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Body of every error but validation errors.
#[derive(Debug, Serialize, ToSchema)]
pub struct Detail {
    /// One sentence for the person who asked.
    pub detail: String,
}

/// Body of an answer to who asks too often (429).
#[derive(Debug, Serialize, ToSchema)]
pub struct TooOften {
    /// `Rate limit exceeded`.
    pub error: String,
    /// One sentence.
    pub message: String,
    /// The limit, such as `30 per 1 minute`.
    pub detail: String,
    /// Seconds until the next try makes sense; also in the header `Retry-After`.
    pub retry_after: u64,
    /// Whom the limit counted, as a part of a hash.
    pub client_id: String,
}

/// Body of a validation error (422).
#[derive(Debug, Serialize, ToSchema)]
pub struct ValidationProblem {
    /// Always false.
    pub success: bool,
    /// `Validation failed`.
    pub error: String,
    /// One sentence.
    pub message: String,
    /// What is wrong, field by field.
    pub errors: Vec<FieldProblem>,
}

/// One field of a validation error.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The field's name.
    pub field: String,
    /// What is wrong and what is expected.
    pub message: String,
}

/// Why somebody may not, for the audit log: goes along with the answer, inside the program.
#[derive(Clone, Debug)]
pub struct Refusal(pub String);

/// A service's error on its way out. Handlers return it by `?`.
#[derive(Debug)]
pub struct ApiError(pub Error);

/// What handlers return.
pub type ApiResult<T> = Result<T, ApiError>;

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self.0 {
            Error::Invalid(fields) => validation(fields),
            Error::BadRequest(text) => detail(StatusCode::BAD_REQUEST, text),
            Error::Unauthorized(text) => {
                let mut response = detail(StatusCode::UNAUTHORIZED, text);
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                response
            }
            Error::Forbidden(text) => {
                let refusal = Refusal(text.clone());
                let mut response = detail(StatusCode::FORBIDDEN, text);
                response.extensions_mut().insert(refusal);
                response
            }
            Error::NotFound(text) => detail(StatusCode::NOT_FOUND, text),
            Error::Conflict(text) => detail(StatusCode::CONFLICT, text),
            Error::TooLarge(text) => detail(StatusCode::PAYLOAD_TOO_LARGE, text),
            Error::TooManyRequests { retry_after, limit, client } => too_often(retry_after, limit, client),
            Error::Unavailable(text) => detail(StatusCode::SERVICE_UNAVAILABLE, text),
            Error::Internal(source) => {
                // The text stays in the log: it may hold SQL or a path.
                tracing::error!(error = %source, "request failed inside");
                detail(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error".to_owned())
            }
        }
    }
}

fn detail(status: StatusCode, detail: String) -> Response {
    (status, Json(Detail { detail })).into_response()
}

fn too_often(retry_after: u64, limit: String, client_id: String) -> Response {
    let body = TooOften {
        error: "Rate limit exceeded".to_owned(),
        message: format!("Too many requests: try again in {retry_after} seconds"),
        detail: limit,
        retry_after,
        client_id,
    };
    let mut response = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
    response
}

fn validation(fields: Vec<FieldError>) -> Response {
    let errors = fields.into_iter().map(|f| FieldProblem { field: f.field, message: f.message }).collect();
    let body = ValidationProblem {
        success: false,
        error: "Validation failed".to_owned(),
        message: "Please correct the marked fields and try again".to_owned(),
        errors,
    };
    (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
}

/// Gives the framework's own refusals (unknown path, wrong method, body over the limit) the common shape.
#[must_use]
pub fn uniform(response: Response) -> Response {
    let status = response.status();
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().starts_with(b"application/json"));
    if !(status.is_client_error() || status.is_server_error()) || is_json {
        return response;
    }
    let text = match status {
        StatusCode::NOT_FOUND => "Not Found",
        StatusCode::METHOD_NOT_ALLOWED => "Method Not Allowed",
        StatusCode::PAYLOAD_TOO_LARGE => "The request is larger than allowed",
        StatusCode::GATEWAY_TIMEOUT => "The request took too long",
        _ => status.canonical_reason().unwrap_or("Error"),
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = serde_json::json!({ "detail": text }).to_string();
    Response::from_parts(parts, body.into())
}
