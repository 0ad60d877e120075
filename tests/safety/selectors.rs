//! Selectors on a real server (invariant 26): whatever is left open, empty, or looks like a pattern never means everybody;
//! who is on a card is exactly who was named.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use quarterdeck::adapters::postgres::PostgresSource;
use quarterdeck::config::dsn;
use quarterdeck::config::resolved::DatabaseSpec;
use quarterdeck::domain::Safe;
use quarterdeck::domain::session::SessionId;
use quarterdeck::domain::target::{Environment, Provenance};
use quarterdeck::remediation::action::{Databases, SessionSelector};
use quarterdeck::remediation::object::ObjectKey;
use quarterdeck::remediation::step::SessionVerb;
use tokio_postgres::{Client, NoTls};

use crate::postgres_server::PostgresServer;

pub const DEADLINE: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_micros(1);
/// Users and applications of the sessions: among them what looks like a pattern.
const GUESTS: [(&str, &str); 7] =
    [("app", "shop"), ("app", ""), ("app", "*"), ("app", "%"), ("batch", "shop"), ("batch", "all"), ("admin", "shop")];

/// A session: its pid, user and application.
pub struct Guest {
    _client: Client,
    pub pid: i32,
    user: &'static str,
    application: &'static str,
}

impl Guest {
    /// User and application.
    pub fn name(&self) -> String {
        format!("{} {}", self.user, self.application)
    }
}

pub async fn guest(server: &PostgresServer, user: &'static str, application: &'static str) -> Guest {
    let dsn =
        format!("host=127.0.0.1 port={} user={user} dbname=postgres application_name='{application}'", server.port());
    let (client, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
    tokio::spawn(connection);
    let pid = client.query_typed("SELECT pg_backend_pid()", &[]).await.unwrap()[0].get(0);
    Guest { _client: client, pid, user, application }
}

pub fn spec(url: &str) -> DatabaseSpec {
    let (target, _) = dsn::parse(url, &|_| None, None).unwrap();
    DatabaseSpec {
        name: Safe::of("main"),
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

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec!["app", "batch", "admin", "shop", "all"]),
        6 => prop::sample::select(vec!["", "*", "%", "_", "a%", ".*", "any", "PUBLIC", "app' OR true --", "$1", "NULL"]),
    ]
    .prop_map(str::to_owned)
}

fn selector() -> impl Strategy<Value = SessionSelector> {
    let ages = prop::sample::select(vec![Duration::ZERO, MOMENT, MOMENT, MOMENT, Duration::from_secs(3600)]);
    let names = || prop::collection::vec(name(), 0..3);
    let idle = (ages.clone(), prop::option::of(name()), prop::option::of(name()), any::<bool>(), names(), names());
    prop_oneof![
        6 => idle.prop_map(|(older_than, user, application, every, except_users, except_applications)| {
            let databases = if every { Databases::Every } else { Databases::Present };
            SessionSelector::Idle { older_than, user, application, databases, except_users, except_applications }
        }),
        1 => ages.prop_map(|older_than| SessionSelector::IdleInTransaction { older_than }),
        1 => Just(SessionSelector::RootBlocker),
        1 => (prop::sample::select(vec![0, -1, 1, i32::MAX]), 0i64..2_000_000_000_000_000)
            .prop_map(|(pid, backend_start_us)| SessionSelector::One(SessionId { pid, backend_start_us })),
    ]
}

/// Whom a selector means, written down a second time.
fn meant(selector: &SessionSelector, guests: &[Guest]) -> BTreeSet<i32> {
    let SessionSelector::Idle { older_than, user, application, except_users, except_applications, .. } = selector
    else {
        return BTreeSet::new();
    };
    let empty = |name: &Option<String>| name.as_ref().is_some_and(String::is_empty);
    let open = older_than.is_zero() && user.is_none() && application.is_none();
    if empty(user) || empty(application) || open || *older_than > Duration::from_secs(60) {
        return BTreeSet::new();
    }
    let fits = |guest: &&Guest| {
        guest.user != "admin"
            && user.as_ref().is_none_or(|user| user == guest.user)
            && application.as_ref().is_none_or(|application| application == guest.application)
            && !except_users.iter().any(|user| user == guest.user)
            && !except_applications.iter().any(|application| application == guest.application)
    };
    guests.iter().filter(fits).map(|guest| guest.pid).collect()
}

#[test]
fn no_selector_means_everybody() {
    let server = PostgresServer::start(&[]);
    let roles = "CREATE ROLE app LOGIN; CREATE ROLE batch LOGIN; CREATE ROLE ops LOGIN; \
                 GRANT pg_signal_backend, pg_read_all_stats TO ops";
    server.sql("postgres", roles);
    let io = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let guests: Vec<Guest> =
        GUESTS.iter().map(|(user, application)| io.block_on(guest(&server, user, application))).collect();
    let url = format!("postgresql://ops@127.0.0.1:{}/postgres", server.port());
    let mut source = PostgresSource::new(spec(&url));
    let mut chosen = 0;
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let source = std::cell::RefCell::new(&mut source);
    let chosen = std::cell::RefCell::new(&mut chosen);
    let verdict = runner.run(&selector(), |selector| {
        let mut source = source.borrow_mut();
        let found = io.block_on(source.preview(&selector, SessionVerb::Terminate, 50, DEADLINE));
        let preview = found.unwrap_or_else(|cause| panic!("{cause}"));
        let keys = preview.objects.iter().map(|object| match &object.key {
            ObjectKey::Session { id, .. } => id.pid,
            ObjectKey::Named(name) => panic!("{name:?}"),
        });
        let pids: BTreeSet<i32> = keys.collect();
        **chosen.borrow_mut() += usize::from(!pids.is_empty());
        prop_assert_eq!(&pids, &meant(&selector, &guests));
        prop_assert!(!pids.is_empty() || !preview.obstacles.is_empty(), "nobody, and not said");
        Ok(())
    });
    verdict.unwrap_or_else(|why| panic!("{why}"));
    assert!(**chosen.borrow() > 20, "it was never put to the test");
}
