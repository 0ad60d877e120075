//! From a line to the next one that is wanted, older or newer: search matches and errors. Segments that cannot hold
//! one are stepped over.

use std::sync::Arc;

use super::filter::Filter;
use super::segment::{LineAddress, Segment};

/// Which way to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the beginning.
    Older,
    /// Towards the end.
    Newer,
}

/// The nearest line beyond `from` that `wanted` finds and `shown` shows. Without `from`, from the end in that direction.
#[must_use]
pub fn next_match(
    segments: &[Arc<Segment>],
    from: Option<LineAddress>,
    direction: Direction,
    wanted: &Filter,
    shown: &Filter,
) -> Option<LineAddress> {
    find(
        segments,
        from,
        direction,
        |_| true,
        |segment, at| segment.line(at).is_some_and(|line| wanted.matches_text(line.raw)) && shown.matches(segment, at),
    )
}

/// The nearest entry beyond `from` that is an error and that `shown` shows.
#[must_use]
pub fn next_error(
    segments: &[Arc<Segment>],
    from: Option<LineAddress>,
    direction: Direction,
    shown: &Filter,
) -> Option<LineAddress> {
    find(
        segments,
        from,
        direction,
        |segment| segment.counts().errors() > 0,
        |segment, at| {
            segment.line(at).is_some_and(|line| line.level.is_error() && !line.continuation)
                && shown.matches(segment, at)
        },
    )
}

fn find(
    segments: &[Arc<Segment>],
    from: Option<LineAddress>,
    direction: Direction,
    may_hold: impl Fn(&Segment) -> bool,
    wanted: impl Fn(&Segment, usize) -> bool,
) -> Option<LineAddress> {
    let beyond = |segment: &Segment, at: &usize| match (from, direction) {
        (None, _) => true,
        (Some(from), Direction::Newer) => segment.address(*at) > from,
        (Some(from), Direction::Older) => segment.address(*at) < from,
    };
    let in_segment = |segment: &Arc<Segment>| {
        if !may_hold(segment) {
            return None;
        }
        let lines = 0..segment.len();
        let found = match direction {
            Direction::Newer => lines.filter(|at| beyond(segment, at)).find(|at| wanted(segment, *at)),
            Direction::Older => lines.rev().filter(|at| beyond(segment, at)).find(|at| wanted(segment, *at)),
        };
        found.map(|at| segment.address(at))
    };
    let sequence = from.map(|from| from.sequence);
    match direction {
        Direction::Newer => {
            let start = sequence.map_or(0, |sequence| segments.partition_point(|s| s.sequence() < sequence));
            segments.iter().skip(start).find_map(in_segment)
        }
        Direction::Older => {
            let end =
                sequence.map_or(segments.len(), |sequence| segments.partition_point(|s| s.sequence() <= sequence));
            segments.iter().take(end).rev().find_map(in_segment)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::level::Level;
    use crate::logs::segment::tests::segment;

    #[test]
    fn both_ways_from_anywhere() {
        let kept = [
            Arc::new(segment(0, 1, &["ERROR: a", "  at x", "INFO: b"])),
            Arc::new(segment(0, 2, &["INFO: c"])),
            Arc::new(segment(1, 5, &["INFO: b", "ERROR: d"])),
        ];
        let all = Filter::default();
        let at = |sequence, index| Some(LineAddress { sequence, index });
        let error = |from, direction| next_error(&kept, from, direction, &all);
        assert_eq!(error(None, Direction::Newer), at(1, 0));
        assert_eq!(error(at(1, 0), Direction::Newer), at(5, 1));
        assert_eq!(error(at(5, 1), Direction::Newer), None);
        assert_eq!(error(at(3, 9), Direction::Newer), at(5, 1));
        assert_eq!(error(None, Direction::Older), at(5, 1));
        assert_eq!(error(at(5, 1), Direction::Older), at(1, 0));
        assert_eq!(error(at(1, 0), Direction::Older), None);
        let needle = Filter::new(Level::Unknown, "b", "", None).unwrap();
        let only = Filter::new(Level::Unknown, "", "", Some(1)).unwrap();
        assert_eq!(next_match(&kept, at(1, 1), Direction::Newer, &needle, &all), at(1, 2));
        assert_eq!(next_match(&kept, at(1, 1), Direction::Newer, &needle, &only), at(5, 0));
        assert_eq!(next_match(&kept, at(5, 0), Direction::Older, &needle, &all), at(1, 2));
    }
}
