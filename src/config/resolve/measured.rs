//! What alerts, actions and runbooks say of what is watched, by the one table of it: `service api ok`, `cache redis < 80 %`,
//! `signal queue depth`. Whose name is meant is found elsewhere.

use std::time::Duration;

use super::super::layers::Item;
use super::super::resolved::{CacheSource, CacheSpec};
use super::super::watched::{self, Row, State, Takes};
use super::builder::Builder;
use super::places::{Place, called};
use crate::domain::health::{WINDOW, probes_for};
use crate::domain::signal::Unit;
use crate::domain::source::SourceKind;
use crate::domain::threshold::{Comparison, Threshold, parse_duration};
use crate::domain::{Safe, figure};
use crate::metrics::last_minute::MINUTE;
use crate::remediation::measure::{Expectation, Measure, Told};
use crate::remediation::shown::Shown;

/// What is measured, what it is called, and what must hold of it.
pub struct Wanted {
    pub measure: Measure,
    pub name: Safe,
    pub expect: Expectation,
    /// For how long, as the words themselves say.
    pub hold: Duration,
    /// The unit of its values.
    pub unit: Unit,
    /// What its values stand for, where they are states.
    pub states: &'static [State],
    /// The kind and the name of what is watched.
    pub subject: (String, String),
}

/// What stands behind the words of a row: all rows of these words, whose it is, and the rest.
struct Found {
    rows: Vec<&'static Row>,
    place: Place,
    rest: String,
}

/// A row that was chosen, of the one that is meant, and what must hold.
struct Chosen {
    row: &'static Row,
    measure: Measure,
    name: Safe,
    rest: String,
}

impl Builder<'_> {
    /// What a look is at.
    pub(super) fn looked_at(&mut self, item: &Item, key: &str, words: &str) -> Option<(Measure, Safe)> {
        let looked = self.found(words).and_then(|found| {
            let chosen = chosen(&found)?;
            let too_much = || format!("{:?} is too much: only what is looked at is named", chosen.rest);
            if !chosen.rest.is_empty() {
                return Err(too_much());
            }
            // Waiting for it would be waiting for ever.
            self.is_ever_known(&chosen.measure)?;
            Ok((chosen.measure, chosen.name))
        });
        let (measure, name) = self.or_wrong(item, key, looked)?;
        self.or_wrong(item, key, acted_by(&measure).map(|()| (measure, name)))
    }

    /// What must hold before or after an action.
    pub(super) fn wanted(&mut self, item: &Item, key: &str, words: &str) -> Option<Wanted> {
        let wanted = self.wanted_of_alert(item, key, words)?;
        self.or_wrong(item, key, acted_by(&wanted.measure).map(|()| wanted))
    }

    /// What must hold, of whatever is read.
    pub(super) fn wanted_of_alert(&mut self, item: &Item, key: &str, words: &str) -> Option<Wanted> {
        let wanted = self.found(words).and_then(|found| {
            let Chosen { row, measure, name, rest } = chosen(&found)?;
            let unit = match row.takes {
                Takes::OwnUnit => self.unit_of_signal(found.place.at),
                takes => Unit(Safe::of(takes.unit())),
            };
            let (expect, hold) = expected(&found.rows, row, &name, &unit, &rest)?;
            self.is_ever_known(&measure)?;
            let subject = (found.place.kind.to_owned(), found.place.name);
            Ok(Wanted { measure, name, expect, hold, unit, states: row.takes.states(), subject })
        });
        self.or_wrong(item, key, wanted)
    }

    fn or_wrong<T>(&mut self, item: &Item, key: &str, of: Result<T, String>) -> Option<T> {
        of.inspect_err(|why| self.wrong(item, key, why)).ok()
    }

    fn unit_of_signal(&self, at: Option<usize>) -> Unit {
        at.and_then(|at| self.resolved.signals.get(at)).map(|signal| signal.unit.clone()).unwrap_or_default()
    }

    /// Rows and name. The longest words count whose name is known.
    fn found(&self, words: &str) -> Result<Found, String> {
        let words = words.trim();
        let mut begun: Vec<&'static Row> = watched::ROWS.iter().filter(|row| row.behind(words).is_some()).collect();
        begun.sort_by_key(|row| std::cmp::Reverse(row.words.len()));
        let mut why = None;
        for row in &begun {
            let rest = row.behind(words).unwrap_or_default();
            match self.place(row, rest) {
                Ok((place, rest)) => {
                    let rows = begun.iter().filter(|other| other.words == row.words).copied().collect();
                    return Ok(Found { rows, place, rest: rest.to_owned() });
                }
                Err(told) => why = why.or(Some(told)),
            }
        }
        Err(why.unwrap_or_else(|| watched::refusal(called(words))))
    }

    /// What can never be said of it as it is configured.
    fn is_ever_known(&self, measure: &Measure) -> Result<(), String> {
        let r = &self.resolved;
        let Measure::Shown(shown, at) = measure else { return Ok(()) };
        let service = r.services.get(*at).filter(|_| shown.source() == SourceKind::Service);
        let is_endpoint = |cache: &CacheSpec| matches!(cache.source, CacheSource::Endpoint { .. });
        let why = match shown {
            Shown::ProbePercentile(rank) => {
                let needs = probes_for(*rank);
                let interval = service.map_or(Duration::ZERO, |service| service.interval);
                let held = WINDOW.as_secs_f64() / interval.as_secs_f64().max(0.001);
                (held < needs as f64).then(|| {
                    format!(
                        "five minutes hold {held:.0} probes, and p{rank} needs {needs}: ask the service more often \
                         (interval), or write latency NAME > 500ms for 5m"
                    )
                })
            }
            Shown::Deadlocks | Shown::TemporaryBytes => r.databases.get(*at).and_then(|database| {
                let every = database.interval;
                (every > MINUTE / 2).then(|| {
                    format!(
                        "this database is read every {}, and a minute of which that is known holds two readings: read it \
                         at least every {} (interval)",
                        figure::span(every),
                        figure::span(MINUTE / 2)
                    )
                })
            }),
            Shown::CertificateDays => service
                .is_some_and(|service| service.url.scheme() != "https")
                .then(|| "this service is not asked by https, so it shows no certificate".to_owned()),
            Shown::State(SourceKind::Signal) => {
                r.signals.get(*at).is_some_and(|signal| signal.threshold.is_none()).then(|| {
                    "this signal has no threshold, so it is not judged; write the bound here: signal NAME > 100".to_owned()
                })
            }
            Shown::State(_) | Shown::Age(_) => None,
            shown if shown.source() == SourceKind::Cache => r.caches.get(*at).is_some_and(is_endpoint).then(|| {
                "this cache is read from an endpoint, which tells its hit ratio alone: cache NAME < 80 %; what else the \
                 endpoint tells is read by a [[signal]] with url and pointer"
                    .to_owned()
            }),
            _ => None,
        };
        why.map_or(Ok(()), Err)
    }
}

