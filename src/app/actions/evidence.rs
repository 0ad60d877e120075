//! Readings as evidence: what is watched anyway, with the time at which each reading was begun.

use std::time::Duration;

use super::{load, reached};
use crate::app::Model;
use crate::app::concerns::of_service;
use crate::app::panes::words_of;
use crate::app::readings::{self, Known};
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::cache::{Basis, based};
use crate::app::telemetry::service::ServiceState;
use crate::app::telemetry::signal::SignalState;
use crate::config::resolved::SignalSource;
use crate::config::watched::row_of;
use crate::domain::signal::{PERCENT, SignalValue};
use crate::domain::source::{SourceId, SourceKind};
use crate::domain::{Moment, Safe, Verdict, figure};
use crate::metrics::rate::standard_error;
use crate::remediation::action::Action;
use crate::remediation::measure::{Evidence, Measure};

/// Characters of why a service is not ok.
const WHY: usize = 60;

/// The newest readings of everything that an action looks at, before it starts.
#[must_use]
pub fn before(live: &Telemetry, action: &Action, now: Moment) -> Vec<Evidence> {
    let mut found: Vec<Evidence> = Vec::new();
    for measure in measures(action) {
        if !found.iter().any(|known| known.measure == *measure) {
            found.extend(newest(live, measure, now));
        }
    }
    found
}

/// Whether a source says anything that an action looks at, before it or after, or that is told on its card.
#[must_use]
pub fn needs(model: &Model, action: &Action, source: SourceId) -> bool {
    let live = &model.live;
    let told = load::signals(model, action).any(|at| comes_from(live, &Measure::Signal(at), source));
    let looked_at =
        action.runbook().is_some_and(|book| book.measures().any(|measure| comes_from(live, measure, source)));
    let reached = reached::all(live, action).iter().any(|(kind, at)| source == SourceId::new(*kind, *at));
    // A database that a step of a runbook only reads is reached by nothing, and connected to.
    let is_database = |at: &usize| source == SourceId::new(SourceKind::Database, *at);
    let read = action.runbook().is_some_and(|runbook| runbook.databases().iter().any(is_database));
    told || looked_at || reached || read || measures(action).any(|measure| comes_from(live, measure, source))
}

/// Whether everything that an action looks at was read, as far as a source reads it.
#[must_use]
pub fn is_complete(live: &Telemetry, action: &Action, now: Moment) -> bool {
    let known = before(live, action, now);
    measures(action)
        .filter(|measure| !matches!(measure, Measure::ObjectsLeft | Measure::Result))
        .all(|measure| known.iter().any(|reading| reading.measure == *measure && reading.value.is_some()))
}

fn measures(action: &Action) -> impl Iterator<Item = &Measure> {
    let proved = action.proof.trials.iter().map(|trial| &trial.measure);
    let steps = action.runbook().into_iter().flat_map(|runbook| &runbook.steps);
    let required = action.preconditions.iter().chain(steps.flat_map(|step| &step.requires));
    proved.chain(required.map(|wanted| &wanted.measure))
}

/// When the newest reading was begun; none where it failed or there is none.
#[must_use]
pub fn read_at(live: &Telemetry, measure: &Measure) -> Option<Moment> {
    readings::read_at(live, measure)
}

/// The newest reading, with the time at which it was begun; `None` when there never was one. What failed since is no reading.
fn newest(live: &Telemetry, measure: &Measure, now: Moment) -> Option<Evidence> {
    let at = read_at(live, measure)?;
    // Of what a source brings, the reading before was begun earlier still.
    let begun = begun(live, measure).filter(|begun| begun.boot <= at.boot).unwrap_or(at);
    Some(of(live, measure, begun, None, now))
}

/// When the reading was begun that brought it: of what is read at a pace of its own, its own.
fn begun(live: &Telemetry, measure: &Measure) -> Option<Moment> {
    let (kind, at) = measure.source()?;
    if measure.is_of_statements() {
        return live.databases.get(at)?.statements_begun.later;
    }
    live.begun.get(&SourceId::new(kind, at)).copied()
}

