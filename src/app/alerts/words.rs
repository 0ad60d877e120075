//! What an alert says in words. Names, labels, annotations and expressions are outside text: here they pass the gate.

use std::time::Duration;

use crate::alerts::lifecycle::Gone;
use crate::app::panes::words_of;
use crate::app::table::Tone;
use crate::domain::signal::SignalValue;
use crate::domain::{Moment, Safe, figure};
use crate::metrics::labels::Labels;

use super::acknowledging::Seen;
use super::listing::{Entry, Stand};
use super::served::Origin;
use crate::alerts::severity::{LABEL, Severity};

/// Annotations that say it in a line, in the order in which they are taken.
const SUMMARIES: [&str; 3] = ["summary", "message", "description"];
/// Most characters of a summary.
const SUMMARY: usize = 300;
/// Most characters of the labels in a row.
const LABELS: usize = 120;

/// The colour of a state; the word stands beside it.
#[must_use]
pub fn tone(stand: Stand, severity: Severity) -> Tone {
    match stand {
        Stand::Firing if severity == Severity::Critical => Tone::Bad,
        Stand::Firing | Stand::Pending if severity > Severity::Info => Tone::Warn,
        // A watchdog that always fires calls nobody.
        Stand::Firing | Stand::Pending => Tone::Plain,
        Stand::Resolved | Stand::Ok => Tone::Ok,
        Stand::Error | Stand::NotEvaluated | Stand::NoData => Tone::Unknown,
        Stand::WarmingUp | Stand::NoTraffic | Stand::NoneYet => Tone::Dim,
    }
}

/// The colour of an entry: what went for another reason than that it is right again is not green.
#[must_use]
pub fn tone_of(entry: &Entry<'_>) -> Tone {
    if entry.stand == Stand::Resolved && !is_mended(entry) {
        return Tone::Unknown;
    }
    tone(entry.stand, entry.severity)
}

fn is_mended(entry: &Entry<'_>) -> bool {
    entry.alert.is_none_or(|alert| alert.gone == Gone::Mended)
}

/// Why an alert has gone, in few words; nothing where its value is right again.
#[must_use]
pub fn gone(gone: Gone) -> &'static str {
    match gone {
        Gone::Mended => "",
        Gone::Traffic => "no traffic",
        Gone::Data => "its series has gone",
    }
}

/// Its name, with the labels that tell it from the other alerts of its rule.
#[must_use]
pub fn name(entry: &Entry<'_>) -> Safe {
    let apart = apart(entry);
    if apart.is_empty() {
        return Safe::of(&entry.rule.name);
    }
    let pairs: Vec<String> = apart.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Safe::of(format!("{} {}", entry.rule.name, Safe::of(pairs.join(" ")).clipped(LABELS)))
}

/// The same for a row, where room is dear: values alone, and of a single alert no `job` beside something nearer.
#[must_use]
pub fn row_name(entry: &Entry<'_>) -> Safe {
    let mut apart = apart(entry);
    if is_alone(entry) && apart.len() > 1 {
        apart.retain(|(name, _)| *name != "job");
    }
    let values: Vec<&str> = apart.into_iter().map(|(_, value)| value).collect();
    let values = Safe::of(values.join(" ")).clipped(LABELS);
    Safe::of(format!("{} {values}", entry.rule.name).trim_end())
}

/// Whether its rule has no other alert.
#[must_use]
pub fn is_alone(entry: &Entry<'_>) -> bool {
    entry.rule.alerts.len() < 2
}

/// Labels that the rule itself does not give, and among several alerts only those that differ.
fn apart<'a>(entry: &Entry<'a>) -> Vec<(&'a str, &'a str)> {
    let Some(alert) = entry.alert else { return Vec::new() };
    let apart = entry.rule.apart();
    let is_given = |name: &str| name == "alertname" || name == LABEL || is_written(entry, name);
    let alone = is_alone(entry);
    let labels: Vec<(&str, &str)> = alert.labels.iter().collect();
    let free = labels.iter().copied().filter(|(name, _)| !is_given(name));
    let telling: Vec<_> = free.filter(|(name, _)| alone || apart.contains(*name)).collect();
    if telling.is_empty() && !alone {
        labels.into_iter().filter(|(name, _)| apart.contains(*name)).collect()
    } else {
        telling
    }
}

fn is_written(entry: &Entry<'_>, name: &str) -> bool {
    entry.rule.labels.iter().any(|(known, value)| known == name && !value.contains("{{"))
}

/// What it says to people, in a line; of a rule why it stands as it does.
#[must_use]
pub fn summary(entry: &Entry<'_>) -> Safe {
    if entry.alert.is_none() {
        return entry.why().unwrap_or_default();
    }
    let told = SUMMARIES.iter().find_map(|name| entry.annotation(name)).unwrap_or_default();
    let told = Safe::one_line(told.as_bytes()).clipped(SUMMARY);
    match entry.stand {
        Stand::NoData if told.as_str().is_empty() => Safe::of(gone(Gone::Data)),
        Stand::NoData => Safe::of(format!("{}; before: {told}", gone(Gone::Data))),
        _ => told,
    }
}

