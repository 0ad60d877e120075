//! Cancelling and terminating sessions of a real server: who is on the card, who is left alone, what becomes of each.

mod agreed;
mod card;
mod fates;
mod frees;
mod giving_back;
mod kin;
mod line;
mod locks;
mod race;
mod refusals;
mod relay;
mod turns;

use std::collections::BTreeMap;
use std::time::Duration;

use quarterdeck::adapters::postgres::PostgresSource;
use quarterdeck::domain::session::SessionId;
use quarterdeck::remediation::action::{Databases, SessionSelector};
use quarterdeck::remediation::card::Preview;
use quarterdeck::remediation::object::{Fate, Object, ObjectKey};
use quarterdeck::remediation::step::{SessionVerb, StepEnd};
use tokio_postgres::{Client, Error, NoTls};

use super::{DEADLINE, source, url};
use crate::support::postgres_server::PostgresServer;

const CAP: usize = 50;

/// A server with an application's role and ours.
fn stage(settings: &[&str]) -> PostgresServer {
    let server = PostgresServer::start(settings);
    server.sql(
        "postgres",
        "CREATE ROLE app LOGIN; CREATE ROLE batch LOGIN; CREATE ROLE ops LOGIN; \
         GRANT pg_signal_backend, pg_read_all_stats TO ops",
    );
    server.sql("postgres", "CREATE DATABASE shop");
    server.sql("postgres", "CREATE DATABASE side");
    server
}

fn ops(server: &PostgresServer) -> PostgresSource {
    source(&url(server, "ops", "shop"))
}

/// A session of somebody else: its client, its identity, and how its connection ends.
struct Guest {
    client: Client,
    id: SessionId,
    end: tokio::task::JoinHandle<Result<(), Error>>,
}

impl Guest {
    async fn of(port: u16, user: &str, database: &str, application: &str) -> Result<Guest, Error> {
        let dsn = format!("host=127.0.0.1 port={port} user={user} dbname={database} application_name='{application}'");
        let (client, connection) = tokio_postgres::connect(&dsn, NoTls).await?;
        let end = tokio::spawn(connection);
        let sql = "SELECT pid, (EXTRACT(epoch FROM backend_start) * 1000000)::int8 FROM pg_stat_get_activity(pg_backend_pid())";
        let row = client.query_typed(sql, &[]).await?.remove(0);
        let id = SessionId { pid: row.get(0), backend_start_us: row.get(1) };
        Ok(Guest { client, id, end })
    }

    async fn new(server: &PostgresServer, user: &str, database: &str, application: &str) -> Guest {
        Guest::of(server.port(), user, database, application).await.unwrap()
    }

    async fn runs(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }

    async fn is_alive(&self) -> bool {
        self.client.batch_execute("SELECT").await.is_ok()
    }

    /// Waits until the server ended it; the server's word.
    async fn ended(self) -> String {
        let error = tokio::time::timeout(DEADLINE, self.end).await.expect("it did not end").unwrap().unwrap_err();
        error.code().map(|code| code.code().to_owned()).unwrap_or_default()
    }
}

/// Waits until a question of the superuser is answered with `t`.
async fn until(server: &PostgresServer, sql: &str) {
    for _ in 0..2000 {
        if server.sql("postgres", sql) == "t" {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("never true: {sql}");
}

/// Waits until so many sessions wait for locks.
async fn waiting(server: &PostgresServer, count: usize) {
    until(server, &format!("SELECT count(*) = {count} FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).await;
}

/// Waits until a session is in a state.
async fn in_state(server: &PostgresServer, guest: &Guest, state: &str) {
    let pid = guest.id.pid;
    until(server, &format!("SELECT state = '{state}' FROM pg_stat_activity WHERE pid = {pid}")).await;
}

fn idle(older_than: Duration) -> SessionSelector {
    SessionSelector::Idle {
        older_than,
        user: None,
        application: None,
        databases: Databases::Present,
        except_users: Vec::new(),
        except_applications: Vec::new(),
    }
}

const MOMENT: Duration = Duration::from_micros(1);

async fn preview(source: &mut PostgresSource, selector: &SessionSelector, verb: SessionVerb) -> Preview {
    source.preview(selector, verb, CAP, DEADLINE).await.unwrap_or_else(|cause| panic!("{cause}"))
}

fn keys(preview: &Preview) -> Vec<ObjectKey> {
    preview.objects.iter().map(|object| object.key.clone()).collect()
}

fn id(key: &ObjectKey) -> SessionId {
    match key {
        ObjectKey::Session { id, .. } => *id,
        ObjectKey::Named(_) => panic!("no session"),
    }
}

fn object<'a>(preview: &'a Preview, guest: &Guest) -> &'a Object {
    preview.objects.iter().find(|object| id(&object.key) == guest.id).expect("not on the card")
}

fn pids(preview: &Preview) -> Vec<i32> {
    preview.objects.iter().map(|object| id(&object.key).pid).collect()
}

fn excluded(preview: &Preview) -> BTreeMap<String, usize> {
    preview.excluded.iter().map(|excluded| (excluded.why.to_string(), excluded.count)).collect()
}

fn words(lines: &[quarterdeck::domain::Safe]) -> String {
    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

async fn signal(source: &mut PostgresSource, preview: &Preview, verb: SessionVerb) -> BTreeMap<i32, Fate> {
    match source.signal(&preview.identity, &keys(preview), verb, DEADLINE).await {
        StepEnd::Done { fates, .. } => {
            assert_eq!(fates.len(), preview.objects.len(), "each of the card has its fate");
            fates.into_iter().map(|(key, fate)| (id(&key).pid, fate)).collect()
        }
        other => panic!("{other:?}"),
    }
}
