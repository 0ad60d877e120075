//! A migration that changed a table and then waits for its operator, in the middle of its transaction.

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::Config;

use crate::demo::{
    error::DemoError,
    servers::schema::{self, statement},
};

/// Holds the lock until the session is terminated; it does not come back.
pub async fn play(login: &Config) -> Result<(), DemoError> {
    let client = schema::connect(login).await?;
    client.batch_execute(statement(include_str!("migration.sql"))).await.map_err(|error| schema::words(&error))?;
    while !client.is_closed() {
        sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
