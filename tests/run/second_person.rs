//! The second person, the whole way: two real users of this system, the real program, and a real Redis that is flushed outside
//! every window. Only root can be two users.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::pty::{Session, Start};
use super::redis_server::RedisServer;
use super::{Told, code_in, not_to_be_had, skipped};

/// Who asks, and who approves.
pub(super) const DAEMON: u32 = 1;
pub(super) const NOBODY: u32 = 65534;
/// A group that every system has.
const GROUP: u32 = 100;
pub(super) const KEYS: usize = 40;

/// Approves on a terminal that somebody sits at already.
#[track_caller]
pub(super) fn answer(mut terminal: Session, typed: &str, code: u32) -> String {
    terminal
        .wait_until("the question, or a refusal", |seen| seen.shows("or nothing to leave:") || seen.ended.is_some());
    if terminal.seen().ended.is_none() {
        // What is typed before the card could be read is thrown away: it asks again by still waiting.
        std::thread::sleep(Duration::from_millis(600));
        terminal.send(format!("{typed}\r"));
    }
    assert_eq!(terminal.exit_code(), code, "{}", terminal.screen());
    terminal.screen()
}

/// A Redis, a folder that two operators share, and a home for each.
pub(super) struct Bastion {
    around: TempDir,
    redis: RedisServer,
}

