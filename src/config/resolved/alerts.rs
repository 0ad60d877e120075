//! Alerts after all layers were merged and checked.

use std::time::Duration;

use crate::alerts::severity::Severity;
use crate::config::watched::State;
use crate::domain::Safe;
use crate::domain::signal::Unit;
use crate::remediation::measure::{Expectation, Measure};

/// How alerts are told, and the thresholds of this configuration's own.
#[derive(Clone, Debug)]
pub struct AlertsSpec {
    /// Within this a critical alert is acknowledged.
    pub acknowledge_critical: Duration,
    /// The same of a warning.
    pub acknowledge_warning: Duration,
    /// The same of what is less.
    pub acknowledge_info: Duration,
    /// The longest silence.
    pub longest_silence: Duration,
    /// The longest silence that is made in the Alertmanager.
    pub longest_alertmanager_silence: Duration,
    /// Ring the bell.
    pub bell: bool,
    /// Let the terminal notify.
    pub notify: bool,
    /// Thresholds.
    pub own: Vec<OwnAlert>,
}

/// A threshold on a reading.
#[derive(Clone, Debug)]
pub struct OwnAlert {
    /// Its name.
    pub name: String,
    /// As it was written.
    pub when: String,
    /// What is watched.
    pub measure: Measure,
    /// What is watched, in words.
    pub what: Safe,
    /// When it is bad.
    pub bad: Expectation,
    /// The unit of its values.
    pub unit: Unit,
    /// What its values stand for, where they are states.
    pub states: &'static [State],
    /// How long before it fires.
    pub hold: Duration,
    /// How long it goes on firing.
    pub keep_firing: Duration,
    /// What tells its alert apart: the kind and the name of what is watched.
    pub subject: (String, String),
    /// Labels that it gives.
    pub labels: Vec<(String, String)>,
    /// What it says to people.
    pub annotations: Vec<(String, String)>,
    /// In which file it stands.
    pub file: String,
    /// On which line; 0 where that is not known.
    pub line: usize,
}

impl AlertsSpec {
    /// Within which time somebody says that they saw an alert; none where nobody has to.
    #[must_use]
    pub fn acknowledge_within(&self, severity: Severity) -> Option<Duration> {
        match severity {
            Severity::Critical => Some(self.acknowledge_critical),
            Severity::Warning => Some(self.acknowledge_warning),
            Severity::Info => Some(self.acknowledge_info),
            Severity::Nothing => None,
        }
    }
}

impl Default for AlertsSpec {
    fn default() -> AlertsSpec {
        AlertsSpec {
            acknowledge_critical: Duration::from_secs(15 * 60),
            acknowledge_warning: Duration::from_secs(3600),
            acknowledge_info: Duration::from_secs(4 * 3600),
            longest_silence: Duration::from_secs(24 * 3600),
            longest_alertmanager_silence: Duration::from_secs(7 * 24 * 3600),
            bell: false,
            notify: false,
            own: Vec::new(),
        }
    }
}

impl OwnAlert {
    /// Whether its values are states.
    #[must_use]
    pub fn is_state(&self) -> bool {
        !self.states.is_empty()
    }

    /// The word of such a value.
    #[must_use]
    pub fn state_word(&self, value: f64) -> &'static str {
        self.states.iter().find(|(_, number)| f64::from(*number) == value).map_or("-", |(word, _)| word)
    }
}
