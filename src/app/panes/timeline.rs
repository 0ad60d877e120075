//! The timeline: what happened when, the newest last. It flows until a row is chosen.

use chrono::NaiveDate;

use crate::app::Model;
use crate::app::document::Line;
use crate::app::pane::{Block, PaneId, PaneView};
use crate::app::table::{Align, Cell, Column, Content, Row, RowKey, Sort, SortValue, Table, Tone};
use crate::app::timeline::Happening;
use crate::domain::{PaneState, Safe};

use super::{line, or_frozen, span};

/// Rows above the table, in its title and headings.
const LOST: usize = 3;

const fn column(title: &'static str, min: u16, ideal: u16, drop_order: u8) -> Column {
    Column { title, min, ideal, grows: false, align: Align::Left, drop_order }
}

const WHAT: Column =
    Column { title: "what happened", min: 20, ideal: 60, grows: true, align: Align::Left, drop_order: 0 };
/// Today alone needs no date.
const COLUMNS: &[Column] = &[column("time", 9, 9, 0), column("of", 8, 8, 2), column("is", 12, 12, 0), WHAT];
const DATED: &[Column] = &[column("time", 16, 16, 0), column("of", 8, 8, 2), column("is", 12, 12, 0), WHAT];
/// The same in local time, which says how far it is from UTC.
const LOCAL: &[Column] = &[column("time", 21, 21, 0), column("of", 8, 8, 2), column("is", 12, 12, 0), WHAT];

/// Moving in it; the text of all is needed only to filter and to sort.
pub fn table(model: &Model) -> Table {
    made(model, 0).0
}

fn made(model: &Model, height: usize) -> (Table, usize) {
    let until = model.frozen.as_ref().map(|frozen| frozen.at.wall);
    let all = model.timeline.shown(until);
    let cursor = model.view.cursor(PaneId::Timeline);
    let today = model.now.wall.date_naive();
    let columns = match all.first() {
        _ if model.view.local_time => LOCAL,
        Some(first) if first.at.date_naive() != today => DATED,
        _ => COLUMNS,
    };
    let row = |happening: &&Happening| row(model, happening, today);
    if !cursor.filter.is_empty() || cursor.sort.column.is_some() || cursor.sort.reverse {
        let offset =
            if cursor.selected.is_none() && cursor.sort == Sort::default() { usize::MAX } else { cursor.offset };
        return (Table::arranged(columns, all.iter().map(row).collect(), &cursor.filter, cursor.sort), offset);
    }
    // Only what can be seen is put into words.
    let at = cursor.selected.as_ref().and_then(|key| all.iter().position(|happening| happening.key == *key));
    let (offset, middle) = match at {
        Some(at) => (cursor.offset, at),
        None => (usize::MAX, all.len()),
    };
    let from = middle.min(offset).saturating_sub(2 * height);
    let to = middle.max(offset.min(all.len())).saturating_add(2 * height);
    let rows = all.iter().enumerate().map(|(n, happening)| {
        if (from..to).contains(&n) { row(happening) } else { Row { key: happening.key.clone(), cells: Vec::new() } }
    });
    (Table { columns, rows: rows.collect(), total: all.len() }, offset)
}

fn row(model: &Model, happening: &Happening, today: NaiveDate) -> Row {
    let words = Safe::of(if model.view.local_time {
        happening.at.with_timezone(&model.local_offset).format("%m-%d %H:%M:%S%:z").to_string()
    } else if happening.at.date_naive() == today {
        happening.at.format("%H:%M:%SZ").to_string()
    } else {
        happening.at.format("%m-%d %H:%M:%SZ").to_string()
    });
    let who = &happening.who;
    let what = match who.as_str() {
        "" => happening.what.clone(),
        _ => Safe::of(format!("{who}: {}", happening.what)),
    };
    let sort = SortValue::Number(happening.at.timestamp_micros() as f64);
    Row {
        key: happening.key.clone(),
        cells: vec![
            Cell { content: Content::Text(words), tone: Tone::Dim, sort },
            Cell::text(Safe::of(happening.kind.word()), Tone::Plain),
            Cell::text(happening.word.clone(), happening.tone),
            Cell::text(what, if happening.tone == Tone::Bad { Tone::Bad } else { Tone::Plain }),
        ],
    }
}

pub fn view(model: &Model, height: u16) -> PaneView {
    let timeline = &model.timeline;
    let mut title = vec![span("Timeline", Tone::Strong)];
    if timeline.dropped > 0 {
        title.push(span(format!(" {} older dropped", timeline.dropped), Tone::Warn));
    }
    if let Some(reading) = &timeline.reading {
        if reading.left_out {
            title.push(span(" older ones in the audit", Tone::Dim));
        }
        let unread = reading.unreadable.len();
        if unread > 0 {
            let plural = if unread == 1 { "" } else { "s" };
            title.push(span(format!(" {unread} audit file{plural} cannot be read"), Tone::Bad));
        }
        if reading.bad > 0 {
            title.push(span(format!(" bad lines in the audit: {}", reading.bad), Tone::Bad));
        }
    }
    let mut blocks: Vec<Block> = lost(model).into_iter().map(Block::Line).collect();
    let (table, offset) = made(model, usize::from(height));
    let cursor = model.view.cursor(PaneId::Timeline);
    let selected = (model.view.focused() == PaneId::Timeline).then_some(cursor.selected).flatten();
    let state = if timeline.is_empty() && blocks.is_empty() {
        PaneState::Empty { asked: Safe::of("nothing happened yet: no verdict changed, no action was asked for") }
    } else {
        blocks.push(Block::Table { table, selected, offset, sort: cursor.sort });
        PaneState::Ok
    };
    let corner = Safe::of(if timeline.reading.is_none() { "the audit was not read yet" } else { "M marks" });
    PaneView { id: PaneId::Timeline, title, corner, state: or_frozen(model, state), blocks }
}

/// Actions whose end nobody knows stand first, whatever happened since.
fn lost(model: &Model) -> Vec<Line> {
    let unfinished = &model.timeline.unfinished;
    if unfinished.is_empty() {
        return Vec::new();
    }
    let words = format!("UNKNOWN: the program ended while these ran; look before you act again ({})", unfinished.len());
    let mut lines = vec![line(words, Tone::Bad)];
    lines.extend(unfinished.iter().rev().take(LOST).map(|run| line(run.clone(), Tone::Unknown)));
    if unfinished.len() > LOST {
        lines.push(line(format!("and {} more", unfinished.len() - LOST), Tone::Unknown));
    }
    lines.push(Line::new());
    lines
}

/// The key of the row that is meant where none was chosen: the newest.
pub fn newest(model: &Model) -> Option<RowKey> {
    table(model).rows.last().map(|row| row.key.clone())
}
