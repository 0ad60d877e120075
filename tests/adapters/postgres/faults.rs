//! Faults 1 to 6: restart, silence, cancelled query, refused login, no slot left, failover.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quarterdeck::database::judge;
use quarterdeck::domain::backoff::{self, Schedule};
use quarterdeck::domain::cause::Phase;
use quarterdeck::domain::{Cause, Verdict};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::{DEADLINE, SUPERUSER, database, read, session, source, url};
use crate::support::postgres_server::{PostgresServer, free_port};

#[tokio::test]
async fn fault_1_a_restart_is_told_and_survived() {
    let server = PostgresServer::start(&[]);
    let mut source = source(&url(&server, SUPERUSER, "postgres"));
    let before = read(&mut source).await;
    server.stop();
    let cause = source.read(DEADLINE).await.unwrap_err();
    assert!(matches!(cause, Cause::SessionTerminated(_)), "{cause}");
    let cause = source.read(DEADLINE).await.unwrap_err();
    assert_eq!(cause, Cause::Refused { family: "IPv4" });
    // As long as it is away, it is asked more and more rarely; what answers is asked at the usual pace again.
    let mut schedule = Schedule::new(Duration::from_secs(2), backoff::CAP);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        pauses.push(schedule.after(source.read(DEADLINE).await.err().as_ref(), 1.0).as_secs());
    }
    assert_eq!(pauses, [2, 4, 8, 16, 30, 30]);
    server.launch();
    let after = read(&mut source).await;
    assert!(after.server.started_us > before.server.started_us);
    assert_eq!(after.server.system_identifier, before.server.system_identifier);
    assert_eq!(schedule.after(None, 1.0), Duration::from_secs(2));
}

#[tokio::test]
async fn fault_1_a_session_that_is_terminated_comes_back() {
    let server = database("faults_terminated");
    let mut source = source(&url(server, SUPERUSER, "faults_terminated"));
    read(&mut source).await;
    server.sql(
        "postgres",
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
         WHERE datname = 'faults_terminated' AND application_name = 'quarterdeck'",
    );
    let cause = source.read(DEADLINE).await.unwrap_err();
    assert!(matches!(&cause, Cause::SessionTerminated(w) if w.as_str().contains("administrator")), "{cause}");
    read(&mut source).await;
}

#[tokio::test]
async fn fault_2_a_server_that_accepts_and_never_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let keep = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            kept.push(stream);
        }
    });
    for (mode, phase) in [("disable", Phase::Login), ("require", Phase::Answer)] {
        let deadline = Duration::from_millis(200);
        let mut source = source(&format!("postgresql://u@127.0.0.1:{port}/d?sslmode={mode}"));
        let cause = source.read(deadline).await.unwrap_err();
        assert!(matches!(cause, Cause::Timeout { phase: p, .. } if p == phase), "{mode}: {cause}");
        assert_eq!(cause.verdict(), Verdict::Down);
    }
    keep.abort();
}

#[tokio::test]
async fn fault_2_a_server_that_stops_answering_is_cancelled_and_left() {
    let server = PostgresServer::start(&[]);
    let mut source = source(&url(&server, SUPERUSER, "postgres"));
    read(&mut source).await;
    let pid = "SELECT pid FROM pg_stat_activity WHERE application_name = 'quarterdeck'";
    let pid: i32 = server.sql("postgres", pid).parse().unwrap();
    let backend = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(backend, rustix::process::Signal::STOP).unwrap();
    let deadline = Duration::from_millis(300);
    let cause = source.read(deadline).await.unwrap_err();
    assert_eq!(cause, Cause::Timeout { phase: Phase::Answer, after: deadline });
    let another = read(&mut source).await;
    let list = &another.sessions.as_ref().unwrap().list;
    assert!(list.iter().any(|s| s.id.pid == pid), "on a new connection: the stopped one is somebody else now");
    rustix::process::kill_process(backend, rustix::process::Signal::CONT).unwrap();
}

