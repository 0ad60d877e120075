//! What lies behind an alert or a rule: how it stands and since when, what it says, labels, annotations, where it is written,
//! who saw it, what is silenced, and what answers it.

use crate::alerts::lifecycle::Gone;
use crate::alerts::rules::By;
use crate::app::Model;
use crate::app::document::Document;
use crate::app::screen::OverlayView;
use crate::app::table::Tone;
use crate::app::telemetry::engines::{EngineState, Keeper};
use crate::domain::{Moment, Safe, figure};
use crate::input::dialog::{Ask, Hint};

use super::acknowledging::Seen;
use super::listing::{Entry, Stand};
use super::served::Origin;
use super::{ago, course, links, listing, served, words};

/// Labels and annotations that are listed.
const MOST: usize = 60;
/// Longest text of an annotation, in characters.
const TEXT: usize = 4000;

/// The document; its chart stands above it.
#[must_use]
pub fn document(model: &Model, entry: &Entry<'_>) -> Document {
    let (_, now) = model.shown();
    let rule = entry.rule;
    let kind = if entry.alert.is_some() { "Alert" } else { "Rule" };
    let mut out = Document::new(Safe::of(format!("{kind} {}", rule.name)));
    let tone = words::tone_of(entry);
    out.line(course::chart(model, entry).1, Tone::Dim);
    out.field("state", state(entry, now), tone);
    if !entry.severity_word().is_empty() {
        out.field("severity", Safe::of(entry.severity_word()), Tone::Plain);
    }
    if let Some(value) = words::value(entry, now) {
        out.field("value", value, tone);
    }
    if let Some(engine) = telemetry_of(model, entry.by) {
        out.field("told by", Safe::of(format!("{} at {}", entry.by.word(), engine.address)), Tone::Plain);
    }
    // Where nobody else could, nobody asks who does.
    if entry.by == Origin::Rules && model.shown().0.prometheus.is_some() {
        out.field("evaluated by", evaluator(model), Tone::Plain);
    }
    if let Some(twin) = served::twin_words(model.shown().0, entry) {
        out.field("the same as", twin, Tone::Dim);
    }
    handled(&mut out, model, entry);
    for (name, text) in annotations(entry) {
        paragraph(&mut out, Safe::of(name).clipped(18).as_str(), text, Tone::Strong);
    }
    answers(&mut out, model, entry);
    out.heading("Rule");
    if !rule.expr.is_empty() {
        paragraph(&mut out, if entry.own.is_some() { "when" } else { "expression" }, &rule.expr, Tone::Plain);
    }
    out.field("for", words::lasting(rule.hold), Tone::Plain);
    out.field(
        "looked at",
        format!("every {}, {} ago", figure::span(rule.interval), figure::age(now.since(entry.told.at))),
        Tone::Plain,
    );
    out.field("group", Safe::of(&rule.group), Tone::Plain);
    let line = if rule.line == 0 { String::new() } else { format!(":{}", rule.line) };
    out.field("written in", Safe::of(format!("{}{line}", rule.file)), Tone::Plain);
    if let Some(alert) = entry.alert {
        out.heading("Labels");
        for (name, value) in alert.labels.iter().take(MOST) {
            out.field(Safe::of(name).clipped(40).as_str(), Safe::of(value).clipped(TEXT), Tone::Plain);
        }
    }
    out
}

/// The engine that tells an alert, where it is not our own.
fn telemetry_of(model: &Model, by: Origin) -> Option<&EngineState> {
    let (telemetry, _) = model.shown();
    match by {
        Origin::Prometheus => telemetry.prometheus.as_ref(),
        Origin::Alertmanager => telemetry.alertmanager.as_ref(),
        Origin::Rules | Origin::Threshold => None,
    }
}

/// Who evaluates the team's files.
fn evaluator(model: &Model) -> Safe {
    let (telemetry, _) = model.shown();
    match (&telemetry.prometheus, telemetry.metrics.by) {
        (Some(server), By::Server) => Safe::of(format!("queries of prometheus at {}", server.address)),
        _ => Safe::of("this program, over what is scraped here"),
    }
}

/// A text of several lines: each passes the gate by itself.
fn paragraph(out: &mut Document, name: &str, text: &str, tone: Tone) {
    let text: String = text.chars().take(TEXT).collect();
    let mut lines = text.trim_end().split('\n').map(str::trim_end).take(MOST);
    out.field(name, Safe::of(lines.next().unwrap_or_default()), tone);
    for line in lines {
        out.line(Safe::of(format!("{:19}{line}", "")), tone);
    }
}

