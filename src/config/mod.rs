//! Floor 3, pure: arguments, environment and file contents become `Resolved`, or every problem at once.

pub mod dsn;
pub mod redis_commands;
pub mod redis_url;
pub mod resolved;

pub use resolved::Resolved;
