//! The field's own engines on the page of alerts: a line of each with how it is, and the silences of an Alertmanager.

use crate::alerts::rules::By;
use crate::app::Model;
use crate::app::alerts::{served, words};
use crate::app::document::Line;
use crate::app::table::{Cell, RowKey, Tone};
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::engines::EngineState;
use crate::domain::served::RoutedSilence;
use crate::domain::{Moment, PaneState, Safe, figure};

use super::{line, plain};

/// What the key of such a silence begins with.
pub const THERE: &str = "there ";

/// Whether any is named.
pub fn any(telemetry: &Telemetry) -> bool {
    telemetry.prometheus.is_some() || telemetry.alertmanager.is_some()
}

fn named(telemetry: &Telemetry) -> impl Iterator<Item = (&EngineState, &'static str)> {
    let all = [(&telemetry.prometheus, "prometheus"), (&telemetry.alertmanager, "alertmanager")];
    all.into_iter().filter_map(|(state, word)| Some((state.as_ref()?, word)))
}

/// Whether any has told something.
pub fn told(telemetry: &Telemetry) -> bool {
    named(telemetry).any(|(engine, _)| engine.readout.value().is_some())
}

/// A line of each: what it told and when, or why it does not.
pub fn lines(model: &Model) -> Vec<Line> {
    let (telemetry, now) = model.shown();
    let one = |(engine, word): (&EngineState, &str)| {
        let state = engine.state(now);
        let told = engine.readout.last().map(|(_, at)| {
            let inhibited = engine.routed.as_ref().map_or(0, |routed| served::inhibited(routed));
            let inhibited = if inhibited == 0 { String::new() } else { format!(", {inhibited} inhibited") };
            format!("{}{inhibited}, {} ago", engine.words(), figure::age(now.since(at)))
        });
        let (words, tone) = match (&state, told) {
            (state, Some(told)) if state.is_fresh() => (told, Tone::Dim),
            (state, Some(told)) => (format!("{}; {told}", state.words()), Tone::Unknown),
            (PaneState::Loading { .. }, None) => (state.words().to_string(), Tone::Dim),
            (state, None) => (state.words().to_string(), Tone::Unknown),
        };
        line(format!("{word} {}: {words}", engine.address), tone)
    };
    named(telemetry).map(one).chain(by_server(telemetry)).collect()
}

/// That rules files are evaluated by the server, and what that costs it.
fn by_server(telemetry: &Telemetry) -> Option<Line> {
    let metrics = &telemetry.metrics;
    if metrics.by != By::Server || metrics.rules.is_empty() {
        return None;
    }
    let cost = metrics.alerts.as_ref()?.cost?.per_minute;
    let plural = if cost == 1 { "y" } else { "ies" };
    let words = format!("rules: evaluated by prometheus, {cost} quer{plural} a minute");
    Some(line(words, Tone::Dim))
}

/// The state of the page where they alone tell alerts, and none has told any yet.
pub fn state(telemetry: &Telemetry, now: Moment) -> PaneState {
    let states = || named(telemetry).map(|(engine, _)| engine.state(now));
    let failed = states().find(|state| !state.is_fresh() && !matches!(state, PaneState::Loading { .. }));
    failed.or_else(|| states().next()).unwrap_or(PaneState::Ok)
}

/// Silences of an Alertmanager.
pub fn silences(telemetry: &Telemetry) -> &[RoutedSilence] {
    let routed = telemetry.alertmanager.as_ref().and_then(|state| state.routed.as_ref());
    routed.map(|routed| routed.silences.as_slice()).unwrap_or_default()
}

pub fn silence_key(silence: &RoutedSilence) -> RowKey {
    RowKey::Text(Safe::of(format!("{THERE}{}", silence.id)))
}

pub fn silence_cells(model: &Model, silence: &RoutedSilence) -> Vec<Cell> {
    let (telemetry, now) = model.shown();
    let now = now.wall.timestamp_millis();
    let left = |at: Option<i64>| {
        let left = at.map_or(0, |at| at.saturating_sub(now));
        words::left_words(std::time::Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    };
    let begins = silence.starts_at.filter(|at| *at > now);
    let keeps = telemetry
        .alertmanager
        .as_ref()
        .and_then(|state| state.routed.as_ref())
        .map_or(0, |routed| routed.alerts.iter().filter(|alert| alert.silenced_by.contains(&silence.id)).count());
    let plural = if keeps == 1 { "" } else { "s" };
    let why = Safe::one_line(format!("keeps back {keeps} alert{plural}: {}", silence.comment).as_bytes()).clipped(300);
    let when = match begins {
        Some(at) => format!("begins in {}", left(Some(at))),
        None => format!("{} left", left(silence.ends_at)),
    };
    let matchers = Safe::one_line(silence.matchers.as_bytes()).clipped(200);
    let mut cells = plain([("silence".into(), Tone::Accent), (Safe::default(), Tone::Dim), (matchers, Tone::Plain)]);
    let rest = [(3, why, Tone::Plain), (6, Safe::of(format!("{when}, {}", silence.by)).clipped(60), Tone::Dim)];
    for (at, text, tone) in rest {
        if let Some(cell) = cells.get_mut(at) {
            *cell = Cell::text(text, tone);
        }
    }
    cells
}
