//! Roles, tables and rows. The database gets its name last, so whoever finds `pggit` finds it whole.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::{Client, Config, NoTls};

use super::{
    super::{
        entropy,
        error::{DemoError, Doing},
    },
    postgres::Cluster,
};

/// A statement without the comment that opens its file, so that lists of statements show what it does.
pub fn statement(file: &'static str) -> &'static str {
    let mut rest = file;
    while let Some((_, after)) = rest.split_once('\n').filter(|(line, _)| line.starts_with("--")) {
        rest = after;
    }
    rest.trim_end()
}

/// The passwords of the sample's roles.
#[derive(Debug, Clone)]
pub struct Logins {
    /// The services' role, which owns the tables.
    pub pggit: String,
    /// The batch job's role.
    pub reports: String,
    /// The operator's role: sees everything, may signal and act as the owner.
    pub ops: String,
}

impl Logins {
    /// Fresh passwords.
    pub fn new() -> Result<Self, DemoError> {
        Ok(Self { pggit: entropy::secret()?, reports: entropy::secret()?, ops: entropy::secret()? })
    }

    fn fill(&self, sql: &str) -> String {
        sql.replace("{pggit}", &self.pggit).replace("{reports}", &self.reports).replace("{ops}", &self.ops)
    }
}

/// A DSN of the sample.
pub fn url(role: &str, password: &str, port: u16) -> String {
    format!("postgres://{role}:{password}@127.0.0.1:{port}/pggit")
}

/// A connection that drives itself; it ends with its client.
pub async fn connect(config: &Config) -> Result<Client, DemoError> {
    let connected = timeout(Duration::from_secs(10), config.connect(NoTls)).await;
    let (client, connection) = connected.doing("log in within 10 s")?.map_err(|error| words(&error))?;
    tokio::spawn(async move {
        // How a session ended is seen by whoever uses it next.
        let _ = connection.await;
    });
    Ok(client)
}

/// What the server said; the driver's own words are only `db error`.
pub fn words(error: &tokio_postgres::Error) -> DemoError {
    match error.as_db_error() {
        Some(said) => DemoError::new(format!("{} ({})", said.message(), said.code().code())),
        None => DemoError::new(error.to_string()),
    }
}

/// Makes everything.
pub async fn seed(cluster: &Cluster<'_>, logins: &Logins) -> Result<(), DemoError> {
    let admin = connect(&cluster.superuser("postgres")).await?;
    let run = async |client: &Client, sql: &str| client.batch_execute(sql).await.map_err(|error| words(&error));
    run(&admin, &logins.fill(include_str!("roles.sql"))).await?;
    run(&admin, "CREATE DATABASE pggit_seed OWNER pggit").await?;
    let seeding = connect(&cluster.superuser("pggit_seed")).await?;
    let schema = include_str!("schema.sql");
    let extension = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;";
    if run(&seeding, extension).await.is_err() {
        // Not installed here: the sample goes without, and the dashboard says what is missing.
        run(&seeding, &schema.replace(extension, "")).await?;
    } else {
        run(&seeding, schema).await?;
        // What follows is the sample's own work; the roles' passwords need not stand in a list of statements, either.
        run(&seeding, "SELECT pg_stat_statements_reset()").await?;
    }
    drop(seeding);
    rename(&admin).await
}

async fn rename(admin: &Client) -> Result<(), DemoError> {
    // The seeding session needs a moment to be gone.
    let mut outcome = Ok(());
    for _ in 0..100 {
        outcome = admin.batch_execute("ALTER DATABASE pggit_seed RENAME TO pggit").await.map_err(|error| words(&error));
        if outcome.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::statement;

    #[test]
    fn a_statement_begins_with_its_first_word() {
        assert_eq!(statement("-- One.\n-- Two.\nSELECT 1\n"), "SELECT 1");
        assert_eq!(statement("SELECT 1 -- one\n"), "SELECT 1 -- one");
    }
}
