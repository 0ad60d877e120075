//! The engine over pages and rules in fake time.

mod alerting;
mod by_server;
mod gaps;
mod gone;
mod properties;
mod questions;
mod scraping;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use super::alerts::{AlertsTold, RuleTold};
use super::output::TargetTold;
use super::settings::TargetSettings;
use super::{Body, Engine, Input, Output, Settings};
use crate::domain::{Cause, Moment, Safe};
use crate::metrics::exposition::Format;
use crate::metrics::labels::Labels;

/// A target of this name, scraped every 5 s.
pub fn target(name: &str) -> TargetSettings {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    TargetSettings {
        name: Safe::of(name),
        labels: Labels::new([("job", name), ("instance", "here:80")]),
        interval: Duration::from_secs(5),
        durations: words(&["http_request_duration_seconds", "request_milliseconds"]),
        requests: words(&["http_requests_total"]),
        status: words(&["status", "code"]),
        cache: vec![("hits_total".to_owned(), "misses_total".to_owned())],
        window: Duration::from_secs(60),
    }
}

pub fn moment(seconds: i32) -> Moment {
    Moment::fixed(f64::from(seconds))
}

/// An engine with these targets.
pub struct Stage {
    pub engine: Engine,
    pub alerts: Option<Arc<AlertsTold>>,
    pub told: Vec<Option<TargetTold>>,
    pub history: Vec<String>,
    /// When the last came.
    at: i32,
}

impl Stage {
    pub fn new(targets: &[&str]) -> Stage {
        Stage::with(Settings { targets: targets.iter().map(|name| target(name)).collect(), ..Settings::default() })
    }

    pub fn with(settings: Settings) -> Stage {
        let told = settings.targets.iter().map(|_| None).collect();
        Stage { engine: Engine::new(settings, moment(0)), alerts: None, told, history: Vec::new(), at: 0 }
    }

    /// One that was handed over at once, after nothing happened since the last.
    pub fn step(&mut self, input: Input, seconds: i32) -> Vec<Output> {
        self.engine.idled(moment(seconds).since(moment(self.at)));
        self.late(input, seconds)
    }

    /// One that waited because the last took until now.
    pub fn late(&mut self, input: Input, seconds: i32) -> Vec<Output> {
        self.at = seconds;
        let outputs = self.engine.step(input, moment(seconds));
        for output in &outputs {
            match output {
                Output::Target { target, told } => {
                    if let Some(place) = self.told.get_mut(*target) {
                        *place = Some(told.clone());
                    }
                }
                Output::Alerts(told) => {
                    self.history.extend(told.changes.iter().map(|change| format!("{change:?}")));
                    self.history.push(format!("{:?}", told.rules));
                    self.alerts = Some(Arc::clone(told));
                }
                _ => {}
            }
        }
        outputs
    }

    /// The page of a target at a second.
    pub fn page(&mut self, target: usize, text: &str, seconds: i32) {
        let body = Body { bytes: text.as_bytes().to_vec(), format: Format::Text };
        self.scraped(target, Ok(body), seconds);
    }

    pub fn fails(&mut self, target: usize, seconds: i32) {
        self.scraped(target, Err(Cause::Refused { family: "IPv4" }), seconds);
    }

    fn scraped(&mut self, target: usize, answer: Result<Body, Cause>, seconds: i32) {
        let took = Duration::from_millis(3);
        self.step(Input::Scraped { target, begun: moment(seconds), took, answer }, seconds);
    }

    /// Rules of one group that is evaluated every 5 s.
    pub fn rules(&mut self, rules: &str, seconds: i32) {
        let indented: String = rules.lines().map(|line| format!("      {line}\n")).collect::<Vec<_>>().concat();
        let text = format!("groups:\n  - name: g\n    interval: 5s\n    rules:\n{indented}");
        self.step(Input::RulesRead(vec![("rules.yml".to_owned(), Ok(text))]), seconds);
    }

    /// One rule that alerts.
    pub fn alert(&mut self, expr: &str, seconds: i32) {
        self.rules(&format!("- alert: A\n  expr: {expr}\n"), seconds);
    }

    pub fn tick(&mut self, seconds: i32) {
        self.step(Input::TimePassed, seconds);
    }

    pub fn rule(&self, at: usize) -> &RuleTold {
        &self.alerts.as_ref().unwrap().rules[at]
    }

    /// How a rule stands, in words.
    pub fn standing(&self, at: usize) -> String {
        let standing = &self.rule(at).standing;
        let why = standing.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{}{why}", standing.verdict.word())
    }

    /// The values of an expression now.
    pub fn values(&mut self, expr: &str, seconds: i32) -> Vec<(String, f64)> {
        use super::Question;
        let question = Question::Range { expr: expr.to_owned(), span: Duration::from_secs(1), points: 1, most: 100 };
        let outputs = self.step(Input::Asked { id: 1, question }, seconds);
        let Some(Output::Answered { answer: Ok(super::output::Answer::Courses { series, .. }), .. }) = outputs.first()
        else {
            panic!("{outputs:?}")
        };
        series.iter().map(|(labels, values)| (labels.to_string(), values[0].unwrap())).collect()
    }
}
