//! Floor 4, the pure program: model, events, effects and the one `update`.

pub mod actions;
pub mod alerts;
pub mod chrome;
pub mod completion;
pub mod concerns;
pub mod details;
pub mod doctor;
pub mod document;
pub mod effect;
pub mod event;
pub mod geometry;
pub mod help;
pub mod job;
pub mod limit;
pub mod model;
pub mod pane;
pub mod panes;
pub mod readings;
pub mod report;
pub mod screen;
pub mod series;
pub mod table;
pub mod telemetry;
pub mod timeline;
pub mod update;
pub mod view;

pub use effect::Effect;
pub use event::Event;
pub use model::Model;
pub use update::update;
