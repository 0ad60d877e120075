//! The Redis protocol, as far as figures need it: commands out, single replies in. Pure; limits are checked against
//! what a reply announces, before anything is allocated. Figures are no arrays, so arrays are refused here; what a command
//! of a runbook is answered with, of whatever shape, is read in `answer`.

use crate::domain::{Cause, Safe};

/// Largest bulk reply; `INFO` of a server with thousands of databases stays far below.
pub const BULK_LIMIT: usize = 1024 * 1024;
/// Longest line: a status, an error, a number or a length.
const LINE_LIMIT: usize = 4096;

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `+OK`
    Status(Vec<u8>),
    /// `-ERR …`, without the minus.
    Error(Vec<u8>),
    /// `:42`
    Integer(i64),
    /// `$…`; `None` is nil.
    Bulk(Option<Vec<u8>>),
}

/// Appends a command to what is sent.
pub fn encode<A: AsRef<[u8]>>(out: &mut Vec<u8>, argv: &[A]) {
    out.extend_from_slice(format!("*{}\r\n", argv.len()).as_bytes());
    for argument in argv {
        let argument = argument.as_ref();
        out.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
        out.extend_from_slice(argument);
        out.extend_from_slice(b"\r\n");
    }
}

/// Reads the first reply of `bytes` and how many bytes it took; `None` when it is not complete yet.
pub fn decode(bytes: &[u8]) -> Result<Option<(Reply, usize)>, Cause> {
    let Some((&kind, rest)) = bytes.split_first() else { return Ok(None) };
    if !matches!(kind, b'+' | b'-' | b':' | b'$') {
        return Err(unexpected(kind, bytes));
    }
    let Some(end) = line_end(rest)? else { return Ok(None) };
    let (line, after) = rest.split_at(end);
    let taken = 1 + end + 2;
    let reply = match kind {
        b'+' => Reply::Status(line.to_vec()),
        b'-' => Reply::Error(line.to_vec()),
        b':' => Reply::Integer(integer(line)?),
        _ => {
            let Some(length) = bulk_length(integer(line)?)? else { return Ok(Some((Reply::Bulk(None), taken))) };
            let body = after.get(2..).unwrap_or_default();
            let Some(tail) = body.get(length..length + 2) else { return Ok(None) };
            if tail != b"\r\n" {
                return Err(broken("a reply is longer than it announced"));
            }
            let text = body.get(..length).unwrap_or_default().to_vec();
            return Ok(Some((Reply::Bulk(Some(text)), taken + length + 2)));
        }
    };
    Ok(Some((reply, taken)))
}

/// Position of the CR of the first line end.
pub(super) fn line_end(bytes: &[u8]) -> Result<Option<usize>, Cause> {
    let looked_at = bytes.get(..LINE_LIMIT).unwrap_or(bytes);
    match memchr::memchr(b'\n', looked_at) {
        Some(0) => Err(broken("a line end stands alone")),
        Some(at) if bytes.get(at - 1) == Some(&b'\r') => Ok(Some(at - 1)),
        Some(_) => Err(broken("a line end is not CR LF")),
        None if bytes.len() >= LINE_LIMIT => Err(too_large("a line of the answer", LINE_LIMIT)),
        None => Ok(None),
    }
}

pub(super) fn integer(line: &[u8]) -> Result<i64, Cause> {
    std::str::from_utf8(line)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| broken(&format!("{:?} is not a number", Safe::of_bytes(line).clipped(40))))
}

fn bulk_length(announced: i64) -> Result<Option<usize>, Cause> {
    match usize::try_from(announced) {
        Ok(length) if length <= BULK_LIMIT => Ok(Some(length)),
        Ok(_) => Err(too_large("an answer of Redis", BULK_LIMIT)),
        Err(_negative) if announced == -1 => Ok(None),
        Err(_negative) => Err(broken("a length is negative")),
    }
}

fn unexpected(kind: u8, bytes: &[u8]) -> Cause {
    let shown = Safe::one_line(bytes.get(..24).unwrap_or(bytes));
    match kind {
        b'*' | b'%' | b'~' | b'>' => broken("a list came where one figure was asked for"),
        b'H' if bytes.starts_with(b"HTTP/") => broken("an HTTP server answers there, not Redis"),
        _ => broken(&format!("not the protocol of Redis: {shown:?}")),
    }
}

pub(super) fn broken(words: &str) -> Cause {
    Cause::Protocol(Safe::of(words))
}

