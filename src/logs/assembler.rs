//! From pieces of a stream to lines: one assembler for each stream keeps the unfinished line, bounded, between pieces.
//! However the stream is split, the lines are the same.

use std::time::Duration;

use memchr::memchr;

use crate::domain::moment::Moment;

use super::segment::{LINE_BYTES, SegmentBuilder};
use super::traces::Traces;

/// An unfinished line is shown as it stands after this time.
pub const PARTIAL_AFTER: Duration = Duration::from_secs(2);

/// What became of a line's beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Shown {
    /// Nothing of the line was shown yet.
    #[default]
    Nothing,
    /// A part was shown; what comes is the rest.
    Part,
    /// A part of full length was shown; what comes is only counted.
    Full,
}

/// Keeps the unfinished line of one stream, and what continues what.
#[derive(Debug, Default)]
pub struct LineAssembler {
    held: Vec<u8>,
    cut: u64,
    since: Option<Moment>,
    shown: Shown,
    started: bool,
    traces: Traces,
    nul_bytes: u64,
}

impl LineAssembler {
    /// For a stream of which nothing was read yet.
    #[must_use]
    pub fn new() -> LineAssembler {
        LineAssembler::default()
    }

    /// Takes the next piece; whole lines go into `builder`, and `seal` is called whenever that is full.
    pub fn push(
        &mut self,
        piece: &[u8],
        builder: &mut SegmentBuilder,
        now: Moment,
        seal: &mut dyn FnMut(&mut SegmentBuilder),
    ) {
        let mut rest = piece;
        if !self.started && !piece.is_empty() {
            self.started = true;
            rest = rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(rest);
        }
        while let Some(end) = memchr(b'\n', rest) {
            let (line, tail) = rest.split_at(end);
            rest = tail.get(1..).unwrap_or_default();
            if self.held.is_empty() && self.cut == 0 && self.shown == Shown::Nothing {
                let line = self.without_hole(line);
                self.add(line, 0, builder, now, seal);
            } else {
                self.hold(line);
                self.end_line(builder, now, seal);
            }
        }
        self.hold(rest);
        if !self.held.is_empty() && self.since.is_none() {
            self.since = Some(now);
        }
    }

    /// Shows an unfinished line that has waited long enough.
    pub fn flush_stale(
        &mut self,
        builder: &mut SegmentBuilder,
        now: Moment,
        seal: &mut dyn FnMut(&mut SegmentBuilder),
    ) {
        if self.cut > 0 && self.shown == Shown::Full {
            builder.count_cut(std::mem::take(&mut self.cut));
        }
        if self.since.is_some_and(|since| now.since(since) >= PARTIAL_AFTER) {
            let shown = if self.cut > 0 { Shown::Full } else { Shown::Part };
            self.end_line(builder, now, seal);
            self.shown = shown;
        }
    }

    /// Ends the stream: what is unfinished becomes a line.
    pub fn finish(&mut self, builder: &mut SegmentBuilder, now: Moment, seal: &mut dyn FnMut(&mut SegmentBuilder)) {
        if !self.held.is_empty() || self.cut > 0 {
            self.end_line(builder, now, seal);
        }
        *self = LineAssembler { nul_bytes: self.nul_bytes, ..LineAssembler::default() };
    }

