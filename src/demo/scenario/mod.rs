//! Incidents: each begins here, really happens in the servers and services, and stays until it is cured from outside.

mod backlog;
mod lock_pileup;
mod pool_exhaustion;
mod slow_query;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_postgres::Config;

use super::{
    error::{DemoError, Doing},
    manager::Order,
    options::Scenario,
    servers::schema::Logins,
    spec::Told,
};

/// Where a time to live in seconds may be configured for the whole cache; 0 is the built-in one.
pub const TTL_KEY: &str = "config:ttl_seconds";

/// A reserved port where nobody listens: where the gateway was, says a stale address.
const DEAD_GATEWAY: u16 = 9;

/// What an incident can reach.
#[derive(Debug)]
pub struct Stage {
    /// Where PostgreSQL listens, and as whom to log in.
    pub database: Option<(u16, Logins)>,
    /// The Redis URL.
    pub redis_url: Option<String>,
    /// The process manager.
    pub orders: mpsc::Sender<Order>,
}

impl Stage {
    fn login(&self, role: &str, application: &str) -> Result<Config, DemoError> {
        let (port, logins) = self.database.as_ref().ok_or_else(|| DemoError::new("this scenario needs postgresql"))?;
        let mut config = Config::new();
        config.host("127.0.0.1").port(*port).dbname("pggit").application_name(application);
        config.connect_timeout(Duration::from_secs(5));
        config.user(role).password(if role == "reports" { &logins.reports } else { &logins.pggit });
        Ok(config)
    }

    async fn order(&self, order: Order) -> Result<(), DemoError> {
        self.orders.send(order).await.doing("reach the manager")
    }
}

/// Lets it happen; returns when there is nothing left to do for it.
pub async fn play(scenario: Scenario, stage: &Stage) -> Result<(), DemoError> {
    match scenario {
        Scenario::PoolExhaustion => pool_exhaustion::play(&stage.login("reports", "report-batch")?).await,
        Scenario::ColdCache => cold_cache(stage).await,
        Scenario::SlowQuery => slow_query::play(&stage.login("reports", "report-batch")?).await,
        Scenario::LockPileup => lock_pileup::play(&stage.login("pggit", "schema-migration")?).await,
        Scenario::ErrorBurst => stage.order(Order::Tell("api", Told::GatewayAt(DEAD_GATEWAY))).await,
        Scenario::ServiceDown => stage.order(Order::Kill("worker")).await,
        Scenario::Backlog => backlog::play(&stage.login("pggit", "alert-import")?).await,
    }
}

/// Someone flushed the cache, and someone deployed a time to live of one second.
async fn cold_cache(stage: &Stage) -> Result<(), DemoError> {
    let url = stage.redis_url.as_deref().ok_or_else(|| DemoError::new("this scenario needs redis-server"))?;
    let client = redis::Client::open(url).doing("read the cache's address")?;
    let mut connection = client.get_multiplexed_async_connection().await.doing("reach the cache")?;
    let mut pipeline = redis::pipe();
    pipeline.cmd("FLUSHDB").ignore().cmd("SET").arg(TTL_KEY).arg(1).ignore();
    pipeline.query_async::<()>(&mut connection).await.doing("flush the cache")
}