/// `firing for 2m10s, pending since 7m10s before`.
fn state(entry: &Entry<'_>, now: Moment) -> Safe {
    let word = entry.stand.word();
    let why = entry.why().map(|why| format!(": {why}")).unwrap_or_default();
    let Some(alert) = entry.alert else { return Safe::of(format!("{word}{why}")) };
    let since = figure::age(entry.since(now).unwrap_or_default());
    let began = figure::age(ago(entry.told, alert.active_at, now));
    Safe::of(match entry.stand {
        Stand::Firing => format!("{word} for {since}, there for {began}"),
        Stand::Pending => format!("{word} {since} of {}", figure::span(entry.rule.hold)),
        Stand::NoData => {
            format!("{word}: {} since {since}; nobody knows whether it is right again", words::gone(alert.gone))
        }
        _ if alert.gone != Gone::Mended => {
            format!("{word} {since} ago: {}, its value may not be right again", words::gone(alert.gone))
        }
        _ => format!("{word} {since} ago"),
    })
}

fn handled(out: &mut Document, model: &Model, entry: &Entry<'_>) {
    let now = model.now;
    if !entry.is_active() {
        return;
    }
    let seen = model.alerts.seen(entry, now);
    let (notice, tone) = words::notice(entry, &seen, now);
    if seen == Seen::Inhibited {
        out.field(
            "kept back",
            "by another alert that is there, says the Alertmanager: nobody is called for it",
            Tone::Dim,
        );
    } else if !notice.as_str().is_empty() {
        let name = if matches!(seen, Seen::Silenced { .. }) { "silenced" } else { "acknowledged" };
        let name = if entry.stand == Stand::Pending && !seen.is_settled() { "then" } else { name };
        out.field(name, notice, tone);
    }
    if let (Seen::Silenced { id: None, .. }, Some(Keeper::Silence(silence))) = (&seen, entry.keeper) {
        out.field("by", Safe::of(format!("{}, in the Alertmanager", silence.by)).clipped(TEXT), Tone::Plain);
        out.field("because", Safe::one_line(silence.comment.as_bytes()).clipped(TEXT), Tone::Plain);
    }
    if let Seen::Silenced { id: Some(id), .. } = seen
        && let Some(silence) = model.alerts.silences.find(id)
    {
        out.field("by", silence.by.clone(), Tone::Plain);
        out.field("because", silence.comment.clone(), Tone::Plain);
    }
}

/// What says it first comes first.
fn annotations<'a>(entry: &Entry<'a>) -> Vec<(&'a str, &'a str)> {
    let all = entry.alert.map_or(&entry.rule.annotations, |alert| &alert.annotations);
    let mut found: Vec<_> = all.iter().map(|(name, text)| (name.as_str(), text.as_str())).take(MOST).collect();
    found.sort_by_key(|(name, _)| {
        ["summary", "description", "runbook_url"].iter().position(|known| known == name).unwrap_or(9)
    });
    found
}

fn answers(out: &mut Document, model: &Model, entry: &Entry<'_>) {
    let answers = links::answers(model, entry);
    let address = links::address(entry).is_some();
    match answers.as_slice() {
        [] if address => out.field("answered by", "nothing here; y copies the address", Tone::Dim),
        [] => return,
        answers => {
            let names: Vec<&str> = answers.iter().map(Safe::as_str).collect();
            out.field("answered by", Safe::of(format!("{}; a shows it first", names.join(", "))), Tone::Accent)
        }
    };
}

/// As it is drawn.
#[must_use]
pub fn overlay(model: &Model, key: u64, scroll: usize) -> OverlayView<'static> {
    let (telemetry, now) = model.shown();
    let Some(entry) = listing::find(telemetry, key, now) else {
        let mut document = Document::new("Alert");
        document.line("it is no more: its rule is gone, or it resolved more than 15 minutes ago", Tone::Dim);
        return OverlayView::Charted { chart: None, document, scroll, keys: &[(Ask::Leave, "closes")] };
    };
    let (chart, _) = course::chart(model, &entry);
    let keys = if entry.is_active() { ACTIVE } else { INACTIVE };
    OverlayView::Charted { chart, document: document(model, &entry), scroll, keys }
}

const ACTIVE: &[Hint] =
    &[(Ask::Leave, "closes"), (Ask::Seen, "seen"), (Ask::Silence, "silence"), (Ask::Act, "act"), (Ask::Copy, "copies")];
const INACTIVE: &[Hint] = &[(Ask::Leave, "closes"), (Ask::Copy, "copies"), (Ask::Act, "act")];
