//! The worker: takes pending deliveries from the queue, hands them to the gateway, and says on its own port how it is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};
use tokio::{sync::Mutex, time::sleep};
use tokio_postgres::{Client, Config};

use super::Lines;
use crate::demo::{
    error::{DemoError, Doing},
    http,
    log_file::LogFile,
    servers::schema::{self, statement},
    spec::ServiceSpec,
};

/// How often the worker looks at the queue.
const PACE: Duration = Duration::from_millis(500);
/// How many deliveries it takes at once.
const BATCH: i64 = 150;

/// What happened to the last batch.
#[derive(Debug)]
enum Batch {
    CircuitOpen,
    Delivered { count: u64, depth: i64 },
}

#[derive(Debug)]
struct Worker {
    spec: ServiceSpec,
    log: LogFile,
    started: Instant,
    delivered: AtomicU64,
    depth: AtomicI64,
    last: Mutex<Result<Batch, DemoError>>,
}

/// Serves the worker.
pub async fn serve(spec: ServiceSpec, lines: Lines) -> Result<(), DemoError> {
    let log = LogFile::open(&spec.log_path, "worker")?;
    let port = spec.port;
    let worker = Arc::new(Worker {
        spec,
        log,
        started: Instant::now(),
        delivered: AtomicU64::new(0),
        depth: AtomicI64::new(-1),
        last: Mutex::new(Err(DemoError::new("not connected to the database yet"))),
    });
    worker.log.write("INFO", "worker started", json!({}));
    if worker.spec.database_url.is_some() {
        tokio::spawn(work(Arc::clone(&worker)));
    }
    let router = Router::new().route("/health", get(health)).with_state(worker);
    super::serve(port, router, lines, |_| {}).await
}

async fn health(State(worker): State<Arc<Worker>>) -> (StatusCode, Json<Value>) {
    let last = worker.last.lock().await;
    let (code, status, queue) = match &*last {
        Ok(Batch::Delivered { depth, .. }) => (StatusCode::OK, "healthy", json!({"status": "healthy", "depth": depth})),
        Ok(Batch::CircuitOpen) => {
            let depth = worker.depth.load(Relaxed);
            (StatusCode::OK, "degraded", json!({"status": "degraded", "circuit": "open", "depth": depth}))
        }
        Err(_) if worker.spec.database_url.is_none() => (StatusCode::OK, "healthy", json!({"status": "disabled"})),
        Err(error) => {
            let queue = json!({"status": "unhealthy", "error": error.to_string()});
            (StatusCode::SERVICE_UNAVAILABLE, "unhealthy", queue)
        }
    };
    let body = json!({
        "status": status,
        "version": "1.4.2",
        "pid": std::process::id(),
        "uptime_seconds": worker.started.elapsed().as_secs(),
        "delivered_total": worker.delivered.load(Relaxed),
        "checks": {"queue": queue},
    });
    (code, Json(body))
}

async fn work(worker: Arc<Worker>) {
    let mut session: Option<Client> = None;
    loop {
        let outcome = batch(&worker, &mut session).await;
        if let Err(error) = &outcome {
            session = None;
            worker.log.write("ERROR", &format!("delivery batch failed: {error}"), json!({}));
        }
        if let Ok(Batch::Delivered { count, depth }) = &outcome {
            worker.delivered.fetch_add(*count, Relaxed);
            worker.depth.store(*depth, Relaxed);
            if *count > 0 {
                let words = format!("delivered {count} alerts");
                worker.log.write("INFO", &words, json!({"queue": {"depth": depth, "delivered": count}}));
            }
        }
        *worker.last.lock().await = outcome;
        sleep(PACE).await;
    }
}

async fn batch(worker: &Worker, session: &mut Option<Client>) -> Result<Batch, DemoError> {
    let client: &Client = match session {
        Some(client) if !client.is_closed() => client,
        _ => session.insert(connect(worker).await?),
    };
    let query = async |sql| client.query_typed_one(sql, &[]).await.map_err(|error| schema::words(&error));
    let depth: i64 = query(statement(include_str!("queue_depth.sql"))).await?.try_get(0).doing("read the queue")?;
    worker.depth.store(depth, Relaxed);
    let open: bool = query("SELECT open_until > now() FROM delivery_circuit").await?.try_get(0).doing("read")?;
    if open {
        return Ok(Batch::CircuitOpen);
    }
    if depth > 0 {
        let (status, _) = http::ask(worker.spec.gateway_port, "POST", "/hooks", Duration::from_secs(2)).await?;
        if status != 200 {
            return Err(DemoError::new(format!("the gateway refused a delivery with {status}")));
        }
    }
    let limit: (&(dyn tokio_postgres::types::ToSql + Sync), _) = (&BATCH, tokio_postgres::types::Type::INT8);
    let delivered = client.execute_typed(statement(include_str!("deliver.sql")), &[limit]).await;
    let count = delivered.map_err(|error| schema::words(&error))?;
    client.batch_execute(statement(include_str!("prune.sql"))).await.map_err(|error| schema::words(&error))?;
    Ok(Batch::Delivered { count, depth: (depth - count as i64).max(0) })
}

async fn connect(worker: &Worker) -> Result<Client, DemoError> {
    let url = worker.spec.database_url.as_deref().unwrap_or_default();
    let mut config: Config = url.parse().doing("read the database's address")?;
    config.application_name("pggit-worker").options("-c statement_timeout=5s").connect_timeout(Duration::from_secs(3));
    schema::connect(&config).await
}
