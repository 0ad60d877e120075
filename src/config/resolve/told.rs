//! What alerts say of what is told by scraped targets and by logs: `requests api > 100/s`, `p95 api > 500ms`, `scrape api down`,
//! `log errors worker > 5/min`. A service's name means the target that is about it.

use super::super::layers::Item;
use super::super::nearest;
use super::super::resolved::MetricsSpec;
use super::builder::Builder;
use crate::domain::Safe;
use crate::remediation::measure::{Measure, Told};

/// What it begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Requests,
    Errors,
    Percentile(u8),
    Scrape,
    LogLines,
    LogErrors,
}

impl Kind {
    /// The kind, and what stands behind it.
    pub fn of(words: &str) -> Option<(Kind, &str)> {
        const KINDS: [(&str, Kind); 8] = [
            ("requests", Kind::Requests),
            ("errors", Kind::Errors),
            ("p50", Kind::Percentile(50)),
            ("p95", Kind::Percentile(95)),
            ("p99", Kind::Percentile(99)),
            ("scrape", Kind::Scrape),
            ("log lines", Kind::LogLines),
            ("log errors", Kind::LogErrors),
        ];
        KINDS.into_iter().find_map(|(word, kind)| {
            let rest = words.strip_prefix(word)?;
            (rest.is_empty() || rest.starts_with(' ')).then_some((kind, rest.trim()))
        })
    }

    fn what(self) -> String {
        match self {
            Kind::Requests => "requests per second of".to_owned(),
            Kind::Errors => "share of failed requests of".to_owned(),
            Kind::Percentile(rank) => format!("p{rank} of the requests of"),
            Kind::Scrape => "scrape of".to_owned(),
            Kind::LogLines => "lines per second of".to_owned(),
            Kind::LogErrors => "errors a minute of".to_owned(),
        }
    }
}

/// A bound in a unit that says over how long, and a page's age instead of how its scrape went.
pub fn narrowed(measure: Measure, rest: String) -> (Measure, String) {
    let Measure::Told(told) = measure else { return (measure, rest) };
    let per = |unit: &str| match rest.split_once(" for ") {
        Some((bound, hold)) => format!("{} for {hold}", bound.trim_end().trim_end_matches(unit)),
        None => rest.trim_end_matches(unit).to_owned(),
    };
    let rest = match told {
        Told::Requests(_) | Told::LogLines(_) => per("/s"),
        Told::LogErrors(_) => per("/min"),
        Told::Scrape(at) if rest.starts_with("older than") => return (Measure::Told(Told::ScrapeAge(at)), rest),
        _ => rest,
    };
    (Measure::Told(told), rest)
}

/// The unit in which it is told.
pub fn unit_of_told(told: Told) -> &'static str {
    match told {
        Told::Requests(_) | Told::LogLines(_) => "/s",
        Told::Errors(_) => "%",
        Told::Percentile(..) => "ms",
        Told::ScrapeAge(_) => "s",
        Told::LogErrors(_) => "/min",
        Told::Scrape(_) => "",
    }
}

impl Builder<'_> {
    /// What is told, what it is called, and what stands behind its name.
    pub(super) fn told(&mut self, item: &Item, key: &str, kind: Kind, rest: &str) -> Option<(Measure, Safe, String)> {
        if matches!(kind, Kind::LogLines | Kind::LogErrors) {
            return self.told_of_log(item, key, kind, rest);
        }
        let r = &self.resolved;
        let services = r.services.iter().map(|service| {
            (service.name.as_str(), r.metrics.iter().position(|target: &MetricsSpec| target.is_about(service)))
        });
        let targets = r.metrics.iter().enumerate().map(|(at, target)| (target.name.as_str(), Some(at)));
        let known: Vec<(&str, Option<usize>)> = targets.chain(services).collect();
        let fitting = known.iter().filter(|(name, _)| behind(rest, name).is_some());
        // The first of the longest: a target's own name goes before a service's.
        let found = fitting.rev().max_by_key(|(name, _)| name.len());
        let Some((name, at)) = found.copied() else {
            let hint = nearest::hint(called(rest), known.iter().map(|(name, _)| *name));
            let words = format!("there is no [[metrics]] and no [[service]] named as in {rest:?}{hint}");
            self.wrong(item, key, &words);
            return None;
        };
        let Some(at) = at else {
            let words = format!("nobody scrapes {name:?}: its /metrics needs a [[metrics]] of its own");
            self.wrong(item, key, &words);
            return None;
        };
        let told = match kind {
            Kind::Errors => Told::Errors(at),
            Kind::Percentile(rank) => Told::Percentile(at, rank),
            Kind::Scrape => Told::Scrape(at),
            _ => Told::Requests(at),
        };
        let what = Safe::of(format!("{} {name}", kind.what()));
        Some((Measure::Told(told), what, behind(rest, name).unwrap_or_default().to_owned()))
    }

    /// The same of a log; without a name of all of them.
    fn told_of_log(&mut self, item: &Item, key: &str, kind: Kind, rest: &str) -> Option<(Measure, Safe, String)> {
        let names = || self.resolved.logs.iter().map(|log| log.name.as_str());
        let fitting = names().enumerate().filter(|(_, name)| behind(rest, name).is_some());
        let found = fitting.max_by_key(|(_, name)| name.len());
        let is_of_all = rest.is_empty() || rest.starts_with(['>', '<', '=', '!']);
        let why = match found {
            None if !is_of_all => {
                Some(format!("there is no log named as in {rest:?}{}", nearest::hint(called(rest), names())))
            }
            None if names().next().is_none() => Some("there is no log that could be watched".to_owned()),
            _ => None,
        };
        if let Some(why) = why {
            self.wrong(item, key, &why);
            return None;
        }
        let (at, name) = found.map_or((None, "all logs"), |(at, name)| (Some(at), name));
        let told = if kind == Kind::LogLines { Told::LogLines(at) } else { Told::LogErrors(at) };
        let what = Safe::of(format!("{} {name}", kind.what()));
        let rest = at.and_then(|_| behind(rest, name)).unwrap_or(rest).to_owned();
        Some((Measure::Told(told), what, rest))
    }

    /// The kind and the name of what is told, as a label.
    pub(super) fn subject_of(&self, told: Told) -> (String, String) {
        let r = &self.resolved;
        let (kind, name) = match told {
            Told::LogLines(at) | Told::LogErrors(at) => {
                ("log", at.map_or(Some("all"), |at| r.logs.get(at).map(|log| log.name.as_str())))
            }
            Told::Requests(at)
            | Told::Errors(at)
            | Told::Percentile(at, _)
            | Told::Scrape(at)
            | Told::ScrapeAge(at) => ("metrics", r.metrics.get(at).map(|target| target.name.as_str())),
        };
        (kind.to_owned(), name.unwrap_or_default().to_owned())
    }
}

/// What stands behind a name, where the words begin with it.
fn behind<'w>(words: &'w str, name: &str) -> Option<&'w str> {
    let rest = words.strip_prefix(name)?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
}

/// The part of the words that should have been a name.
pub fn called(words: &str) -> &str {
    const ENDS: [&str; 8] = [" >", " <", " =", " !", " older than ", " not ok", " down", " ok"];
    let end = ENDS.iter().filter_map(|end| words.find(end)).min();
    end.and_then(|end| words.get(..end)).unwrap_or(words).trim()
}
