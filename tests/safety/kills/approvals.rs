//! Two people, of whom either is killed anywhere: the one who asks, the one who approves, the one who runs what was approved.
//! An approval is used once at most, and everything that stands in the folder they share was recorded before. Only root can
//! be two users.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use quarterdeck::remediation::audit::{AuditEvent, Record, Value};
use tempfile::TempDir;

use super::kinds::Endpoint;
use super::{Chance, FEWEST, Home, ends_of_runs, heard, killed, kills_or, open_runs, records_in, said};
use crate::pty::{BINARY, Session, Start};

const FEW: u64 = 12;
const PER_HOME: u64 = 20;
/// Who asks, and who approves; a group that every system has.
const ASKS: u32 = 1;
const APPROVES: u32 = 65534;
const GROUP: u32 = 100;

/// Two homes, and the folder between them.
struct Two {
    home: Home,
    endpoint: Endpoint,
}

impl Two {
    fn new() -> Two {
        let home = Home { folder: TempDir::with_prefix("quarterdeck-kills-").unwrap() };
        let endpoint = Endpoint::start();
        *endpoint.audit.lock().unwrap() = Some(home.audit());
        let two = Two { home, endpoint };
        let mode =
            |path: &Path, mode: u32| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(two.home.folder.path(), 0o755);
        crate::program_copy::copied(BINARY, two.path("quarterdeck"));
        mode(&two.path("quarterdeck"), 0o755);
        for (name, owner, bits) in [
            ("shared", None, 0o3770),
            ("audit", Some(ASKS), 0o700),
            ("audit-2", Some(APPROVES), 0o700),
            ("home", Some(ASKS), 0o700),
            ("home-2", Some(APPROVES), 0o700),
        ] {
            std::fs::create_dir(two.path(name)).unwrap();
            chown(two.path(name), owner, Some(GROUP)).unwrap();
            mode(&two.path(name), bits);
        }
        let policy = two.path("shared").join("policy.toml");
        std::fs::write(&policy, "headless = [\"warm\"]\n").unwrap();
        mode(&policy, 0o644);
        for (name, audit) in [("c.toml", "audit"), ("c-2.toml", "audit-2")] {
            let text = format!(
                "[[service]]\nname = \"api\"\nurl = {:?}\nenvironment = \"staging\"\n[[action]]\nname = \"warm\"\nurl = {:?}\nlevel = \"L2\"\n\
                 target = \"api\"\nwatch = \"service api\"\nwithin = \"1s\"\ncool_down = \"0s\"\nenvironment = \"staging\"\n[actions]\nallow = true\n\
                 headless = [\"warm\"]\nsecond_person = [\"warm\"]\nshared = \"{}\"\naudit = \"{}\"\n",
                two.endpoint.http.url("/health"),
                two.endpoint.http.url("/warm"),
                two.path("shared").display(),
                two.path(audit).display()
            );
            std::fs::write(two.path(name), text).unwrap();
            mode(&two.path(name), 0o644);
        }
        two
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.file(name)
    }

    /// The words that make one of them start the program.
    fn words(&self, uid: u32, arguments: &[&str]) -> Vec<String> {
        let (home, config) = if uid == ASKS { ("home", "c.toml") } else { ("home-2", "c-2.toml") };
        let home = format!("HOME={}", self.path(home).display());
        let own = [self.path("quarterdeck"), PathBuf::from("--config"), self.path(config)];
        let own = own.map(|path| path.display().to_string());
        let ids = [format!("--reuid={uid}"), format!("--regid={GROUP}"), "--clear-groups".to_owned()];
        let before = ids.into_iter().chain(["env".to_owned(), home]).chain(own);
        before.chain(arguments.iter().map(|word| (*word).to_owned())).collect()
    }

    fn sit(&self, uid: u32, arguments: &[&str]) -> Session {
        let start = Start::program("/usr/bin/setpriv", &self.words(uid, arguments)).size(120, 60);
        start.variable("OF", self.home.folder.path().to_str().unwrap()).run()
    }

    /// The one who asks, without a terminal.
    fn asks(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("/usr/bin/setpriv");
        command.args(self.words(ASKS, arguments)).stdin(Stdio::null()).current_dir("/");
        command.env_clear().env("PATH", "/usr/bin:/bin").env("OF", self.home.folder.path());
        command
    }

