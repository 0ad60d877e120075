//! One action per target, some on the host; the lock goes with the process.

use std::path::Path;
use std::process::Command;

use quarterdeck::adapters::shared_folder::HeldBy;
use quarterdeck::domain::Moment;

use super::Lab;
use super::child::{Other, holder};

#[test]
fn of_two_processes_exactly_one_wins_each_time() {
    let lab = Lab::new();
    let mut both = [Other::new(&lab.path()), Other::new(&lab.path())];
    let mut wins = [0, 0];
    for round in 0..100 {
        // Who is told first changes, or the first would win all.
        both[round % 2].tell("hold cache");
        both[(round + 1) % 2].tell("hold cache");
        let said = both.each_mut().map(Other::answer);
        let winner = said.iter().position(|said| said == "won").unwrap_or_else(|| panic!("{round}: {said:?}"));
        let refusal = &said[1 - winner];
        let names = format!("(pid {} on ", both[winner].pid());
        assert!(refusal.starts_with("lost held: ") && refusal.contains(&names), "{round}: {refusal}");
        assert!(refusal.contains("runs flush on cache since"), "{refusal}");
        wins[winner] += 1;
        for other in &mut both {
            other.ask("release");
        }
    }
    assert_eq!(wins[0] + wins[1], 100);
}

#[test]
fn a_holder_that_is_killed_holds_nothing() {
    let lab = Lab::new();
    let mut first = Other::new(&lab.path());
    let mut second = Other::new(&lab.path());
    assert_eq!(first.ask("hold cache"), "won");
    assert!(second.ask("hold cache").contains(&first.pid().to_string()));
    assert_eq!(second.ask("hold other"), "won", "another target is free");
    second.ask("release");
    first.kill();
    assert_eq!(second.ask("hold cache"), "won");
    let refusal = lab.open().hold("cache", &holder()).expect_err("held").to_string();
    assert!(refusal.contains(&second.pid().to_string()), "not the one that was killed: {refusal}");
}

#[test]
fn a_target_is_held_once_also_within_a_process_and_until_it_is_dropped() {
    let lab = Lab::new();
    let folder = lab.open();
    let hold = folder.hold("cache", &holder()).expect("free");
    assert!(
        matches!(lab.open().hold("cache", &holder()), Err(HeldBy::Other(Some(by))) if by.pid == std::process::id())
    );
    drop(hold);
    let _again = folder.hold("cache", &holder()).expect("free again");
}

#[test]
fn no_more_than_some_run_on_the_host() {
    let lab = Lab::new();
    let folder = lab.open();
    let mut running: Vec<_> = (0..4).map(|n| folder.hold(&format!("target {n}"), &holder()).expect("a slot")).collect();
    let full = folder.hold("one more", &holder()).expect_err("four are enough");
    assert!(matches!(&full, HeldBy::Full { most: 4, holders } if holders.len() == 4), "{full}");
    assert!(full.to_string().starts_with("4 actions are under way on this host"), "{full}");
    running.remove(2);
    let _fits = folder.hold("one more", &holder()).expect("one has ended");
    assert!(matches!(folder.hold("and another", &holder()), Err(HeldBy::Full { .. })));
    assert!(lab.open().with_slots(5).hold("and another", &holder()).is_ok());
}

#[test]
fn a_lock_that_was_removed_is_not_the_lock() {
    let lab = Lab::new();
    let folder = lab.open();
    drop(folder.hold("cache", &holder()).expect("free"));
    let file = super::only_file(&lab.path().join("holds"));
    std::fs::remove_file(&file).unwrap();
    let _held = folder.hold("cache", &holder()).expect("made anew");
    assert!(matches!(folder.hold("cache", &holder()), Err(HeldBy::Other(_))));
}

#[test]
fn what_lies_in_the_way_refuses_and_holds_nobody_up() {
    let lab = Lab::new();
    let folder = lab.open();
    drop(folder.hold("cache", &holder()).expect("free"));
    let file = super::only_file(&lab.path().join("holds"));
    for plant in [
        |path: &Path| std::os::unix::fs::symlink("/etc/passwd", path).unwrap(),
        |path: &Path| {
            rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o660.into(), 0).unwrap();
        },
    ] {
        std::fs::remove_file(&file).unwrap();
        plant(&file);
        assert!(matches!(folder.hold("cache", &holder()), Err(HeldBy::Fault(_))));
    }
}

#[test]
fn a_cool_down_holds_after_kill_9() {
    let lab = Lab::new();
    let mut other = Other::new(&lab.path());
    assert_eq!(other.ask("start flush"), "done");
    other.kill();
    let minute = std::time::Duration::from_secs(60);
    let at = lab.open().last_starts("flush", "cache").expect("a record").remove(0).at;
    let after = |secs: u64| lab.open().cooling("flush", "cache", minute, at.plus(std::time::Duration::from_secs(secs)));
    assert_eq!(after(15), Ok(Some(std::time::Duration::from_secs(45))));
    assert_eq!(after(60), Ok(None));
    assert_eq!(lab.open().cooling("restart", "cache", minute, at), Ok(None), "another action");
    assert_eq!(lab.open().cooling("flush", "other", minute, at), Ok(None), "another target");
}

