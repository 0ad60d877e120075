//! What a person agreed to, kept until it comes back: the very objects of the card, so that the card that is made anew is for
//! them and for nobody who came since. Which of them left or changed the target answers when it is sent.

use serde::{Deserialize, Serialize};

use crate::domain::session::{SessionId, SessionState};

use super::action::Action;
use super::card::{Card, Digest, Preview};
use super::object::{AgreedTo, ObjectKey, Whose, WhoseMark};
use super::parameter::Given;

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
    /// Names, byte by byte; where what was given is hidden, without it.
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
    /// In the words of the card: what is hidden there is hidden here, for others can read it.
    whose: Whose,
    /// Whose it truly was.
    mark: WhoseMark,
}

impl Agreed {
    /// The objects of a card.
    #[must_use]
    pub fn of(card: &Card) -> Agreed {
        let (preview, given) = (&card.preview, &card.action.given);
        let parts = match card.action.runbook() {
            None => vec![Part::of(None, preview, given)],
            Some(_) => preview.parts.iter().map(|part| Part::of(Some(part.place), &part.found, given)).collect(),
        };
        Agreed { of: mark(&card.action), parts }
    }

    /// Whether it was agreed to for this action, with these values.
    #[must_use]
    pub fn is_for(&self, action: &Action) -> bool {
        self.of == mark(action)
    }

    /// What was agreed to, each once; of a runbook, for the step at a place. `None` when nothing is known of it, which is not
    /// the same as nothing. What was given stands in no list: it is given again.
    #[must_use]
    pub fn objects(&self, place: Option<usize>, given: &Given) -> Option<Vec<AgreedTo>> {
        self.parts.iter().find(|part| part.place == place).map(|part| part.kept(given))
    }
}

impl Part {
    fn of(place: Option<usize>, found: &Preview, given: &Given) -> Part {
        let mut part = Part { place, sessions: Vec::new(), names: Vec::new() };
        for object in &found.objects {
            match &object.key {
                ObjectKey::Session { id, state, since_us } => part.sessions.push(Sitting {
                    pid: id.pid,
                    began_us: id.backend_start_us,
                    state: state.word().to_owned(),
                    since_us: *since_us,
                    whose: object.whose(),
                    mark: found.mark(object),
                }),
                ObjectKey::Named(name) => part.names.push(given.without(name)),
            }
        }
        part
    }

    fn kept(&self, given: &Given) -> Vec<AgreedTo> {
        let session = |sitting: &Sitting| AgreedTo {
            key: ObjectKey::Session {
                id: SessionId { pid: sitting.pid, backend_start_us: sitting.began_us },
                state: SessionState::parse(Some(&sitting.state)),
                since_us: sitting.since_us,
            },
            whose: sitting.whose.clone(),
            mark: sitting.mark.clone(),
        };
        let named = |name: &Vec<u8>| {
            let (key, whose) = (ObjectKey::Named(given.with(name)), Whose::default());
            AgreedTo { mark: whose.mark(&key), key, whose }
        };
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
    use crate::domain::Untrusted;
    use crate::remediation::action::Plan;

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
            mark: whose.mark(&key),
        };
        let other = Sitting { whose: Whose { user: "guest".into(), ..whose.clone() }, ..sitting.clone() };
        let part = Part { place: Some(2), sessions: vec![sitting, other], names: vec![vec![0, 255, b'"']] };
        let agreed = Agreed { of: "x".to_owned(), parts: vec![part] };
        let read: Agreed = serde_json::from_str(&serde_json::to_string(&agreed).unwrap()).unwrap();
        assert_eq!(read, agreed);
        let named = ObjectKey::Named(Untrusted::new(vec![0, 255, b'"']));
        let objects = read.objects(Some(2), &Given::default()).unwrap();
        let keys: Vec<&ObjectKey> = objects.iter().map(|kept| &kept.key).collect();
        assert_eq!(keys, [&key, &named], "one that is named twice is one");
        assert_eq!((&objects[0].whose, &objects[0].mark), (&whose, &whose.mark(&key)));
        assert_eq!(read.objects(None, &Given::default()), None, "nothing known is not nobody");
    }

    #[test]
    fn whose_it_is_has_a_mark_that_tells_every_word_and_every_session() {
        let key = |pid| ObjectKey::Session {
            id: SessionId { pid, backend_start_us: 3 },
            state: SessionState::Idle,
            since_us: 4,
        };
        let whose =
            Whose { user: "app".into(), application: "web".into(), client: "local".into(), database: "m".into() };
        let mark = whose.mark(&key(7));
        let changed = |change: fn(&mut Whose)| {
            let mut other = whose.clone();
            change(&mut other);
            other.mark(&key(7))
        };
        let renamed = changed(|whose| whose.application = "web2".into());
        assert!(renamed != mark && !renamed.is_anothers(&mark), "an application may take another name");
        let others: [fn(&mut Whose); 4] = [
            |whose| whose.user = "guest".into(),
            |whose| whose.client = "10.0.0.1".into(),
            |whose| whose.database = "n".into(),
            |whose| std::mem::swap(&mut whose.user, &mut whose.client),
        ];
        for other in others {
            assert!(changed(other).is_anothers(&mark));
        }
        assert!(whose.mark(&key(8)).is_anothers(&mark), "one word has as many marks as it stands for sessions");
    }

    #[test]
    fn a_list_that_others_can_read_holds_nothing_that_was_given_and_gives_it_back() {
        let values = [("who", "alice"), ("tag", "a b"), ("id", "4")];
        let given = |hides: bool| {
            let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            Given::new(values, hides.then(|| Plan::Steps(Vec::new())))
        };
        for name in ["alice", "hooks/alice/4", "malice", "a b!a b", "none", "44"] {
            let name = Untrusted::from(name);
            assert_eq!(given(false).without(&name), name.as_bytes());
            let kept = given(true).without(&name);
            let text = String::from_utf8_lossy(&kept);
            assert!(values.iter().all(|(_, value)| !text.contains(value)), "{text:?}");
            assert_eq!(given(true).with(&kept), name);
        }
        // In another spelling it cannot be put back: then nothing of it is kept, and the card is another one.
        let encoded = given(true).without(&Untrusted::from("x/a%20b"));
        assert!(!String::from_utf8_lossy(&encoded).contains("a%20b"), "{encoded:?}");
    }
}
