//! Whose figure is meant: the name behind the words of the table, as the longest known one. A name may hold blanks. A
//! service's name means the target that is about it, and a second name of one endpoint the target that is scraped for both.

use super::super::nearest;
use super::super::resolved::MetricsSpec;
use super::super::watched::{Of, Row, Takes, behind};
use super::builder::Builder;
use crate::domain::source::SourceKind;
use crate::remediation::measure::Measure;

/// One thing of its list.
pub struct Place {
    /// Its place; none where all are meant.
    pub at: Option<usize>,
    /// What it is, as a label.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

impl Builder<'_> {
    /// The place that a text begins with the name of, and what follows the name.
    pub(super) fn place<'t>(&self, row: &Row, text: &'t str) -> Result<(Place, &'t str), String> {
        let r = &self.resolved;
        let places =
            |names: Vec<&str>| names.into_iter().enumerate().map(|(at, name)| (name.to_owned(), Some(at))).collect();
        let (kind, what, known): (&'static str, &str, Vec<(String, Option<usize>)>) = match row.of {
            Of::Service => ("service", "service", places(r.services.iter().map(|of| of.name.as_str()).collect())),
            Of::Database => ("database", "database", places(r.databases.iter().map(|of| of.name.as_str()).collect())),
            Of::Cache => ("cache", "cache", places(r.caches.iter().map(|of| of.name.as_str()).collect())),
            Of::Signal => ("signal", "signal", places(r.signals.iter().map(|of| of.name.as_str()).collect())),
            Of::Log => ("log", "log", places(r.logs.iter().map(|of| of.name.as_str()).collect())),
            Of::Target => ("metrics", "[[metrics]] and no [[service]]", self.targets()),
            Of::Engine(kind) => return self.engine_named(kind, text),
        };
        // The last of the longest: a target's own name goes before a service's.
        let found = known.iter().filter(|(name, _)| behind(text, name).is_some()).max_by_key(|(name, _)| name.len());
        if let Some((name, at)) = found {
            if at.is_none() {
                return Err(format!("nobody scrapes {name:?}: its /metrics needs a [[metrics]] of its own"));
            }
            // What is told of it is told under the name of the target itself.
            let own =
                at.filter(|_| row.of == Of::Target).and_then(|at| r.metrics.get(at)).map(|of| of.name.to_string());
            let rest = behind(text, name).unwrap_or_default();
            return Ok((Place { at: *at, kind, name: own.unwrap_or_else(|| name.clone()) }, rest));
        }
        let is_nameless = text.is_empty() || text.starts_with(['>', '<', '=', '!']) || text.starts_with("older than ");
        match (row.of, row.takes) {
            (Of::Log, takes) if is_nameless && !matches!(takes, Takes::State(_)) => {
                if known.is_empty() {
                    return Err("there is no log that could be watched".to_owned());
                }
                return Ok((Place { at: None, kind, name: "all".to_owned() }, text));
            }
            (Of::Database, _) if is_nameless && (row.measure)(0) == Measure::OldestIdleTransaction(0) => {
                let Some((name, at)) = known.into_iter().next() else {
                    return Err("there is no database whose sessions could be looked at".to_owned());
                };
                return Ok((Place { at, kind, name }, text));
            }
            _ => {}
        }
        let hint = nearest::hint(called(text), known.iter().map(|(name, _)| name.as_str()));
        let named = if called(text) == text { "named" } else { "named as in" };
        Err(format!("there is no {what} {named} {text:?}{hint}"))
    }

    /// Every name that a scraped target goes by; without a place where nobody scrapes what is about it.
    fn targets(&self) -> Vec<(String, Option<usize>)> {
        let r = &self.resolved;
        let services = r.services.iter().map(|service| {
            (service.name.to_string(), r.metrics.iter().position(|target: &MetricsSpec| target.is_about(service)))
        });
        let twins = self.twins.iter().map(|(name, at)| (name.clone(), Some(*at)));
        let own = r.metrics.iter().enumerate().map(|(at, target)| (target.name.to_string(), Some(at)));
        services.chain(twins).chain(own).collect()
    }

    fn engine_named<'t>(&self, kind: SourceKind, text: &'t str) -> Result<(Place, &'t str), String> {
        let know = &self.resolved.know;
        let (name, is_there) = match kind {
            SourceKind::Prometheus => ("prometheus", know.prometheus.is_some()),
            _ => ("alertmanager", know.alertmanager.is_some()),
        };
        if !is_there {
            return Err(format!("no {name} is named: {name} = \"http://HOST:PORT\" names one"));
        }
        Ok((Place { at: Some(0), kind: "engine", name: name.to_owned() }, text))
    }
}

/// The part of the words that should have been a name.
pub fn called(words: &str) -> &str {
    const ENDS: [&str; 9] = [" >", " <", " =", " !", " older than ", " not ok", " down", " ok", " degraded"];
    let end = ENDS.iter().filter_map(|end| words.find(end)).min();
    end.and_then(|end| words.get(..end)).unwrap_or(words).trim()
}
