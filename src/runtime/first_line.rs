//! The first line that a child prints, within a time: a child that says nothing must not hang whoever started it.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::sync::mpsc;
use std::time::Duration;

/// The first line, its end included, of at most `longest` bytes; empty when the other side closed without one.
pub fn first_line(from: impl Read + Send + 'static, longest: u64, within: Duration) -> io::Result<String> {
    let (tell, told) = mpsc::sync_channel(1);
    // A reader that stays behind ends with the other side.
    std::thread::Builder::new().name("first-line".to_owned()).spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(from.take(longest)).read_line(&mut line);
        let _ = tell.send(read.map(|_| line));
    })?;
    told.recv_timeout(within).unwrap_or_else(|_late| {
        Err(io::Error::new(ErrorKind::TimedOut, format!("no answer within {} s", within.as_secs())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_an_end_and_silence() {
        let second = Duration::from_secs(5);
        assert_eq!(first_line(&b"one\ntwo\n"[..], 100, second).unwrap(), "one\n");
        assert_eq!(first_line(&b""[..], 100, second).unwrap(), "");
        assert_eq!(first_line(&b"endless"[..], 3, second).unwrap(), "end");
        let (silent, _kept) = io::pipe().unwrap();
        assert_eq!(first_line(silent, 100, Duration::ZERO).unwrap_err().kind(), ErrorKind::TimedOut);
    }
}
