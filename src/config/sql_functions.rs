//! Which functions a signal's query may not call: those of PostgreSQL that change something even in a read-only
//! transaction. A list cannot be complete (a function of one's own may do anything); grants are what enforces.

use crate::domain::Safe;

/// Names, and with a `*` their beginnings.
const ACTING: [&str; 24] = [
    "dblink*",
    "lo_export",
    "lo_import",
    "nextval",
    "pg_advisory*",
    "pg_backup_*",
    "pg_cancel_backend",
    "pg_copy_*",
    "pg_create_*",
    "pg_drop_replication_slot",
    "pg_export_snapshot",
    "pg_file_*",
    "pg_import_*",
    "pg_log_backend_memory_contexts",
    "pg_logical_*",
    "pg_notify",
    "pg_promote",
    "pg_reload_conf",
    "pg_replication_*",
    "pg_rotate_logfile*",
    "pg_stat_*reset*",
    "pg_switch_wal",
    "pg_terminate_backend",
    "pg_try_advisory*",
];

/// The first function in `sql` that acts, if there is one. Text in quotes is looked at too: better refused than run.
#[must_use]
pub fn acting(sql: &str) -> Option<Safe> {
    let lower = sql.to_ascii_lowercase();
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut rest = lower.as_str();
    while let Some(at) = rest.find('(') {
        let (before, after) = rest.split_at_checked(at)?;
        let called = before.trim_end().trim_end_matches('"');
        let name = called.rsplit(|c: char| !is_part(c)).next().unwrap_or("");
        if ACTING.iter().any(|pattern| fits(pattern, name)) {
            return Some(Safe::of(name).clipped(64));
        }
        rest = after.get(1..)?;
    }
    None
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
        let acts = [
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
            "select PG_CATALOG.PG_CANCEL_BACKEND (1)",
            "SELECT count(*) FROM (SELECT \"pg_reload_conf\"()) x",
            "SELECT 1 + pg_stat_statements_reset()::text::int",
            "SELECT pg_stat_reset_shared('bgwriter')",
            "SELECT pg_advisory_lock(7)",
            "SELECT pg_try_advisory_xact_lock(7)",
            "SELECT nextval\n('s')",
        ];
        for sql in acts {
            assert!(acting(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn what_reads_passes() {
        let reads = [
            "SELECT count(*) FROM webhooks WHERE state = 'pending'",
            "SELECT extract(epoch FROM now() - min(created_at)) FROM pg_stat_activity",
            "SELECT pg_database_size(current_database())",
            "SELECT pg_stat_get_db_numbackends(1)",
            "SELECT max(pg_wal_lsn_diff(sent_lsn, replay_lsn)) FROM pg_stat_replication",
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
            "SELECT currval('s')",
            "",
            "(((",
        ];
        for sql in reads {
            assert_eq!(acting(sql), None, "{sql}");
        }
    }
}
