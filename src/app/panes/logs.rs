//! Log lines: a small histogram, then the wanted lines, the newest at the bottom or the held ones.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, Utc};

use crate::app::Model;
use crate::app::pane::{Block, LogRow, PaneId, PaneView};
use crate::app::table::Tone;
use crate::app::telemetry::logs::LogsState;
use crate::app::view::Page;
use crate::config::resolved::OffKind;
use crate::domain::{Moment, PaneState, Safe, figure};
use crate::logs::{Level, LineAddress, context};

use super::{line, off, or_frozen, span};

/// From this height on the histogram is shown.
const WITH_HISTOGRAM: u16 = 12;
/// Bytes of a line that are drawn; the detail view shows all that is kept.
const DRAWN: usize = 1024;

pub fn view(model: &Model, width: u16, height: u16) -> PaneView {
    let (telemetry, now) = model.shown();
    let logs = &telemetry.logs;
    let mut blocks = Vec::new();
    let mut rows = usize::from(height);
    if height >= WITH_HISTOGRAM {
        blocks.push(histogram(logs, now, width));
        rows = rows.saturating_sub(2);
    }
    for state in broken(logs, now) {
        blocks.push(Block::Line(state));
        rows = rows.saturating_sub(1);
    }
    if let Some(words) = unloaded(logs).filter(|_| height >= WITH_HISTOGRAM) {
        blocks.push(Block::Line(words));
        rows = rows.saturating_sub(1);
    }
    blocks.push(Block::Log(log_rows(model, logs, rows)));
    let state = state(model, logs, now);
    let blocks = if logs.names.is_empty() { Vec::new() } else { blocks };
    PaneView {
        id: PaneId::Logs,
        title: title(model, logs, now),
        corner: corner(logs),
        state: or_frozen(model, state),
        blocks,
    }
}

/// What is counted and not kept, and how it comes back.
fn unloaded(logs: &LogsState) -> Option<crate::app::document::Line> {
    let missing = logs.store.unloaded_lines();
    if logs.loading.is_some() {
        return Some(line("loading older lines…", Tone::Accent));
    }
    let words = format!("{} older lines not loaded: scroll up to load them, g goes to the first", grouped(missing));
    (missing > 0).then(|| line(words, Tone::Dim))
}

/// Over which lines a search ran, in words.
#[must_use]
pub fn searched_lines(logs: &LogsState) -> String {
    let (kept, all) = (logs.store.len_lines() as u64, logs.store.total().lines);
    if kept >= all {
        format!("all {} lines", grouped(all))
    } else {
        format!("the {} lines loaded of {}", grouped(kept), grouped(all))
    }
}

fn of_all(some: f64, all: u64) -> String {
    if some >= all as f64 {
        format!("{} lines", figure::count(some))
    } else {
        format!("{} of {} lines", figure::count(some), figure::count(all as f64))
    }
}

/// `938 412`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// A line every few seconds is not nothing.
fn rate(per_second: f64) -> String {
    if per_second > 0.0 && per_second < 9.95 { format!("{per_second:.1}") } else { figure::count(per_second.round()) }
}

fn title(model: &Model, logs: &LogsState, now: Moment) -> crate::app::document::Line {
    let mut title = vec![span("Logs", Tone::Strong)];
    let names: Vec<&str> = logs.names.iter().map(Safe::as_str).collect();
    match names.as_slice() {
        [] => return title,
        [one] => title.push(span(format!(" {one}"), Tone::Plain)),
        [one, two] => title.push(span(format!(" {one}, {two}"), Tone::Plain)),
        many => title.push(span(format!(" {} logs", many.len()), Tone::Plain)),
    }
    if logs.is_read() {
        let errors = logs.pace.errors(now);
        title.push(span(format!(" {}/s", rate(logs.pace.per_second(now))), Tone::Dim));
        if still_end(model, logs, now).is_some() {
            title.push(span(" (shown every 2s)", Tone::Dim));
        }
        let plural = if errors == 1 { "" } else { "s" };
        title.push(span(format!(" {errors} error{plural}/min"), if errors > 0 { Tone::Bad } else { Tone::Dim }));
    }
    let total = logs.store.total();
    let lost = total.dropped_lines;
    if lost > 0 || total.lost_bytes > 0 {
        title.push(span(
            format!(" LOST {} lines {}", figure::count(lost as f64), figure::bytes(total.lost_bytes)),
            Tone::Bad,
        ));
    }
    if logs.least != Level::Unknown {
        title.push(span(format!(" >={}", logs.least.word()), Tone::Accent));
    }
    if !logs.typed.is_empty() {
        title.push(span(format!(" &{}", logs.typed), Tone::Accent));
    }
    if !logs.filter.is_empty() {
        let words = if logs.awaited_filter == 0 {
            let (found, over) = (logs.found.total as f64, logs.found.scanned_lines as f64);
            format!(" {} match in {}", figure::count(found), of_all(over, logs.store.total().lines))
        } else {
            " filtering".to_owned()
        };
        title.push(span(words, Tone::Accent));
    }
    title
}

fn corner(logs: &LogsState) -> Safe {
    let total = logs.store.total();
    if total.lines == 0 && !logs.is_read() {
        return Safe::default();
    }
    let held = if logs.anchor.is_some() { "HELD " } else { "" };
    Safe::of(format!(
        "{held}{} lines, {} errors",
        figure::count(total.lines as f64),
        figure::count(total.errors() as f64)
    ))
}

