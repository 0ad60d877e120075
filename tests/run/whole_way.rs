//! From the card to the proof, once, and a signal on the way.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::{ACTION, HEADLESS, Stage, Told, code_in};

#[tokio::test]
async fn the_card_touches_nothing_and_its_code_ends_exactly_those_sessions_once() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\n{HEADLESS}"));
    let bystander = stage.guest().await;
    let (one, two) = (stage.idle_in_transaction().await, stage.idle_in_transaction().await);
    let (card, code) = stage.dry_run();
    for words in [
        "What it touches: 2",
        "pg_terminate_backend",
        "rolled back",
        "How its success is shown",
        "typing main",
        // Nobody else is met in a folder.
        "guards cover only you",
    ] {
        assert!(card.contains(words), "{words:?} in\n{card}");
    }
    assert_eq!(stage.open_transactions(), "2", "a dry run touches nothing");
    let told = stage.confirm(&code, &["--reason", "INC-7"]);
    assert_eq!(told.code, 0, "{told:?}");
    for words in ["verified", "2  done", "2 -> 0", "2 records, head "] {
        assert!(told.out.contains(words), "{words:?} in\n{}", told.out);
    }
    assert_eq!(stage.open_transactions(), "0");
    assert!(bystander.is_alive().await && !one.is_alive().await && !two.is_alive().await);
    let third = stage.idle_in_transaction().await;
    stage.confirm(&code, &[]).refused("used already");
    assert!(third.is_alive().await);
    assert_eq!(stage.events(), ["intent", "outcome", "confirmation-failed"]);
    let intent = &stage.audit()[0];
    assert!(intent.to_string().contains("INC-7") && intent.to_string().contains(ACTION), "{intent}");
}

#[tokio::test]
async fn what_is_sent_is_seen_to_its_end_and_recorded() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\n{HEADLESS}"));
    let _guest = stage.idle_in_transaction().await;
    let (_, code) = stage.dry_run();
    let mut command = stage.command(&[ACTION, "--target", "main", "--confirm", &code]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let sent = lines.by_ref().map(Result::unwrap).any(|line| line.contains("waits for fresh readings"));
    assert!(sent, "nothing was sent");
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        kill_process(Pid::from_raw(child.id() as i32).unwrap(), signal).unwrap();
    }
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let told = Told::of(child.wait_with_output().unwrap());
    assert_eq!(told.code, 0, "{told:?} {rest:?}");
    assert!(told.err.contains("everything was sent: there is nothing left to stop"), "{told:?}");
    assert_eq!(stage.events(), ["intent", "outcome"]);
}

/// A session that is named by its number: the card says which one that is, and it alone ends.
#[tokio::test]
async fn a_session_named_by_its_pid_is_that_one_alone() {
    let stage = Stage::new();
    stage.configure("staging", "allow = true\nheadless = [\"terminate-session\"]");
    let (meant, other) = (stage.idle_in_transaction().await, stage.idle_in_transaction().await);
    let pid = format!("pid={}", meant.pid().await);
    let ask = ["terminate-session", "--target", "main", "--param", &pid];
    let told = stage.run(&ask);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains(&format!("--param {pid}")), "{told:?}");
    let code = code_in(&told.out);
    let told = stage.run(&[&ask[..], &["--confirm", &code]].concat());
    assert_eq!(told.code, 0, "{told:?}");
    assert!(!meant.is_alive().await);
    assert!(other.is_alive().await);
}
