//! The course of what an alert measures, with its threshold as a line: of a rule the engine is asked for it, of a threshold
//! the readings tell it.

use std::sync::Arc;
use std::time::Duration;

use crate::alerts::rules::By;
use crate::alerts::sides;
use crate::app::limit::Limit;
use crate::app::pane::Chart;
use crate::app::telemetry::Telemetry;
use crate::app::{Effect, Model};
use crate::domain::database::Slots;
use crate::domain::threshold::Threshold;
use crate::domain::{Moment, Safe, figure};
use crate::engine::Question;
use crate::engine::output::Answer;
use crate::metrics::labels::{Labels, NAME};
use crate::metrics::series::{Series, Slot};
use crate::remediation::measure::{Expectation, Measure};
use crate::remediation::shown::Shown;

use super::listing::Entry;
use super::served::Origin;
use super::words;

/// Points of a chart.
const POINTS: usize = 120;
/// Series that are asked for: the one of the alert is among them.
const SERIES: usize = 50;
/// What is seen of the past at least, and at most.
const SPAN: (Duration, Duration) = (Duration::from_secs(600), Duration::from_secs(4 * 3600));
/// It is asked for anew so often while somebody looks.
const AGAIN: Duration = Duration::from_secs(15);
/// Buckets of a reading's own course.
const BUCKETS: usize = 120;

/// What was asked and answered for the alert that is looked at.
#[derive(Clone, Debug)]
pub struct Course {
    /// Of which alert.
    pub key: u64,
    /// Number of the question that is under way, or was last.
    pub id: u64,
    /// When it was asked.
    asked: Moment,
    /// The answer.
    answer: Option<Result<Answer, Safe>>,
}

impl Course {
    /// Takes an answer, if it is to this.
    pub fn take(&mut self, id: u64, answer: &Result<Answer, Safe>) {
        if self.id == id {
            self.answer = Some(answer.clone());
        }
    }
}

/// Asks for the course of an alert, where the engine knows it and it was not asked for a moment ago.
pub fn ask(model: &mut Model, key: u64) -> Option<Effect> {
    let now = model.now;
    let (telemetry, shown_at) = model.shown();
    let entry = super::listing::find(telemetry, key, shown_at)?;
    if entry.own.is_some() || entry.rule.expr.is_empty() {
        return None;
    }
    let by_server = entry.by == Origin::Prometheus || entry.by == Origin::Rules && telemetry.metrics.by == By::Server;
    let known = model.alerts.course.as_ref().filter(|course| course.key == key);
    if known.is_some_and(|course| now.since(course.asked) < AGAIN) {
        return None;
    }
    let span = entry.rule.hold.saturating_mul(20).clamp(SPAN.0, SPAN.1);
    let expr = sides::measured(&entry.rule.expr);
    let before = known.and_then(|course| course.answer.clone());
    let id = model.fresh_id();
    model.alerts.course = Some(Course { key, id, asked: now, answer: before });
    let question = Question::Range { expr, span, points: POINTS, most: SERIES };
    Some(if by_server { Effect::AskServer { id, question } } else { Effect::AskEngine { id, question } })
}

