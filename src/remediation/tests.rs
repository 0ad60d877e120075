//! What the tests of this floor share.

mod boundaries;
pub mod runbook_world;
mod targets;
pub mod world;
