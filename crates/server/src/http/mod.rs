//! What every handler shares: errors as answers, who is calling, bodies, pages and the API document.

pub mod address;
pub mod auth;
pub mod body;
pub mod done;
pub mod form;
pub(crate) mod kept;
pub mod limits;
pub(crate) mod measured;
pub mod openapi;
pub mod paging;
pub mod problem;
pub mod static_web;
pub mod table;
