//! Logs: new lines, moving among them, filters and searches over the whole kept log (on the compute thread).

use crate::app::event::LogEvent;
use crate::app::job::Job;
use crate::app::pane::PaneId;
use crate::app::table::Tone;
use crate::app::telemetry::logs::LogsState;
use crate::app::{Effect, Model, panes};
use crate::domain::Safe;
use crate::input::Command;
use crate::logs::search::Direction;
use crate::logs::{Filter, FilterResult, Gap, Level, LineAddress, Reload};

use super::say;

/// Something happened to a log.
pub fn happened(model: &mut Model, event: LogEvent) -> Vec<Effect> {
    if let LogEvent::Lost { log, why, .. } = &event {
        let text = Safe::of(format!("log {}: {why}", model.live.logs.name(*log)));
        say(model, text, Tone::Warn);
    }
    let now = model.now;
    let reloaded = matches!(event, LogEvent::Reloaded { .. });
    if let LogEvent::OldPart { stream, until: 0 } = &event {
        let text =
            Safe::of(format!("log {}: its old part is gone: the file was replaced", model.live.logs.name(stream.log)));
        say(model, text, Tone::Warn);
    }
    // A gap at the very beginning is read from its beginning only for who wants to see the first line.
    let to_the_top = |wanted: &Reload| wanted.direction == Direction::Newer && wanted.gap.bytes.0 == 0;
    let top_wanted = reloaded && model.live.logs.loading.as_ref().is_some_and(to_the_top);
    model.live.logs.take(event, now);
    if let Some(oldest) = model.live.logs.oldest().filter(|_| top_wanted && model.frozen.is_none()) {
        go_to(model, oldest);
    }
    // What a running filter job took along does not hold these lines.
    if reloaded && model.frozen.is_none() && model.live.logs.awaited_filter != 0 {
        let typed = model.live.logs.typed.clone();
        return filter(model, &typed, false);
    }
    Vec::new()
}

/// A key on the log.
pub fn obey(model: &mut Model, command: Command) -> Vec<Effect> {
    let rows = model.geometry.page_rows(PaneId::Logs);
    match command {
        Command::Up => return travel(model, -1),
        Command::Down => return travel(model, 1),
        Command::HalfPageUp => return travel(model, -(rows as isize / 2)),
        Command::HalfPageDown => return travel(model, rows as isize / 2),
        Command::PageUp => return travel(model, -(rows as isize)),
        Command::PageDown => return travel(model, rows as isize),
        Command::Top => return top(model),
        Command::Bottom => {
            release(model);
        }
        Command::Follow if model.shown_logs().anchor.is_some() => {
            release(model);
        }
        Command::Follow => hold(model.shown_logs()),
        Command::NextMatch => return seek(model, Direction::Newer),
        Command::PreviousMatch => return seek(model, Direction::Older),
        Command::NextError => return seek_error(model, Direction::Newer),
        Command::PreviousError => return seek_error(model, Direction::Older),
        Command::LevelUp => return level(model, 1),
        Command::LevelDown => return level(model, -1),
        _ => {}
    }
    Vec::new()
}

fn hold(logs: &mut LogsState) {
    logs.anchor = logs.newest();
    logs.selected = logs.selected.or(logs.anchor);
}

/// The screen goes on: what was asked of the log while it stood still is asked of the present.
pub fn thaw(model: &mut Model, past: &LogsState) -> Vec<Effect> {
    let logs = &mut model.live.logs;
    logs.search.clone_from(&past.search);
    let asked_before = logs.awaited_filter != 0 || logs.least != past.least || logs.typed != past.typed;
    logs.least = past.least;
    if asked_before { filter(model, &past.typed, true) } else { Vec::new() }
}

/// Follows the end again. `false` when nothing was held.
pub fn release(model: &mut Model) -> bool {
    let logs = model.shown_logs();
    let held = logs.anchor.take().is_some() | logs.selected.take().is_some();
    if held {
        say(model, "following the end", Tone::Dim);
    }
    held
}

fn travel(model: &mut Model, steps: isize) -> Vec<Effect> {
    let logs = model.shown_logs();
    let Some(from) = logs.selected.or_else(|| logs.newest()) else { return Vec::new() };
    // The first move selects the newest line; it does not skip it.
    let first = logs.selected.is_none() && steps.abs() == 1;
    let (target, gap) = if first { (from, None) } else { logs.step(from, steps) };
    let above = go_to(model, target);
    let (gap, direction) = if steps < 0 { (gap.or(above), Direction::Older) } else { (gap, Direction::Newer) };
    reload(model, gap, direction)
}

/// The oldest line; of a file whose beginning is not kept that is read again first.
fn top(model: &mut Model) -> Vec<Effect> {
    let logs = model.shown_logs();
    let Some(target) = logs.oldest() else { return Vec::new() };
    let gap = logs.gap_before_all();
    go_to(model, target);
    reload(model, gap, Direction::Newer)
}

/// Asks for lines of a gap; one stretch at a time.
fn reload(model: &mut Model, gap: Option<Gap>, direction: Direction) -> Vec<Effect> {
    let frozen = model.frozen.is_some();
    let logs = model.shown_logs();
    // What is read again goes to the present: a frozen screen shows what it holds.
    let Some(gap) = gap.filter(|_| logs.loading.is_none() && !frozen) else { return Vec::new() };
    let wanted = Reload { gap, direction };
    logs.loading = Some(wanted);
    vec![Effect::ReloadLog(wanted)]
}

