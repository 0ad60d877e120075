//! What the tests of this floor share.

pub mod runbook_world;
pub mod world;
