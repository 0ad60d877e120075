//! What rules look at: expressions compiled once, evaluated over the store, each result with what it stands on. Missing data is
//! told as missing, whatever the result would be without it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::scraped::Watched;
use crate::alerts::lifecycle::{self, Basis, Evaluation, Failure, Outcome};
use crate::alerts::line::Line;
use crate::domain::{Safe, figure};
use crate::metrics::labels::{Labels, NAME};
use crate::metrics::promql::{Ground, Limits, Look, Memo, Query, Refused, Selector};
use crate::metrics::store::{Sample, Samples, Store, is_stale};

/// Most compiled expressions that no rule bears: those that templates ask.
const PASSING: usize = 1000;
/// Most missing selectors that are named.
const NAMED: usize = 8;
/// Most expressions that are asked where an element went.
const MOST_ASKED: usize = 32;
/// Samples and elements that one rule may touch.
pub const LIMITS: Limits = Limits {
    samples: 10_000_000,
    series: 50_000,
    steps: 11_000,
    look_back: 300_000,
    subquery_step: 60_000,
    unnamed: crate::metrics::promql::Unnamed::AtOnce,
    ahead: 0,
};

/// What an expression that records stood on when it was last evaluated.
#[derive(Debug, Default)]
enum Stood {
    #[default]
    Never,
    Failed,
    On(Basis),
}

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
    /// What those stood on last.
    stood: HashMap<String, Stood>,
    external_labels: Labels,
    /// What was decoded for the rules of one evaluation.
    memo: Memo,
}

impl Known {
    pub fn new(external_labels: Labels) -> Known {
        Known { external_labels, memo: Memo::keeping(), ..Known::default() }
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
                let known = stood.remove(expr);
                let place = self.stood.entry(expr.to_owned()).or_default();
                *place = known.unwrap_or_else(|| std::mem::take(place));
            }
        }
    }

    /// The expression, if it can be evaluated here.
    pub fn compiled(&mut self, expr: &str) -> Option<Arc<Query>> {
        self.query(expr).ok()
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
        let words = |of: &[Safe]| of.iter().map(|of| of.as_str().to_owned()).collect();
        let stood = exprs.iter().map(|expr| match self.stood_on(expr) {
            Some(Basis::Complete | Basis::NoTraffic) => Ground::Whole,
            Some(Basis::Warming { have, need }) => {
                Ground::Warming { have: have.as_millis() as i64, need: need.as_millis() as i64 }
            }
            Some(Basis::Missing(of)) => Ground::Missing(words(of)),
            Some(Basis::NoneYet(of)) => Ground::NoneYet(words(of)),
            None => Ground::Missing(vec![metric.to_owned()]),
        });
        stood.reduce(Ground::and)
    }

    fn stood_on(&self, expr: &str) -> Option<&Basis> {
        if let Some(Stood::On(basis)) = self.stood.get(expr) { Some(basis) } else { None }
    }

    /// Why nobody knows yet whether a metric that rules record is absent: they were not evaluated, or what they read fills.
    fn unready(&self, metric: &str) -> Option<Ground> {
        let exprs = self.recorded.get(metric)?;
        if exprs.iter().any(|expr| matches!(self.stood.get(expr), None | Some(Stood::Never))) {
            return Some(Ground::Missing(vec![format!("{metric}, which its rule has not recorded yet")]));
        }
        let is_warming = exprs.iter().any(|expr| matches!(self.stood_on(expr), Some(Basis::Warming { .. })));
        self.of_recorded(metric).filter(|_| is_warming)
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

/// Why an expression cannot be evaluated over samples that are kept so long; none where it can.
pub fn out_of_reach(expr: &str, keep: Duration) -> Option<Safe> {
    reaches(&Query::compile(expr).ok()?, keep)
}

fn reaches(query: &Query, keep: Duration) -> Option<Safe> {
    let need = Duration::from_millis(u64::try_from(query.reach()).unwrap_or(0));
    let words = || Safe::of(format!("it needs {} of samples, {} are kept", figure::span(need), figure::span(keep)));
    (need > keep).then(words)
}

/// Store and expressions, while rules are evaluated.
pub struct World<'e> {
    store: &'e mut Store,
    known: &'e mut Known,
    targets: &'e [Watched],
    pub line: Line,
    /// By how many milliseconds the wall clock is ahead of it.
    ahead: i64,
}

