//! What was refused before it had a card, for the audit: each once, and when the same comes again within a minute, it is counted
//! and told with its number when the minute is over. A key that is held down fills no audit.

use std::time::Duration;

use crate::domain::{Moment, Safe};
use crate::remediation::action::Action;
use crate::remediation::audit::{AuditEvent, Entry};

use super::record;

/// The same is recorded again after so long.
const AGAIN: Duration = Duration::from_secs(60);
/// Refusals that are remembered.
const MOST: usize = 32;

/// What was refused of late.
#[derive(Debug, Default)]
pub struct Refusals(Vec<Refusal>);

#[derive(Debug)]
struct Refusal {
    action: Action,
    why: Safe,
    at: Moment,
    /// How often since then.
    more: u64,
}

impl Refusals {
    /// Something was refused. The entry for it; none where the same was recorded within the last minute.
    pub fn refuse(&mut self, action: &Action, why: &Safe, now: Moment) -> Option<Entry> {
        let same = |known: &&mut Refusal| {
            let (one, other) = (&known.action, action);
            one.id == other.id && one.target.name == other.target.name && is_same(&known.why, why)
        };
        if let Some(known) = self.0.iter_mut().find(same).filter(|known| now.since(known.at) < AGAIN) {
            known.more += 1;
            known.why.clone_from(why);
            return None;
        }
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Refusal { action: action.clone(), why: why.clone(), at: now, more: 0 });
        Some(record::of_order(AuditEvent::Refused, action, std::slice::from_ref(why), now))
    }

    /// What was counted, of those whose minute is over; at the end of the program of all.
    pub fn counted(&mut self, all: bool, now: Moment) -> Vec<Entry> {
        let (over, kept) =
            std::mem::take(&mut self.0).into_iter().partition(|known| all || now.since(known.at) >= AGAIN);
        self.0 = kept;
        let over: Vec<Refusal> = over;
        over.iter().filter(|known| known.more > 0).map(|known| entry(known, now)).collect()
    }
}

fn entry(known: &Refusal, now: Moment) -> Entry {
    let why = std::slice::from_ref(&known.why);
    let times = i64::try_from(known.more).unwrap_or(i64::MAX);
    record::of_order(AuditEvent::Refused, &known.action, why, now).with("times", times)
}

/// Whether two reasons are one: a figure in it, such as an age that grows, makes no other.
fn is_same(one: &Safe, other: &Safe) -> bool {
    let words = |text: &Safe| text.as_str().chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
    // An age changes its unit too: `59s`, `1m00s`.
    let whole =
        |text: &Safe| words(text).split_whitespace().filter(|word| word.len() > 2).collect::<Vec<_>>().join(" ");
    whole(one) == whole(other)
}
