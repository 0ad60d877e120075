//! What is known of everything that is watched. Freezing the screen is showing an older copy of this.

pub mod cache;
pub mod database;
pub mod engines;
pub mod log_course;
pub mod log_pace;
pub mod logs;
pub mod metrics;
pub mod service;
pub mod signal;

use std::collections::HashMap;
use std::sync::Arc;

use crate::app::alerts::thresholds;
use crate::app::doctor::DoctorState;
use crate::config::Resolved;
use crate::config::resolved::DatabaseSpec;
use crate::domain::source::SourceId;
use crate::domain::{Moment, Safe};

use self::cache::CacheState;
use self::database::DatabaseState;
use self::engines::EngineState;
use self::logs::LogsState;
use self::metrics::MetricsState;
use self::service::ServiceState;
use self::signal::SignalState;

/// All that is known.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// Services.
    pub services: Vec<ServiceState>,
    /// Databases.
    pub databases: Vec<DatabaseState>,
    /// Caches.
    pub caches: Vec<CacheState>,
    /// Signals.
    pub signals: Vec<SignalState>,
    /// Logs.
    pub logs: LogsState,
    /// Metrics and alerts.
    pub metrics: MetricsState,
    /// Thresholds of the configuration's own, as they stand; `None` without any, or before the first look.
    pub thresholds: Option<Arc<thresholds::Told>>,
    /// A server with Prometheus' query API, where one is named.
    pub prometheus: Option<EngineState>,
    /// An Alertmanager, where one is named.
    pub alertmanager: Option<EngineState>,
    /// When the newest reading of each source was begun: it says nothing about what happened after that.
    /// Of a signal that a connection carries, the newest reading that had it with it.
    pub begun: HashMap<SourceId, Moment>,
    /// What the doctor found when it looked last.
    pub doctor: DoctorState,
}

impl Telemetry {
    /// Nothing known yet of what is to be watched.
    #[must_use]
    pub fn new(resolved: &Resolved, now: Moment) -> Telemetry {
        let database = |spec: &DatabaseSpec| {
            let mut database = DatabaseState::new(spec.clone().into(), now);
            database.redact = resolved.screen.redact;
            database
        };
        Telemetry {
            services: {
                let count = resolved.services.len();
                resolved.services.iter().map(|spec| ServiceState::new(spec.clone().into(), count, now)).collect()
            },
            databases: resolved.databases.iter().map(database).collect(),
            caches: resolved.caches.iter().map(|spec| CacheState::new(spec.clone().into(), now)).collect(),
            signals: resolved.signals.iter().map(|spec| SignalState::new(spec.clone().into(), now)).collect(),
            logs: LogsState::new(&resolved.logs, resolved.screen.log_bytes, now),
            metrics: MetricsState {
                rules: resolved.know.rules.iter().map(Safe::of).collect(),
                by: resolved.know.rules_by,
                kept: resolved.know.keep,
                ..MetricsState::new(&resolved.metrics, now)
            },
            thresholds: None,
            prometheus: resolved.know.prometheus.as_ref().map(|spec| EngineState::new(spec, now)),
            alertmanager: resolved.know.alertmanager.as_ref().map(|spec| EngineState::new(spec, now)),
            begun: HashMap::new(),
            doctor: DoctorState::new(resolved, now),
        }
    }

    /// Whether series are asked of a server: where one is named and answers.
    #[must_use]
    pub fn is_asked_of_server(&self, now: Moment) -> bool {
        self.prometheus.as_ref().is_some_and(|server| server.state(now).is_fresh())
    }
}
