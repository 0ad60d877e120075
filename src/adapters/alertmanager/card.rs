//! What is read of an Alertmanager for the card of a silence: what it is about, who made it and why, what it keeps back now, and
//! who is called or not called for that.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Alertmanager;
use super::silences::Found;
use crate::adapters::http::client::HttpClients;
use crate::domain::served::{Routed, RoutedAlert};
use crate::domain::{Cause, Safe, Untrusted, figure};
use crate::remediation::card::Preview;
use crate::remediation::silencing::{self, Silencing, Wanted};
use crate::remediation::step::{HttpStep, Work};
use crate::remediation::written;

/// Alerts, and receivers, that are named.
const NAMED: usize = 8;
/// Most characters of a line.
const LINE: usize = 200;

/// Looks at what a request would make or end; `now` is in milliseconds of Unix.
///
/// # Errors
/// Why it could not be read: nothing is known of it then.
pub async fn preview(
    clients: &HttpClients,
    request: &HttpStep,
    now: i64,
    deadline: Duration,
) -> Result<Preview, Cause> {
    let Some(asked) = Silencing::of(request) else {
        return Err(Cause::Misconfigured(Safe::of("this request is about no silence")));
    };
    let (manager, begun) = (Alertmanager::of(request, clients), Instant::now());
    let left = || deadline.saturating_sub(begun.elapsed());
    let routed = manager.read(left()).await?;
    let mut preview = written::of(&Work::Silence(Box::new(request.clone())));
    match &asked {
        Silencing::End(id) => of_end(&mut preview, id, manager.find(id, left()).await?, &routed, now),
        Silencing::Make(wanted) => {
            let like = manager.like(wanted, left()).await?;
            of_new(&mut preview, wanted, like.len(), &routed, now);
        }
    }
    if let Some(version) = manager.version(left()).await {
        let read = preview.identity.facts.iter_mut().find(|(name, _)| *name == "known by");
        if let Some((_, words)) = read {
            *words = Untrusted::from(format!("its answer: Alertmanager {version}"));
        }
    }
    Ok(preview)
}

fn of_end(preview: &mut Preview, id: &str, found: Option<Found>, routed: &Routed, now: i64) {
    let Some(Found { silence, expired }) = found else {
        let words = format!("the Alertmanager knows no silence {id}");
        return preview.obstacles.push(Safe::one_line(words.as_bytes()));
    };
    let told = &mut preview.told;
    told.push(("labels", line(&silence.matchers)));
    told.push(("by", line(&silence.by)));
    told.push(("because", line(&silence.comment)));
    let begins = match silence.starts_at {
        Some(at) if at > now => format!(", begins in {}", away(at, now)),
        _ => String::new(),
    };
    told.push(("from", Safe::of(format!("{}{begins}", seconds(silence.starts_at)))));
    let until = seconds(silence.ends_at);
    if expired {
        told.push(("until", Safe::of(format!("{until}: it is over"))));
        return preview.obstacles.push(Safe::of(format!("it is over since {until}: there is nothing to end")));
    }
    let left = silence.ends_at.map_or_else(String::new, |at| format!(", ends in {}", away(at, now)));
    told.push(("until", Safe::of(format!("{until}{left}"))));
    let kept: Vec<&RoutedAlert> =
        routed.alerts.iter().filter(|alert| alert.silenced_by.contains(&silence.id)).collect();
    let alone = |alert: &&&RoutedAlert| alert.silenced_by.len() == 1 && !alert.inhibited;
    let freed: Vec<&RoutedAlert> = kept.iter().filter(alone).copied().collect();
    let stay = kept.len() - freed.len();
    let stay = if stay == 0 { String::new() } else { format!("; {stay} stay kept back otherwise") };
    let ends = match freed.len() {
        0 => "nobody is called now".to_owned(),
        count => format!("{} called again for {count} of them", receivers(&freed)),
    };
    told.push(("ending it", Safe::one_line(format!("{ends}{stay}").as_bytes()).clipped(LINE)));
    keeps(told, "It keeps back now", &kept, routed, now);
    preview.standing = Some(Safe::of(format!("it holds until {until}")));
    preview.objects.push(silencing::object(&silence));
}

