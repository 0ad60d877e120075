//! The logs: kept lines, what was lost, which lines are wanted, and where one looks.

use std::sync::Arc;
use std::time::Duration;

use crate::app::event::LogEvent;
use crate::app::telemetry::log_course::LogCourse;
use crate::app::telemetry::log_pace::LogPace;
use crate::config::resolved::LogSpec;
use crate::domain::{Moment, Readout, Safe};
use crate::logs::run::Gap;
use crate::logs::search::Direction;
use crate::logs::store::Evicted;
use crate::logs::{Filter, FilterResult, Level, LineAddress, LogStore, Reload};

/// Reports of losses that are kept.
const LOSSES: usize = 100;

/// What is known of the logs.
#[derive(Clone, Debug)]
pub struct LogsState {
    /// Names, in the order of the configuration.
    pub names: Vec<Safe>,
    /// Whether each can be read.
    pub states: Vec<Readout<()>>,
    /// Kept lines.
    pub store: LogStore,
    /// Least level shown.
    pub least: Level,
    /// The filter as typed.
    pub typed: String,
    /// The same, compiled.
    pub filter: Filter,
    /// What it found in the whole kept log; empty while nothing is filtered.
    pub found: FilterResult,
    /// The filter job whose answer is awaited; 0 for none.
    pub awaited_filter: u64,
    /// The search as compiled, and as typed.
    pub search: Option<(Filter, String)>,
    /// The search job whose answer is awaited; 0 for none.
    pub awaited_search: u64,
    /// Older lines that are being read again.
    pub loading: Option<Reload>,
    /// The line on which the cursor stands.
    pub selected: Option<LineAddress>,
    /// The bottom line; `None` follows the end.
    pub anchor: Option<LineAddress>,
    /// What was lost, the newest last.
    pub losses: Vec<(Moment, Safe)>,
    /// Lines and errors over the time that lines state.
    pub course: LogCourse,
    /// How fast they flow.
    pub pace: LogPace,
    /// The same of each.
    pub paces: Vec<LogPace>,
}

impl LogsState {
    /// Nothing read yet.
    #[must_use]
    pub fn new(specs: &[LogSpec], max_bytes: usize, now: Moment) -> LogsState {
        LogsState {
            names: specs.iter().map(|spec| spec.name.clone()).collect(),
            states: specs.iter().map(|_| Readout::loading(now)).collect(),
            store: LogStore::new(max_bytes),
            least: Level::Unknown,
            typed: String::new(),
            filter: Filter::default(),
            found: FilterResult::default(),
            awaited_filter: 0,
            search: None,
            awaited_search: 0,
            loading: None,
            selected: None,
            anchor: None,
            losses: Vec::new(),
            course: LogCourse::default(),
            pace: LogPace::new(now),
            paces: specs.iter().map(|_| LogPace::new(now)).collect(),
        }
    }

    /// How fast a log flows; without one all of them.
    #[must_use]
    pub fn pace_of(&self, log: Option<usize>) -> Option<&LogPace> {
        log.map_or(Some(&self.pace), |log| self.paces.get(log))
    }

    /// The filter as typed.
    #[must_use]
    pub fn filter_text(&self) -> &str {
        &self.typed
    }

    /// Name of a log.
    #[must_use]
    pub fn name(&self, log: u16) -> Safe {
        self.names.get(usize::from(log)).cloned().unwrap_or_default()
    }

    /// Takes what happened.
    pub fn take(&mut self, event: LogEvent, now: Moment) {
        match event {
            LogEvent::Lines(segment) => {
                self.alive(segment.log(), now);
                let fresh = self.course.take(&segment, now, self.pace.since_micros());
                self.pace.arrived(now, fresh);
                if let Some(own) = self.paces.get_mut(usize::from(segment.log())) {
                    own.arrived(now, fresh);
                }
                let evicted = self.store.append(Arc::clone(&segment));
                if !self.filter.is_empty() && self.awaited_filter == 0 {
                    self.found.extend(&self.filter, std::slice::from_ref(&segment));
                }
                self.forget(&evicted);
                let store = &self.store;
                self.pace.follow(now, || store.runs().outermost(Direction::Newer));
            }
            LogEvent::OldPart { stream, until } => {
                self.store.set_old_part(stream, until);
                self.loading = self.loading.filter(|reload| until > 0 || reload.gap.stream != stream);
            }
            LogEvent::Reloaded { stream, bytes, segments } => {
                self.loading = self.loading.filter(|reload| reload.gap.stream != stream);
                let evicted = self.store.insert_old(stream, bytes, segments.clone());
                if !self.filter.is_empty() && self.awaited_filter == 0 {
                    self.found.extend_old(&self.filter, &segments);
                }
                self.forget(&evicted);
            }
            LogEvent::Counted { log, block } => self.store.add_summary(log, &block),
            LogEvent::Lost { log, lines, bytes, why } => {
                self.store.add_loss(log, lines, bytes);
                self.missed(log, now);
                if self.losses.len() >= LOSSES {
                    self.losses.remove(0);
                }
                self.losses.push((now, Safe::of(format!("{}: {why}", self.name(log)))));
            }
            LogEvent::State { log, state: Ok(()) } => self.alive(log, now),
            LogEvent::State { log, state: Err(cause) } => {
                self.missed(log, now);
                if let Some(readout) = self.states.get_mut(usize::from(log)) {
                    readout.fail(cause, now, Duration::from_secs(1));
                }
            }
        }
    }

