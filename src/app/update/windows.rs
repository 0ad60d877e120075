//! The time that maintenance windows go by: shown to a person, and confirmed by one after the clock had jumped.

use std::time::Duration;

use crate::app::actions::record;
use crate::app::table::Tone;
use crate::app::{Effect, Model};
use crate::domain::{Moment, Safe};
use crate::remediation::audit::{AuditEvent, Entry};

use super::say;

/// What the clocks show is taken down so often.
const KEPT: Duration = Duration::from_secs(60);

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
    let entry = Entry::new(AuditEvent::ClockConfirmed, record::run_id(0, now)).with("text", words);
    model.actions.clock_kept = Some(now);
    vec![
        Effect::Record { run: None, number: 0, entry: Box::new(entry) },
        Effect::KeepClock(model.actions.clock.trusted()),
    ]
}

/// What an earlier program of this boot saw: a jump since then locks the windows as one that we saw. So does what nobody can
/// read: that it was never seen is not known.
pub fn remembered(model: &mut Model, earlier: Result<Option<Moment>, Safe>) -> Vec<Effect> {
    let now = model.now;
    match earlier {
        Ok(Some(earlier)) => model.actions.clock.hold_against(earlier, now),
        Ok(None) => {}
        Err(why) => model.actions.clock.distrust(why, now),
    }
    keep(model)
}

/// From time to time, as long as the clock is trusted. One that jumped is for a person to confirm, and not for the next program
/// to take as it is.
pub fn keep_again(model: &mut Model) -> Vec<Effect> {
    let due = model.actions.clock_kept.is_some_and(|kept| model.now.since(kept) >= KEPT);
    if due { keep(model) } else { Vec::new() }
}

fn keep(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    model.actions.clock_kept = Some(now);
    let trusted = model.actions.clock.trusts(now).is_ok();
    if trusted && model.actions.spec.allow {
        vec![Effect::KeepClock(model.actions.clock.trusted())]
    } else {
        Vec::new()
    }
}
