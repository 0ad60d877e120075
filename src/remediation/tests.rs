//! What the tests of this floor share.

pub mod world;
