//! All streams as one log, ordered by time: runs are merged while one walks through them, never sorted as a whole. A
//! walk stops at a gap: what is not kept there might belong between the lines that are.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;

use super::run::{Cut, Gap, Run};
use super::search::Direction;
use super::segment::{Line, LineAddress, Segment, Stream};

/// A line of a stream: sequence of its segment and its place there.
pub type Spot = (u64, u32);

/// Wanted lines of one stream, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// Which stream.
    pub stream: Stream,
    /// Its lines.
    pub spots: VecDeque<Spot>,
}

/// Place of a line among all kept lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    key: i64,
    stream: Stream,
    spot: Spot,
}

/// All runs, ordered by stream. A copy shares the lines.
#[derive(Clone, Debug, Default)]
pub struct Runs(Vec<Run>);

impl Runs {
    /// The runs.
    pub fn iter(&self) -> impl Iterator<Item = &Run> {
        self.0.iter()
    }

    /// The runs, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Run> {
        self.0.iter_mut()
    }

    /// The run of a stream.
    #[must_use]
    pub fn get(&self, stream: Stream) -> Option<&Run> {
        self.0.binary_search_by_key(&stream, |run| run.stream).ok().and_then(|at| self.0.get(at))
    }

    /// Runs `change` on the run of a stream, which is made where there is none.
    pub fn change<R>(&mut self, stream: Stream, change: impl FnOnce(&mut Run) -> R) -> Option<R> {
        let at = self.0.binary_search_by_key(&stream, |run| run.stream).unwrap_or_else(|at| {
            self.0.insert(at, Run::new(stream));
            at
        });
        self.0.get_mut(at).map(change)
    }

    /// Forgets streams of which nothing is kept and nothing can be read again.
    pub fn forget_empty(&mut self) {
        self.0.retain(|run| !run.kept().is_empty() || run.old_until() > 0);
    }

    /// A kept line and its segment.
    #[must_use]
    pub fn line(&self, address: LineAddress) -> Option<(&Arc<Segment>, Line<'_>)> {
        self.get(address.stream)?.get(address)
    }

    /// Place of a kept line among all.
    #[must_use]
    pub fn rank(&self, address: LineAddress) -> Option<Rank> {
        let key = self.get(address.stream)?.key(address)?;
        Some(Rank { key, stream: address.stream, spot: (address.sequence, address.index) })
    }

    /// The outermost kept line in a direction, whatever gaps lie on the way.
    #[must_use]
    pub fn outermost(&self, direction: Direction) -> Option<LineAddress> {
        let ends = self.0.iter().filter_map(|run| {
            let end = match direction {
                Direction::Older => run.after(Cut::default()),
                Direction::Newer => run.before(run.end()),
            };
            end.map(|(_, address)| address)
        });
        match direction {
            Direction::Older => ends.min_by_key(|at| self.rank(*at)),
            Direction::Newer => ends.max_by_key(|at| self.rank(*at)),
        }
    }

    /// Where a line cuts each run: before it, or behind it.
    pub fn cuts(&self, from: LineAddress, behind: bool) -> Vec<Cut> {
        let own = self.get(from.stream).map(|run| (run, run.cut_at(from)));
        let key = own.and_then(|(run, cut)| {
            let near = run.after(cut).or_else(|| run.before(cut)).map(|(_, near)| near)?;
            run.key(near)
        });
        let cut = |run: &Run| match key {
            _ if run.stream == from.stream => {
                let before = run.cut_at(from);
                let exact = behind && run.find(from.sequence).is_some();
                if exact { run.after(before).map_or(before, |(after, _)| after) } else { before }
            }
            Some(key) => run.cut_below(key, run.stream < from.stream),
            None => run.end(),
        };
        self.0.iter().map(cut).collect()
    }

    /// Walks from a line (not included), or from the newest or oldest, over all lines.
    #[must_use]
    pub fn walk(&self, from: Option<LineAddress>, direction: Direction) -> Walk<'_> {
        self.walk_over(from, direction, None)
    }

    /// The same over lines that are listed.
    #[must_use]
    pub fn walk_listed<'a>(
        &'a self,
        from: Option<LineAddress>,
        direction: Direction,
        listed: &'a [Listed],
    ) -> Walk<'a> {
        self.walk_over(from, direction, Some(listed))
    }

    fn walk_over<'a>(
        &'a self,
        from: Option<LineAddress>,
        direction: Direction,
        listed: Option<&'a [Listed]>,
    ) -> Walk<'a> {
        let cuts: Vec<Cut> = match (from, direction) {
            (Some(from), direction) => self.cuts(from, direction == Direction::Newer),
            (None, Direction::Older) => self.0.iter().map(Run::end).collect(),
            (None, Direction::Newer) => vec![Cut::default(); self.0.len()],
        };
        let alone = self.0.len() == 1;
        let heads = self.0.iter().zip(cuts).map(|(run, cut)| {
            let spots = listed.map(|listed| {
                let spots = listed.iter().find(|of| of.stream == run.stream).map(|of| &of.spots);
                (spots, spots.map_or(0, |spots| place(spots, run, cut)))
            });
            let mut head = Head { run, cut, spots, alone, next: None, barrier: None };
            head.step(direction, None);
            head
        });
        Walk { heads: heads.collect(), direction, blocked: None }
    }
}

