//! What the functions that a statement calls do, by their names: those that only compute, those that act though the statement
//! looks as if it read, and those that end sessions. What nobody classified, such as the team's own, counts as what destroys.
//! Names cannot tell all (a trigger, an operator or a view may call anything); grants are what enforces.

use crate::database::redact::code;
use crate::domain::Safe;

use super::level::Level;

mod calls;
pub mod computing;

use calls::{Call, calls};

/// What a function does that acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// It ends sessions, or what they run.
    EndsSessions,
    /// It acts, and no more than a level says.
    Acts(Level),
}

use Does::{Acts, EndsSessions};

/// Functions of PostgreSQL that act, also in a read-only transaction, and with a `*` their beginnings. The first that fits
/// counts.
const ACTING: [(&str, Does); 42] = [
    ("pg_cancel_backend", EndsSessions),
    ("pg_terminate_backend", EndsSessions),
    ("pg_advisory*", Acts(Level::L2)),
    ("pg_backup_*", Acts(Level::L2)),
    ("pg_create_restore_point", Acts(Level::L2)),
    ("pg_export_snapshot", Acts(Level::L2)),
    ("pg_log_backend_memory_contexts", Acts(Level::L2)),
    ("pg_log_standby_snapshot", Acts(Level::L2)),
    ("pg_logical_emit_message", Acts(Level::L2)),
    ("pg_notify", Acts(Level::L2)),
    ("pg_reload_conf", Acts(Level::L2)),
    ("pg_rotate_logfile*", Acts(Level::L2)),
    ("pg_start_backup", Acts(Level::L2)),
    ("pg_stop_backup", Acts(Level::L2)),
    ("pg_switch_wal", Acts(Level::L2)),
    ("pg_try_advisory*", Acts(Level::L2)),
    ("pg_wal_replay_*", Acts(Level::L2)),
    ("set_config", Acts(Level::L2)),
    ("setval", Acts(Level::L2)),
    // Its number is gone, as is that of every row which was not kept.
    ("nextval", Acts(Level::L2)),
    ("lo_creat*", Acts(Level::L2)),
    ("lo_from_bytea", Acts(Level::L2)),
    ("lo_put", Acts(Level::L2)),
    // What is there is overwritten or removed, counters begin anew, a server changes its role.
    ("lo_*", Acts(Level::L3)),
    ("lowrite", Acts(Level::L3)),
    ("pg_copy_*", Acts(Level::L3)),
    ("pg_create_*", Acts(Level::L3)),
    ("pg_drop_*", Acts(Level::L3)),
    ("pg_file_*", Acts(Level::L3)),
    ("pg_import_*", Acts(Level::L3)),
    ("pg_logical_*", Acts(Level::L3)),
    ("pg_promote", Acts(Level::L3)),
    ("pg_replication_*", Acts(Level::L3)),
    ("pg_stat_*reset*", Acts(Level::L3)),
    ("pg_sync_replication_slots", Acts(Level::L3)),
    // What they are given is a statement of its own, or goes to another server.
    ("connectby*", Acts(Level::L3)),
    ("crosstab*", Acts(Level::L3)),
    ("dblink*", Acts(Level::L3)),
    ("postgres_fdw_disconnect*", Acts(Level::L3)),
    ("query_to_xml*", Acts(Level::L3)),
    ("ts_rewrite", Acts(Level::L3)),
    ("ts_stat", Acts(Level::L3)),
];

/// The first function in `sql` that acts, if there is one: what only reads calls none.
#[must_use]
pub fn acting(sql: &str) -> Option<Safe> {
    called(sql).into_iter().find(|call| does(&call.name).is_some() || call.hides_its_name).map(|call| call.named())
}

/// The first function in `sql` that ends sessions, or what they run.
#[must_use]
pub fn ends_sessions(sql: &str) -> Option<Safe> {
    called(sql).into_iter().find(|call| does(&call.name) == Some(EndsSessions)).map(|call| call.named())
}

/// The least level that what `sql` calls demands; L0 where all of it computes.
#[must_use]
pub fn demands(sql: &str) -> Level {
    called(sql).iter().map(level).max().unwrap_or(Level::L0)
}

/// The first thing in `sql` of which nobody knows what it does.
#[must_use]
pub fn unknown(sql: &str) -> Option<Safe> {
    called(sql).into_iter().find(|call| does(&call.name).is_none() && level(call) == Level::L3).map(|call| call.named())
}

fn level(call: &Call) -> Level {
    match does(&call.name) {
        Some(Acts(level)) => level,
        Some(EndsSessions) => Level::L3,
        None if call.is_the_server_s() && computing::COMPUTING.binary_search(&call.name.as_str()).is_ok() => Level::L0,
        None => Level::L3,
    }
}

fn does(name: &str) -> Option<Does> {
    ACTING.iter().find(|(pattern, _)| fits(pattern, name)).map(|(_, does)| *does)
}

