//! Ends: whoever is killed, no process and no file stays.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use quarterdeck::demo::DemoAddresses;

use crate::sample::{PROGRAM, Process, Sample, addresses, ask, family, gone, room, signal, until};

fn servers_run(at: &DemoAddresses) -> Vec<Process> {
    until("both servers run", || {
        let all = family(at.pid);
        let runs = |name: &str| all.iter().any(|process| process.command.contains(name));
        (runs("postgres -D") && runs("redis-server 127") && runs("--part keeper")).then_some(all)
    })
}

fn part(all: &[Process], name: &str) -> Process {
    all.iter().find(|process| process.command.contains(&format!("--part {name}"))).unwrap().clone()
}

#[test]
fn killing_the_dashboard_ends_all_of_it() {
    let _room = room();
    // The pipeline's first program stands for the dashboard: it holds the lifeline, and is killed.
    let script = format!("sleep 1000 | '{PROGRAM}' demo --serve-only --lifeline");
    let mut shell = Command::new("sh").args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
    let at = addresses(shell.stdout.take().unwrap());
    let all = servers_run(&at);
    let holder = family(shell.id()).into_iter().find(|process| process.command.starts_with("sleep")).unwrap();
    signal(holder.pid, "-KILL");
    gone(&all, Some(&at.folder));
    shell.wait().unwrap();
}

#[test]
fn killing_the_sample_ends_all_of_it_at_any_moment() {
    for early in [true, false] {
        let sample = Sample::start(&[]);
        let all = if early { family(sample.at.pid) } else { servers_run(&sample.at) };
        sample.signal("-KILL");
        gone(&all, Some(&sample.at.folder));
    }
}

#[test]
fn a_signal_ends_all_of_it() {
    let sample = Sample::start(&[]);
    let all = servers_run(&sample.at);
    sample.signal("-TERM");
    gone(&all, Some(&sample.at.folder));
}

#[test]
fn a_killed_keeper_is_replaced_and_still_cleans_up() {
    let sample = Sample::start(&[]);
    let first = part(&servers_run(&sample.at), "keeper");
    signal(first.pid, "-KILL");
    let all = until("a second keeper", || {
        let all = family(sample.at.pid);
        let another = all.iter().any(|process| process.command.contains("--part keeper") && process.pid != first.pid);
        another.then_some(all)
    });
    sample.signal("-KILL");
    gone(&all, Some(&sample.at.folder));
}

#[test]
fn killed_together_with_its_keeper_only_the_folder_stays_until_the_next_sample() {
    // Any sample that starts meanwhile sweeps: this one lies where only the next one looks.
    let base = tempfile::tempdir().unwrap();
    fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let orphan = {
        let sample = Sample::start_in(base.path(), &[]);
        assert!(sample.at.folder.starts_with(base.path()), "{}", sample.at.folder.display());
        let all = servers_run(&sample.at);
        let keeper = part(&all, "keeper");
        signal(keeper.pid, "-STOP");
        sample.signal("-KILL");
        signal(keeper.pid, "-KILL");
        gone(&all, None);
        sample.at.folder.clone()
    };
    assert!(orphan.exists());
    let next = Sample::start_in(base.path(), &[]);
    assert!(!orphan.exists(), "the next sample sweeps");
    drop(next);
}

#[test]
fn a_killed_service_stays_down_until_it_is_restarted() {
    let sample = Sample::start(&[]);
    let before = sample.manage("status", "gateway");
    signal(u32::try_from(before["pid"].as_u64().unwrap()).unwrap(), "-KILL");
    until("the manager sees it", || {
        sample.manage("status", "gateway")["state"].as_str()?.starts_with("failed").then_some(())
    });
    assert!(ask("GET", &sample.at.gateway_url, "/health").is_none());
    let after = sample.manage("restart", "gateway");
    assert_eq!(after["state"], "running");
    assert_ne!(before["pid"], after["pid"]);
    assert!(ask("GET", &sample.at.gateway_url, "/health").is_some());
}

#[test]
fn what_kept_it_from_starting_is_told() {
    let told = Command::new(PROGRAM).arg("demo").env("TMPDIR", "/proc").stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(told.stderr).unwrap();
    assert!(!told.status.success() && said.contains("did not start: ") && said.contains("/proc"), "{said}");
}
