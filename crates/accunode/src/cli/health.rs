//! `accunode health`: asks the server of this machine whether it answers; an image without a shell has nothing else.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use clap::Args;

const LIMIT: Duration = Duration::from_secs(4);

/// Which server.
#[derive(Args)]
pub struct HealthArgs {
    /// Port that it listens on, on this machine.
    #[arg(long, env = "PORT", default_value_t = 8000, value_name = "PORT")]
    port: u16,
}

/// Asks for `/health` and expects status 200.
///
/// # Errors
/// When nobody answers in time, or with another status.
pub fn run(args: &HealthArgs) -> Result<ExitCode> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let status = status(address).with_context(|| format!("no server answers at {address}"))?;
    ensure!(status == "200", "the server at {address} answers with status {status}");
    Ok(ExitCode::SUCCESS)
}

fn status(address: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut start = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut start)?;
    let start = String::from_utf8_lossy(&start);
    Ok(start.strip_prefix("HTTP/1.1 ").context("this is no HTTP/1.1")?.to_owned())
}
