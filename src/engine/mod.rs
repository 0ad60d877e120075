//! Floor 3, pure: the metrics engine. One owner holds the series store, the scraped targets, the rules and the life of their
//! alerts; one step takes an [`Input`] at a [`Moment`] and gives [`Output`]s. It has a thread of its own in the runtime: the
//! program's model holds only what it answered. It opens nothing and knows no clock.
//!
//! [`Moment`]: crate::domain::Moment

pub mod alerts;
mod answer;
pub mod answer_room;
pub mod by_server;
mod course;
mod growth;
pub mod input;
mod lost;
mod machine;
pub mod output;
mod presence;
mod requests;
mod rules;
mod scraped;
pub mod settings;
mod unread;
mod wake;
mod world;

#[cfg(test)]
mod tests;

pub use machine::Engine;

pub use input::{Body, Input, Question};
pub use output::Output;
pub use settings::Settings;
