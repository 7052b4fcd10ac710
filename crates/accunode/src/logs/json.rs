//! One line of JSON for each event, with what the spans around it say of whom and what it is about.
//!
//! The subscriber's own format of JSON writes the fields of each span when it begins and reads them again with each
//! event. There is a span around every request, so here they are kept as they are and written once.

use std::fmt;

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{
    Layer,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime as _, SystemTime},
    },
    layer::Context,
    registry::LookupSpan,
};

/// Keeps what spans say.
pub(super) struct Keep;

/// What a span says, as JSON.
#[derive(Default)]
struct Said(Vec<(&'static str, String)>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Keep {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut said = Said::default();
        attributes.record(&mut said);
        span.extensions_mut().insert(said);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(said) = span.extensions_mut().get_mut::<Said>() {
            values.record(said);
        }
    }
}

impl Said {
    fn says(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| *known == name)
    }

    fn add(&mut self, field: &Field, json: String) {
        // Fields that come from another library's records say where the line is from, which nobody needs.
        if !field.name().starts_with("log.") && !self.says(field.name()) {
            self.0.push((field.name(), json));
        }
    }
}

fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, text(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, text(&format!("{value:?}")));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.to_string());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.to_string());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.to_string());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // NaN and the infinities are no numbers in JSON.
        self.add(field, serde_json::Value::from(value).to_string());
    }
}

/// Writes nothing for spans: see [`Keep`].
pub(super) struct NoFields;

impl FormatFields<'_> for NoFields {
    fn format_fields<R: tracing_subscriber::field::RecordFields>(&self, _: Writer<'_>, _: R) -> fmt::Result {
        Ok(())
    }
}

/// Writes the lines.
pub(super) struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, "\",\"level\":\"{}\",\"target\":{}", metadata.level(), text(metadata.target()))?;
        let mut said = Said::default();
        event.record(&mut said);
        for (name, json) in &said.0 {
            write!(writer, ",{}:{json}", text(name))?;
        }
        // What is inside counts: a name is said once.
        let mut names: Vec<&str> = said.0.iter().map(|(name, _)| *name).collect();
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            let Some(around) = extensions.get::<Said>() else { continue };
            for (name, json) in &around.0 {
                if !names.contains(name) {
                    names.push(name);
                    write!(writer, ",{}:{json}", text(name))?;
                }
            }
        }
        writer.write_str("}\n")
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::{Value, json};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(events: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .event_format(Json)
            .fmt_fields(NoFields)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(Keep).with(layer), events);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_says_what_the_spans_around_it_say() {
        let lines = lines(|| {
            let request = tracing::info_span!("request", request.id = "r-1", user.id = tracing::field::Empty);
            let _request = request.enter();
            tracing::info!("before");
            request.record("user.id", "amy");
            let _inner = tracing::info_span!("job", job.id = 7_u64, request.id = "r-2").entered();
            tracing::warn!(job.id = 8_u64, rows = 3_i64, share = 0.5, none = f64::NAN, "a \"quoted\"\nline");
        });
        assert_eq!((&lines[0]["message"], &lines[0]["request.id"]), (&json!("before"), &json!("r-1")));
        assert_eq!(lines[0].get("user.id"), None);
        let line = lines[1].as_object().unwrap();
        assert_eq!((&line["level"], &line["message"]), (&json!("WARN"), &json!("a \"quoted\"\nline")));
        assert_eq!((&line["request.id"], &line["user.id"]), (&json!("r-2"), &json!("amy")));
        assert_eq!((&line["job.id"], &line["rows"]), (&json!(8), &json!(3)));
        assert_eq!((&line["share"], &line["none"]), (&json!(0.5), &Value::Null));
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line:?}");
    }
}
