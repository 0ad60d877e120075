//! What rules look at: expressions compiled once, evaluated over the store, each result with what it stands on. Missing data is
//! told as missing, whatever the result would be without it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::alerts::lifecycle::{self, Basis, Evaluation, Failure, Outcome};
use crate::alerts::line::Line;
use crate::domain::Safe;
use crate::metrics::labels::Labels;
use crate::metrics::promql::{Ground, Limits, Look, Query, Refused, Selector};
use crate::metrics::store::{Sample, Samples, Store, is_stale};

/// Most compiled expressions that no rule bears: those that templates ask.
const PASSING: usize = 1000;
/// Most missing selectors that are named.
const NAMED: usize = 8;
/// Samples and elements that one rule may touch.
pub const LIMITS: Limits = Limits {
    samples: 10_000_000,
    series: 50_000,
    steps: 11_000,
    look_back: 300_000,
    subquery_step: 60_000,
    unnamed: crate::metrics::promql::Unnamed::AtOnce,
};

type Compiled = Result<Arc<Query>, Failure>;

/// What is known of expressions.
#[derive(Debug, Default)]
pub struct Known {
    /// Those of the rules.
    queries: HashMap<String, Compiled>,
    /// Those of templates, which may be any.
    passing: HashMap<String, Compiled>,
    /// Which expressions record a metric.
    recorded: HashMap<String, Vec<String>>,
    /// What those stood on last, where they were evaluated.
    stood: HashMap<String, Option<Basis>>,
    external_labels: Labels,
}

impl Known {
    pub fn new(external_labels: Labels) -> Known {
        Known { external_labels, ..Known::default() }
    }

    /// Takes the place of what was known: the expressions of all rules, with the metric that each records, if it does.
    pub fn learn<'r>(&mut self, rules: impl Iterator<Item = (&'r str, Option<&'r str>)>) {
        let mut before = std::mem::take(&mut self.queries);
        let mut stood = std::mem::take(&mut self.stood);
        self.recorded.clear();
        self.passing.clear();
        for (expr, metric) in rules {
            let compiled = before.remove(expr).unwrap_or_else(|| compiled(expr));
            self.queries.entry(expr.to_owned()).or_insert(compiled);
            if let Some(metric) = metric {
                self.recorded.entry(metric.to_owned()).or_default().push(expr.to_owned());
                let known = stood.remove(expr).flatten();
                let place = self.stood.entry(expr.to_owned()).or_default();
                *place = known.or(place.take());
            }
        }
    }

    fn query(&mut self, expr: &str) -> Compiled {
        if let Some(known) = self.queries.get(expr).or_else(|| self.passing.get(expr)) {
            return known.clone();
        }
        if self.passing.len() >= PASSING {
            self.passing.clear();
        }
        let compiled = compiled(expr);
        self.passing.insert(expr.to_owned(), compiled.clone());
        compiled
    }

    /// What a metric that rules record stands on; none where none records it.
    fn of_recorded(&self, metric: &str) -> Option<Ground> {
        let exprs = self.recorded.get(metric)?;
        let stood = exprs.iter().map(|expr| match self.stood.get(expr).and_then(Option::as_ref) {
            Some(Basis::Complete | Basis::NoTraffic) => Ground::Whole,
            Some(Basis::Warming { have, need }) => {
                Ground::Warming { have: have.as_millis() as i64, need: need.as_millis() as i64 }
            }
            Some(Basis::Missing(of)) => Ground::Missing(of.iter().map(|of| of.as_str().to_owned()).collect()),
            None => Ground::Missing(vec![metric.to_owned()]),
        });
        stood.reduce(Ground::and)
    }
}

/// Compiles an expression; what is refused says so for good.
fn compiled(expr: &str) -> Compiled {
    Query::compile(expr).map(Arc::new).map_err(|refused| Failure::NotEvaluated(Safe::of(refused.to_string())))
}

/// Why an expression would be refused, and whether that is because it is no PromQL at all.
pub fn refused(expr: &str) -> Option<(Safe, bool)> {
    let refused = Query::compile(expr).err()?;
    Some((Safe::of(refused.to_string()), matches!(refused, Refused::Invalid(_))))
}

/// Store and expressions, while rules are evaluated.
pub struct World<'e> {
    store: &'e mut Store,
    known: &'e mut Known,
    /// Labels of targets that fail now, and since when.
    failing: Vec<(Labels, i64)>,
    pub line: Line,
}

