//! What is wrong now, over everything that is watched, in the order in which a person should look at it.

use std::collections::HashMap;
use std::time::Duration;

use crate::app::panes::{crossed_words, signal_verdict};
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::database::DatabaseState;
use crate::app::telemetry::service::ServiceState;
use crate::domain::{Cause, Moment, PaneState, Readout, Safe, Verdict, figure};

/// What becomes wrong within this time of each other is one incident.
pub const INCIDENT: Duration = Duration::from_secs(60);
/// A first answer may take so long before its absence is a concern.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest reason that is told.
const REASON: usize = 60;
/// What all rules files are called.
const RULES: &str = "rules files";

/// What can be wrong. Within an incident what others stand on comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A database, by its place.
    Database(usize),
    /// A cache.
    Cache(usize),
    /// A service.
    Service(usize),
    /// A signal.
    Signal(usize),
    /// A log that cannot be read.
    Log(usize),
    /// A scraped target that does not answer.
    Target(usize),
    /// The rules files, where they are not read or not in force.
    Rules,
}

/// What is judged only while it is bad.
fn is_passing(subject: Subject) -> bool {
    matches!(subject, Subject::Signal(_) | Subject::Log(_) | Subject::Target(_) | Subject::Rules)
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Concern {
    /// How bad.
    pub verdict: Verdict,
    /// Since when it is that.
    pub since: Moment,
    /// What, with its kind where the name alone does not tell it, and why.
    pub words: Safe,
}

/// Since when each subject has the verdict that it has.
#[derive(Clone, Debug, Default)]
pub struct Changes(HashMap<Subject, Since>);

#[derive(Clone, Copy, Debug)]
struct Since {
    verdict: Verdict,
    at: Moment,
    /// It was told to be so: a source that still waits for its first answer has not changed.
    told: bool,
}

/// A verdict that changed, or the first one of a subject that is not as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Of what.
    pub subject: Subject,
    /// What it was, and since when; nothing for a first one.
    pub before: Option<(Verdict, Moment)>,
    /// What it is.
    pub after: Verdict,
    /// Its kind and name.
    pub name: Safe,
    /// Its kind, name, verdict and why.
    pub words: Safe,
}

impl Changes {
    /// Takes the verdicts as they are now; what changed.
    pub fn step(&mut self, telemetry: &Telemetry, now: Moment) -> Vec<Change> {
        let mut changed = Vec::new();
        let judged = judged(telemetry, now);
        // What is not judged while it is read was lost only as long as it could not be.
        let back = |(subject, since): (&Subject, &Since)| {
            let passing = is_passing(*subject) && since.verdict > Verdict::Ok;
            let gone = passing && judged.iter().rev().all(|(known, ..)| known != subject);
            gone.then_some((*subject, Verdict::Ok, PaneState::Ok))
        };
        let mut back: Vec<_> = self.0.iter().filter_map(back).collect();
        back.sort_by_key(|(subject, ..)| *subject);
        for (subject, verdict, state) in judged.into_iter().chain(back) {
            let kept = self.0.entry(subject).or_insert(Since { verdict, at: now, told: false });
            let before = *kept;
            if kept.verdict != verdict {
                *kept = Since { verdict, at: now, told: kept.told };
            }
            // Until it was read once nothing is known of it, and nothing has changed.
            let waits = matches!(&state, PaneState::Loading { waiting } if *waiting < PATIENCE);
            if waits || before.told && before.verdict == verdict {
                continue;
            }
            kept.told = true;
            let earlier = before.told.then_some((before.verdict, before.at));
            if earlier.is_some() || verdict > Verdict::Ok {
                let (name, words) = (name(telemetry, subject), words(telemetry, subject, verdict, now));
                changed.push(Change { subject, before: earlier, after: verdict, name, words });
            }
        }
        changed
    }
}

/// All that is wrong: the worst first; of what is equally bad the newest incident first.
#[must_use]
pub fn concerns(telemetry: &Telemetry, changes: &Changes, now: Moment) -> Vec<Concern> {
    ranked(telemetry, changes, now).into_iter().map(|(_, concern)| concern).collect()
}

