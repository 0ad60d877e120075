//! A bulk report that drops an index to be faster, and then runs for hours. However it ends, it puts the index back.

use tokio_postgres::Config;

use crate::demo::{
    error::DemoError,
    servers::schema::{self, statement},
};

/// Runs the report until it is cancelled or terminated.
pub async fn play(login: &Config) -> Result<(), DemoError> {
    let client = schema::connect(login).await?;
    let prepare =
        client.batch_execute("SET statement_timeout = '2h'; DROP INDEX IF EXISTS commits_fingerprint_idx").await;
    prepare.map_err(|error| schema::words(&error))?;
    // Its result matters to nobody: it ends by being cancelled, terminated, or timed out.
    let _ = client.batch_execute(statement(include_str!("runaway.sql"))).await;
    let client = if client.is_closed() { schema::connect(login).await? } else { client };
    client.batch_execute(statement(include_str!("restore_index.sql"))).await.map_err(|error| schema::words(&error))
}
