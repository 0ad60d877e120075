//! `quarterdeck audit`: what it prints, with which exit status, and that no control byte leaves it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use quarterdeck::domain::Safe;
use quarterdeck::remediation::audit::{AuditEvent, Chain, Entry};
use tempfile::TempDir;

use super::{entry, held, hostile, only_file, open};

pub fn audit(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let told = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .arg("audit")
        .args(arguments)
        .arg("--folder")
        .arg(folder)
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (told.status.code().unwrap(), text(told.stdout), text(told.stderr))
}

fn written(entries: &[Entry]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let (mut log, _) = open(folder.path()).unwrap();
    for entry in entries {
        log.append(entry, super::now()).unwrap();
    }
    folder
}

#[test]
fn verify_says_the_head_or_the_first_bad_record() {
    let folder =
        written(&[entry(AuditEvent::Intent, "a"), entry(AuditEvent::Outcome, "a"), entry(AuditEvent::Armed, "")]);
    let (code, out, err) = audit(folder.path(), &["verify"]);
    let head = held(folder.path()).chain.head().hex();
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains(&format!("3 records, head 3 {head}")), "{out}");
    let path = folder.path().join(only_file(folder.path()));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"outcome\"", "\"refused\"", 1)).unwrap();
    let (code, out, err) = audit(folder.path(), &["verify"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("1 record hold") && err.contains("record 2 is bad: its bytes do not give its hash"),
        "{out}{err}"
    );
    fs::write(&path, &text.as_bytes()[..text.len() - 5]).unwrap();
    let (code, out, _) = audit(folder.path(), &["verify"]);
    assert!(code == 0 && out.contains("never ended"), "{out}");
}

/// Whoever opens the audit next goes on in a new file before the record that was changed: that is no absolution.
#[test]
fn a_changed_record_stays_bad_whoever_starts_after_it() {
    let entries: Vec<Entry> = ["a", "b", "c"]
        .into_iter()
        .flat_map(|id| [entry(AuditEvent::Intent, id), entry(AuditEvent::Outcome, id)])
        .collect();
    let folder = written(&entries);
    let path = folder.path().join(only_file(folder.path()));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"outcome\"", "\"refused\"", 1)).unwrap();
    drop(open(folder.path()).unwrap());
    let (code, out, err) = audit(folder.path(), &["verify"]);
    assert!(code == 1 && err.contains("record 2 is bad: its bytes do not give its hash"), "{code}\n{out}\n{err}");
    let (_, _, err) = audit(folder.path(), &["show"]);
    assert!(err.contains("record 2 is bad"), "{err}");
}

/// A chain holds its bytes together; that an intent stands before every outcome is another thing, and is told.
#[test]
fn verify_names_an_outcome_without_its_intent() {
    let ordered = [
        entry(AuditEvent::Intent, "a"),
        entry(AuditEvent::Step, "a"),
        entry(AuditEvent::Outcome, "a"),
        entry(AuditEvent::Cancelled, "b"),
        entry(AuditEvent::Refused, "c"),
    ];
    let (code, out, err) = audit(written(&ordered).path(), &["verify"]);
    assert!(code == 0 && err.is_empty() && !out.contains("no intent"), "{out}{err}");
    // The program writes no other order; what else is in the folder may.
    let folder = TempDir::new().unwrap();
    let (mut chain, mut bytes) = (Chain::default(), Vec::new());
    let who = quarterdeck::adapters::audit_log::writer(&std::collections::BTreeMap::new(), super::now());
    for entry in ordered.into_iter().chain([entry(AuditEvent::Outcome, "b"), entry(AuditEvent::Outcome, "a")]) {
        let line = chain.next(&entry, &who, super::now());
        bytes.extend_from_slice(&line.bytes);
        chain = line.then;
    }
    fs::write(folder.path().join("audit-zoe.jsonl"), bytes).unwrap();
    let (code, out, err) = audit(folder.path(), &["verify"]);
    assert!(code == 0 && err.is_empty(), "{out}{err}");
    for words in ["record 6: outcome of run b, of which no intent", "record 7: outcome of run a, of which no intent"] {
        assert!(out.contains(words), "{words:?} in\n{out}");
    }
    assert_eq!(out.matches("no intent stands before it").count(), 2, "{out}");
}

