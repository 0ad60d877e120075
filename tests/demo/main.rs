//! The sample system through the real program: it serves, its incidents happen and are cured from outside, and whoever
//! is killed, no process and no file stays.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod cures;
mod doctor;
mod endings;
mod incidents;
mod metrics;
#[path = "../support/pty.rs"]
mod pty;
mod restart;
mod runbooks;
mod sample;
mod serving;
mod taste;