/// The chart of an alert, and what is to be said beside it; no chart where there is none.
#[must_use]
pub fn chart(model: &Model, entry: &Entry<'_>) -> (Option<Chart>, Safe) {
    let (telemetry, now) = model.shown();
    if let Some(own) = entry.own {
        let limit = match &own.bad {
            Expectation::Meets(threshold) => Limit::of(threshold, words::value_of(entry, threshold.bound, now)),
            _ => None,
        };
        let Some((series, scale)) = series_of(telemetry, &own.measure) else {
            let why = if own.is_state() {
                "what it is held against is no course of figures"
            } else {
                "no course of it is kept"
            };
            return (None, Safe::of(format!("no chart: {why}")));
        };
        let values = values(series, scale, now);
        let over = figure::span(series.width() * u32::try_from(values.len()).unwrap_or(1));
        return (Some(made(entry, values, limit, now)), Safe::of(format!("the last {over}")));
    }
    if entry.rule.expr.is_empty() {
        return (None, Safe::of("no chart: who tells it does not tell what it measures"));
    }
    let sides = sides::of(&entry.rule.expr);
    let limit = sides.as_ref().and_then(|sides| {
        let threshold = Threshold::parse(&format!("{} {}", sides.held.sign(), sides.bound)).ok()?;
        Limit::of(&threshold, Safe::of(figure::number(sides.bound)))
    });
    let held = match &sides {
        Some(sides) => format!("held against {} {}", sides.held.sign(), figure::number(sides.bound)),
        None => "not held against a number".to_owned(),
    };
    let course = model.alerts.course.as_ref().filter(|course| course.key == entry.key());
    match course.and_then(|course| course.answer.as_ref()) {
        None => (None, Safe::of(format!("its course is being asked for; {held}"))),
        Some(Err(why)) => (None, Safe::of(format!("no course: {why}; {held}"))),
        Some(Ok(Answer::Courses { step, series, .. })) => {
            let Some((_, values)) = series.iter().find(|(labels, _)| is_of(labels, entry)).or(series.first()) else {
                return (None, Safe::of(format!("nothing of it is known over this time; {held}")));
            };
            let over = figure::span(*step * u32::try_from(values.len()).unwrap_or(1));
            let values: Arc<[Option<f32>]> = values.iter().map(|value| value.map(Chart::height)).collect();
            let of = if series.len() > 1 { format!(", one of {} series", series.len()) } else { String::new() };
            (Some(made(entry, values, limit, now)), Safe::of(format!("the last {over}{of}; {held}")))
        }
        Some(Ok(Answer::Found { .. } | Answer::Names { .. })) => (None, Safe::of(held)),
    }
}

/// Whether a series is the one that an alert came from: the alert has all its labels.
fn is_of(series: &Labels, entry: &Entry<'_>) -> bool {
    let Some(alert) = entry.alert else { return true };
    series.iter().filter(|(name, _)| *name != NAME).all(|(name, value)| alert.labels.get(name) == value)
}

fn made(entry: &Entry<'_>, values: Arc<[Option<f32>]>, limit: Option<Limit>, now: Moment) -> Chart {
    let newest = values.iter().rev().flatten().find(|value| value.is_finite()).copied();
    let bad = limit.as_ref().zip(newest).is_some_and(|(limit, value)| limit.is_crossed_by(value));
    let ratio = entry.own.is_some_and(|own| own.unit.is_percent());
    Chart {
        figure: newest.map_or_else(|| Safe::of("-"), |value| words::value_of(entry, f64::from(value), now)),
        tone: if bad { words::tone(super::Stand::Firing, entry.severity) } else { crate::app::table::Tone::Plain },
        values,
        limit,
        top: ratio.then_some(1.0),
        figure_width: 9,
        ..Chart::default()
    }
}

/// The course that is kept of it, and by what it is to be multiplied.
fn series_of<'a>(telemetry: &'a Telemetry, measure: &Measure) -> Option<(&'a Series, f32)> {
    let database = |at: usize| telemetry.databases.get(at);
    let series = match measure {
        Measure::HitRatio(at) => telemetry.caches.get(*at).map(|cache| &cache.series),
        Measure::Signal(at) => telemetry.signals.get(*at).map(|signal| &signal.series),
        Measure::Latency(at) => telemetry.services.get(*at).map(|service| &service.latency),
        Measure::UsedSlots(at) | Measure::UsedShare(at) => database(*at).map(|database| &database.used),
        Measure::Shown(Shown::Commits, at) => database(*at).map(|database| &database.commits),
        Measure::Shown(Shown::BufferHit, at) => database(*at).map(|database| &database.hit_ratio),
        _ => None,
    }?;
    let scale = match measure {
        Measure::UsedShare(at) => {
            let usable = database(*at)?.slots.value().map(Slots::usable).filter(|usable| *usable > 0)?;
            1.0 / usable as f32
        }
        _ => 1.0,
    };
    Some((series, scale))
}

fn values(series: &Series, scale: f32, now: Moment) -> Arc<[Option<f32>]> {
    let shown = |slot: Slot| match slot {
        Slot::Empty => None,
        Slot::Failed => Some(f32::NAN),
        Slot::Filled(bucket) => Some(bucket.last as f32 * scale),
    };
    series.slots(now, BUCKETS).map(shown).collect()
}
