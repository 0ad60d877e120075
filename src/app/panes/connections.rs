//! Connections: slots in use against usable ones, sessions by state, who holds the slots.

use crate::app::Model;
use crate::app::document::Line;
use crate::app::pane::{Block, PaneId, PaneView};
use crate::app::table::Tone;
use crate::app::telemetry::database::DatabaseState;
use crate::config::resolved::OffKind;
use crate::domain::database::{Sessions, Slots};
use crate::domain::session::SessionState;
use crate::domain::{PaneState, Safe, figure};

use super::{line, off, or_frozen, span};

/// With more rows left over than this, the course of the server is charted there.
const CHARTS: usize = 4;

/// The database that the database panes show.
#[must_use]
pub fn shown_database(model: &Model) -> Option<&DatabaseState> {
    let databases = &model.shown().0.databases;
    databases.get(model.view.database.min(databases.len().saturating_sub(1)))
}

/// The state where no database is named.
#[must_use]
pub fn none(model: &Model) -> PaneState {
    off(model, OffKind::Database, "no database is named", "--db postgresql://USER@HOST/DATABASE, or DATABASE_URL")
}

pub fn view(model: &Model, width: u16, height: u16) -> PaneView {
    let now = model.shown().1;
    let mut title = vec![span("Connections", Tone::Strong)];
    let Some(database) = shown_database(model) else {
        return PaneView {
            id: PaneId::Connections,
            title,
            corner: Safe::default(),
            state: none(model),
            blocks: Vec::new(),
        };
    };
    let mut blocks = Vec::new();
    if let Some(slots) = database.slots.value() {
        title.push(span(format!(" {} of {} usable", slots.used, slots.usable()), slot_tone(slots)));
        if let Some(sessions) = database.sessions.value() {
            blocks.push(Block::Line(by_state(sessions)));
            blocks.extend(locks(sessions).map(Block::Line));
        }
        blocks.push(bar(slots, database.sessions.value()));
        blocks.extend(problems(database).into_iter().map(Block::Line));
        let room = usize::from(height).saturating_sub(blocks.len());
        let holders: Vec<Line> = holders(slots).into_iter().take(room).collect();
        let left = room - holders.len();
        blocks.extend(holders.into_iter().map(Block::Line));
        if left > CHARTS {
            blocks.push(Block::Line(Line::new()));
            blocks.extend(super::database::charts(database, now, width).into_iter().map(Block::Chart));
        }
    }
    if model.shown().0.databases.len() > 1 {
        title.push(span(format!(" {}", database.spec.name), Tone::Dim));
    }
    PaneView {
        id: PaneId::Connections,
        title,
        corner: Safe::of(figure::age(database.spec.interval)),
        state: or_frozen(model, database.slots.state(now, database.spec.interval)),
        blocks,
    }
}

fn slot_tone(slots: &Slots) -> Tone {
    if slots.used >= slots.usable() {
        Tone::Bad
    } else if f64::from(slots.used) >= f64::from(slots.usable()) * crate::database::judge::SLOTS_DEGRADED {
        Tone::Warn
    } else {
        Tone::Ok
    }
}

fn by_state(sessions: &Sessions) -> Line {
    let mut out = Line::new();
    for (state, count) in &sessions.by_state {
        let (mark, tone) = match state {
            SessionState::IdleInTransaction | SessionState::IdleInTransactionAborted if *count > 0 => {
                (" !", Tone::Warn)
            }
            SessionState::Active => ("", Tone::Plain),
            _ => ("", Tone::Dim),
        };
        let gap = if out.is_empty() { "" } else { "  " };
        out.push(span(format!("{gap}{} {count}{mark}", state.short()), tone));
        let oldest = sessions.oldest_idle_in_transaction.filter(|_| state.holds_transaction() && *count > 0);
        if let Some(oldest) = oldest {
            out.push(span(format!(" (oldest {})", figure::age(oldest)), Tone::Warn));
        }
    }
    if out.is_empty() {
        out.push(span("no session but ours", Tone::Dim));
    }
    out
}

/// Sessions that wait for locks: a line of their own, for they must not fall off the right edge.
fn locks(sessions: &Sessions) -> Option<Line> {
    let (waiting, blocked) = (sessions.waiting, sessions.blocked);
    (waiting > 0 || blocked > 0)
        .then(|| line(format!("! {waiting} waiting for locks, {blocked} blocked by a session"), Tone::Warn))
}

fn bar(slots: &Slots, sessions: Option<&Sessions>) -> Block {
    let max = f64::from(slots.max.max(1));
    let part = |wanted: &[SessionState]| {
        let states = sessions.map(|s| s.by_state.as_slice()).unwrap_or_default();
        let count: u32 = states.iter().filter(|(state, _)| wanted.contains(state)).map(|(_, n)| *n).sum();
        f64::from(count) / max
    };
    let active = part(&[SessionState::Active, SessionState::Fastpath]);
    let open = part(&[SessionState::IdleInTransaction, SessionState::IdleInTransactionAborted]);
    let rest = (f64::from(slots.used) / max - active - open).max(0.0);
    Block::Bar {
        parts: vec![(active, Tone::Accent), (open, Tone::Warn), (rest, Tone::Plain)],
        limit: Some(f64::from(slots.usable()) / max),
    }
}

/// Problems of the newest reading, a line each.
#[must_use]
pub fn problems(database: &DatabaseState) -> Vec<Line> {
    database.problems.iter().take(4).map(|p| line(format!("! {}", p.words), p.verdict.into())).collect()
}

fn holders(slots: &Slots) -> Vec<Line> {
    let row = |h: &crate::domain::database::Holder| {
        vec![
            span(format!("{:>4} ", h.count), Tone::Plain),
            span(h.user.one_line().clipped(16), Tone::Strong),
            span(format!(" {}", or_dash(&h.application.one_line()).clipped(24)), Tone::Plain),
            span(format!(" {}", h.client.clipped(24)), Tone::Dim),
        ]
    };
    slots.holders.iter().map(row).collect()
}

/// A text, or `-` for none.
#[must_use]
pub fn or_dash(text: &Safe) -> Safe {
    if text.as_str().is_empty() { Safe::of("-") } else { text.clone() }
}
