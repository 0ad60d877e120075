//! Guarded remediation, pure: actions as data, the card that shows what one will touch, consent, the guard, the one
//! execution that carries it out step by step, and the audit record. Nothing here reaches the outside world: it says what is
//! to be done (`execution::Order`) and is told what became of it (`execution::Input`).

pub mod action;
pub mod agreed;
pub mod approval;
pub mod audit;
pub mod backup;
pub mod built_in;
pub mod card;
pub mod clock_trust;
pub mod command;
pub mod cooldown;
pub mod execution;
pub mod explain;
pub mod guard;
pub mod inward;
pub mod level;
pub mod measure;
pub mod object;
pub mod outcome;
pub mod parameter;
pub mod place;
pub mod query;
pub mod reached;
pub mod rights;
pub mod runbook;
pub mod same;
pub mod service;
pub mod shown;
pub mod silencing;
pub mod sql_functions;
pub mod step;
pub mod ticket;
pub mod tripwire;
pub mod turn;
pub mod upkeep;
pub mod window;
pub mod written;

#[cfg(test)]
mod tests;
