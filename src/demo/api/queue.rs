//! Webhooks, alerts and the queue of deliveries between them.

use std::sync::Arc;

use axum::{Json, extract::State};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{Api, fault::Fault, pool::Pool};
use crate::demo::{
    error::{DemoError, Doing},
    servers::schema::statement,
};

/// How many deliveries wait.
pub async fn depth(pool: &Pool) -> Result<i64, Fault> {
    let row =
        pool.acquire().await?.query_typed_one(statement(include_str!("../services/queue_depth.sql")), &[]).await?;
    Ok(row.try_get(0)?)
}

/// `GET /api/v1/webhooks`.
pub async fn webhooks(State(api): State<Arc<Api>>) -> Result<Json<Value>, Fault> {
    let lease = api.pool()?.acquire().await?;
    let rows = lease.query_typed(statement(include_str!("webhooks.sql")), &[]).await?;
    let items = rows
        .iter()
        .map(|row| {
            let id: i64 = row.try_get(0).doing("read a webhook")?;
            let text = |at: usize| row.try_get::<_, String>(at).doing("read a webhook");
            let active: bool = row.try_get(4).doing("read a webhook")?;
            Ok(json!({"id": id, "name": text(1)?, "url": text(2)?, "status": text(3)?, "is_active": active}))
        })
        .collect::<Result<Vec<_>, DemoError>>()?;
    Ok(Json(json!({"total": items.len(), "items": items})))
}

/// `GET /api/v1/alerts`: the newest, and how many there are.
pub async fn alerts(State(api): State<Arc<Api>>) -> Result<Json<Value>, Fault> {
    let lease = api.pool()?.acquire().await?;
    let rows = lease.query_typed(statement(include_str!("alerts.sql")), &[]).await?;
    let total: i64 = rows.first().map_or(Ok(0), |row| row.try_get(6))?;
    let items = rows
        .iter()
        .map(|row| {
            let id: i64 = row.try_get(0).doing("read an alert")?;
            let text = |at: usize| row.try_get::<_, String>(at).doing("read an alert");
            let created: DateTime<Utc> = row.try_get(5).doing("read an alert")?;
            Ok(json!({
                "id": id, "title": text(1)?, "severity": text(2)?, "repository": text(3)?, "status": text(4)?,
                "created_at": created.to_rfc3339_opts(SecondsFormat::Millis, true),
            }))
        })
        .collect::<Result<Vec<_>, DemoError>>()?;
    Ok(Json(json!({"items": items, "total": total})))
}

/// `POST /api/v1/alerts`: a new alert, and its delivery to an active webhook.
pub async fn raise_alert(State(api): State<Arc<Api>>) -> Result<Json<Value>, Fault> {
    let lease = api.pool()?.acquire().await?;
    let row = lease.query_typed_one(statement(include_str!("raise_alert.sql")), &[]).await?;
    let queued: i64 = row.try_get(0)?;
    Ok(Json(json!({"queued": queued})))
}

/// `POST /api/v1/webhooks/retry-pending`: closes the circuit and makes all that waits due now.
pub async fn retry_pending(State(api): State<Arc<Api>>) -> Result<Json<Value>, Fault> {
    let lease = api.pool()?.acquire().await?;
    let row = lease.query_typed_one(statement(include_str!("retry_pending.sql")), &[]).await?;
    let retried: i64 = row.try_get(0)?;
    Ok(Json(json!({"status": "accepted", "retried": retried})))
}
