//! Planning a statement without running it: which texts may be planned, and the one command that is sent. Nothing here is
//! ever ANALYZE, and nothing but a plain query or a change of rows is planned at all.

use crate::domain::session::SessionId;
use crate::domain::statement::StatementId;
use crate::domain::{Safe, Untrusted};

/// What may be planned. Everything else is a utility statement, or not a statement.
const PLANNED: [&str; 7] = ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "WITH"];
/// Longest text that is planned, in bytes.
pub const LONGEST: usize = 64 * 1024;
/// Bytes of the longest character: a text that is cut off ends so close to the limit.
const CHARACTER: i64 = 4;

/// Which statement is to be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explained {
    /// One that `pg_stat_statements` keeps.
    Kept(StatementId),
    /// What a session runs, or ran last.
    Session(SessionId),
    /// This text, as it is written in the configuration.
    Written(String),
}

impl Explained {
    /// What is written: the number that `pg_stat_statements` has for a statement, or the statement.
    #[must_use]
    pub fn written(text: &str) -> Explained {
        match text.trim().parse() {
            Ok(number) => Explained::Kept(StatementId::bare(number)),
            Err(_) => Explained::Written(text.to_owned()),
        }
    }
}

/// A statement as the server keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptText {
    /// Its bytes, as far as they were read.
    pub text: Untrusted,
    /// Its length in bytes, as the server counts.
    pub length: i64,
    /// `track_activity_query_size`: texts are cut off at one byte less.
    pub cut_at: i64,
}

impl KeptText {
    /// A text that nothing cut off.
    #[must_use]
    pub fn whole(text: &str) -> KeptText {
        KeptText { text: Untrusted::from(text), length: i64::try_from(text.len()).unwrap_or(i64::MAX), cut_at: 0 }
    }
}

/// A statement that can be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The statement, whole.
    pub statement: Untrusted,
    /// It has parameters: only the generic plan can be had.
    pub generic: bool,
}

/// The step that asks for a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainStep {
    /// Which database of the configuration.
    pub database: usize,
    /// Of what.
    pub what: Planned,
    /// Literals in the plan are hidden.
    pub redact: bool,
}

impl Planned {
    /// What is sent, in one piece. The list of options stands there so that nothing in the statement can be taken for one.
    pub fn command(&self) -> Result<String, Safe> {
        let statement = check(&self.statement)?;
        let option = if self.generic { "GENERIC_PLAN" } else { "COSTS" };
        Ok(format!("EXPLAIN ({option}) {statement}"))
    }
}

/// Why a kept text cannot be planned, if so; else the text.
pub fn judge(kept: &KeptText) -> Result<&str, Safe> {
    let length = usize::try_from(kept.length).unwrap_or(0);
    if length > LONGEST || length > kept.text.as_bytes().len() {
        return Err(Safe::of(format!("its text is {length} bytes long; more than {LONGEST} are not planned")));
    }
    let cut = kept.cut_at.saturating_sub(1);
    if kept.length <= cut && kept.length > cut - CHARACTER {
        return Err(Safe::of(format!(
            "its text is {length} bytes, where track_activity_query_size ({}) cuts off: the rest of it may be missing",
            kept.cut_at
        )));
    }
    check(&kept.text)
}

/// The statement, if it is of a kind that can be planned.
fn check(statement: &Untrusted) -> Result<&str, Safe> {
    let Ok(text) = std::str::from_utf8(statement.as_bytes()) else {
        return Err(Safe::of("its text is not UTF-8: what would be sent is not what the server ran"));
    };
    if text.contains('\0') {
        return Err(Safe::of("its text holds a NUL"));
    }
    let word = first_word(text).to_ascii_uppercase();
    match word.as_str() {
        "" => Err(Safe::of("its text is not known, or this role may not see it")),
        known if PLANNED.contains(&known) => Ok(text),
        other => Err(Safe::of(format!(
            "{} cannot be planned: only SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES and WITH are",
            Safe::of(other).clipped(24)
        ))),
    }
}

/// The first word, behind white space, comments and opening brackets.
fn first_word(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '(');
        let after = match rest.get(..2) {
            Some("--") => rest.find('\n').and_then(|end| rest.get(end..)),
            Some("/*") => comment_end(rest).and_then(|end| rest.get(end..)),
            _ => break,
        };
        // A comment without an end: nothing but comment.
        rest = after.unwrap_or_default();
    }
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// Where a comment ends; they nest.
fn comment_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0usize, 0usize);
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => {
                (depth, at) = (depth.saturating_sub(1), at + 2);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> KeptText {
        KeptText { text: Untrusted::from(text), length: text.len() as i64, cut_at: 1024 }
    }

    fn refused(text: &str) -> String {
        judge(&kept(text)).expect_err(text).to_string()
    }

    #[test]
    fn queries_and_changes_of_rows_are_planned_behind_comments_and_brackets() {
        for text in [
            "SELECT 1",
            "  select\n1",
            "(SELECT 1) UNION (SELECT 2)",
            "/* a /* nested */ note */ -- and more\n WITH x AS (SELECT 1) TABLE x",
            "insert into t values ($1)",
            "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
            "VALUES (1)",
        ] {
            assert_eq!(judge(&kept(text)), Ok(text));
        }
    }

    #[test]
    fn what_would_run_or_is_no_query_is_refused() {
        for text in [
            "ANALYZE SELECT 1",
            "(ANALYZE) SELECT 1",
            "/* SELECT */ DROP TABLE t",
            "-- SELECT\nVACUUM",
            "EXPLAIN ANALYZE SELECT 1",
            "CALL p()",
            "DO $$ BEGIN END $$",
            "COPY t TO PROGRAM 'x'",
            "PREPARE p AS SELECT 1",
            "SELECTED",
        ] {
            assert!(refused(text).contains("cannot be planned"), "{text}");
        }
        for text in ["", "   ", "-- SELECT 1", "/* SELECT 1", "<insufficient privilege>"] {
            assert!(refused(text).contains("not known"), "{text}");
        }
    }

    #[test]
    fn what_may_be_cut_off_is_refused() {
        let long = |bytes: usize| format!("SELECT '{}'", "x".repeat(bytes - 9));
        assert!(refused(&long(1023)).contains("track_activity_query_size (1024)"));
        assert!(refused(&long(1020)).contains("may be missing"));
        assert!(judge(&kept(&long(1019))).is_ok() && judge(&kept(&long(1024))).is_ok());
        let read_in_part = KeptText { length: 5000, ..kept("SELECT 1") };
        assert!(judge(&read_in_part).expect_err("cut").as_str().contains("5000 bytes"));
        let broken = KeptText { text: Untrusted::new(b"SELECT '\xff'".to_vec()), ..kept("SELECT '.'") };
        assert!(judge(&broken).is_err());
    }

    #[test]
    fn options_of_the_statement_s_own_are_never_taken_for_ours() {
        let plain = Planned { statement: Untrusted::from("(VALUES (1))"), generic: false };
        assert_eq!(plain.command().expect("a query"), "EXPLAIN (COSTS) (VALUES (1))");
        let generic = Planned { statement: Untrusted::from("SELECT $1::int"), generic: true };
        assert_eq!(generic.command().expect("a query"), "EXPLAIN (GENERIC_PLAN) SELECT $1::int");
        let utility = Planned { statement: Untrusted::from("(ANALYZE) DELETE FROM t"), generic: false };
        assert!(utility.command().is_err());
    }
}
