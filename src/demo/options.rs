//! What the sample can be asked for: which incident, and when it begins.

use std::{fmt, str::FromStr, time::Duration};

use super::error::DemoError;

/// An incident that really happens in the sample, and that can really be cured from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// A leaking batch client takes every free connection.
    PoolExhaustion,
    /// The cache is emptied and its entries live one second.
    ColdCache,
    /// A report job dropped an index and runs for hours.
    SlowQuery,
    /// A migration holds a table lock while it fills a column for hours.
    LockPileup,
    /// The API holds on to a dead address of the gateway.
    ErrorBurst,
    /// The worker is killed.
    ServiceDown,
    /// The delivery circuit is open and deliveries pile up.
    Backlog,
}

impl Scenario {
    /// All of them, in the order of the help.
    pub const ALL: [Self; 7] = [
        Self::PoolExhaustion,
        Self::ColdCache,
        Self::SlowQuery,
        Self::LockPileup,
        Self::ErrorBurst,
        Self::ServiceDown,
        Self::Backlog,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PoolExhaustion => "pool-exhaustion",
            Self::ColdCache => "cold-cache",
            Self::SlowQuery => "slow-query",
            Self::LockPileup => "lock-pileup",
            Self::ErrorBurst => "error-burst",
            Self::ServiceDown => "service-down",
            Self::Backlog => "backlog",
        }
    }

    /// What happens, in one sentence.
    pub const fn happens(self) -> &'static str {
        match self {
            Self::PoolExhaustion => {
                "report-batch opens transactions and leaves them idle until no connection is free; API requests time \
                 out on their pool"
            }
            Self::ColdCache => "the cache is flushed and new entries live one second; the hit ratio falls",
            Self::SlowQuery => "report-batch drops an index and runs for hours; the commit search needs a full scan",
            Self::LockPileup => {
                "schema-migration holds an exclusive lock on webhooks while it fills a column for hours"
            }
            Self::ErrorBurst => "the API keeps a dead address of the gateway; one request in five fails with 500",
            Self::ServiceDown => "the worker is killed; its port refuses connections and deliveries wait",
            Self::Backlog => "the delivery circuit is open for hours; the queue grows past 1000",
        }
    }

    /// What cures it from outside, in one sentence.
    pub const fn cure(self) -> &'static str {
        match self {
            Self::PoolExhaustion => {
                "terminate the sessions of report-batch that are idle in transaction (it dies of that)"
            }
            Self::ColdCache => "POST /api/v1/cache/warm",
            Self::SlowQuery => {
                "cancel the report's query (the job puts the index back), or CREATE INDEX commits_fingerprint_idx ON \
                 commits (content_fingerprint(message))"
            }
            Self::LockPileup => "cancel the root blocker, schema-migration, which then rolls back",
            Self::ErrorBurst => "restart the service api",
            Self::ServiceDown => "restart the service worker",
            Self::Backlog => "POST /api/v1/webhooks/retry-pending",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

impl FromStr for Scenario {
    type Err = DemoError;

    fn from_str(name: &str) -> Result<Self, DemoError> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|scenario| scenario.name()).collect();
            DemoError::new(format!("no scenario `{name}`; there are {}", names.join(", ")))
        })
    }
}

/// How the sample runs.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// The incident, if any.
    pub scenario: Option<Scenario>,
    /// When it begins, counted from the moment the sample is seeded and under load.
    pub scenario_after: Duration,
    /// Ends when standard input is closed: how the dashboard holds its sample.
    pub lifeline: bool,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self { scenario: None, scenario_after: Duration::from_secs(15), lifeline: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_found_by_its_name() {
        for scenario in Scenario::ALL {
            assert_eq!(scenario.name().parse::<Scenario>().unwrap(), scenario);
        }
        assert!("nothing".parse::<Scenario>().unwrap_err().to_string().contains("lock-pileup"));
    }
}
