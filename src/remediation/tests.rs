//! What the tests of this floor share.

mod boundaries;
pub mod world;