/// What it calls. Where the text can be read in two ways, and where a text in it is code (`DO`), what stands in quotes is
/// looked at too, and it has a call that nobody knows.
fn called(sql: &str) -> Vec<Call> {
    let word: String = sql.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
    if let Some(code) = code(sql).filter(|_| !word.eq_ignore_ascii_case("do")) {
        return calls(&code);
    }
    let mut all = calls(sql);
    all.push(Call::in_doubt());
    all
}

fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or("");
    }
    rest.is_empty() || pattern.ends_with('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_found_however_it_is_written() {
        for sql in [
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
            "select PG_CATALOG.PG_CANCEL_BACKEND (1)",
            "SELECT count(*) FROM (SELECT \"pg_reload_conf\"()) x",
            "SELECT 1 + pg_stat_statements_reset()::text::int",
            "SELECT pg_stat_reset_shared('bgwriter')",
            "SELECT pg_advisory_lock(7)",
            "SELECT pg_try_advisory_xact_lock(7)",
            "SELECT nextval\n('s')",
            "SELECT pg_promote /* a /* b */ ( */ ()",
            "SELECT pg_promote -- (\n ()",
            "SELECT pg_catalog . \"pg_promote\" ()",
            "SELECT 'it''s', pg_promote()",
            "SELECT DISTINCT ON (a) pg_promote(), a FROM t",
            "SELECT E'\\'', pg_promote()",
            "SELECT '\\', pg_promote()",
            "SELECT '\\'', pg_promote(), '\\''",
            "SELECT 'open, pg_promote()",
            "SELECT U&\"p\\0067_promote\"()",
            "SELECT query_to_xml('SELECT pg_terminate_backend(1)', true, true, '')",
        ] {
            assert!(acting(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn what_reads_passes() {
        for sql in [
            "SELECT count(*) FROM webhooks WHERE state = 'pending'",
            "SELECT extract(epoch FROM now() - min(created_at)) FROM pg_stat_activity",
            "SELECT pg_database_size(current_database())",
            "SELECT pg_stat_get_db_numbackends(1)",
            "SELECT max(pg_wal_lsn_diff(sent_lsn, replay_lsn)) FROM pg_stat_replication",
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_terminate_backend(%'",
            "SELECT 1 -- pg_promote()",
            "SELECT $a$ pg_promote() $a$",
            "SELECT pg_promote FROM t",
            "SELECT our_own()",
            "SELECT currval('s')",
            "",
            "(((",
        ] {
            assert_eq!(acting(sql), None, "{sql}");
        }
    }

    #[test]
    fn who_ends_sessions_is_found_in_code_and_not_in_words() {
        for sql in [
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle'",
            "DELETE FROM jobs WHERE Pg_Cancel_Backend(pid)",
            "DO $$ BEGIN PERFORM pg_terminate_backend(1); END $$",
            "WITH x AS (SELECT \"pg_terminate_backend\"(1)) DELETE FROM t",
        ] {
            assert!(ends_sessions(sql).is_some(), "{sql}");
        }
        for sql in ["SELECT pg_promote()", "INSERT INTO log VALUES ('pg_terminate_backend(1)')", "UPDATE t SET a = 1"] {
            assert_eq!(ends_sessions(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_nobody_classified_destroys() {
        for (sql, level) in [
            ("UPDATE webhooks SET is_active = false WHERE id = $1 AND is_active", Level::L0),
            (
                "INSERT INTO t (a, b) VALUES (lower($1), now()) ON CONFLICT (a) DO UPDATE SET (b) = (excluded.b)",
                Level::L0,
            ),
            ("INSERT INTO shop.t AS x (a) SELECT n::numeric(10, 2) FROM generate_series(1, 9) AS s(n)", Level::L0),
            ("DELETE FROM t WHERE a IN (1) AND NOT (b OR EXISTS (SELECT 1)) AND c = ANY ($1)", Level::L0),
            ("UPDATE t SET a = CASE WHEN (b) THEN (1) ELSE (2) END, c = cast(d AS varchar(20))", Level::L0),
            ("SELECT sum(a) FILTER (WHERE b) OVER (PARTITION BY (c)) FROM t JOIN u USING (id)", Level::L0),
            ("SELECT pg_catalog.now()", Level::L0),
            ("SELECT pg_switch_wal(), pg_advisory_lock(1)", Level::L2),
            ("SELECT set_config('work_mem', '1GB', false)", Level::L2),
            ("SELECT lo_create(1)", Level::L2),
            ("SELECT pg_drop_replication_slot('s')", Level::L3),
            ("SELECT pg_stat_reset()", Level::L3),
            ("SELECT lo_unlink(1)", Level::L3),
            ("SELECT dblink_exec('x', 'y')", Level::L3),
            ("SELECT our_own(1)", Level::L3),
            ("SELECT shop.now()", Level::L3),
            ("SELECT \"Now\"()", Level::L3),
            ("SELECT \"in\"(1)", Level::L3),
            ("SELECT U&\"p\\0067_promote\"()", Level::L3),
            ("SELECT '\\'", Level::L3),
            ("SELECT größe(1)", Level::L3),
        ] {
            assert_eq!(demands(sql), level, "{sql}");
        }
    }
}