/// How many of these lines lie before a cut.
fn place(spots: &VecDeque<Spot>, run: &Run, cut: Cut) -> usize {
    let bound = run.kept().get(cut.segment).map_or((u64::MAX, 0), |kept| (kept.segment.sequence(), cut.line as u32));
    spots.partition_point(|spot| *spot < bound)
}

/// Lines one after the other, away from where it began.
pub struct Walk<'a> {
    heads: Vec<Head<'a>>,
    direction: Direction,
    blocked: Option<Gap>,
}

/// The next line of one run.
struct Head<'a> {
    run: &'a Run,
    cut: Cut,
    spots: Option<(Option<&'a VecDeque<Spot>>, usize)>,
    /// There is no other run: keys are of no use.
    alone: bool,
    next: Option<(i64, LineAddress)>,
    /// A gap lies before the next line; what is missing may have keys from this one on.
    barrier: Option<(i64, Gap)>,
}

impl Walk<'_> {
    /// The gap at which the walk ended, if one was in the way.
    #[must_use]
    pub fn blocked(&self) -> Option<Gap> {
        self.blocked
    }
}

impl Iterator for Walk<'_> {
    type Item = LineAddress;

    fn next(&mut self) -> Option<LineAddress> {
        let next = |head: &Head<'_>| head.next.map(|(key, _)| (key, head.run.stream));
        let barrier = |head: &Head<'_>| head.barrier.map(|(key, gap)| ((key, head.run.stream), gap));
        let heads = self.heads.iter().enumerate();
        let best = heads.filter_map(|(at, head)| next(head).map(|place| (place, at)));
        let walls = self.heads.iter().filter_map(barrier);
        let (best, wall) = match self.direction {
            Direction::Older => (best.max(), walls.max_by_key(|(place, _)| *place)),
            Direction::Newer => (best.min(), walls.max_by_key(|(place, _)| Reverse(*place))),
        };
        if let Some((wall, gap)) = wall {
            let passable = best.is_some_and(|(place, _)| match self.direction {
                Direction::Older => place > wall,
                Direction::Newer => place < wall,
            });
            if !passable {
                self.blocked = Some(gap);
                return None;
            }
        }
        let head = self.heads.get_mut(best?.1)?;
        let (key, address) = head.next.take()?;
        head.step(self.direction, Some(key));
        Some(address)
    }
}

impl Head<'_> {
    /// Finds the next line; `passed` is the key of the one before.
    fn step(&mut self, direction: Direction, passed: Option<i64>) {
        self.next = None;
        if let Some((spots, _)) = self.spots {
            return self.step_listed(direction, spots);
        }
        let at_border = self.cut.line == 0 && (direction == Direction::Older || self.cut.segment > 0);
        if let Some(gap) = at_border.then(|| self.run.gap_before(self.cut.segment)).flatten() {
            let outermost = if direction == Direction::Older { i64::MAX } else { i64::MIN };
            self.barrier = Some((passed.unwrap_or(outermost), gap));
            return;
        }
        let found = match direction {
            Direction::Older => self.run.before(self.cut),
            Direction::Newer => self.run.after(self.cut),
        };
        if let Some((cut, address)) = found {
            self.next = Some((self.key(address), address));
            self.cut = cut;
        }
    }

    fn step_listed(&mut self, direction: Direction, spots: Option<&VecDeque<Spot>>) {
        while let (Some(spots), Some((_, at))) = (spots, &mut self.spots) {
            let spot = match direction {
                Direction::Older => at.checked_sub(1).and_then(|before| spots.get(before)),
                Direction::Newer => spots.get(*at),
            };
            let Some((sequence, index)) = spot else { return };
            *at = if direction == Direction::Older { *at - 1 } else { *at + 1 };
            let address = LineAddress { sequence: *sequence, stream: self.run.stream, index: *index };
            if self.run.find(*sequence).is_some() {
                self.next = Some((self.key(address), address));
                return;
            }
        }
    }

    fn key(&self, address: LineAddress) -> i64 {
        if self.alone { 0 } else { self.run.key(address).unwrap_or(0) }
    }
}
