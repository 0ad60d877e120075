//! Which Redis commands may be a signal: those that only read and answer with one number. A fixed list, because what
//! is not on it is not known to be harmless.

use crate::domain::Safe;

/// Most arguments, and most bytes in one.
const ARGUMENTS: usize = 32;
const ARGUMENT_BYTES: usize = 1024;

/// Each command with the least and the most arguments after it.
const ALLOWED: [(&str, usize, usize); 19] = [
    ("BITCOUNT", 1, 4),
    ("DBSIZE", 0, 0),
    ("EXISTS", 1, ARGUMENTS),
    ("GET", 1, 1),
    ("HEXISTS", 2, 2),
    ("HGET", 2, 2),
    ("HLEN", 1, 1),
    ("HSTRLEN", 2, 2),
    ("LLEN", 1, 1),
    ("PTTL", 1, 1),
    ("SCARD", 1, 1),
    ("SISMEMBER", 2, 2),
    ("STRLEN", 1, 1),
    ("TTL", 1, 1),
    ("XLEN", 1, 1),
    ("ZCARD", 1, 1),
    ("ZCOUNT", 3, 3),
    ("ZLEXCOUNT", 3, 3),
    ("ZSCORE", 2, 2),
];

/// Whether `argv` (command and arguments) may be sent.
///
/// # Errors
/// In words: what is wrong, and which commands are allowed.
pub fn allowed(argv: &[String]) -> Result<(), Safe> {
    let Some((command, arguments)) = argv.split_first() else {
        return Err(Safe::of(format!("the command is missing; allowed: {}", names())));
    };
    let known = ALLOWED.iter().find(|(name, ..)| name.eq_ignore_ascii_case(command));
    let Some((name, least, most)) = known else { return Err(refusal(command)) };
    if arguments.len() < *least || arguments.len() > *most {
        let wanted = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        return Err(Safe::of(format!("{name} takes {wanted} arguments, not {}", arguments.len())));
    }
    if arguments.iter().any(|a| a.len() > ARGUMENT_BYTES) {
        return Err(Safe::of(format!("an argument of {name} is longer than {ARGUMENT_BYTES} bytes")));
    }
    Ok(())
}

fn refusal(command: &str) -> Safe {
    let shown = Safe::of(command).clipped(32);
    if command.eq_ignore_ascii_case("PFCOUNT") {
        return Safe::of("PFCOUNT may write the count that it caches in the key; a signal only reads");
    }
    if command.contains(' ') {
        return Safe::of(format!(
            "{shown:?} is one word to us: write command and arguments apart, [\"LLEN\", \"queue\"]"
        ));
    }
    Safe::of(format!(
        "{shown} is not one of the commands that only read and answer with a number; allowed: {}",
        names()
    ))
}

fn names() -> String {
    ALLOWED.map(|(name, ..)| name).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<(), Safe> {
        allowed(&line.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn reading_a_number_is_allowed() {
        for line in ["LLEN q", "llen q", "DBSIZE", "GET n", "ZCOUNT z -inf +inf", "EXISTS a b c", "HGET h f"] {
            assert_eq!(asked(line), Ok(()), "{line}");
        }
    }

    #[test]
    fn everything_else_is_refused_in_words() {
        for line in [
            "",
            "FLUSHALL",
            "SET a 1",
            "DEL a",
            "EVAL x 0",
            "KEYS *",
            "CONFIG GET x",
            "GETDEL a",
            "INCR a",
            "LPOP q",
            "SORT q STORE x",
            "GETEX a",
            "PFCOUNT h",
            "MONITOR",
            "DEBUG SLEEP 1",
            "SHUTDOWN",
            "GETSET a b",
            "EXPIRE a 1",
            "LLEN",
            "LLEN a b",
            "DBSIZE x",
            "ZCOUNT z 1",
            "EXISTS",
        ] {
            assert!(asked(line).is_err(), "{line}");
        }
        assert!(allowed(&["LLEN q".to_owned()]).unwrap_err().as_str().contains("apart"));
        assert!(allowed(&["GET".to_owned(), "x".repeat(2000)]).is_err());
        assert!(allowed(&["\u{202e}\x1b[2J".to_owned()]).unwrap_err().as_str().contains("\\u{202e}"));
    }
}
