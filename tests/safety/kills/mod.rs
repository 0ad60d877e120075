//! `kill -9` at random moments of real actions of the real binary (invariants 1 to 3, 23, 37, fault 38). After each kill the
//! audit parses; whatever the target saw had its intent on disk; the next start gives every run its one end, holds nothing
//! locked and does nothing a second time. `KILLS=500` asks for more kills of each kind than a usual run has time for.

mod approvals;
mod backups;
pub mod kinds;
mod runbooks;
mod screen;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use quarterdeck::adapters::audit_log::Folder;
use quarterdeck::adapters::audit_log::scan::{self, Judged};
use quarterdeck::remediation::audit::{AuditEvent, Record};
use tempfile::TempDir;

use crate::pty::{BINARY, Seen, Session};

/// Kills of each kind in a usual run.
const FEW: u64 = 30;
/// Of so many at least one falls into a run.
const FEWEST: u64 = 12;
/// Runs that share a home: a longer audit is read for longer at every start.
const PER_HOME: u64 = 20;

/// How many kills are asked for; a usual run has time for this many.
fn kills_or(few: u64) -> u64 {
    std::env::var("KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(few)
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) % most.max(1)
    }
}

/// Something that acts, and a target that notes what was done to it.
pub trait Kind {
    /// Name and target of the action, as `run` takes them.
    fn action(&self) -> [&'static str; 2];
    /// The configuration, without `[actions]`.
    fn configuration(&mut self, home: &Home) -> String;
    /// More lines of `[actions]`.
    fn limits(&self) -> String;
    /// Before each run.
    fn prepare(&mut self, home: &Home);
    /// What was done so far: for each effect how many intents were on disk then.
    fn effects(&mut self, home: &Home) -> Vec<usize>;
    /// Everything that was touched stands in an intent, where the target knows its objects.
    fn check(&self, _home: &Home) {}
    /// Where it is killed.
    fn wishes(&self) -> &'static [Wish] {
        &WISHES
    }
    /// Kills in a usual run.
    fn few(&self) -> u64 {
        FEW
    }
}

/// An operator's home.
pub struct Home {
    pub folder: TempDir,
}

impl Home {
    pub fn new(kind: &mut dyn Kind) -> Home {
        let home = Home { folder: TempDir::with_prefix("quarterdeck-kills-").unwrap() };
        let [action, _] = kind.action();
        let text = format!(
            "{}\n[actions]\nallow = true\naudit = \"{}\"\nheadless = [{action:?}]\n{}\n",
            kind.configuration(&home),
            home.audit().display(),
            kind.limits()
        );
        std::fs::write(home.folder.path().join("c.toml"), text).unwrap();
        home
    }

    fn audit(&self) -> PathBuf {
        self.folder.path().join("audit")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        let path = format!("{}:/usr/bin:/bin", self.file("bin").display());
        command.env_clear().env("HOME", self.folder.path()).env("PATH", path);
        command.args(arguments).stdin(Stdio::null()).current_dir(self.folder.path());
        command
    }

    /// A start that does nothing but show the card; its code, and all that it said.
    pub fn card(&self, [action, target]: [&str; 2]) -> (String, String) {
        let output =
            self.command(&["--config", "c.toml", "run", action, "--target", target, "--dry-run"]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        let code = told.lines().find_map(|line| line.strip_prefix("code ")).unwrap_or_else(|| panic!("{told}"));
        (code.trim().to_owned(), told)
    }

    fn confirming(&self, [action, target]: [&str; 2], code: &str) -> Command {
        self.command(&["--config", "c.toml", "run", action, "--target", target, "--confirm", code])
    }

    /// A run that nobody kills: how it ended, and all that it said.
    pub fn run(&self, action: [&str; 2], code: &str) -> (i32, String) {
        let output = self.confirming(action, code).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap_or(-1), told)
    }

    /// Intents on disk, as bytes: also in a line that is being written.
    fn intents(&self) -> usize {
        kinds::intents_in(&self.audit())
    }

    /// The records that hold; everything must hold but for a torn last line.
    pub fn records(&self) -> Vec<Record> {
        records_in(&self.audit())
    }

    /// What `audit verify` says.
    pub fn verified(&self) {
        self.verified_in(&self.audit());
    }

