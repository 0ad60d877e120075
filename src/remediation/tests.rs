//! What the tests of this floor share.

mod boundaries;
pub mod runbook_world;
mod secrets;
mod targets;
pub mod world;
