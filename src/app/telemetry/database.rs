//! One database: each part of its readings with a state of its own, deltas of its counters, and what is not as it
//! should be.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::resolved::DatabaseSpec;
use crate::database::baseline::Baselines;
use crate::database::blocking::BlockedSince;
use crate::database::counters::{self, DatabaseRates};
use crate::database::judge::{self, Problem};
use crate::database::redact::redacted;
use crate::database::statements::StatementsDelta;
use crate::domain::database::{
    DatabaseCounters, DatabaseReading, OwnCost, Part, ServerIdentity, Sessions, Slots, StatementsReading,
};
use crate::domain::statement::{StatementId, StatementSnapshot};
use crate::domain::{Cause, Moment, PaneState, Readout, Safe, Untrusted, Verdict};
use crate::metrics::last_minute::{LastMinute, MINUTE};
use crate::metrics::series::Series;

use super::service::BUCKET;

/// Texts of statements that are kept; beyond, those that are in no list go.
const TEXTS: usize = 1000;

/// A reading may come so much later than it should.
const GRACE: Duration = Duration::from_secs(5);

/// A pair of readings to be compared off the loop.
pub type Pair = (StatementSnapshot, StatementSnapshot, Duration);

/// Text of a statement, and its one line for tables: made once, not for each frame.
#[derive(Clone, Debug)]
pub struct StatementText {
    /// As the server keeps it.
    pub whole: Arc<Untrusted>,
    /// Its beginning on one line.
    pub line: Safe,
}

/// Bytes of a statement that a table can show.
const LINE: usize = 400;

impl StatementText {
    /// Statements are kept without their literals by the server, but for those that are no queries: a password of
    /// `ALTER ROLE` stands there in full.
    fn new(whole: Arc<Untrusted>, redact: bool) -> StatementText {
        let whole = if redact { Arc::new(redacted(&whole)) } else { whole };
        let line = whole.glimpse(LINE);
        StatementText { whole, line }
    }
}

/// What is known of a database.
#[derive(Clone, Debug)]
pub struct DatabaseState {
    /// What is asked.
    pub spec: Arc<DatabaseSpec>,
    /// Who answered.
    pub server: Readout<ServerIdentity>,
    /// Slots.
    pub slots: Readout<Slots>,
    /// Sessions.
    pub sessions: Readout<Sessions>,
    /// Counters as they stand.
    pub counters: Readout<DatabaseCounters>,
    /// What they did in the newest interval.
    pub rates: Option<DatabaseRates>,
    /// Deadlocks of the last minute.
    pub deadlocks: LastMinute,
    /// Bytes that went to temporary files in the last minute.
    pub temporary: LastMinute,
    /// What the statements did in the newest interval.
    pub statements: Readout<StatementsDelta>,
    /// How fast statements were before.
    pub baselines: Baselines,
    /// Texts of statements.
    pub texts: HashMap<StatementId, StatementText>,
    /// Problems of the newest reading, worst first.
    pub problems: Vec<Problem>,
    /// Slots in use over time.
    pub used: Series,
    /// Hit ratio of the server's buffers over time.
    pub hit_ratio: Series,
    /// Commits per second over time.
    pub commits: Series,
    /// What watching costs the server.
    pub own_cost: OwnCost,
    /// The job whose answer is awaited.
    pub awaited_job: u64,
    /// When the readings were begun that statements are compared of, which may be far before the newest reading.
    pub statements_begun: Begun,
    awaited: Begun,
    blocked: BlockedSince,
    /// Literals of statements are not even kept.
    pub redact: bool,
    previous_counters: Option<(DatabaseCounters, Moment)>,
    previous_statements: Option<(StatementSnapshot, Moment, Moment)>,
}

/// When the two readings were begun between which something lies.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Begun {
    /// The one before; none where there is none, or where the newer one failed.
    pub earlier: Option<Moment>,
    /// The newer one: what it tells says nothing of what happened after that.
    pub later: Option<Moment>,
}

