//! Figures of the server's own, as a line beside those of the probe: what they are, over how long, of how many.

use std::time::Duration;

use crate::app::document::{Line, Span};
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

/// Above this the time that one of twenty users waits stands out; above the second it is bad.
const SLOW: [f64; 2] = [1.0, 5.0];

fn slow(seconds: Option<f64>) -> Tone {
    match seconds {
        Some(seconds) if seconds > SLOW[1] => Tone::Bad,
        Some(seconds) if seconds > SLOW[0] => Tone::Warn,
        _ => Tone::Plain,
    }
}

/// The tone of the 95th percentile of what users wait.
pub fn tone_of_p95(told: Option<&RequestsTold>) -> Tone {
    slow(told.and_then(|told| told.p95))
}

fn time(word: &str, seconds: Option<f64>) -> String {
    seconds.map_or_else(String::new, |seconds| format!(" {word} {}", services::seconds(seconds)))
}

fn failed(told: &RequestsTold) -> String {
    told.errors.map_or_else(String::new, |errors| format!(" errors {}", figure::percent(errors)))
}

/// The line of a target, as much of it as finds room: what users wait, how many fail and over how long stay longest, the
/// name of the only one goes before them.
pub fn line(target: &TargetState, is_only: bool, now: Moment, width: u16) -> Option<Line> {
    let told = target.requests(now)?;
    let window = figure::span(whole(told.window));
    let (errors, rate) = (failed(told), format!(" {}/s", figure::number(told.per_second)));
    let err = errors.replace("errors", "err");
    let [p50, p95, p99] = [("p50", told.p50), ("p95", told.p95), ("p99", told.p99)].map(|(word, of)| time(word, of));
    // That it is the server's figure is told in any case.
    let name = target.name.clipped(16);
    let (of_all, of_time, of_none) =
        (format!("{name} ({})", basis(told)), format!("{name} srv ({window})"), format!("{name} srv"));
    let nameless = if is_only { format!("srv ({window})") } else { of_none.clone() };
    let nothing = String::new();
    let choices = [
        [&of_all, &p50, &p95, &p99, &errors, &rate],
        [&of_all, &nothing, &p95, &p99, &errors, &rate],
        [&of_all, &nothing, &p95, &nothing, &errors, &rate],
        [&of_time, &nothing, &p95, &nothing, &errors, &rate],
        [&of_time, &nothing, &p95, &nothing, &errors, &nothing],
        [&of_time, &nothing, &p95, &nothing, &err, &nothing],
        [&nameless, &nothing, &p95, &nothing, &err, &nothing],
    ];
    let columns = |choice: &[&String; 6]| choice.iter().map(|words| words.chars().count()).sum::<usize>();
    let fits = choices.iter().find(|choice| columns(choice) <= usize::from(width));
    let [head, p50, p95, p99, errors, rate] = fits.or(choices.last())?;
    Some(vec![
        span(head.as_str(), Tone::Dim),
        span(p50.as_str(), Tone::Plain),
        span(p95.as_str(), slow(told.p95)),
        span(p99.as_str(), slow(told.p99)),
        span(errors.as_str(), tone(told.errors)),
        span(rate.as_str(), Tone::Dim),
    ])
}

/// What the users of the worst off server have, for a title: `srv p95 7.15s errors 8.78% (34s)`, in so many columns.
pub fn headline(targets: &[TargetState], now: Moment, room: usize) -> Vec<Span> {
    let told = targets.iter().filter_map(|target| Some((target, target.requests(now)?)));
    let told = told.filter(|(_, told)| told.p95.is_some() || told.errors.is_some());
    let badness = |told: &RequestsTold| match (slow(told.p95), tone(told.errors)) {
        (Tone::Bad, _) | (_, Tone::Bad) => 2,
        (Tone::Warn, _) | (_, Tone::Warn) => 1,
        _ => 0,
    };
    let waits = |told: &RequestsTold| told.p95.unwrap_or(0.0);
    let worst = told.max_by(|(_, a), (_, b)| badness(a).cmp(&badness(b)).then(waits(a).total_cmp(&waits(b))));
    let Some((target, told)) = worst else { return Vec::new() };
    let name = if targets.len() > 1 { format!(" {}", target.name.clipped(16)) } else { String::new() };
    let (p95, errors) = (time("p95", told.p95), failed(told));
    let (err, nothing) = (errors.replace("errors", "err"), String::new());
    // Where both find no room, the one that is worse; the row below has the other.
    let is_err_worse = slow(told.p95) == Tone::Plain && tone(told.errors) != Tone::Plain;
    let alone = if is_err_worse { (&nothing, &err) } else { (&p95, &nothing) };
    let columns = |(p95, errors): &(&String, &String)| " srv".len() + p95.len() + errors.len();
    let choices = [(&p95, &errors), (&p95, &err), alone];
    let Some(chosen) = choices.into_iter().find(|choice| columns(choice) <= room) else { return Vec::new() };
    let window = format!(" ({})", figure::span(whole(told.window)));
    let with_window = columns(&chosen) + window.len() <= room;
    let with_name = with_window && columns(&chosen) + window.len() + name.chars().count() <= room;
    vec![
        span(if with_name { format!("{name} srv") } else { " srv".to_owned() }, Tone::Strong),
        span(chosen.0.as_str(), slow(told.p95)),
        span(chosen.1.as_str(), tone(told.errors)),
        span(if with_window { window } else { nothing.clone() }, Tone::Dim),
    ]
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
