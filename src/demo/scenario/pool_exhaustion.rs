//! A batch client that leaks: it opens a session per report, reads in a transaction and never ends it, and so takes
//! every slot that the API's pool gives back. As a program that did not expect it, it dies of the first of its sessions
//! that is terminated, and the others go with it.

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::{Client, Config};

use crate::demo::{
    error::DemoError,
    servers::schema::{self, statement},
};

/// The first sessions stay idle outside a transaction.
const IDLE: usize = 2;

/// Leaks until one of its sessions is terminated.
pub async fn play(login: &Config) -> Result<(), DemoError> {
    let mut held: Vec<Client> = Vec::new();
    loop {
        // Several reports at once: one of them is there when the API's pool gives a slot back, also its last one.
        let (one, two, three) = tokio::join!(schema::connect(login), schema::connect(login), schema::connect(login));
        if held.iter().any(Client::is_closed) {
            return Ok(());
        }
        for client in [one, two, three].into_iter().flatten() {
            let report = if held.len() < IDLE { "SELECT 1" } else { statement(include_str!("report.sql")) };
            if client.batch_execute(report).await.is_ok() {
                held.push(client);
            }
        }
        sleep(Duration::from_millis(25)).await;
    }
}
