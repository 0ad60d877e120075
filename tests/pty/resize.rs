//! Fault 30: a storm of sizes, impossible ones too. The last one counts.

use crate::escapes::leaks;
use crate::{hanging, on_hanging};

const SIZES: [(u16, u16); 10] =
    [(1, 1), (80, 24), (0, 0), (1000, 500), (2, 300), (200, 1), (40, 10), (0, 24), (133, 43), (39, 9)];

#[test]
fn a_resize_storm_ends_at_the_last_size_and_keys_still_work() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    for round in 0..20 {
        for (columns, rows) in SIZES {
            session.resize_unseen(columns, rows);
        }
        if round % 5 == 0 {
            session.send("\t");
        }
    }
    session.resize(100, 30);
    let right_edge = |seen: &crate::pty::Seen| {
        let screen = seen.terminal.screen();
        let cell = |row, column| screen.cell(row, column).map(|c| c.contents().to_owned()).unwrap_or_default();
        cell(2, 99) == "┐" && cell(28, 99) == "┘" && screen.contents().contains("? help")
    };
    session.wait_until("a frame of 100x30", right_edge);
    session.press("?", "opens what is selected");
    session.send("\x1b");
    session.wait_gone("opens what is selected");
    session.press("2", "2 S");
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    assert_eq!(leaks(&session.seen().bytes, 1000, 500, 0), [""; 0]);
}

#[test]
fn a_size_that_holds_nothing_is_survived_and_left() {
    let http = hanging();
    for (columns, rows) in [(1, 1), (0, 0), (3, 2)] {
        let session = crate::pty::Start::new(&[http.url("/health")]).size(columns, rows).run();
        session.wait_until("a frame", |seen| seen.bytes.windows(8).any(|w| w == b"\x1b[?2026l"));
        session.resize(120, 40);
        session.wait_for("Services");
    }
}
