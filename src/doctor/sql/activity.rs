//! `pg_stat_activity` read wrongly: idle age, the text of idle sessions, long running statements, whom a termination meets.

use regex::Regex;

use super::scope;
use super::statement::Statement;
use super::token::{Kind, Token};
use crate::doctor::code::Code;
use crate::doctor::pattern::Pattern;

const VIEW: &str = "pg_stat_activity";
static LONG: Pattern = Pattern::new(|| Regex::new(r"long[ -]?running|longest|oldest|\bslow|\bstuck|\bhang").ok());

/// What says whose sessions are meant.
const WHOSE: &[&str] =
    &["datname", "datid", "usename", "usesysid", "application_name", "client_addr", "pg_blocking_pids", "pg_locks"];

/// Looks at a statement that reads the view.
pub fn check(statement: &mut Statement<'_>) {
    if !statement.reads(&[VIEW]) {
        return;
    }
    let code = statement.code();
    idle_age(statement, &code);
    let old = idle_text(statement, &code);
    newest_first(statement, &code, old);
    terminate(statement, &code);
}

/// Whether only idle sessions are asked for: `state = 'idle'`, `state IN ('idle', …)`, `state LIKE 'idle%'`.
fn asks_for_idle(code: &[Token]) -> bool {
    code.iter().enumerate().any(|(at, t)| {
        let before: Vec<&Token> = code.get(at.saturating_sub(4)..at).unwrap_or_default().iter().rev().collect();
        let state = before.iter().any(|b| b.text == "state");
        let not = before.iter().any(|b| b.sign("<>") || b.sign("!=") || b.is("not"));
        t.kind == Kind::Text && t.text.starts_with("idle") && state && !not
    })
}

fn idle_age(statement: &mut Statement<'_>, code: &[Token]) {
    let wanted = code.iter().position(|t| t.is("where")).unwrap_or(code.len());
    let filter = code.get(wanted..).unwrap_or_default();
    let end = filter.iter().position(|t| t.is("order") || t.is("group")).unwrap_or(filter.len());
    let age = filter.get(..end).unwrap_or_default().iter().find(|t| t.is("query_start"));
    let Some(age) = age.filter(|_| asks_for_idle(code)) else { return };
    for token in code.iter().filter(|t| t.is("query_start")) {
        statement.replace(token, "state_change");
    }
    let why = "query_start is when the last statement began: a session that worked for minutes and went idle a second ago counts as idle \
               for all of it; how long it is idle says state_change";
    statement.find(Code::IdleAgeByQueryStart, age.line, why);
}

fn idle_text(statement: &mut Statement<'_>, code: &[Token]) -> bool {
    let Some(at) = code.iter().position(|t| t.kind == Kind::Text && t.text.to_lowercase().starts_with("<idle>")) else {
        return false;
    };
    let Some(text) = code.get(at) else { return false };
    if let Some(first) = at.checked_sub(2).and_then(|f| code.get(f)) {
        let negated = code.get(at - 1).is_some_and(|t| t.sign("<>") || t.sign("!="));
        statement.span(first, text, if negated { "state <> 'idle'" } else { "state = 'idle'" });
    }
    let why = format!(
        "no query text has been '{}' since PostgreSQL 9.2: the comparison holds for every session or for none; idle is a state",
        text.text
    );
    statement.find(Code::IdleText, text.line, why);
    true
}

fn newest_first(statement: &mut Statement<'_>, code: &[Token], old: bool) {
    let by = code.windows(4).find_map(|w| match w {
        [order, by, column, desc]
            if order.is("order")
                && by.is("by")
                && (column.is("query_start") || column.is("xact_start"))
                && desc.is("desc") =>
        {
            Some((column.clone(), desc.clone()))
        }
        _ => None,
    });
    let Some((column, desc)) = by.filter(|_| old || LONG.is_match(&statement.words)) else { return };
    statement.span(&column, &desc, &column.text);
    let why = format!("ORDER BY {} DESC puts the newest first, and what runs long is at the end", column.text);
    statement.find(Code::NewestFirst, column.line, why);
}

fn terminate(statement: &mut Statement<'_>, code: &[Token]) {
    let Some(at) = code.iter().position(|t| t.is("pg_terminate_backend")) else { return };
    let Some(call) = code.get(at) else { return };
    let filter = code.iter().position(|t| t.is("where")).and_then(|w| code.get(w..)).unwrap_or_default();
    let whose = filter.iter().any(|t| WHOSE.contains(&t.text.as_str()));
    let one = filter.windows(2).any(|w| matches!(w, [pid, sign] if pid.is("pid") && (sign.sign("=") || sign.is("in"))));
    if whose || one {
        return;
    }
    let own = filter.iter().any(|t| t.is("pg_backend_pid")) || asks_for_idle(code);
    let own = if own { "" } else { ", and the one that sends this" };
    let why = format!(
        "this ends the sessions of every application, user and database of the instance{own}: nothing says whose are meant"
    );
    let of = qualifier(code);
    statement.filter(&format!(
        "{of}datname = current_database()\n  AND {of}usename = 'the_application'\n  AND {of}backend_type = 'client backend'\n  AND {of}pid <> pg_backend_pid()"
    ));
    statement.find(Code::TerminateUnfiltered, call.line, why);
}

/// What its columns are to be called by: beside other relations a bare `pid` is ambiguous.
fn qualifier(code: &[Token]) -> String {
    let Some((at, name)) = scope::alias(code, &[VIEW]) else { return String::new() };
    let beside = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|place| code.get(place));
    let is_alone = name == VIEW && !code.iter().any(|t| t.is("join")) && !beside.into_iter().any(|t| t.sign(","));
    if is_alone { String::new() } else { format!("{name}.") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_pattern_is_read() {
        assert!(super::LONG.reads() && super::LONG.is_match("2. long-running queries"));
    }
}
