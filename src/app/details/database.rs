//! A session and a statement, whole.

use crate::app::Model;
use crate::app::document::Document;
use crate::app::panes::shown_database;
use crate::app::table::Tone;
use crate::database::redact::redacted;
use crate::domain::session::SessionId;
use crate::domain::statement::StatementId;
use crate::domain::{Safe, figure};

pub fn session(model: &Model, id: SessionId) -> Option<Document> {
    let sessions = shown_database(model)?.sessions.value()?;
    let Some(session) = sessions.list.iter().find(|s| s.id == id) else {
        let mut gone = Document::new("Session");
        gone.line(format!("the session with pid {} has ended", id.pid), Tone::Dim);
        return Some(gone);
    };
    let mut out = Document::new(Safe::of(format!("Session {}", id.pid)));
    let age = |d: Option<std::time::Duration>| d.map_or_else(|| Safe::of("-"), |d| Safe::of(figure::age(d)));
    let tone = if session.state.holds_transaction() { Tone::Warn } else { Tone::Plain };
    out.field("state", Safe::of(session.state.word()), tone);
    out.field("in this state", age(session.state_age), Tone::Plain);
    out.field("query began", age(session.query_age), Tone::Plain);
    out.field("transaction", age(session.transaction_age), Tone::Plain);
    out.field("user", session.user.one_line(), Tone::Plain);
    out.field("application", session.application.one_line(), Tone::Plain);
    out.field("client", session.client.clone(), Tone::Plain);
    out.field("database", session.database.one_line(), Tone::Plain);
    if let Some(wait) = &session.wait {
        out.field("waits for", wait.clone(), Tone::Plain);
    }
    if !session.blocked_by.is_empty() {
        let pids: Vec<String> = session.blocked_by.iter().map(ToString::to_string).collect();
        out.field("blocked by", Safe::of(pids.join(", ")), Tone::Warn);
    }
    if session.holds_back_vacuum {
        out.field("vacuum", "holds it back: it has the oldest snapshot of its database", Tone::Warn);
    }
    let started = chrono::DateTime::from_timestamp_micros(id.backend_start_us).unwrap_or_default();
    out.field("began", Safe::of(started.format("%Y-%m-%dT%H:%M:%SZ").to_string()), Tone::Dim);
    out.heading(if session.state == crate::domain::session::SessionState::Active { "Query" } else { "Last query" });
    let query = if model.screen.redact { redacted(&session.query) } else { session.query.clone() };
    if query.as_bytes().is_empty() {
        out.line("not kept: the last query of an idle session is not read", Tone::Dim);
    }
    for line in query.lines() {
        out.line(line, Tone::Plain);
    }
    Some(out)
}

/// Enough of a query to know it by.
fn first_words(query: &str) -> String {
    let mut words = String::new();
    for word in query.split_whitespace().take(6) {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    Safe::of(words).clipped(48).to_string()
}

pub fn statement(model: &Model, id: StatementId) -> Option<Document> {
    let database = shown_database(model)?;
    let delta = database.statements.value()?;
    let words = database.text_of(id).map(|text| first_words(text.line.as_str()));
    let title = words.map_or_else(|| format!("Statement {}", id.query), |words| format!("Statement {words}"));
    let mut out = Document::new(Safe::of(title));
    match delta.rows.iter().find(|s| s.id == id) {
        Some(s) => {
            let ms = |ms: f64| figure::duration(std::time::Duration::from_secs_f64((ms / 1000.0).clamp(0.0, 1e9)));
            out.field("interval", Safe::of(figure::age(delta.elapsed)), Tone::Plain);
            out.field("time in it", Safe::of(ms(s.total_ms)), Tone::Plain);
            out.field("calls in it", Safe::of(s.calls.to_string()), Tone::Plain);
            out.field("mean", s.mean_ms().map_or_else(|| Safe::of("-"), |m| Safe::of(ms(m))), Tone::Plain);
            let before = database.baselines.of(id).filter(|_| !s.new);
            let slower = database.baselines.slower(s).map(|r| format!(", {} times slower now", figure::number(r)));
            let words = before.map_or_else(|| "-".to_owned(), ms) + &slower.clone().unwrap_or_default();
            out.field("mean before", words, if slower.is_some() { Tone::Warn } else { Tone::Dim });
            out.field("rows", Safe::of(s.rows.to_string()), Tone::Plain);
            out.field("blocks", Safe::of(format!("{} hit, {} read", s.blocks_hit, s.blocks_read)), Tone::Plain);
            if s.temp_blocks > 0 {
                out.field("temp blocks", Safe::of(s.temp_blocks.to_string()), Tone::Warn);
            }
        }
        None => {
            out.line("did not run in the newest interval", Tone::Dim);
        }
    }
    out.field("query id", Safe::of(id.query.to_string()), Tone::Dim);
    out.field("user", Safe::of(format!("oid {}", id.user)), Tone::Dim);
    out.field("database", Safe::of(format!("oid {}", id.database)), Tone::Dim);
    out.heading("Query");
    match database.text_of(id) {
        Some(text) => {
            for line in text.whole.lines() {
                out.line(line, Tone::Plain);
            }
        }
        None => {
            out.line("its text was not fetched yet", Tone::Dim);
        }
    }
    Some(out)
}