/// Files of one chain, each going on from the one before.
fn chained(folder: &Path, files: &[&[Entry]]) {
    let who = quarterdeck::adapters::audit_log::writer(&std::collections::BTreeMap::new(), super::now());
    let (mut chain, mut before) = (Chain::default(), None);
    for (index, entries) in files.iter().enumerate() {
        let name = if index == 0 { "audit-zoe.jsonl".to_owned() } else { format!("audit-zoe.{index}.jsonl") };
        let mut bytes = Vec::new();
        for entry in *entries {
            let line = match before.take() {
                Some(file) => chain.first(0, &file, entry, &who, super::now()),
                None => chain.next(entry, &who, super::now()),
            };
            bytes.extend_from_slice(&line.bytes);
            chain = line.then;
        }
        fs::write(folder.join(&name), bytes).unwrap();
        before = Some(Safe::of(name));
    }
}

/// Where what was before cannot be looked at, an intent may stand there: nothing is accused, and it is said that it is not known.
#[test]
fn verify_accuses_nothing_whose_intent_may_stand_where_it_cannot_look() {
    let first = [entry(AuditEvent::Outcome, "stray"), entry(AuditEvent::Intent, "a"), entry(AuditEvent::Armed, "")];
    let second = [entry(AuditEvent::Outcome, "a"), entry(AuditEvent::Intent, "b")];
    let third = [entry(AuditEvent::Outcome, "b"), entry(AuditEvent::Outcome, "gone")];
    let fresh = || {
        let folder = TempDir::new().unwrap();
        chained(folder.path(), &[&first, &second, &third]);
        folder
    };
    let (accused, doubted) = ("of which no intent stands before it", "may stand in what is missing or bad before them");
    let folder = fresh();
    let (code, out, err) = audit(folder.path(), &["verify"]);
    assert!(code == 0 && err.is_empty() && !out.contains(doubted), "{out}{err}");
    assert!(out.contains("outcome of run stray") && out.contains("outcome of run gone"), "{out}");
    assert_eq!(out.matches(accused).count(), 2, "{out}");

    let name = |index: usize| ["audit-zoe.jsonl", "audit-zoe.1.jsonl", "audit-zoe.2.jsonl"][index];
    type Spoil = fn(&Path);
    let unreadable: Spoil = |path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    };
    let bad: Spoil =
        |path| fs::write(path, fs::read_to_string(path).unwrap().replace("\"armed\"", "\"amred\"")).unwrap();
    let worse: Spoil = |path| fs::write(path, "nonsense\n").unwrap();
    let moved: Spoil = |path| fs::remove_file(path).unwrap();
    for (spoil, which, code, accuses, doubts) in [
        (unreadable, 0, 3, 0, "audit-zoe.1.jsonl: outcomes and steps without an intent: 2;"),
        (unreadable, 1, 3, 1, "audit-zoe.2.jsonl: outcomes and steps without an intent: 2;"),
        (bad, 0, 1, 1, "audit-zoe.2.jsonl: outcomes and steps without an intent: 1;"),
        (worse, 1, 1, 1, "audit-zoe.2.jsonl: outcomes and steps without an intent: 2;"),
        (moved, 0, 0, 0, "audit-zoe.1.jsonl: outcomes and steps without an intent: 2;"),
        (moved, 1, 3, 1, "audit-zoe.2.jsonl: outcomes and steps without an intent: 2;"),
    ] {
        let folder = fresh();
        spoil(&folder.path().join(name(which)));
        let (ended, out, err) = audit(folder.path(), &["verify"]);
        assert_eq!((ended, out.matches(accused).count()), (code, accuses), "{doubts}\n{out}{err}");
        assert!(out.contains(doubts) && out.contains(doubted), "{doubts}\n{out}{err}");
        let is_moved = fs::symlink_metadata(folder.path().join(name(which))).is_err();
        assert_eq!(
            out.contains("record 3, which is not here") || err.contains("1.jsonl: is not here"),
            is_moved,
            "{out}{err}"
        );
        assert_eq!(out.contains("run stray, of which"), accuses == 1, "what stands before the gap: {out}");
    }
}

