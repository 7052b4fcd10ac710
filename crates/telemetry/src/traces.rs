//! Which trace work belongs to: from a request to its jobs, and from process to process.
//!
//! The spans are those that log lines stand in. What of them leaves the process is for the exporter to say; while there
//! is none, everything here is one look at a flag.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::{
    Context, Value,
    trace::{SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The header of W3C's Trace Context by which a request says what it is part of.
pub const HEADER: &str = "traceparent";

static ON: AtomicBool = AtomicBool::new(false);

/// Says that spans are exported from now on.
pub fn begin() {
    ON.store(true, Ordering::Relaxed);
}

/// Whether spans are exported: ask before making what only a trace is told.
#[must_use]
pub fn on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Where the current span stands, as W3C writes it; none while nothing is exported.
#[must_use]
pub fn traceparent() -> Option<String> {
    if !on() {
        return None;
    }
    let context = Span::current().context();
    let span = context.span();
    let at = span.span_context();
    let flags = at.trace_flags() & TraceFlags::SAMPLED;
    at.is_valid().then(|| format!("00-{}-{}-{flags:02x}", at.trace_id(), at.span_id()))
}

/// Makes a span that has not been entered yet part of the trace that a `traceparent` names. One that is malformed is
/// ignored: the span begins a trace of its own.
pub fn follow(span: &Span, traceparent: &str) {
    if !on() {
        return;
    }
    if let Some(parent) = read(traceparent) {
        // It fails only where nothing records spans.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// Notes an attribute of a span for its trace alone: log lines do not have it.
pub fn note(span: &Span, name: &'static str, value: impl Into<Value>) {
    if on() {
        span.set_attribute(name, value);
    }
}

/// Notes an attribute of the current span: see [`note`].
pub fn note_here(name: &'static str, value: impl Into<Value>) {
    if on() {
        Span::current().set_attribute(name, value);
    }
}

/// Notes that what a span is about went wrong. Why stands in the log, never in the trace.
pub fn failed(span: &Span) {
    if on() {
        span.set_status(Status::error(""));
    }
}

/// `version-trace-span-flags` in small hexadecimal digits; versions after 00 may go on behind a dash.
fn read(text: &str) -> Option<SpanContext> {
    let digits = |part: Option<&str>, length: usize| {
        let part = part.filter(|part| part.len() == length)?;
        let hex = part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        hex.then(|| u128::from_str_radix(part, 16).ok()).flatten()
    };
    let mut parts = text.split('-');
    let version = digits(parts.next(), 2)?;
    let trace = digits(parts.next(), 32)?;
    let span = u64::try_from(digits(parts.next(), 16)?).ok()?;
    let flags = TraceFlags::new(u8::try_from(digits(parts.next(), 2)?).ok()?) & TraceFlags::SAMPLED;
    if version == 0xff || (version == 0 && parts.next().is_some()) {
        return None;
    }
    let (trace, span) = (TraceId::from(trace), SpanId::from(span));
    let parent = SpanContext::new(trace, span, flags, true, TraceState::default());
    parent.is_valid().then_some(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn a_traceparent_is_read() {
        let parent = read(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
        assert_eq!(
            (parent.trace_id().to_string(), parent.span_id().to_string()),
            (TRACE.into(), SPAN.into())
        );
        assert!(parent.is_remote() && parent.is_sampled());
        assert!(!read(&format!("00-{TRACE}-{SPAN}-00")).unwrap().is_sampled());
        assert!(read(&format!("cc-{TRACE}-{SPAN}-01-what-comes-later")).is_some());
    }

    #[test]
    fn what_is_malformed_is_none() {
        let (no_trace, no_span) = ("0".repeat(32), "0".repeat(16));
        for bad in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{no_trace}-{SPAN}-01"),
            format!("00-{TRACE}-{no_span}-01"),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}-é{}-01", &SPAN[2..]),
            format!(" 00-{TRACE}-{SPAN}-01"),
        ] {
            assert_eq!(read(&bad), None, "{bad}");
        }
    }

    #[test]
    fn without_an_exporter_nothing_has_a_place() {
        assert_eq!(traceparent(), None);
        follow(&Span::current(), &format!("00-{TRACE}-{SPAN}-01"));
    }
}
