//! A migration that changed a table and, in the same transaction, fills its new column row by row for hours.

use tokio_postgres::Config;

use crate::demo::{
    error::DemoError,
    servers::schema::{self, statement},
};

/// Holds the lock until its statement is cancelled or its session terminated; it does not come back.
pub async fn play(login: &Config) -> Result<(), DemoError> {
    let client = schema::connect(login).await?;
    client.batch_execute(statement(include_str!("migration.sql"))).await.map_err(|error| schema::words(&error))?;
    // However it ends, nobody asks for its result: what was done is rolled back, and so the lock goes.
    let _ = client.batch_execute(statement(include_str!("backfill.sql"))).await;
    if client.is_closed() {
        return Ok(());
    }
    client.batch_execute("ROLLBACK").await.map_err(|error| schema::words(&error))
}
