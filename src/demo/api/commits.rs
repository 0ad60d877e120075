//! The reading endpoints: one commit through the cache, a search that needs its index, a report that is a bit slow.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_postgres::{Row, types::Type};

use super::{Api, fault::Fault};
use crate::demo::{
    error::{DemoError, Doing},
    http,
    servers::schema::statement,
    services::gateway::milliseconds,
};

/// How many commits clients ask for: what a warm cache holds.
pub const ASKED_FOR: i64 = 400;

fn describe(row: &Row) -> Result<Value, DemoError> {
    let text = |at: usize| row.try_get::<_, String>(at).doing("read a commit");
    let id: i64 = row.try_get(0).doing("read a commit")?;
    Ok(json!({"id": id, "repository": text(1)?, "author": text(2)?, "message": text(3)?}))
}

/// `GET /api/v1/commits/{id}`: from the cache, else from the database; some need the gateway, too.
pub async fn one(State(api): State<Arc<Api>>, Path(id): Path<i64>) -> Result<Json<Value>, Fault> {
    let key = format!("commit:{id}");
    let cached = match &api.cache {
        Some(cache) => cache.get(&key).await.and_then(|text| serde_json::from_str(&text).ok()),
        None => None,
    };
    let mut commit: Value = match cached {
        Some(commit) => commit,
        None => load(&api, id, key).await?,
    };
    if id % 7 < 2 {
        commit["region"] = region(&api, id).await?;
    }
    Ok(Json(commit))
}

async fn load(api: &Api, id: i64, key: String) -> Result<Value, Fault> {
    let lease = api.pool()?.acquire().await?;
    let row = lease.query_typed_opt(statement(include_str!("commit.sql")), &[(&id, Type::INT8)]).await?;
    drop(lease);
    let missing = || Fault { status: StatusCode::NOT_FOUND, message: format!("no commit {id}"), frames: &[] };
    let commit = describe(&row.ok_or_else(missing)?)?;
    if let Some(cache) = &api.cache
        && let Err(error) = cache.put(&[(key, commit.to_string())]).await
    {
        api.log.write("WARNING", &format!("cannot fill the cache: {error}"), json!({}));
    }
    Ok(commit)
}

async fn region(api: &Api, id: i64) -> Result<Value, Fault> {
    let port = api.gateway_port.load(Relaxed);
    let asked = http::ask(port, "GET", &format!("/enrich/{id}"), Duration::from_secs(2)).await;
    let (_, body) = asked.map_err(|error| Fault {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        message: format!("gateway look-up failed: {error}"),
        frames: &[
            "\"/srv/pggit/api/middleware.py\", line 61, in dispatch\n    return await call_next(request)",
            "\"/srv/pggit/api/commits.py\", line 88, in get_commit\n    commit.region = await gateway.enrich(commit.id)",
            "\"/srv/pggit/clients/gateway.py\", line 41, in enrich\n    raise RuntimeError(cause) from error",
        ],
    })?;
    let answer: Value = serde_json::from_str(&body).doing("read the gateway's answer")?;
    Ok(answer["region"].clone())
}

/// What to search for.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    number: i64,
}

/// `GET /api/v1/commits/search?number=N`: finds the commit with the same content as commit N.
pub async fn search(State(api): State<Arc<Api>>, Query(wanted): Query<Wanted>) -> Result<Json<Value>, Fault> {
    let lease = api.pool()?.acquire().await?;
    let rows = lease.query_typed(statement(include_str!("search.sql")), &[(&wanted.number, Type::INT8)]).await?;
    let items = rows.iter().map(describe).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(json!({"total": items.len(), "items": items})))
}

/// `GET /api/v1/reports/activity`: reads many rows, and so takes a while.
pub async fn activity(State(api): State<Arc<Api>>) -> Result<Json<Value>, Fault> {
    let lease = api.pool()?.acquire().await?;
    let rows = lease.query_typed(statement(include_str!("activity.sql")), &[]).await?;
    let items = rows
        .iter()
        .map(|row| {
            let repository: String = row.try_get(0).doing("read a report")?;
            let commits: i64 = row.try_get(1).doing("read a report")?;
            Ok(json!({"repository": repository, "commits": commits}))
        })
        .collect::<Result<Vec<_>, DemoError>>()?;
    Ok(Json(json!({"items": items})))
}

/// `POST /api/v1/cache/warm`: fills the cache from the database, with the built-in time to live.
pub async fn warm(State(api): State<Arc<Api>>) -> Result<Json<Value>, Fault> {
    let began = Instant::now();
    let cache = api.cache.as_ref().ok_or_else(|| Fault::unavailable("Redis is not installed here"))?;
    let lease = api.pool()?.acquire().await?;
    let rows = lease.query_typed(statement(include_str!("warm.sql")), &[(&ASKED_FOR, Type::INT8)]).await?;
    drop(lease);
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        let commit = describe(row)?;
        entries.push((format!("commit:{}", commit["id"]), commit.to_string()));
    }
    cache.restore_ttl().await?;
    cache.put(&entries).await?;
    Ok(Json(json!({"status": "warmed", "entries": entries.len(), "took_ms": milliseconds(began)})))
}
