//! PostgreSQL against a real server: readings, rights, faults, poolers, TLS.

mod actions;
mod explain;
mod explain_session;
mod faults;
mod leftovers;
mod pooler;
mod readings;
mod receivers;
mod rights;
mod statements;
mod statements_run;
mod tables;
mod tls;
mod upkeep;

use std::time::Duration;

use quarterdeck::adapters::postgres::PostgresSource;
use quarterdeck::config::dsn;
use quarterdeck::config::resolved::{DatabaseSpec, ScalarQuery};
use quarterdeck::domain::Safe;
use quarterdeck::domain::database::DatabaseReading;
use quarterdeck::domain::target::{Environment, Provenance};
use tokio_postgres::{Client, NoTls};

use crate::support::postgres_server::{PostgresServer, SUPERUSER};

const DEADLINE: Duration = Duration::from_secs(20);

fn spec(url: &str) -> DatabaseSpec {
    let (target, _) = dsn::parse(url, &|_| None, None).unwrap();
    DatabaseSpec {
        name: Safe::of("db"),
        target,
        interval: Duration::from_secs(2),
        deadline: DEADLINE,
        statements_interval: Duration::ZERO,
        scalars: Vec::new(),
        hit_target: None,
        environment: Environment::Local,
        provenance: Provenance::Configured,
    }
}

fn source(url: &str) -> PostgresSource {
    PostgresSource::new(spec(url))
}

fn with_scalars(url: &str, queries: &[&str]) -> PostgresSource {
    let scalar = |(at, sql): (usize, &&str)| ScalarQuery {
        signal: quarterdeck::domain::source::SignalId(at as u16),
        sql: (*sql).to_owned(),
        interval: Duration::from_secs(1),
    };
    PostgresSource::new(DatabaseSpec { scalars: queries.iter().enumerate().map(scalar).collect(), ..spec(url) })
}

fn url(server: &PostgresServer, user: &str, database: &str) -> String {
    format!("postgresql://{user}@127.0.0.1:{}/{database}", server.port())
}

async fn read(source: &mut PostgresSource) -> DatabaseReading {
    source.read(DEADLINE).await.unwrap_or_else(|cause| panic!("{cause}"))
}

/// A plain session of somebody else.
async fn session(server: &PostgresServer, application: &str, database: &str) -> Client {
    let dsn = format!(
        "host=127.0.0.1 port={} user={SUPERUSER} dbname={database} application_name={application}",
        server.port()
    );
    let (client, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A database of the test's own on the shared server, with the extension.
fn database(name: &str) -> &'static PostgresServer {
    let server = PostgresServer::shared();
    server.sql("postgres", &format!("CREATE DATABASE {name}"));
    server.sql(name, "CREATE EXTENSION pg_stat_statements");
    server
}
