//! The first frame needs no answer from anybody; the terminal is asked nothing; what a plain terminal cannot do is not
//! tried.

use std::process::{Command, Stdio};

use crate::escapes::leaks;
use crate::pty::{BINARY, Start};
use crate::{hanging, on_hanging};

#[test]
fn it_shows_a_frame_while_everything_hangs_and_q_restores_the_terminal() {
    let (http, other) = (hanging(), hanging());
    let address = other.address();
    let database = format!("postgresql://monitor@{address}/shop?sslmode=disable");
    let redis = format!("redis://{address}");
    let mut session = on_hanging(&http, &["--db", &database, "--redis", &redis]);
    session.wait_until("both were asked", |_| http.connections() > 0 && other.connections() > 0);
    {
        let seen = session.seen();
        let screen = seen.terminal.screen();
        assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
    }
    session.send("q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    assert_eq!(session.screen().trim(), "", "something was left on the screen");
    assert_eq!(leaks(&session.seen().bytes, 120, 40, 0), [""; 0], "the terminal was asked something");
}

#[test]
fn no_colour_means_no_colour() {
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let http = crate::fake_http::FakeHttp::always(crate::fake_http::json(503, r#"{"status":"down"}"#));
        let mut session = Start::new(&[http.url("/health")]).variable(name, value).run();
        session.wait_for("DOWN");
        session.press("?", "opens what is selected");
        session.send("\x03");
        assert_eq!(session.exit_code(), 0);
        let text = String::from_utf8(session.seen().bytes.clone()).unwrap();
        for style in text.split("\x1b[").filter_map(|s| s.split_once('m')).map(|(numbers, _)| numbers) {
            let plain = |n: &str| matches!(n, "" | "0" | "1" | "2" | "3" | "4" | "7" | "9");
            let is_style = style.bytes().all(|b| b.is_ascii_digit() || b == b';');
            assert!(!is_style || style.split(';').all(plain), "{name}={value}: a colour: {style:?}");
        }
    }
}

#[test]
fn ascii_is_ascii() {
    let http = hanging();
    let mut session = on_hanging(&http, &["--ascii"]);
    for (key, words) in
        [("?", "opens what is selected"), ("q:", "the mosaic of all panes"), ("\x1b\x1b[A", "Cache off")]
    {
        session.press(key, words);
    }
    for page in ["2", "3", "4", "5", "6", "1"] {
        session.send(page);
    }
    session.press("!", "wrong, off, assumed");
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    let seen = session.seen();
    let beyond: Vec<_> = seen.bytes.iter().enumerate().filter(|(_, b)| **b >= 0x80).take(1).collect();
    if let Some((at, _)) = beyond.first() {
        panic!(
            "not ASCII: {:?}",
            String::from_utf8_lossy(&seen.bytes[at.saturating_sub(40)..seen.bytes.len().min(at + 20)])
        );
    }
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let run = |stdin: Stdio, stdout: Stdio| {
        Command::new(BINARY).arg("http://127.0.0.1:1/health").stdin(stdin).stdout(stdout).output().unwrap()
    };
    let output = run(Stdio::null(), Stdio::piped());
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(words.contains("quarterdeck check") && output.stdout.is_empty(), "{words}");
}

#[test]
fn with_its_output_in_a_pipe_it_says_what_to_use() {
    let script = r#"{ "$0" "$@"; echo "status $?" >&2; } | cat"#;
    let session = Start::program("/bin/sh", &["-c", script, BINARY, "http://127.0.0.1:1/health"]).run();
    session.wait_for("status 64");
    session.wait_for("quarterdeck check");
    session.assert_restored();
}
