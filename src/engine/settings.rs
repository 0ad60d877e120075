//! What the engine is told once, at its start: targets, bounds, names of what it computes figures from.

use std::time::Duration;

use crate::alerts::rules::By;
use crate::domain::Safe;
use crate::metrics::exposition;
use crate::metrics::labels::Labels;
use crate::metrics::store;

/// The whole setting.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is scraped, by its place in the configuration.
    pub targets: Vec<TargetSettings>,
    /// Bounds of the store.
    pub store: store::Limits,
    /// Bounds of one page.
    pub page: exposition::Limits,
    /// Names of the rules files, in order.
    pub rules: Vec<String>,
    /// How often a group of rules that says nothing is evaluated.
    pub interval: Duration,
    /// Who evaluates rules.
    pub rules_by: By,
    /// Labels that the whole setting gives to templates.
    pub external_labels: Labels,
    /// Rounds of every target before rules are evaluated first: what was never looked at is not absent.
    pub rounds_first: u32,
    /// The longest that the first evaluation waits for them.
    pub patience: Duration,
}

impl Default for Settings {
    /// Nothing is scraped, and there are no rules.
    fn default() -> Settings {
        Settings {
            targets: Vec::new(),
            store: store::Limits::default(),
            page: exposition::Limits::default(),
            rules: Vec::new(),
            interval: Duration::from_secs(15),
            rules_by: By::default(),
            external_labels: Labels::default(),
            rounds_first: 1,
            patience: Duration::from_secs(10),
        }
    }
}

/// One scraped target.
#[derive(Clone, Debug)]
pub struct TargetSettings {
    /// Name on screen.
    pub name: Safe,
    /// Labels that all its series get: `job` and `instance`. No two targets have the same.
    pub labels: Labels,
    /// How often it is scraped.
    pub interval: Duration,
    /// Histograms of request durations, in the order in which they are tried; the base name, without `_bucket`.
    pub durations: Vec<String>,
    /// Counters of requests, in the order in which they are tried, where there is no histogram.
    pub requests: Vec<String>,
    /// Labels that hold a status code, in the order in which they are tried.
    pub status: Vec<String>,
    /// Counters of cache hits and of misses, pairs in the order in which they are tried.
    pub cache: Vec<(String, String)>,
    /// Over how long rates and quantiles are taken.
    pub window: Duration,
}