impl<'e> World<'e> {
    pub fn new(store: &'e mut Store, known: &'e mut Known, failing: Vec<(Labels, i64)>, line: Line) -> World<'e> {
        World { store, known, failing, line }
    }

    pub fn known(&mut self) -> &mut Known {
        self.known
    }

    fn basis(&self, query: &Query, at: i64, is_hollow: bool) -> Basis {
        let duration = |ms: i64| Duration::from_millis(u64::try_from(ms).unwrap_or(0));
        let ground = query.ground(at, &LIMITS, &mut |selector, look| self.see(selector, look, at));
        match ground {
            Ground::Whole if is_hollow => Basis::NoTraffic,
            Ground::Whole => Basis::Complete,
            Ground::Warming { have, need } => Basis::Warming { have: duration(have), need: duration(need) },
            Ground::Missing(of) => Basis::Missing(of.iter().take(NAMED).map(Safe::of).collect()),
        }
    }

    /// What one selector finds.
    fn see(&self, selector: &Selector, look: Look, at: i64) -> Ground {
        let metric = selector.metric().unwrap_or_default();
        // What rules themselves write is absent where they found nothing.
        if matches!(metric, "ALERTS" | "ALERTS_FOR_STATE") {
            return Ground::Whole;
        }
        let recorded = self.known.of_recorded(metric);
        if recorded.is_some() && recorded != Some(Ground::Whole) {
            return recorded.unwrap_or(Ground::Whole);
        }
        let found = self.find(selector, look, at);
        let Some(oldest) = found.oldest else {
            return recorded.unwrap_or_else(|| Ground::Missing(vec![selector.to_string()]));
        };
        if found.lost {
            return Ground::Missing(vec![format!("{selector}, whose target does not answer")]);
        }
        let warming = Ground::Warming { have: at.saturating_sub(oldest).max(0), need: look.need };
        if !found.is_present && oldest <= look.until {
            return recorded.unwrap_or_else(|| Ground::Missing(vec![selector.to_string()]));
        }
        if look.need > 0 && oldest > at.saturating_sub(look.need) { warming } else { Ground::Whole }
    }

    fn find(&self, selector: &Selector, look: Look, at: i64) -> Found {
        let mut found = Found::default();
        for (labels, samples) in self.store.select(selector.metric(), |labels| selector.matches(labels)) {
            let Some(first) = samples.first() else { continue };
            found.oldest = Some(found.oldest.map_or(first, |oldest| oldest.min(first)));
            found.is_present = found.is_present || is_present(samples, look);
            found.lost |= self.is_lost(labels, samples);
            let is_full = look.need <= 0 || first <= at.saturating_sub(look.need);
            if found.is_present && is_full && self.failing.is_empty() {
                break;
            }
        }
        found
    }

    /// Whether a series ended because its target fails.
    fn is_lost(&self, labels: &Labels, samples: Samples<'_>) -> bool {
        let Some(last) = samples.last().filter(|last| is_stale(last.value)) else { return false };
        self.failing
            .iter()
            .any(|(of, since)| last.at >= *since && of.iter().all(|(name, value)| labels.get(name) == value))
    }
}

/// What a selector finds.
#[derive(Default)]
struct Found {
    /// The oldest sample of all series that are meant, wherever it looks.
    oldest: Option<i64>,
    /// There is something where it looks.
    is_present: bool,
    /// A target that gave some of it fails.
    lost: bool,
}

fn is_present(samples: Samples<'_>, look: Look) -> bool {
    if samples.newest(look.after, look.until).is_some() {
        return true;
    }
    // A series that ended within a range was there for a part of it.
    look.need > 0 && samples.last().is_some_and(|last| last.at > look.after) && {
        let mut buffer = Vec::new();
        samples.between(look.after, look.until, &mut buffer);
        buffer.iter().any(|sample| !is_stale(sample.value))
    }
}

impl lifecycle::World for World<'_> {
    fn evaluate(&mut self, expr: &str, at: i64) -> Outcome {
        let outcome = self.evaluated(expr, at);
        if let Some(place) = self.known.stood.get_mut(expr) {
            *place = outcome.as_ref().ok().map(|evaluation| evaluation.basis.clone());
        }
        outcome
    }

    fn append(&mut self, series: &Labels, at: i64, value: f64) {
        self.store.append(series, Sample { at, value });
    }

    fn external_labels(&self) -> Labels {
        self.known.external_labels.clone()
    }
}

impl World<'_> {
    fn evaluated(&mut self, expr: &str, at: i64) -> Outcome {
        let query = self.known.query(expr)?;
        let (value, is_hollow) = query
            .instant_or_hollow(self.store, at, &LIMITS)
            .map_err(|failed| Failure::Failed(Safe::of(failed.to_string())))?;
        let words = || Failure::Failed(Safe::of("only a vector or a scalar can be a rule's result"));
        let elements = value.into_elements().ok_or_else(words)?;
        let basis = self.basis(&query, at, is_hollow && elements.is_empty());
        Ok(Evaluation { elements, basis })
    }
}
