//! Alerts: one row each, worst first, with the rules that cannot say how they stand; rules that are ok are a count until
//! somebody wants to see them. Silences stand below.

mod engines;

use std::time::Duration;

use crate::alerts::silence::Silence;
use crate::app::Model;
use crate::app::alerts::acknowledging::Seen;
use crate::app::alerts::counts::Counts;
use crate::app::alerts::listing::{self, Entry, Stand};
use crate::app::alerts::served::Origin;
use crate::app::alerts::{muting, words};
use crate::app::document::Line;
use crate::app::pane::{Block, PaneId, PaneView};
use crate::app::table::{Align, Cell, Column, Content, Row, RowKey, SortValue, Table, Tone};
use crate::config::resolved::OffKind;
use crate::domain::readout::NEVER;
use crate::domain::served::RoutedSilence;
use crate::domain::{Cause, Moment, PaneState, Safe, figure};
use crate::engine::alerts::AlertsTold;

use super::{Wanted, line, off, or_frozen, span, table_block, worded};

const fn column(title: &'static str, min: u16, ideal: u16, align: Align, drop_order: u8) -> Column {
    Column { title, min, ideal, grows: false, align, drop_order }
}

const COLUMNS: &[Column] = &[
    column("state", 13, 13, Align::Left, 0),
    column("severity", 8, 8, Align::Left, 2),
    Column { title: "alert", min: 22, ideal: 44, grows: true, align: Align::Left, drop_order: 0 },
    Column { title: "summary", min: 13, ideal: 100, grows: true, align: Align::Left, drop_order: 1 },
    column("value", 9, 9, Align::Right, 4),
    column("since", 6, 6, Align::Right, 0),
    Column { title: "seen", min: 12, ideal: 26, grows: false, align: Align::Left, drop_order: 3 },
];

/// The same where more than our own rules are told: who tells it stands before what it says.
const BY: &[Column] = &[
    column("state", 13, 13, Align::Left, 0),
    column("severity", 8, 8, Align::Left, 2),
    Column { title: "alert", min: 16, ideal: 44, grows: true, align: Align::Left, drop_order: 0 },
    column("by", 12, 12, Align::Left, 1),
    Column { title: "summary", min: 13, ideal: 100, grows: true, align: Align::Left, drop_order: 3 },
    column("value", 9, 9, Align::Right, 1),
    column("since", 6, 6, Align::Right, 0),
    Column { title: "seen", min: 12, ideal: 26, grows: false, align: Align::Left, drop_order: 4 },
];
/// Where that column stands.
const BY_AT: usize = 3;

/// The row that stands for all rules that are ok.
const OK: &str = "ok";
/// Problems of the files that are told above the table.
const PROBLEMS: usize = 4;

/// A row.
enum Item<'a> {
    Entry(Entry<'a>),
    Ok(usize),
    Silence(&'a Silence),
    There(&'a RoutedSilence),
}

impl Item<'_> {
    fn key(&self) -> RowKey {
        match self {
            Item::Entry(entry) => RowKey::Alert(entry.key()),
            Item::Ok(_) => RowKey::Text(Safe::of(OK)),
            Item::Silence(silence) => silence_key(silence.id),
            Item::There(silence) => engines::silence_key(silence),
        }
    }
}

fn silence_key(id: u64) -> RowKey {
    RowKey::Text(Safe::of(format!("silence {id}")))
}

/// The silence that a row is about.
#[must_use]
pub fn silence_of(key: &RowKey) -> Option<u64> {
    match key {
        RowKey::Text(text) => text.as_str().strip_prefix("silence ")?.parse().ok(),
        _ => None,
    }
}

/// The id of an Alertmanager's silence that a row is about.
#[must_use]
pub fn silence_there(key: &RowKey) -> Option<String> {
    match key {
        RowKey::Text(text) => text.as_str().strip_prefix(engines::THERE).map(str::to_owned),
        _ => None,
    }
}

/// Whether a row stands for the rules that are ok.
#[must_use]
pub fn is_ok_row(key: &RowKey) -> bool {
    matches!(key, RowKey::Text(text) if text.as_str() == OK)
}

fn items(model: &Model) -> Vec<Item<'_>> {
    let (telemetry, now) = model.shown();
    let ranked = listing::ranked(telemetry, now);
    let ok = ranked.iter().filter(|entry| entry.stand == Stand::Ok).count();
    // Whoever filters looks for something, among what is ok too.
    let shows_ok = model.alerts.shows_ok || !model.view.cursor(PaneId::Alerts).filter.is_empty();
    let shown = ranked.into_iter().filter(|entry| shows_ok || entry.stand != Stand::Ok);
    let mut items: Vec<Item<'_>> = shown.map(Item::Entry).collect();
    if ok > 0 && !shows_ok {
        items.push(Item::Ok(ok));
    }
    let here = model.alerts.line.at(model.now);
    items.extend(model.alerts.silences.holding(here).map(Item::Silence));
    items.extend(engines::silences(telemetry).iter().map(Item::There));
    items
}

