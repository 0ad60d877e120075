//! A server with Prometheus' query API, version 1: its rules with their alerts, and what is asked of its series. It only reads.

pub mod api;
mod find;
mod judge;
mod query;
pub(super) mod rules;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::config::resolved::EngineSpec;
use crate::domain::Cause;
use crate::domain::served::Served;

use super::http::client::HttpClients;
use api::Api;

pub use judge::{Judged, Unjudged};
pub use query::{Course, Element};

/// Names of metrics are asked again after this.
const NAMES_KEPT: Duration = Duration::from_secs(60);

/// A server.
pub struct Prometheus {
    api: Api,
    /// The names of its metrics, and when they were asked.
    names: Mutex<Option<(Instant, Vec<String>)>>,
}

impl Prometheus {
    /// A server; nothing is asked yet.
    #[must_use]
    pub fn new(spec: EngineSpec, clients: &HttpClients) -> Prometheus {
        Prometheus { api: Api::new(spec, clients), names: Mutex::new(None) }
    }

    /// How long a question may take.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.api.spec().deadline
    }

    /// Its rules and alerts, within a deadline. Who has no rules to tell is asked for alerts alone.
    pub async fn read(&self, deadline: Duration) -> Result<Served, Cause> {
        let begun = Instant::now();
        match self.api.data("/api/v1/rules", &[], deadline).await {
            Ok(data) => rules::of_rules(&data),
            Err(Cause::HttpStatus { status: 404 | 405 | 501 }) => {
                let left = deadline.saturating_sub(begun.elapsed());
                rules::of_alerts(&self.api.data("/api/v1/alerts", &[], left).await?)
            }
            Err(cause) => Err(cause),
        }
    }
}
