//! Floor 3, pure: arguments, environment and file contents become `Resolved`, or every problem at once.

pub mod arguments;
pub mod candidates;
pub mod discovered;
mod dotenv;
pub mod dsn;
pub mod environment;
pub mod environments;
pub mod example;
pub mod keys;
pub mod layers;
pub mod names;
pub mod policy;
pub mod problem;
pub mod profiles;
pub mod read;
pub mod redis_commands;
pub mod redis_url;
pub mod resolve;
pub mod resolved;
pub mod show;
pub mod trust;
pub mod value;
pub mod watched;
pub mod words;

pub use crate::domain::nearest;
pub use arguments::{Arguments, COMMANDS};
pub use environment::{Variables, wants_dotenv};
pub use problem::{Layer, Place, Problem};
pub use resolve::{Inputs, Resolution, SourceFile, resolve, wanted_profile};
pub use resolved::Resolved;