fn of_new(preview: &mut Preview, wanted: &Wanted, like: usize, routed: &Routed, now: i64) {
    let told = &mut preview.told;
    told.push(("labels", line(&wanted.matchers())));
    told.push(("by", line(&wanted.by)));
    told.push(("because", line(&wanted.comment)));
    match wanted.ends_at {
        None => preview.obstacles.push(Safe::of("until is no time; write it as 2026-01-02T15:00:00Z")),
        Some(at) if at <= now => {
            preview.obstacles.push(Safe::of(format!("until {} is over already", silencing::time(Some(at)))));
        }
        Some(at) => {
            told.push(("until", Safe::of(format!("{}, ends in {}", silencing::time(Some(at)), away(at, now)))));
        }
    }
    let kept: Vec<&RoutedAlert> = routed.alerts.iter().filter(|alert| wanted.is_about(&alert.labels)).collect();
    let called: Vec<&RoutedAlert> =
        kept.iter().filter(|alert| alert.silenced_by.is_empty() && !alert.inhibited).copied().collect();
    let words = match called.len() {
        0 => "nobody is called for any of them as it is".to_owned(),
        count => format!("{} called no more for {count} of them", receivers(&called)),
    };
    told.push(("making it", Safe::one_line(words.as_bytes()).clipped(LINE)));
    keeps(told, "It would keep back now", &kept, routed, now);
    if like > 0 {
        let plural = if like == 1 { " is" } else { "s are" };
        preview.warnings.push(Safe::of(format!("{like} just like it{plural} there already")));
    }
    preview.standing = Some(Safe::of("not there"));
}

/// How many are kept back, and some of them.
fn keeps(told: &mut Vec<(&'static str, Safe)>, head: &str, kept: &[&RoutedAlert], routed: &Routed, now: i64) {
    let (count, all) = (kept.len(), routed.alerts.len());
    let more = if routed.left_out == 0 { String::new() } else { ", as far as it could be read".to_owned() };
    told.push(("", Safe::of(format!("{head} {count} of {all} alerts that are there{more}"))));
    for alert in kept.iter().take(NAMED) {
        let (name, others): (Vec<_>, Vec<_>) = alert.labels.iter().partition(|(name, _)| name == "alertname");
        let name = name.first().map_or("", |(_, name)| name.as_str());
        let others: Vec<String> = others.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let age = alert.starts_at.map_or_else(String::new, |at| format!(" for {}", away(now, at)));
        let words = format!("{name}{age}  {}", others.join(" "));
        told.push(("", Safe::of(format!("  {}", Safe::one_line(words.as_bytes()).clipped(LINE)))));
    }
    if count > NAMED {
        told.push(("", Safe::of(format!("  and {} more", count - NAMED))));
    }
}

/// `team-db (2) and team-web (1) are`
fn receivers(alerts: &[&RoutedAlert]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for receiver in alerts.iter().flat_map(|alert| &alert.receivers) {
        *counts.entry(receiver).or_default() += 1;
    }
    let left = counts.len().saturating_sub(NAMED);
    let mut named: Vec<String> = counts.iter().take(NAMED).map(|(name, count)| format!("{name} ({count})")).collect();
    if left > 0 {
        named.push(format!("{left} more"));
    }
    let are = if named.len() == 1 { "is" } else { "are" };
    format!("{} {are}", if named.is_empty() { "whoever it knows".to_owned() } else { named.join(", ") })
}

/// People do not count in thousandths of a second.
fn seconds(at: Option<i64>) -> String {
    silencing::time(at.map(|at| at - at.rem_euclid(1000)))
}

fn away(at: i64, from: i64) -> String {
    figure::age(Duration::from_millis(u64::try_from(at.saturating_sub(from)).unwrap_or(0)))
}

fn line(text: &str) -> Safe {
    Safe::one_line(text.as_bytes()).clipped(LINE)
}
