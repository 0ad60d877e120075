//! The field's own engines told something: their rules and alerts stand beside ours, and what changed is told as ours is.

use std::time::Duration;

use crate::app::alerts::served;
use crate::app::{Effect, Model};
use crate::domain::Cause;
use crate::domain::served::{Routed, Served};

use super::alerts;

/// The server's rules, or why it did not tell them.
pub fn served(model: &mut Model, outcome: Result<Served, Cause>, next_in: Duration) -> Vec<Effect> {
    let now = model.now;
    let Some(state) = &mut model.live.prometheus else { return Vec::new() };
    let told = state.serve(outcome, now, next_in);
    served::join(&mut model.live, model.now);
    told.map(|told| alerts::told(model, &told)).unwrap_or_default()
}

/// What an Alertmanager holds, or why it did not tell it.
pub fn routed(model: &mut Model, outcome: Result<Routed, Cause>, next_in: Duration) {
    let now = model.now;
    if let Some(state) = &mut model.live.alertmanager {
        state.route(outcome, now, next_in);
        served::join(&mut model.live, model.now);
    }
}
