//! Puts the one statement of a reading together from the parts that are permitted and healthy.

const READING: &str = include_str!("sql/reading.sql");
const COUNTERS: &str = include_str!("sql/counters.sql");
const SESSIONS: &str = include_str!("sql/sessions.sql");
const SESSIONS_FILTER: &str = include_str!("sql/sessions_filter.sql");
const SESSIONS_CROWDED: &str = include_str!("sql/sessions_crowded.sql");
const NO_SESSIONS: &str =
    "NULL::pg_catalog.int4[], NULL::pg_catalog.int4, NULL::pg_catalog.int4, NULL::pg_catalog.int4";

/// How sessions are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Not at all.
    None,
    /// All of them; those at rest as a bare pid.
    Plain,
    /// So many that the server groups and sorts them.
    Crowded,
}

/// The statement of a reading.
pub fn reading(counters: bool, sessions: Ask) -> String {
    let (sessions, filter) = match sessions {
        Ask::None => (NO_SESSIONS, ""),
        Ask::Plain => (SESSIONS, SESSIONS_FILTER),
        Ask::Crowded => (SESSIONS_CROWDED, ""),
    };
    let (figures, reset) =
        if counters { (COUNTERS, "pg_catalog.pg_stat_get_db_stat_reset_time($3)") } else { ("NULL", "NULL") };
    READING
        .replace("{counters}", figures.trim_end())
        .replace("{stats_reset}", reset)
        .replace("{sessions}", sessions.trim_end())
        .replace("{filter}", filter.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wanted_is_asked() {
        let all = reading(true, Ask::Plain);
        assert!(all.contains("xact_commit") && all.contains("pg_stat_get_activity"));
        let none = reading(false, Ask::None);
        assert!(!none.contains("xact_commit") && !none.contains("pg_stat_get_activity"));
        assert!(reading(false, Ask::Crowded).contains("row_number"));
        for sql in [all, none, reading(true, Ask::Crowded)] {
            assert!(!sql.contains('{'), "{sql}");
        }
    }
}
