//! A batch client that leaks: it opens a session per report, reads in a transaction and never ends it, and so takes
//! every slot that the API's pool gives back. Once one of its sessions is terminated it opens no more.

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::{Client, Config};

use crate::demo::{
    error::DemoError,
    servers::schema::{self, statement},
};

/// The first sessions stay idle outside a transaction.
const IDLE: usize = 2;

/// Leaks until terminated, then holds what was left to it.
pub async fn play(login: &Config) -> Result<(), DemoError> {
    let mut held: Vec<Client> = Vec::new();
    loop {
        if held.iter().any(Client::is_closed) {
            break;
        }
        // No slot is free: the next one that the pool gives back will do.
        if let Ok(client) = schema::connect(login).await {
            let report = if held.len() < IDLE { "SELECT 1" } else { statement(include_str!("report.sql")) };
            if client.batch_execute(report).await.is_ok() {
                held.push(client);
                continue;
            }
        }
        // Eager enough to be there before the API is, also for its last slot.
        sleep(Duration::from_millis(15)).await;
    }
    while !held.is_empty() {
        held.retain(|client| !client.is_closed());
        sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}
