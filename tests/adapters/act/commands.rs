//! Programs that do as they should, that print without end, that never end, and that leave something running.

use std::ffi::OsString;
use std::time::Duration;

use quarterdeck::adapters::act::{Commands, Ending};
use quarterdeck::domain::cause::Phase;
use quarterdeck::domain::{Cause, Safe};
use quarterdeck::remediation::step::StepEnd;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::timeout;

use super::{DEADLINE, local, runs, shell, until, words, written};

fn said(end: &StepEnd) -> Vec<String> {
    let StepEnd::Done { said, .. } = end else { panic!("{end:?}") };
    said.iter().map(ToString::to_string).collect()
}

async fn run(script: &str) -> StepEnd {
    let step = shell(script, &[]);
    Commands::here().run_command(&step, DEADLINE).await.step_end(&step)
}

#[tokio::test]
async fn what_a_program_says_is_kept_and_gated() {
    assert_eq!(said(&run("echo one; echo two >&2").await), ["one", "two"]);
    assert_eq!(said(&run("printf 'a\\033]0;x\\007b\\n'").await), ["a\\x1b]0;x\\x07b"]);
    let failed = run("echo fine; printf 'no \\033[2Jroute\\n' >&2; exit 3").await;
    assert_eq!(failed, StepEnd::Failed(Cause::CommandFailed { code: Some(3), said: "no \\x1b[2Jroute".into() }));
    let mut step = shell("exit 3", &[]);
    step.expected_exit = vec![0, 3];
    assert_eq!(said(&Commands::here().run_command(&step, DEADLINE).await.step_end(&step)), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_never_started_had_no_effect() {
    for (argv, cause) in [
        (&["quarterdeck-no-such-program"][..], Cause::CommandMissing("quarterdeck-no-such-program".into())),
        (&["/no/such/program"][..], Cause::CommandMissing("/no/such/program".into())),
        (&["/etc/passwd"][..], Cause::PermissionDenied("/etc/passwd".into())),
    ] {
        let step = local(argv);
        let end = Commands::here().run_command(&step, DEADLINE).await;
        assert_eq!(end.ending, Ending::NotStarted(cause.clone()));
        assert_eq!(end.step_end(&step), StepEnd::Failed(cause));
    }
    for argv in [&[][..], &["echo", "a\0b"][..]] {
        let step = local(argv);
        let end = Commands::here().run_command(&step, DEADLINE).await.step_end(&step);
        assert!(matches!(end, StepEnd::Failed(Cause::Misconfigured(_))), "{end:?}");
    }
}

#[tokio::test]
async fn without_time_nothing_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let step = local(&["touch", mark.to_str().unwrap()]);
    let end = Commands::here().run_command(&step, Duration::ZERO).await.step_end(&step);
    assert!(matches!(end, StepEnd::Failed(Cause::Timeout { .. })), "{end:?}");
    assert!(!mark.exists());
}

#[tokio::test]
async fn words_are_never_read_by_a_shell() {
    let step = local(&["printf", "%s\\n", "; echo x", "$(id)", "`id`", "-n", "*", ""]);
    let end = Commands::here().run_command(&step, DEADLINE).await;
    assert_eq!(end.output.whole().unwrap(), b"; echo x\n$(id)\n`id`\n-n\n*\n\n");
}

#[tokio::test]
async fn endless_output_neither_blocks_nor_fills_memory() {
    // What it prints is far more than a pipe or a kept end holds, on both pipes at once; it ends by itself.
    let script = "head -c 30000000 /dev/zero | tr '\\0' '\\n' >&2 & yes | head -c 30000000; wait; echo last";
    let step = shell(script, &[]);
    let end = Commands::here().run_command(&step, DEADLINE).await;
    assert_eq!((end.output.bytes, end.errors.bytes), (30_000_005, 30_000_000));
    assert_eq!(end.output.whole(), None);
    let said = said(&end.step_end(&step));
    assert!(said.len() < 200, "{}", said.len());
    assert!(said.contains(&"last".to_owned()) && said.iter().any(|line| line.contains("15000001 lines")), "{said:?}");

    let endless = local(&["yes"]);
    let deadline = Duration::from_millis(500);
    let end = Commands::here().run_command(&endless, deadline).await;
    assert!(end.output.bytes > 1_000_000, "{}", end.output.bytes);
    assert_eq!(end.step_end(&endless), StepEnd::Unknown(Cause::Timeout { phase: Phase::Whole, after: deadline }));
}

#[tokio::test]
async fn at_the_deadline_all_of_it_ends_and_nobody_knows_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let script = "trap '' TERM HUP; echo $$ >> \"$1\"; (sleep 1000 & echo $! >> \"$1\"; wait) & wait; sleep 1000";
    let step = shell(script, &[file.to_str().unwrap()]);
    let deadline = Duration::from_millis(700);
    // Only a deadline that nobody keeps reaches this one.
    let ended = timeout(Duration::from_secs(60), Commands::here().run_command(&step, deadline)).await;
    let end = ended.expect("it ends at its deadline").step_end(&step);
    assert_eq!(end, StepEnd::Unknown(Cause::Timeout { phase: Phase::Whole, after: deadline }));
    for pid in written(&file, 2) {
        until("it is gone", || (!runs(pid)).then_some(()));
    }
}

