//! Who is never touched (invariant 27), on a real server: our own sessions, replication, superusers and whom the configuration
//! spares. Whatever is selected they are on no card, and a forged order that names them does nothing to them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use quarterdeck::adapters::postgres::PostgresSource;
use quarterdeck::domain::session::{SessionId, SessionState};
use quarterdeck::remediation::action::{Databases, SessionSelector};
use quarterdeck::remediation::object::{Fate, ObjectKey};
use quarterdeck::remediation::step::{SessionVerb, StepEnd};

use crate::postgres_server::PostgresServer;
use crate::selectors::{DEADLINE, Guest, guest, spec};

const MOMENT: Duration = Duration::from_micros(1);

/// A walsender: it lives as long as its client's input is open.
struct Replication(Child);

impl Replication {
    fn start(server: &PostgresServer) -> Replication {
        let line = format!("host=127.0.0.1 port={} user=repl dbname=postgres replication=database", server.port());
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-A", "-t", &line]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(b"IDENTIFY_SYSTEM;\n").unwrap();
        Replication(child)
    }
}

impl Drop for Replication {
    fn drop(&mut self) {
        let _ended = (self.0.kill(), self.0.wait());
    }
}

/// The sessions of the server as an order names them, by what protects them.
struct Sessions {
    /// Nothing does.
    ordinary: BTreeSet<i32>,
    /// The statement itself does, or the card.
    by_statement: Vec<ObjectKey>,
    /// The configuration does.
    spared: BTreeSet<i32>,
}

fn all(server: &PostgresServer) -> Vec<(i32, ObjectKey)> {
    let sql = "SELECT string_agg(concat_ws(' ', pid, (EXTRACT(epoch FROM backend_start) * 1000000)::int8, \
               coalesce((EXTRACT(epoch FROM state_change) * 1000000)::int8, 0)), ',') FROM pg_stat_activity \
               WHERE backend_type IN ('client backend', 'walsender') AND pid <> pg_backend_pid() AND usename <> 'ops'";
    let told = server.sql("postgres", sql);
    let one = |line: &str| {
        let numbers: Vec<i64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        let id = SessionId { pid: i32::try_from(numbers[0]).unwrap(), backend_start_us: numbers[1] };
        (id.pid, ObjectKey::Session { id, state: SessionState::Idle, since_us: numbers[2] })
    };
    told.split(',').map(one).collect()
}

