//! The shipped profile of pggit, played: every procedure of its document, with a real PostgreSQL, a real systemd that runs
//! its units, and a stand-in of its API on loopback. What asks a person is answered on a terminal.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::fake_http::{FakeHttp, Step, json};
use super::postgres_server::{PostgresServer, bin_folder, unprivileged_ids};
use super::pty::Start;
use super::systemd_lab::Lab;
use super::{Told, code_in, skipped};

const ROLE: &str = "CREATE ROLE pggit LOGIN; GRANT pg_monitor, pg_signal_backend TO pggit";
const QUEUE: &str = "CREATE EXTENSION pg_stat_statements; SET ROLE pggit; \
    CREATE TABLE webhooks (id int PRIMARY KEY, is_active bool NOT NULL); INSERT INTO webhooks VALUES (1, true), (2, true); \
    CREATE TABLE alert_delivery_queue (webhook_id int, delivery_status text, created_at timestamptz DEFAULT now()); \
    INSERT INTO alert_delivery_queue SELECT 1 + g % 2, 'pending' FROM generate_series(1, 40) AS g";
const PENDING: &str = "SELECT count(*) FROM alert_delivery_queue WHERE delivery_status = 'pending'";
const SHOWS: Duration = Duration::from_secs(240);

/// The units that the document names, PostgreSQL's as distributions have them: one that only stands for those of the clusters,
/// which are of a template. That of the API says by a file whether it runs.
const UNITS: &str = r#"
set -e
cd /etc/systemd/system
printf '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/sleep infinity\n' > redis-server.service
cat > postgresql.service <<'END'
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/bin/true
ExecReload=/bin/true
RemainAfterExit=on
END
# The clusters of this machine are not meant.
cat > postgresql@.service <<END
[Unit]
DefaultDependencies=no
AssertPathExists=$2/%i
PartOf=postgresql.service
ReloadPropagatedFrom=postgresql.service
Before=postgresql.service
[Service]
ExecStart=/bin/sh $2/%i
END
mkdir postgresql.service.wants
ln -s ../postgresql@.service postgresql.service.wants/postgresql@lab.service
printf '[Unit]\nDefaultDependencies=no\n[Service]\nExecStartPre=/bin/touch %s\nExecStart=/bin/sleep infinity\nExecStopPost=/bin/rm -f %s\n' "$1" "$1" > pggit-api.service
systemctl daemon-reload
"#;

/// What the API of the document answers.
struct Api {
    up: PathBuf,
    warmed: AtomicU64,
    asked: AtomicU64,
    p99: AtomicU64,
    /// When the process began that was seen first.
    begun: Mutex<Option<SystemTime>>,
}

impl Api {
    /// A new process is fast.
    fn mind_a_restart(&self) {
        let Ok(begun) = self.up.metadata().and_then(|up| up.modified()) else { return };
        let Ok(mut first) = self.begun.lock() else { return };
        if first.get_or_insert(begun) != &begun {
            self.p99.store(40, Ordering::SeqCst);
        }
    }

