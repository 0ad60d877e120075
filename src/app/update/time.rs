//! Time passed: messages go, ages grow, what the screen shows of time is drawn anew.

use std::time::Duration;

use crate::app::view::MESSAGE_STAYS;
use crate::app::{Effect, Model};

/// The bandwidth meter looks over this long.
const METER_WINDOW: Duration = Duration::from_secs(10);

/// A frame slot came round: the clock and every age moved on.
pub fn passed(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    model.view.message.take_if(|message| now.since(message.at) > MESSAGE_STAYS);
    model.dirty = true;
    Vec::new()
}

/// Bytes that went to the terminal so far.
pub fn meter(model: &mut Model, bytes: u64) {
    let now = model.now;
    model.meters.bytes = bytes;
    match model.meters.window {
        Some((since, before)) if now.since(since) >= METER_WINDOW => {
            let rate = bytes.saturating_sub(before) as f64 / now.since(since).as_secs_f64();
            model.meters.bytes_per_second = Some(rate);
            model.meters.window = Some((now, bytes));
        }
        Some(_) => {}
        None => model.meters.window = Some((now, bytes)),
    }
}
