//! Guarded remediation, pure: actions as data, the card that shows what one will touch, consent, the guard, the one
//! execution that carries it out step by step, and the audit record. Nothing here reaches the outside world: it says what is
//! to be done (`execution::Order`) and is told what became of it (`execution::Input`).

pub mod action;
pub mod audit;
pub mod card;
pub mod level;
pub mod measure;
pub mod object;
pub mod outcome;
pub mod step;
