//! Every page and everything that lies over one, opened by its key; how each is left.

use crate::pty::Session;
use crate::{hanging, on_hanging};

/// Keys that open something over the page, and words that only it shows.
const OVERLAYS: [(&str, &str); 6] = [
    ("?", "opens what is selected"),
    ("\x1bOP", "opens what is selected"),
    (":", "the mosaic of all panes"),
    ("/", "Enter keep"),
    ("!", "wrong, off, assumed"),
    ("\x1b[24~", "own log"),
];

/// Esc, and an arrow behind it that says at once that it is Esc; what is typed next is not its rest.
const ESC: &str = "\x1b\x1b[A";

fn leave(mut session: Session, keys: &str) {
    session.send(keys);
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

#[test]
fn every_page_opens_and_q_goes_back_then_quits() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    let pages = [("6", "no rules file"), ("7", "What ran from here"), ("8", "M marks"), ("9", "nothing is scraped")];
    for (key, words) in [("2", "Services"), ("3", "Sessions"), ("4", "Signals"), ("5", "Logs")].into_iter().chain(pages)
    {
        session.press(key, words);
    }
    session.press("0", "looked at");
    // Esc has nothing to close here, and never quits: the page still answers.
    session.send(ESC);
    session.press("!", "wrong, off, assumed");
    session.send("\x1b");
    session.wait_gone("wrong, off, assumed");
    session.send("q");
    session.wait_for("Connections off");
    leave(session, "q");
}

#[test]
fn esc_closes_everything_and_never_quits() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    for (key, words) in OVERLAYS {
        session.press(key, words);
        session.send("\x1b");
        session.wait_gone(words);
    }
    session.press(" ", "FROZEN");
    session.send("\x1b");
    session.wait_gone("FROZEN");
    session.send("z");
    session.wait_gone("Connections off");
    session.send("\x1b");
    session.wait_for("Connections off");
    session.send(ESC);
    session.press("?", "opens what is selected");
    session.send("q");
    session.wait_gone("opens what is selected");
    leave(session, "q");
}

#[test]
fn ctrl_c_quits_from_anywhere() {
    let http = hanging();
    for (key, words) in OVERLAYS.into_iter().chain([("5", "Logs"), (" ", "FROZEN"), ("j\r", "Service 127")]) {
        let mut session = on_hanging(&http, &[]);
        session.press(key, words);
        leave(session, "\x03");
    }
}

#[test]
fn commands_run_by_name_from_the_palette() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    session.press(":", "the mosaic of all panes");
    session.press("sessi", "no command is named like that");
    session.send("\x15");
    session.wait_for("the mosaic of all panes");
    session.send("database\r");
    session.wait_for("Sessions");
    session.press(":", "the mosaic of all panes");
    leave(session, "quit\r");
}
