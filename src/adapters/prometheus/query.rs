//! `/api/v1/query` and `/api/v1/query_range`: elements at a time, courses over one.

use std::time::Duration;

use serde_json::Value;

use super::Prometheus;
use super::api::odd;
use super::rules::{list, number};
use crate::domain::{Cause, Safe};
use crate::engine::Question;
use crate::engine::output::Answer;
use crate::metrics::labels::Labels;

/// One element of a result.
pub type Element = (Labels, f64);
/// One series of a result: times in milliseconds with values.
pub type Course = (Labels, Vec<(i64, f64)>);

/// Most elements or series of a result.
const ELEMENTS: usize = 50_000;
/// Most points of a course.
const POINTS: usize = 2000;
/// Over how long a rate is taken at least; and where that finds nothing, because scrapes are far apart.
const WINDOWS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(300)];

impl Prometheus {
    /// What a question of the program finds there; `now` in milliseconds.
    pub async fn ask(&self, question: &Question, now: i64) -> Result<Answer, Cause> {
        match question {
            Question::Names { most } => {
                let mut names = self.names().await?;
                let in_all = names.len();
                names.truncate(*most);
                Ok(Answer::Names { names, in_all })
            }
            Question::Find { words, most } => self.find(words, *most, now).await,
            Question::Course { series, span, points } => self.course(series, *span, *points, now).await,
            Question::Range { expr, span, points, most } => {
                let (step, series) = self.courses(expr, *span, *points, now).await?;
                Ok(Answer::Courses { until: now, step, series: series.into_iter().take(*most).collect(), rates: false })
            }
        }
    }

    /// The elements of an expression at a time.
    pub async fn query(&self, expr: &str, at: i64) -> Result<Vec<Element>, Cause> {
        let time = seconds(at);
        let data = self.data("/api/v1/query", &[("query", expr), ("time", &time)]).await?;
        let result = data.get("result");
        match data.get("resultType").and_then(Value::as_str) {
            Some("vector") => {
                let element = |one: &Value| Some((labels(one.get("metric")), sample(one.get("value")?)?.1));
                Ok(list(result).iter().take(ELEMENTS).filter_map(element).collect())
            }
            Some("scalar") => {
                Ok(result.and_then(sample).map(|(_, value)| (Labels::default(), value)).into_iter().collect())
            }
            _ => Err(odd("its result has no elements")),
        }
    }

    /// The courses of an expression, from a time to another.
    pub async fn query_range(&self, expr: &str, from: i64, to: i64, step: Duration) -> Result<Vec<Course>, Cause> {
        let (start, end, step) = (seconds(from), seconds(to), format!("{}ms", step.as_millis().max(1)));
        let pairs = [("query", expr), ("start", &start), ("end", &end), ("step", &step)];
        let data = self.data("/api/v1/query_range", &pairs).await?;
        if data.get("resultType").and_then(Value::as_str) != Some("matrix") {
            return Err(odd("its result has no courses"));
        }
        let one = |one: &Value| {
            (labels(one.get("metric")), list(one.get("values")).iter().filter_map(sample).collect::<Vec<_>>())
        };
        Ok(list(data.get("result")).iter().take(ELEMENTS).map(one).collect())
    }

    pub(super) async fn data(&self, path: &str, pairs: &[(&str, &str)]) -> Result<Value, Cause> {
        self.api.data(path, pairs, self.api.spec().deadline).await
    }

    async fn course(&self, series: &Labels, span: Duration, points: usize, now: i64) -> Result<Answer, Cause> {
        let selector = series.to_string();
        let rates = ["_total", "_count", "_sum", "_bucket"].iter().any(|end| series.metric().ends_with(end));
        let step = grid(span, points).0;
        let tried: Vec<String> = if rates {
            let window = |least: Duration| format!("rate({selector}[{}s])", least.max(step * 4).as_secs());
            WINDOWS.into_iter().map(window).collect()
        } else {
            vec![selector.clone()]
        };
        for expr in &tried {
            let (step, found) = self.courses(expr, span, points, now).await?;
            // What a selector finds beside it has more labels.
            let is_it = |labels: &Labels| labels.iter().all(|(name, value)| series.get(name) == value);
            if let Some((_, values)) = found.into_iter().find(|(labels, _)| is_it(labels)) {
                return Ok(Answer::Courses { until: now, step, series: vec![(series.clone(), values)], rates });
            }
        }
        Err(Cause::Other(Safe::of(format!("{selector} has no course over this time"))))
    }

    /// Courses on a grid of points, `None` for a gap.
    async fn courses(
        &self,
        expr: &str,
        span: Duration,
        points: usize,
        now: i64,
    ) -> Result<(Duration, Vec<(Labels, Vec<Option<f64>>)>), Cause> {
        let (step, points) = grid(span, points);
        let pause = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
        let from = now.saturating_sub(pause.saturating_mul(points as i64 - 1));
        let on_grid = |samples: Vec<(i64, f64)>| {
            let mut values = vec![None; points];
            for (at, value) in samples {
                // The server answers at the points that it was asked for; what it rounds off is less than half a step.
                let place = usize::try_from((at - from + pause / 2).div_euclid(pause)).ok();
                if let Some(slot) = place.and_then(|place| values.get_mut(place)) {
                    *slot = Some(value);
                }
            }
            values
        };
        let found = self.query_range(expr, from, now, step).await?;
        Ok((step, found.into_iter().map(|(labels, samples)| (labels, on_grid(samples))).collect()))
    }
}

/// Between points, and how many there are.
fn grid(span: Duration, points: usize) -> (Duration, usize) {
    let points = points.clamp(1, POINTS);
    let step = u64::try_from(span.as_millis()).unwrap_or(u64::MAX) / points as u64;
    (Duration::from_millis(step.max(1)), points)
}

/// A time as the interface takes it.
pub(super) fn seconds(at: i64) -> String {
    format!("{}.{:03}", at.div_euclid(1000), at.rem_euclid(1000))
}

pub(super) fn labels(metric: Option<&Value>) -> Labels {
    let members = metric.and_then(Value::as_object);
    Labels::new(members.into_iter().flatten().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))))
}

/// `[seconds, "value"]`
pub(super) fn sample(value: &Value) -> Option<(i64, f64)> {
    let [at, value] = value.as_array()?.as_slice() else { return None };
    let at = number(at) * 1000.0;
    at.is_finite().then(|| (at.round() as i64, number(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn samples_and_times() {
        assert_eq!(sample(&json!([1_767_355_200.25, "1.5"])), Some((1_767_355_200_250, 1.5)));
        assert_eq!(sample(&json!([1, "+Inf"])), Some((1000, f64::INFINITY)));
        assert!(sample(&json!([1, "NaN"])).is_some_and(|(_, value)| value.is_nan()));
        assert_eq!((sample(&json!([1])), sample(&json!(["x", "1"])), sample(&json!({}))), (None, None, None));
        assert_eq!((seconds(1_500), seconds(-1)), ("1.500".to_owned(), "-1.999".to_owned()));
    }
}
