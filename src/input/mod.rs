//! Floor 1: keys, commands and the map between them. Our own key type; no terminal library.

pub mod command;
pub mod dialog;
pub mod key;
pub mod keymap;
pub mod mouse;

pub use command::Command;
pub use key::{Code, Key};
pub use mouse::Mouse;