impl DatabaseState {
    /// Nothing known yet.
    #[must_use]
    pub fn new(spec: Arc<DatabaseSpec>, now: Moment) -> DatabaseState {
        let bucket = BUCKET.max(spec.interval * 2);
        DatabaseState {
            spec,
            server: Readout::loading(now),
            slots: Readout::loading(now),
            sessions: Readout::loading(now),
            counters: Readout::loading(now),
            rates: None,
            deadlocks: LastMinute::default(),
            temporary: LastMinute::default(),
            statements: Readout::loading(now),
            baselines: Baselines::default(),
            texts: HashMap::new(),
            problems: Vec::new(),
            used: Series::new(180, bucket),
            hit_ratio: Series::new(180, bucket),
            commits: Series::new(180, bucket),
            own_cost: OwnCost::default(),
            awaited_job: 0,
            statements_begun: Begun::default(),
            awaited: Begun::default(),
            blocked: BlockedSince::default(),
            redact: false,
            previous_counters: None,
            previous_statements: None,
        }
    }

    /// Takes a reading. Two snapshots of statements that can be compared come back, for the compute thread.
    pub fn take(&mut self, reading: DatabaseReading, begun: Moment, now: Moment, next_in: Duration) -> Option<Pair> {
        self.note_identity(&reading.server, now);
        self.own_cost = reading.own_cost;
        self.note_counters(&reading.counters, now);
        self.problems = judge::problems(&reading, self.rates.as_ref(), self.spec.hit_target);
        if let Ok(sessions) = &reading.sessions {
            self.blocked.step(sessions, now);
            self.problems.extend(self.blocked.problem(sessions, now));
            self.problems.sort_by_key(|problem| std::cmp::Reverse(problem.verdict));
        }
        self.used.push(now, reading.slots.as_ref().ok().map(|s| f64::from(s.used)));
        settle(&mut self.slots, reading.slots, now, next_in);
        settle(&mut self.sessions, reading.sessions, now, next_in);
        settle(&mut self.counters, reading.counters, now, next_in);
        reading.statements.and_then(|part| self.note_statements(part, begun, now, next_in))
    }

    /// The whole reading failed.
    pub fn fail(&mut self, cause: &Cause, begun: Moment, now: Moment, next_in: Duration) {
        self.server.fail(cause.clone(), now, next_in);
        self.slots.fail(cause.clone(), now, next_in);
        self.sessions.fail(cause.clone(), now, next_in);
        self.counters.fail(cause.clone(), now, next_in);
        self.fail_statements(cause.clone(), begun, now, next_in);
        // Before the first answer nothing is known to have failed. (A reading that came and gives no rate yet, for want
        // of a second one, is a gap and no failure.)
        if self.server.value().is_some() {
            for course in [&mut self.used, &mut self.commits, &mut self.hit_ratio] {
                course.push(now, None);
            }
        }
        self.problems.clear();
        self.blocked = BlockedSince::default();
        self.rates = None;
        self.previous_counters = None;
        self.lose_minute();
        // Counters outlive a lost connection; a restart of the server is seen by its start time.
    }

    /// Another server, or the same one restarted or changed in its role, has counters of its own.
    fn note_identity(&mut self, server: &ServerIdentity, now: Moment) {
        if let Some(before) = self.server.value() {
            let restarted = before.started_us != server.started_us || before.address != server.address;
            if restarted {
                self.previous_counters = None;
                self.previous_statements = None;
                self.used.mark(now, Safe::of(format!("server began anew at {}", server.address)));
            }
            if before.replica != server.replica {
                let role = if server.replica { "replica" } else { "primary" };
                self.used.mark(now, Safe::of(format!("role is {role} now")));
            }
        }
        self.server.set(server.clone(), now);
    }

