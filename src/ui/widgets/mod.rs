//! What the screen is made of: one table, sparkline, bar, histogram, log, frame, and what stands around and over panes.

pub mod bar;
pub mod chart;
pub mod charted;
pub mod columns;
pub mod document;
pub mod form;
pub mod frame;
pub mod header;
pub mod hints;
pub mod histogram;
pub mod log;
pub mod palette;
pub mod prompt;
pub mod sparkline;
pub mod state;
pub mod table;
pub mod tabs;
pub mod wrap;
