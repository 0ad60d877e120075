//! Calls of functions on what their arguments give.

use super::failure::Failed;
use super::histogram;
use super::over_time::OverTime;
use super::plan::{Call, Node, Selector, Source, Window};
use super::query;
use super::relabel;
use super::run::{Out, Run};
use super::sums::nan_last;
use super::vector::{Point, drop_names};
use crate::metrics::labels::Labels;

impl<'a> Run<'a> {
    /// Whether it is known that these find nothing, where they do not.
    fn is_known(&self, selectors: &[&Selector]) -> bool {
        let mut metrics = selectors.iter().filter_map(|selector| selector.metric());
        self.unready.is_empty() || !metrics.any(|metric| self.unready.iter().any(|of| of == metric))
    }

    pub fn call(&mut self, call: &'a Call, at: i64) -> Result<Out<'a>, Failed> {
        let later = self.names_go_later();
        let points = match call {
            Call::Over { what, window, parameter } => self.over_time(*what, window, parameter.as_ref(), at)?,
            Call::AbsentOver { window, labels } => {
                let mut any = false;
                self.over(window, at, &mut |_, _, _| {
                    any = true;
                    Ok(())
                })?;
                let is_known = match &window.source {
                    Source::Series(selector) => self.is_known(&[selector]),
                    Source::Steps { node, .. } => self.is_known(&query::selectors(node)),
                };
                if (any || !is_known) && !self.loose { Vec::new() } else { vec![Point::new(labels.clone(), 1.0)] }
            }
            Call::Absent { of, labels } => {
                if self.loose || self.vector(of, at)?.is_empty() && self.is_known(&query::selectors(of)) {
                    vec![Point::new(labels.clone(), 1.0)]
                } else {
                    Vec::new()
                }
            }
            Call::Each { what, of, arguments } => {
                let mut points = self.vector(of, at)?;
                let arguments: Vec<f64> =
                    arguments.iter().map(|argument| self.scalar(argument, at)).collect::<Result<_, _>>()?;
                points.retain_mut(|point| {
                    let made = what.of(point.value, &arguments);
                    point.value = made.unwrap_or_default();
                    made.is_some()
                });
                drop_names(&mut points, later)?;
                points
            }
            Call::Scalar(of) => {
                return Ok(Out::Scalar(match self.vector(of, at)?.as_slice() {
                    [one] => one.value,
                    _ => f64::NAN,
                }));
            }
            Call::Vector(of) => vec![Point::new(Labels::default(), self.scalar(of, at)?)],
            Call::Timestamp(of) => {
                let mut points = if let Node::Select(selector) = of {
                    {
                        let mut points = self.select(selector, at, |sample| sample.at as f64)?;
                        for point in &mut points {
                            point.value = self.wall(point.value as i64);
                        }
                        points
                    }
                } else {
                    let mut points = self.vector(of, at)?;
                    for point in &mut points {
                        point.value = self.wall(at);
                    }
                    points
                };
                drop_names(&mut points, later)?;
                points
            }
            Call::Calendar { part, of: None } => {
                vec![Point::new(Labels::default(), part.of(self.wall(at).floor()))]
            }
            Call::Calendar { part, of: Some(of) } => {
                let mut points = self.vector(of, at)?;
                for point in &mut points {
                    point.value = part.of(point.value);
                }
                drop_names(&mut points, later)?;
                points
            }
            Call::Sort { of, descending } => {
                let mut points = self.vector(of, at)?;
                points.sort_by(|one, other| {
                    if *descending && !one.value.is_nan() && !other.value.is_nan() {
                        nan_last(other.value, one.value)
                    } else {
                        nan_last(one.value, other.value)
                    }
                });
                points
            }
            Call::Replace { of, target, template, source, pattern } => {
                let mut points = self.vector(of, at)?;
                self.spend(relabel::replace(&mut points, target, template, source, pattern, self.loose)?)?;
                points
            }
            Call::Join { of, target, separator, sources } => {
                let mut points = self.vector(of, at)?;
                self.spend(relabel::join(&mut points, target, separator, sources, self.loose)?)?;
                points
            }
            Call::HistogramQuantile { quantile, of } => {
                let quantile = self.scalar(quantile, at)?;
                let mut points = histogram::quantiles(quantile, &self.vector(of, at)?);
                drop_names(&mut points, later)?;
                points
            }
        };
        Ok(Out::Vector(points))
    }

    fn over_time(
        &mut self,
        what: OverTime,
        window: &'a Window,
        parameter: Option<&'a Node>,
        at: i64,
    ) -> Result<Vec<Point>, Failed> {
        let parameter = match parameter {
            Some(node) => self.scalar(node, at)?,
            None => 0.0,
        };
        let mut points = Vec::new();
        self.over(window, at, &mut |point, samples, frame| {
            if let Some(value) = what.of(samples, frame, parameter) {
                points.push(Point { value, ..point });
            }
            Ok(())
        })?;
        if !what.keeps_name() {
            drop_names(&mut points, self.names_go_later())?;
        }
        Ok(points)
    }
}
