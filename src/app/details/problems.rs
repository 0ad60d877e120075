//! `!`: what is wrong with our own sources, what is off, what was assumed, asked and found.

use crate::app::Model;
use crate::app::alerts::listing;
use crate::app::doctor::sources;
use crate::app::document::Document;
use crate::app::table::Tone;
use crate::app::telemetry::Telemetry;
use crate::domain::{Moment, PaneState, Safe, Verdict, figure};

/// Rules that are named.
const RULES: usize = 100;

pub fn document(model: &Model) -> Document {
    let (telemetry, now) = model.shown();
    let mut out = Document::new("Sources: what is wrong, off, assumed and found");
    out.heading("Wrong");
    let mut any = false;
    let mut tell = |name: &Safe, state: PaneState| {
        let advice = match &state {
            PaneState::Error { cause, since, .. } => {
                out.line(format!("{name}: {cause}, since {}", figure::age(now.since(*since))), Tone::Bad);
                cause.advice()
            }
            PaneState::Denied { missing, fix } => {
                out.line(format!("{name}: denied: {missing}"), Tone::Unknown);
                fix.clone()
            }
            PaneState::Stale { .. } => {
                out.line(format!("{name}: {}", state.words()), Tone::Unknown);
                Vec::new()
            }
            _ => return,
        };
        any = true;
        for line in advice {
            out.line(format!("    {line}"), Tone::Accent);
        }
    };
    for (name, state) in sources::states(telemetry, now) {
        tell(&name, state);
    }
    any |= alerts(&mut out, telemetry, now);
    if !any {
        out.line("nothing", Tone::Ok);
    }
    if !telemetry.logs.losses.is_empty() {
        out.heading("Lost from logs");
        for (at, what) in &telemetry.logs.losses {
            out.line(format!("{} {what}", at.wall.format("%H:%M:%SZ")), Tone::Warn);
        }
    }
    if !model.off.is_empty() {
        out.heading("Off");
        for item in &model.off {
            out.line(format!("{}: {}", item.name, item.why), Tone::Dim);
            out.line(format!("    {}", item.turn_on), Tone::Accent);
        }
    }
    if !model.notes.is_empty() {
        out.heading("Assumed, asked and found");
        for note in &model.notes {
            out.line(note.clone(), Tone::Plain);
        }
    }
    out
}

/// Rules that fail or are not evaluated, and what is wrong with their files; whether there is any.
fn alerts(out: &mut Document, telemetry: &Telemetry, now: Moment) -> bool {
    let mut any = false;
    for (told, ..) in listing::snapshots(telemetry) {
        for problem in told.problems.iter().take(RULES) {
            out.line(format!("rules file, not in force: {}", problem.line()), Tone::Bad);
            any = true;
        }
        for remark in told.remarks.iter().take(RULES) {
            out.line(format!("rules file: {}", remark.line()), Tone::Dim);
        }
    }
    let unknown =
        listing::all(telemetry, now).filter(|entry| entry.alert.is_none() && entry.verdict() == Some(Verdict::Unknown));
    for entry in unknown.take(RULES) {
        let why = entry.why().map(|why| format!(": {why}")).unwrap_or_default();
        out.line(format!("alert {} {}{why}", entry.rule.name, entry.stand.word()), Tone::Unknown);
        any = true;
    }
    any
}