    fn verified_in(&self, audit: &Path) {
        let output = self.command(&["audit", "verify", "--folder"]).arg(audit).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        // 3: there is no file yet.
        assert!(output.status.success() || records_in(audit).is_empty(), "{told}");
    }

    /// Waits until nothing runs any more that was started from this home: a program that was killed leaves its children.
    fn quiet(&self) {
        let mine = self.folder.path().to_str().unwrap().as_bytes();
        let runs = |entry: std::fs::DirEntry| {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            memchr::memmem::find(&environment, mine).is_some()
        };
        let until = Instant::now() + Duration::from_secs(30);
        while std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).any(runs) {
            assert!(Instant::now() < until, "something of a killed program runs on and on");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The start after a kill: before it the audit holds, after it every run has its end, and what nobody knows is told.
    /// The code of its card, and how many runs were open.
    fn next_start(&self, action: [&str; 2], kill: u64) -> (String, usize) {
        let open = open_runs(&self.records());
        self.verified();
        let (code, told) = self.card(action);
        assert_eq!(told.contains("NOT KNOWN"), !open.is_empty(), "kill {kill}: {told}");
        ends_of_runs(&self.records());
        (code, open.len())
    }
}

fn records_in(audit: &Path) -> Vec<Record> {
    let Ok(folder) = Folder::look(audit) else { return Vec::new() };
    let mut records = Vec::new();
    let judged =
        scan::chain(&folder, &folder.segments().unwrap(), &mut |_, record: &Record| records.push(record.clone()));
    for (segment, _, verdict) in judged {
        assert!(matches!(verdict, Judged::Good(_)), "{}: {verdict:?}", segment.name());
    }
    records
}

/// Where a run was when it was killed, by what it left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Left {
    Nothing,
    Intent,
    IntentAndEffect,
    TheEnd,
}

/// What the kills of a kind came to.
#[derive(Debug, Default)]
struct Tally {
    phases: BTreeMap<Left, u64>,
    /// How often it was to be killed there, and how often it got so far.
    by_wish: BTreeMap<&'static str, (u64, u64)>,
    torn: u64,
    recovered: u64,
}

