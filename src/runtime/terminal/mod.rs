//! The terminal as part of the outside world: raw mode and its restoring, keys in, frames out. A terminal that stops
//! reading, or goes away, stops nothing but the picture.

pub mod decoder;
pub mod encoder;
pub mod input;
pub mod modes;
pub mod writer;
