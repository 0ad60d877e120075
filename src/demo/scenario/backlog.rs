//! The delivery circuit opened for hours, and an import raises alerts faster than ever: the queue grows.

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::Config;

use crate::demo::{
    error::{DemoError, Doing},
    servers::schema::{self, statement},
};

/// Opens the circuit, and fills the queue until it is full or the circuit is closed again.
pub async fn play(login: &Config) -> Result<(), DemoError> {
    let client = schema::connect(login).await?;
    client.batch_execute(statement(include_str!("open_circuit.sql"))).await.map_err(|error| schema::words(&error))?;
    loop {
        let row = client.query_typed_one(statement(include_str!("import.sql")), &[]).await;
        let raised: i64 = row.map_err(|error| schema::words(&error))?.try_get(0).doing("import alerts")?;
        if raised == 0 {
            return Ok(());
        }
        sleep(Duration::from_millis(500)).await;
    }
}
