//! What a digest is made of: every part by its name and its bytes, also those that are never shown. Nothing of it is kept.

use sha2::{Digest as _, Sha256};

use super::{Digest, ObjectKey, Part, Plan};
use crate::domain::secret::SecretRef;
use crate::remediation::command::CommandStep;
use crate::remediation::step::{HttpStep, Work};

/// Each part goes in with its name and its length, so that no two lists give the same bytes.
#[derive(Default)]
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn bytes(&mut self, name: &str, bytes: &[u8]) {
        for part in [name.as_bytes(), bytes] {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.bytes(name, text.as_bytes());
    }

    pub(super) fn key(&mut self, key: &ObjectKey) {
        match key {
            ObjectKey::Session { id, state, since_us } => {
                let text = format!("{} {} {} {since_us}", id.pid, id.backend_start_us, state.word());
                self.text("session", &text);
            }
            ObjectKey::Named(name) => self.bytes("named", name.as_bytes()),
        }
    }

    pub(super) fn part(&mut self, part: &Part) {
        self.text("part", &part.place.to_string());
        if let Some(why) = &part.barred {
            self.text("cannot run", why.as_str());
        }
        for (name, value) in &part.found.identity.facts {
            self.text("identity", name);
            self.bytes("value", value.as_bytes());
        }
        for line in &part.found.effect {
            self.bytes("effect", line.as_bytes());
        }
        // Two flushes whose counts change places come to the same sum.
        if let Some(count) = part.found.count {
            self.text("count", &count.to_string());
        }
        let mut keys: Vec<&ObjectKey> = part.found.objects.iter().map(|object| &object.key).collect();
        keys.sort();
        for key in keys {
            self.key(key);
        }
    }

    /// What the requests of a plan bear and never show: a value that stands in the configuration itself. One that is read from
    /// a file or a variable when it is sent is known by where that is, which stands in the plan.
    pub(super) fn secrets(&mut self, plan: &Plan) {
        for (place, http) in requests(plan) {
            let named = http.headers.iter().map(|(name, value)| (name.as_str(), value));
            let bearer = http.bearer.iter().map(|value| ("bearer", value));
            for (name, value) in named.chain(bearer) {
                if let SecretRef::Inline(secret) = value {
                    self.text("request", &place.to_string());
                    self.text("bears", name);
                    self.bytes("value", secret.expose().as_bytes());
                }
            }
        }
    }

    pub(super) fn end(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// Every request that is sent, with its place.
fn requests(plan: &Plan) -> Vec<(usize, &HttpStep)> {
    let work: Vec<(usize, &Work)> = match plan {
        Plan::Steps(steps) => steps.iter().map(|step| &step.work).enumerate().collect(),
        Plan::Runbook(runbook) => {
            runbook.items().into_iter().filter_map(|(place, step)| step.deed.work().map(|work| (place, work))).collect()
        }
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (place, work) in work {
        if let Work::Http(http) | Work::Silence(http) = work {
            all.push((place, &**http));
        }
    }
    all
}

/// A program, by its words and where it runs: what it reaches nobody knows.
pub(super) fn of_program(step: &CommandStep) -> Digest {
    let mut all = Hasher::default();
    all.text("program", &format!("{:?}", step.place));
    for word in &step.argv {
        all.text("word", word);
    }
    all.end()
}
