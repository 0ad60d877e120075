//! Answers to what is asked of the store: series by words, the course of one, the course of an expression.

use std::time::Duration;

use super::output::{Answer, SeriesTold};
use super::world::LIMITS;
use super::{Engine, Question, course};
use crate::domain::Safe;
use crate::metrics::labels::Labels;
use crate::metrics::promql::{Limits, Query, Value};
use crate::metrics::store::Samples;

/// Most points of a course.
const MOST_POINTS: usize = 2000;

impl Engine {
    /// The answer at a time of the line.
    pub(super) fn answer(&self, question: &Question, now: i64) -> Result<Answer, Safe> {
        match question {
            Question::Find { words, most } => Ok(self.find(words, *most, now)),
            Question::Course { series, span, points } => self.course(series, *span, *points, now),
            Question::Range { expr, span, points, most } => self.range(expr, *span, *points, *most, now),
            Question::Names { most } => Ok(self.names(*most)),
        }
    }

    fn find(&self, words: &str, most: usize, now: i64) -> Answer {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let mut series = Vec::new();
        let mut in_all = 0;
        for (metric, count) in self.store.metrics() {
            let name = metric.to_lowercase();
            let left: Vec<&str> = words.iter().map(String::as_str).filter(|word| !name.contains(word)).collect();
            if left.is_empty() && series.len() >= most {
                in_all += count;
                continue;
            }
            for (labels, samples) in self.store.select(Some(metric), |labels| is_meant(labels, &left)) {
                in_all += 1;
                if series.len() < most {
                    series.push(self.told(labels, samples, now));
                }
            }
        }
        Answer::Found { series, in_all }
    }

    fn names(&self, most: usize) -> Answer {
        let names = self.store.metrics().map(|(name, _)| name.to_owned()).take(most).collect();
        Answer::Names { names, in_all: self.store.metrics().count() }
    }

    fn told(&self, labels: &Labels, samples: Samples<'_>, now: i64) -> SeriesTold {
        let known = self.families.of(labels.metric());
        let newest = samples.newest(now.saturating_sub(LIMITS.look_back), now);
        SeriesTold {
            labels: labels.clone(),
            value: newest.map(|sample| sample.value),
            at: samples.last().map_or(0, |last| last.at),
            kind: known.map(|known| known.kind),
            help: known.map(|known| Safe::of_bytes(known.help.as_bytes())).unwrap_or_default(),
        }
    }

    fn course(&self, series: &Labels, span: Duration, points: usize, now: i64) -> Result<Answer, Safe> {
        let (step, points) = grid(span, points);
        let mut found = self.store.select(Some(series.metric()), |labels| labels == series);
        let Some((labels, samples)) = found.next() else {
            return Err(Safe::of(format!("{series} is not there any more")));
        };
        let rates = course::is_counter(labels.metric(), self.families.of(labels.metric()).map(|known| known.kind));
        let pause = self.pause_of(labels);
        let reach = course::Reach { until: now, step, points, pause };
        let values = course::of(samples, reach, rates);
        let series = vec![(labels.clone(), values)];
        Ok(Answer::Courses { until: now, step: Duration::from_millis(step as u64), series, rates })
    }

    /// How far the samples of a series are apart.
    fn pause_of(&self, labels: &Labels) -> i64 {
        let is_of = |target: &&super::scraped::Watched| {
            target.settings.labels.iter().all(|(name, value)| labels.get(name) == value)
        };
        let pause = self.targets.iter().find(is_of).map_or(self.interval, |target| target.settings.interval);
        pause.as_millis() as i64
    }

    fn range(&self, expr: &str, span: Duration, points: usize, most: usize, now: i64) -> Result<Answer, Safe> {
        let (step, points) = grid(span, points);
        let query = Query::compile(expr).map_err(|refused| Safe::of(refused.to_string()))?;
        let from = now.saturating_sub(step.saturating_mul(points as i64 - 1));
        let value = query
            .range(&self.store, from, now, step, &Limits { ahead: self.ahead, ..LIMITS })
            .map_err(|failed| Safe::of(failed.to_string()))?;
        let Value::Matrix(found) = value else { return Err(Safe::of("this expression has no course")) };
        let on_grid = |samples: Vec<crate::metrics::store::Sample>| {
            let mut values = vec![None; points];
            for sample in samples {
                let place = usize::try_from((sample.at - from) / step).ok();
                if let Some(value) = place.and_then(|place| values.get_mut(place)) {
                    *value = Some(sample.value);
                }
            }
            values
        };
        let series = found.into_iter().take(most).map(|(labels, samples)| (labels, on_grid(samples))).collect();
        Ok(Answer::Courses { until: now, step: Duration::from_millis(step as u64), series, rates: false })
    }
}

/// Milliseconds between points, and how many there are.
fn grid(span: Duration, points: usize) -> (i64, usize) {
    let points = points.clamp(1, MOST_POINTS);
    let step = i64::try_from(span.as_millis()).unwrap_or(i64::MAX) / points as i64;
    (step.max(1), points)
}

/// Whether every word occurs in a label's name or value.
fn is_meant(labels: &Labels, words: &[&str]) -> bool {
    words.iter().all(|word| {
        labels.iter().any(|(name, value)| name.to_lowercase().contains(word) || value.to_lowercase().contains(word))
    })
}