/// All that is wrong, in the same order, with what it is.
#[must_use]
pub fn ranked(telemetry: &Telemetry, changes: &Changes, now: Moment) -> Vec<(Subject, Concern)> {
    let mut found: Vec<(Subject, Concern)> = judged(telemetry, now)
        .into_iter()
        .filter(|(_, verdict, _)| *verdict > Verdict::Ok)
        .filter(|(.., state)| !matches!(state, PaneState::Loading { waiting } if *waiting < PATIENCE))
        .map(|(subject, verdict, _)| {
            let since = changes.0.get(&subject).map_or(now, |since| since.at);
            (subject, Concern { verdict, since, words: words(telemetry, subject, verdict, now) })
        })
        .collect();
    rank(&mut found);
    found
}

fn rank(found: &mut [(Subject, Concern)]) {
    found.sort_by_key(|(subject, c)| (std::cmp::Reverse((c.verdict, c.since.boot)), *subject));
    let same = |(_, a): &(Subject, Concern), (_, b): &(Subject, Concern)| {
        a.verdict == b.verdict && a.since.since(b.since) < INCIDENT
    };
    for incident in found.chunk_by_mut(same) {
        incident.sort_by_key(|(subject, _)| *subject);
    }
}

/// Every subject with its verdict and the state of its reading.
fn judged(telemetry: &Telemetry, now: Moment) -> Vec<(Subject, Verdict, PaneState)> {
    let databases = telemetry.databases.iter().enumerate();
    let caches = telemetry.caches.iter().enumerate();
    let services = telemetry.services.iter().enumerate();
    let signals = telemetry.signals.iter().enumerate();
    let logs = telemetry.logs.states.iter().enumerate();
    databases
        .map(|(at, d)| (Subject::Database(at), d.verdict(now), d.state(now)))
        .chain(caches.map(|(at, c)| (Subject::Cache(at), c.verdict(now), c.state(now))))
        .chain(services.map(|(at, s)| (Subject::Service(at), s.shown_verdict(now), s.state(now))))
        .chain(signals.filter_map(|(at, s)| Some((Subject::Signal(at), signal_verdict(s, now)?, s.state(now)))))
        .chain(logs.filter_map(|(at, log)| {
            let verdict = log.cause()?.verdict().max(Verdict::Unknown);
            Some((Subject::Log(at), verdict, PaneState::Ok))
        }))
        .chain(blind(telemetry, now).map(|(subject, state)| (subject, Verdict::Unknown, state)))
        .collect()
}

/// Where rules look at nothing: targets that do not answer, files that are not read or not in force. What still waits for
/// its first answer is no trouble yet.
pub fn blind(telemetry: &Telemetry, now: Moment) -> impl Iterator<Item = (Subject, PaneState)> {
    let targets = telemetry.metrics.targets.iter().enumerate();
    let targets = targets.map(move |(at, target)| (Subject::Target(at), target.state(now)));
    let rules = telemetry.metrics.rules_fault(now).map(|state| (Subject::Rules, state));
    targets.chain(rules).filter(|(_, state)| match state {
        PaneState::Loading { waiting } => *waiting >= PATIENCE,
        state => !state.is_fresh(),
    })
}

fn name(telemetry: &Telemetry, subject: Subject) -> Safe {
    let named = match subject {
        Subject::Database(at) => telemetry.databases.get(at).map(|d| ("database ", &d.spec.name)),
        Subject::Cache(at) => telemetry.caches.get(at).map(|c| ("cache ", &c.spec.name)),
        Subject::Service(at) => telemetry.services.get(at).map(|s| ("", &s.spec.name)),
        Subject::Signal(at) => telemetry.signals.get(at).map(|s| ("signal ", &s.spec.name)),
        Subject::Log(at) => telemetry.logs.names.get(at).map(|name| ("log ", name)),
        Subject::Target(at) => telemetry.metrics.targets.get(at).map(|target| ("metrics ", &target.name)),
        Subject::Rules => return Safe::of(RULES),
    };
    named.map(|(kind, name)| Safe::of(format!("{kind}{name}"))).unwrap_or_default()
}

