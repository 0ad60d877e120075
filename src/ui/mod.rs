//! Floor 5: model to cells. Drawing is a pure function of data, theme and area; it knows nothing of services or databases,
//! only of panes, tables and documents.

mod bands;
mod draw;
mod glyphs;
mod measure;
mod paint;
mod pane;
pub mod screen;
pub mod theme;
mod widgets;

pub use draw::draw;
pub use screen::layout;
pub use theme::Theme;
