//! What is read for a dialog lies over the page until the dialog comes: it takes every key, so that nothing typed ahead for
//! the dialog acts on what is behind. Esc alone leaves it, and leaving a card that was asked for is recorded.

use crate::app::actions::reading::{Reading, Sought};
use crate::app::actions::record;
use crate::app::view::Overlay;
use crate::app::{Effect, Model};
use crate::domain::Safe;
use crate::input::{Code, Key};
use crate::remediation::audit::AuditEvent;

use super::note;

/// It begins.
pub fn begin(model: &mut Model, sought: Sought) {
    let now = model.now;
    over(model);
    model.view.overlays.push(Overlay::Reading(Box::new(Reading::new(sought, now))));
}

/// A key while it is read for.
pub fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    if key.code == Code::Esc { leave(model) } else { Vec::new() }
}

/// Nothing is read for any more, whether the answer comes or not.
pub fn leave(model: &mut Model) -> Vec<Effect> {
    over(model);
    model.actions.gathering = None;
    let Some((_, action)) = model.actions.asked.take() else { return Vec::new() };
    let why = Safe::of("left while its card was being read for");
    vec![note(record::of_order(AuditEvent::Cancelled, &action, &[why], model.now))]
}

/// What was read for is there, or is not wanted.
pub fn over(model: &mut Model) {
    model.view.overlays.retain(|overlay| !matches!(overlay, Overlay::Reading(_)));
}

/// It cannot be read: that stands there until it is left.
pub fn fail(model: &mut Model, why: &Safe, advice: &[Safe]) {
    for overlay in &mut model.view.overlays {
        if let Overlay::Reading(reading) = overlay {
            reading.failed = Some(why.clone());
            reading.advice = advice.to_vec();
        }
    }
}