    fn told(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.asks(arguments).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap_or(-1), told)
    }

    /// The card of the one who asks; its code, and all that was said.
    fn card(&self) -> (String, String) {
        let (_, told) = self.told(&["run", "warm", "--target", "api", "--dry-run"]);
        let code = told.lines().find_map(|line| line.strip_prefix("code ")).unwrap_or_else(|| panic!("{told}"));
        (code.trim().to_owned(), told.clone())
    }

    fn confirm(&self) -> (i32, String) {
        let (code, _) = self.card();
        self.told(&["run", "warm", "--target", "api", "--confirm", &code])
    }

    /// Confirms, and is killed somewhere; whether what it was to be killed after was said.
    fn confirm_killed(&self, wish: (&str, u64), chance: &mut Chance) -> bool {
        let (code, _) = self.card();
        killed(self.asks(&["run", "warm", "--target", "api", "--confirm", &code]), wish, chance)
    }

    /// Approves on a terminal; what is typed before the card could be read is gone, so it is typed again.
    fn approves(&self, id: &str, until: &str) -> Session {
        let mut session = self.sit(APPROVES, &["approve", id]);
        session.wait_until("the question", |seen| said(seen).contains("or nothing to leave:") || seen.ended.is_some());
        let waits = |session: &Session| matches!(heard(session), (said, false) if !said.contains(until));
        while waits(&session) {
            session.send("api\r");
            std::thread::sleep(Duration::from_millis(50));
        }
        session
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let all = std::fs::read_dir(self.path("shared").join(folder)).into_iter().flatten();
        all.map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with('.'))
            .collect()
    }

    fn records(&self, uid: u32) -> Vec<Record> {
        records_in(&self.path(if uid == ASKS { "audit" } else { "audit-2" }))
    }

    /// After each kill, at once and for everything so far.
    fn holds(&self) {
        self.home.quiet();
        for audit in ["audit", "audit-2"] {
            self.home.verified_in(&self.path(audit));
        }
        let (asked, approved) = (self.records(ASKS), self.records(APPROVES));
        let recorded = |records: &[Record], event: AuditEvent| -> Vec<String> {
            records.iter().filter(|record| record.event() == Some(event)).map(request).collect()
        };
        let asked_for = recorded(&asked, AuditEvent::ApprovalAsked);
        for id in self.names("requests") {
            assert!(asked_for.contains(&id), "the request {id} stands there without a record");
        }
        let approving = recorded(&approved, AuditEvent::Approving);
        for name in self.names("approvals") {
            let id = name.split('.').next().unwrap().to_owned();
            assert!(approving.contains(&id), "the approval of {id} stands there without a record");
        }
        let mut used = BTreeMap::<String, usize>::new();
        for id in recorded(&asked, AuditEvent::Intent) {
            assert!(approving.contains(&id), "{id} ran and nobody approved it");
            *used.entry(id).or_default() += 1;
        }
        assert!(used.values().all(|times| *times == 1), "an approval was used twice: {used:?}");
        let effects = self.endpoint.effects.lock().unwrap().clone();
        assert!(
            effects.iter().enumerate().all(|(at, intents)| *intents > at),
            "an effect without its intent: {effects:?}"
        );
        let intents = used.len();
        assert!(effects.len() <= intents, "{} effects of {intents} intents", effects.len());
    }

    /// The next start of the one who runs: what nobody knows is told, and every run has its end.
    fn next_start(&self) -> usize {
        self.holds();
        let open = open_runs(&self.records(ASKS)).len();
        let (_, told) = self.card();
        assert_eq!(told.contains("NOT KNOWN"), open > 0, "{told}");
        ends_of_runs(&self.records(ASKS));
        open
    }

    /// A request that waits: the one that is there, or a new one. An approval that a killed run left unused is used first.
    fn request(&self) -> String {
        loop {
            let (status, told) = self.confirm();
            let id = told.split("quarterdeck approve ").nth(1).and_then(|rest| rest.split_whitespace().next());
            if let Some(id) = id {
                return id.to_owned();
            }
            assert!(matches!(status, 0 | 12), "{status}: {told}");
            self.holds();
        }
    }

    fn is_approved(&self, id: &str) -> bool {
        self.names("approvals").iter().any(|name| name.starts_with(id))
    }
}

fn request(record: &Record) -> String {
    match record.fields.iter().find(|(name, _)| name == "request") {
        Some((_, Value::Text(id))) => id.to_string(),
        other => panic!("{other:?}: {record:?}"),
    }
}

fn one_round(two: &Two, chance: &mut Chance, tally: &mut BTreeMap<&'static str, u64>) {
    let whom = chance.below(4);
    if whom == 0 {
        *tally.entry("asking").or_default() += 1;
        two.confirm_killed(("", 160_000), chance);
        // It may have used an approval that was left.
        *tally.entry("recovered").or_default() += two.next_start() as u64;
    }
    let id = two.request();
    if whom == 1 {
        *tally.entry("approving").or_default() += 1;
        let (mut session, at) = (two.sit(APPROVES, &["approve", &id]), chance.below(30_000));
        session.wait_until("the question", |seen| said(seen).contains("or nothing to leave:"));
        // Until it is heard: then it is somewhere between the line and the end.
        let waits = |session: &Session| !heard(session).1 && two.records(APPROVES).iter().all(|r| request(r) != id);
        while waits(&session) {
            session.send("api\r");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_micros(at));
        // Whoever drops the terminal kills the program, unless it has ended.
        drop(session);
        two.holds();
    }
    if !two.is_approved(&id) {
        let session = two.approves(&id, "is approved");
        assert_eq!(session.exit_code(), 0, "{}", session.screen());
    }
    two.holds();
    if whom > 1 {
        *tally.entry("running").or_default() += 1;
        let wishes = [("", 160_000), ("", 300_000), ("writes its intent", 12_000), ("runs step", 30_000)];
        let wish = wishes[chance.below(4) as usize];
        let heard = two.confirm_killed(wish, chance);
        assert!(heard, "{:?} was never said", wish.0);
        *tally.entry("recovered").or_default() += two.next_start() as u64;
    } else {
        let (status, told) = two.confirm();
        assert!(matches!(status, 0 | 12), "{told}");
        two.next_start();
    }
}

#[test]
fn an_approval() {
    if !rustix::process::geteuid().is_root() {
        return crate::skipped::skipped("kills around an approval", "two users need root");
    }
    let (mut chance, mut tally, mut left) = (Chance(23), BTreeMap::new(), kills_or(FEW));
    while left > 0 {
        let two = Two::new();
        let round = left.min(PER_HOME);
        left -= round;
        for _ in 0..round {
            one_round(&two, &mut chance, &mut tally);
        }
        let (intents, effects) = (two.home.intents(), two.endpoint.effects.lock().unwrap().len());
        *tally.entry("intents").or_default() += intents as u64;
        *tally.entry("effects").or_default() += effects as u64;
    }
    eprintln!("an approval: {tally:?}, loose ends 0");
    assert!(tally.get("recovered").is_some_and(|open| *open > 0) || kills_or(FEW) < FEWEST, "no kill fell into a run");
}
