//! `config show`: what was resolved, which layer gave each value, what is off and what was assumed. No secret.

use std::time::Duration;

use super::keys::policy::POLICY;
use super::keys::{Form, Key, SECTIONS, runbooks};
use super::layers::Item;
use super::problem::Place;
use super::resolve::Resolution;
use super::resolved::{OffKind, Resolved};
use super::value::Value;
use super::words;
use crate::domain::{Safe, hidden};

/// Column in which the layer of a value begins.
const COLUMN: usize = 60;

/// A value; a body is free text, and what names itself a secret in it is one.
fn shown(key: &str, value: &Value) -> Safe {
    match value {
        Value::Text(text) if key == "body" => Safe::of(words::in_quotes(&hidden::body_without_secrets(text))),
        value => value.shown(),
    }
}

/// Line by line.
#[must_use]
pub fn show(resolution: &Resolution) -> Vec<Safe> {
    let mut lines = Vec::new();
    let mut say = |text: String| lines.push(Safe::of(text));
    for section in SECTIONS {
        for item in resolution.merged.of(section.name) {
            head(item, &mut say);
            for key in section.keys {
                if let Some(given) = item.given(key.name) {
                    let text = format!("{} = {}", key.name, shown(key.name, &given.value));
                    say(beside(&text, &given.place));
                }
            }
            say(String::new());
        }
    }
    policy(resolution, &mut say);
    resolved(&resolution.resolved, &mut say);
    lines
}

/// The shared policy as it stands; what it made stricter stands above, at its key.
fn policy(resolution: &Resolution, say: &mut impl FnMut(String)) {
    let given = |item: &Item, key: &'static Key| item.given(key.name).map(|given| (key, given.clone()));
    for item in resolution.merged.of(POLICY.name) {
        say("# Policy of the shared folder:".to_owned());
        for (key, given) in POLICY.keys.iter().filter_map(|key| given(item, key)) {
            say(beside(&format!("#   {} = {}", key.name, given.value.shown()), &given.place));
        }
    }
    for problem in &resolution.policy_problems {
        say(format!("# Policy of the shared folder, refused, so that no action runs: {}", problem.line()));
    }
}

fn head(item: &Item, say: &mut impl FnMut(String)) {
    match item.section.form {
        Form::Root => {}
        Form::Table => say(format!("[{}]", item.section.name)),
        Form::Named => {
            say(format!("[[{}]]", item.section.name));
            say(beside(&format!("name = {}", words::in_quotes(&item.name)), &item.place));
        }
        Form::Steps => {
            let (runbook, number, undo) = runbooks::parts_of(&item.name).unwrap_or_default();
            let heading = if undo { "[runbook.step.undo]" } else { "[[runbook.step]]" };
            say(format!("{heading} # of {}, step {number}", words::in_quotes(runbook)));
        }
    }
}

fn beside(text: &str, place: &Place) -> String {
    let layer = place.layer.word();
    // "profile pggit:12" names its layer already.
    let named = place.origin.as_str().starts_with(layer);
    let from = if named { place.to_string() } else { format!("{layer}: {place}") };
    format!("{text:<COLUMN$} # {from}")
}

fn resolved(r: &Resolved, say: &mut impl FnMut(String)) {
    say(format!("# Watched as {}:", r.name));
    for s in &r.services {
        let pace = pace(s.interval, s.deadline);
        say(format!("#   service   {}  {}  {pace}  {}", s.name, hidden::url_without_secrets(&s.url), s.environment));
    }
    for d in &r.databases {
        say(format!("#   database  {}  {}  {}", d.name, pace(d.interval, d.deadline), d.environment));
    }
    for c in &r.caches {
        say(format!("#   cache     {}  {}  {}", c.name, pace(c.interval, c.deadline), c.environment));
    }
    for s in &r.signals {
        let threshold = s.threshold.as_ref().map_or_else(|| "no threshold".to_owned(), ToString::to_string);
        say(format!("#   signal    {}  {}  {threshold}", s.name, pace(s.interval, s.deadline)));
    }
    for l in &r.logs {
        say(format!("#   log       {}", l.name));
    }
    for m in &r.metrics {
        let url = hidden::url_without_secrets(&m.request.url);
        say(format!("#   metrics   {}  {url}  {}  {}", m.name, pace(m.interval, m.deadline), m.environment));
    }
    for file in &r.know.rules {
        say(format!("#   rules     {file}  by {}", r.know.rules_by.word()));
    }
    for o in &r.origins {
        say(format!("#   discover  {}  {}", hidden::url_without_secrets(&o.url), o.environment));
    }
    let screen = &r.screen;
    say(format!(
        "#   screen    theme {}, ascii {}, every {}, redact {}, clipboard {}",
        screen.theme,
        screen.ascii,
        words::time(screen.every),
        screen.redact,
        screen.clipboard
    ));
    for off in &r.off {
        say(format!("# Off: {} {}: {}; turn on: {}", kind(off.kind), off.name, off.why, off.turn_on));
    }
    for note in &r.notes {
        say(format!("# Note: {note}"));
    }
}

fn pace(interval: Duration, deadline: Duration) -> String {
    format!("every {} (deadline {})", words::time(interval), words::time(deadline))
}

/// The word for a list.
#[must_use]
pub fn kind(kind: OffKind) -> &'static str {
    match kind {
        OffKind::Service => "service",
        OffKind::Database => "database",
        OffKind::Cache => "cache",
        OffKind::Signal => "signal",
        OffKind::Log => "log",
        OffKind::Action => "action",
        OffKind::Metrics => "metrics",
        OffKind::Alert => "alert",
    }
}