impl<'e> World<'e> {
    pub fn new(
        store: &'e mut Store,
        known: &'e mut Known,
        targets: &'e [Watched],
        line: Line,
        ahead: i64,
    ) -> World<'e> {
        known.memo.clear();
        World { store, known, targets, line, ahead }
    }

    /// How long samples are kept.
    pub fn keep(&self) -> Duration {
        self.store.limits().keep
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
            Ground::NoneYet(of) => Basis::NoneYet(of.iter().take(NAMED).map(Safe::of).collect()),
        }
    }

    /// What one selector finds.
    fn see(&self, selector: &Selector, look: Look, at: i64) -> Ground {
        let metric = selector.metric().unwrap_or_default();
        // What rules themselves write is absent where they found nothing.
        if matches!(metric, "ALERTS" | "ALERTS_FOR_STATE") {
            return Ground::Whole;
        }
        let is_range = look.range > 0 || look.need > 0;
        if let Some(missed) = self.store.missed(selector.metric(), look.after, is_range) {
            let were = if missed == 1 { "was" } else { "were" };
            let words =
                format!("{selector}, of whose metric {missed} series {were} dropped: metrics_bytes is too small");
            return Ground::Missing(vec![words]);
        }
        if look.absent {
            let unready = self.known.unready(metric).filter(|_| self.find(selector, look, at).most == 0);
            return unready.unwrap_or(Ground::Whole);
        }
        let recorded = self.known.of_recorded(metric);
        if recorded.is_some() && recorded != Some(Ground::Whole) {
            return recorded.unwrap_or(Ground::Whole);
        }
        let is_recorded = recorded.is_some();
        if !is_recorded && self.is_lost(selector) {
            return Ground::Missing(vec![format!("{selector}, whose target does not answer")]);
        }
        let found = self.find(selector, look, at);
        let warming = |oldest: i64| Ground::Warming { have: at.saturating_sub(oldest).max(0), need: look.need };
        match (found.most, found.oldest) {
            (0, Some(oldest)) if oldest > look.until => warming(oldest),
            (0, oldest) => match self.without(selector, look, at, oldest.is_some()) {
                // What was evaluated and found nothing records nothing: that is no gap.
                Ground::Missing(_) if is_recorded => Ground::Whole,
                ground => ground,
            },
            (most, _) if most < look.least => self.too_few(selector, look, &found, at),
            (_, Some(oldest)) if look.need > 0 && oldest > at.saturating_sub(look.need) => warming(oldest),
            _ => Ground::Whole,
        }
    }

    /// There is nothing of a selector: of its metric there may be. What was there has gone, and says so.
    fn without(&self, selector: &Selector, look: Look, at: i64, was_there: bool) -> Ground {
        let gone = if was_there { self.gone(selector, at) } else { String::new() };
        let words = vec![format!("{selector}{gone}")];
        let Some(metric) = selector.metric() else { return Ground::Missing(words) };
        let mut oldest: Option<i64> = None;
        let mut is_there = false;
        for (_, samples) in self.store.select(Some(metric), |_| true) {
            is_there = is_there || count(samples, look, 1) > 0;
            oldest = oldest.into_iter().chain(samples.first()).min();
        }
        match oldest.filter(|oldest| look.need > 0 && *oldest > at.saturating_sub(look.need)) {
            _ if !is_there => Ground::Missing(words),
            Some(oldest) => Ground::Warming { have: at.saturating_sub(oldest).max(0), need: look.need },
            None => Ground::NoneYet(words),
        }
    }

    fn gone(&self, selector: &Selector, at: i64) -> String {
        let all = self.store.select(selector.metric(), |labels| selector.matches(labels));
        let newest = all.filter_map(|(_, samples)| samples.last()).map(|last| last.at).max();
        let since = Duration::from_millis(u64::try_from(at.saturating_sub(newest.unwrap_or(at))).unwrap_or(0));
        format!(", gone for {}", figure::age(since))
    }

    /// There is a sample and not enough: the range is too short for how often its target is read, or it fills.
    fn too_few(&self, selector: &Selector, look: Look, found: &Found, at: i64) -> Ground {
        let pause = found.labels.as_ref().and_then(|labels| self.targets.iter().find(|target| target.owns(labels)));
        let pause = pause.map(|target| target.settings.interval.as_millis() as i64);
        let range = figure::span(Duration::from_millis(look.range.unsigned_abs()));
        match pause {
            Some(pause) if look.range < pause.saturating_mul(2) => {
                Ground::Missing(vec![format!("{selector}, of which {range} are shorter than two scrapes")])
            }
            Some(_) => Ground::Warming { have: at.saturating_sub(found.newest).max(0), need: look.need },
            None => Ground::Missing(vec![format!("{selector}, of which {range} hold fewer than two samples")]),
        }
    }

    fn find(&self, selector: &Selector, look: Look, at: i64) -> Found {
        let mut found = Found::default();
        for (labels, samples) in self.store.select(selector.metric(), |labels| selector.matches(labels)) {
            let Some(first) = samples.first() else { continue };
            found.oldest = Some(found.oldest.map_or(first, |oldest| oldest.min(first)));
            if found.most < look.least {
                let held = count(samples, look, look.least);
                if held > found.most || found.labels.is_none() {
                    (found.most, found.labels) = (held, Some(labels.clone()));
                    found.newest = samples.newest(look.after, look.until).map_or(found.newest, |newest| newest.at);
                }
            }
            let is_full = look.need <= 0 || first <= at.saturating_sub(look.need);
            if found.most >= look.least && is_full {
                break;
            }
        }
        found
    }

    /// Whether a target that fails would have given some of it.
    fn is_lost(&self, selector: &Selector) -> bool {
        self.targets.iter().filter_map(Watched::failing).any(|failing| failing.would_give(selector, self.store))
    }
}