    fn note_counters(&mut self, part: &Part<DatabaseCounters>, now: Moment) {
        let Ok(later) = part else {
            self.rates = None;
            self.previous_counters = None;
            self.lose_minute();
            return;
        };
        let before = self.previous_counters.replace((later.clone(), now));
        self.rates = before.and_then(|(earlier, at)| counters::rates(&earlier, later, now.since(at)));
        // What happened in a longer gap is of no one minute.
        let steady = self.rates.as_ref().filter(|rates| rates.elapsed <= MINUTE.min(self.spec.interval * 3 + GRACE));
        self.deadlocks.take(steady.map(|rates| rates.deadlocks as f64), now);
        self.temporary.take(steady.map(|rates| rates.temp_bytes as f64), now);
        // Without a second reading, or without traffic, there is no figure: a gap, not a failure.
        if let Some(rates) = &self.rates {
            self.commits.push(now, Some(rates.commits_per_second));
            if rates.hit_ratio.is_some() {
                self.hit_ratio.push(now, rates.hit_ratio);
            }
        }
    }

    fn lose_minute(&mut self) {
        self.deadlocks.lose();
        self.temporary.lose();
    }

    fn fail_statements(&mut self, cause: Cause, begun: Moment, now: Moment, next_in: Duration) {
        self.statements.fail(cause, now, next_in);
        self.statements_begun = Begun { earlier: None, later: Some(begun) };
    }

    fn note_statements(
        &mut self,
        part: Part<StatementsReading>,
        begun: Moment,
        now: Moment,
        next_in: Duration,
    ) -> Option<Pair> {
        let reading = match part {
            Ok(reading) => reading,
            Err(cause) => {
                self.fail_statements(cause, begun, now, next_in);
                self.previous_statements = None;
                return None;
            }
        };
        if self.texts.len() + reading.texts.len() > TEXTS * 2 {
            self.texts.clear();
        }
        let redact = self.redact;
        self.texts.extend(reading.texts.into_iter().map(|(id, text)| (id, StatementText::new(text, redact))));
        let (earlier, at, before) = self.previous_statements.replace((reading.snapshot.clone(), now, begun))?;
        self.awaited = Begun { earlier: Some(before), later: Some(begun) };
        Some((earlier, reading.snapshot, now.since(at)))
    }

    /// Takes the comparison of two snapshots.
    pub fn take_delta(&mut self, delta: StatementsDelta, now: Moment) {
        if self.texts.len() > TEXTS {
            self.texts.retain(|id, _| delta.rows.iter().any(|row| row.id == *id));
        }
        self.baselines.step(&delta);
        self.statements.set(delta, now);
        self.statements_begun = self.awaited;
    }

    /// The text of a statement, once it was fetched.
    #[must_use]
    pub fn text_of(&self, id: StatementId) -> Option<&StatementText> {
        self.texts.get(&id)
    }

    /// The state of the statements. They are read at a pace of their own, slower where reading them is dear: what is
    /// as old as that pace is not stale.
    #[must_use]
    pub fn statements_state(&self, now: Moment) -> PaneState {
        let pace = self.statements.value().map_or(Duration::ZERO, |delta| delta.elapsed);
        self.statements.state(now, self.spec.statements_interval.max(pace))
    }

    /// The state of the reading as a whole.
    #[must_use]
    pub fn state(&self, now: Moment) -> PaneState {
        self.server.state(now, self.spec.interval)
    }

    /// The worst of its state and its problems.
    #[must_use]
    pub fn verdict(&self, now: Moment) -> Verdict {
        self.state(now).verdict().unwrap_or(Verdict::Ok).max(judge::verdict(&self.problems))
    }
}

fn settle<T>(readout: &mut Readout<T>, part: Part<T>, now: Moment, next_in: Duration) {
    match part {
        Ok(value) => readout.set(value, now),
        Err(cause) => readout.fail(cause, now, next_in),
    }
}
