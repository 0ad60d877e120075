//! Statements by time spent in the last interval: deltas that were computed here, the server is never reset.

use crate::app::Model;
use crate::app::pane::{Block, PaneId, PaneView};
use crate::app::table::{Align, Cell, Column, Content, Row, RowKey, SortValue, Table, Tone};
use crate::app::telemetry::database::DatabaseState;
use crate::domain::statement::StatementDelta;
use crate::domain::{PaneState, Safe, figure};

use super::connections::{none, shown_database, told_there};
use super::services::seconds;
use super::{Wanted, aged, ago, line, or_frozen, span, table_block, wall, worded};

const fn column(title: &'static str, min: u16, ideal: u16, align: Align, drop_order: u8) -> Column {
    Column { title, min, ideal, grows: false, align, drop_order }
}

const COLUMNS: &[Column] = &[
    column("total", 6, 7, Align::Right, 0),
    column("calls", 5, 6, Align::Right, 5),
    column("mean", 6, 7, Align::Right, 0),
    column("before", 7, 7, Align::Right, 6),
    column("rows", 5, 6, Align::Right, 1),
    column("hit", 5, 5, Align::Right, 3),
    Column { title: "query", min: 16, ideal: 60, grows: true, align: Align::Left, drop_order: 0 },
];

pub fn table(model: &Model, wanted: Wanted) -> Table {
    let listed = shown_database(model).and_then(|d| {
        let mut listed: Vec<_> = d.statements.value()?.rows.iter().map(|s| (d, s)).collect();
        // What is slower than it was must be among the first rows, however little time it takes in all.
        listed.sort_by_cached_key(|(d, s)| d.baselines.slower(s).is_none());
        Some(listed)
    });
    let key = |(_, statement): &(&DatabaseState, &StatementDelta)| RowKey::Statement(statement.id);
    let listed = listed.unwrap_or_default();
    worded(model, PaneId::SlowQueries, COLUMNS, &listed, wanted, key, |(database, statement)| row(database, statement))
}

pub fn view(model: &Model, height: u16) -> PaneView {
    let now = model.shown().1;
    let mut title = vec![span("Statements", Tone::Strong)];
    let Some(database) = shown_database(model) else {
        return PaneView {
            id: PaneId::SlowQueries,
            title,
            corner: Safe::default(),
            state: none(model),
            blocks: Vec::new(),
        };
    };
    let interval = database.spec.statements_interval;
    let mut state = database.statements_state(now);
    let mut blocks = Vec::new();
    if let Some(delta) = database.statements.value() {
        title.extend(aged(&database.statements, &state, now));
        let slower = delta.rows.iter().filter(|s| database.baselines.slower(s).is_some()).count();
        if slower > 0 {
            title.push(span(format!(" {slower} slower than before"), Tone::Warn));
        }
        let over = figure::age(delta.elapsed);
        let over = match database.statements.last().filter(|_| !state.is_fresh()) {
            Some((_, at)) => format!("{over} until {}", wall(model, at)),
            None => format!("last {over}"),
        };
        title.push(span(
            format!(
                " by time, {over}: {} call{}, {}",
                figure::count(delta.calls as f64),
                if delta.calls == 1 { "" } else { "s" },
                seconds(delta.total_ms / 1000.0)
            ),
            Tone::Plain,
        ));
        let mut notes = Vec::new();
        if delta.reset {
            notes.push("statistics were reset".to_owned());
        }
        if let Some(evicted) = delta.evicted.filter(|n| *n > 0) {
            notes.push(format!("{evicted} entries evicted: raise pg_stat_statements.max"));
        }
        if !notes.is_empty() {
            blocks.push(Block::Line(line(notes.join(", "), Tone::Warn)));
        }
        if delta.rows.is_empty() && state == PaneState::Ok {
            state = PaneState::Empty {
                asked: Safe::of(format!("no statement ran in the last {}", figure::age(delta.elapsed))),
            };
        }
        blocks.push(table_block(model, PaneId::SlowQueries, table(model, Wanted::Seen { height })));
    } else if let PaneState::Loading { waiting } = state {
        let first = database.server.value().is_some();
        if first {
            title.push(span(format!(" first delta in {}", figure::age(interval.saturating_sub(waiting))), Tone::Dim));
        }
    }
    if blocks.is_empty() {
        blocks.extend(told_there(model, database, &state));
    }
    PaneView {
        id: PaneId::SlowQueries,
        title,
        corner: ago(&database.statements, interval, now),
        state: or_frozen(model, state),
        blocks,
    }
}

fn row(database: &DatabaseState, statement: &StatementDelta) -> Row {
    let query = database.text_of(statement.id).map_or_else(
        || Safe::of(format!("(text not fetched yet, queryid {})", statement.id.query)),
        |text| text.line.clone(),
    );
    let mean = statement.mean_ms();
    let slower = database.baselines.slower(statement);
    let blocks = statement.blocks_hit.saturating_add(statement.blocks_read);
    let hit = (blocks > 0).then(|| statement.blocks_hit as f64 / blocks as f64);
    let milliseconds = |ms: f64| seconds(ms / 1000.0);
    Row {
        key: RowKey::Statement(statement.id),
        cells: vec![
            Cell::figure(Some(statement.total_ms), milliseconds, Tone::Plain),
            Cell::figure(Some(statement.calls as f64), figure::count, Tone::Plain),
            Cell::figure(mean, milliseconds, if slower.is_some() { Tone::Warn } else { Tone::Plain }),
            match slower {
                Some(_) => Cell::figure(slower, times, Tone::Warn),
                None if statement.new => {
                    Cell { content: Content::Text(Safe::of("new")), tone: Tone::Accent, sort: SortValue::None }
                }
                None => Cell::figure(database.baselines.of(statement.id), milliseconds, Tone::Dim),
            },
            Cell::figure(Some(statement.rows as f64), figure::count, Tone::Dim),
            Cell::figure(hit, figure::percent, Tone::Dim),
            Cell::text(query, Tone::Plain),
        ],
    }
}

/// How many times slower: `!×30`.
fn times(ratio: f64) -> String {
    if ratio < 9.95 { format!("!×{ratio:.1}") } else { format!("!×{}", figure::count(ratio.round())) }
}
