//! Steps that send one statement to PostgreSQL or one command to Redis. Values never stand in the text of a statement: they
//! are bound. What a command of Redis can do is told by its name alone, and a name that nobody knows can do everything.

use crate::domain::Safe;

use super::level::Level;
use super::sql_functions;

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlStep {
    /// Which database of the configuration.
    pub database: usize,
    /// The statement, with `$1` where a value goes.
    pub sql: String,
    /// The values, in order.
    pub binds: Vec<String>,
    /// It runs in a read-only transaction, and its rows are shown.
    pub read_only: bool,
    /// Rows are counted and not shown: they may hold literals.
    pub redact: bool,
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisStep {
    /// Which cache of the configuration.
    pub cache: usize,
    /// The command and its arguments.
    pub argv: Vec<String>,
}

/// Commands that only read.
const READING: &[&str] = &[
    "BITCOUNT",
    "DBSIZE",
    "ECHO",
    "EXISTS",
    "GET",
    "GETRANGE",
    "HEXISTS",
    "HGET",
    "HGETALL",
    "HLEN",
    "HMGET",
    "HSCAN",
    "INFO",
    "LASTSAVE",
    "LINDEX",
    "LLEN",
    "LRANGE",
    "MGET",
    "PING",
    "PTTL",
    "ROLE",
    "SCARD",
    "SISMEMBER",
    "SSCAN",
    "STRLEN",
    "TIME",
    "TTL",
    "TYPE",
    "XLEN",
    "ZCARD",
    "ZCOUNT",
    "ZRANGE",
    "ZSCAN",
    "ZSCORE",
];
/// Commands that write keys that they name, and nothing else.
const WRITING: &[&str] = &[
    "APPEND", "DECR", "DECRBY", "DEL", "EXPIRE", "EXPIREAT", "GETDEL", "GETSET", "HDEL", "HINCRBY", "HSET", "INCR",
    "INCRBY", "LPOP", "LPUSH", "LREM", "LTRIM", "MSET", "PERSIST", "PEXPIRE", "PUBLISH", "RPOP", "RPUSH", "SADD",
    "SET", "SETEX", "SETNX", "SPOP", "SREM", "UNLINK", "XACK", "XADD", "XDEL", "XTRIM", "ZADD", "ZINCRBY", "ZREM",
];
/// Commands that change what the connection is instead of asking something of the server: they have no answer of their own.
const NEVER: &[&str] = &[
    "AUTH",
    "DISCARD",
    "EXEC",
    "HELLO",
    "MONITOR",
    "MULTI",
    "PSUBSCRIBE",
    "PSYNC",
    "PUNSUBSCRIBE",
    "QUIT",
    "REPLCONF",
    "RESET",
    "SELECT",
    "SSUBSCRIBE",
    "SUBSCRIBE",
    "SUNSUBSCRIBE",
    "SYNC",
    "UNSUBSCRIBE",
    "UNWATCH",
    "WATCH",
];
/// Elements that a command that only reads may ask for: a server answers nobody else meanwhile.
const ELEMENTS: i64 = 1000;
/// Bytes of a command and its arguments at most.
const MOST_BYTES: usize = 64 * 1024;

impl RedisStep {
    /// The least level that its command demands: what blocks, destroys, sets up or is not known here destroys.
    #[must_use]
    pub fn demands(&self) -> Level {
        let name = self.argv.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
        if READING.contains(&name.as_str()) {
            if self.is_unbounded() { Level::L1 } else { Level::L0 }
        } else if WRITING.contains(&name.as_str()) {
            Level::L2
        } else {
            Level::L3
        }
    }

    /// What a person has to know of a command that only reads.
    #[must_use]
    pub fn warning(&self) -> Option<Safe> {
        let name = self.argv.first()?.to_ascii_uppercase();
        let reads_all = READING.contains(&name.as_str()) && self.is_unbounded();
        reads_all.then(|| {
            Safe::of(format!(
                "{name} reads more than {ELEMENTS} elements at once where its key is large, and the server answers nobody else \
                 meanwhile: HLEN, LLEN or ZCARD says how large it is, a range or HSCAN with COUNT reads a part"
            ))
        })
    }

    /// Nothing in it says that it reads only a few elements.
    fn is_unbounded(&self) -> bool {
        let Some((name, arguments)) = self.argv.split_first() else { return false };
        let few = |count: i64| (0..=ELEMENTS).contains(&count);
        match name.to_ascii_uppercase().as_str() {
            "HGETALL" => true,
            "MGET" | "HMGET" => !i64::try_from(arguments.len()).is_ok_and(few),
            // By score or by name the places do not count.
            "ZRANGE" if arguments.iter().skip(3).any(|word| !is_one_of(word, &["REV", "WITHSCORES"])) => true,
            "LRANGE" | "ZRANGE" => match arguments {
                [_, from, to, ..] => !between(from, to).is_some_and(few),
                _ => true,
            },
            "HSCAN" | "SSCAN" | "ZSCAN" => {
                let count = arguments.iter().position(|word| is_one_of(word, &["COUNT"]));
                let value = count.map(|at| arguments.get(at + 1).and_then(|value| value.parse().ok()));
                // Without a word on it the server takes ten.
                !value.is_none_or(|value| value.is_some_and(few))
            }
            _ => false,
        }
    }

    /// Why it is never sent, if so.
    #[must_use]
    pub fn objection(&self) -> Option<Safe> {
        let Some(name) = self.argv.first().filter(|name| !name.trim().is_empty()) else {
            return Some(Safe::of("the command is empty"));
        };
        if name.contains(char::is_whitespace) {
            return Some(Safe::of(format!("{name:?} is one word to Redis: write command and arguments apart")));
        }
        if NEVER.contains(&name.to_ascii_uppercase().as_str()) {
            return Some(Safe::of(format!("{name} changes the connection and has no answer: it is never sent")));
        }
        let bytes: usize = self.argv.iter().map(String::len).sum();
        (bytes > MOST_BYTES).then(|| Safe::of(format!("the command is longer than {MOST_BYTES} bytes")))
    }
}

fn is_one_of(word: &str, known: &[&str]) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// How many lie between two places, both counted from the same end; none where that depends on how many there are.
fn between(from: &str, to: &str) -> Option<i64> {
    let (from, to): (i64, i64) = (from.parse().ok()?, to.parse().ok()?);
    if (from < 0) == (to < 0) { Some(to.checked_sub(from)?.checked_add(1)?.max(0)) } else { None }
}

impl SqlStep {
    /// The least level that it demands.
    #[must_use]
    pub fn demands(&self) -> Level {
        match self.read_only {
            true => Level::L0,
            false if self.is_of_rows() => sql_functions::demands(&self.sql).max(Level::L2),
            // TRUNCATE, DROP, VACUUM FULL, a procedure: what it destroys nobody can say.
            false => Level::L3,
        }
    }

    /// What a person has to know of a statement that counts as what destroys because of what it calls.
    #[must_use]
    pub fn warning(&self) -> Option<Safe> {
        let called = sql_functions::unknown(&self.sql).filter(|_| !self.read_only && self.is_of_rows())?;
        Some(Safe::of(format!("nobody here knows what {called} does: it counts as what destroys (L3)")))
    }

    /// Whether it only changes rows: one transaction, undone as a whole where the server says that it failed. What a
    /// function does besides may outlast that.
    #[must_use]
    pub fn changes_rows(&self) -> bool {
        self.is_of_rows() && sql_functions::demands(&self.sql) == Level::L0
    }

    fn is_of_rows(&self) -> bool {
        self.begins_with(&["INSERT", "UPDATE", "DELETE", "MERGE", "SELECT"])
    }

    /// Whether the number of rows that the server tells is that of the rows it changed.
    #[must_use]
    pub fn counts_changes(&self) -> bool {
        !self.read_only && self.begins_with(&["INSERT", "UPDATE", "DELETE", "MERGE"])
    }

    fn begins_with(&self, words: &[&str]) -> bool {
        let word: String = self.sql.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
        words.iter().any(|known| known.eq_ignore_ascii_case(&word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> RedisStep {
        RedisStep { cache: 0, argv: line.split(' ').map(str::to_owned).collect() }
    }

    #[test]
    fn a_statement_that_does_more_than_change_rows_destroys() {
        for (sql, level) in [
            ("UPDATE t SET a = $1", Level::L2),
            ("  insert into t values (1)", Level::L2),
            ("TRUNCATE t", Level::L3),
            ("VACUUM FULL t", Level::L3),
            ("CALL p()", Level::L3),
            ("/* x */ DELETE FROM t", Level::L3),
            ("WITH x AS (SELECT 1) DELETE FROM t", Level::L3),
            ("SELECT pg_reload_conf()", Level::L2),
            ("SELECT pg_promote()", Level::L3),
            ("UPDATE t SET a = lower(b), at = now() WHERE id IN (1, 2)", Level::L2),
            ("UPDATE t SET a = our_own(b)", Level::L3),
            ("", Level::L3),
        ] {
            let step = SqlStep { database: 0, sql: sql.to_owned(), binds: Vec::new(), read_only: false, redact: false };
            assert_eq!(step.demands(), level, "{sql}");
        }
    }

    /// A transaction that is undone takes no lock back that it gave, and starts no server anew.
    #[test]
    fn what_a_function_did_is_not_undone_with_the_rows() {
        let step = |sql: &str| SqlStep {
            database: 0,
            sql: sql.to_owned(),
            binds: Vec::new(),
            read_only: false,
            redact: false,
        };
        assert!(step("DELETE FROM t WHERE at < now()").changes_rows());
        assert!(!step("SELECT pg_switch_wal()").changes_rows() && !step("SELECT our_own()").changes_rows());
        assert!(step("SELECT shop.now()").warning().is_some_and(|why| why.as_str().contains("shop.now")));
        assert_eq!(step("SELECT pg_switch_wal()").warning(), None);
    }

    #[test]
    fn what_is_not_known_destroys() {
        for (line, level) in [
            ("get a", Level::L0),
            ("LLEN q", Level::L0),
            ("DEL a b", Level::L2),
            ("Set a 1", Level::L2),
            ("FLUSHALL", Level::L3),
            ("BLPOP q 0", Level::L3),
            ("WAIT 1 0", Level::L3),
            ("EVAL x 0", Level::L3),
            ("CONFIG SET a b", Level::L3),
            ("KEYS *", Level::L3),
            ("SHUTDOWN", Level::L3),
            ("MYMODULE.DO", Level::L3),
        ] {
            assert_eq!(command(line).demands(), level, "{line}");
            assert_eq!(command(line).objection(), None, "{line}");
        }
    }

    /// A large key read whole at night is an incident of its own.
    #[test]
    fn what_only_reads_is_safe_when_it_reads_a_few() {
        for line in [
            "LRANGE q 0 999",
            "lrange q -1000 -1",
            "LRANGE q 5 1",
            "ZRANGE z 0 9 REV WITHSCORES",
            "HSCAN h 0",
            "HSCAN h 0 MATCH a* COUNT 100",
            "MGET a b",
            "HMGET h a",
            "GET a",
        ] {
            assert_eq!((command(line).demands(), command(line).warning()), (Level::L0, None), "{line}");
        }
        for line in [
            "LRANGE q 0 -1",
            "LRANGE q 0 1000",
            "LRANGE q -1001 -1",
            "LRANGE q -9223372036854775808 -1",
            "LRANGE q 0 9223372036854775807",
            "LRANGE q",
            "LRANGE q a b",
            "ZRANGE z 0 -1",
            "ZRANGE z 0 9 BYSCORE",
            "HGETALL h",
            "hgetall h",
            "SSCAN s 0 COUNT 100000",
            "ZSCAN z 0 COUNT",
            "HSCAN h 0 COUNT -1",
        ] {
            assert_eq!(command(line).demands(), Level::L1, "{line}");
            assert!(command(line).warning().is_some_and(|words| words.as_str().contains("HLEN")), "{line}");
        }
        assert_eq!(command(&format!("MGET {}", ["k"; 1001].join(" "))).demands(), Level::L1);
        assert_eq!(command("DEL a").warning(), None);
    }

    #[test]
    fn what_changes_the_connection_is_never_sent() {
        for line in ["MONITOR", "subscribe c", "MULTI", "SELECT 1", "QUIT", ""] {
            assert!(command(line).objection().is_some(), "{line}");
        }
        assert!(RedisStep { cache: 0, argv: vec!["DEL a".to_owned()] }.objection().is_some());
        assert!(RedisStep { cache: 0, argv: vec!["SET".to_owned(), "x".repeat(70_000)] }.objection().is_some());
    }
}
