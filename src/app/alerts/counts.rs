//! How many alerts there are by what is to be done about them: the alert strip, wherever one looks. What somebody saw and
//! what is silenced is counted apart and never left out.

use std::time::Duration;

use crate::alerts::severity::Severity;
use crate::app::Model;
use crate::app::document::{Line, Span};
use crate::app::table::Tone;
use crate::app::telemetry::Telemetry;
use crate::domain::{Moment, Safe, Verdict};

use super::Alerts;
use super::acknowledging::Seen;
use super::listing::{self, Stand};
use super::served;
use super::words;

/// The counts. Every active alert is in exactly one of the first four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Fire, and nobody has seen them.
    pub firing: usize,
    /// Are pending.
    pub pending: usize,
    /// Fire or are pending, and somebody saw them.
    pub acknowledged: usize,
    /// Of those that somebody saw: how many fire on.
    pub acknowledged_firing: usize,
    /// Fire or are pending, and are silenced.
    pub silenced: usize,
    /// Of those that are silenced: how many fire on.
    pub silenced_firing: usize,
    /// Fire or are pending, and another alert keeps them back at their Alertmanager.
    pub inhibited: usize,
    /// Of those that are inhibited: how many fire on.
    pub inhibited_firing: usize,
    /// Of those that fire and that nobody has seen: the worst.
    pub worst: Option<Severity>,
    /// The same of those that are pending.
    pub worst_pending: Option<Severity>,
    /// Nobody saw one of them for too long.
    pub late: usize,
    /// Rules that fail.
    pub error: usize,
    /// Rules that are not evaluated.
    pub not_evaluated: usize,
    /// Rules without data, and alerts that fired and lost theirs a while ago.
    pub no_data: usize,
    /// Rules that are ok, warm up or have no traffic.
    pub quiet: usize,
    /// Rules that are ok.
    pub ok: usize,
    /// Alerts that resolved a while ago.
    pub resolved: usize,
    /// The longest that nobody has looked at a rule, where that is too long.
    pub unlooked: Option<Duration>,
    /// The worst that any of them says about the whole, a silence or not: as `check` has it.
    pub verdict: Option<Verdict>,
}

impl Counts {
    /// Of what is known now: counted once, until something happens.
    #[must_use]
    pub fn now(model: &Model) -> Counts {
        *model.alerts.counted.get_or_init(|| Counts::of(&model.live, &model.alerts, model.now))
    }

    /// Of what is known.
    #[must_use]
    pub fn of(telemetry: &Telemetry, alerts: &Alerts, now: Moment) -> Counts {
        let mut counts = Counts::default();
        for entry in listing::all(telemetry, now) {
            counts.unlooked = counts.unlooked.max(entry.unlooked);
            counts.verdict = counts.verdict.max(entry.verdict());
            // One rule that two evaluate is one.
            if served::is_twin(telemetry, &entry) {
                continue;
            }
            let seen = if entry.is_active() { alerts.seen(&entry, now) } else { Seen::Needless };
            match (entry.stand, seen) {
                (stand @ (Stand::Firing | Stand::Pending), Seen::Silenced { .. }) => {
                    counts.silenced += 1;
                    counts.silenced_firing += usize::from(stand == Stand::Firing);
                }
                (stand @ (Stand::Firing | Stand::Pending), Seen::Inhibited) => {
                    counts.inhibited += 1;
                    counts.inhibited_firing += usize::from(stand == Stand::Firing);
                }
                (stand @ (Stand::Firing | Stand::Pending), Seen::By { .. }) => {
                    counts.acknowledged += 1;
                    counts.acknowledged_firing += usize::from(stand == Stand::Firing);
                }
                (Stand::Firing, seen) => {
                    counts.firing += 1;
                    counts.worst = counts.worst.max(Some(entry.severity));
                    counts.late += usize::from(matches!(seen, Seen::Late { .. }));
                }
                (Stand::Pending, _) => {
                    counts.pending += 1;
                    counts.worst_pending = counts.worst_pending.max(Some(entry.severity));
                }
                (Stand::Resolved, _) => counts.resolved += 1,
                (Stand::Error, _) => counts.error += 1,
                (Stand::NotEvaluated, _) => counts.not_evaluated += 1,
                (Stand::NoData, _) => counts.no_data += 1,
                (Stand::WarmingUp | Stand::NoTraffic | Stand::NoneYet, _) => counts.quiet += 1,
                (Stand::Ok, _) => {
                    counts.quiet += 1;
                    counts.ok += 1;
                }
            }
        }
        counts
    }

    /// Alerts that are there, whatever was done about them.
    #[must_use]
    pub fn active(&self) -> usize {
        self.firing + self.pending + self.acknowledged + self.silenced + self.inhibited
    }

    /// Each that is not nothing, with its word.
    #[must_use]
    pub fn parts(&self) -> Vec<(usize, &'static str, Tone)> {
        let tone = |stand: Stand, worst: Option<Severity>| words::tone(stand, worst.unwrap_or(Severity::Nothing));
        let all = [
            (self.firing, "firing", tone(Stand::Firing, self.worst)),
            (self.pending, "pending", tone(Stand::Pending, self.worst_pending)),
            // What a person did about it does not end it: the word for what it does stays.
            (
                self.acknowledged,
                fires_on(self.acknowledged, self.acknowledged_firing, ["seen", "seen (firing)", "seen (some firing)"]),
                Tone::Dim,
            ),
            (
                self.silenced,
                fires_on(
                    self.silenced,
                    self.silenced_firing,
                    ["silenced", "silenced (firing)", "silenced (some firing)"],
                ),
                Tone::Dim,
            ),
            (
                self.inhibited,
                fires_on(
                    self.inhibited,
                    self.inhibited_firing,
                    ["inhibited", "inhibited (firing)", "inhibited (some firing)"],
                ),
                Tone::Dim,
            ),
            (self.error, "error", Tone::Unknown),
            (self.not_evaluated, "not evaluated", Tone::Unknown),
            (self.no_data, "no data", Tone::Unknown),
        ];
        all.into_iter().filter(|(count, ..)| *count > 0).collect()
    }
}

fn fires_on(of: usize, firing: usize, [none, all, some]: [&'static str; 3]) -> &'static str {
    match firing {
        0 => none,
        firing if firing == of => all,
        _ => some,
    }
}

/// `ALERTS 2 firing 1 pending 1 silenced`; nothing where there is nothing to say. On a narrow screen it is not shorter.
#[must_use]
pub fn strip(counts: &Counts) -> Line {
    let mut parts = counts.parts();
    if counts.active() > 0 {
        // Room is for what fires: why others are not known their page tells.
        parts.retain(|(.., tone)| *tone != Tone::Unknown);
        let unknown = counts.error + counts.not_evaluated + counts.no_data;
        parts.extend((unknown > 0).then_some((unknown, "unknown", Tone::Unknown)));
    }
    let Some((_, _, tone)) = parts.first() else { return Line::new() };
    let word = if counts.active() > 0 { "ALERTS" } else { "alerts:" };
    let mut out = vec![Span { text: Safe::of(word), tone: *tone }];
    for (count, word, tone) in parts {
        out.push(Span { text: Safe::of(format!(" {count} {word}")), tone });
    }
    out
}
