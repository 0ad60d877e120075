//! Which lines are wanted: a least level, a text, a regular expression, one log. Compiled once, run over the whole kept
//! log as one job, then over new segments only.

use std::ops::Range;
use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};

use crate::domain::safe::Safe;

use super::level::Level;
use super::merge::{Listed, Spot};
use super::segment::{LineAddress, Segment, Stream};

/// Most matches listed; the newest are, all are counted.
const LISTED: usize = 100_000;
/// Bound on the memory of a compiled expression.
const REGEX_BYTES: usize = 1 << 20;

/// A compiled filter. Text and expression ignore case unless they hold an upper-case letter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    least: Level,
    text: Option<Regex>,
    regex: Option<Regex>,
    log: Option<u16>,
}

impl Filter {
    /// Compiles a filter. `Level::Unknown` and empty texts ask for nothing.
    ///
    /// # Errors
    /// In words for people, when the expression is not one or is too large.
    pub fn new(least: Level, text: &str, regex: &str, log: Option<u16>) -> Result<Filter, Safe> {
        let text = (!text.is_empty()).then(|| compile(&regex::escape(text), text)).transpose()?;
        let regex = (!regex.is_empty()).then(|| compile(regex, regex)).transpose()?;
        Ok(Filter { least, text, regex, log })
    }

    /// Whether every line passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.least == Level::Unknown && self.text.is_none() && self.regex.is_none() && self.log.is_none()
    }

    /// Whether the line at `index` passes. A line that continues an entry passes with the entry's first line too.
    #[must_use]
    pub fn matches(&self, segment: &Segment, index: usize) -> bool {
        if self.log.is_some_and(|log| log != segment.log()) {
            return false;
        }
        let Some(line) = segment.line(index) else { return false };
        if !line.level.passes(self.least) {
            return false;
        }
        if self.matches_text(line.raw) {
            return true;
        }
        let before = (0..index).rev().filter_map(|at| segment.line(at));
        line.continuation
            && before.take(10_000).find(|l| !l.continuation).is_some_and(|head| self.matches_text(head.raw))
    }

    /// Whether text and expression are found in `raw`.
    #[must_use]
    pub fn matches_text(&self, raw: &[u8]) -> bool {
        self.text.as_ref().is_none_or(|text| text.is_match(raw))
            && self.regex.as_ref().is_none_or(|regex| regex.is_match(raw))
    }

    /// Where text and expression are found in `shown`, for highlighting; at most 64 places.
    #[must_use]
    pub fn places(&self, shown: &[u8]) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = [&self.text, &self.regex]
            .into_iter()
            .flatten()
            .flat_map(|regex| regex.find_iter(shown).take(32).map(|m| m.range()))
            .filter(|range| !range.is_empty())
            .collect();
        places.sort_by_key(|range| range.start);
        places
    }

    /// Looks through segments, oldest first.
    #[must_use]
    pub fn run(&self, segments: &[Arc<Segment>]) -> FilterResult {
        let mut result = FilterResult::default();
        result.extend(self, segments);
        result
    }

    /// Whether nothing in the segment can pass, seen without looking at its lines.
    fn rules_out(&self, segment: &Segment) -> bool {
        if self.log.is_some_and(|log| log != segment.log()) {
            return true;
        }
        // A literal text cannot match across line ends, so its absence from the whole is its absence from all lines.
        self.text.as_ref().is_some_and(|text| !text.is_match(segment.bytes()))
    }
}

fn compile(pattern: &str, written: &str) -> Result<Regex, Safe> {
    RegexBuilder::new(pattern)
        .case_insensitive(!written.chars().any(char::is_uppercase))
        .size_limit(REGEX_BYTES)
        .dfa_size_limit(REGEX_BYTES)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => Safe::of("this expression is too large: make its repetitions smaller"),
            other => {
                let words = other.to_string();
                let reason = words.lines().last().unwrap_or_default().trim_start_matches("error: ");
                Safe::of(format!("not a regular expression: {reason}"))
            }
        })
}

