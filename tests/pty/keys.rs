//! Keys that arrive in pieces, and text that is pasted: nothing is mistyped, and no paste becomes a key.

use std::time::{Duration, Instant};

use crate::pty::{Seen, Session};
use crate::{hanging, on_hanging};

/// Half of the time that the program waits for the rest of a sequence.
const PAUSE_AT_MOST: Duration = Duration::from_millis(12);

/// Types the two halves of a sequence, fast enough to be one; a machine that was too slow is no defect: `false`.
fn in_halves(session: &mut Session, bytes: &[u8], cut: usize) -> bool {
    let begun = Instant::now();
    session.send(&bytes[..cut]);
    std::thread::yield_now();
    session.send(&bytes[cut..]);
    begun.elapsed() < PAUSE_AT_MOST
}

/// The line being typed, without its sign.
fn typed(seen: &Seen) -> String {
    let screen = seen.screen();
    let line = screen.lines().rev().find(|l| l.contains("Enter keep")).unwrap_or_default();
    line.split("Enter keep").next().unwrap_or_default().trim().trim_start_matches('/').trim_end_matches('▏').to_owned()
}

#[test]
fn a_sequence_cut_anywhere_is_one_key_and_types_nothing() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    session.press("/", "Enter keep");
    let mut count = 0;
    for sequence in
        ["\x1b[A", "\x1bOB", "\x1b[1;5C", "\x1b[5~", "\x1b[24~", "\x1b[?62;4c", "\x1b]11;rgb:0/0/0\x1b\\", "é"]
    {
        for cut in 1..sequence.len() {
            // Each cut is tried until the machine was fast enough for it to count.
            for _ in 0..50 {
                if !in_halves(&mut session, sequence.as_bytes(), cut) {
                    // Its first byte may have been the key Esc: everything is closed and begun again.
                    session.send("\x1b\x1b[A");
                    session.wait_gone("Enter keep");
                    session.press("/", "Enter keep");
                    count = 0;
                    continue;
                }
                session.send("x");
                count += 1;
                let marks = count;
                session.wait_until("the mark behind the sequence", |seen| typed(seen).matches('x').count() == marks);
                let line = typed(&session.seen());
                let wanted = if sequence == "é" { "éx" } else { "x" };
                assert!(line.ends_with(wanted), "{sequence:?} cut at {cut}: {line:?}");
                assert!(line.chars().all(|c| c == 'x' || c == 'é'), "{sequence:?} cut at {cut}: {line:?}");
                break;
            }
            if count > 30 {
                session.send("\x15");
                session.wait_until("an empty line", |seen| typed(seen).is_empty());
                count = 0;
            }
        }
    }
}

#[test]
fn a_paste_cut_anywhere_is_text_and_never_a_key() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    let paste = "\x1b[200~q\r\x1b[A\x03q\x1b[201~";
    for cut in 2..paste.len() {
        // Behind its first two bytes a paste is known, however late its rest comes.
        session.send(&paste.as_bytes()[..cut]);
        session.send(&paste.as_bytes()[cut..]);
        session.wait_for("pasted text was ignored");
        session.send("\x1b");
        session.wait_gone("pasted text was ignored");
    }
    session.press("/", "Enter keep");
    session.send("\x1b[200~a\rb\x1b[2J\x03\u{202e}\x1b[201~");
    session.wait_until("the text, made visible", |seen| typed(seen) == r"a b\x1b[2J\x03\u{202e}");
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
}

#[test]
fn a_paste_whose_end_was_lost_does_not_swallow_the_keys() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    session.send("\x1b[200~q\r");
    session.wait_for("pasted text was ignored");
    session.press("?", "opens what is selected");
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
}

#[test]
fn a_lone_escape_is_a_key_and_what_comes_late_is_not_typed() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    // Each rest would quit, or open something, if its characters were keys.
    for rest in ["[200~q\r\x1b[201~", "[A", "[24;5~"] {
        session.press("?", "opens what is selected");
        session.send("\x1b");
        session.wait_gone("opens what is selected");
        session.send(rest);
        // A key that shows that everything before it was taken.
        session.press("?", "opens what is selected");
        session.send("\x1b");
        session.wait_gone("opens what is selected");
        assert!(session.screen().contains("Connections off"), "{rest:?} was typed\n{}", session.screen());
    }
    session.send("q");
    assert_eq!(session.exit_code(), 0);
}
