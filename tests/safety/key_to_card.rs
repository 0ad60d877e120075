//! How long a person waits for a card: from the key to the card on the screen, in a real terminal on a real PostgreSQL with
//! fifty idle sessions. A measurement, told and never asserted: `QUARTERDECK=target/release/quarterdeck` measures another
//! build than that of the tests.

use std::time::{Duration, Instant};

use tokio_postgres::NoTls;

use crate::postgres_server::PostgresServer;
use crate::pty::{BINARY, Session, Start};

const ROUNDS: usize = 50;
const SESSIONS: usize = 50;

/// From `a` over the choice to the card, and from Enter to the card.
fn round(session: &mut Session) -> (Duration, Duration) {
    let begun = Instant::now();
    session.point_at("terminate sessions idle for");
    let asked = Instant::now();
    session.press("\r", "What it touches");
    let (whole, card) = (begun.elapsed(), asked.elapsed());
    session.send("\x1b");
    session.wait_gone("What it touches");
    (whole, card)
}

fn percentile(sorted: &[Duration], share: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

#[tokio::test]
#[ignore = "a measurement, to be run by itself on a quiet machine"]
async fn from_the_key_to_the_card() {
    let server = PostgresServer::start(&[]);
    server.sql(
        "postgres",
        "CREATE ROLE app LOGIN; CREATE ROLE ops LOGIN; GRANT pg_signal_backend, pg_read_all_stats TO ops",
    );
    let dsn = format!("host=127.0.0.1 port={} user=app dbname=postgres application_name=shop", server.port());
    let mut guests = Vec::new();
    for _ in 0..SESSIONS {
        let (client, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("SELECT 1").await.unwrap();
        guests.push(client);
    }
    let binary = std::env::var("QUARTERDECK").unwrap_or_else(|_unset| BINARY.to_owned());
    let start = Start::program(binary, &["--config", "c.toml"]).size(120, 40);
    let text = format!(
        "[actions]\nallow = true\nidle_older_than = \"1s\"\n[[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1:{}/postgres\"\n",
        server.port()
    );
    std::fs::write(start.world().join("c.toml"), text).unwrap();
    let mut session = start.run();
    session.wait_for("ARMED");
    session.press("3", "idle 5");
    let aged = format!(
        "SELECT count(*) = {SESSIONS} FROM pg_stat_activity WHERE usename = 'app' AND clock_timestamp() - state_change > '1 s'"
    );
    while server.sql("postgres", &aged) != "t" {
        tokio::task::yield_now().await;
    }
    // In step with the program's own readings it would meet none of them, or all.
    let mut measured: Vec<(Duration, Duration)> = Vec::new();
    for round_number in 0..ROUNDS {
        std::thread::sleep(Duration::from_millis(37 * (round_number as u64 % 11)));
        measured.push(round(&mut session));
    }
    for (name, mut times) in [
        ("a, choice, Enter, card", measured.iter().map(|(whole, _)| *whole).collect::<Vec<_>>()),
        ("Enter, card", measured.iter().map(|(_, card)| *card).collect()),
    ] {
        times.sort();
        eprintln!(
            "{name}: p50 {:?} p99 {:?} most {:?}",
            percentile(&times, 0.5),
            percentile(&times, 0.99),
            times.last().unwrap()
        );
    }
    session.send("\x03");
    session.exit_code();
}
