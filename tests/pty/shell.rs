//! As a job of a shell: Ctrl-Z, a stop from outside, and `fg`.

use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::escapes::leaks;
use crate::pty::{BINARY, Session, Start};
use crate::{hanging, on_hanging};

/// A shell with job control that starts the dashboard, waits for a line when it stops, and continues it.
const SHELL: &str = r#"set -m
"$0" "$@"
while jobs | grep -q Stopped; do n=$((n + 1)); echo "back $n"; read -r line; fg >/dev/null; done
echo "ended $?""#;

fn in_shell(url: &str) -> Session {
    let session = Start::program("/bin/bash", &["-c", SHELL, BINARY, url]).run();
    session.wait_for("Services");
    session
}

/// The only child of a process.
fn child(of: Pid) -> Pid {
    let id = of.as_raw_nonzero();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    Pid::from_raw(children.split_whitespace().next().unwrap().parse().unwrap()).unwrap()
}

fn stopped_and_continued(mut session: Session, stop: impl Fn(&mut Session)) {
    session.press("m", "mouse on");
    for round in 1..=2 {
        stop(&mut session);
        session.wait_for(&format!("back {round}"));
        session.assert_restored();
        session.send("\r");
        session.wait_for("Connections off");
        session.wait_until("the screen was entered again", |seen| {
            let screen = seen.terminal.screen();
            let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
            screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste() && mouse
        });
        session.press("?", "opens what is selected");
        session.send("\x1b");
        session.wait_gone("opens what is selected");
    }
    session.send("q");
    session.wait_for("ended 0");
    session.exit_code();
    session.assert_restored();
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_draws_anew() {
    let http = hanging();
    stopped_and_continued(in_shell(&http.url("/health")), |session| session.send("\x1a"));
}

#[test]
fn a_stop_from_outside_does_the_same() {
    let http = hanging();
    stopped_and_continued(in_shell(&http.url("/health")), |session| {
        kill_process(child(session.pid), Signal::TSTP).unwrap();
    });
}

/// Waits until the process is in that state, as the system tells it.
fn wait_for_state(pid: Pid, letter: &str) {
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let begun = Instant::now();
    while !std::fs::read_to_string(&path).unwrap().contains(&format!(") {letter} ")) {
        assert!(begun.elapsed() < Duration::from_secs(20), "never {letter}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_stop_that_tells_it_nothing_is_made_good_when_it_goes_on() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    session.press("m", "mouse on");
    let is_raw = |session: &Session| !session.termios().contains("ICANON");
    assert!(is_raw(&session));
    for round in 1..=2 {
        session.signal(Signal::STOP);
        wait_for_state(session.pid, "T");
        // What a shell does to a terminal that it takes back.
        let tty = std::fs::read_link(format!("/proc/{}/fd/0", session.pid.as_raw_nonzero())).unwrap();
        assert!(Command::new("stty").arg("-F").arg(tty).arg("sane").status().unwrap().success());
        assert!(!is_raw(&session));
        session.signal(Signal::CONT);
        session.wait_until("the screen was entered again", |seen| {
            String::from_utf8_lossy(&seen.bytes).matches("\x1b[?47h").count() == round
        });
        session.wait_for("Connections off");
        session.wait_until("the mouse is asked for again", |seen| {
            String::from_utf8_lossy(&seen.bytes).matches("\x1b[?1000h").count() == round + 1
        });
        assert!(is_raw(&session));
        session.press("?", "opens what is selected");
        session.send("\x1b");
        session.wait_gone("opens what is selected");
    }
    session.send("q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    assert_eq!(leaks(&session.seen().bytes, 120, 40, 0), [""; 0]);
}

#[test]
fn without_a_shell_to_go_back_to_it_goes_on() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    session.send("\x1a");
    session.press("?", "opens what is selected");
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
}
