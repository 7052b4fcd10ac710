//! A handler that panicked: a defect, answered as any other failure inside.

use std::any::Any;

use accunode_domain::Error;
use axum::response::{IntoResponse, Response};

use crate::http::problem::ApiError;

/// The answer; what the panic said goes to the log.
#[allow(clippy::needless_pass_by_value)] // the layer's signature
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    ApiError(Error::internal(format!("a handler panicked: {text}"))).into_response()
}
