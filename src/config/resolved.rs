//! What is watched and how, after all layers were merged and checked. Adapters, `app` and `check` work from this alone.

mod actions;
mod alerts;
mod cache;
mod database;
mod log;
pub mod metrics;
mod screen;
mod service;
mod signal;

use url::Url;

use crate::domain::safe::Safe;
use crate::domain::target::Environment;

pub use actions::{ActionsSpec, Beside, Receivers};
pub use alerts::{AlertsSpec, OwnAlert};
pub use cache::{CacheSource, CacheSpec, EndpointSpec, FlushOn, RedisCommand, RedisTarget};
pub use database::{DatabaseHost, DatabaseSpec, DatabaseTarget, ScalarQuery, SessionAttributes, SslMode};
pub use log::{LogSource, LogSpec};
pub use metrics::{DoctorSpec, EngineSpec, KnowSpec, MetricsSpec};
pub use screen::{Colours, ScreenSpec};
pub use service::{ClientCertificate, Method, ServiceSpec};
pub use signal::{SignalSource, SignalSpec};

/// Everything, ready to run. Lists hold at most [`Resolved::MAX_SOURCES`] entries each.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// Name in the header: the profile, the configuration's `name`, or the first host.
    pub name: Safe,
    /// Services, in the order of the configuration.
    pub services: Vec<ServiceSpec>,
    /// Databases.
    pub databases: Vec<DatabaseSpec>,
    /// Caches.
    pub caches: Vec<CacheSpec>,
    /// Signals.
    pub signals: Vec<SignalSpec>,
    /// Logs.
    pub logs: Vec<LogSpec>,
    /// Origins still to be discovered when the program starts.
    pub origins: Vec<OriginSpec>,
    /// What a profile or configuration names but cannot be watched as it stands, with the line that turns it on.
    pub off: Vec<OffSpec>,
    /// What is scraped.
    pub metrics: Vec<MetricsSpec>,
    /// Rules over it, and bounds.
    pub know: KnowSpec,
    /// Guarded actions.
    pub actions: ActionsSpec,
    /// How alerts are told, and thresholds on readings.
    pub alerts: AlertsSpec,
    /// How the screen looks and behaves.
    pub screen: ScreenSpec,
    /// What was assumed, ignored or found while resolving; said on screen and in `config show`.
    pub notes: Vec<Safe>,
}

impl Resolved {
    /// Most entries in any list.
    pub const MAX_SOURCES: usize = 2000;

    /// Whether there is nothing to look at, and nothing to look around at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
            && self.databases.is_empty()
            && self.caches.is_empty()
            && self.signals.is_empty()
            && self.logs.is_empty()
            && self.origins.is_empty()
            && self.metrics.is_empty()
            && self.know.prometheus.is_none()
            && self.know.alertmanager.is_none()
    }
}

/// A bare origin to be discovered.
#[derive(Clone, Debug)]
pub struct OriginSpec {
    /// Scheme, host and port.
    pub url: Url,
    /// Environment.
    pub environment: Environment,
}

/// Which list something that is off belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffKind {
    /// A service.
    Service,
    /// A database.
    Database,
    /// A cache.
    Cache,
    /// A signal.
    Signal,
    /// A log.
    Log,
    /// A guarded action.
    Action,
    /// A scraped endpoint.
    Metrics,
    /// An alert of its own.
    Alert,
}

/// Something that is named but cannot be watched as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffSpec {
    /// Which list.
    pub kind: OffKind,
    /// Name on screen.
    pub name: Safe,
    /// Why, such as "set its URL".
    pub why: Safe,
    /// The line that turns it on.
    pub turn_on: Safe,
}
