//! What changes the outside world, one kind of step per file. Each does what it is told once, within its deadline, and says
//! truthfully what became of it; whether it may be done was decided before.

mod client_log;
mod command;
mod heard;
mod listener;
mod service;
mod session;
mod ssh;

pub use command::{CommandEnd, Commands, Ending};
pub use heard::Heard;
pub use session::of_root;
