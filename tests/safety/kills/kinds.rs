//! What is done to real targets while the program is killed: a request, a restart by a service's own manager, the end of a
//! session of a real PostgreSQL. Each target notes what was done to it, and when the intent was on disk.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quarterdeck::remediation::audit::AuditEvent;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_postgres::NoTls;

use super::{Home, Kind, kill_all};
use crate::fake_http::FakeHttp;
use crate::postgres_server::PostgresServer;

/// An endpoint that notes each request, with the intents that were on disk when it came.
pub struct Endpoint {
    pub http: FakeHttp,
    pub effects: Arc<Mutex<Vec<usize>>>,
    pub audit: Arc<Mutex<Option<std::path::PathBuf>>>,
}

impl Endpoint {
    /// It takes a moment to answer, so that it can be killed while it waits.
    pub fn start() -> Endpoint {
        Endpoint::slow(Duration::from_millis(15))
    }

    /// It takes this long to answer.
    pub fn slow(pause: Duration) -> Endpoint {
        let (effects, audit) =
            (Arc::<Mutex<Vec<usize>>>::default(), Arc::<Mutex<Option<std::path::PathBuf>>>::default());
        let (theirs, folder) = (Arc::clone(&effects), Arc::clone(&audit));
        let http = FakeHttp::start(move |head| {
            if head.starts_with("POST") {
                let folder = folder.lock().unwrap().clone().expect("a home");
                let mut effects = theirs.lock().unwrap();
                effects.push(intents_in(&folder));
                drop(effects);
                std::thread::sleep(pause);
            }
            crate::fake_http::answer(200, "Content-Type: application/json\r\n", r#"{"status":"ok"}"#)
        });
        Endpoint { http, effects, audit }
    }
}

/// Intents on disk below a folder.
pub fn intents_in(folder: &std::path::Path) -> usize {
    let files = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let texts = files.map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned());
    texts.map(|text| text.matches("\"event\":\"intent\"").count()).sum()
}

impl Kind for Endpoint {
    fn action(&self) -> [&'static str; 2] {
        ["warm", "api"]
    }

    fn configuration(&mut self, home: &Home) -> String {
        *self.audit.lock().unwrap() = Some(home.audit());
        self.effects.lock().unwrap().clear();
        format!(
            "[[service]]\nname = \"api\"\nurl = {:?}\n[[action]]\nname = \"warm\"\nurl = {:?}\nlevel = \"L1\"\n\
             target = \"api\"\nwatch = \"service api\"\nwithin = \"1s\"\ncool_down = \"0s\"\n",
            self.http.url("/health"),
            self.http.url("/warm")
        )
    }

    fn limits(&self) -> String {
        String::new()
    }

    fn prepare(&mut self, _home: &Home) {}

    fn effects(&mut self, _home: &Home) -> Vec<usize> {
        self.effects.lock().unwrap().clone()
    }
}

/// A service under a small manager of its own, which notes each restart.
struct Managed;

impl Managed {
    fn script(home: &Home) -> String {
        let (effects, audit) = (home.file("effects"), home.audit());
        format!(
            "#!/bin/sh\nif [ \"$1\" = restart ]; then\n  cat {audit}/*.jsonl | grep -c '\"event\":\"intent\"' >> {effects}\n  sleep 0.01\nfi\n\
             n=$(wc -l < {effects})\necho \"{{\\\"state\\\":\\\"running\\\",\\\"pid\\\":$((100 + n)),\\\"started_at\\\":\\\"2026-01-01T00:00:0$((n % 10))Z\\\",\\\"restarts\\\":0}}\"\n",
            audit = audit.display(),
            effects = effects.display()
        )
    }
}

impl Kind for Managed {
    fn action(&self) -> [&'static str; 2] {
        ["restart-api", "api"]
    }

