//! `quarterdeck run` as a person and a script meet it, against a real PostgreSQL: the card and its code, the code once and
//! only for that card, what refuses, and that all of it is in the audit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::string_slice, reason = "tests may panic")]

mod backup;
mod clock;
mod containers;
mod cooling;
#[path = "../support/escapes.rs"]
mod escapes;
#[path = "../support/fake_http.rs"]
mod fake_http;
mod flapping;
mod forged;
mod hasten;
#[path = "../support/hostile.rs"]
mod hostile;
mod hostile_requests;
mod killed_over_ssh;
mod killed_while_printing;
mod lost_turns;
mod managers;
#[path = "../support/postgres_server.rs"]
#[allow(dead_code, reason = "shared with the tests of the adapters")]
mod postgres_server;
mod procedures;
mod profile;
mod profile_cures;
#[path = "../support/program_copy.rs"]
mod program_copy;
mod prompts;
#[path = "../support/pty.rs"]
mod pty;
mod reaching;
mod recovered;
mod redis_refusals;
#[path = "../support/redis_server.rs"]
#[allow(dead_code, reason = "shared with the tests of the adapters")]
mod redis_server;
mod refusals;
mod rights;
mod runbooks;
mod second_person;
mod shared_policy;
mod slow_manager;
#[path = "../support/sshd.rs"]
#[allow(dead_code, reason = "shared with the tests of the adapters")]
mod sshd;
mod subset;
#[path = "../support/systemd_lab.rs"]
#[allow(dead_code, reason = "shared with the tests of the adapters")]
mod systemd_lab;
mod terminal;
mod turns;
mod unknown_turns;
mod upkeep;
mod veiled;
mod veiled_lists;
#[path = "../support/waiting.rs"]
#[allow(dead_code, reason = "shared with the tests of the adapters")]
mod waiting;
mod watched;
mod watching;
mod whole_way;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use postgres_server::PostgresServer;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};
use waiting::{not_to_be_had, skipped, until, words};

/// The action of these tests.
const ACTION: &str = "terminate-idle-in-transaction";
/// The line that lets it run without a terminal.
const HEADLESS: &str = "headless = [\"terminate-idle-in-transaction\"]";

/// A server with sessions of an application, and the home of an operator.
struct Stage {
    server: PostgresServer,
    home: TempDir,
}

impl Stage {
    fn new() -> Stage {
        let server = PostgresServer::start(&[]);
        server.sql(
            "postgres",
            "CREATE ROLE app LOGIN; CREATE ROLE ops LOGIN; GRANT pg_signal_backend, pg_read_all_stats TO ops",
        );
        Stage { server, home: TempDir::with_prefix("quarterdeck-run-").unwrap() }
    }

    fn config_path(&self) -> PathBuf {
        self.home.path().join("quarterdeck.toml")
    }

    /// The configuration, with more lines of `[actions]`.
    fn configure(&self, environment: &str, actions: &str) {
        let text = format!(
            "[actions]\nidle_in_transaction_older_than = \"1s\"\naudit = \"{}\"\n{actions}\n\
             [[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1:{}/postgres\"\nenvironment = {environment:?}\n",
            self.home.path().join("audit").display(),
            self.server.port()
        );
        std::fs::write(self.config_path(), text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().env("HOME", self.home.path()).env("PATH", "/usr/bin:/bin");
        command.arg("--config").arg(self.config_path()).arg("run").args(arguments).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Told {
        Told::of(self.command(arguments).output().unwrap())
    }

    /// The card of the action, and its code.
    #[track_caller]
    fn dry_run(&self) -> (String, String) {
        let told = self.run(&[ACTION, "--target", "main", "--dry-run"]);
        assert_eq!(told.code, 0, "{told:?}");
        let code = code_in(&told.out);
        (told.out, code)
    }

    fn confirm(&self, code: &str, more: &[&str]) -> Told {
        self.run(&[&[ACTION, "--target", "main", "--confirm", code], more].concat())
    }

    /// A session that has been idle in a transaction for longer than asked for.
    async fn idle_in_transaction(&self) -> Guest {
        let guest = self.guest().await;
        guest.client.batch_execute("BEGIN; SELECT 1").await.unwrap();
        let wanted = "SELECT bool_and(clock_timestamp() - state_change > '1.1 s') FROM pg_stat_activity \
                      WHERE state = 'idle in transaction' AND usename = 'app'";
        self.until(wanted).await;
        guest
    }

    async fn guest(&self) -> Guest {
        let dsn = format!("host=127.0.0.1 port={} user=app dbname=postgres application_name=shop", self.server.port());
        let (client, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
        let driven = tokio::spawn(async move { drop(connection.await) });
        Guest { client, driven }
    }

    async fn until(&self, sql: &str) {
        for _ in 0..2000 {
            if self.server.sql("postgres", sql) == "t" {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("never true: {sql}");
    }

    /// Sessions of the application that are idle in a transaction.
    fn open_transactions(&self) -> String {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND state = 'idle in transaction'";
        self.server.sql("postgres", sql)
    }

    /// The events of the audit, whose chain holds.
    fn audit(&self) -> Vec<serde_json::Value> {
        let folder = self.home.path().join("audit");
        let ask = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
            Told::of(command.env_clear().arg("audit").args(arguments).arg("--folder").arg(&folder).output().unwrap())
        };
        let verified = ask(&["verify"]);
        assert_eq!(verified.code, 0, "{verified:?}");
        let shown = ask(&["show", "--json"]);
        shown.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn events(&self) -> Vec<String> {
        self.audit().iter().map(|record| record["event"].as_str().unwrap().to_owned()).collect()
    }
}

/// A session of the application.
struct Guest {
    client: Client,
    driven: tokio::task::JoinHandle<()>,
}

impl Guest {
    async fn is_alive(&self) -> bool {
        self.client.batch_execute("SELECT").await.is_ok()
    }

    async fn pid(&self) -> i32 {
        self.client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.driven.abort();
    }
}

/// What the program said, and how it ended.
#[derive(Debug)]
struct Told {
    code: i32,
    out: String,
    err: String,
}

impl Told {
    fn of(output: Output) -> Told {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Told { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Refused, in these words.
    #[track_caller]
    fn refused(&self, words: &str) {
        assert_eq!(self.code, 10, "{self:?}");
        assert!(self.err.contains("refused") && self.err.contains(words), "{self:?}");
    }
}

/// The code that a dry run printed.
#[track_caller]
fn code_in(out: &str) -> String {
    let line = out.lines().find_map(|line| line.strip_prefix("code "));
    line.unwrap_or_else(|| panic!("no code in\n{out}")).trim().to_owned()
}
