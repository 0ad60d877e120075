//! What alerts add to the list of what is wrong: those that fire or are pending and are not silenced, and in one line rules of
//! which nobody knows how they stand.

use crate::app::Model;
use crate::app::concerns::Concern;
use crate::domain::{PaneState, Safe, Verdict, figure};

use super::acknowledging::Seen;
use super::counts::Counts;
use super::listing::{self, Entry};
use super::words;

/// Alerts that are told by name; of more only the count is.
const MOST: usize = 30;

/// What is wrong, worst first.
#[must_use]
pub fn concerns(model: &Model, counts: &Counts) -> Vec<Concern> {
    let now = model.now;
    let mut found = Vec::new();
    let mut left = 0;
    for (entry, verdict) in told(model) {
        if found.len() >= MOST {
            left += 1;
            continue;
        }
        let since = entry.since(now).unwrap_or_default();
        let since = crate::domain::Moment { boot: now.boot.saturating_sub(since), wall: now.wall };
        found.push(Concern { verdict, since, words: words::line(&entry, now) });
    }
    if left > 0 {
        let words = Safe::of(format!("{left} more alerts"));
        found.push(Concern { verdict: Verdict::Degraded, since: now, words });
    }
    let unknown =
        [(counts.error, "in error"), (counts.not_evaluated, "not evaluated"), (counts.no_data, "without data")];
    let unknown: Vec<String> =
        unknown.iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}")).collect();
    if !unknown.is_empty() {
        let looked =
            counts.unlooked.map_or_else(String::new, |age| format!(", last looked at {} ago", figure::age(age)));
        let words = Safe::of(format!("alert rules: {}{looked}", unknown.join(", ")));
        found.push(Concern { verdict: Verdict::Unknown, since: now, words });
    }
    let engines = [(&model.live.prometheus, "prometheus"), (&model.live.alertmanager, "alertmanager")];
    for (engine, word) in engines {
        let state = engine.as_ref().map(|engine| engine.state(now));
        let Some(state) = state.filter(|state| !state.is_fresh() && !matches!(state, PaneState::Loading { .. })) else {
            continue;
        };
        let since = if let PaneState::Error { since, .. } = &state { *since } else { now };
        let words = Safe::of(format!("{word}: {}", state.words()));
        found.push(Concern { verdict: Verdict::Unknown, since, words });
    }
    found
}

/// Alerts that are told at the foot of every page: what is silenced is counted in the strip alone.
#[must_use]
pub fn told(model: &Model) -> Vec<(Entry<'_>, Verdict)> {
    let now = model.now;
    let mut found: Vec<(Entry<'_>, Verdict, bool)> = listing::all(&model.live, now)
        .filter(Entry::is_active)
        .filter_map(|entry| match model.alerts.seen(&entry, now) {
            Seen::Silenced { .. } | Seen::Inhibited => None,
            seen => Some((entry, entry.verdict()?, matches!(seen, Seen::By { .. }))),
        })
        .collect();
    found.sort_by_cached_key(|(entry, verdict, seen)| {
        (std::cmp::Reverse(*verdict), entry.stand, *seen, entry.since(now))
    });
    found.into_iter().map(|(entry, verdict, _)| (entry, verdict)).collect()
}
