//! A service: the newest report with the rule that decided, children, certificate, latency, the body as it came.

use crate::app::document::{Document, Span};
use crate::app::panes::FEW;
use crate::app::table::Tone;
use crate::app::telemetry::service::{ServiceState, WINDOW};
use crate::domain::{Moment, PaneState, Safe, figure};
use crate::engine::output::RequestsTold;

pub fn document(service: &ServiceState, requests: Option<&RequestsTold>, now: Moment) -> Document {
    let spec = &service.spec;
    let mut out = Document::new(Safe::of(format!("Service {}", spec.name)));
    let shown = service.shown_verdict(now);
    out.field("verdict", Safe::of(shown.word()), shown.into());
    if let Some(raw) = service.debounced.raw() {
        let counts = format!(
            "{raw} ({} failures, {} successes in a row; down after {}, up after {})",
            service.debounced.failures(),
            service.debounced.successes(),
            spec.down_after,
            spec.up_after
        );
        out.field("last probe", counts, raw.into());
    }
    out.field("url", Safe::of(spec.url.as_str()), Tone::Plain);
    out.field("environment", Safe::of(spec.environment.word()), Tone::Plain);
    out.field("asked every", Safe::of(figure::duration(spec.interval)), Tone::Plain);
    state(&mut out, service, now);
    latency(&mut out, service, now);
    certificate(&mut out, service, now);
    if let Some(told) = requests {
        out.heading("Requests as the server counts them");
        super::metrics::requests(&mut out, told);
    }
    report(&mut out, service, now);
    out
}

fn state(out: &mut Document, service: &ServiceState, now: Moment) {
    let state = service.state(now);
    out.field("reading", state.words(), if state.is_fresh() { Tone::Ok } else { Tone::Unknown });
    if let PaneState::Error { cause, since, .. } = &state {
        out.field("failed with", Safe::of(cause.to_string()), Tone::Bad);
        out.field("since", Safe::of(figure::age(now.since(*since))), Tone::Plain);
        for line in cause.advice() {
            out.field("do", line, Tone::Accent);
        }
    }
}

fn latency(out: &mut Document, service: &ServiceState, now: Moment) {
    let milliseconds = |ms: f64| figure::duration(std::time::Duration::from_secs_f64((ms / 1000.0).clamp(0.0, 1e6)));
    if let Some((p, age)) = service.percentiles(now) {
        let high = match p.count {
            0..FEW => "too few probes for p95 and p99".to_owned(),
            _ => format!("p95 {}  p99 {}", milliseconds(p.p95), milliseconds(p.p99)),
        };
        let words = format!(
            "p50 {}  {high}  ({} n={}, as the probe saw it{})",
            milliseconds(p.p50),
            figure::span(WINDOW),
            p.count,
            age.map(|age| format!(", {} ago", figure::age(age))).unwrap_or_default()
        );
        out.field("latency", words, if age.is_some() { Tone::Dim } else { Tone::Plain });
    }
    let (failed, count) = service.failed(now);
    if failed > 0 {
        out.field("failed", format!("{failed} of {count} probes in {}", figure::span(WINDOW)), Tone::Bad);
    }
    for (at, what) in service.latency.all_marks() {
        out.field("mark", Safe::of(format!("{} {what}", at.wall.format("%H:%M:%SZ"))), Tone::Accent);
    }
}

fn certificate(out: &mut Document, service: &ServiceState, now: Moment) {
    let Some(certificate) = &service.certificate else { return };
    let days = certificate.days_left(now.wall);
    let tone = if days < super::super::telemetry::service::CERTIFICATE_DAYS { Tone::Warn } else { Tone::Plain };
    out.field("certificate", format!("{days} days left, until {}", certificate.not_after.format("%Y-%m-%d")), tone);
    out.field("subject", certificate.subject.clone(), Tone::Plain);
    out.field("issuer", certificate.issuer.clone(), Tone::Plain);
}

fn report(out: &mut Document, service: &ServiceState, now: Moment) {
    let Some((report, at)) = service.readout.last() else { return };
    out.heading(format!("Newest body that could be read, {} ago", figure::age(now.since(at))));
    out.field("status", Safe::of(report.status.to_string()), Tone::Plain);
    out.field("rule", report.rule.clone(), Tone::Accent);
    if let Some(conflict) = &report.conflict {
        out.field("conflict", conflict.clone(), Tone::Warn);
    }
    out.field("shape", Safe::of(report.family.word()), Tone::Plain);
    if let Some(kind) = &report.content_type {
        out.field("content type", kind.clone(), Tone::Plain);
    }
    if service.constant.is_suspect(now) {
        out.field("constant?", "the body claims figures or times and never changes: a stub?", Tone::Warn);
    }
    if !report.checks.is_empty() {
        out.heading("Children");
        for check in &report.checks {
            let required = if check.required { " (required)" } else { "" };
            out.lines.push(vec![
                Span { text: Safe::of(format!("{:<5}", check.verdict.badge())), tone: check.verdict.into() },
                Span { text: Safe::of(format!("{}{required}  ", check.name)), tone: Tone::Plain },
                Span { text: check.detail.clone(), tone: Tone::Dim },
            ]);
        }
    }
    out.heading("Body, its first 2 KiB");
    for line in report.excerpt.lines() {
        out.line(line, Tone::Plain);
    }
}