pub fn table(model: &Model, wanted: Wanted) -> Table {
    let items = items(model);
    let columns = if engines::any(model.shown().0) { BY } else { COLUMNS };
    worded(model, PaneId::Alerts, columns, &items, wanted, Item::key, |item| row(model, item))
}

fn row(model: &Model, item: &Item<'_>) -> Row {
    let key = item.key();
    let mut cells = match item {
        Item::Entry(entry) => cells(model, entry),
        Item::Ok(count) => {
            let plural = if *count == 1 { "" } else { "s" };
            let words = Safe::of(format!("{count} rule{plural}, Enter lists them"));
            plain([("ok".into(), Tone::Ok), (Safe::default(), Tone::Dim), (words, Tone::Dim)])
        }
        Item::Silence(silence) => silence_cells(model, silence),
        Item::There(silence) => engines::silence_cells(model, silence),
    };
    if engines::any(model.shown().0) && cells.len() >= BY_AT {
        let by = match item {
            Item::Entry(entry) => entry.by.word(),
            Item::There(_) => Origin::Alertmanager.word(),
            Item::Ok(_) | Item::Silence(_) => "",
        };
        cells.insert(BY_AT, Cell::text(by.into(), Tone::Dim));
    }
    Row { key, cells }
}

/// The first cells of a row, the others empty.
pub(super) fn plain(first: [(Safe, Tone); 3]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = first.into_iter().map(|(text, tone)| Cell::text(text, tone)).collect();
    cells.resize_with(COLUMNS.len(), || Cell::text(Safe::default(), Tone::Dim));
    cells
}

fn cells(model: &Model, entry: &Entry<'_>) -> Vec<Cell> {
    let (_, now) = model.shown();
    let seen = if entry.is_active() { model.alerts.seen(entry, model.now) } else { Seen::Needless };
    let tone = words::tone_of(entry);
    let (notice, notice_tone) = words::notice(entry, &seen, model.now);
    let calm = matches!(seen, Seen::Silenced { .. } | Seen::Inhibited | Seen::By { .. });
    let ranked =
        |text: Safe, tone, rank: f64| Cell { content: Content::Text(text), tone, sort: SortValue::Number(rank) };
    let value = match (words::value(entry, now), entry.alert) {
        (Some(words), Some(alert)) => {
            Cell { content: Content::Text(words), tone, sort: SortValue::Number(alert.value) }
        }
        _ => Cell::figure(None, figure::number, Tone::Dim),
    };
    // Of a single alert the rule's name is all; several differ in what stands behind it.
    let name = words::row_name(entry);
    let name = if words::is_alone(entry) { Cell::text(name, Tone::Strong) } else { Cell::name(name) };
    let since = match entry.since(now) {
        Some(since) => ranked(Safe::of(figure::age(since)), Tone::Plain, since.as_secs_f64()),
        None => Cell::figure(None, figure::number, Tone::Dim),
    };
    vec![
        ranked(Safe::of(entry.stand.word()), tone, f64::from(entry.stand as u8)),
        ranked(Safe::of(entry.severity_word()), if calm { Tone::Dim } else { tone }, -f64::from(entry.severity as u8)),
        name,
        Cell::text(words::summary(entry), if calm { Tone::Dim } else { Tone::Plain }),
        value,
        since,
        Cell::text(notice, notice_tone),
    ]
}

fn silence_cells(model: &Model, silence: &Silence) -> Vec<Cell> {
    let here = model.alerts.line.at(model.now);
    let count = muting::muted(model, &silence.matchers).len();
    let plural = if count == 1 { "" } else { "s" };
    let words = format!("keeps back {count} alert{plural}: {}", silence.comment);
    let mut cells =
        plain([("silence".into(), Tone::Accent), (Safe::default(), Tone::Dim), (muting::line(silence), Tone::Plain)]);
    let rest = [
        (3, Safe::of(words), Tone::Plain),
        (6, Safe::of(format!("{} left, {}", words::left_words(silence.left(here)), silence.by)), Tone::Dim),
    ];
    for (at, text, tone) in rest {
        if let Some(cell) = cells.get_mut(at) {
            *cell = Cell::text(text, tone);
        }
    }
    cells
}

pub fn view(model: &Model, height: u16) -> PaneView {
    let (telemetry, now) = model.shown();
    let counts = if model.frozen.is_some() { Counts::of(telemetry, &model.alerts, now) } else { Counts::now(model) };
    let mut title = vec![span("Alerts", Tone::Strong)];
    title.extend(counts.parts().into_iter().map(|(count, word, tone)| span(format!(" {count} {word}"), tone)));
    if counts.late > 0 {
        title.push(span(format!(" {} too late to acknowledge", counts.late), Tone::Bad));
    }
    if counts.ok > 0 {
        title.push(span(format!(" {} ok", counts.ok), Tone::Ok));
    }
    let files = telemetry.metrics.alerts.as_deref();
    let mut blocks: Vec<Block> =
        files.map(|told| remarks(told, height)).unwrap_or_default().into_iter().map(Block::Line).collect();
    let engines: Vec<Line> = engines::lines(model);
    if !engines.is_empty() {
        blocks.splice(0..0, engines.into_iter().chain([Line::new()]).map(Block::Line));
    }
    let state = state(model, files);
    let shown = !matches!(state, PaneState::Off { .. } | PaneState::Loading { .. } | PaneState::Empty { .. });
    let some = listing::all(telemetry, now).next().is_some() || !engines::silences(telemetry).is_empty();
    if some
        || shown
            && !blocks.is_empty()
            && model.alerts.silences.holding(model.alerts.line.at(model.now)).next().is_some()
    {
        blocks.push(table_block(model, PaneId::Alerts, table(model, Wanted::Seen { height })));
    }
    let corner = corner(telemetry, now);
    PaneView { id: PaneId::Alerts, title, corner, state: or_frozen(model, state), blocks }
}

