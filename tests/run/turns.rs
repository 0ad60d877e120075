//! The turn of a database between two operators who share nothing else: as on two bastions, each with a home of their own.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{ACTION, HEADLESS, Stage, Told};

impl Stage {
    /// What somebody else is told who asks for the card, from a home of their own.
    fn seen_elsewhere(&self) -> Told {
        let home = TempDir::with_prefix("quarterdeck-run-").unwrap();
        let mut command = self.command(&[ACTION, "--target", "main", "--dry-run"]);
        Told::of(command.env("HOME", home.path()).output().unwrap())
    }
}

#[tokio::test]
async fn an_operator_on_another_host_is_kept_out_until_the_result_is_known() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\n{HEADLESS}"));
    let _one = stage.idle_in_transaction().await;
    let (_, code) = stage.dry_run();
    assert_eq!(stage.seen_elsewhere().code, 0, "nobody is at it yet");
    let mut command = stage.command(&[ACTION, "--target", "main", "--confirm", &code]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let sent = lines.by_ref().map(Result::unwrap).any(|line| line.contains("waits for fresh readings"));
    let pid = Pid::from_raw(child.id() as i32).unwrap();
    // It stands still where everything is sent and the result is not known.
    kill_process(pid, Signal::STOP).unwrap();
    assert!(sent, "nothing was sent");
    let _two = stage.idle_in_transaction().await;
    let told = stage.seen_elsewhere();
    kill_process(pid, Signal::CONT).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let ended = Told::of(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?} {rest:?}");
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    let user = String::from_utf8(user).unwrap().trim().chars().take(24).collect::<String>();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let who = format!("{user}@{host}").chars().take(41).collect::<String>();
    told.refused(&format!("held by another operator: {who} since "));
    told.refused("Z (session: ops with quarterdeck from 127.0.0.1, pid ");
    assert_eq!(stage.seen_elsewhere().code, 0, "it was given back");
}
