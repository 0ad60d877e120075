//! The proof that the guard holds: the invariants of acting, each with the tests that hold it; properties of the whole pure
//! program under random people and random worlds; and the real binary, killed at random moments and fed hostile text.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    reason = "tests may panic, and tell their figures"
)]

#[path = "../support/cards.rs"]
mod cards;
mod consent;
mod data;
#[path = "../support/escapes.rs"]
mod escapes;
#[path = "../support/fake_http.rs"]
mod fake_http;
mod faults;
mod holds;
#[path = "../support/hostile.rs"]
mod hostile;
mod hostile_bytes;
mod hostile_people;
mod invariants;
mod key_to_card;
mod kills;
mod leaving;
mod limits;
mod output;
mod outside;
#[path = "../support/postgres_server.rs"]
#[allow(dead_code, reason = "each test file uses its part")]
mod postgres_server;
#[path = "../support/program_copy.rs"]
mod program_copy;
mod protected;
#[path = "../support/pty.rs"]
mod pty;
mod secrets;
mod selectors;
#[path = "../support/skipped.rs"]
mod skipped;
mod stage;
mod theatre;
mod whole;
#[path = "../world/mod.rs"]
mod world;