    fn configuration(&mut self, home: &Home) -> String {
        let path = home.file("ctl");
        std::fs::write(&path, Managed::script(home)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(home.file("effects"), "").unwrap();
        let path = path.display();
        format!(
            "[[action]]\nname = \"restart-api\"\ntarget = \"api\"\nrestart_command = [\"{path}\", \"restart\"]\n\
             status_command = [\"{path}\", \"status\"]\nenvironment = \"local\"\nstable = \"1s\"\nwithin = \"1s\"\ncool_down = \"0s\"\n"
        )
    }

    fn limits(&self) -> String {
        String::new()
    }

    fn prepare(&mut self, _home: &Home) {}

    fn effects(&mut self, home: &Home) -> Vec<usize> {
        let text = std::fs::read_to_string(home.file("effects")).unwrap();
        text.lines().map(|line| line.trim().parse().unwrap()).collect()
    }
}

/// Sessions that stand idle in a transaction, of which each run ends the oldest.
struct Sessions {
    server: PostgresServer,
    io: Runtime,
    guests: Vec<(i32, JoinHandle<()>)>,
    gone: Vec<i32>,
}

/// Sessions that are kept ready.
const READY: usize = 40;

impl Sessions {
    fn start() -> Sessions {
        let server = PostgresServer::start(&["max_connections = 200"]);
        let roles = "CREATE ROLE app LOGIN; CREATE ROLE ops LOGIN; GRANT pg_signal_backend, pg_read_all_stats TO ops";
        server.sql("postgres", roles);
        let io = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Sessions { server, io, guests: Vec::new(), gone: Vec::new() }
    }

    fn guest(&self) -> (i32, JoinHandle<()>) {
        let dsn = format!("host=127.0.0.1 port={} user=app dbname=postgres", self.server.port());
        self.io.block_on(async {
            let (client, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
            let (client, mut connection) = (client, Box::pin(connection));
            let asked = async {
                client.batch_execute("BEGIN").await.unwrap();
                client.query_typed("SELECT pg_backend_pid()", &[]).await.unwrap()[0].get(0)
            };
            let pid = tokio::select! { pid = asked => pid, _ended = &mut connection => panic!("the guest was ended") };
            let life = tokio::spawn(async move {
                let _ended = connection.await;
                drop(client);
            });
            (pid, life)
        })
    }

    /// Notes who is gone.
    fn look(&mut self) {
        let alive =
            self.server.sql("postgres", "SELECT coalesce(string_agg(pid::text, ' '), '') FROM pg_stat_activity");
        let alive: Vec<i32> = alive.split(' ').filter_map(|pid| pid.parse().ok()).collect();
        let gone = &mut self.gone;
        self.guests.retain(|(pid, _)| {
            let is_alive = alive.contains(pid);
            if !is_alive {
                gone.push(*pid);
            }
            is_alive
        });
    }
}

fn forget_cool_downs(folder: &std::path::Path) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        if path.ends_with("cool-downs") {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            forget_cool_downs(&path);
        }
    }
}

impl Kind for Sessions {
    fn action(&self) -> [&'static str; 2] {
        ["terminate-idle-in-transaction", "main"]
    }

    fn configuration(&mut self, _home: &Home) -> String {
        self.gone.clear();
        format!(
            "[[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1:{}/postgres\"\nenvironment = \"local\"\n",
            self.server.port()
        )
    }

    fn limits(&self) -> String {
        "cap = 1\nidle_in_transaction_older_than = \"1s\"".to_owned()
    }

    fn prepare(&mut self, home: &Home) {
        // They cool down for ten seconds after each start, killed or not: no test has that time.
        forget_cool_downs(home.folder.path());
        if self.guests.len() < READY / 2 {
            while self.guests.len() < READY {
                let guest = self.guest();
                self.guests.push(guest);
            }
        }
        let ready = "SELECT count(*) > 1 FROM pg_stat_activity WHERE state = 'idle in transaction' \
                     AND clock_timestamp() - state_change > '1.1 s'";
        while self.server.sql("postgres", ready) != "t" {
            std::thread::yield_now();
        }
    }

    /// What is on disk when a session is seen to be gone; that it names that session is seen in [`Kind::check`].
    fn effects(&mut self, home: &Home) -> Vec<usize> {
        self.look();
        let intents = home.intents();
        vec![intents; self.gone.len()]
    }

    fn check(&self, home: &Home) {
        let records = home.records();
        let named: Vec<String> = records
            .iter()
            .filter(|record| record.event() == Some(AuditEvent::Intent))
            .map(|record| format!("{record:?}"))
            .collect();
        for pid in &self.gone {
            let intents = named.iter().filter(|intent| intent.contains(&format!("pid {pid} "))).count();
            assert!(intents >= 1, "pid {pid} is gone, and no intent names it");
        }
    }
}

#[test]
fn a_request() {
    kill_all("a request", &mut Endpoint::start());
}

#[test]
fn a_restart() {
    kill_all("a restart", &mut Managed);
}

#[test]
fn the_end_of_a_session() {
    kill_all("the end of a session", &mut Sessions::start());
}
