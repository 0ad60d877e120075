//! Which lines are wanted: a least level, a text, a regular expression, one log. Compiled once, run over the whole kept
//! log as one job, then over new segments only.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};

use crate::domain::safe::Safe;

use super::level::Level;
use super::segment::{LineAddress, Segment};

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
    /// The newest matches, in order.
    pub matches: VecDeque<LineAddress>,
    /// All that were found, listed or not.
    pub total: u64,
    /// Sequence of the last segment that was looked through.
    pub scanned_to: Option<u64>,
    /// For each log: whether the first line of its newest entry matched.
    open: Vec<(u16, bool)>,
}

impl FilterResult {
    /// Looks through segments that came since, oldest first; those already seen are passed over.
    pub fn extend(&mut self, filter: &Filter, segments: &[Arc<Segment>]) {
        for segment in segments {
            if self.scanned_to.is_some_and(|seen| segment.sequence() <= seen) {
                continue;
            }
            self.scanned_to = Some(segment.sequence());
            self.extend_one(filter, segment);
        }
    }

    fn extend_one(&mut self, filter: &Filter, segment: &Segment) {
        let mut open = self.open.iter().any(|(log, open)| *log == segment.log() && *open);
        if !open && filter.rules_out(segment) {
            return;
        }
        if filter.log.is_some_and(|log| log != segment.log()) {
            return;
        }
        for (at, line) in segment.lines().enumerate() {
            // Levels are in the index: where they decide, the text is not looked at.
            if !line.level.passes(filter.least) {
                open = open && line.continuation;
                continue;
            }
            let found = filter.matches_text(line.raw);
            if !line.continuation {
                open = found;
            }
            if found || (line.continuation && open) {
                self.add(segment.address(at));
            }
        }
        match self.open.iter_mut().find(|(log, _)| *log == segment.log()) {
            Some((_, before)) => *before = open,
            None => self.open.push((segment.log(), open)),
        }
    }

    fn add(&mut self, address: LineAddress) {
        self.total += 1;
        if self.matches.len() >= LISTED {
            self.matches.pop_front();
        }
        self.matches.push_back(address);
    }

    /// Forgets matches older than the oldest kept line.
    pub fn evict_before(&mut self, first: Option<LineAddress>) {
        while self.matches.front().is_some_and(|oldest| first.is_none_or(|first| *oldest < first)) {
            self.matches.pop_front();
        }
    }
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

    fn run(least: Level, text: &str, regex: &str, log: Option<u16>) -> Vec<(u64, u32)> {
        let filter = Filter::new(least, text, regex, log).unwrap();
        let kept = kept();
        let found = filter.run(&kept);
        let mut one_by_one = Vec::new();
        for segment in &kept {
            for at in 0..segment.len() {
                one_by_one.extend(filter.matches(segment, at).then(|| segment.address(at)));
            }
        }
        assert_eq!(found.matches, one_by_one);
        found.matches.iter().map(|a| (a.sequence, a.index)).collect()
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
        kept.push(Arc::new(segment(0, 3, &["  at frame two", "ok", "timeout"])));
        // The frame belongs to the matching entry of the same log, though another log's lines came between.
        result.extend(&filter, &kept);
        assert_eq!(result.total, 3);
        result.evict_before(Some(LineAddress { sequence: 3, index: 0 }));
        assert_eq!(result.matches, [LineAddress { sequence: 3, index: 2 }]);
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