    /// Lets go of what points to lines that are no longer kept.
    fn forget(&mut self, evicted: &[Evicted]) {
        for (stream, sequence) in evicted {
            self.found.forget(*stream, *sequence);
            for place in [&mut self.anchor, &mut self.selected] {
                if let Some(at) = place.filter(|at| (at.stream, at.sequence) == (*stream, *sequence)) {
                    *place = self.store.nearest(at);
                }
            }
            if let Some(end) = self.pace.end_mut().filter(|at| (at.stream, at.sequence) == (*stream, *sequence)) {
                *end = self.store.nearest(*end).unwrap_or(*end);
            }
        }
    }

    /// Neither of this log nor of all of them everything is counted.
    fn missed(&mut self, log: u16, now: Moment) {
        self.pace.missed(now);
        if let Some(own) = self.paces.get_mut(usize::from(log)) {
            own.missed(now);
        }
    }

    fn alive(&mut self, log: u16, now: Moment) {
        if self.states.get(usize::from(log)).is_some_and(|state| state.cause().is_some()) {
            self.missed(log, now);
        }
        if let Some(readout) = self.states.get_mut(usize::from(log)) {
            readout.set((), now);
        }
    }

    /// Whether any of them is being read: without that nothing is known, not even zero.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.states.iter().any(|state| state.value().is_some() && state.cause().is_none())
    }

    /// At most `rows` wanted lines that end at `end` (included; the newest when `None`), oldest first; and the gap that
    /// lies before them, if they are fewer because of it.
    #[must_use]
    pub fn window(&self, end: Option<LineAddress>, rows: usize) -> (Vec<LineAddress>, Option<Gap>) {
        let runs = self.store.runs();
        let own =
            end.filter(|at| if self.filter.is_empty() { runs.line(*at).is_some() } else { self.found.lists(*at) });
        let mut lines: Vec<LineAddress> = own.into_iter().take(rows).collect();
        let gap = self.walk(end, Direction::Older, rows - lines.len(), |at| lines.push(at));
        lines.reverse();
        (lines, gap)
    }

    /// The wanted line `steps` away from `from`; the outermost where there are fewer, and the gap that lies behind it.
    #[must_use]
    pub fn step(&self, from: LineAddress, steps: isize) -> (LineAddress, Option<Gap>) {
        let direction = if steps < 0 { Direction::Older } else { Direction::Newer };
        let mut last = from;
        let gap = self.walk(Some(from), direction, steps.unsigned_abs(), |at| last = at);
        (last, gap)
    }

    /// Visits at most `most` wanted lines beyond `from`; gives the gap that was in the way.
    fn walk(
        &self,
        from: Option<LineAddress>,
        direction: Direction,
        most: usize,
        visit: impl FnMut(LineAddress),
    ) -> Option<Gap> {
        let runs = self.store.runs();
        let mut walk = if self.filter.is_empty() {
            runs.walk(from, direction)
        } else {
            runs.walk_listed(from, direction, &self.found.listed)
        };
        walk.by_ref().take(most).for_each(visit);
        walk.blocked()
    }

    /// The newest wanted line.
    #[must_use]
    pub fn newest(&self) -> Option<LineAddress> {
        self.outermost(Direction::Newer)
    }

    /// The oldest wanted line.
    #[must_use]
    pub fn oldest(&self) -> Option<LineAddress> {
        self.outermost(Direction::Older)
    }

    fn outermost(&self, direction: Direction) -> Option<LineAddress> {
        let runs = self.store.runs();
        if self.filter.is_empty() {
            return runs.outermost(direction);
        }
        let from = if direction == Direction::Older { Direction::Newer } else { Direction::Older };
        runs.walk_listed(None, from, &self.found.listed).next()
    }

    /// The gap at the very beginning of the log, before its oldest kept line.
    #[must_use]
    pub fn gap_before_all(&self) -> Option<Gap> {
        let first = self.store.first()?;
        self.store.runs().get(first.stream)?.gap_before(0)
    }
}
