//! Floor 3, pure: arguments, environment and file contents become `Resolved`, or every problem at once.

pub mod candidates;
pub mod resolved;

pub use resolved::Resolved;
