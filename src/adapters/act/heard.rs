//! What a program printed, bounded in bytes and lines: the beginning and the end are kept, what lies between is counted.
//! Whatever comes is taken, so that no program ever waits for us.

use std::collections::VecDeque;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::domain::{Safe, figure};

/// Kept of the beginning and of the end.
const HEAD: usize = 256 * 1024;
const TAIL: usize = 16 * 1024;
/// A line that is shown is cut to this many bytes before the gate and to this many characters behind it.
const LINE_BYTES: usize = 4 * 1024;
const LINE: usize = 400;

/// What came through one pipe.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    /// How much came.
    pub bytes: u64,
    /// How many line ends came.
    pub lines: u64,
}

impl Heard {
    /// Takes what came.
    pub fn take(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        self.lines += memchr::memchr_iter(b'\n', piece).count() as u64;
        let (first, rest) = piece.split_at(HEAD.saturating_sub(self.head.len()).min(piece.len()));
        self.head.extend_from_slice(first);
        let rest = rest.get(rest.len().saturating_sub(TAIL)..).unwrap_or_default();
        let over = (self.tail.len() + rest.len()).saturating_sub(TAIL);
        self.tail.drain(..over);
        self.tail.extend(rest);
    }

    /// Everything, where everything was kept.
    #[must_use]
    pub fn whole(&self) -> Option<&[u8]> {
        (self.bytes <= self.head.len() as u64).then_some(&self.head)
    }

    /// Whether nothing came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Its lines for people: all when they are few, else the first, a word on how many were left out, and the last.
    #[must_use]
    pub fn said(&self, most: usize) -> Vec<Safe> {
        let ended: Vec<u8> = self.tail.iter().copied().collect();
        let lines = |bytes: &'_ [u8]| -> Vec<Vec<u8>> {
            bytes.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).map(<[u8]>::to_vec).collect()
        };
        let (first, last) = if self.whole().is_some() {
            let all = lines(&self.head);
            if all.len() <= most {
                return all.iter().map(|line| shown(line)).collect();
            }
            let last = all.iter().skip(all.len() - most / 2).cloned().collect();
            (all, last)
        } else {
            (lines(&self.head), lines(&ended))
        };
        let mut said: Vec<Safe> = first.iter().take(most.div_ceil(2)).map(|line| shown(line)).collect();
        let last: Vec<Safe> = last.iter().rev().take(most / 2).rev().map(|line| shown(line)).collect();
        let total = self.lines.max(1);
        said.push(Safe::of(format!("… {total} lines, {} in all; most are left out …", figure::bytes(self.bytes))));
        said.extend(last);
        said
    }

    /// Its last lines as one.
    #[must_use]
    pub fn last_words(&self, lines: usize) -> Safe {
        let said = self.said(lines.max(1) * 2);
        let last: Vec<&str> = said.iter().rev().take(lines).rev().map(Safe::as_str).collect();
        Safe::of(last.join(" | ")).clipped(LINE)
    }
}

fn shown(line: &[u8]) -> Safe {
    let line = line.get(..LINE_BYTES).unwrap_or(line);
    Safe::log_line(line.strip_suffix(b"\r").unwrap_or(line)).clipped(LINE)
}

/// Reads a pipe to its end.
pub async fn hear(pipe: Option<impl AsyncRead + Unpin>, heard: &mut Heard) {
    let Some(mut pipe) = pipe else { return };
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = pipe.read(&mut piece).await {
        heard.take(piece.get(..count).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn little_is_kept_whole() {
        let mut heard = Heard::default();
        heard.take(b"one\n\x1b[2Jtwo\r\n\n");
        assert_eq!(heard.said(10), ["one".into(), Safe::of("\\x1b[2Jtwo")]);
        assert_eq!(heard.whole(), Some(b"one\n\x1b[2Jtwo\r\n\n".as_slice()));
        assert_eq!(heard.last_words(1).as_str(), "\\x1b[2Jtwo");
    }

    #[test]
    fn of_much_the_first_and_the_last_lines_are_shown() {
        let mut heard = Heard::default();
        for number in 0..200_000 {
            heard.take(format!("line {number}\n").as_bytes());
        }
        let said = heard.said(4);
        assert_eq!(said.len(), 5);
        assert_eq!((said[0].as_str(), said[4].as_str()), ("line 0", "line 199999"));
        assert!(said[2].as_str().contains("200000 lines"), "{}", said[2]);
        assert_eq!(heard.whole(), None);
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_everything_is_counted(pieces in prop::collection::vec((any::<u8>(), 0usize..200_000), 0..12), most in 0usize..50) {
            let mut heard = Heard::default();
            for (byte, count) in &pieces {
                heard.take(&vec![*byte; *count]);
            }
            prop_assert_eq!(heard.bytes, pieces.iter().map(|(_, count)| *count as u64).sum::<u64>());
            prop_assert!(heard.head.len() <= HEAD && heard.tail.len() <= TAIL);
            prop_assert_eq!(heard.whole().is_some(), heard.bytes <= HEAD as u64);
            let said = heard.said(most);
            prop_assert!(said.len() <= most + 1);
            prop_assert!(said.iter().all(|line| line.as_str().chars().count() <= LINE));
        }
    }
}