fn too_large(what: &str, limit: usize) -> Cause {
    Cause::TooLarge { what: Safe::of(what), limit: limit as u64 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(bytes: &[u8]) -> Option<(Reply, usize)> {
        decode(bytes).unwrap()
    }

    #[test]
    fn the_four_kinds() {
        assert_eq!(one(b"+OK\r\n:1"), Some((Reply::Status(b"OK".to_vec()), 5)));
        assert_eq!(one(b"-ERR x\r\n"), Some((Reply::Error(b"ERR x".to_vec()), 8)));
        assert_eq!(one(b":-3\r\n"), Some((Reply::Integer(-3), 5)));
        assert_eq!(one(b"$3\r\na\nb\r\n+"), Some((Reply::Bulk(Some(b"a\nb".to_vec())), 9)));
        assert_eq!(one(b"$0\r\n\r\n"), Some((Reply::Bulk(Some(vec![])), 6)));
        assert_eq!(one(b"$-1\r\n"), Some((Reply::Bulk(None), 5)));
    }

    #[test]
    fn commands_are_sent_by_length() {
        let mut out = Vec::new();
        encode(&mut out, &["GET", "a\r\nFLUSHALL"]);
        assert_eq!(out, b"*2\r\n$3\r\nGET\r\n$11\r\na\r\nFLUSHALL\r\n");
    }

    #[test]
    fn sizes_are_refused_as_soon_as_they_are_announced() {
        assert!(matches!(decode(b"$536870912\r\n"), Err(Cause::TooLarge { limit: 1_048_576, .. })));
        assert!(matches!(decode(b"$9223372036854775807\r\n"), Err(Cause::TooLarge { .. })));
        assert!(matches!(decode(&[b'+'; 5000]), Err(Cause::TooLarge { limit: 4096, .. })));
    }

    #[test]
    fn what_is_not_the_protocol_is_said() {
        for bytes in [
            &b"*1\r\n"[..],
            b"HTTP/1.1 400\r\n",
            b"$-2\r\n",
            b"$x\r\n",
            b":\r\n",
            b"+\n",
            b"$1\r\nabc",
            b"\0",
            b"+a\nb\r\n",
        ] {
            assert!(matches!(decode(bytes), Err(Cause::Protocol(_))), "{}", Safe::of_bytes(bytes));
        }
    }

    /// Words of a command as a server reads them: by their lengths, whatever stands in them.
    fn words(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        fn number(bytes: &mut &[u8], kind: u8) -> Option<usize> {
            let end = bytes.windows(2).position(|two| two == b"\r\n")?;
            let line = bytes[..end].strip_prefix(&[kind])?;
            let number = std::str::from_utf8(line).ok()?.parse().ok()?;
            *bytes = &bytes[end + 2..];
            Some(number)
        }
        let count = number(&mut bytes, b'*')?;
        let mut words = Vec::new();
        for _ in 0..count {
            let length = number(&mut bytes, b'$')?;
            words.push(bytes.get(..length)?.to_vec());
            bytes = bytes.get(length..)?.strip_prefix(b"\r\n")?;
        }
        bytes.is_empty().then_some(words)
    }

    proptest! {
        /// Invariant 28: a word of a command is one word to the server, and nothing in it becomes another command.
        #[test]
        fn words_of_a_command_stay_words(
            argv in prop::collection::vec(prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                Just(b"\r\n*1\r\n$8\r\nFLUSHALL\r\n".to_vec()),
                Just(b"' ; $(id) \0\n".to_vec()),
            ], 1..6),
        ) {
            let mut out = Vec::new();
            encode(&mut out, &argv);
            prop_assert_eq!(words(&out), Some(argv));
        }

        #[test]
        fn every_prefix_is_incomplete_and_the_rest_is_left(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut whole = format!("${}\r\n", text.len()).into_bytes();
            whole.extend_from_slice(&text);
            whole.extend_from_slice(b"\r\n");
            for cut in 0..whole.len() {
                prop_assert_eq!(decode(&whole[..cut]).unwrap(), None);
            }
            let length = whole.len();
            whole.extend_from_slice(b"+more\r\n");
            prop_assert_eq!(decode(&whole).unwrap(), Some((Reply::Bulk(Some(text)), length)));
        }

        #[test]
        fn never_panics(kind in prop::sample::select(b"+-:$*".to_vec()), tail in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = decode(&tail);
            let _ = decode(&[vec![kind], tail].concat());
        }
    }
}