/// Puts the cursor on a line and keeps it inside the window. Gives the gap that cuts the window off at its top.
fn go_to(model: &mut Model, target: LineAddress) -> Option<Gap> {
    let rows = model.geometry.page_rows(PaneId::Logs).max(1);
    let logs = model.shown_logs();
    let bottom = logs.anchor.or_else(|| logs.newest()).unwrap_or(target);
    let first = logs.window(Some(bottom), rows).0.first().copied().unwrap_or(target);
    let rank = |at| logs.store.rank(at);
    let anchor = if rank(target) > rank(bottom) {
        target
    } else if rank(target) < rank(first) {
        logs.step(target, rows as isize - 1).0
    } else {
        bottom
    };
    logs.anchor = Some(anchor);
    logs.selected = Some(target);
    logs.window(Some(anchor), rows).1
}

fn level(model: &mut Model, step: isize) -> Vec<Effect> {
    const LEAST: [Level; 6] = [Level::Unknown, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];
    let logs = model.shown_logs();
    let at = LEAST.iter().position(|l| *l == logs.least).unwrap_or(0);
    let next = (at as isize + step).clamp(0, LEAST.len() as isize - 1) as usize;
    logs.least = LEAST.get(next).copied().unwrap_or_default();
    let text = match logs.least {
        Level::Unknown => "all levels".to_owned(),
        least => format!("{} and worse", least.word()),
    };
    let typed = logs.typed.clone();
    say(model, text, Tone::Dim);
    filter(model, &typed, true)
}

/// Filters the whole kept log. A text between slashes is a regular expression; anything else is looked for as it is.
pub fn filter(model: &mut Model, typed: &str, finished: bool) -> Vec<Effect> {
    let id = model.fresh_id();
    let logs = model.shown_logs();
    let (text, regex) = split(typed);
    let compiled = match Filter::new(logs.least, text, regex, None) {
        Ok(compiled) => compiled,
        Err(why) => {
            if finished {
                say(model, why, Tone::Warn);
            }
            return Vec::new();
        }
    };
    typed.clone_into(&mut logs.typed);
    logs.filter = compiled.clone();
    logs.found = FilterResult::default();
    if compiled.is_empty() {
        logs.awaited_filter = 0;
        return Vec::new();
    }
    logs.awaited_filter = id;
    vec![Effect::Compute(Job::LogFilter { id, segments: logs.store.segments(), filter: compiled })]
}

/// Searches: the newest match first.
pub fn search(model: &mut Model, typed: &str) -> Vec<Effect> {
    let (text, regex) = split(typed);
    match Filter::new(Level::Unknown, text, regex, None) {
        Err(why) => {
            say(model, why, Tone::Warn);
            Vec::new()
        }
        Ok(wanted) if wanted.is_empty() => {
            model.shown_logs().search = None;
            Vec::new()
        }
        Ok(wanted) => {
            model.shown_logs().search = Some((wanted, typed.to_owned()));
            seek(model, Direction::Older)
        }
    }
}

fn split(typed: &str) -> (&str, &str) {
    match typed.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(regex) if !regex.is_empty() => ("", regex),
        _ => (typed, ""),
    }
}

fn seek(model: &mut Model, direction: Direction) -> Vec<Effect> {
    let Some((wanted, _)) = model.shown_logs().search.clone() else {
        say(model, "nothing was searched for yet: / searches", Tone::Dim);
        return Vec::new();
    };
    find(model, direction, Some(wanted))
}

fn seek_error(model: &mut Model, direction: Direction) -> Vec<Effect> {
    // Without a cursor the newest error is meant.
    let direction = if model.shown_logs().selected.is_none() { Direction::Older } else { direction };
    find(model, direction, None)
}

fn find(model: &mut Model, direction: Direction, wanted: Option<Filter>) -> Vec<Effect> {
    let id = model.fresh_id();
    let logs = model.shown_logs();
    logs.awaited_search = id;
    vec![Effect::Compute(Job::LogSearch {
        id,
        runs: logs.store.runs().clone(),
        from: logs.selected,
        direction,
        wanted,
        shown: logs.filter.clone(),
    })]
}

/// The compute thread filtered the kept log; lines that came meanwhile are added.
pub fn filtered(model: &mut Model, id: u64, mut found: FilterResult) {
    let logs = model.shown_logs();
    if logs.awaited_filter != id {
        return;
    }
    logs.awaited_filter = 0;
    found.extend(&logs.filter, &logs.store.segments_after(found.scanned_to.unwrap_or(0)));
    logs.found = found;
    logs.anchor = None;
    logs.selected = None;
    model.dirty = true;
}

/// The compute thread found a line, or none.
pub fn sought(model: &mut Model, id: u64, at: Option<LineAddress>) {
    if model.shown_logs().awaited_search != id {
        return;
    }
    model.shown_logs().awaited_search = 0;
    if let Some(at) = at {
        go_to(model, at);
    } else {
        let text = format!("no further match in {}", panes::searched_lines(model.shown_logs()));
        say(model, text, Tone::Dim);
    }
    model.dirty = true;
}
