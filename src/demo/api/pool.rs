//! A real connection pool: a fixed size, a deadline for waiting, connections that are replaced when they are old.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{sleep, timeout},
};
use tokio_postgres::{Client, Config};

use super::fault::Fault;
use crate::demo::{
    error::{DemoError, Doing},
    servers::schema,
};

/// How long a request waits for a connection.
const PATIENCE: Duration = Duration::from_secs(2);
/// How old a connection may become.
const LIFETIME: Duration = Duration::from_secs(20);

#[derive(Debug)]
struct Pooled {
    client: Client,
    opened: Instant,
}

/// The pool.
#[derive(Debug)]
pub struct Pool {
    config: Config,
    size: usize,
    permits: Semaphore,
    idle: Mutex<VecDeque<Pooled>>,
    /// One login at a time: a pool that is short must not storm the server.
    opening: tokio::sync::Mutex<()>,
    /// Why the last login failed.
    refused: Mutex<Option<String>>,
}

/// A connection on loan; it goes back when dropped.
#[derive(Debug)]
pub struct Lease<'a> {
    pool: &'a Pool,
    pooled: Option<Pooled>,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    /// An empty pool.
    pub fn new(url: &str, size: usize) -> Result<Self, DemoError> {
        let mut config: Config = url.parse().doing("read the database's address")?;
        config.application_name("pggit-api").options("-c statement_timeout=5s").connect_timeout(PATIENCE);
        Ok(Self {
            config,
            size,
            permits: Semaphore::new(size),
            idle: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            refused: Mutex::default(),
        })
    }

    /// Connections that are open and not on loan.
    pub fn available(&self) -> usize {
        self.with_idle(|idle| idle.iter().filter(|pooled| !pooled.client.is_closed()).count())
    }

    /// How many connections it keeps.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Connections on loan, or waited for.
    pub fn in_use(&self) -> usize {
        self.size - self.permits.available_permits()
    }

    fn with_idle<T>(&self, run: impl FnOnce(&mut VecDeque<Pooled>) -> T) -> T {
        run(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_idle(&self) -> Option<Pooled> {
        self.with_idle(|idle| {
            idle.retain(|pooled| !pooled.client.is_closed());
            idle.pop_front()
        })
    }

    /// A connection, or why there was none within two seconds.
    pub async fn acquire(&self) -> Result<Lease<'_>, Fault> {
        let waited = timeout(PATIENCE, self.wait()).await;
        waited.ok().flatten().ok_or_else(|| {
            let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let cause = refused.unwrap_or_else(|| "all are in use".to_owned());
            Fault {
                status: StatusCode::SERVICE_UNAVAILABLE,
                message: format!("pool timeout after {} s: {cause}", PATIENCE.as_secs()),
                frames: &[
                    "\"/srv/pggit/api/middleware.py\", line 61, in dispatch\n    return await call_next(request)",
                    "\"/srv/pggit/db/pool.py\", line 212, in acquire\n    raise TimeoutError(cause)",
                ],
            }
        })
    }

    async fn wait(&self) -> Option<Lease<'_>> {
        let permit = self.permits.acquire().await.ok()?;
        loop {
            if let Some(pooled) = self.take_idle() {
                return Some(Lease { pool: self, pooled: Some(pooled), _permit: permit });
            }
            if let Ok(_alone) = self.opening.try_lock() {
                // Most likely one comes back first. A slot that is free only for a moment goes to whoever hastens more.
                sleep(Duration::from_millis(400)).await;
                if let Some(pooled) = self.take_idle() {
                    return Some(Lease { pool: self, pooled: Some(pooled), _permit: permit });
                }
                if let Ok(pooled) = self.open().await {
                    return Some(Lease { pool: self, pooled: Some(pooled), _permit: permit });
                }
            } else {
                sleep(Duration::from_millis(10)).await;
            }
        }
    }

    async fn open(&self) -> Result<Pooled, DemoError> {
        let opened = schema::connect(&self.config).await;
        let refused = opened.as_ref().err().map(ToString::to_string);
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
        Ok(Pooled { client: opened?, opened: Instant::now() })
    }

    /// Opens what is missing, then closes at most two connections that are too old. Their places are filled at the next
    /// call: until then the server's slots are free, and anyone may take them.
    pub async fn upkeep(&self) -> Result<(), DemoError> {
        let filled = self.fill().await;
        drop([self.take_old(), self.take_old()]);
        filled
    }

    fn take_old(&self) -> Option<Pooled> {
        self.with_idle(|idle| {
            let oldest = idle.iter().enumerate().min_by_key(|(_, pooled)| pooled.opened);
            let at = oldest.filter(|(_, pooled)| pooled.opened.elapsed() > LIFETIME).map(|(at, _)| at);
            at.and_then(|at| idle.remove(at))
        })
    }

    async fn fill(&self) -> Result<(), DemoError> {
        let Ok(_alone) = self.opening.try_lock() else { return Ok(()) };
        while let Ok(_permit) = self.permits.try_acquire() {
            // This permit is one of those in use.
            if self.available() + self.in_use() > self.size {
                break;
            }
            let pooled = self.open().await?;
            self.with_idle(|idle| idle.push_back(pooled));
        }
        Ok(())
    }
}

impl std::ops::Deref for Lease<'_> {
    type Target = Client;

    fn deref(&self) -> &Client {
        match &self.pooled {
            Some(pooled) => &pooled.client,
            // Only `drop` empties it.
            None => unreachable!("a lease holds its connection until it is dropped"),
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(pooled) = self.pooled.take().filter(|pooled| !pooled.client.is_closed()) {
            self.pool.with_idle(|idle| idle.push_back(pooled));
        }
    }
}
