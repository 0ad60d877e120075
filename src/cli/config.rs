//! `quarterdeck config`: check, show, example.

use std::process::ExitCode;

use super::arguments::Config;
use super::load::{load, off_lines, refuse};
use super::say;
use crate::config::example;
use crate::config::show::show;
use crate::domain::Safe;

/// Runs it.
pub fn run(command: Config) -> ExitCode {
    match command {
        Config::Example { policy } => {
            let text = if policy { example::policy() } else { example::example() };
            say::print(&text.lines().map(Safe::of).collect::<Vec<_>>())
        }
        Config::Check(targets) => match load(targets.into()) {
            Ok(resolution) if !resolution.policy_problems.is_empty() => refuse(&resolution.policy_problems),
            Ok(resolution) => {
                let r = &resolution.resolved;
                let counts = format!(
                    "{}: no problem; services {}, databases {}, caches {}, signals {}, logs {}, metrics {}, off {}",
                    r.name,
                    r.services.len(),
                    r.databases.len(),
                    r.caches.len(),
                    r.signals.len(),
                    r.logs.len(),
                    r.metrics.len(),
                    r.off.len()
                );
                let off = off_lines(r);
                let notes = r.notes.iter().map(|n| Safe::of(format!("note: {n}")));
                say::print(&[Safe::of(counts)].into_iter().chain(off).chain(notes).collect::<Vec<_>>())
            }
            Err(problems) => refuse(&problems),
        },
        Config::Show(targets) => match load(targets.into()) {
            Ok(resolution) => say::print(&show(&resolution)),
            Err(problems) => refuse(&problems),
        },
    }
}