/// Where a run is killed: after this was said, or from the start on; how much later at most, in microseconds; how often.
pub type Wish = (&'static str, u64, usize);

const WISHES: [Wish; 6] = [
    ("", 60_000, 3),
    // Up to the locks nothing is said.
    ("", 250_000, 3),
    ("writes its intent", 12_000, 3),
    ("runs step", 30_000, 4),
    ("waits for fresh", 150_000, 2),
    ("writes it to the audit", 8_000, 1),
];

fn wish(wishes: &[Wish], chance: &mut Chance) -> (&'static str, u64) {
    let all: Vec<(&str, u64)> =
        wishes.iter().flat_map(|(words, later, often)| std::iter::repeat_n((*words, *later), *often)).collect();
    all[chance.below(all.len() as u64) as usize]
}

/// Runs, and is killed somewhere; whether what it was to be killed after was said at all.
fn killed(mut command: Command, wish: (&str, u64), chance: &mut Chance) -> bool {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let said = wish.0.is_empty() || lines.by_ref().any(|line| line.contains(wish.0));
    let until = Instant::now() + Duration::from_micros(chance.below(wish.1));
    // Sleeping is too coarse for moments of a few microseconds.
    while Instant::now() < until {
        std::thread::sleep(until.saturating_duration_since(Instant::now()).min(Duration::from_micros(50)));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    said
}

/// What was said on a terminal so far.
fn said(seen: &Seen) -> String {
    String::from_utf8_lossy(&seen.bytes).into_owned()
}

/// What was said on a terminal so far, and whether the program has ended.
fn heard(session: &Session) -> (String, bool) {
    let seen = session.seen();
    (said(&seen), seen.ended.is_some())
}

/// Kills a kind of action as often as asked for.
fn kill_all(name: &str, kind: &mut dyn Kind) {
    let mut chance = Chance(name.len() as u64);
    let mut tally = Tally::default();
    let mut left = kills_or(kind.few());
    while left > 0 {
        let home = Home::new(kind);
        let round = left.min(PER_HOME);
        left -= round;
        kill_round(kind, &home, round, &mut chance, &mut tally);
    }
    // Where the kills fell is a matter of chance, and told; what must hold was asserted after each. But words that are never
    // said, and kills of which none falls into a run, prove nothing.
    eprintln!("{name}: {tally:?}, loose ends 0");
    let unheard: Vec<_> = tally.by_wish.iter().filter(|(_, (_, heard))| *heard == 0).map(|(words, _)| words).collect();
    assert!(unheard.is_empty(), "{name}: never said: {unheard:?}");
    assert!(tally.recovered > 0 || kills_or(kind.few()) < FEWEST, "{name}: no kill fell into a run");
}

fn kill_round(kind: &mut dyn Kind, home: &Home, round: u64, chance: &mut Chance, tally: &mut Tally) {
    kind.prepare(home);
    let (mut code, _) = home.card(kind.action());
    for kill in 0..round {
        let wish = wish(kind.wishes(), chance);
        let (intents, effects) = (home.intents(), kind.effects(home).len());
        let heard = killed(home.confirming(kind.action(), &code), wish, chance);
        tally.torn += u64::from(is_torn(home));
        kind.prepare(home);
        // The next start, before anything else is asked of it.
        let (next, open) = home.next_start(kind.action(), kill);
        code = next;
        let (more, seen) = (home.intents() - intents, kind.effects(home));
        let done = seen.len() - effects;
        assert!(more <= 1 && done <= more, "kill {kill}: {done} effects, {more} intents");
        assert!(
            seen.iter().enumerate().all(|(at, intents)| *intents > at),
            "kill {kill}: an effect without its intent: {seen:?}"
        );
        tally.recovered += open as u64;
        let ended = home.records().last().is_some_and(|record| record.event() == Some(AuditEvent::Outcome));
        let phase = match (more, done) {
            (0, _) => Left::Nothing,
            (_, 0) if open == 0 && ended => Left::TheEnd,
            (_, 0) => Left::Intent,
            _ if open == 0 => Left::TheEnd,
            _ => Left::IntentAndEffect,
        };
        *tally.phases.entry(phase).or_default() += 1;
        let (asked, heard_so_far) = tally.by_wish.entry(wish.0).or_default();
        (*asked, *heard_so_far) = (*asked + 1, *heard_so_far + u64::from(heard));
    }
    kind.check(home);
    to_the_end(kind, home, &code);
}

/// Nothing is held any more: a run that nobody kills comes to its end.
fn to_the_end(kind: &mut dyn Kind, home: &Home, code: &str) {
    let before = kind.effects(home).len();
    let (ended, told) = home.run(kind.action(), code);
    assert!(matches!(ended, 0 | 12), "{told}");
    assert_eq!(kind.effects(home).len(), before + 1, "{told}");
    let records = home.records();
    ends_of_runs(&records);
    let refused: Vec<&Record> = records.iter().filter(|record| record.event() == Some(AuditEvent::Refused)).collect();
    assert!(refused.is_empty(), "a kill left something that refuses: {refused:?}");
    home.verified();
}

fn is_torn(home: &Home) -> bool {
    let files = std::fs::read_dir(home.audit()).into_iter().flatten().map(|entry| entry.unwrap().path());
    let named = files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    named.map(|path| std::fs::read(path).unwrap()).any(|bytes| bytes.last().is_some_and(|byte| *byte != b'\n'))
}

/// Runs with an intent and no end.
pub fn open_runs(records: &[Record]) -> Vec<String> {
    let mut open = Vec::new();
    for record in records {
        match record.event() {
            Some(AuditEvent::Intent) => open.push(record.run.to_string()),
            Some(event) if event.is_terminal() => open.retain(|run| *run != record.run.to_string()),
            _ => {}
        }
    }
    open
}

/// Every run with an intent has exactly one end, behind it.
pub fn ends_of_runs(records: &[Record]) {
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for record in records {
        let run = record.run.to_string();
        match record.event() {
            Some(AuditEvent::Intent) => assert!(ends.insert(run.clone(), 0).is_none(), "{run} twice"),
            Some(event) if event.is_terminal() => *ends.entry(run).or_default() += 1,
            _ => {}
        }
    }
    assert!(ends.values().all(|ends| *ends == 1), "{ends:?}");
}