#[tokio::test]
async fn a_program_may_end_in_order_at_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("said");
    let script = "trap 'echo in order > \"$1\"; exit 0' TERM; sleep 1000 & wait";
    let step = shell(script, &[file.to_str().unwrap()]);
    let end = Commands::here().run_command(&step, Duration::from_millis(700)).await.step_end(&step);
    assert!(matches!(end, StepEnd::Unknown(_)), "its status 0 is no success: {end:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "in order\n");
}

#[tokio::test]
async fn a_step_that_is_given_up_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let step = shell("sleep 1000 & echo $! >> \"$1\"; echo $$ >> \"$1\"; wait", &[file.to_str().unwrap()]);
    let commands = Commands::here();
    let pids = tokio::select! {
        early = commands.run_command(&step, DEADLINE) => panic!("{early:?}"),
        pids = tokio::task::spawn_blocking({ let file = file.clone(); move || written(&file, 2) }) => pids.unwrap(),
    };
    for pid in pids {
        until("it is gone", || (!runs(pid)).then_some(()));
    }
}

#[tokio::test]
async fn what_is_left_running_on_purpose_neither_holds_the_step_up_nor_dies_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    // In the same group, and with both pipes open.
    let step = shell("sleep 1000 & echo $! > \"$1\"; echo started", &[file.to_str().unwrap()]);
    let end = Commands::here().run_command(&step, DEADLINE).await.step_end(&step);
    let left = written(&file, 1)[0];
    let alive = runs(left);
    kill_process(Pid::from_raw(left).unwrap(), Signal::KILL).unwrap();
    assert_eq!((said(&end), alive), (vec!["started".to_owned()], true));
}

#[tokio::test]
async fn killed_by_somebody_else_is_unknown() {
    let end = run("echo half done; kill -9 $$").await;
    let said: Safe = "half done".into();
    assert_eq!(end, StepEnd::Unknown(Cause::CommandFailed { code: None, said }));
}

#[tokio::test]
async fn the_environment_is_minimal() {
    let ours = [
        ("PATH", std::env::var("PATH").unwrap()),
        ("HOME", "/home/x".to_owned()),
        ("PGPASSWORD", "secret".to_owned()),
        ("SUDO_ASKPASS", "/bin/x".to_owned()),
        ("SSH_ASKPASS", "/bin/x".to_owned()),
        ("SSH_AUTH_SOCK", "/run/agent".to_owned()),
        ("DISPLAY", ":0".to_owned()),
        ("LD_PRELOAD", String::new()),
        ("XDG_RUNTIME_DIR", "/run/user/1".to_owned()),
    ];
    let commands = Commands::within(ours.map(|(name, value)| (name.into(), OsString::from(value))));
    let end = commands.run_command(&local(&["env"]), DEADLINE).await;
    let text = String::from_utf8_lossy(end.output.whole().unwrap()).into_owned();
    let mut names: Vec<&str> = text.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, words(&["HOME", "LANG", "PATH", "SYSTEMD_COLORS"]));
}

#[tokio::test]
async fn standard_input_is_empty() {
    assert_eq!(said(&run("read answer && echo got; echo end").await), ["end"]);
}

/// A program that ran under sudo and itself called one did something: only sudo alone, with nothing else said, did nothing.
#[tokio::test]
async fn a_refusal_of_sudo_is_believed_only_when_sudo_itself_ended() {
    let folder = tempfile::tempdir().unwrap();
    let sudo = folder.path().join("sudo").display().to_string();
    let run = async |script: &str, prefix: &[&str]| {
        std::fs::write(&sudo, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&sudo, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut step = local(&["/opt/job", "x"]);
        step.become_argv = Some(words(&[&[sudo.as_str()], prefix].concat()));
        Commands::here().run_command(&step, DEADLINE).await.step_end(&step)
    };
    let refused = "echo 'sudo: a password is required' >&2; exit 1";
    let end = run(refused, &["-n"]).await;
    assert!(matches!(&end, StepEnd::Failed(Cause::Denied { fix, .. }) if fix.len() == 1), "{end:?}");
    let end = run(refused, &["-n", "-u", "deploy"]).await;
    assert!(matches!(&end, StepEnd::Miscarried(Cause::Denied { .. })), "deploy may have run it, and it sudo: {end:?}");
    for half in ["echo half; ", "echo half >&2; "] {
        let end = run(&format!("{half}{refused}"), &["-n"]).await;
        assert!(matches!(&end, StepEnd::Failed(Cause::CommandFailed { code: Some(1), .. })), "{end:?}");
    }
}
