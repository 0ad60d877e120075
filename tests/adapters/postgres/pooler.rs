//! A real PgBouncer in transaction mode: it works, it says so, and nothing of ours sticks to the pooled connections.

use std::fs;
use std::process::{Child, Stdio};

use quarterdeck::domain::signal::SignalValue;

use super::{SUPERUSER, database, read, source, with_scalars};
use crate::support::postgres_server::{PostgresServer, free_port, give_away, scratch_folder, unprivileged};

pub struct Pooler {
    child: Child,
    folder: std::path::PathBuf,
    port: u16,
}

impl Pooler {
    pub fn start(server: &PostgresServer) -> Pooler {
        let (folder, port) = (scratch_folder("qd-bouncer-"), free_port());
        let configuration = folder.join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\nauth_file =\npool_mode = transaction\ndefault_pool_size = 1\n\
             pidfile =\nlogfile =\n",
            server.port()
        );
        // auth_type=any logs everybody in as the user that the database line forces.
        let text =
            text.replace(&format!("port={}\n[", server.port()), &format!("port={} user={SUPERUSER}\n[", server.port()));
        fs::write(&configuration, text).unwrap();
        give_away(&configuration);
        let child = unprivileged("pgbouncer")
            .arg(&configuration)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("PgBouncer is not installed: install the package pgbouncer");
        let mut pooler = Pooler { child, folder, port };
        pooler.wait_until_ready();
        pooler
    }

    fn wait_until_ready(&mut self) {
        for _ in 0..400 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "pgbouncer ended at once");
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("pgbouncer does not listen");
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgresql://{SUPERUSER}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn behind_a_pooler_it_works_and_says_so() {
    let server = database("pooler_works");
    let pooler = Pooler::start(server);
    let mut source = source(&pooler.url("pooler_works"));
    let reading = read(&mut source).await;
    assert!(reading.server.pooler, "found without being told");
    assert!(reading.sessions.is_ok() && reading.counters.is_ok() && reading.statements.unwrap().is_ok());
    for _ in 0..3 {
        read(&mut source).await;
    }
}

#[tokio::test]
async fn nothing_of_ours_sticks_to_a_pooled_connection() {
    let server = database("pooler_clean");
    server.sql("pooler_clean", "CREATE TABLE t (a int)");
    let pooler = Pooler::start(server);
    let queries = [
        "SELECT current_setting('transaction_read_only') = 'on' AND current_setting('statement_timeout') = '2s'",
        "WITH w AS (INSERT INTO t VALUES (1) RETURNING a) SELECT count(*) FROM w",
        "SELECT current_setting('search_path') = 'it''s, public'",
    ];
    let mut source = with_scalars(&format!("{}&schema=it's,%20public", pooler.url("pooler_clean")), &queries);
    let reading = read(&mut source).await;
    let told: Vec<_> = reading.scalars.into_iter().map(|(_, value)| value).collect();
    assert_eq!(told[0], Ok(SignalValue::Number(1.0)));
    assert!(told[1].as_ref().unwrap_err().to_string().contains("read-only transaction"), "{:?}", told[1]);
    assert_eq!(told[2], Ok(SignalValue::Number(1.0)));
    // The pool has one connection: the application's next transaction runs on the one we used.
    let dsn = format!("host=127.0.0.1 port={} user={SUPERUSER} dbname=pooler_clean", pooler.port);
    let (client, connection) = tokio_postgres::connect(&dsn, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("INSERT INTO t VALUES (2)").await.expect("the pooled connection still writes");
    let settings = "SELECT current_setting('statement_timeout') || current_setting('lock_timeout')";
    let rows = client.simple_query(settings).await.unwrap();
    let value = rows.iter().find_map(|m| match m {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    assert_eq!(value.as_deref(), Some("00"));
}
