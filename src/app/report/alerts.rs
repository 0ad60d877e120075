//! Alerts in `check`: each that is there, and each rule of which it is not known how it stands. What is ok is a count. A
//! silence changes nothing here.

use serde_json::{Value, json};

use crate::app::Model;
use crate::app::alerts::listing::{self, Entry, Stand};
use crate::app::alerts::served::{self, Origin};
use crate::app::alerts::words;
use crate::domain::{Moment, Safe, Verdict};

use super::{finite, to_value};

/// Most that are listed.
const MOST: usize = 1000;

/// Alerts and rules, worst first, each with what it says about the whole; and their values as the screen writes them.
pub fn listed(model: &Model) -> (Vec<(Option<Verdict>, Value)>, Vec<Safe>) {
    let now = model.now;
    let told = listing::ranked(&model.live, now).into_iter().filter(|entry| !is_quiet(entry));
    let one = |entry: Entry<'_>| {
        let figure = words::value(&entry, now).unwrap_or_default();
        ((entry.verdict(), one(model, &entry, now)), figure)
    };
    told.take(MOST).map(one).unzip()
}

/// How many are not listed because there are too many.
pub fn left_out(model: &Model) -> usize {
    let told = listing::all(&model.live, model.now).filter(|entry| !is_quiet(entry));
    told.count().saturating_sub(MOST)
}

/// What rules say about the whole beside what is listed: ok where one is, unknown where none could be read.
pub fn beside(model: &Model) -> Vec<Verdict> {
    let ok = listing::all(&model.live, model.now).any(|entry| entry.stand == Stand::Ok);
    let metrics = &model.live.metrics;
    let broken = metrics.alerts.as_ref().is_some_and(|told| !told.problems.is_empty());
    let mut unread = metrics.alerts.is_none() && !metrics.rules.is_empty();
    let live = &model.live;
    // Who is silent tells nothing of its alerts.
    let engines = [&live.prometheus, &live.alertmanager].into_iter().flatten();
    unread |= engines.clone().any(|engine| !engine.state(model.now).is_fresh() || engine.leaves_rules_out());
    let ok = ok || engines.clone().next().is_some();
    ok.then_some(Verdict::Ok).into_iter().chain((broken || unread).then_some(Verdict::Unknown)).collect()
}

/// How many rules are ok, and why what was read last is not in force.
pub fn lines(model: &Model) -> Vec<Safe> {
    let once = |entry: &listing::Entry<'_>| entry.stand == Stand::Ok && !served::is_twin(&model.live, entry);
    let ok = listing::all(&model.live, model.now).filter(once).count();
    let mut out = Vec::new();
    if ok > 0 {
        out.push(Safe::of(format!("ok       alerts   {ok} rule{}", if ok == 1 { "" } else { "s" })));
    }
    for (engine, by) in [(&model.live.prometheus, Origin::Prometheus), (&model.live.alertmanager, Origin::Alertmanager)]
    {
        let Some(engine) = engine else { continue };
        let state = engine.state(model.now);
        let word = if state.is_fresh() { "ok     " } else { "unknown" };
        let told = if state.is_fresh() { engine.words() } else { state.words() };
        out.push(Safe::of(format!("{word}  {:<8} {}: {told}", by.word(), engine.address)));
    }
    let more = left_out(model);
    if more > 0 {
        out.push(Safe::of(format!("         alerts   {more} more are not listed: the worst {MOST} are")));
    }
    let problems = model.live.metrics.alerts.iter().flat_map(|told| &told.problems);
    out.extend(problems.take(MOST).map(|problem| Safe::of(format!("unknown  rules    {}", problem.line()))));
    out
}

fn is_quiet(entry: &Entry<'_>) -> bool {
    matches!(entry.stand, Stand::Ok | Stand::Resolved)
}

/// Who evaluated it; of an Alertmanager nobody knows.
fn evaluated_by(model: &Model, entry: &Entry<'_>) -> Option<&'static str> {
    match entry.by {
        Origin::Rules => Some(model.live.metrics.by.word()),
        Origin::Prometheus => Some(Origin::Prometheus.word()),
        Origin::Threshold | Origin::Alertmanager => None,
    }
}

fn one(model: &Model, entry: &Entry<'_>, now: Moment) -> Value {
    let pairs = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> Value {
        pairs.map(|(name, value)| (Safe::of(name).to_string(), to_value(Safe::of(value)))).collect()
    };
    let labels = match entry.alert {
        Some(alert) => pairs(&mut alert.labels.iter()),
        None => pairs(&mut entry.rule.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
    };
    let since = entry.since(now).and_then(|since| {
        let at = now.wall.checked_sub_signed(chrono::TimeDelta::from_std(since).ok()?)?;
        Some(at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    });
    let detail = words::summary(entry);
    json!({
        "name": to_value(Safe::of(&entry.rule.name)),
        "origin": entry.by.word(),
        "evaluated_by": evaluated_by(model, entry),
        "state": entry.stand.word(),
        "severity": to_value(Safe::of(entry.severity_word())),
        "value": finite(entry.alert.map(|alert| alert.value)),
        "value_is_least": entry.alert.is_some_and(|alert| alert.is_least),
        "same_as": served::is_twin(&model.live, entry).then(|| Origin::Rules.word()),
        "since": since,
        "labels": labels,
        "for_seconds": (entry.stand == Stand::Pending).then_some(entry.rule.hold.as_secs_f64()),
        "detail": (!detail.as_str().is_empty()).then(|| to_value(&detail)),
    })
}