#[tokio::test]
async fn fault_2_not_postgresql_at_all() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let fake = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = [0u8; 8];
            let _ = stream.read_exact(&mut bytes).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    for mode in ["disable", "require"] {
        let cause =
            source(&format!("postgresql://u@127.0.0.1:{port}/d?sslmode={mode}")).read(DEADLINE).await.unwrap_err();
        assert!(matches!(cause, Cause::Protocol(_) | Cause::ConnectionLost(_)), "{mode}: {cause}");
    }
    fake.abort();
}

#[tokio::test]
async fn fault_3_a_cancelled_query_is_ours_not_the_servers_fault() {
    let server = PostgresServer::start(&[]);
    server.sql("postgres", "CREATE TABLE t (a int)");
    let mut source = super::with_scalars(&url(&server, SUPERUSER, "postgres"), &["SELECT count(*) FROM pg_sleep(9)"]);
    let reading = read(&mut source).await;
    assert_eq!(reading.scalars[0].1, Err(Cause::OurQueryCancelled));
    // A role whose statements may take 1 ms: the first question of a session, with cold caches, takes longer.
    server.sql("postgres", "CREATE ROLE hasty LOGIN; ALTER ROLE hasty SET statement_timeout = '1ms'");
    let mut told = Vec::new();
    for _ in 0..50 {
        told.extend(super::source(&url(&server, "hasty", "postgres")).read(DEADLINE).await.err());
    }
    assert!(!told.is_empty());
    assert!(told.iter().all(|cause| *cause == Cause::OurQueryCancelled), "{told:?}");
    assert_eq!(told[0].verdict(), Verdict::Unknown, "the server answers: it is not down");
}

/// What a role asked of a server that logs it: statements, whatever became of them, and connections.
fn asked_by(server: &PostgresServer, role: &str) -> (usize, usize) {
    let log = std::fs::read_to_string(server.log()).unwrap();
    let of_role = |what: &str| log.lines().filter(|line| line.contains(&format!("by={role} {what}"))).count();
    // What is cancelled before it runs leaves an error alone.
    let statements = ["LOG:  execute", "LOG:  statement", "ERROR:"].iter().map(|what| of_role(what)).sum();
    (statements, of_role("LOG:  connection authorized"))
}

const LOGS_ALL: [&str; 3] = ["log_statement = all", "log_connections = on", "log_line_prefix = 'by=%u '"];

