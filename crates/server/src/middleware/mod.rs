//! What happens to every request, one concern a file.

mod cors;
mod denials;
mod headers;
mod panic;
mod rates;
mod request;
mod trailing_slash;

pub use cors::cors;
pub use headers::headers;
pub use panic::panicked;
pub use request::request;