#[test]
fn killed_in_the_midst_of_writing_the_last_start_is_still_known() {
    let lab = Lab::new();
    for round in 0..60 {
        let action = format!("a{round}");
        let mut other = Other::new(&lab.path());
        other.tell(&format!("start-for-ever {action}"));
        for _ in 0..=(round % 5) {
            assert_eq!(other.answer(), "started");
        }
        other.kill();
        let starts = lab.open().last_starts(&action, "cache").unwrap_or_else(|cause| panic!("{round}: {cause}"));
        assert_eq!(starts.len(), 1, "{round}");
    }
}

#[test]
fn a_broken_record_refuses() {
    let lab = Lab::new();
    let folder = lab.open();
    folder.started("flush", "cache", Moment::fixed(0.0)).expect("written");
    let file = super::only_file(&lab.path().join("cool-downs"));
    let whole = std::fs::read(&file).unwrap();
    for broken in [&whole[..0], &whole[..20], &whole[..whole.len() - 1], b"{}\n", b"[]\n"] {
        std::fs::write(&file, broken).unwrap();
        let said =
            folder.cooling("flush", "cache", std::time::Duration::ZERO, Moment::fixed(1e6)).expect_err("unknown");
        assert!(said.to_string().contains("not known whether the action still cools down"), "{said}");
    }
    folder.started("flush", "cache", Moment::fixed(5.0)).expect("written anew");
    assert!(folder.last_starts("flush", "cache").is_ok());
}

#[test]
fn who_only_looks_sees_the_holder_and_takes_nothing() {
    let lab = Lab::new();
    let folder = lab.open();
    let seen = || folder.holder("cache").expect("the folder can be read").map(|holder| holder.pid);
    assert_eq!(seen(), None, "nobody ever held it");
    let mut other = Other::new(&lab.path());
    assert_eq!(other.ask("hold cache"), "won");
    assert_eq!((seen(), seen()), (Some(other.pid()), Some(other.pid())));
    other.ask("release");
    assert_eq!(seen(), None);
    assert_eq!(other.ask("hold cache"), "won", "looking held nothing");
    other.kill();
    assert_eq!(seen(), None, "who was killed left the name, and not the lock");
}

/// What stands before a program, so that the kernel answers each of its attempts to lock a file as a file system over a network does
/// that has no locks; `None` where that cannot be had.
fn without_locks() -> Option<Command> {
    // prctl, flock
    let (prctl, flock) = match std::env::consts::ARCH {
        "x86_64" => (157, 73),
        "aarch64" => (167, 32),
        _ => return None,
    };
    // No new privileges; then a filter: load the number of the call; is it flock; refused with 37 (ENOLCK); let through.
    let script = format!(
        "my $f = pack('SCCL' x 4, 0x20, 0, 0, 0, 0x15, 0, 1, {flock}, 0x06, 0, 0, 0x50025, 0x06, 0, 0, 0x7fff0000);\
         my $p = pack('Sx6P', 4, $f);\
         syscall({prctl}, 38, 1, 0, 0, 0) == 0 or exit 99; syscall({prctl}, 22, 2, $p, 0, 0) == 0 or exit 99; exec @ARGV;"
    );
    let mut command = Command::new("perl");
    command.args(["-e", &script]);
    let is_had = Command::new("perl").args(["-e", &script, "true"]).status().is_ok_and(|status| status.success());
    is_had.then_some(command)
}

/// Then nobody can know whether a target is held: nothing runs, in words; and whoever only looks is told the same.
#[test]
fn where_files_cannot_be_locked_nothing_is_held_and_that_is_said() {
    let Some(mut command) = without_locks() else {
        return crate::act::skipped(
            "a shared folder without locks",
            "the kernel lets no filter of calls be set with perl",
        );
    };
    command.arg(std::env::current_exe().unwrap());
    let lab = Lab::new();
    let mut other = Other::start(command, &lab.path());
    let folder = lab.open();
    for round in ["nobody holds it", "somebody does"] {
        let held = (round == "somebody does").then(|| folder.hold("cache", &holder()).expect("free"));
        let refusal = other.ask("hold cache");
        assert!(refusal.starts_with("lost whether it is held cannot be known: "), "{round}: {refusal}");
        assert!(refusal.contains("/holds: its file system knows no locks"), "{round}: {refusal}");
        let said = other.ask("holder cache");
        let expected = if held.is_some() { "fault" } else { "nobody" };
        assert!(said.starts_with(expected), "{round}: {said}");
    }
}
