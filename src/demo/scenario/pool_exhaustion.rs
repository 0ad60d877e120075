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
        // Several reports at once: one of them is there when the API's pool gives a slot back, also its last one.
        let (one, two, three) = tokio::join!(schema::connect(login), schema::connect(login), schema::connect(login));
        if held.iter().any(Client::is_closed) {
            // Slots that only the cure set free.
            break;
        }
        let kept = held.len();
        for client in [one, two, three].into_iter().flatten() {
            let report = if held.len() < IDLE { "SELECT 1" } else { statement(include_str!("report.sql")) };
            if client.batch_execute(report).await.is_ok() {
                held.push(client);
            }
        }
        sleep(Duration::from_millis(25)).await;
        if held.iter().take(kept).any(Client::is_closed) {
            // The cure came during this very round: what it took is given back.
            held.truncate(kept);
            break;
        }
    }
    while !held.is_empty() {
        held.retain(|client| !client.is_closed());
        sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}