    fn answer(&self, head: &str, server: &PostgresServer) -> Vec<Step> {
        if !self.up.exists() {
            return json(503, r#"{"status":"down"}"#);
        }
        let line = head.lines().next().unwrap_or_default();
        let is = |start: &str| line.starts_with(start);
        self.mind_a_restart();
        if is("GET /api/v1/cache/stats") {
            let asked = self.asked.fetch_add(200, Ordering::SeqCst) + 200;
            // Half of what is asked is found while it is cold, all of it once it was warmed.
            let warm = self.warmed.load(Ordering::SeqCst);
            let hits = if warm == 0 { asked / 2 } else { warm / 2 + (asked - warm) };
            let p99 = self.p99.load(Ordering::SeqCst);
            let rate = hits as f64 / asked as f64;
            let misses = asked - hits;
            return json(
                200,
                &format!(r#"{{"hit_rate":{rate},"cache_stats":{{"p99_ms":{p99},"hits":{hits},"misses":{misses}}}}}"#),
            );
        }
        if is("POST /api/v1/cache/warm") {
            self.warmed.store(self.asked.load(Ordering::SeqCst).max(1), Ordering::SeqCst);
            self.p99.store(40, Ordering::SeqCst);
            return json(200, r#"{"warmed":12}"#);
        }
        if is("POST /api/v1/webhooks/retry-pending") {
            server.sql("pggit", "UPDATE alert_delivery_queue SET delivery_status = 'delivered'");
            return json(200, r#"{"retried":40}"#);
        }
        if is("GET /api/v1/alerts") {
            return json(200, &format!(r#"{{"total":{},"items":[]}}"#, server.sql("pggit", PENDING)));
        }
        json(200, r#"{"status":"healthy"}"#)
    }
}

pub struct Pggit {
    pub lab: Lab,
    pub server: Arc<PostgresServer>,
    api: Arc<Api>,
    http: FakeHttp,
    home: TempDir,
    flags: TempDir,
}

/// A configuration says where a backup is restored, or has none.
const SCRATCH: (&str, &str) = ("folder = \"/backups/pggit\"\n", "folder = \"/backups/pggit\"\nscratch = \"pggit\"\n");

/// The cluster's unit.
pub const CLUSTER: &str = "postgresql@lab.service";

impl Pggit {
    pub fn new() -> Option<Pggit> {
        let lab = Lab::boot().map_err(|why| skipped("the procedures of pggit", &why)).ok()?;
        let server = Arc::new(PostgresServer::start(&[]));
        server.sql("postgres", ROLE);
        server.sql("postgres", "CREATE DATABASE pggit OWNER pggit");
        server.sql("pggit", QUEUE);
        // What the systemd of the lab sees too.
        let flags = TempDir::with_prefix_in("pggit-", env!("CARGO_TARGET_TMPDIR")).unwrap();
        let up = flags.path().join("up");
        std::fs::write(flags.path().join("lab"), "exec sleep infinity").unwrap();
        let made = lab.run(&["sh", "-c", UNITS, "units", up.to_str().unwrap(), flags.path().to_str().unwrap()]);
        assert!(made.status.success(), "{made:?}");
        let api = Arc::new(Api {
            up,
            warmed: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            p99: AtomicU64::new(900),
            begun: Mutex::new(None),
        });
        let (theirs, database) = (Arc::clone(&api), Arc::clone(&server));
        let http = FakeHttp::start(move |head| theirs.answer(head, &database));
        let pggit = Pggit { lab, server, api, http, home: TempDir::with_prefix("quarterdeck-pggit-").unwrap(), flags };
        pggit.programs();
        pggit.configure("");
        Some(pggit)
    }

    /// From now on the real server is the cluster of the lab: it runs where its unit runs.
    pub fn cluster_in_the_lab(&self) {
        self.server.stop();
        let data = self.flags.path().join("data");
        let copied = std::process::Command::new("cp").arg("-a").arg(self.server.data()).arg(&data).status().unwrap();
        assert!(copied.success());
        std::fs::set_permissions(self.flags.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let (program, port) = (bin_folder().join("postgres"), self.server.port());
        let (uid, gid) = unprivileged_ids().unwrap();
        let text = format!(
            "exec setpriv --reuid {uid} --regid {gid} --clear-groups {} -D {} -p {port} -k '' -c listen_addresses=127.0.0.1",
            program.display(),
            data.display()
        );
        std::fs::write(self.flags.path().join("lab"), text).unwrap();
    }

    /// The profile's own text, as a team's configuration, with some of it written otherwise.
    pub fn rewritten(&self, changes: &[(&str, &str)]) {
        let url = format!("postgresql://pggit@127.0.0.1:{}/pggit", self.server.port());
        let audit = self.home.path().join("audit");
        let actions = format!("[actions]\nallow = true\naudit = \"{}\"\n", audit.display());
        let own = [("postgresql://pggit@localhost/pggit", url.as_str()), ("[actions]\n", actions.as_str()), SCRATCH];
        // A configuration has no name of its own.
        let mut text = include_str!("../../assets/profiles/pggit.toml").replacen("name = \"pggit\"\n", "", 1);
        for (old, new) in own.iter().chain(changes) {
            assert!(text.contains(old), "{old}");
            text = text.replace(old, new);
        }
        std::fs::write(self.home.path().join("quarterdeck.toml"), text).unwrap();
    }

    /// `systemctl` and `sudo -n` that lead into the lab.
    fn programs(&self) {
        let bin = self.home.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let way = self.lab.way_in().join(" ");
        for (name, text) in [
            ("systemctl", format!("exec {way} /usr/bin/systemctl \"$@\"")),
            ("sudo", format!("[ \"$1\" = -n ] || exit 1\nshift\nexec {way} \"$@\"")),
        ] {
            let path = bin.join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
    }

    /// Where the profile cannot know it: this database. `more` is the team's own.
    fn configure(&self, more: &str) {
        let text = format!(
            "profile = \"pggit\"\n[actions]\nallow = true\naudit = \"{}\"\nheadless = [\"cache-warming\", \"safe-restart\"]\n\
             [[database]]\nname = \"pggit\"\nurl = \"postgresql://pggit@127.0.0.1:{}/pggit\"\n{more}",
            self.home.path().join("audit").display(),
            self.server.port()
        );
        std::fs::write(self.home.path().join("quarterdeck.toml"), text).unwrap();
    }

    pub fn start(&self, unit: &str) {
        let told = self.lab.run(&["systemctl", "start", unit]);
        assert!(told.status.success(), "{told:?}");
    }

    pub fn is_active(&self, unit: &str) -> bool {
        self.lab.ask(&["is-active", unit]) == "active"
    }

    fn variables(&self) -> Vec<(String, String)> {
        let home = self.home.path().display().to_string();
        let path = format!("{home}/bin:{}", std::env::var("PATH").unwrap());
        let url = self.http.url("");
        [("HOME", home), ("PATH", path), ("API_URL", url)].map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    fn arguments(&self, order: &[&str]) -> Vec<String> {
        let config = self.home.path().join("quarterdeck.toml").display().to_string();
        ["--config", &config, "run"].iter().chain(order).map(|word| (*word).to_owned()).collect()
    }

    /// Without a terminal.
    fn run(&self, order: &[&str]) -> Told {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().envs(self.variables()).args(self.arguments(order)).stdin(std::process::Stdio::null());
        Told::of(command.output().unwrap())
    }

    /// Card and run without a terminal.
    fn whole(&self, book: &str, target: &str) -> (String, Told) {
        let card = self.run(&[book, "--target", target]);
        assert_eq!(card.code, 0, "{card:?}");
        let told = self.run(&[book, "--target", target, "--confirm", &code_in(&card.out)]);
        (card.out, told)
    }

    /// On a terminal, on which what is asked is answered: the words of each question and the line that is typed.
    pub fn play(&self, order: &[&str], answers: &[(&str, &str)]) -> (u32, String) {
        let sit = |order: &[&str]| {
            let seat = Start::program(env!("CARGO_BIN_EXE_quarterdeck"), &self.arguments(order)).size(220, 220);
            self.variables().iter().fold(seat, |seat, (name, value)| seat.variable(name, value)).run()
        };
        let seat = sit(order);
        let (code, card) = (seat.exit_code(), seat.screen());
        assert_eq!(code, 0, "{card}");
        let mut seat = sit(&[order, &["--confirm", &code_in(&card)]].concat());
        for (question, answer) in answers {
            seat.wait_long(question, SHOWS, |seen| seen.shows(question) || seen.ended.is_some());
            assert!(seat.seen().ended.is_none(), "{question:?} never came:\n{}", seat.screen());
            seat.send(format!("{answer}\r"));
        }
        seat.wait_long("the end", SHOWS, |seen| seen.ended.is_some());
        (seat.exit_code(), seat.screen())
    }
}

#[test]
fn startup() {
    let Some(pggit) = Pggit::new() else { return };
    let order = ["startup", "--target", "api"];
    let (code, told) = pggit.play(&order, &[("start Redis, if it is used. Go on", "skip")]);
    assert_eq!(code, 0, "{told}");
    assert!(pggit.is_active("postgresql.service") && pggit.is_active("pggit-api.service"), "{told}");
    assert!(!pggit.is_active("redis-server.service"), "what is left out is not started");
}

#[test]
fn shutdown() {
    let Some(pggit) = Pggit::new() else { return };
    for unit in ["postgresql.service", "redis-server.service", "pggit-api.service"] {
        pggit.start(unit);
    }
    let (code, told) = pggit.play(&["shutdown", "--target", "api"], &[("stop Redis, if it is used. Go on", "go")]);
    assert_eq!(code, 0, "{told}");
    assert!(!pggit.is_active("redis-server.service") && !pggit.is_active("pggit-api.service"), "{told}");
    assert!(pggit.is_active("postgresql.service"), "PostgreSQL keeps running, as in the document");
}

#[test]
fn safe_restart() {
    let Some(pggit) = Pggit::new() else { return };
    pggit.start("pggit-api.service");
    let process = || pggit.lab.ask(&["show", "pggit-api.service", "--property=InvocationID"]);
    let before = process();
    let (_, told) = pggit.whole("safe-restart", "api");
    assert_eq!(told.code, 0, "{told:?}");
    assert!(pggit.is_active("pggit-api.service") && process() != before, "{told:?}");
}

/// The document's endpoint tells a ratio of its whole life: the card says that this proves nothing. Counters do.
#[test]
fn cache_warming() {
    let Some(pggit) = Pggit::new() else { return };
    pggit.start("pggit-api.service");
    let (card, told) = pggit.whole("cache-warming", "api");
    assert!(card.contains("ratio of its whole life") && card.contains("it will end as not verified"), "{card}");
    assert_eq!(told.code, 12, "{told:?}");
    pggit.api.warmed.store(0, Ordering::SeqCst);
    let counters = "hits = \"/cache_stats/hits\"\nmisses = \"/cache_stats/misses\"\n";
    pggit.configure(&format!("[[cache]]\nname = \"api cache\"\n{counters}"));
    let (card, told) = pggit.whole("cache-warming", "api");
    assert!(!card.contains("whole life"), "{card}");
    assert_eq!(told.code, 0, "{told:?}");
}

#[test]
fn high_latency() {
    let Some(pggit) = Pggit::new() else { return };
    pggit.start("pggit-api.service");
    let before = pggit.lab.ask(&["show", "pggit-api.service", "--property=InvocationID"]);
    let warm = ("warm the cache, if its hit rate is low. Go on", "go");
    let (code, told) = pggit.play(&["high-latency", "--target", "api"], &[warm]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("of its whole life"), "what the endpoint tells is read as what it is\n{told}");
    // It is fast again by then: nothing is restarted, and nobody is asked.
    assert_eq!(pggit.lab.ask(&["show", "pggit-api.service", "--property=InvocationID"]), before);
}

#[test]
fn high_error_rate() {
    let Some(pggit) = Pggit::new() else { return };
    pggit.start("pggit-api.service");
    let answers = [
        ("read the last errors", "done read the last ten"),
        ("what was deployed last?", "done nothing since Friday"),
        ("restart the service. Go on", "go"),
    ];
    let (code, told) = pggit.play(&["high-error-rate", "--target", "api"], &answers);
    assert_eq!(code, 0, "{told}");
}

#[test]
fn pool_exhausted() {
    let Some(pggit) = Pggit::new() else { return };
    pggit.start("pggit-api.service");
    let answers = [
        ("terminate idle sessions. Go on", "skip"),
        ("a bigger pool. Go on", "skip"),
        ("restart the API. Go on", "skip"),
    ];
    let (code, told) = pggit.play(&["pool-exhausted", "--target", "pggit"], &answers);
    assert_eq!(code, 12, "nothing was done, so nothing fell: {told}");
}

#[test]
fn queue_backlog() {
    let Some(pggit) = Pggit::new() else { return };
    pggit.start("pggit-api.service");
    let order = ["queue-backlog", "--target", "api", "--param", "webhook=2"];
    let (code, told) = pggit.play(&order, &[("disable webhook 2. Go on", "go")]);
    assert_eq!(code, 0, "{told}");
    let active = pggit.server.sql("pggit", "SELECT string_agg(id::text, ',') FROM webhooks WHERE is_active");
    assert_eq!((pggit.server.sql("pggit", PENDING).as_str(), active.as_str()), ("0", "1"));
}
