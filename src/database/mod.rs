//! Floor 1: what PostgreSQL's counters mean: deltas, resets, judgements. Pure.

pub mod baseline;
pub mod blocking;
pub mod counters;
pub mod judge;
pub mod plan;
pub mod redact;
pub mod statements;
