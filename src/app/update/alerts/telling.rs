//! What happened to alerts since the last time: a row of the timeline each, one mark on the charts, the watch after an action,
//! and a bell where that was asked for.

use std::time::Duration;

use crate::alerts::lifecycle::{Alert, Change, Gone, What};
use crate::alerts::severity::{LABEL, Severity};
use crate::app::alerts::{acknowledging, ago, words};
use crate::app::document::Document;
use crate::app::table::Tone;
use crate::app::timeline::{Draft, Kind};
use crate::app::update::{actions, timeline};
use crate::app::{Effect, Model};
use crate::domain::Safe;
use crate::engine::alerts::{AlertsTold, RuleTold};

use super::ringing;

/// Changes of one telling that get a row each.
const ROWS: usize = 50;
/// Alerts that a mark names.
const NAMED: usize = 3;

/// Rules and alerts were told.
pub fn told(model: &mut Model, told: &AlertsTold) -> Vec<Effect> {
    let taken_up = told.changes.iter().any(|change| change.what == What::Restored);
    let fires_on = |change: &Change| taken_up && fired_before(told, change);
    let drafts = told.changes.iter().filter_map(|change| draft(told, change, &fires_on));
    let mut drafts: Vec<Draft> = drafts.take(ROWS + 1).collect();
    if drafts.len() > ROWS {
        drafts.truncate(ROWS);
        let words = format!("{} changes of alerts at once; these are the first {ROWS}", told.changes.len());
        drafts.push(Draft::new(Kind::Alert, "many", Tone::Warn, words));
    }
    let now = model.now;
    for draft in drafts {
        model.timeline.push(now, draft);
    }
    let fired = told.changes.iter().filter(|change| change.what == What::Firing && !fires_on(change));
    let fired: Vec<&Change> = fired.collect();
    let over = told.changes.iter().filter(|change| matches!(change.what, What::Resolved { .. }));
    let (lost, over): (Vec<&Change>, Vec<&Change>) =
        over.partition(|change| matches!(change.what, What::Resolved { gone: Gone::Data }));
    for (changes, word) in [(&fired, "firing"), (&over, "resolved"), (&lost, "no data")] {
        if !changes.is_empty() {
            timeline::mark_charts(model, now, &mark(changes, word));
        }
    }
    let held = |change: &Change| alert_of(told, change).map_or(Duration::ZERO, |alert| ago(told, alert.active_at, now));
    let named: Vec<(Safe, Duration)> = fired.iter().map(|change| (named(change), held(change))).collect();
    let mut effects = actions::alerts_fired(model, &named);
    ringing::began(model, &fired);
    effects.extend(ringing::ring(model));
    let seen = model.alerts.acknowledged.len();
    acknowledging::forget(model);
    if model.alerts.acknowledged.len() != seen {
        effects.extend(super::keep(model));
    }
    effects
}

/// `PoolExhausted, HighLatency and 2 more firing`.
fn mark(changes: &[&Change], word: &str) -> Safe {
    let mut names: Vec<&str> = changes.iter().map(|change| change.rule.as_str()).collect();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    Safe::of(format!("{}{more} {word}", names.join(", ")))
}

fn named(change: &Change) -> Safe {
    let labels = change.labels.filtered(|name| name != "alertname" && name != LABEL);
    let labels = if labels.is_empty() { String::new() } else { format!(" {labels}") };
    Safe::of(format!("{}{labels}", change.rule)).clipped(200)
}

/// The alert that a change is about, as it is now.
fn alert_of<'a>(told: &'a AlertsTold, change: &Change) -> Option<&'a Alert> {
    let mut rules = told.rules.iter().filter(|rule| rule.name == change.rule);
    let within = |rule: &'a RuleTold| {
        // They stand in the order of their labels; whoever tells them otherwise is searched through.
        let at = rule.alerts.binary_search_by(|alert| alert.labels.cmp(&change.labels)).ok();
        at.and_then(|at| rule.alerts.get(at)).or_else(|| rule.alerts.iter().find(|alert| alert.labels == change.labels))
    };
    rules.find_map(within)
}

/// Whether it fired before: where something was taken up, it only goes on since before a restart.
fn fired_before(told: &AlertsTold, change: &Change) -> bool {
    alert_of(told, change).and_then(|alert| alert.fired_at).is_some_and(|fired| fired < change.at)
}

fn fires_at_once(told: &AlertsTold, change: &Change) -> bool {
    let mut same = told.changes.iter().filter(|other| other.rule == change.rule && other.labels == change.labels);
    same.any(|other| other.what == What::Firing)
}

/// A row of the timeline; none for what only takes up again.
fn draft(told: &AlertsTold, change: &Change, fires_on: &impl Fn(&Change) -> bool) -> Option<Draft> {
    let severity = Severity::of(change.labels.get(LABEL));
    let firing = if severity == Severity::Critical { Tone::Bad } else { Tone::Warn };
    let (word, tone, why) = match &change.what {
        What::Pending => ("pending", Tone::Dim, None),
        What::Firing if fires_on(change) => ("fires on", firing, None),
        What::Firing => ("firing", firing, None),
        What::Kept => {
            let is = alert_of(told, change).map_or("", |alert| words::gone(alert.gone));
            let is = if is.is_empty() { "its value is good again" } else { is };
            ("kept firing", Tone::Warn, Some(Safe::of(format!("{is}; it goes on for a while"))))
        }
        What::Resolved { gone: Gone::Mended } => ("resolved", Tone::Ok, None),
        What::Resolved { gone: Gone::Data } => {
            let why = format!("{}: nobody knows whether it is right again", words::gone(Gone::Data));
            ("no data", Tone::Unknown, Some(Safe::of(why)))
        }
        What::Resolved { gone } => ("resolved", Tone::Unknown, Some(Safe::of(words::gone(*gone)))),
        What::Dropped => ("not firing", Tone::Dim, Some(Safe::of("it was pending and has gone"))),
        What::BackToPending => ("pending", Tone::Warn, Some(Safe::of("the rule wants it to last longer now"))),
        // What fires on at once is one row, and that one says so.
        What::Restored if fires_at_once(told, change) => return None,
        What::Restored => ("pending", Tone::Dim, Some(Safe::of("since before a restart"))),
        What::Cleared(why) => ("cleared", Tone::Unknown, Some(why.clone())),
        What::Failed(why) => ("error", Tone::Unknown, Some(why.clone())),
        What::Recovered => ("works again", Tone::Ok, None),
    };
    let alert = alert_of(told, change);
    let mut detail = Document::new("");
    if let Some(alert) = alert {
        detail.field("value", crate::domain::figure::number(alert.value), Tone::Plain);
        for (name, text) in &alert.annotations {
            detail.field(Safe::of(name).clipped(18).as_str(), Safe::of(text).clipped(1000), Tone::Plain);
        }
    }
    detail.field("labels", words::labels(&change.labels), Tone::Plain);
    let summary = alert.and_then(|alert| {
        let of =
            |wanted: &str| alert.annotations.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.as_str());
        of("summary").or_else(|| of("description"))
    });
    let more = why.or_else(|| summary.map(|text| Safe::one_line(text.as_bytes())));
    let more = more.map(|more| format!(": {}", more.clipped(200))).unwrap_or_default();
    let draft = Draft::new(Kind::Alert, word, tone, Safe::of(format!("{}{more}", named(change))));
    Some(Draft { detail: Some(detail), ..draft })
}
