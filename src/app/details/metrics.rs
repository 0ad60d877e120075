//! A scraped target and a series, whole.

use crate::app::document::Document;
use crate::app::panes::requests_basis;
use crate::app::table::Tone;
use crate::app::telemetry::metrics::TargetState;
use crate::domain::{Moment, PaneState, Safe, figure};
use crate::engine::output::{RequestsTold, SeriesTold};

pub fn target(target: &TargetState, now: Moment) -> Document {
    let spec = &target.spec;
    let mut out = Document::new(Safe::of(format!("Metrics {}", target.name)));
    let state = target.state(now);
    out.field("reading", state.words(), if state.is_fresh() { Tone::Ok } else { Tone::Unknown });
    if let PaneState::Error { cause, since, times, .. } = &state {
        out.field("failed with", Safe::of(cause.to_string()), Tone::Bad);
        out.field("since", format!("{}, {times} times", figure::age(now.since(*since))), Tone::Plain);
        for line in cause.advice() {
            out.field("do", line, Tone::Accent);
        }
        out.field("meanwhile", "all its series have ended: rules over them have no data", Tone::Unknown);
    }
    out.field("url", Safe::of(spec.request.url.as_str()), Tone::Plain);
    out.field("environment", Safe::of(spec.environment.word()), Tone::Plain);
    out.field("labels", format!("job={:?} instance={:?}", spec.job, spec.instance), Tone::Plain);
    let pace = format!("{}, within {}", figure::duration(spec.interval), figure::duration(spec.deadline));
    out.field("scraped every", pace, Tone::Plain);
    if let Some((page, at)) = target.page.last() {
        out.heading(format!("Newest page that was taken in, {} ago", figure::age(now.since(at))));
        out.field("samples", Safe::of(page.samples.to_string()), Tone::Plain);
        out.field("bytes", figure::bytes(page.bytes as u64), Tone::Plain);
        out.field("new series", Safe::of(page.made.to_string()), Tone::Plain);
        let (words, tone) = match page.refused {
            0 => ("none".to_owned(), Tone::Plain),
            n => (format!("{n}: repeated, out of order, or too far ahead in time"), Tone::Warn),
        };
        out.field("refused samples", words, tone);
    }
    out.heading("Requests as the server counts them");
    match target.requests(now) {
        Some(told) => requests(&mut out, told),
        None if !state.is_fresh() => {
            out.line("not known while the page cannot be read", Tone::Unknown);
        }
        None => {
            out.line("none of these is there, or only since the last round:", Tone::Dim);
            let names = spec.durations.iter().chain(&spec.requests).take(8).cloned().collect::<Vec<_>>().join(", ");
            out.line(names, Tone::Dim);
            out.line("durations = [\"NAME\"] or requests = [\"NAME\"] under [[metrics]] name others", Tone::Accent);
        }
    }
    if let Some((ratio, looks)) = target.cache(now) {
        out.heading("Cache as the server counts it");
        out.field("hit ratio", format!("{} of {} looks", figure::percent(ratio), figure::count(looks)), Tone::Plain);
    }
    out
}

/// Figures of the server's own.
pub fn requests(out: &mut Document, told: &RequestsTold) {
    let seconds = |value: Option<f64>| {
        let words = |value: f64| figure::duration(std::time::Duration::from_secs_f64(value.clamp(0.0, 1e9)));
        value.map_or_else(|| "-".to_owned(), words)
    };
    out.field("from", told.from.clone(), Tone::Plain);
    out.field("basis", requests_basis(told), Tone::Dim);
    out.field("requests", format!("{}/s", figure::number(told.per_second)), Tone::Plain);
    let errors = told.errors.map_or_else(|| "-".to_owned(), figure::percent);
    out.field("errors (5xx)", errors, Tone::Plain);
    let times = format!("p50 {}  p95 {}  p99 {}", seconds(told.p50), seconds(told.p95), seconds(told.p99));
    out.field("durations", times, Tone::Plain);
}

pub fn series(of: &SeriesTold) -> Document {
    let mut out = Document::new(Safe::of(of.labels.metric()));
    out.line(Safe::of(of.labels.to_string()), Tone::Plain);
    out
}
