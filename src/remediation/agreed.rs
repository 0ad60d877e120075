//! What a person agreed to, kept until it comes back: the very objects of the card, so that the card that is made anew is for
//! them and for nobody who came since. Which of them left or changed the target answers when it is sent.

use serde::{Deserialize, Serialize};

use crate::domain::Untrusted;
use crate::domain::session::{SessionId, SessionState};

use super::action::Action;
use super::card::{Card, Digest};
use super::object::ObjectKey;

/// The objects of a card, and what it was the card of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreed {
    /// Which action, with which values.
    of: String,
    parts: Vec<Part>,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    /// The place of its step in a runbook.
    place: Option<usize>,
    /// Pid, start, state and since when.
    sessions: Vec<(i32, i64, String, i64)>,
    /// Names, byte by byte.
    names: Vec<Vec<u8>>,
}

impl Agreed {
    /// The objects of a card.
    #[must_use]
    pub fn of(card: &Card) -> Agreed {
        let preview = &card.preview;
        let whole = || std::iter::once(Part::of(None, card.keys()));
        let keys = |found: &super::card::Preview| found.objects.iter().map(|object| object.key.clone()).collect();
        let parts = match card.action.runbook() {
            None => whole().collect(),
            Some(_) => preview.parts.iter().map(|part| Part::of(Some(part.place), keys(&part.found))).collect(),
        };
        Agreed { of: mark(&card.action), parts }
    }

    /// Whether it was agreed to for this action, with these values.
    #[must_use]
    pub fn is_for(&self, action: &Action) -> bool {
        self.of == mark(action)
    }

    /// What was agreed to; of a runbook, for the step at a place. `None` when nothing is known of it, which is not the same
    /// as nothing.
    #[must_use]
    pub fn objects(&self, place: Option<usize>) -> Option<Vec<ObjectKey>> {
        self.parts.iter().find(|part| part.place == place).map(Part::keys)
    }
}

impl Part {
    fn of(place: Option<usize>, keys: Vec<ObjectKey>) -> Part {
        let mut part = Part { place, sessions: Vec::new(), names: Vec::new() };
        for key in keys {
            match key {
                ObjectKey::Session { id, state, since_us } => {
                    part.sessions.push((id.pid, id.backend_start_us, state.word().to_owned(), since_us));
                }
                ObjectKey::Named(name) => part.names.push(name.as_bytes().to_vec()),
            }
        }
        part
    }

    fn keys(&self) -> Vec<ObjectKey> {
        let session = |(pid, backend_start_us, state, since_us): &(i32, i64, String, i64)| ObjectKey::Session {
            id: SessionId { pid: *pid, backend_start_us: *backend_start_us },
            state: SessionState::parse(Some(state)),
            since_us: *since_us,
        };
        let named = |name: &Vec<u8>| ObjectKey::Named(Untrusted::new(name.clone()));
        self.sessions.iter().map(session).chain(self.names.iter().map(named)).collect()
    }
}

/// Tells an action with its values from every other.
fn mark(action: &Action) -> String {
    let given = action.given.values();
    let all = format!("{:?} {:?} {:?} {given:?}", action.id, action.target.name, action.plan);
    Digest::of(&all).hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_come_back_as_they_were() {
        let session = ObjectKey::Session {
            id: SessionId { pid: 7, backend_start_us: -3 },
            state: SessionState::IdleInTransactionAborted,
            since_us: i64::MAX,
        };
        let named = ObjectKey::Named(Untrusted::new(vec![0, 255, b'"']));
        let keys = vec![session, named];
        let agreed = Agreed { of: "x".to_owned(), parts: vec![Part::of(Some(2), keys.clone())] };
        let read: Agreed = serde_json::from_str(&serde_json::to_string(&agreed).unwrap()).unwrap();
        assert_eq!(read, agreed);
        assert_eq!(read.objects(Some(2)), Some(keys));
        assert_eq!(read.objects(None), None, "nothing known is not nobody");
    }
}