/// What a selector finds.
#[derive(Default)]
struct Found {
    /// The oldest sample of all series that are meant, wherever it looks.
    oldest: Option<i64>,
    /// How many samples the fullest series has where it looks; no more than are needed are counted.
    most: usize,
    /// When the newest of those was taken.
    newest: i64,
    /// Which series that is.
    labels: Option<Labels>,
}

/// How many samples lie where a selector looks, up to `least`.
fn count(samples: Samples<'_>, look: Look, least: usize) -> usize {
    let newest = samples.newest(look.after, look.until);
    if least <= 1 && (newest.is_some() || look.need <= 0) {
        return usize::from(newest.is_some());
    }
    // A series that ended within a range was there for a part of it.
    if samples.last().is_none_or(|last| last.at <= look.after) {
        return 0;
    }
    let mut buffer = Vec::new();
    samples.between(look.after, look.until, &mut buffer);
    buffer.iter().filter(|sample| !is_stale(sample.value)).take(least).count()
}

impl lifecycle::World for World<'_> {
    fn evaluate(&mut self, expr: &str, at: i64) -> Outcome {
        let outcome = self.evaluated(expr, at);
        if let Some(place) = self.known.stood.get_mut(expr) {
            *place = outcome.as_ref().map_or(Stood::Failed, |evaluation| Stood::On(evaluation.basis.clone()));
        }
        outcome
    }

    fn append(&mut self, series: &Labels, at: i64, value: f64) {
        self.store.append(series, Sample { at, value });
    }

    fn judged(&mut self, expr: &str, at: i64) -> Option<Vec<Labels>> {
        let (mut found, mut asked) = (Vec::new(), BTreeSet::new());
        self.judge(expr, at, &mut asked, &mut found)?;
        Some(found)
    }

    fn ahead(&self) -> i64 {
        self.ahead
    }

    fn external_labels(&self) -> Labels {
        self.known.external_labels.clone()
    }
}

impl World<'_> {
    /// Adds what an expression judges, and the expressions that record what it asks for; none where it asks how alerts stand,
    /// which nobody can tell by their series.
    fn judge(&mut self, expr: &str, at: i64, asked: &mut BTreeSet<String>, found: &mut Vec<Labels>) -> Option<()> {
        if asked.len() >= MOST_ASKED || !asked.insert(expr.to_owned()) {
            return Some(());
        }
        let Ok(query) = self.known.query(expr) else { return Some(()) };
        let metrics: Vec<&str> = query.selectors().into_iter().filter_map(Selector::metric).collect();
        if metrics.iter().any(|metric| matches!(*metric, "ALERTS" | "ALERTS_FOR_STATE")) {
            return None;
        }
        let limits = Limits { ahead: self.ahead, ..LIMITS };
        let judged = query.judged(self.store, at, &limits).unwrap_or_default();
        if asked.len() == 1 {
            found.extend(judged);
        } else {
            // What is recorded and what it is recorded of are one.
            let bare = |labels: &Labels| labels.with(NAME, "");
            let known: BTreeSet<Labels> = found.iter().map(bare).collect();
            found.extend(judged.into_iter().filter(|labels| !known.contains(&bare(labels))));
        }
        let recorded = metrics.iter().filter_map(|metric| self.known.recorded.get(*metric));
        let recorded: Vec<String> = recorded.flatten().cloned().collect();
        recorded.iter().try_for_each(|expr| self.judge(expr, at, asked, found))
    }

    fn evaluated(&mut self, expr: &str, at: i64) -> Outcome {
        let query = self.known.query(expr)?;
        if let Some(why) = reaches(&query, self.store.limits().keep) {
            return Err(Failure::NotEvaluated(why));
        }
        let limits = Limits { ahead: self.ahead, ..LIMITS };
        let metrics = query.selectors().into_iter().filter_map(Selector::metric);
        let unready: Vec<String> =
            metrics.filter(|metric| self.known.unready(metric).is_some()).map(str::to_owned).collect();
        let (value, idle) = query
            .instant_or_idle(self.store, at, &limits, &mut self.known.memo, &unready)
            .map_err(|failed| Failure::Failed(Safe::of(failed.to_string())))?;
        let words = || Failure::Failed(Safe::of("only a vector or a scalar can be a rule's result"));
        let elements = value.into_elements().ok_or_else(words)?;
        let basis = self.basis(&query, at, idle.all && elements.is_empty());
        Ok(Evaluation { idle: idle.of, ..Evaluation::on(elements, basis) })
    }
}
