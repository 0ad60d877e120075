//! A leaf: a sample system to watch. It imports nothing of the house, and only `cli` imports it.
//!
//! The sample is a process of its own (`serve`), with a keeper, the servers and three services as its children. All
//! of them hold a lifeline to it: whoever dies, and however, no process and no file stays behind.

mod addresses;
mod api;
mod control;
mod entropy;
mod error;
mod http;
mod load;
mod log_file;
mod manager;
mod options;
mod process;
mod sample;
mod scenario;
mod servers;
mod services;
mod spec;

pub use addresses::DemoAddresses;
pub use control::control;
pub use error::DemoError;
pub use options::{DemoOptions, Scenario};
pub use process::{child_command, run_part};
pub use sample::run_serve;