/// How something is now, in words with its age; what failed, grew stale or was never read is not known.
#[must_use]
pub fn present(live: &Telemetry, name: &Safe, measure: &Measure, now: Moment) -> (Safe, Option<Evidence>) {
    let seen = newest(live, measure, now);
    let ago = |seen: &Evidence| format!("read {} ago", figure::age(now.since(seen.at)));
    let words = match &seen {
        Some(seen) if seen.value.is_some() => format!("{name} is {}, {}", seen.words, ago(seen)),
        // There are figures, and they say too little.
        Some(seen) if matches!(measure, Measure::HitRatio(_)) => format!("{name} is {}, {}", seen.words, ago(seen)),
        Some(seen) => format!("{name} is not known now; last {}", ago(seen)),
        None => format!("{name} is not known now"),
    };
    (Safe::of(words), seen.filter(|seen| seen.value.is_some()))
}

/// What a source that has just been read says about the measures that are waited for.
pub fn arrived<'a>(
    live: &Telemetry,
    measures: impl Iterator<Item = &'a Measure>,
    source: SourceId,
    begun: Moment,
    counts_from: Option<Moment>,
    now: Moment,
) -> Vec<Evidence> {
    let brought = |measure: &&Measure| comes_from(live, measure, source) && was_brought(live, measure, source, begun);
    measures.filter(brought).map(|measure| of(live, measure, begun, counts_from, now)).collect()
}

/// What carries a signal or brings the statements is read more often than they are: only an arrival that had it with it says
/// anything about it.
fn was_brought(live: &Telemetry, measure: &Measure, source: SourceId, at: Moment) -> bool {
    let kind = measure.source().map(|(kind, _)| kind);
    let is_carried = kind == Some(SourceKind::Signal) && source.kind != SourceKind::Signal;
    let own_pace = is_carried || measure.is_of_statements();
    !own_pace || begun(live, measure).is_some_and(|own| own.boot == at.boot)
}

/// Whether a source is the one that reads it, be it not every time.
fn comes_from(live: &Telemetry, measure: &Measure, source: SourceId) -> bool {
    match measure.source() {
        // It may be carried by the connection of a database or a cache.
        Some((SourceKind::Signal, at)) => match live.signals.get(at).map(|signal| &signal.spec.source) {
            Some(SignalSource::Database { index }) => source == SourceId::new(SourceKind::Database, *index),
            Some(SignalSource::Redis { index }) => source == SourceId::new(SourceKind::Cache, *index),
            _ => source == SourceId::new(SourceKind::Signal, at),
        },
        Some((kind, at)) => source == SourceId::new(kind, at),
        None => false,
    }
}

/// The value of a measure now; a hit ratio only over what was asked of the cache from a moment on, where there is one.
fn of(live: &Telemetry, measure: &Measure, at: Moment, since: Option<Moment>, now: Moment) -> Evidence {
    if let Measure::HitRatio(i) = measure {
        return hits(live, measure, *i, at, since);
    }
    let (value, words) = match measure {
        Measure::UsedSlots(i) => slots(live, *i, |used, _| f64::from(used), figure::count),
        Measure::UsedShare(i) => slots(live, *i, |used, usable| f64::from(used) / f64::from(usable), figure::percent),
        Measure::Blocked(_) => {
            let blocked = exactly(live, measure, now);
            (blocked, blocked.map(figure::count))
        }
        Measure::Signal(i) => {
            let signal = live.signals.get(*i).filter(|s| s.readout.cause().is_none());
            // The growth of a counter counts where both its readings do.
            let counts = |s: &&SignalState| {
                since.is_none()
                    || !s.spec.counter
                    || s.growth.over().is_some_and(|(from, _)| Some(from.boot) >= since.map(|since| since.boot))
            };
            let signal = signal.filter(counts);
            let value = signal.and_then(|s| s.readout.value()).map(SignalValue::number);
            (value, value.map(figure::number))
        }
        Measure::Service(i) => {
            let service = live.services.get(*i);
            let verdict = service.map(|service| service.raw_verdict(now));
            let known = verdict.filter(|verdict| *verdict != Verdict::Unknown);
            let why =
                service.and_then(|service| of_service(service, now)).map(|why| format!(" ({})", why.clipped(WHY)));
            let words = verdict.map(|verdict| format!("{verdict}{}", why.unwrap_or_default()));
            (known.map(|verdict| f64::from(verdict as u8)), words)
        }
        Measure::OldestIdleTransaction(_) => {
            let oldest = exactly(live, measure, now);
            (oldest, oldest.and_then(|oldest| Duration::try_from_secs_f64(oldest).ok()).map(figure::age))
        }
        Measure::Latency(i) => {
            let took = live.services.get(*i).and_then(ServiceState::measured);
            (took.map(|took| took.as_secs_f64() * 1000.0), took.map(figure::duration))
        }
        Measure::Shown(..) | Measure::Child(..) | Measure::Statement(..) => shown(live, measure, at, since, now),
        Measure::HitRatio(_) | Measure::ObjectsLeft | Measure::Result | Measure::Told(_) => (None, None),
    };
    let words = Safe::of(words.unwrap_or_else(|| "not known".to_owned()));
    Evidence { measure: measure.clone(), value, at, words, chance: 0.0 }
}