/// An action reads anew what it looks at, before it and after; not everything can be read anew.
fn acted_by(measure: &Measure) -> Result<(), String> {
    match measure {
        Measure::Told(_) => {
            Err("what a scraped target, a log or an engine tells is watched by an [[alert]] alone, not by an \
             action: it comes when it comes, and no action can have it read anew"
                .to_owned())
        }
        Measure::Shown(Shown::Age(_), _) => {
            Err("how old a reading is is watched by an [[alert]] alone: an action reads anew what it looks at"
                .to_owned())
        }
        _ => Ok(()),
    }
}

/// The row that takes what follows the name; else the first of them.
fn chosen(found: &Found) -> Result<Chosen, String> {
    let (rest, rows) = (found.rest.as_str(), &found.rows);
    let is_aged = rest.starts_with("older than");
    let is_bound = rest.starts_with(['>', '<', '=', '!']);
    let takes = |row: &&&'static Row| match row.takes {
        Takes::Bound(..) => is_bound,
        Takes::Share => is_bound && rest.contains('%'),
        Takes::Lasting | Takes::OwnUnit => is_bound || is_aged,
        Takes::Age => is_aged,
        Takes::State(_) => !is_bound && !is_aged && !rest.is_empty(),
        Takes::Child | Takes::Statement => true,
    };
    let fitting = || rows.iter().filter(takes);
    let share = fitting().find(|row| row.takes == Takes::Share);
    let Some(row) = share.or_else(|| fitting().next()).or(rows.first()).copied() else {
        return Err("nothing is watched under these words".to_owned());
    };
    let at = found.place.at;
    let whose = if at.is_some() { found.place.name.as_str() } else { "all logs" };
    let name = format!("{} {whose}", row.what);
    let (measure, name, rest) = match (row.takes, (row.measure)(at.unwrap_or_default())) {
        (Takes::Child, _) => {
            let (child, rest) = child(rest).ok_or("the name of a child is missing: child NAME CHILD down for 1m")?;
            (Measure::Child(at.unwrap_or_default(), Safe::of(child)), format!("{child} of {}", found.place.name), rest)
        }
        (Takes::Statement, _) => {
            let (number, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            let Ok(query) = number.parse::<i64>() else {
                return Err(format!(
                    "{number:?} is no query id; Enter on a statement shows it: statement NAME 8123 > 500ms"
                ));
            };
            let of = format!("{} {query} of {}", row.what, found.place.name);
            (Measure::Statement(at.unwrap_or_default(), query), of, rest)
        }
        (_, Measure::Told(Told::LogLines(_))) => (Measure::Told(Told::LogLines(at)), name, rest),
        (_, Measure::Told(Told::LogErrors(_))) => (Measure::Told(Told::LogErrors(at)), name, rest),
        (_, Measure::Told(Told::LogWarnings(_))) => (Measure::Told(Told::LogWarnings(at)), name, rest),
        (_, measure) => (measure, name, rest),
    };
    Ok(Chosen { row, measure, name: Safe::of(name.trim()), rest: rest.trim().to_owned() })
}

