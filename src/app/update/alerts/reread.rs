//! The rules files were read again: what that changed goes on the timeline and is said, and an alert does not go with its
//! rule unsaid.

use crate::alerts::lifecycle::State;
use crate::app::Model;
use crate::app::alerts::{ago, reread};
use crate::app::table::Tone;
use crate::app::timeline::{Draft, Kind};
use crate::app::update::say;
use crate::domain::Safe;
use crate::engine::alerts::AlertsTold;

/// Alerts that get a row each.
const ROWS: usize = 50;

/// Rules were told anew.
pub fn told(model: &mut Model, before: Option<&AlertsTold>, after: &AlertsTold) {
    let now = model.now;
    let Some(before) = before else { return };
    let Some(reread) = reread::between(before, after) else { return };
    let ended = reread.ended();
    for (rule, alert) in ended.iter().take(ROWS) {
        let since = if alert.state == State::Firing { alert.fired_at } else { None };
        let lasted = ago(before, since.unwrap_or(alert.active_at), now);
        let words = reread::ended_words(rule, alert, lasted);
        model.timeline.push(now, Draft::new(Kind::Alert, "rule gone", Tone::Warn, words));
    }
    let left = match ended.len() {
        0 => String::new(),
        1 => "; 1 alert is no longer looked at".to_owned(),
        count => format!("; {count} alerts are no longer looked at"),
    };
    let tone = if ended.is_empty() { Tone::Accent } else { Tone::Warn };
    let draft = Draft::new(Kind::Alert, "read again", tone, Safe::of(format!("{}{left}", reread.words())));
    model.timeline.push(now, Draft { detail: Some(reread.document()), ..draft });
    say(model, Safe::of(format!("rules read again: {}{left}", reread.counts())), tone);
}
