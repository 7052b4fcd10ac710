//! Settings of traces, under the names that every exporter of OTLP has.

use anyhow::{Result, bail};
use reqwest::Url;

use super::parsed;

/// Where traces go, and how many.
#[derive(Clone, Debug)]
pub struct TraceSettings {
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, else `v1/traces` below `OTEL_EXPORTER_OTLP_ENDPOINT`; none: no traces.
    pub endpoint: Option<Url>,
    /// `OTEL_SERVICE_NAME`.
    pub service: String,
    /// `OTEL_TRACES_SAMPLER_ARG`: which part of the traces that begin here is exported, 0 to 1.
    pub share: f64,
}

impl TraceSettings {
    /// Reads them.
    ///
    /// # Errors
    /// The variable that cannot be used, and what is expected.
    pub fn read(get: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let share = parsed(get, "OTEL_TRACES_SAMPLER_ARG", "a number from 0 to 1", 1.0)?;
        if !(0.0..=1.0).contains(&share) {
            bail!("OTEL_TRACES_SAMPLER_ARG must be from 0 to 1");
        }
        let service = get("OTEL_SERVICE_NAME").unwrap_or_else(|| "accunode".to_owned());
        Ok(Self { endpoint: endpoint(get)?, service, share })
    }
}

fn endpoint(get: &impl Fn(&str) -> Option<String>) -> Result<Option<Url>> {
    const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    const ALL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    let (name, url) = match (get(TRACES), get(ALL)) {
        (Some(url), _) => (TRACES, url),
        (None, Some(base)) => (ALL, format!("{}/v1/traces", base.trim_end_matches('/'))),
        (None, None) => return Ok(None),
    };
    let parsed =
        Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match parsed {
        // What is in the address of a request ends in logs on the way.
        Some(url) if !url.username().is_empty() || url.password().is_some() => {
            bail!("{name} holds a name or password: set OTEL_EXPORTER_OTLP_HEADERS in its place")
        }
        Some(url) => Ok(Some(url)),
        None => bail!("{name} cannot be read: an address like http://collector:4318 is expected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<TraceSettings> {
        TraceSettings::read(&|name: &str| {
            pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn there_are_traces_once_there_is_an_endpoint() {
        let off = read(&[("OTEL_SERVICE_NAME", "scores")]).unwrap();
        assert_eq!((off.endpoint, off.service.as_str(), off.share), (None, "scores", 1.0));
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
        let endpoint = read(&[base]).unwrap().endpoint.unwrap();
        assert_eq!(endpoint.as_str(), "http://collector:4318/v1/traces");
        let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.example.org/otlp");
        let endpoint = read(&[base, own]).unwrap().endpoint.unwrap();
        assert_eq!(endpoint.as_str(), "https://traces.example.org/otlp");
    }

    #[test]
    fn what_cannot_be_read_is_named_and_a_password_is_not_repeated() {
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://somebody:hunter2@collector:4318"),
            ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
            ("OTEL_TRACES_SAMPLER_ARG", "NaN"),
            ("OTEL_TRACES_SAMPLER_ARG", "all"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
        }
    }
}
