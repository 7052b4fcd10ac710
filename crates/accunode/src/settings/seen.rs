//! Settings of what others see of a process: its metrics, and its end.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Result, ensure};

use super::parsed;

/// The longest that a server may go on answering once it was asked to stop.
const LONGEST_DRAIN: u64 = 300;

/// What others see of a process.
#[derive(Clone, Copy, Debug)]
pub struct SeenSettings {
    /// `METRICS_HOST` and `METRICS_PORT`: where metrics are served, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// `ACCUNODE_DRAIN_SECONDS`: for how long requests are still taken after SIGTERM.
    pub drain: Duration,
}

impl SeenSettings {
    /// Reads them.
    ///
    /// # Errors
    /// The variable that cannot be used, and what is expected.
    pub fn read(get: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let host: IpAddr =
            parsed(get, "METRICS_HOST", "an address like 0.0.0.0", Ipv4Addr::LOCALHOST.into())?;
        let port: Option<u16> = match get("METRICS_PORT") {
            Some(text) if text == "off" => None,
            Some(_) => Some(parsed(get, "METRICS_PORT", "a port or off", 0)?),
            None => None,
        };
        let drain: u64 = parsed(get, "ACCUNODE_DRAIN_SECONDS", "a number of seconds", 1)?;
        ensure!(drain <= LONGEST_DRAIN, "ACCUNODE_DRAIN_SECONDS must be at most {LONGEST_DRAIN}");
        Ok(Self { metrics: port.map(|port| SocketAddr::new(host, port)), drain: Duration::from_secs(drain) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<SeenSettings> {
        SeenSettings::read(&|name: &str| {
            pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn metrics_are_off_until_a_port_is_given() {
        assert_eq!(read(&[]).unwrap().metrics, None);
        assert_eq!(read(&[("METRICS_PORT", "off")]).unwrap().metrics, None);
        let here = read(&[("METRICS_PORT", "9100")]).unwrap().metrics;
        assert_eq!(here, Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9_100))));
        let everywhere = read(&[("METRICS_PORT", "9100"), ("METRICS_HOST", "0.0.0.0")]).unwrap().metrics;
        assert_eq!(everywhere, Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 9_100))));
        assert!(read(&[("METRICS_PORT", "many")]).unwrap_err().to_string().contains("METRICS_PORT"));
        let long = read(&[("ACCUNODE_DRAIN_SECONDS", "301")]);
        assert!(long.unwrap_err().to_string().contains("ACCUNODE_DRAIN_SECONDS"));
    }
}