#[tokio::test]
async fn fault_3_a_session_that_is_always_cancelled_is_no_storm() {
    let server = PostgresServer::start(&LOGS_ALL);
    server.sql("postgres", "CREATE ROLE hasty LOGIN; ALTER ROLE hasty SET statement_timeout = '1ms'");
    // The first question of a session waits for this, longer than the role may.
    let holder = session(&server, "holder", "postgres").await;
    holder.batch_execute("BEGIN; LOCK pg_catalog.pg_extension IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let mut source = source(&url(&server, "hasty", "postgres"));
    let mut schedule = Schedule::new(Duration::from_secs(2), backoff::CAP);
    let mut waited = Duration::ZERO;
    for number in 1..=10 {
        let cause = source.read(DEADLINE).await.unwrap_err();
        assert_eq!((&cause, cause.verdict()), (&Cause::OurQueryCancelled, Verdict::Unknown));
        waited += schedule.after(Some(&cause), 0.0);
        assert_eq!(asked_by(&server, "hasty"), (number, number), "one statement on one connection, each time");
    }
    assert!(waited > Duration::from_secs(150), "ten attempts take {waited:?}");
    holder.batch_execute("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn fault_3_a_figure_that_is_always_cancelled_is_no_storm() {
    let server = PostgresServer::start(&LOGS_ALL);
    server.sql("postgres", "CREATE ROLE app LOGIN");
    let mut source = super::with_scalars(&url(&server, "app", "postgres"), &["SELECT 1 FROM pg_sleep(9)"]);
    let mut asked = Vec::new();
    for number in 0..3 {
        let reading = read(&mut source).await;
        assert_eq!(reading.scalars.len(), 1);
        assert_eq!(reading.scalars[0].1, Err(Cause::OurQueryCancelled), "{number}");
        let (statements, connections) = asked_by(&server, "app");
        assert_eq!(connections, 1, "on one connection");
        asked.push(statements);
    }
    // The reading, the figure in a transaction of its own, and its error: as many as where nothing is cancelled.
    assert_eq!([asked[1] - asked[0], asked[2] - asked[1]], [5, 5], "{asked:?}");
}

#[tokio::test]
async fn fault_3_a_person_cancels_our_reading() {
    let server = database("faults_cancelled");
    let mut source = super::with_scalars(&url(server, SUPERUSER, "faults_cancelled"), &["SELECT 1 FROM pg_sleep(1.9)"]);
    let canceller = session(server, "canceller", "postgres").await;
    let (outcome, ()) = tokio::join!(source.read(DEADLINE), async {
        // Not while it is only parsed: what comes between two steps of a query cancels nothing.
        let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
                      WHERE datname = 'faults_cancelled' AND application_name = 'quarterdeck' AND query LIKE '%pg_sleep%' \
                      AND state = 'active' AND clock_timestamp() - query_start > '200 ms'";
        while canceller.query(cancel, &[]).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    let reading = outcome.unwrap();
    assert_eq!(reading.scalars[0].1, Err(Cause::OurQueryCancelled));
    assert!(read(&mut source).await.own_cost.statements > reading.own_cost.statements, "on the same connection");
}

#[tokio::test]
async fn fault_4_a_rotated_password() {
    let server = PostgresServer::start(&[]);
    server.sql("postgres", "CREATE ROLE app LOGIN PASSWORD 'first'");
    let hba = server.data().join("pg_hba.conf");
    std::fs::write(&hba, "host all app 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n").unwrap();
    server.sql("postgres", "SELECT pg_reload_conf()");
    let with = |password: &str| format!("postgresql://app:{password}@127.0.0.1:{}/postgres", server.port());
    let mut source = source(&with("first"));
    read(&mut source).await;
    server.sql("postgres", "ALTER ROLE app PASSWORD 'second'");
    read(&mut source).await;
    server.sql("postgres", "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'app'");
    source.read(DEADLINE).await.unwrap_err();
    let cause = source.read(DEADLINE).await.unwrap_err();
    assert!(matches!(&cause, Cause::AuthenticationFailed(w) if w.as_str().contains("app")), "{cause}");
    assert!(cause.retry_slowly() && cause.verdict() == Verdict::Unknown);
    assert!(!cause.to_string().contains("first"), "no password in words: {cause}");
    read(&mut super::source(&with("second"))).await;
    let none = super::source(&url(&server, "app", "postgres")).read(DEADLINE).await.unwrap_err();
    assert!(matches!(&none, Cause::AuthenticationFailed(w) if w.as_str().contains("none is given")), "{none}");
    password_file(&server).await;
}

async fn password_file(server: &PostgresServer) {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pgpass");
    std::fs::write(&file, format!("127.0.0.1:{}:*:app:second\n", server.port())).unwrap();
    let dsn = format!("{}?passfile={}", url(server, "app", "postgres"), file.display());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let cause = source(&dsn).read(DEADLINE).await.unwrap_err();
    assert!(matches!(&cause, Cause::SecretMissing(w) if w.as_str().contains("chmod 0600")), "{cause}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    read(&mut source(&dsn)).await;
}

#[tokio::test]
async fn fault_5_no_slot_left_is_told_and_the_kept_connection_goes_on() {
    let server = PostgresServer::start(&["max_connections = 10", "superuser_reserved_connections = 2"]);
    server.sql("postgres", "CREATE ROLE app LOGIN; GRANT pg_read_all_stats TO app");
    let mut kept = source(&url(&server, "app", "postgres"));
    let reading = read(&mut kept).await;
    assert_eq!(reading.slots.as_ref().unwrap().usable(), 8);
    let mut fill = Vec::new();
    for _ in 0..7 {
        let dsn = format!("host=127.0.0.1 port={} user=app dbname=postgres application_name=leak", server.port());
        let (client, connection) = tokio_postgres::connect(&dsn, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        fill.push(client);
    }
    let cause = source(&url(&server, "app", "postgres")).read(DEADLINE).await.unwrap_err();
    assert!(matches!(cause, Cause::TooManyConnections(_)), "{cause}");
    assert_eq!(cause.short().as_str(), "connection slots exhausted");
    assert_eq!(cause.verdict(), Verdict::Down);
    let reading = read(&mut kept).await;
    let slots = reading.slots.as_ref().unwrap();
    assert_eq!((slots.used, slots.usable()), (8, 8));
    assert_eq!((slots.holders[0].application.as_bytes(), slots.holders[0].count), (&b"leak"[..], 7));
    let problems = judge::problems(&reading, None, None);
    assert_eq!(problems[0].verdict, Verdict::Down);
    assert!(problems[0].words.as_str().contains("holds 7 of 8"), "{:?}", problems[0]);
}

/// A way to a server that counts who goes it.
struct Gate {
    port: u16,
    most: Arc<AtomicUsize>,
    passed: Arc<AtomicUsize>,
}

impl Gate {
    /// In front of a server, until the test's process ends.
    fn before(server: u16) -> Gate {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let gate = Gate { port, most: Arc::default(), passed: Arc::default() };
        let (most, passed) = (Arc::clone(&gate.most), Arc::clone(&gate.passed));
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                passed.fetch_add(1, Ordering::SeqCst);
                most.fetch_max(open_to(port), Ordering::SeqCst);
                let far = std::net::TcpStream::connect(("127.0.0.1", server)).unwrap();
                carry(near.try_clone().unwrap(), far.try_clone().unwrap());
                carry(far, near);
            }
        });
        gate
    }
}

/// Moves bytes one way until their end, and passes that on.
fn carry(mut from: std::net::TcpStream, mut to: std::net::TcpStream) {
    std::thread::spawn(move || {
        let _cut = std::io::copy(&mut from, &mut to);
        let _gone = to.shutdown(std::net::Shutdown::Write);
    });
}

/// Connections to a port that their near end has open now, as the system tells it.
fn open_to(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let there = format!(":{port:04X}");
    let is_open = |line: &&str| {
        let mut fields = line.split_whitespace().skip(2);
        fields.next().is_some_and(|far| far.ends_with(&there)) && fields.next() == Some("01")
    };
    table.lines().filter(is_open).count()
}

#[tokio::test]
async fn fault_5_with_every_slot_taken_we_have_two_connections_at_most() {
    let server = PostgresServer::start(&["max_connections = 6", "superuser_reserved_connections = 1"]);
    server.sql("postgres", "CREATE ROLE app LOGIN; GRANT pg_read_all_stats TO app");
    let gate = Gate::before(server.port());
    let mut source = source(&format!("postgresql://app@127.0.0.1:{}/postgres", gate.port));
    read(&mut source).await;
    let mut fill = Vec::new();
    let dsn = format!("host=127.0.0.1 port={} user=app dbname=postgres application_name=leak", server.port());
    // A session that just ended may hold its slot a moment longer.
    while fill.len() < 4 {
        if let Ok((client, connection)) = tokio_postgres::connect(&dsn, tokio_postgres::NoTls).await {
            tokio::spawn(connection);
            fill.push(client);
        }
    }
    // Our session hangs: it is cancelled over a second connection, and given up. Its slot stays taken.
    let pid = "SELECT pid FROM pg_stat_activity WHERE application_name = 'quarterdeck'";
    let backend = rustix::process::Pid::from_raw(server.sql("postgres", pid).parse().unwrap()).unwrap();
    rustix::process::kill_process(backend, rustix::process::Signal::STOP).unwrap();
    let cause = source.read(Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(cause, Cause::Timeout { .. }), "{cause}");
    let mut schedule = Schedule::new(Duration::from_secs(2), backoff::CAP);
    let mut pauses = Vec::new();
    let mut passed = Vec::new();
    for _ in 0..6 {
        let cause = source.read(DEADLINE).await.unwrap_err();
        assert!(matches!(cause, Cause::TooManyConnections(_)), "{cause}");
        pauses.push(schedule.after(Some(&cause), 1.0).as_secs());
        passed.push(gate.passed.load(Ordering::SeqCst));
    }
    assert_eq!(pauses, [2, 4, 8, 16, 30, 30]);
    // `prefer` asks for TLS first, and goes on without it on the same connection.
    assert_eq!(passed[5] - passed[0], 5, "an attempt is one connection: {passed:?}");
    rustix::process::kill_process(backend, rustix::process::Signal::CONT).unwrap();
    server.sql("postgres", "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'app'");
    drop(fill);
    read(&mut source).await;
    // The one that hung, and the one that cancelled it.
    let most = gate.most.load(Ordering::SeqCst);
    assert!(most <= 2, "{most} connections at once");
}

#[tokio::test]
async fn fault_6_failover_changes_the_role() {
    let primary = PostgresServer::start(&[]);
    let standby = primary.standby();
    let mut source = source(&url(&standby, SUPERUSER, "postgres"));
    assert!(read(&mut source).await.server.replica);
    standby.sql("postgres", "SELECT pg_promote()");
    assert!(!read(&mut source).await.server.replica, "the role is read anew each time");
}

#[tokio::test]
async fn fault_6_hosts_are_chosen_by_their_role() {
    let primary = PostgresServer::start(&[]);
    let standby = primary.standby();
    let both = |attributes: &str| {
        format!(
            "host=127.0.0.1,127.0.0.1,127.0.0.1 port={},{},{} user={SUPERUSER} dbname=postgres target_session_attrs={attributes}",
            free_port(),
            standby.port(),
            primary.port()
        )
    };
    for (attributes, replica) in [
        ("any", true),
        ("read-write", false),
        ("primary", false),
        ("standby", true),
        ("prefer-standby", true),
        ("read-only", true),
    ] {
        let reading = read(&mut source(&both(attributes))).await;
        assert_eq!(reading.server.replica, replica, "{attributes}");
    }
    let only_standby = format!("{}?target_session_attrs=primary", url(&standby, SUPERUSER, "postgres"));
    let cause = source(&only_standby).read(DEADLINE).await.unwrap_err();
    assert!(matches!(&cause, Cause::NoSuitableHost(w) if w.as_str().contains("is a standby")), "{cause}");
    let prefer = format!("{}?target_session_attrs=prefer-standby", url(&primary, SUPERUSER, "postgres"));
    assert!(!read(&mut source(&prefer)).await.server.replica, "for want of a standby the primary will do");
}

#[tokio::test]
async fn names_that_do_not_exist() {
    let server = PostgresServer::shared();
    let cause = source(&url(server, SUPERUSER, "no_such_db")).read(DEADLINE).await.unwrap_err();
    assert!(matches!(cause, Cause::NoSuchDatabase(_)), "{cause}");
    let cause = source(&url(server, "no_such_role", "postgres")).read(DEADLINE).await.unwrap_err();
    assert!(matches!(cause, Cause::AuthenticationFailed(_)), "{cause}");
    let cause = source("postgresql://u@db.invalid/d").read(DEADLINE).await.unwrap_err();
    assert!(matches!(cause, Cause::NameNotFound(_) | Cause::NameLookupFailed(_)), "{cause}");
    let cause = source("postgresql://u@%2Fnowhere:1/d").read(DEADLINE).await.unwrap_err();
    assert_eq!(cause, Cause::Refused { family: "socket" });
}
