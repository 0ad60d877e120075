//! What the metrics engine tells comes in here; answers go to who asked.

use crate::app::{Effect, Model};
use crate::engine::Output;

/// The engine told something.
pub fn told(model: &mut Model, outputs: Vec<Output>) -> Vec<Effect> {
    for output in outputs {
        model.live.metrics.take(output);
    }
    Vec::new()
}