/// A selector that could mean any of them.
fn selector(pids: Vec<SessionId>) -> impl Strategy<Value = SessionSelector> {
    let name = |names: &[&'static str]| prop::option::of(prop::sample::select(names.to_vec()).prop_map(str::to_owned));
    let users = name(&["app", "keep", "admin", "repl", "ops"]);
    let applications = name(&["shop", "spared", "quarterdeck", "psql"]);
    let idle = (users, applications, any::<bool>()).prop_map(|(user, application, every)| {
        let databases = if every { Databases::Every } else { Databases::Present };
        let (except_users, except_applications) = (Vec::new(), Vec::new());
        SessionSelector::Idle { older_than: MOMENT, user, application, databases, except_users, except_applications }
    });
    let pids = prop::sample::select(pids);
    prop_oneof![
        4 => idle,
        3 => pids.clone().prop_map(|id| SessionSelector::Pid(id.pid)),
        3 => pids.prop_map(SessionSelector::One),
        1 => Just(SessionSelector::IdleInTransaction { older_than: MOMENT }),
        1 => Just(SessionSelector::RootBlocker),
    ]
}

fn verb() -> impl Strategy<Value = SessionVerb> {
    prop::sample::select(vec![SessionVerb::Terminate, SessionVerb::Cancel])
}

fn pid(key: &ObjectKey) -> i32 {
    match key {
        ObjectKey::Session { id, .. } => id.pid,
        ObjectKey::Named(name) => panic!("{name:?}"),
    }
}

fn sorted(server: &PostgresServer, guests: &[Guest]) -> Sessions {
    let of = |name: &str| guests.iter().find(|guest| guest.name() == name).unwrap().pid;
    let (ours, superuser) = (of("app quarterdeck"), of("admin shop"));
    let spared = BTreeSet::from([of("keep shop"), of("app spared")]);
    let ordinary: BTreeSet<i32> = guests
        .iter()
        .map(|guest| guest.pid)
        .filter(|pid| *pid != ours && *pid != superuser && !spared.contains(pid))
        .collect();
    let by_statement: Vec<ObjectKey> = all(server)
        .into_iter()
        .filter(|(pid, _)| !ordinary.contains(pid) && !spared.contains(pid))
        .map(|(_, key)| key)
        .collect();
    Sessions { ordinary, by_statement, spared }
}

#[test]
fn who_is_protected_is_never_touched() {
    let server = PostgresServer::start(&[]);
    let roles = "CREATE ROLE app LOGIN; CREATE ROLE keep LOGIN; CREATE ROLE repl LOGIN REPLICATION; CREATE ROLE ops LOGIN; \
                 GRANT pg_signal_backend, pg_read_all_stats TO ops";
    server.sql("postgres", roles);
    let io = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let names = [
        ("app", "shop"),
        ("app", "shop"),
        ("app", "quarterdeck"),
        ("admin", "shop"),
        ("keep", "shop"),
        ("app", "spared"),
    ];
    let guests: Vec<Guest> = names.iter().map(|(user, name)| io.block_on(guest(&server, user, name))).collect();
    let _replication = Replication::start(&server);
    while server
        .sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender' AND state = 'idle'")
        != "1"
    {
        std::thread::yield_now();
    }
    let sessions = sorted(&server, &guests);
    assert_eq!((sessions.ordinary.len(), sessions.by_statement.len()), (2, 3));
    let ids: Vec<SessionId> = all(&server)
        .into_iter()
        .map(|(_, key)| match key {
            ObjectKey::Session { id, .. } => id,
            ObjectKey::Named(_) => panic!("no session"),
        })
        .collect();
    let url = format!("postgresql://ops@127.0.0.1:{}/postgres", server.port());
    let source = PostgresSource::new(spec(&url)).sparing(&["keep".to_owned()], &["spared".to_owned()]);
    let source = RefCell::new(source);
    // Everybody is selected, and only those whom nothing protects are chosen.
    let everybody = SessionSelector::Idle {
        older_than: MOMENT,
        user: None,
        application: None,
        databases: Databases::Every,
        except_users: Vec::new(),
        except_applications: Vec::new(),
    };
    let card = io.block_on(source.borrow_mut().preview(&everybody, SessionVerb::Terminate, 50, DEADLINE)).unwrap();
    assert_eq!(card.objects.iter().map(|object| pid(&object.key)).collect::<BTreeSet<_>>(), sessions.ordinary);
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let forged = prop::sample::subsequence(sessions.by_statement.clone(), 1..=sessions.by_statement.len());
    let verdict = runner.run(&(selector(ids.clone()), verb(), forged), |(selector, verb, forged)| {
        let mut source = source.borrow_mut();
        let card = io.block_on(source.preview(&selector, verb, 50, DEADLINE)).unwrap_or_else(|cause| panic!("{cause}"));
        let pids: BTreeSet<i32> = card.objects.iter().map(|object| pid(&object.key)).collect();
        prop_assert!(pids.is_subset(&sessions.ordinary), "{selector:?} chose {pids:?}");
        prop_assert!(pids.is_disjoint(&sessions.spared));
        let end = io.block_on(source.signal(&card.identity, &forged, verb, DEADLINE));
        let StepEnd::Done { fates, .. } = end else { return Err(TestCaseError::fail(format!("{end:?}"))) };
        prop_assert!(fates.iter().all(|(_, fate)| *fate == Fate::Refused), "{fates:?}");
        let alive: BTreeSet<i32> = all(&server).into_iter().map(|(pid, _)| pid).collect();
        prop_assert!(ids.iter().all(|id| alive.contains(&id.pid)), "somebody is gone");
        Ok(())
    });
    verdict.unwrap_or_else(|why| panic!("{why}"));
}