/// What a filter found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterResult {
    /// The newest matches, stream by stream.
    pub listed: Vec<Listed>,
    /// All that were found, listed or not.
    pub total: u64,
    /// Sequence of the newest segment that was looked through.
    pub scanned_to: Option<u64>,
    /// How many lines were looked through.
    pub scanned_lines: u64,
    /// Matches in the list.
    length: usize,
    /// For each stream: whether the first line of its newest entry matched.
    open: Vec<(Stream, bool)>,
}

impl FilterResult {
    /// Looks through new segments, each stream's oldest first; those seen before are not among them.
    pub fn extend(&mut self, filter: &Filter, segments: &[Arc<Segment>]) {
        for segment in segments {
            self.scanned_to = self.scanned_to.max(Some(segment.sequence()));
            let stream = segment.stream();
            let open = self.open.iter().any(|(of, open)| *of == stream && *open);
            let mut found = Vec::new();
            let open = scan(filter, segment, open, &mut found);
            match self.open.iter_mut().find(|(of, _)| *of == stream) {
                Some((_, before)) => *before = open,
                None => self.open.push((stream, open)),
            }
            self.scanned_lines += segment.len() as u64;
            self.insert(stream, found);
        }
    }

    /// Looks through a stretch that was read again; its matches stand before those of later lines.
    pub fn extend_old(&mut self, filter: &Filter, segments: &[Arc<Segment>]) {
        let mut open = false;
        for segment in segments {
            let mut found = Vec::new();
            open = scan(filter, segment, open, &mut found);
            self.scanned_lines += segment.len() as u64;
            self.insert(segment.stream(), found);
        }
    }

    /// Forgets the matches in a segment that was let go.
    pub fn forget(&mut self, stream: Stream, sequence: u64) {
        let Some(listed) = self.listed.iter_mut().find(|listed| listed.stream == stream) else { return };
        let from = listed.spots.partition_point(|spot| spot.0 < sequence);
        let until = listed.spots.partition_point(|spot| spot.0 <= sequence);
        listed.spots.drain(from..until);
        self.length -= until - from;
    }

    /// Whether a line is listed.
    #[must_use]
    pub fn lists(&self, address: LineAddress) -> bool {
        let spots = self.listed.iter().find(|listed| listed.stream == address.stream).map(|listed| &listed.spots);
        spots.is_some_and(|spots| spots.binary_search(&(address.sequence, address.index)).is_ok())
    }

    /// Whether nothing is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    fn insert(&mut self, stream: Stream, found: Vec<Spot>) {
        let Some(first) = found.first().copied() else { return };
        self.total += found.len() as u64;
        self.length += found.len();
        let at = self.listed.iter().position(|listed| listed.stream == stream).unwrap_or_else(|| {
            self.listed.push(Listed { stream, ..Listed::default() });
            self.listed.len() - 1
        });
        if let Some(listed) = self.listed.get_mut(at) {
            let place = listed.spots.partition_point(|spot| *spot < first);
            let mut behind = listed.spots.split_off(place);
            listed.spots.extend(found);
            listed.spots.append(&mut behind);
        }
        while self.length > LISTED {
            let Some(longest) = self.listed.iter_mut().max_by_key(|listed| listed.spots.len()) else { return };
            let beyond = (self.length - LISTED).min(longest.spots.len());
            longest.spots.drain(..beyond);
            self.length -= beyond;
        }
    }
}

