//! Held against the field's own engines, started here on free ports: the same values of the same samples, the same alerts in
//! the same states, and what the program shows of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]
#![allow(clippy::print_stdout, reason = "how much was held against each other is worth knowing")]

mod alerts;
mod by_server;
mod drawing;
mod drawn;
mod expressions;
#[path = "../support/fake_http.rs"]
mod fake_http;
mod held;
mod minutes;
mod on_the_sample;
mod program;
#[path = "../support/pty.rs"]
mod pty;
mod published;
mod recorded;
#[path = "../demo/sample.rs"]
#[allow(dead_code, reason = "the tests of the sample itself use the rest")]
mod sample;
mod servers;
mod silences;
mod silences_in_doubt;
#[path = "../support/skipped.rs"]
mod skipped;
mod target;
mod values;
