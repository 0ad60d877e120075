//! Floor 4, the pure program: model, events, effects and the one `update`.

pub mod document;
pub mod geometry;
pub mod help;
pub mod pane;
pub mod screen;
pub mod table;
pub mod view;
