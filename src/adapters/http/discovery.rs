//! (in work)
pub struct Discovery;
pub fn discover() {}