/// Finds the wanted lines of a segment. `open`: the entry that its first lines may continue matched; gives the same for
/// its end.
fn scan(filter: &Filter, segment: &Segment, mut open: bool, found: &mut Vec<Spot>) -> bool {
    if !open && filter.rules_out(segment) || filter.log.is_some_and(|log| log != segment.log()) {
        return false;
    }
    for (at, line) in (0u32..).zip(segment.lines()) {
        // Levels are in the index: where they decide, the text is not looked at.
        if !line.level.passes(filter.least) {
            open = open && line.continuation;
            continue;
        }
        let matches = filter.matches_text(line.raw);
        if !line.continuation {
            open = matches;
        }
        if matches || (line.continuation && open) {
            found.push((segment.sequence(), at));
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::segment::tests::segment;

    fn kept() -> Vec<Arc<Segment>> {
        vec![
            Arc::new(segment(0, 1, &["INFO: Pool ready", "ERROR: pool timeout", "  at frame one"])),
            Arc::new(segment(1, 2, &["WARN: slow", "no level", "DEBUG: x=42"])),
        ]
    }

    fn spots(found: &FilterResult) -> Vec<Spot> {
        found.listed.iter().flat_map(|listed| listed.spots.iter().copied()).collect()
    }

    fn run(least: Level, text: &str, regex: &str, log: Option<u16>) -> Vec<(u64, u32)> {
        let filter = Filter::new(least, text, regex, log).unwrap();
        let kept = kept();
        let found = filter.run(&kept);
        let mut one_by_one = Vec::new();
        for segment in &kept {
            for at in 0..segment.len() {
                one_by_one.extend(filter.matches(segment, at).then(|| (segment.sequence(), at as u32)));
            }
        }
        assert_eq!((spots(&found), found.total), (one_by_one.clone(), one_by_one.len() as u64));
        one_by_one
    }

    #[test]
    fn levels_texts_expressions_logs() {
        assert_eq!(run(Level::Unknown, "", "", None).len(), 6);
        assert_eq!(run(Level::Error, "", "", None), [(1, 1), (1, 2)]);
        assert_eq!(run(Level::Info, "", "", None), [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]);
        assert_eq!(run(Level::Unknown, "pool", "", None), [(1, 0), (1, 1), (1, 2)]);
        assert_eq!(run(Level::Unknown, "Pool", "", None), [(1, 0)]);
        assert_eq!(run(Level::Unknown, "", r"^debug.*\d+$", None), [(2, 2)]);
        assert_eq!(run(Level::Unknown, "", "o", Some(1)), [(2, 0), (2, 1)]);
        assert_eq!(run(Level::Unknown, "pool", "time", None), [(1, 1), (1, 2)]);
        assert!(run(Level::Unknown, "y\nERROR", "", None).is_empty());
    }

    #[test]
    fn new_segments_only() {
        let filter = Filter::new(Level::Unknown, "timeout", "", None).unwrap();
        let mut kept = kept();
        let mut result = filter.run(&kept);
        kept.push(Arc::new(segment(0, 13, &["ok", "timeout", "  at frame two"])));
        result.extend(&filter, &kept[2..]);
        assert_eq!((result.total, result.scanned_lines, result.scanned_to), (4, 9, Some(13)));
        assert_eq!(spots(&result), [(1, 1), (1, 2), (13, 1), (13, 2)]);
        // What is read again later stands before.
        let old = [Arc::new(segment(0, 0, &["a timeout", "  at x", "INFO: y"]))];
        result.extend_old(&filter, &old);
        assert_eq!(spots(&result), [(0, 0), (0, 1), (1, 1), (1, 2), (13, 1), (13, 2)]);
        result.forget(segment(0, 1, &["x"]).stream(), 1);
        assert_eq!((spots(&result), result.total), (vec![(0, 0), (0, 1), (13, 1), (13, 2)], 6));
    }

    #[test]
    fn errors_are_for_people() {
        let wrong = |regex| Filter::new(Level::Unknown, "", regex, None).unwrap_err().to_string();
        assert_eq!(wrong("a("), "not a regular expression: unclosed group");
        assert_eq!(wrong("(a{1000}){1000}"), "this expression is too large: make its repetitions smaller");
    }

    #[test]
    fn places_for_highlighting() {
        let filter = Filter::new(Level::Unknown, "o", "l+", None).unwrap();
        assert_eq!(filter.places(b"hello wOrld"), [2..4, 4..5, 7..8, 9..10]);
    }
}
