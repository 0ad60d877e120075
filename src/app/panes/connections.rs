//! Connections: slots in use against usable ones, sessions by state, who holds the slots.

use crate::app::Model;
use crate::app::document::Line;
use crate::app::pane::{Block, PaneId, PaneView};
use crate::app::table::Tone;
use crate::app::telemetry::database::DatabaseState;
use crate::app::view::Page;
use crate::config::resolved::OffKind;
use crate::database::blocking::{self, Root};
use crate::domain::database::{Sessions, Slots};
use crate::domain::session::SessionState;
use crate::domain::{PaneState, Safe, figure};

use super::{aged, ago, line, off, or_frozen, span};

/// With more rows left over than this, the course of the server is charted there.
const CHARTS: usize = 4;
/// Most sessions that block others told by name.
const ROOTS: usize = 2;

/// The database that the database panes show.
#[must_use]
pub fn shown_database(model: &Model) -> Option<&DatabaseState> {
    let databases = &model.shown().0.databases;
    databases.get(model.view.database.min(databases.len().saturating_sub(1)))
}

/// What keeps every pane of a database empty is told once, by its first pane; where that is seen, the others say so.
#[must_use]
pub fn told_there(model: &Model, database: &DatabaseState, state: &PaneState) -> Option<Block> {
    let PaneState::Error { cause, .. } = state else { return None };
    let is_seen = !model.view.zoomed && model.view.page == Page::Database;
    let same = database.slots.value().is_none() && database.slots.cause() == Some(cause);
    (is_seen && same).then(|| Block::Line(line("see Connections", Tone::Dim)))
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
    let state = database.slots.state(now, database.spec.interval);
    let mut blocks = Vec::new();
    title.extend(aged(&database.slots, &state, now));
    if let Some(slots) = database.slots.value() {
        let (used, usable) = (slots.used, slots.usable());
        // Beside an age and an error there is little room.
        let words = if state.is_fresh() { format!(" {used} of {usable} usable") } else { format!(" {used}/{usable}") };
        title.push(span(words, slot_tone(slots)));
        let blocked = database.sessions.value().map(|s| locks(s, usize::MAX)).unwrap_or_default();
        // What is wrong comes first: it must be seen where there are three rows, too.
        let sessions = database.sessions.value();
        let locks = sessions.map(|sessions| locks(sessions, usize::from(width))).unwrap_or_default();
        let others: Vec<Line> = problems(database).into_iter().filter(|line| !blocked.contains(line)).collect();
        let most = usize::from(height).saturating_sub(1).max(1);
        blocks.extend(locks.into_iter().chain(others).take(most).map(Block::Line));
        blocks.extend(sessions.map(|sessions| Block::Line(by_state(sessions, slots))));
        blocks.push(bar(slots, sessions));
        let room = usize::from(height).saturating_sub(blocks.len());
        let holders: Vec<Line> = holders(slots).into_iter().take(room).collect();
        let left = room - holders.len();
        blocks.extend(holders.into_iter().map(Block::Line));
        // On its own page the server's pane has them.
        if left > CHARTS && model.view.page == Page::Overview {
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
        corner: ago(&database.slots, database.spec.interval, now),
        state: or_frozen(model, state),
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

fn by_state(sessions: &Sessions, slots: &Slots) -> Line {
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
    // Our own session holds a slot and is in no list.
    let listed: u32 = sessions.by_state.iter().map(|(_, count)| *count).sum();
    if slots.used == listed + 1 {
        out.push(span("  +1 quarterdeck", Tone::Dim));
    }
    out
}

/// Who blocks others, a line each; where nobody can be named, how many wait. Lines of their own, for they must not fall
/// off the right edge.
fn locks(sessions: &Sessions, width: usize) -> Vec<Line> {
    let roots = blocking::roots(&sessions.list);
    let named = roots.iter().take(ROOTS);
    let told = |root: &Root| blocking::words(*root, &sessions.list, width.saturating_sub(2));
    let mut lines: Vec<Line> = named.map(|root| line(format!("! {}", told(root)), Tone::Warn)).collect();
    if roots.len() > ROOTS
        && let Some(last) = lines.last_mut()
    {
        last.push(span(format!(" +{} more", roots.len() - ROOTS), Tone::Warn));
    }
    if lines.is_empty() && (sessions.waiting > 0 || sessions.blocked > 0) {
        let least = if sessions.unasked > 0 { "at least " } else { "" };
        let words = format!("! {} waiting for locks, {least}{} blocked", sessions.waiting, sessions.blocked);
        lines.push(line(words, Tone::Warn));
    }
    lines
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