/// How long ago the rules were looked at, and what that took.
fn corner(telemetry: &crate::app::telemetry::Telemetry, now: Moment) -> Safe {
    let Some((told, ..)) = listing::snapshots(telemetry).next() else { return Safe::default() };
    let ago = figure::age(now.since(told.at));
    let took = if told.took.is_zero() { String::new() } else { format!(" in {}", figure::duration(told.took)) };
    let skipped = if told.skipped == 0 { String::new() } else { format!(", {} left out", told.skipped) };
    let dropped =
        if told.dropped == 0 { String::new() } else { format!(", {} resolved forgotten early", told.dropped) };
    Safe::of(format!("looked at {ago} ago{took}{skipped}{dropped}"))
}

/// What stands above the table: why what was read last is not in force, rules that record and fail, remarks.
fn remarks(told: &AlertsTold, height: u16) -> Vec<Line> {
    let mut lines = Vec::new();
    let most = if height < 16 { PROBLEMS / 2 } else { PROBLEMS };
    let in_force = !told.rules.is_empty() || told.recording.0 > 0;
    if let (true, count @ 1..) = (in_force, told.problems.len()) {
        let plural = if count == 1 { "" } else { "s" };
        let words = format!(
            "{count} problem{plural} in the rules files: what was read last is not in force, the rules before are"
        );
        lines.push(line(words, Tone::Warn));
    }
    lines.extend(told.problems.iter().take(most).map(|problem| line(problem.line(), Tone::Warn)));
    if told.problems.len() > most {
        lines.push(line(format!("and {} more; ! lists them all", told.problems.len() - most), Tone::Warn));
    }
    let (recording, failing) = told.recording;
    if failing > 0 {
        lines.push(line(format!("{failing} of {recording} recording rules fail"), Tone::Unknown));
    }
    if !lines.is_empty() {
        lines.push(Line::new());
    }
    lines
}

/// Which of the eight states.
fn state(model: &Model, files: Option<&AlertsTold>) -> PaneState {
    let (telemetry, now) = model.shown();
    let own = telemetry.thresholds.is_some() || engines::told(telemetry);
    let named = &telemetry.metrics.rules;
    match files {
        None if own => PaneState::Ok,
        None if engines::any(telemetry) && named.is_empty() => engines::state(telemetry, now),
        None if named.is_empty() => off(
            model,
            OffKind::Alert,
            "no rules file and no threshold is named",
            "--rules prometheus-rules.yml with --metrics URL, or [[alert]] with when = \"service api down for 30s\"",
        ),
        None => PaneState::Loading { waiting: now.since(model.started) },
        Some(told) if told.rules.is_empty() && !told.problems.is_empty() && !own => broken(told),
        Some(told) if told.rules.is_empty() && !own => {
            let files: Vec<&str> = named.iter().map(Safe::as_str).collect();
            let words = format!("no rule that alerts in {} ({} that record)", files.join(", "), told.recording.0);
            PaneState::Empty { asked: Safe::of(words) }
        }
        Some(told) => {
            let shortest = told.rules.iter().map(|rule| rule.interval).min().unwrap_or(Duration::from_secs(60));
            let age = now.since(told.at);
            if age > listing::fresh_for(shortest) { PaneState::Stale { age } } else { PaneState::Ok }
        }
    }
}

/// Nothing is in force.
fn broken(told: &AlertsTold) -> PaneState {
    let count = told.problems.len();
    let unreadable =
        told.problems.iter().find(|problem| problem.words.as_str().to_lowercase().contains("permission denied"));
    if let Some(problem) = unreadable {
        let missing = Safe::of(format!("the right to read {}", problem.file));
        return PaneState::Denied { missing, fix: vec![Safe::of(format!("chmod o+r {}", problem.file))] };
    }
    let plural = if count == 1 { "" } else { "s" };
    let cause = Cause::Other(Safe::of(format!("{count} problem{plural} in the rules files")));
    PaneState::Error { cause, since: told.at, times: 1, retry_in: NEVER }
}

/// The entry that is meant on this page: the one that is selected, or the first.
#[must_use]
pub fn meant(model: &Model) -> Option<RowKey> {
    let first = || table(model, Wanted::Keys).rows.first().map(|row| row.key.clone());
    model.view.cursor(PaneId::Alerts).selected.or_else(first)
}