impl Bastion {
    pub(super) fn new() -> Option<Bastion> {
        if !rustix::process::geteuid().is_root() {
            skipped("a second person", "two users need root");
            return None;
        }
        let around = TempDir::with_prefix("quarterdeck-two-").unwrap();
        let path = |name: &str| around.path().join(name);
        fs::set_permissions(around.path(), fs::Permissions::from_mode(0o755)).unwrap();
        crate::program_copy::copied(env!("CARGO_BIN_EXE_quarterdeck"), path("quarterdeck"));
        fs::set_permissions(path("quarterdeck"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(path("shared")).unwrap();
        chown(path("shared"), None, Some(GROUP)).unwrap();
        fs::set_permissions(path("shared"), fs::Permissions::from_mode(0o3770)).unwrap();
        fs::write(path("shared").join("policy.toml"), "headless = [\"flush-redis for daemon\"]\n").unwrap();
        fs::set_permissions(path("shared").join("policy.toml"), fs::Permissions::from_mode(0o644)).unwrap();
        for (uid, home) in [(DAEMON, "daemon"), (NOBODY, "nobody")] {
            fs::create_dir(path(home)).unwrap();
            chown(path(home), Some(uid), Some(GROUP)).unwrap();
            fs::set_permissions(path(home), fs::Permissions::from_mode(0o700)).unwrap();
        }
        let redis = RedisServer::start(&[]);
        let bastion = Bastion { around, redis };
        bastion.configure("break_glass = [\"flush-redis\"]");
        bastion.fill(KEYS);
        Some(bastion)
    }

    pub(super) fn configure(&self, policy: &str) {
        let text = format!(
            "[actions]\nallow = true\nheadless = [\"flush-redis\"]\nshared = \"{}\"\n{policy}\n\
             [[cache]]\nname = \"shop\"\nredis = \"redis://127.0.0.1:{}/0\"\nenvironment = \"staging\"\n",
            self.path("shared").display(),
            self.redis.port
        );
        fs::write(self.path("config.toml"), text).unwrap();
        fs::set_permissions(self.path("config.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.around.path().join(name)
    }

    pub(super) fn fill(&self, keys: usize) {
        self.redis.ask(&["FLUSHDB"]);
        let names: Vec<String> = (0..keys).map(|n| format!("key:{n}")).collect();
        let mut mset = vec!["MSET"];
        mset.extend(names.iter().flat_map(|name| [name.as_str(), "1"]));
        self.redis.ask(&mset);
    }

    pub(super) fn keys(&self) -> String {
        self.redis.ask(&["DBSIZE"])
    }

    /// The words before the arguments, to be another user.
    pub(super) fn as_user(&self, uid: u32) -> Vec<String> {
        let home = if uid == DAEMON { "daemon" } else { "nobody" };
        let binary = self.path("quarterdeck").display().to_string();
        let home = format!("HOME={}", self.path(home).display());
        let ids = [format!("--reuid={uid}"), format!("--regid={GROUP}"), "--clear-groups".to_owned()];
        let config = self.path("config.toml").display().to_string();
        let rest = ["env".to_owned(), home, binary, "--config".to_owned(), config];
        ids.into_iter().chain(rest).collect()
    }

    pub(super) fn tell(&self, uid: u32, arguments: &[&str]) -> Told {
        let mut command = Command::new("setpriv");
        command.env_clear().env("PATH", "/usr/bin:/bin").args(self.as_user(uid)).args(arguments).stdin(Stdio::null());
        Told::of(command.output().unwrap())
    }

    /// On a terminal of its own.
    pub(super) fn sit(&self, uid: u32, arguments: &[&str], size: (u16, u16)) -> Session {
        let words: Vec<String> =
            self.as_user(uid).into_iter().chain(arguments.iter().map(|a| (*a).to_owned())).collect();
        Start::program("setpriv", &words).size(size.0, size.1).run()
    }

    /// The card of the flush, and its code.
    #[track_caller]
    pub(super) fn card(&self) -> (String, String) {
        let told = self.tell(DAEMON, &["run", "flush-redis", "--target", "shop"]);
        assert_eq!(told.code, 0, "{told:?}");
        let code = code_in(&told.out);
        (told.out, code)
    }

    pub(super) fn confirm(&self, code: &str) -> Told {
        let order = ["run", "flush-redis", "--target", "shop", "--confirm", code, "--reason", "INC-7: poisoned"];
        self.tell(DAEMON, &order)
    }

    /// Asks for a second person; the request's id.
    #[track_caller]
    pub(super) fn request(&self) -> String {
        let (_, code) = self.card();
        let told = self.confirm(&code);
        assert_eq!(told.code, 10, "{told:?}");
        assert!(told.out.contains("waits for a second person") && told.out.contains(" (until "), "{told:?}");
        let id = told.out.split("quarterdeck approve ").nth(1).and_then(|rest| rest.split_whitespace().next());
        id.unwrap_or_else(|| panic!("no id in {told:?}")).to_owned()
    }

    /// Approves on a terminal: what is typed, and how it ends.
    #[track_caller]
    pub(super) fn approve(&self, uid: u32, id: &str, typed: &str, code: u32) -> String {
        answer(self.sit(uid, &["approve", id], (120, 60)), typed, code)
    }

    /// A request as it lies in the folder, changed by somebody who may.
    pub(super) fn change(&self, folder: &str, name: &str, change: impl Fn(&mut Value)) {
        let path = self.path("shared").join(folder).join(name);
        let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut record);
        // The same file: its owner stays. It is not made anew: some systems refuse that in a folder like this, even to root.
        let mut file = fs::OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
        file.write_all(format!("{record}\n").as_bytes()).unwrap();
    }

    /// The records of a user's audit, whose chain holds.
    pub(super) fn audit(&self, uid: u32) -> Vec<Value> {
        let home = if uid == DAEMON { "daemon" } else { "nobody" };
        let folder = self.path(home).join(".local/state/quarterdeck").display().to_string();
        let ask = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
            Told::of(command.env_clear().arg("audit").args(arguments).args(["--folder", &folder]).output().unwrap())
        };
        let verified = ask(&["verify"]);
        assert_eq!(verified.code, 0, "{verified:?}");
        ask(&["show", "--json"]).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// But for the leave to act that each dashboard begins with.
    pub(super) fn events(&self, uid: u32) -> Vec<String> {
        let all = self.audit(uid);
        let events = all.iter().map(|record| record["event"].as_str().unwrap().to_owned());
        events.filter(|event| event != "armed").collect()
    }
}

#[test]
fn the_glass_is_broken_by_two_people_once() {
    let Some(bastion) = Bastion::new() else { return };
    let (card, code) = bastion.card();
    for words in ["BREAK GLASS", "none is declared", "somebody else has to approve it", "--reason 'WHY'"] {
        assert!(card.contains(words), "{words:?} in\n{card}");
    }
    bastion
        .tell(DAEMON, &["run", "flush-redis", "--target", "shop", "--confirm", &code])
        .refused("a reason is asked for");
    let id = bastion.request();
    assert_eq!(bastion.request(), id, "it waits already, and whoever asks again is told so");
    let listed = bastion.tell(NOBODY, &["approve"]);
    assert!(listed.out.contains(&id) && listed.out.contains("daemon") && listed.out.contains("flush-redis on shop"));
    assert!(bastion.tell(DAEMON, &["approve"]).out.contains("yours: somebody else"));
    bastion.tell(NOBODY, &["approve", &id]).refused("terminal");
    assert!(bastion.approve(DAEMON, &id, "shop 40", 10).contains("must be another one"));
    assert!(bastion.approve(NOBODY, &id, "shop 41", 10).contains("not typed exactly"));
    assert!(bastion.approve(NOBODY, &id, "", 10).contains("left without"));
    assert_eq!(bastion.keys(), KEYS.to_string());
    let seen = bastion.approve(NOBODY, &id, "shop 40", 0);
    for words in ["daemon asks", "INC-7: poisoned", "BREAK GLASS", "FLUSHDB ASYNC", "is approved"] {
        assert!(seen.contains(words), "{words:?} in\n{seen}");
    }
    // Meanwhile the cache lives on: the card that is made anew stands for about as many keys.
    bastion.redis.ask(&["MSET", "more:1", "1", "more:2", "1"]);
    let (card, code) = bastion.card();
    assert!(card.contains("42 keys now; 40 were agreed to") && card.contains("nobody approved it"), "{card}");
    let told = bastion.confirm(&code);
    assert_eq!((told.code, bastion.keys()), (0, "0".to_owned()), "{told:?}");
    assert!(told.out.contains("BREAK GLASS") && told.out.contains("verified"), "{told:?}");
    // Its approval is used up: the same card asks again.
    bastion.fill(KEYS);
    bastion.request();
    assert_eq!(bastion.keys(), KEYS.to_string());

    // Who asks again for what waits already leaves that card.
    let asked = ["refused", "approval-asked", "cancelled", "refused", "intent", "outcome", "approval-asked"];
    assert_eq!(bastion.events(DAEMON), asked);
    // Without a terminal nobody approves, and that it was tried is recorded too.
    assert_eq!(bastion.events(NOBODY), ["refused", "confirmation-failed", "cancelled", "approving", "approved"]);
    for record in &bastion.audit(DAEMON)[4..6] {
        let record = &record["fields"];
        assert_eq!(
            (&record["approver"], &record["break_glass"]),
            (&Value::from("nobody"), &Value::from(true)),
            "{record}"
        );
        assert_eq!(record["request"], id.as_str());
    }
}

#[test]
fn what_is_too_old_or_of_another_card_runs_nothing() {
    let Some(bastion) = Bastion::new() else { return };
    let old = bastion.request();
    let record = bastion.path("shared").join("requests").join(&old);
    bastion.change("requests", &old, |request| {
        let boot_ns = request["when"]["boot_ns"].as_u64().unwrap();
        match boot_ns.checked_sub(601_000_000_000) {
            Some(earlier) => request["when"]["boot_ns"] = Value::from(earlier),
            // The machine was started just now.
            None => request["when"]["boot_id"] = Value::from("another"),
        }
    });
    assert!(bastion.approve(NOBODY, &old, "shop 40", 10).contains("refused"));
    // Whoever asked sees that nobody came.
    let id = bastion.request();
    assert!(!record.exists());
    bastion.approve(NOBODY, &id, "shop 40", 0);
    // Far more keys than were approved: another card, that asks anew.
    bastion.fill(2 * KEYS);
    let other = bastion.request();
    assert_ne!(other, id);
    bastion.fill(KEYS);
    // The approval names another card than the request.
    bastion.change("approvals", &format!("{id}.{NOBODY}"), |approval| approval["digest"] = Value::from("0".repeat(64)));
    let third = bastion.request();
    assert_ne!(third, id);
    assert_eq!(bastion.keys(), KEYS.to_string(), "nothing ran");
    // Each program that finds an approval which is none records that.
    let forged = ["refused", "refused", "approval-asked"];
    let asked = [&["approval-asked", "approval-expired", "approval-asked", "approval-asked"][..], &forged].concat();
    assert_eq!(bastion.events(DAEMON), asked);
    assert_eq!(bastion.events(NOBODY), ["approval-expired", "approving", "approved"]);
}

#[test]
fn where_nobody_can_be_asked_nothing_is_asked() {
    let Some(bastion) = Bastion::new() else { return };
    bastion.configure("break_glass = [\"flush-redis\"]");
    let config = bastion.path("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let alone = text.lines().filter(|line| !line.starts_with("shared =")).collect::<Vec<_>>().join("\n");
    fs::write(&config, alone).unwrap();
    bastion.tell(DAEMON, &["run", "flush-redis", "--target", "shop"]).refused("needs the folder `shared`");
    bastion.tell(NOBODY, &["approve"]).refused("none is configured");
    bastion.configure("break_glass = [\"flush-redis\"]\nshared_accounts = [\"daemon\"]");
    let (_, code) = bastion.card();
    bastion.confirm(&code).refused("daemon is an account that several people use");
    // What was refused before it had a card, and the code.
    assert_eq!(bastion.events(DAEMON), ["refused", "refused"]);
    assert_eq!(bastion.keys(), KEYS.to_string());
    bastion.configure("break_glass = [\"flush-redsi\"]");
    let told = bastion.tell(DAEMON, &["run", "--list"]);
    assert!(told.code == 78 && told.err.contains("did you mean \"flush-redis\"?"), "{told:?}");
}

/// A dialog is drawn, to its last line, and takes keys.
#[track_caller]
fn awake(session: &Session) {
    session.wait_until("a dialog that listens", |seen| seen.shows("Esc cancels") && !seen.shows("read it first"));
}

/// A request is approved by who saw all of it. One frame is on its way at most: where a later one is seen, the program knows
/// that the end of the card was.
#[track_caller]
pub(super) fn to_its_end(session: &mut Session) {
    session.send("\x1b[6~".repeat(12));
    let is_its_end = |range: &str| {
        let mut numbers = range.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
        numbers.next().is_some_and(|last| numbers.next() == Some(last))
    };
    session.wait_until("the end of the card", |seen| {
        let screen = seen.screen();
        let title = screen.lines().find(|line| line.contains("Second person:")).unwrap_or_default();
        title.split_once(" of ").is_none_or(|(before, total)| {
            let last = before.rsplit('-').next().unwrap_or_default();
            is_its_end(&format!("{last} {total}"))
        })
    });
    session.press("x", "approve: x");
    session.send("\x7f\t");
    session.wait_gone("approve: x");
}

/// In two dashboards: the one who asks is told, the one who may approve is only told that something waits.
#[test]
fn in_two_dashboards() {
    let Some(bastion) = Bastion::new() else { return };
    let mut asks = bastion.sit(DAEMON, &[], (120, 40));
    let mut approves = bastion.sit(NOBODY, &[], (80, 24));
    approves.wait_for("? help");
    asks.wait_for("? help");
    asks.press(":", "the mosaic of all panes");
    asks.send("act flush-redis on shop\r");
    asks.wait_for("BREAK GLASS");
    awake(&asks);
    asks.press("shop 40\tINC-7", "asks for a second person");
    asks.press("\x14", "waits for a second person");
    let id = asks.screen().split("quarterdeck approve ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();

    approves.wait_for(&format!(":approve {id}: 1 action waits"));
    assert!(!approves.seen().shows("daemon asks"), "it never takes the focus");
    approves.press(":", "the mosaic of all panes");
    approves.send(format!("approve {id}\r"));
    approves.wait_for("daemon asks");
    awake(&approves);
    to_its_end(&mut approves);
    // Nothing but the chord approves, and that only after the phrase.
    approves.send("\t\r \r");
    approves.press("\x14", "not typed exactly");
    assert_eq!(bastion.events(NOBODY), ["confirmation-failed"]);
    approves.press("shop 40", "Ctrl-T approves it");
    approves.press("\x14", "is approved");

    asks.wait_for(":consent: nobody approved");
    assert_eq!(bastion.keys(), KEYS.to_string(), "the requester consents again");
    asks.send("\x1b");
    asks.wait_gone("nothing was done yet");
    asks.press(":", "the mosaic of all panes");
    asks.send("consent\r");
    asks.wait_for("nobody approved it");
    awake(&asks);
    // The reason is the one that was approved.
    asks.press("shop 40", "Ctrl-T runs it");
    asks.press("\x14", "approved by");
    asks.wait_for("verified");
    assert_eq!(bastion.keys(), "0");
    asks.press("\x1b", "ran outside its window");
    assert_eq!(bastion.events(DAEMON), ["approval-asked", "intent", "outcome"]);
    assert_eq!(bastion.events(NOBODY), ["confirmation-failed", "approving", "approved"]);
}

/// What a requester writes by hand, so that another text is approved than that of the card which runs, is approved in vain.
#[test]
fn another_text_than_that_of_the_card_is_approved_in_vain() {
    let Some(bastion) = Bastion::new() else { return };
    let id = bastion.request();
    bastion.change("requests", &id, |request| {
        request["bound"] = vec!["L1  warm-cache on shop in STAGING"].into();
        request["card"] = vec!["warm the cache of shop"].into();
    });
    let screen = bastion.approve(NOBODY, &id, "shop 40", 0);
    assert!(screen.contains("warm the cache of shop"), "{screen}");
    let (_, code) = bastion.card();
    let told = bastion.confirm(&code);
    assert_eq!(told.code, 10, "{told:?}");
    assert!(told.out.contains("was shown another text than that of this card"), "{told:?}");
    assert_eq!(bastion.keys(), KEYS.to_string());
}

/// What is typed, and what a list calls it, are of the card that runs too.
#[test]
fn another_phrase_than_that_of_the_card_is_typed_in_vain() {
    let Some(bastion) = Bastion::new() else { return };
    for (field, other, typed) in [("phrase", "y", "y"), ("action", "warm-cache", "shop 40"), ("level", "L1", "shop 40")]
    {
        let id = bastion.request();
        bastion.change("requests", &id, |request| request[field] = other.into());
        bastion.approve(NOBODY, &id, typed, 0);
        let (_, code) = bastion.card();
        let told = bastion.confirm(&code);
        assert_eq!(told.code, 10, "{field}: {told:?}");
        assert_eq!(bastion.keys(), KEYS.to_string(), "{field}");
        assert!(bastion.audit(DAEMON).iter().all(|record| record["event"] != "intent"), "{field}");
        fs::remove_file(bastion.path("shared").join("requests").join(&id)).unwrap();
    }
}

/// The second person was shown why: for another reason nothing runs, and what they approved is good for its own.
#[test]
fn another_reason_than_that_which_was_approved_runs_nothing() {
    let Some(bastion) = Bastion::new() else { return };
    let id = bastion.request();
    let screen = bastion.approve(NOBODY, &id, "shop 40", 0);
    for words in ["reason: INC-7: poisoned", "the second person types: shop 40"] {
        assert!(screen.contains(words), "{words:?} in {screen}");
    }
    let (_, code) = bastion.card();
    let order = ["run", "flush-redis", "--target", "shop", "--confirm", &code, "--reason", "tidying up"];
    let told = bastion.tell(DAEMON, &order);
    assert_eq!((told.code, bastion.keys()), (10, KEYS.to_string()), "{told:?}");
    let words = "was shown another reason: give the same (INC-7: poisoned)";
    assert!(told.out.contains(words) || told.err.contains(words), "{told:?}");
    let told = bastion.confirm(&bastion.card().1);
    assert_eq!((told.code, bastion.keys()), (0, "0".to_owned()), "{told:?}");
}

#[test]
fn a_text_that_is_changed_once_it_was_approved_has_no_approval() {
    let Some(bastion) = Bastion::new() else { return };
    let id = bastion.request();
    let screen = bastion.approve(NOBODY, &id, "shop 40", 0);
    assert!(screen.contains("What an approval binds") && screen.contains("sends: FLUSHDB"), "{screen}");
    bastion.change("requests", &id, |request| request["card"][0] = "flush the Redis database of ours".into());
    assert_ne!(bastion.request(), id, "it is asked for anew");
    assert_eq!(bastion.keys(), KEYS.to_string());
}

/// Without anybody else, in its window: a code is for about as many keys as its card shows, as the flush itself is.
#[test]
fn a_code_is_for_about_as_many_keys() {
    let Some(bastion) = Bastion::new() else { return };
    bastion.configure("windows = [\"daily 00:00-24:00 UTC\"]");
    let (card, code) = bastion.card();
    assert!(!card.contains("BREAK GLASS") && !card.contains("second person"), "{card}");
    bastion.fill(2 * KEYS);
    bastion.confirm(&code).refused("what was confirmed is not what would be done");
    bastion.fill(KEYS);
    let (_, code) = bastion.card();
    bastion.redis.ask(&["MSET", "more:1", "1", "more:2", "1"]);
    let told = bastion.confirm(&code);
    assert_eq!((told.code, bastion.keys()), (0, "0".to_owned()), "{told:?}");
}

/// Where nobody is recorded to have logged in, as in many containers, one person can be two by sudo: policy can refuse that.
#[test]
fn where_a_login_is_required_and_none_is_recorded_nobody_asks() {
    let Some(bastion) = Bastion::new() else { return };
    // Whoever runs the tests may have logged in; root may forget that, unless the kernel was told to keep it.
    let forget = "echo 4294967295 2>/dev/null > /proc/self/loginuid; ";
    let left = Command::new("sh").args(["-c", &format!("{forget} cat /proc/self/loginuid")]).output().unwrap();
    if !["4294967295", ""].contains(&String::from_utf8_lossy(&left.stdout).trim()) {
        return not_to_be_had("nobody who logged in", "the kernel keeps who did");
    }
    bastion.configure("break_glass = [\"flush-redis\"]\nrequire_login = true");
    let (_, code) = bastion.card();
    let mut command = Command::new("sh");
    command.env_clear().env("PATH", "/usr/bin:/bin").args(["-c", &format!("{forget} exec setpriv \"$@\""), "sh"]);
    let order = ["run", "flush-redis", "--target", "shop", "--confirm", &code, "--reason", "INC-7"];
    command.args(bastion.as_user(DAEMON)).args(order);
    let told = Told::of(command.stdin(Stdio::null()).output().unwrap());
    told.refused("the system does not record who logged in as daemon");
    assert_eq!(bastion.keys(), KEYS.to_string());
}
