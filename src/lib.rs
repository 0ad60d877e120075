//! Quarterdeck: the one place from which a running service is seen, and from which orders are given.
//!
//! # The map
//!
//! The folder listing is the architecture. A floor imports only from the floors below it.
//!
//! | floor | module | what it is |
//! | --- | --- | --- |
//! | 7 | [`cli`] | one thin file per subcommand |
//! | 6 | [`runtime`] | the only impure glue: loop, terminal writer, input reader, source tasks, compute thread, signals |
//! | 5 | [`ui`], [`adapters`] | siblings that never meet: model to cells; the outside world, one source per file |
//! | 4 | [`app`] | the pure program: `Model`, `Event`, `Effect`, `update` |
//! | 3 | [`config`], [`engine`] | pure: arguments, environment and file contents to `Resolved`, or every problem at once · the metrics engine: store, targets, rules, alerts behind one step |
//! | 2 | [`alerts`], [`doctor`], [`remediation`] | rules files, the life of an alert, its templates · findings in rules, SQL, shell and routing, and of rules against what is scraped · guarded actions as data: card, consent, guard, execution, audit record |
//! | 1 | [`metrics`], [`logs`], [`input`], [`health`], [`database`] | series · segments, parsing, filters · keys and commands · health bodies, debouncing · deltas of PostgreSQL counters |
//! | 0 | [`domain`] | what the world is: values only |
//! | - | [`demo`] | a leaf: a sample system to watch; only `cli` imports it |
//!
//! # Invariants
//!
//! 1. Only `app::update` changes the model; it is a pure step, `update(&mut Model, Event, Moment) -> Vec<Effect>`.
//! 2. Only `runtime` spawns tasks and threads (`demo` aside, which runs as its own process).
//! 3. Floors 0 to 4 hold no clock, no IO, no async, no terminal library. A `Moment` comes in with the event.
//! 4. Drawing is a pure function of model, theme and area; it returns plain geometry.
//! 5. Every channel and collection has a bound; what is dropped is counted and shown.
//! 6. Outside text is `Untrusted` until the one gate in [`domain::safe`] made it `Safe`; widgets, stdout, stderr
//!    and JSON take only `Safe`.
//! 7. What changes anything that is watched carries an `Approved`, which only the guard in [`remediation`] can make, and is
//!    sent only when its intent is on disk.
//! 8. Unknown is not zero and not ok: a failure is data (`Cause`), and what is stale says its age (`Readout`).
//!
//! `tests/architecture.rs` holds what a machine can check of this.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::string_slice, reason = "tests may panic")
)]

pub mod adapters;
pub mod alerts;
pub mod app;
pub mod cli;
pub mod config;
pub mod database;
pub mod demo;
pub mod doctor;
pub mod domain;
pub mod engine;
pub mod health;
pub mod input;
pub mod logs;
pub mod metrics;
pub mod remediation;
pub mod runtime;
pub mod ui;