#[test]
fn verify_says_how_many_it_does_not_name() {
    let folder = TempDir::new().unwrap();
    let many =
        |from: usize| (from..from + 15).map(|n| entry(AuditEvent::Outcome, &format!("r{n}"))).collect::<Vec<_>>();
    chained(folder.path(), &[&many(0), &many(15)]);
    let (code, out, err) = audit(folder.path(), &["verify"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out.matches("no intent stands before it").count(), 20, "{out}");
    assert!(out.contains("and 10 more of which no intent stands before them"), "{out}");
}

/// On a bastion the configuration names the folder: the one of this user is another chain, and good says nothing there.
#[test]
fn the_folder_of_the_configuration_is_looked_at() {
    let folder = written(&[entry(AuditEvent::Intent, "mine")]);
    let home = TempDir::new().unwrap();
    let file = home.path().join("quarterdeck.toml");
    fs::write(&file, format!("[actions]\naudit = {:?}\n", folder.path())).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let told = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        let told = program.arg("audit").args(arguments).env_clear().env("HOME", home.path()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (told.status.code().unwrap(), text(told.stdout), text(told.stderr))
    };
    let (code, out, err) = told(&["show", "--config", file.to_str().unwrap()]);
    assert!(code == 0 && out.contains("run mine"), "{out}{err}");
    let (code, out, err) = told(&["verify", "--config", file.to_str().unwrap()]);
    assert!(code == 0 && out.contains("1 record,"), "{out}{err}");
    let (code, _, err) = told(&["show"]);
    assert!(code == 3 && err.contains("there is no audit folder") && err.contains(".local/state/quarterdeck"), "{err}");
    fs::write(&file, "[actions]\nadit = \"x\"\n").unwrap();
    let (code, _, err) = told(&["verify", "--config", file.to_str().unwrap()]);
    assert!(code == 78 && err.contains("--folder"), "{err}");
}

#[test]
fn show_merges_operators_by_time_and_counts_what_it_cannot_read() {
    let folder = written(&[entry(AuditEvent::Intent, "mine-1")]);
    let other = written(&[entry(AuditEvent::Refused, "theirs")]);
    let mine = only_file(folder.path());
    fs::copy(other.path().join(only_file(other.path())), folder.path().join("audit-zoe.jsonl")).unwrap();
    let (mut log, _) = open(folder.path()).unwrap();
    log.append(&entry(AuditEvent::Armed, "mine-2"), super::now()).unwrap();
    fs::create_dir(folder.path().join("audit-broken.jsonl")).unwrap();
    let (code, out, err) = audit(folder.path(), &["show"]);
    let places: Vec<_> = ["run mine-1", "run theirs", "run mine-2"].map(|run| out.find(run).unwrap()).into();
    assert!(places.is_sorted(), "{out}");
    assert_eq!(code, 3);
    assert!(err.contains("audit-broken.jsonl: cannot be read") && err.contains("1 files could not be read"), "{err}");
    let (_, out, _) = audit(folder.path(), &["show", "--last", "1", "--json"]);
    let record: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((record["run"].as_str(), record["schema"].as_u64()), (Some("mine-2"), Some(1)));
    assert!(fs::read_to_string(folder.path().join(mine)).unwrap().contains(out.trim_end()), "word for word");
}

/// Whoever may write into a shared folder can make a file in another's name, whose chain holds: whose it is the system tells.
#[test]
fn verify_says_that_a_file_belongs_to_another_than_its_records_say() {
    let folder = written(&[entry(AuditEvent::Armed, "")]);
    let (_, out, _) = audit(folder.path(), &["verify"]);
    assert!(!out.contains("belongs to"), "{out}");
    let who = quarterdeck::adapters::audit_log::writer(&std::collections::BTreeMap::new(), super::now());
    let zoe = quarterdeck::remediation::audit::Writer { user: Safe::of("zoe"), uid: who.uid + 7, ..who.clone() };
    let line = Chain::default().next(&entry(AuditEvent::Armed, ""), &zoe, super::now());
    fs::write(folder.path().join("audit-zoe.jsonl"), line.bytes).unwrap();
    let (code, out, err) = audit(folder.path(), &["verify"]);
    let words =
        format!("audit-zoe.jsonl: belongs to user {}, and its records say that zoe (user {})", who.uid, zoe.uid);
    assert!(code == 0 && err.is_empty() && out.contains(&words), "{code}\n{out}{err}");
    assert_eq!(out.matches("belongs to").count(), 1, "{out}");
}

/// A clock that was set back changes nothing about what came after what.
#[test]
fn show_keeps_the_order_of_a_chain_whatever_the_clock_said() {
    let folder = TempDir::new().unwrap();
    let (mut log, _) = open(folder.path()).unwrap();
    for (run, back) in [("first", 0), ("second", 0), ("third", 3600), ("fourth", 1800)] {
        let mut at = super::now();
        at.wall -= chrono::TimeDelta::seconds(back);
        log.append(&entry(AuditEvent::Refused, run), at).unwrap();
    }
    let (code, out, err) = audit(folder.path(), &["show"]);
    let places: Vec<_> = ["first", "second", "third", "fourth"].map(|run| out.find(&format!("run {run}"))).into();
    assert!(code == 0 && places.iter().all(Option::is_some) && places.is_sorted(), "{out}{err}");
}

/// Each chain in its own order, and between them by time: a clock that was set back, or forward for a while, moves nobody else's.
#[test]
fn show_merges_several_operators_by_time_while_clocks_jump() {
    let folder = TempDir::new().unwrap();
    let day: chrono::DateTime<chrono::Utc> = "2026-03-01T10:00:00Z".parse().unwrap();
    let who = quarterdeck::adapters::audit_log::writer(&std::collections::BTreeMap::new(), super::now());
    for (name, told) in [
        // Set back by an hour in between, and right again.
        ("ada", &[("a1", 0), ("a2", 10), ("a3", -45), ("a4", -40), ("a5", 30)][..]),
        // Two hours ahead for one record.
        ("bob", &[("b1", 5), ("b2", 12), ("b3", 140), ("b4", 25)]),
        ("eve", &[("c1", 8), ("c2", 10), ("c3", 31)]),
    ] {
        let (mut chain, mut old) = (Chain::default(), None);
        for (index, file) in told.chunks(2).enumerate() {
            let name = if index == 0 { format!("audit-{name}.jsonl") } else { format!("audit-{name}.{index}.jsonl") };
            let mut text = Vec::new();
            for (run, minutes) in file {
                let mut at = super::now();
                at.wall = day + chrono::TimeDelta::minutes(*minutes);
                let entry = entry(AuditEvent::Refused, run);
                let line = match old.take() {
                    Some(old) => chain.first(0, &old, &entry, &who, at),
                    None => chain.next(&entry, &who, at),
                };
                text.extend_from_slice(&line.bytes);
                chain = line.then;
            }
            fs::write(folder.path().join(&name), text).unwrap();
            old = Some(Safe::of(name));
        }
    }
    let runs = |arguments: &[&str]| {
        let (code, out, err) = audit(folder.path(), arguments);
        assert!(code == 0 && err.is_empty(), "{out}{err}");
        let run =
            |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["run"].as_str().unwrap().to_owned();
        out.lines().map(run).collect::<Vec<String>>().join(" ")
    };
    let all = "a1 b1 c1 a2 a3 a4 c2 b2 a5 c3 b3 b4";
    assert_eq!(runs(&["show", "--json"]), all);
    for last in 1..=12 {
        let expected: Vec<&str> = all.split(' ').skip(12 - last).collect();
        assert_eq!(runs(&["show", "--json", "--last", &last.to_string()]), expected.join(" "), "the last {last}");
    }
}

#[test]
fn hostile_text_leaves_as_printable_text() {
    let entries: Vec<Entry> = hostile::corpus()
        .iter()
        .map(|bytes| {
            let name = String::from_utf8_lossy(bytes).into_owned();
            Entry::new(AuditEvent::Refused, Safe::of_bytes(bytes)).with(&name, Safe::of_bytes(bytes))
        })
        .collect();
    let folder = written(&entries);
    let stored = fs::read(folder.path().join(only_file(folder.path()))).unwrap();
    assert!(stored.iter().all(|b| *b == b'\n' || (0x20..0x7f).contains(b)));
    for arguments in [&["show"][..], &["show", "--json"], &["verify"]] {
        let (code, out, err) = audit(folder.path(), arguments);
        assert_eq!((code, err.as_str()), (0, ""));
        for line in out.lines() {
            assert_eq!(Safe::of(line).as_str(), line);
        }
        assert!(!out.chars().any(|c| c.is_control() && c != '\n'));
    }
}

#[test]
fn what_is_not_there_or_wrongly_asked_is_said() {
    let folder = TempDir::new().unwrap();
    let (code, _, err) = audit(folder.path(), &["verify"]);
    assert!(code == 3 && err.contains("no action was ever recorded"), "{err}");
    let (code, _, err) = audit(&folder.path().join("missing"), &["show"]);
    assert!(code == 3 && err.contains("there is no audit folder") && err.contains("missing"), "{err}");
    assert_eq!(audit(folder.path(), &["show", "--last", "0"]).0, 64);
    assert_eq!(audit(folder.path(), &["shov"]).0, 64);
    // Nothing is closed to root, who is somebody else for this; the program stands where everybody may run it.
    let around = TempDir::new().unwrap();
    fs::set_permissions(around.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = around.path().join("quarterdeck");
    crate::program_copy::copied(env!("CARGO_BIN_EXE_quarterdeck"), &program);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = Command::new("/usr/bin/env");
    if rustix::process::geteuid().is_root() {
        command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    let told = command.arg(program).args(["audit", "verify", "--folder"]).arg(folder.path()).output().unwrap();
    assert_eq!(told.status.code(), Some(3), "{told:?}");
}