/// The name of a child, which may hold blanks, and what follows it.
fn child(rest: &str) -> Option<(&str, &str)> {
    let ends = [" not ok", " ok", " degraded", " down", " unknown"].iter().filter_map(|state| {
        let at = rest.find(state)?;
        let behind = rest.get(at + state.len()..)?;
        (behind.is_empty() || behind.starts_with(' ')).then_some(at)
    });
    let (child, rest) = rest.split_at_checked(ends.min().unwrap_or(rest.len()))?;
    (!child.trim().is_empty()).then(|| (child.trim(), rest.trim()))
}

/// What must hold, and for how long.
fn expected(
    rows: &[&'static Row],
    row: &Row,
    name: &Safe,
    unit: &Unit,
    rest: &str,
) -> Result<(Expectation, Duration), String> {
    if rest.is_empty() {
        return Err(format!("what must hold is missing: {}", alternatives(rows)));
    }
    let states = row.takes.states();
    if !states.is_empty() {
        let (word, hold) = match rest.rsplit_once(" for ") {
            Some((word, time)) => {
                let wrong = || format!("{time:?} is not a time; write it as 30s, 5m, 2h or 1d");
                (word.trim(), parse_duration(time).ok_or_else(wrong)?)
            }
            None => (rest, Duration::ZERO),
        };
        return Ok((state(rows, states, word)?, hold));
    }
    let rest = match row.takes {
        Takes::Bound(_, per) if !per.is_empty() => without_pace(rest, per),
        _ => rest.to_owned(),
    };
    if !rest.starts_with(['>', '<', '=', '!']) && !rest.starts_with("older than") {
        return Err(format!("{rest:?} is no bound; behind the name stands {}", alternatives(rows)));
    }
    let threshold = Threshold::parse(&rest)?;
    match row.takes {
        Takes::Bound(..) | Takes::Share if threshold.comparison == Comparison::OlderThan => {
            return Err(format!("{name} is no age; behind the name stands {}", alternatives(rows)));
        }
        Takes::Age if threshold.comparison != Comparison::OlderThan => {
            return Err(format!("behind the name stands {}", alternatives(rows)));
        }
        Takes::Bound(own, _) if threshold.is_of_time_or_size() && !Threshold::measures(own) => {
            return Err(format!("\"{threshold}\" is a time or a size, and {name} is {}", in_words(own)));
        }
        _ => {}
    }
    let threshold = threshold.in_unit(unit)?;
    let hold = threshold.hold;
    Ok((Expectation::Meets(threshold), hold))
}

fn in_words(unit: &str) -> &'static str {
    if unit == "%" { "in percent" } else { "a number" }
}

/// A bound whose unit says over how long.
fn without_pace(rest: &str, per: &str) -> String {
    match rest.split_once(" for ") {
        Some((bound, hold)) => format!("{} for {hold}", bound.trim_end().trim_end_matches(per)),
        None => rest.trim_end_matches(per).to_owned(),
    }
}

fn state(rows: &[&'static Row], states: &'static [State], word: &str) -> Result<Expectation, String> {
    let is_verdict = states.iter().any(|state| state.0 == "ok");
    match word {
        "ok" if is_verdict => return Ok(Expectation::Healthy),
        "not ok" if is_verdict => return Ok(Expectation::Unwell),
        "down" if is_verdict => return Ok(Expectation::Down),
        "unknown" | "stale" | "no data" => {
            return Err(format!(
                "{word} is no state that is seen: what is not known fires nothing and resolves nothing, and stands as an error \
                 or as no data; behind the name stands {}",
                alternatives(rows)
            ));
        }
        _ => {}
    }
    match states.iter().find(|state| state.0 == word) {
        Some((word, number)) => Ok(Expectation::Is(*number, word)),
        None => Err(format!("{word:?} is none of its states; behind the name stands {}", alternatives(rows))),
    }
}

/// What can follow the name.
fn alternatives(rows: &[&'static Row]) -> String {
    let one = |row: &&'static Row| match row.takes {
        Takes::State(states) => {
            let mut words: Vec<&str> = states.iter().map(|state| state.0).collect();
            if words.first() == Some(&"ok") {
                words.insert(1, "not ok");
            }
            let last = words.pop().unwrap_or_default();
            format!("{} or {last}", words.join(", "))
        }
        Takes::Child => "the name of a child and ok, not ok, degraded or down".to_owned(),
        Takes::Statement => "a query id and a threshold such as \"> 500ms\"".to_owned(),
        Takes::Age => format!("an age such as \"{}\"", row.example),
        _ => format!("a threshold such as \"{}\"", row.example),
    };
    rows.iter().map(one).collect::<Vec<_>>().join("; ")
}
