//! The first frame needs no answer from anybody; the terminal is asked nothing; what a plain terminal cannot do is not
//! tried.

use std::process::{Command, Stdio};

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
    assert!(session.seen().terminal.screen().alternate_screen() && session.seen().terminal.screen().hide_cursor());
    assert!(session.seen().terminal.screen().bracketed_paste());
    session.send("q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    assert_eq!(session.screen().trim(), "", "something was left on the screen");
}
