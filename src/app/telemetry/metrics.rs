//! What the metrics engine told: targets with figures of their own, what the store holds, rules and their alerts. The series
//! themselves stay with the engine.

use std::sync::Arc;
use std::time::Duration;

use crate::alerts::rules::By;
use crate::config::resolved::{MetricsSpec, ServiceSpec};
use crate::domain::readout::NEVER;
use crate::domain::{Cause, Moment, PaneState, Readout, Safe, Verdict};
use crate::engine::alerts::AlertsTold;
use crate::engine::output::{Output, PageTold, RequestsTold, StoreTold, TargetTold};

/// What is known of metrics and alerts.
#[derive(Clone, Debug, Default)]
pub struct MetricsState {
    /// What is scraped, by its place in the configuration.
    pub targets: Vec<TargetState>,
    /// What the store holds; `None` before the first scrape.
    pub store: Option<StoreTold>,
    /// Who evaluates rules.
    pub by: By,
    /// The rules files that are named.
    pub rules: Vec<Safe>,
    /// Rules and alerts; `None` where no rules are named, or before they were read.
    pub alerts: Option<Arc<AlertsTold>>,
    /// Pages that were dropped because the engine was too far behind.
    pub behind: u64,
    /// Why what alerts become is not kept over a restart; none where it is.
    pub unkept: Option<Safe>,
    /// How long samples are kept.
    pub kept: Duration,
    /// Since when the rules files are to be read.
    pub begun: Option<Moment>,
}

/// One scraped target.
#[derive(Clone, Debug)]
pub struct TargetState {
    /// What is scraped.
    pub spec: Arc<MetricsSpec>,
    /// Name on screen.
    pub name: Safe,
    /// Its last round; `None` before the first.
    pub told: Option<TargetTold>,
    /// The last page that was taken in, and how the newest round went.
    pub page: Readout<PageTold>,
}

impl TargetState {
    /// Nothing known yet.
    #[must_use]
    pub fn new(spec: Arc<MetricsSpec>, now: Moment) -> TargetState {
        TargetState { name: spec.name.clone(), spec, told: None, page: Readout::loading(now) }
    }

    fn take(&mut self, told: TargetTold) {
        match &told.page {
            Ok(page) => self.page.set(*page, told.at),
            Err(cause) => self.page.fail(cause.clone(), told.at, self.spec.interval),
        }
        self.told = Some(told);
    }

    /// The one state of it.
    #[must_use]
    pub fn state(&self, now: Moment) -> PaneState {
        self.page.state(now, self.spec.interval)
    }

    /// A page that cannot be read says nothing about the service: not known.
    #[must_use]
    pub fn verdict(&self, now: Moment) -> Verdict {
        if self.state(now).is_fresh() { Verdict::Ok } else { Verdict::Unknown }
    }

    /// The server's own figures, where they are of now.
    #[must_use]
    pub fn requests(&self, now: Moment) -> Option<&RequestsTold> {
        self.told.as_ref().filter(|_| self.state(now).is_fresh())?.requests.as_ref()
    }

    /// The ratio of cache hits and the number of looks, where they are of now.
    #[must_use]
    pub fn cache(&self, now: Moment) -> Option<(f64, f64)> {
        self.told.as_ref().filter(|_| self.state(now).is_fresh())?.cache
    }

    /// Whether its figures are about a service: the one that is named, or those of the same origin.
    #[must_use]
    pub fn is_about(&self, service: &ServiceSpec) -> bool {
        self.spec.is_about(service)
    }
}

impl MetricsState {
    /// Nothing known yet of these targets.
    #[must_use]
    pub fn new(specs: &[MetricsSpec], now: Moment) -> MetricsState {
        let targets = specs.iter().map(|spec| TargetState::new(Arc::new(spec.clone()), now)).collect();
        MetricsState { targets, begun: Some(now), ..MetricsState::default() }
    }

    /// What is wrong with the rules files as a whole: not read, or not in force; none where nothing is.
    #[must_use]
    pub fn rules_fault(&self, now: Moment) -> Option<PaneState> {
        let Some(told) = &self.alerts else {
            let waiting = self.begun.map_or_else(Default::default, |begun| now.since(begun));
            return (!self.rules.is_empty()).then_some(PaneState::Loading { waiting });
        };
        let problem = told.problems.first()?;
        let cause = Cause::Other(Safe::of(format!("not in force: {}", problem.line())));
        Some(PaneState::Error { cause, since: told.at, times: 1, retry_in: NEVER })
    }

    /// Takes in what the engine told; what answers a person, or is to be kept on disk, is not for this place.
    pub fn take(&mut self, output: Output) {
        match output {
            Output::Target { target, told } => {
                if let Some(state) = self.targets.get_mut(target) {
                    state.take(told);
                }
            }
            Output::Store(told) => self.store = Some(told),
            Output::Alerts(told) => self.alerts = Some(told),
            Output::Behind { dropped } => self.behind = dropped,
            Output::Unkept(why) => self.unkept = why,
            Output::Answered { .. } | Output::Keep(_) | Output::AskServer(_) => {}
        }
    }

    /// The server's own figures beside the probe's of a service.
    #[must_use]
    pub fn requests_of(&self, service: &ServiceSpec, now: Moment) -> Option<&RequestsTold> {
        self.targets.iter().filter(|target| target.is_about(service)).find_map(|target| target.requests(now))
    }
}
