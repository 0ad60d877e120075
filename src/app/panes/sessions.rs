//! Sessions, one row each. The row is the session's identity, so the cursor never slides to a neighbour.

use std::time::Duration;

use crate::app::Model;
use crate::app::pane::{PaneId, PaneView};
use crate::app::table::{Align, Cell, Column, Content, Row, RowKey, SortValue, Table, Tone};
use crate::database::redact::redacted;
use crate::domain::session::{Session, SessionState};
use crate::domain::{PaneState, Safe, figure};

use super::connections::{none, or_dash, shown_database, told_there};
use super::{Wanted, aged, ago, or_frozen, span, table_block, worded};

/// Bytes of a query that a table can show.
const GLIMPSE: usize = 400;

const fn column(title: &'static str, min: u16, ideal: u16, align: Align, drop_order: u8) -> Column {
    Column { title, min, ideal, grows: false, align, drop_order }
}

const COLUMNS: &[Column] = &[
    column("pid", 6, 7, Align::Right, 0),
    column("state", 10, 10, Align::Left, 0),
    column("for", 6, 6, Align::Right, 0),
    column("tx", 6, 6, Align::Right, 3),
    column("waits for", 16, 20, Align::Left, 6),
    column("user", 8, 12, Align::Left, 4),
    column("application", 11, 18, Align::Left, 5),
    column("database", 8, 12, Align::Left, 1),
    column("client", 9, 15, Align::Left, 2),
    Column { title: "query", min: 22, ideal: 40, grows: true, align: Align::Left, drop_order: 7 },
];

pub fn table(model: &Model, wanted: Wanted) -> Table {
    let sessions = shown_database(model).and_then(|d| d.sessions.value());
    let listed = sessions.map(|sessions| &*sessions.list).unwrap_or_default();
    let key = |session: &Session| RowKey::Session(session.id);
    worded(model, PaneId::Sessions, COLUMNS, listed, wanted, key, |session| row(session, model.screen.redact))
}

pub fn view(model: &Model, height: u16) -> PaneView {
    let now = model.shown().1;
    let mut title = vec![span("Sessions", Tone::Strong)];
    let Some(database) = shown_database(model) else {
        return PaneView {
            id: PaneId::Sessions,
            title,
            corner: Safe::default(),
            state: none(model),
            blocks: Vec::new(),
        };
    };
    let state = database.sessions.state(now, database.spec.interval);
    let mut blocks = Vec::new();
    if let Some(sessions) = database.sessions.value() {
        title.extend(aged(&database.sessions, &state, now));
        let listed = sessions.list.len();
        title.push(span(format!(" {}", listed + sessions.left_out as usize), Tone::Plain));
        if sessions.left_out > 0 {
            title.push(span(format!(" ({} not listed)", sessions.left_out), Tone::Warn));
        }
        if let Some((hidden, why)) = sessions.unseen() {
            title.push(span(format!(" {hidden} hidden: {why}"), Tone::Unknown));
        }
        if database.server.value().is_some_and(|s| s.pooler) {
            title.push(span(" pooler: these are the server's sessions", Tone::Accent));
        }
        blocks.push(table_block(model, PaneId::Sessions, table(model, Wanted::Seen { height })));
    }
    let state = match (state, database.sessions.value()) {
        (PaneState::Ok, Some(s)) if s.list.is_empty() => PaneState::Empty { asked: Safe::of("no session but ours") },
        (state, _) => state,
    };
    if blocks.is_empty() {
        blocks.extend(told_there(model, database, &state));
    }
    PaneView {
        id: PaneId::Sessions,
        title,
        corner: ago(&database.sessions, database.spec.interval, now),
        state: or_frozen(model, state),
        blocks,
    }
}

fn row(session: &Session, redact: bool) -> Row {
    let (user, application) = (session.user.one_line(), session.application.one_line());
    let (database, query) = (
        session.database.one_line(),
        if redact { redacted(&session.query).glimpse(GLIMPSE) } else { session.query.glimpse(GLIMPSE) },
    );
    let waits = waits_for(session);
    let tone = match session.state {
        SessionState::Active => Tone::Accent,
        state if state.holds_transaction() => Tone::Warn,
        _ => Tone::Dim,
    };
    let age = |d: Option<Duration>, tone| Cell::figure(d.map(|d| d.as_secs_f64()), age_words, tone);
    Row {
        key: RowKey::Session(session.id),
        cells: vec![
            Cell {
                content: Content::Text(Safe::of(session.id.pid.to_string())),
                tone: Tone::Plain,
                sort: SortValue::Number(f64::from(session.id.pid)),
            },
            Cell::text(Safe::of(session.state.short()), tone),
            age(session.state_age, tone),
            age(session.transaction_age, if session.holds_back_vacuum { Tone::Warn } else { Tone::Dim }),
            Cell::text(waits, if session.blocked_by.is_empty() { Tone::Dim } else { Tone::Warn }),
            Cell::text(user, Tone::Plain),
            Cell::text(or_dash(&application), Tone::Plain),
            Cell::text(or_dash(&database), Tone::Dim),
            Cell::text(session.client.clone(), Tone::Dim),
            Cell::text(query, if session.state == SessionState::Active { Tone::Plain } else { Tone::Dim }),
        ],
    }
}

fn waits_for(session: &Session) -> Safe {
    match session.blocked_by.as_slice() {
        // Waiting for its client is what idling is.
        [] => session.wait.clone().filter(|w| !w.as_str().starts_with("Client:")).unwrap_or_else(|| Safe::of("-")),
        [one] => Safe::of(format!("blocked by {one}")),
        [one, rest @ ..] => Safe::of(format!("blocked by {one} +{}", rest.len())),
    }
}

fn age_words(seconds: f64) -> String {
    figure::age(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)))
}
