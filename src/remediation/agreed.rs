//! What a person agreed to, kept until it comes back: the very objects of the card, so that the card that is made anew is for
//! them and for nobody who came since. Which of them left or changed the target answers when it is sent.

use serde::{Deserialize, Serialize};

use crate::domain::Untrusted;
use crate::domain::session::{SessionId, SessionState};

use super::action::Action;
use super::card::{Card, Digest};
use super::object::{AgreedTo, Object, ObjectKey, Whose};

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
    sessions: Vec<Sitting>,
    /// Names, byte by byte.
    names: Vec<Vec<u8>>,
}

/// A session: the backend, what it was doing, and whose it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sitting {
    pid: i32,
    began_us: i64,
    state: String,
    since_us: i64,
    whose: Whose,
}

impl Agreed {
    /// The objects of a card.
    #[must_use]
    pub fn of(card: &Card) -> Agreed {
        let preview = &card.preview;
        let parts = match card.action.runbook() {
            None => vec![Part::of(None, &preview.objects)],
            Some(_) => preview.parts.iter().map(|part| Part::of(Some(part.place), &part.found.objects)).collect(),
        };
        Agreed { of: mark(&card.action), parts }
    }

    /// Whether it was agreed to for this action, with these values.
    #[must_use]
    pub fn is_for(&self, action: &Action) -> bool {
        self.of == mark(action)
    }

    /// What was agreed to, each once; of a runbook, for the step at a place. `None` when nothing is known of it, which is not
    /// the same as nothing.
    #[must_use]
    pub fn objects(&self, place: Option<usize>) -> Option<Vec<AgreedTo>> {
        self.parts.iter().find(|part| part.place == place).map(Part::kept)
    }

    /// The same without whose they were.
    #[must_use]
    pub fn keys(&self, place: Option<usize>) -> Option<Vec<ObjectKey>> {
        Some(self.objects(place)?.into_iter().map(|kept| kept.key).collect())
    }
}

impl Part {
    fn of(place: Option<usize>, objects: &[Object]) -> Part {
        let mut part = Part { place, sessions: Vec::new(), names: Vec::new() };
        for object in objects {
            match &object.key {
                ObjectKey::Session { id, state, since_us } => part.sessions.push(Sitting {
                    pid: id.pid,
                    began_us: id.backend_start_us,
                    state: state.word().to_owned(),
                    since_us: *since_us,
                    whose: object.whose(),
                }),
                ObjectKey::Named(name) => part.names.push(name.as_bytes().to_vec()),
            }
        }
        part
    }

    fn kept(&self) -> Vec<AgreedTo> {
        let session = |sitting: &Sitting| AgreedTo {
            key: ObjectKey::Session {
                id: SessionId { pid: sitting.pid, backend_start_us: sitting.began_us },
                state: SessionState::parse(Some(&sitting.state)),
                since_us: sitting.since_us,
            },
            whose: sitting.whose.clone(),
        };
        let named =
            |name: &Vec<u8>| AgreedTo { key: ObjectKey::Named(Untrusted::new(name.clone())), whose: Whose::default() };
        let mut all: Vec<AgreedTo> = Vec::new();
        // Written by hand it may name one twice, and whose differently: the first counts.
        for kept in self.sessions.iter().map(session).chain(self.names.iter().map(named)) {
            if !all.iter().any(|known| known.key == kept.key) {
                all.push(kept);
            }
        }
        all
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
        let whose = Whose { user: "app".into(), application: "web\u{202e}".into(), ..Whose::default() };
        let key = ObjectKey::Session {
            id: SessionId { pid: 7, backend_start_us: -3 },
            state: SessionState::IdleInTransactionAborted,
            since_us: i64::MAX,
        };
        let sitting = Sitting {
            pid: 7,
            began_us: -3,
            state: SessionState::IdleInTransactionAborted.word().to_owned(),
            since_us: i64::MAX,
            whose: whose.clone(),
        };
        let other = Sitting { whose: Whose { user: "guest".into(), ..whose.clone() }, ..sitting.clone() };
        let part = Part { place: Some(2), sessions: vec![sitting, other], names: vec![vec![0, 255, b'"']] };
        let agreed = Agreed { of: "x".to_owned(), parts: vec![part] };
        let read: Agreed = serde_json::from_str(&serde_json::to_string(&agreed).unwrap()).unwrap();
        assert_eq!(read, agreed);
        let named = ObjectKey::Named(Untrusted::new(vec![0, 255, b'"']));
        assert_eq!(read.keys(Some(2)), Some(vec![key, named]), "one that is named twice is one");
        assert_eq!(read.objects(Some(2)).unwrap()[0].whose, whose);
        assert_eq!(read.objects(None), None, "nothing known is not nobody");
    }
}
