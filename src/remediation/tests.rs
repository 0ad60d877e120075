//! What the tests of this floor share.

mod boundaries;
pub mod runbook_world;
pub mod world;
