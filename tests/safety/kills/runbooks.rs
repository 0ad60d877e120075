//! A runbook of several steps, killed anywhere: between its steps, while it waits for a person, while it undoes. Each step
//! notes when it ran, and what was on disk by then.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quarterdeck::remediation::audit::{AuditEvent, Record, Value};

use super::kinds::Endpoint;
use super::{Chance, FEWEST, Home, Kind, Wish, ends_of_runs, heard, kills_or, said, wish};
use crate::pty::{Session, Start};

const FEW: u64 = 16;
/// Longer audits are read for longer.
const PER_HOME: u64 = 20;

/// Where it is killed: while it holds, writes, runs each step, asks, and undoes.
const WISHES: [Wish; 9] = [
    ("", 80_000, 1),
    ("writes its intent", 10_000, 2),
    ("runs step 1", 30_000, 3),
    ("writes the end of the step", 10_000, 2),
    ("runs step 2", 30_000, 2),
    ("runs step 3", 30_000, 2),
    ("type undo", 10_000, 1),
    ("runs undo of step 2", 30_000, 3),
    ("runs undo of step 1", 30_000, 3),
];

/// Three steps, of which the last fails where a file says so; the first two can be undone. Each leaves the audit locked for a
/// moment: its own end comes to the disk late, and whatever does not wait for that is seen.
struct Book {
    health: Endpoint,
}

impl Kind for Book {
    fn action(&self) -> [&'static str; 2] {
        ["book", "api"]
    }

    fn configuration(&mut self, home: &Home) -> String {
        let path = home.file("step");
        let (audit, effects, fails) = (home.audit(), home.file("effects"), home.file("fails"));
        let (audit, effects, fails) = (audit.display(), effects.display(), fails.display());
        let script = format!(
            "#!/bin/sh\nn() {{ cat {audit}/*.jsonl | grep -c '\"event\":\"'$1'\"'; }}\necho \"$1 $(n intent) $(n step)\" >> {effects}\n\
             sleep 0.01\nexec 9<\"$(echo {audit}/.audit-*.lock)\"\nflock -x 9\nsleep 0.05 >/dev/null 2>&1 &\n[ \"$1\" != do3 ] || [ ! -e {fails} ]\n"
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(home.file("effects"), "").unwrap();
        let step = |title: &str| format!("title = {title:?}\ncommand = [\"{}\", {title:?}]\n", path.display());
        let step_and_undo = |at: u8| {
            format!("[[runbook.step]]\n{}[runbook.step.undo]\n{}", step(&format!("do{at}")), step(&format!("undo{at}")))
        };
        format!(
            "[[service]]\nname = \"api\"\nurl = {:?}\nenvironment = \"local\"\n[[runbook]]\nname = \"book\"\ntarget = \"api\"\nlevel = \"L2\"\n\
             watch = \"service api\"\nwithin = \"1s\"\ncool_down = \"0s\"\n{}{}[[runbook.step]]\n{}",
            self.health.http.url("/health"),
            step_and_undo(1),
            step_and_undo(2),
            step("do3")
        )
    }

    fn limits(&self) -> String {
        String::new()
    }

    fn prepare(&mut self, home: &Home) {
        home.quiet();
    }

    fn effects(&mut self, home: &Home) -> Vec<usize> {
        effects(home).iter().map(|effect| effect.intents).collect()
    }
}

/// What a step noted: its name, and the intents and ends of steps that were on disk.
struct Effect {
    title: String,
    intents: usize,
    steps: usize,
}

fn effects(home: &Home) -> Vec<Effect> {
    let text = std::fs::read_to_string(home.file("effects")).unwrap();
    let one = |line: &str| {
        let mut words = line.split(' ');
        let title = words.next().unwrap().to_owned();
        let mut number = || words.next().unwrap().parse().unwrap();
        Effect { title, intents: number(), steps: number() }
    };
    text.lines().map(one).collect()
}

/// A run on a terminal, where a person agrees to what undoes.
struct Run {
    session: Session,
    answered: bool,
}

impl Run {
    fn begin(home: &Home, code: &str) -> Run {
        let path = home.file("c.toml");
        let order = ["--config", path.to_str().unwrap(), "run", "book", "--target", "api", "--confirm", code];
        let start = Start::new(&order).variable("HOME", home.folder.path().to_str().unwrap());
        Run { session: start.run(), answered: false }
    }

