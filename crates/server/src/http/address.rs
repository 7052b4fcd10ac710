//! The client's address, believed as far as proxies are trusted.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{extract::ConnectInfo, http::request::Parts};

/// The client's address behind `proxies` trusted proxies: each of them appended to `X-Forwarded-For` whom it
/// heard from, so the address is that many from the right; what stands further left is the client's own
/// invention. Without proxies it is the connection's.
pub fn of(parts: &Parts, proxies: usize) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip().to_canonical());
    if proxies == 0 {
        return peer;
    }
    let lines = parts.headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
    let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let hop = hops.len().checked_sub(proxies).map(|at| hops[at]);
    hop.and_then(read).or(peer)
}

/// An address with or without a port.
fn read(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|a| a.ip());
    text.parse().ok().or_else(with_port).map(|a: IpAddr| a.to_canonical())
}

/// What one client can send from: an IPv4 address, or the 64 bits of an IPv6 network.
#[must_use]
pub fn network(address: Option<&str>) -> String {
    let address = address.unwrap_or("unknown");
    match address.parse() {
        Ok(IpAddr::V6(v6)) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).to_string(),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn address(forwarded: &[&str], proxies: usize) -> Option<String> {
        let mut request = Request::builder();
        for line in forwarded {
            request = request.header("x-forwarded-for", *line);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 9], 4711))));
        of(&parts, proxies).map(|a| a.to_string())
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let network = |address| network(Some(address));
        assert_eq!(network("2001:db8:1:2:aaaa::1"), network("2001:db8:1:2:bbbb::2"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("203.0.113.7"), "203.0.113.7");
    }

    #[test]
    fn only_what_trusted_proxies_wrote_counts() {
        let invented = ["1.1.1.1, 203.0.113.7", "10.0.0.1"];
        assert_eq!(address(&invented, 0).as_deref(), Some("10.0.0.9"));
        assert_eq!(address(&invented, 1).as_deref(), Some("10.0.0.1"));
        assert_eq!(address(&invented, 2).as_deref(), Some("203.0.113.7"));
        assert_eq!(address(&[], 2).as_deref(), Some("10.0.0.9"));
        assert_eq!(address(&["nonsense"], 1).as_deref(), Some("10.0.0.9"));
        assert_eq!(address(&["[2001:db8::1]:443"], 1).as_deref(), Some("2001:db8::1"));
    }
}