fn state(model: &Model, logs: &LogsState, now: Moment) -> PaneState {
    if logs.names.is_empty() {
        return off(model, OffKind::Log, "no log is named", "--log PATH, or [[log]] in the configuration");
    }
    let unread = |s: &crate::domain::Readout<()>| s.cause().is_some();
    match logs.states.as_slice() {
        all if all.iter().all(unread) && logs.store.len_lines() == 0 => {
            all.first().map_or(PaneState::Ok, |s| s.state(now, Duration::from_secs(3600)))
        }
        all if logs.store.total().lines == 0 && all.iter().all(|s| s.value().is_none()) => {
            PaneState::Loading { waiting: now.since(model.started) }
        }
        _ if logs.store.len_lines() == 0 => {
            PaneState::Empty { asked: Safe::of("no line yet; lines appear as they are written") }
        }
        _ if !logs.filter.is_empty() && logs.awaited_filter == 0 && logs.found.is_empty() => {
            PaneState::Empty { asked: Safe::of(format!("no kept line matches {}", shown_filter(logs))) }
        }
        _ => PaneState::Ok,
    }
}

fn shown_filter(logs: &LogsState) -> String {
    match (logs.least, logs.typed.as_str()) {
        (Level::Unknown, typed) => format!("&{typed}"),
        (least, "") => format!(">={}", least.word()),
        (least, typed) => format!(">={} &{typed}", least.word()),
    }
}

/// A line for each log that cannot be read while others can.
fn broken(logs: &LogsState, now: Moment) -> Vec<crate::app::document::Line> {
    let words = |(name, state): (&Safe, &crate::domain::Readout<()>)| {
        state.cause().map(|cause| {
            let since = match state.state(now, Duration::from_secs(3600)) {
                PaneState::Error { since, .. } => format!(" since {}", figure::age(now.since(since))),
                _ => String::new(),
            };
            line(format!("{name}: {cause}{since}"), Tone::Unknown)
        })
    };
    logs.names.iter().zip(&logs.states).filter_map(words).take(3).collect()
}

fn histogram(logs: &LogsState, now: Moment, width: u16) -> Block {
    let (all, part) = logs.course.last(now, usize::from(width).min(180));
    Block::Histogram { all, part, label: Safe::of("lines, errors per 10s") }
}

fn log_rows(model: &Model, logs: &LogsState, rows: usize) -> Vec<LogRow> {
    let focused = model.view.focused() == PaneId::Logs;
    let several = logs.names.len() > 1;
    let still = still_end(model, logs, model.shown().1);
    // As wide as the longest name of all: what scrolls in and out moves nothing.
    let width = logs.names.iter().map(|name| name.as_str().chars().count()).max().unwrap_or(0);
    let made = |at| {
        let mut row = row(model, logs, at, focused, several)?;
        if several {
            row.log = Safe::of(format!("{:<width$}", row.log));
        }
        // Of a flood the messages are enough to look at, and half the bytes for a slow line.
        row.context = if still.is_some() { Safe::default() } else { row.context };
        Some(row)
    };
    logs.window(logs.anchor.or(still), rows).0.into_iter().filter_map(made).collect()
}

/// A mosaic's few rows of a flood cannot be read as they come: where they stand still for a while, their last line.
fn still_end(model: &Model, logs: &LogsState, now: Moment) -> Option<LineAddress> {
    let follows = model.view.page == Page::Overview && logs.filter.is_empty() && logs.anchor.is_none();
    logs.pace.end(now).filter(|_| follows)
}

fn row(model: &Model, logs: &LogsState, at: LineAddress, focused: bool, several: bool) -> Option<LogRow> {
    let (segment, line) = logs.store.get(at)?;
    let message = line.message();
    let skipped = model.view.scroll_right;
    let shown = message.get(skipped.min(message.len())..).unwrap_or(&[]);
    let shown = shown.get(..DRAWN).unwrap_or(shown);
    let mut text = Safe::log_line(shown);
    if line.continuation {
        text = Safe::of(format!("  {text}"));
    }
    Some(LogRow {
        time: line.time.map(|t| time_words(t, model)).unwrap_or_default(),
        level: if line.continuation { "" } else { line.level.word() },
        tone: tone_of(line.level),
        log: if several { logs.name(segment.log()) } else { Safe::default() },
        text,
        context: if line.continuation { Safe::default() } else { context(&line) },
        selected: focused && logs.selected == Some(at),
        matched: logs.search.as_ref().is_some_and(|(wanted, _)| wanted.matches_text(line.raw)),
    })
}

/// `12:04:30.118`, in UTC or local time.
#[must_use]
pub fn time_words(micros: i64, model: &Model) -> Safe {
    let utc: DateTime<Utc> = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let format = "%H:%M:%S%.3f";
    Safe::of(if model.view.local_time {
        let local: DateTime<FixedOffset> = utc.with_timezone(&model.local_offset);
        local.format(format).to_string()
    } else {
        utc.format(format).to_string()
    })
}

fn tone_of(level: Level) -> Tone {
    match level {
        Level::Fatal | Level::Error => Tone::Bad,
        Level::Warn => Tone::Warn,
        Level::Info | Level::Debug | Level::Trace | Level::Unknown => Tone::Dim,
    }
}
