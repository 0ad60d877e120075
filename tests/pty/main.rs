//! The real binary in a pseudo-terminal: what it shows, what it restores, and that nothing from outside gets through.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::string_slice, reason = "tests may panic")]

mod certificates;
mod endings;
mod first_frame;

mod channels;
mod keys;
mod mouse;
mod pages;
mod resize;
mod seldom;
mod shell;
mod stalled;
mod timeline;
mod tmux;

#[path = "../support/escapes.rs"]
mod escapes;
#[path = "../support/fake_http.rs"]
mod fake_http;
#[path = "../support/hostile.rs"]
mod hostile;
#[allow(dead_code, reason = "only a part of the server's tools is needed")]
#[path = "../support/postgres_server.rs"]
mod postgres_server;
#[path = "../support/pty.rs"]
mod pty;

use fake_http::{FakeHttp, Step};
use pty::{Session, Start};

/// A server that accepts and never answers.
fn hanging() -> FakeHttp {
    FakeHttp::always(vec![Step::Hang])
}

/// The dashboard on a hanging service, with its first frame shown.
fn on_hanging(server: &FakeHttp, more: &[&str]) -> Session {
    let url = server.url("/health");
    let session = Start::new(&[&[url.as_str()], more].concat()).run();
    session.wait_for("Services");
    session
}