    /// Agrees when that is asked, until this is said or the run is over; whether it was said.
    fn until(&mut self, words: &str) -> bool {
        let asks = |said: &str| said.contains("type undo,");
        loop {
            let answered = self.answered;
            self.session.wait_until(words, |seen| {
                let said = said(seen);
                said.contains(words) || seen.ended.is_some() || asks(&said) && !answered
            });
            let (said, ended) = heard(&self.session);
            if said.contains(words) || ended {
                return said.contains(words);
            }
            self.session.send("undo\r");
            self.answered = true;
        }
    }
}

fn title(record: &Record) -> String {
    let field = record.fields.iter().find(|(name, _)| name == "step");
    match field {
        Some((_, Value::Text(text))) => text.to_string(),
        other => panic!("{other:?}"),
    }
}

/// What was done in each run: in order, each once, each end on disk before the next; undone only what was done, in reverse.
fn in_order(home: &Home) {
    let (records, effects) = (home.records(), effects(home));
    let (mut ended_before, mut steps, mut told) = (Vec::new(), 0, Vec::new());
    for record in &records {
        match record.event() {
            Some(AuditEvent::Intent) => {
                ended_before.push(steps);
                told.clear();
            }
            Some(AuditEvent::Step) => {
                steps += 1;
                assert!(!told.contains(&title(record)), "its end stands there twice: {told:?} {record:?}");
                told.push(title(record));
            }
            _ => {}
        }
    }
    let way = ["do1", "do2", "do3", "undo2", "undo1"];
    assert!(effects.iter().all(|effect| effect.intents >= 1), "an effect without an intent");
    for (run, before) in (1..).zip(&ended_before) {
        let mine: Vec<&Effect> = effects.iter().filter(|effect| effect.intents == run).collect();
        let titles: Vec<&str> = mine.iter().map(|effect| effect.title.as_str()).collect();
        assert_eq!(titles, way[..titles.len()], "run {run}: out of order, or twice");
        for (at, effect) in mine.iter().enumerate() {
            assert!(
                effect.steps >= before + at,
                "run {run}: {} began before the one before it was on disk",
                effect.title
            );
        }
    }
}

#[test]
fn a_runbook() {
    let mut chance = Chance(11);
    let (mut left, mut recovered, mut undone) = (kills_or(FEW), 0, 0);
    let mut by_wish = std::collections::BTreeMap::<&str, (u64, u64)>::new();
    let mut longest = std::collections::BTreeMap::<usize, u64>::new();
    while left > 0 {
        let mut book = Book { health: Endpoint { audit: Arc::new(Mutex::new(None)), ..Endpoint::start() } };
        let home = Home::new(&mut book);
        let round = left.min(PER_HOME);
        left -= round;
        let (mut code, _) = home.card(book.action());
        for kill in 0..round {
            let fails = chance.below(3) > 0;
            let _removed = std::fs::remove_file(home.file("fails"));
            if fails {
                std::fs::write(home.file("fails"), "").unwrap();
            }
            let before = effects(&home).len();
            let (words, later) = wish(&WISHES, &mut chance);
            let mut run = Run::begin(&home, &code);
            let heard = run.until(words);
            // What undoes is spoken of only where a step fails.
            if fails || !words.contains("undo") {
                let (asked, said) = by_wish.entry(words).or_insert((0, 0));
                (*asked, *said) = (*asked + 1, *said + u64::from(heard));
            }
            std::thread::sleep(Duration::from_micros(chance.below(later)));
            // Whoever drops the terminal kills the program, unless it has ended.
            drop(run);
            book.prepare(&home);
            let (next, open) = home.next_start(book.action(), kill);
            code = next;
            in_order(&home);
            let done = effects(&home).len() - before;
            *longest.entry(done).or_default() += 1;
            recovered += open;
            undone += usize::from(done > 3);
        }
        let _removed = std::fs::remove_file(home.file("fails"));
        let mut run = Run::begin(&home, &code);
        assert!(!run.until("nothing of that kind is ever said"));
        assert_eq!(run.session.exit_code(), 0, "{}", run.session.screen());
        drop(run);
        in_order(&home);
        ends_of_runs(&home.records());
        home.verified();
    }
    eprintln!(
        "a runbook: by effects {longest:?}, recovered {recovered}, in the midst of undoing {undone}, loose ends 0"
    );
    let unheard: Vec<_> = by_wish.iter().filter(|(_, (_, said))| *said == 0).collect();
    assert!(unheard.is_empty(), "never said, as (asked, said): {unheard:?}");
    assert!(recovered > 0 || kills_or(FEW) < FEWEST, "no kill fell into a run");
}
