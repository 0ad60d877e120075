//! Held against the field's own engines, started here on free ports: the same values of the same samples, the same alerts in
//! the same states, and what the program shows of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]
#![allow(clippy::print_stdout, reason = "how much was held against each other is worth knowing")]

mod alerts;
mod by_server;
mod expressions;
#[path = "../support/fake_http.rs"]
mod fake_http;
mod program;
#[path = "../support/pty.rs"]
mod pty;
mod recorded;
mod servers;
mod silences;
#[path = "../support/skipped.rs"]
mod skipped;
mod target;
mod values;
