//! Sources against real servers, and against servers that misbehave on purpose.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod act;
mod engines;
mod http;
mod logs;
mod postgres;
mod redis;
mod redis_commands;
mod redis_faults;
mod redis_flush;
mod scrape;
mod shared_folder;
mod signals;
#[path = "../support/mod.rs"]
mod support;
mod tmux;
