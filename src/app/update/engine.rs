//! What the metrics engine tells comes in here; answers go to who asked.

use crate::app::{Effect, Model};
use crate::engine::Output;

use super::series;

/// The engine told something.
pub fn told(model: &mut Model, outputs: Vec<Output>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for output in outputs {
        if matches!(output, Output::Answered { .. }) {
            effects.extend(series::answered(model, &output));
        }
        model.live.metrics.take(output);
    }
    effects
}
