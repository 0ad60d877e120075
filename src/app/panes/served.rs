//! Figures of the server's own, as a line beside those of the probe: what they are, over how long, of how many.

use std::time::Duration;

use crate::app::document::Line;
use crate::app::table::Tone;
use crate::app::telemetry::metrics::TargetState;
use crate::domain::{Moment, figure};
use crate::engine::output::RequestsTold;

use super::{services, span};

/// Above this part of failed requests they stand out.
const MANY_ERRORS: f64 = 0.05;

/// What these figures are: `server, 1m n=1.2k`.
pub fn basis(told: &RequestsTold) -> String {
    format!("server, {} n={}", figure::span(whole(told.window)), figure::count(told.count.round()))
}

/// Rounds begin a little early or late: the window in whole seconds.
fn whole(window: Duration) -> Duration {
    Duration::from_secs_f64(window.as_secs_f64().round())
}

pub fn tone(errors: Option<f64>) -> Tone {
    match errors {
        Some(errors) if errors > MANY_ERRORS => Tone::Bad,
        Some(errors) if errors > 0.0 => Tone::Warn,
        _ => Tone::Plain,
    }
}

/// The line of a target, as much of it as finds room.
pub fn line(target: &TargetState, now: Moment, width: u16) -> Option<Line> {
    let told = target.requests(now)?;
    let room = usize::from(width);
    let name = target.name.clipped(16);
    let head = format!("{name} ({})", basis(told));
    let rate = format!(" {}/s", figure::number(told.per_second));
    let errors = told.errors.map_or_else(String::new, |errors| format!(" errors {}", figure::percent(errors)));
    let time = |word: &str, seconds: Option<f64>| {
        seconds.map_or_else(String::new, |seconds| format!(" {word} {}", services::seconds(seconds)))
    };
    let (p50, p95, p99) = (time("p50", told.p50), time("p95", told.p95), time("p99", told.p99));
    let choices = [format!("{p50}{p95}{p99}"), format!("{p95}{p99}"), p95, String::new()];
    let used = head.chars().count() + rate.len() + errors.len();
    let times = choices.into_iter().find(|words| used + words.len() <= room).unwrap_or_default();
    Some(vec![
        span(head, Tone::Dim),
        span(times, Tone::Plain),
        span(rate, Tone::Plain),
        span(errors, tone(told.errors)),
    ])
}

/// The line of a target's cache.
pub fn cache(target: &TargetState, now: Moment) -> Option<Line> {
    let (ratio, looks) = target.cache(now)?;
    let window = target.requests(now).map_or(target.spec.window, |told| whole(told.window));
    let window = figure::span(window);
    Some(vec![
        span(format!("{} ", target.name.clipped(16)), Tone::Plain),
        span(format!("hit {}", figure::percent(ratio)), Tone::Plain),
        span(format!(" (server's counters, {window} n={})", figure::count(looks.round())), Tone::Dim),
    ])
}