fn words(telemetry: &Telemetry, subject: Subject, verdict: Verdict, now: Moment) -> Safe {
    let told = match subject {
        Subject::Database(at) => telemetry.databases.get(at).map(|d| ("database ", &d.spec.name, of_database(d, now))),
        Subject::Cache(at) => telemetry.caches.get(at).map(|c| {
            let ratio = c.hit_ratio().0.map(|r| Safe::of(format!("hit {}", figure::percent(r))));
            ("cache ", &c.spec.name, of_state(&c.state(now)).or(ratio))
        }),
        Subject::Service(at) => telemetry.services.get(at).map(|s| ("", &s.spec.name, of_service(s, now))),
        Subject::Signal(at) => telemetry
            .signals
            .get(at)
            .map(|s| ("signal ", &s.spec.name, of_state(&s.state(now)).or_else(|| crossed_words(s, now)))),
        Subject::Log(at) => telemetry
            .logs
            .names
            .get(at)
            .map(|name| ("log ", name, telemetry.logs.states.get(at).and_then(Readout::cause).map(Cause::short))),
        Subject::Target(_) | Subject::Rules => None,
    };
    let told = told.map(|(kind, name, reason)| (kind, name.clone(), reason));
    let told = told.or_else(|| of_metrics(telemetry, subject, now));
    let Some((kind, name, reason)) = told else { return Safe::of(verdict.word()) };
    let reason = reason.map(|r| format!(": {}", r.clipped(REASON))).unwrap_or_default();
    Safe::of(format!("{kind}{name} {verdict}{reason}"))
}

/// A target or the rules files, and why they say nothing.
fn of_metrics(telemetry: &Telemetry, subject: Subject, now: Moment) -> Option<(&'static str, Safe, Option<Safe>)> {
    match subject {
        Subject::Target(at) => {
            let target = telemetry.metrics.targets.get(at)?;
            Some(("metrics ", target.name.clone(), of_state(&target.state(now))))
        }
        Subject::Rules => {
            let why = match telemetry.metrics.rules_fault(now)? {
                PaneState::Error { cause, .. } => Safe::of(cause.to_string()),
                PaneState::Loading { waiting } => Safe::of(format!("not read for {}", figure::age(waiting))),
                state => state.words(),
            };
            Some(("", Safe::of(RULES), Some(why)))
        }
        _ => None,
    }
}

/// Why a service is not ok: the state of its reading, or what it says of itself.
#[must_use]
pub fn of_service(service: &ServiceState, now: Moment) -> Option<Safe> {
    let report = service.readout.value().map(|report| report.detail.clone()).filter(|told| !told.as_str().is_empty());
    of_state(&service.state(now)).or(report.filter(|_| service.raw_verdict(now) > Verdict::Ok))
}

/// Why a database is not ok: the state of its reading, or its first problem.
fn of_database(database: &DatabaseState, now: Moment) -> Option<Safe> {
    of_state(&database.state(now)).or_else(|| database.problems.first().map(|problem| problem.words.clone()))
}

/// The state of a reading in the fewest words; nothing when it is fresh.
fn of_state(state: &PaneState) -> Option<Safe> {
    match state {
        PaneState::Error { cause, .. } => Some(cause.short()),
        PaneState::Denied { .. } => Some(Safe::of("denied")),
        state if state.is_fresh() => None,
        state => Some(state.words()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(given: &[(Subject, Verdict, f64)]) -> Vec<Subject> {
        let concern = |(subject, verdict, secs): &(Subject, Verdict, f64)| {
            (*subject, Concern { verdict: *verdict, since: Moment::fixed(*secs), words: Safe::default() })
        };
        let mut found: Vec<_> = given.iter().map(concern).collect();
        rank(&mut found);
        found.into_iter().map(|(subject, _)| subject).collect()
    }

    #[test]
    fn worst_first_then_newest_and_within_an_incident_what_others_stand_on() {
        use Subject::{Cache, Database, Log, Service, Signal};
        use Verdict::{Degraded, Down, Unknown};
        let order = ranked(&[
            (Service(0), Down, 10.0),
            (Database(0), Degraded, 900.0),
            (Service(1), Down, 1000.0),
            (Database(1), Down, 980.0),
            (Signal(0), Unknown, 5.0),
            (Cache(0), Down, 1030.0),
            (Log(0), Unknown, 500.0),
        ]);
        assert_eq!(
            order,
            [Database(1), Cache(0), Service(1), Service(0), Log(0), Signal(0), Database(0)],
            "what was wrong since long ranks behind what is new"
        );
    }
}