/// A hit ratio, with what it is of: a figure without its look-ups cannot be held against another one.
fn hits(live: &Telemetry, measure: &Measure, cache: usize, at: Moment, since: Option<Moment>) -> Evidence {
    let (ratio, basis) = hit_ratio(live, cache, since);
    let (value, words, chance) = match (ratio, basis) {
        // Few look-ups are a dice game: nothing is judged by them, and nothing compared with them.
        (Some(ratio), Basis::TooFew { lookups, .. }) => {
            (None, format!("{} of {lookups} look-ups, too few to judge", figure::percent(ratio)), 0.0)
        }
        (Some(ratio), Basis::Delta { over, lookups }) => {
            let words = format!("{} of {lookups} look-ups in {}", figure::percent(ratio), figure::span(over));
            let target = live.caches.get(cache).map(|cache| cache.spec.target_ratio);
            // That it rose is not yet that it is well.
            let under = target.filter(|target| since.is_some() && ratio < *target);
            let under = under.map(|target| format!(", under its target {}", figure::percent(target)));
            (Some(ratio), words + &under.unwrap_or_default(), standard_error(ratio, lookups))
        }
        // That is looked at, and shows nothing of what an action did.
        (Some(ratio), _) => (Some(ratio), format!("{} of its whole life", figure::percent(ratio)), 0.0),
        (None, _) => (None, "not known".to_owned(), 0.0),
    };
    Evidence { measure: measure.clone(), value, at, words: Safe::of(words), chance }
}

/// What is known to be this and nothing else: a least figure proves nothing.
fn exactly(live: &Telemetry, measure: &Measure, now: Moment) -> Option<f64> {
    match readings::known(live, measure, &Safe::default(), now) {
        Known::Value(value) => Some(value),
        _ => None,
    }
}

/// What a pane shows, in its unit; what reaches back to before a moment is not of after it.
fn shown(
    live: &Telemetry,
    measure: &Measure,
    at: Moment,
    since: Option<Moment>,
    now: Moment,
) -> (Option<f64>, Option<String>) {
    let Some(value) = exactly(live, measure, now) else { return (None, None) };
    let began = at.boot.saturating_sub(readings::reach(live, measure));
    if since.is_some_and(|since| began < since.boot) {
        return (None, None);
    }
    let words = row_of(measure).map(|row| match row.takes.states() {
        [] if row.takes.unit() == PERCENT => figure::percent(value),
        [] => words_of(&SignalValue::Number(value), row.takes.unit(), now).to_string(),
        states => states.iter().find(|state| f64::from(state.1) == value).map_or("-", |state| state.0).to_owned(),
    });
    (Some(value), words)
}

fn slots(
    live: &Telemetry,
    at: usize,
    figure: impl Fn(u32, u32) -> f64,
    words: impl Fn(f64) -> String,
) -> (Option<f64>, Option<String>) {
    let database = live.databases.get(at).filter(|d| d.slots.cause().is_none());
    let slots = database.and_then(|d| d.slots.value()).filter(|slots| slots.usable() > 0);
    let value = slots.map(|slots| figure(slots.used, slots.usable()));
    (value, value.map(words))
}

/// The ratio, and what it is of: since a moment, where there is one.
fn hit_ratio(live: &Telemetry, at: usize, since: Option<Moment>) -> (Option<f64>, Basis) {
    let cache = live.caches.get(at).filter(|cache| cache.readout.cause().is_none());
    match (cache, since) {
        (None, _) => (None, Basis::NotYet),
        (Some(cache), None) => cache.hit_ratio(),
        (Some(cache), Some(since)) => based(cache.ratio.rate_since(since)),
    }
}