    /// Whether a line waits for its end.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// NUL bytes at the beginning of lines (the hole that a truncation leaves) that were passed over since last asked.
    pub fn take_nul_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.nul_bytes)
    }

    fn hold(&mut self, piece: &[u8]) {
        let piece = if self.held.is_empty() && self.shown == Shown::Nothing { self.without_hole(piece) } else { piece };
        let room = if self.shown == Shown::Full { 0 } else { LINE_BYTES.saturating_sub(self.held.len()) };
        let kept = piece.get(..room).unwrap_or(piece);
        self.held.extend_from_slice(kept);
        self.cut += (piece.len() - kept.len()) as u64;
    }

    fn end_line(&mut self, builder: &mut SegmentBuilder, now: Moment, seal: &mut dyn FnMut(&mut SegmentBuilder)) {
        let (held, cut) = (std::mem::take(&mut self.held), std::mem::take(&mut self.cut));
        match std::mem::take(&mut self.shown) {
            Shown::Nothing => self.add(&held, cut, builder, now, seal),
            Shown::Part => {
                let rest = without_return(&held);
                if !rest.is_empty() {
                    make_room(builder, rest.len(), seal);
                    builder.push_rest(rest, cut, &self.traces);
                }
            }
            Shown::Full => builder.count_cut(cut),
        }
        self.since = None;
        self.held = held;
        self.held.clear();
        self.held.shrink_to(4096);
    }

    fn add(
        &mut self,
        line: &[u8],
        cut: u64,
        builder: &mut SegmentBuilder,
        now: Moment,
        seal: &mut dyn FnMut(&mut SegmentBuilder),
    ) {
        let line = if cut == 0 { without_return(line) } else { line };
        make_room(builder, line.len(), seal);
        builder.push_line(line, cut, &mut self.traces, now);
    }

    fn without_hole<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        if line.first() != Some(&0) {
            return line;
        }
        let nul = line.iter().position(|b| *b != 0).unwrap_or(line.len());
        self.nul_bytes += nul as u64;
        line.get(nul..).unwrap_or_default()
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn make_room(builder: &mut SegmentBuilder, length: usize, seal: &mut dyn FnMut(&mut SegmentBuilder)) {
    if !builder.has_room(length) {
        seal(builder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::level::Level;
    use crate::logs::segment::{SEGMENT_BYTES, SEGMENT_LINES, Segment};
    use proptest::prelude::*;

    /// The segments that come of these pieces, a tenth of a second apart.
    fn segments(pieces: &[&[u8]]) -> Vec<Segment> {
        let mut builder = SegmentBuilder::new();
        let mut assembler = LineAssembler::new();
        let mut out = Vec::new();
        let now = Moment::fixed(0.0);
        for piece in pieces {
            assembler.push(piece, &mut builder, now, &mut |b| out.extend(b.seal(0, 0, now)));
        }
        assembler.finish(&mut builder, now, &mut |b| out.extend(b.seal(0, 0, now)));
        out.extend(builder.seal(0, 0, now));
        out
    }

    fn lines(pieces: &[&[u8]]) -> Vec<(Vec<u8>, Level, bool, bool)> {
        let segments = segments(pieces);
        segments.iter().flat_map(Segment::lines).map(|l| (l.raw.to_vec(), l.level, l.continuation, l.clipped)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn splits_never_change_the_lines(
            parts in prop::collection::vec(prop_oneof![
                Just(b"ERROR: x\n".to_vec()), Just(b"  at y\r\n".to_vec()), Just(vec![0u8; 9]), Just(b"\n".to_vec()),
                Just(b"{\"level\":\"info\"}\n".to_vec()), Just(vec![b'z'; 70_000]), Just(b"\xff\xfe\x80".to_vec()),
                prop::collection::vec(any::<u8>(), 0..40),
            ], 0..20),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let whole: Vec<u8> = parts.concat();
            let mut at: Vec<usize> = cuts.iter().map(|c| c.index(whole.len() + 1)).collect();
            at.extend([0, whole.len()]);
            at.sort_unstable();
            let pieces: Vec<&[u8]> = at.windows(2).map(|w| &whole[w[0]..w[1]]).collect();
            if !whole.starts_with(b"\xef") {
                prop_assert_eq!(lines(&pieces), lines(&[&whole]));
            }
        }

        #[test]
        fn segments_never_exceed_their_bounds(lengths in prop::collection::vec(0usize..140_000, 1..24), short in 0usize..30_000) {
            let mut text = Vec::new();
            for length in &lengths {
                text.extend(std::iter::repeat_n(b'a', *length));
                text.push(b'\n');
            }
            text.extend(std::iter::repeat_n(b'\n', short));
            let made = segments(&[&text]);
            prop_assert_eq!(made.iter().map(Segment::len).sum::<usize>(), lengths.len() + short);
            for segment in &made {
                prop_assert!(segment.bytes().len() <= SEGMENT_BYTES && segment.len() <= SEGMENT_LINES);
                prop_assert!(segment.lines().all(|l| l.raw.len() <= LINE_BYTES));
            }
            let kept: usize = made.iter().map(|s| s.bytes().len()).sum();
            let cut: u64 = made.iter().map(Segment::bytes_cut).sum();
            prop_assert_eq!(kept as u64 + cut, text.len() as u64);
        }
    }

    #[test]
    fn a_partial_line_is_shown_in_time_and_its_rest_continues_it() {
        let mut builder = SegmentBuilder::new();
        let mut assembler = LineAssembler::new();
        let at = Moment::fixed;
        let mut seal = |_: &mut SegmentBuilder| panic!("not full");
        assembler.push(b"ERROR: ha", &mut builder, at(0.0), &mut seal);
        assembler.flush_stale(&mut builder, at(1.9), &mut seal);
        assert!(builder.is_empty());
        assembler.flush_stale(&mut builder, at(2.0), &mut seal);
        assembler.push(b"lf\nINFO: next\n", &mut builder, at(3.0), &mut seal);
        let segment = builder.seal(0, 0, at(3.0)).unwrap();
        let raws: Vec<_> = segment.lines().map(|l| (l.raw, l.level, l.continuation)).collect();
        let expected: [(&[u8], _, _); 3] =
            [(b"ERROR: ha", Level::Error, false), (b"lf", Level::Error, true), (b"INFO: next", Level::Info, false)];
        assert_eq!(raws, expected);
    }

    #[test]
    fn an_endless_line_is_shown_once_and_counted_on() {
        let mut builder = SegmentBuilder::new();
        let mut assembler = LineAssembler::new();
        let mut seal = |_: &mut SegmentBuilder| panic!("not full");
        let piece = vec![b'x'; 100_000];
        for second in 0..10 {
            assembler.push(&piece, &mut builder, Moment::fixed(f64::from(second)), &mut seal);
            assembler.flush_stale(&mut builder, Moment::fixed(f64::from(second)), &mut seal);
        }
        assembler.push(b"\nnext\n", &mut builder, Moment::fixed(10.0), &mut seal);
        let segment = builder.seal(0, 0, Moment::fixed(10.0)).unwrap();
        assert_eq!(segment.len(), 2);
        assert_eq!(segment.bytes_cut(), 1_000_000 - LINE_BYTES as u64);
        assert_eq!(segment.line(1).unwrap().raw, b"next");
    }

    #[test]
    fn holes_and_marks_are_passed_over() {
        let found = lines(&[b"\xef\xbb\xbffirst\n\0\0\0", b"\0\0second\n"]);
        assert_eq!(found.iter().map(|l| l.0.as_slice()).collect::<Vec<_>>(), [b"first".as_slice(), b"second"]);
    }
}
