//! The time that maintenance windows go by: shown to a person, and confirmed by one after the clock had jumped.

use std::time::Duration;

use crate::app::actions::record;
use crate::app::table::Tone;
use crate::app::{Effect, Model};
use crate::remediation::audit::{AuditEvent, Entry};

use super::say;

/// What was shown can be confirmed for so long.
const SHOWN: Duration = Duration::from_secs(60);

/// `:confirm-time`: the first time it shows the time, the second time within a minute it confirms what was shown.
pub fn confirm_time(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let shown = model.actions.time_shown.take().filter(|shown| now.since(*shown) <= SHOWN);
    let Some(shown) = shown else {
        model.actions.time_shown = Some(now);
        let time = now.wall.format("%A, %Y-%m-%d %H:%M:%S UTC");
        say(
            model,
            format!("this host says {time}; if that is right, :confirm-time once more within a minute"),
            Tone::Warn,
        );
        return Vec::new();
    };
    if let Err(lock) = model.actions.clock.confirm(shown, now) {
        say(model, format!("not confirmed: {lock}"), Tone::Bad);
        return Vec::new();
    }
    say(model, "the time is confirmed: maintenance windows go by it", Tone::Ok);
    if !model.actions.spec.allow {
        return Vec::new();
    }
    let words = format!("the wall clock was confirmed at {}", now.wall.format("%Y-%m-%dT%H:%M:%SZ"));
    let entry = Entry::new(AuditEvent::Armed, record::run_id(0, now)).with("text", words);
    vec![Effect::Record { run: None, number: 0, entry: Box::new(entry) }]
}
