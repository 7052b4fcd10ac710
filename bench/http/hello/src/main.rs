//! What the HTTP benchmark compares with: an axum server that says hello and does nothing else.
//! `hello ADDRESS:PORT`

use axum::{Router, routing::get};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8001".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, Router::new().route("/", get(|| async { "Hello, World!" }))).await
}