/// Its value: of a threshold in the unit of what it watches. One that is only known in part is told as a least one.
#[must_use]
pub fn value(entry: &Entry<'_>, now: Moment) -> Option<Safe> {
    // An Alertmanager is sent no values.
    let alert = entry.alert.filter(|_| entry.by != Origin::Alertmanager)?;
    let words = value_of(entry, alert.value, now);
    Some(if alert.is_least { Safe::of(format!(">={words}")) } else { words })
}

/// A value of what it watches.
#[must_use]
pub fn value_of(entry: &Entry<'_>, value: f64, now: Moment) -> Safe {
    match entry.own {
        Some(own) if own.is_state() => Safe::of(own.state_word(value)),
        Some(own) if own.unit.is_percent() => Safe::of(figure::percent(value)),
        Some(own) => words_of(&SignalValue::Number(value), own.unit.0.as_str(), now),
        None => Safe::of(match written_unit(entry) {
            Some(Unit::Share) => figure::percent(value),
            Some(Unit::Seconds) if value >= 0.0 => figure::duration(Duration::from_secs_f64(value.clamp(0.0, 1e9))),
            _ => figure::number(value),
        }),
    }
}

/// What a rule's value is, as its own annotations write it.
enum Unit {
    Share,
    Seconds,
}

fn written_unit(entry: &Entry<'_>) -> Option<Unit> {
    let is = |word: &str| {
        entry.rule.annotations.iter().any(|(_, text)| {
            text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).any(|(inside, _)| {
                let mut parts = inside.trim_matches(['-', ' ']).split('|').map(str::trim);
                parts.next() == Some("$value") && parts.next() == Some(word)
            })
        })
    };
    if is("humanizePercentage") { Some(Unit::Share) } else { is("humanizeDuration").then_some(Unit::Seconds) }
}

/// Labels as PromQL writes them.
#[must_use]
pub fn labels(labels: &Labels) -> Safe {
    Safe::of(labels.to_string())
}

/// What is to be done about it, or was: in the fewest words first.
#[must_use]
pub fn notice(entry: &Entry<'_>, seen: &Seen, now: Moment) -> (Safe, Tone) {
    let (words, tone) = match (entry.stand, seen) {
        (_, Seen::Silenced { left, .. }) => (format!("silent {}", left_words(*left)), Tone::Dim),
        (_, Seen::Inhibited) => ("inhibited".to_owned(), Tone::Dim),
        (_, Seen::By { who, ago }) => (format!("{who}, {} ago", figure::age(*ago)), Tone::Dim),
        (Stand::Firing, Seen::Late { after }) => (format!("not acknowledged for {}", left_words(*after)), Tone::Bad),
        (Stand::Firing, Seen::Due { left }) => (format!("due in {}", left_words(*left)), Tone::Plain),
        (Stand::Pending, _) => {
            let left = entry.since(now).map(|lasted| entry.rule.hold.saturating_sub(lasted));
            (format!("fires {}", left_words(left.unwrap_or_default())), Tone::Dim)
        }
        (Stand::Resolved, _) if !is_mended(entry) => {
            (entry.alert.map_or("", |alert| gone(alert.gone)).to_owned(), Tone::Unknown)
        }
        (Stand::NoData, _) if entry.alert.is_some() => {
            (format!("series gone {}", figure::age(entry.since(now).unwrap_or_default())), Tone::Unknown)
        }
        _ => (String::new(), Tone::Dim),
    };
    let kept = entry.alert.and_then(|alert| alert.kept_since).filter(|_| entry.stand == Stand::Firing);
    let is = if is_mended(entry) { "good" } else { "no data" };
    let words = match kept.map(|since| super::ago(entry.told, since, now)) {
        Some(gone) if words.is_empty() => format!("kept firing, {is} for {}", figure::age(gone)),
        Some(gone) => format!("{words}; kept firing, {is} for {}", figure::age(gone)),
        None => words,
    };
    (Safe::of(words), tone)
}

/// A time that is left, in whole minutes while there are some: a countdown that moves each second is seen by nobody.
#[must_use]
pub fn left_words(left: Duration) -> String {
    let minutes = left.as_secs() / 60;
    match minutes {
        0..2 => figure::age(left),
        2..60 => format!("{minutes}m"),
        _ => format!("{}h{:02}m", minutes / 60, minutes % 60),
    }
}

/// `HighLatency firing 2m10s: p95 is 1.2 s`.
#[must_use]
pub fn line(entry: &Entry<'_>, now: Moment) -> Safe {
    let since = entry.since(now).map_or_else(String::new, |since| format!(" {}", figure::age(since)));
    let summary = summary(entry);
    let colon = if summary.as_str().is_empty() { "" } else { ": " };
    Safe::of(format!("{} {}{since}{colon}{summary}", name(entry), entry.stand.word()))
}

/// How long before it fires, and how long it goes on.
#[must_use]
pub fn lasting(hold: Duration) -> Safe {
    if hold.is_zero() { Safe::of("at once") } else { Safe::of(figure::span(hold)) }
}
