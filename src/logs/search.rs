//! From a line to the next one that is wanted, older or newer, over all streams: search matches and errors. Segments
//! that cannot hold one are stepped over.

use super::filter::Filter;
use super::merge::Runs;
use super::run::{Cut, Run};
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
    runs: &Runs,
    from: Option<LineAddress>,
    direction: Direction,
    wanted: &Filter,
    shown: &Filter,
) -> Option<LineAddress> {
    find(
        runs,
        from,
        direction,
        |_| true,
        |segment, at| segment.line(at).is_some_and(|line| wanted.matches_text(line.raw)) && shown.matches(segment, at),
    )
}

/// The nearest entry beyond `from` that is an error and that `shown` shows.
#[must_use]
pub fn next_error(runs: &Runs, from: Option<LineAddress>, direction: Direction, shown: &Filter) -> Option<LineAddress> {
    find(
        runs,
        from,
        direction,
        |segment| segment.counts().errors() > 0,
        |segment, at| {
            segment.line(at).is_some_and(|line| line.level.is_error() && !line.continuation)
                && shown.matches(segment, at)
        },
    )
}

/// The nearest of each stream's nearest.
fn find(
    runs: &Runs,
    from: Option<LineAddress>,
    direction: Direction,
    may_hold: impl Fn(&Segment) -> bool,
    wanted: impl Fn(&Segment, usize) -> bool,
) -> Option<LineAddress> {
    let cuts = match (from, direction) {
        (Some(from), _) => runs.cuts(from, direction == Direction::Newer),
        (None, Direction::Newer) => runs.iter().map(|_| Cut::default()).collect(),
        (None, Direction::Older) => runs.iter().map(Run::end).collect(),
    };
    let found = runs.iter().zip(cuts).filter_map(|(run, cut)| match direction {
        Direction::Newer => newer(run, cut, &may_hold, &wanted),
        Direction::Older => older(run, cut, &may_hold, &wanted),
    });
    match direction {
        Direction::Newer => found.min_by_key(|at| runs.rank(*at)),
        Direction::Older => found.max_by_key(|at| runs.rank(*at)),
    }
}

fn newer(
    run: &Run,
    cut: Cut,
    may_hold: &impl Fn(&Segment) -> bool,
    wanted: &impl Fn(&Segment, usize) -> bool,
) -> Option<LineAddress> {
    run.kept().iter().enumerate().skip(cut.segment).filter(|(_, kept)| may_hold(&kept.segment)).find_map(|(n, kept)| {
        let from = if n == cut.segment { cut.line } else { 0 };
        (from..kept.segment.len()).find(|at| wanted(&kept.segment, *at)).map(|at| kept.segment.address(at))
    })
}

fn older(
    run: &Run,
    cut: Cut,
    may_hold: &impl Fn(&Segment) -> bool,
    wanted: &impl Fn(&Segment, usize) -> bool,
) -> Option<LineAddress> {
    let upto = run.kept().iter().enumerate().take(cut.segment + 1).rev();
    upto.filter(|(_, kept)| may_hold(&kept.segment)).find_map(|(n, kept)| {
        let until = if n == cut.segment { cut.line } else { kept.segment.len() };
        (0..until).rev().find(|at| wanted(&kept.segment, *at)).map(|at| kept.segment.address(at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::level::Level;
    use crate::logs::segment::Stream;
    use crate::logs::segment::tests::segment;
    use std::sync::Arc;

    #[test]
    fn both_ways_from_anywhere() {
        let mut kept = Runs::default();
        for segment in [
            segment(0, 1, &["ERROR: a", "  at x", "INFO: b"]),
            segment(0, 2, &["INFO: c"]),
            segment(1, 5, &["INFO: b", "ERROR: d"]),
        ] {
            kept.change(segment.stream(), |run| run.append(Arc::new(segment)));
        }
        let all = Filter::default();
        let at = |sequence, index| {
            Some(LineAddress { sequence, stream: Stream { log: u16::from(sequence > 2), file: 0 }, index })
        };
        let error = |from, direction| next_error(&kept, from, direction, &all);
        assert_eq!(error(None, Direction::Newer), at(1, 0));
        assert_eq!(error(at(1, 0), Direction::Newer), at(5, 1));
        assert_eq!(error(at(5, 1), Direction::Newer), None);
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
