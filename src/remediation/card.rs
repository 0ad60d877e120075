//! The card: everything a person should know before an action that changes something, made by a preview that ran for real
//! and only read. Consent is given to its digest: to the identity, the objects and the effect, byte for byte.

mod hasher;

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::domain::source::SourceKind;
use crate::domain::target::Environment;
use crate::domain::{Moment, Safe, Untrusted};

use super::action::{Action, Plan, Target};
use super::approval::Demands;
use super::explain::Planned;
use super::measure::{Evidence, Measure};
use super::object::{Excluded, Object, ObjectKey, WhoseMark};
use super::runbook::{Deed, RunbookStep};
use super::service::facts::ServiceFacts;
use super::step::{FlushStep, SessionVerb};
use super::upkeep::Relation;

use hasher::Hasher;

/// What the target says it is. Every fact is part of what is consented to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Name and value, in a fixed order.
    pub facts: Vec<(&'static str, Untrusted)>,
}

/// Facts of an identity that stay as they are over restarts, and are the same to everybody who asks.
const LASTING: &[&str] = &["system identifier", "database", "service", "manager", "where", "origin", "run id"];
/// What stands in the place of a fact that could not be read. It tells no target from another.
const NOT_READABLE: &str = "not readable";

/// What the preview found.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Read from the target.
    pub identity: Identity,
    /// What will be touched, the most important first; at most as many as the action's cap.
    pub objects: Vec<Object>,
    /// What fits and is left alone.
    pub excluded: Vec<Excluded>,
    /// What will be sent, byte for byte: a statement with its binds, a request, an argument list; a line each.
    pub effect: Vec<Untrusted>,
    /// How much it destroys, where that is more than its objects: keys of a database.
    pub count: Option<u64>,
    /// What a person has to know before all else.
    pub warnings: Vec<Safe>,
    /// What else was seen.
    pub remarks: Vec<Safe>,
    /// Why it cannot be done, if so: a missing right, a role.
    pub obstacles: Vec<Safe>,
    /// How the service is, where the action is an order to one.
    pub service: Option<ServiceFacts>,
    /// The statement, where a plan of it is asked for.
    pub planned: Option<Planned>,
    /// What is kept in shape.
    pub relation: Option<Relation>,
    /// How what the action is for stands now, where it can be told.
    pub standing: Option<Safe>,
    /// What was found for the single steps of a runbook.
    pub parts: Vec<Part>,
    /// Whose its objects truly are, where their words do not tell it any more.
    pub marks: BTreeMap<ObjectKey, WhoseMark>,
    /// What the watch after it does not see.
    pub unseen: Option<Safe>,
    /// Targets of the configuration that its steps change, by [`Target::key`]; they are locked, and not consented to.
    pub configured: Vec<Digest>,
    /// It was made for objects that were agreed to before, and none of them is as it was any more.
    pub lapsed: bool,
    /// How much waits in all for those whom it reaches, as it was counted for the card.
    pub waiting: Option<f64>,
    /// What was read of what it is about: a name and its words, or words alone.
    pub told: Vec<(&'static str, Safe)>,
}

/// What was found for one step of a runbook.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its place, as [`super::runbook::Runbook::items`] counts.
    pub place: usize,
    /// What it touches.
    pub found: Preview,
    /// Why it cannot run here, where the runbook can go without it: it is never begun.
    pub barred: Option<Safe>,
}

/// What is shown and consented to.
#[derive(Clone, Debug)]
pub struct Card {
    /// The action.
    pub action: Action,
    /// What the preview found.
    pub preview: Preview,
    /// Readings when the card was made: the basis of before and after.
    pub before: Vec<Evidence>,
    /// When the preview was begun.
    pub read_at: Moment,
    /// What policy asks for beside phrase and window.
    pub demands: Demands,
}

/// SHA-256 over what is consented to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// In hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('?');
        self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }

    /// Of a text as a whole.
    #[must_use]
    pub fn of(text: &str) -> Digest {
        Digest(Sha256::digest(text.as_bytes()).into())
    }

    /// Of bytes as a whole.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// From what [`Digest::hex`] gave.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Digest> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Digest(bytes))
    }

    /// Enough of it to tell two cards apart.
    #[must_use]
    pub fn short(&self) -> Safe {
        Safe::of(self.hex().chars().take(12).collect::<String>())
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.hex())
    }
}

impl Preview {
    /// Whose an object truly is.
    #[must_use]
    pub fn mark(&self, object: &Object) -> WhoseMark {
        self.marks.get(&object.key).cloned().unwrap_or_else(|| object.whose().mark(&object.key))
    }
}

impl Card {
    /// A card of what a preview found, with what speaks against the action by itself.
    #[must_use]
    pub fn new(action: Action, mut preview: Preview, before: Vec<Evidence>, read_at: Moment) -> Card {
        if matches!(action.plan, Plan::Sessions { verb: SessionVerb::Cancel, .. })
            && preview.objects.iter().any(|object| !object.key.runs_something())
        {
            preview.obstacles.push(Safe::of("it runs nothing now: there is nothing to cancel; terminate it instead"));
        }
        let fits = matches!(action.plan, Plan::Sessions { .. });
        if fits && preview.objects.is_empty() && preview.obstacles.is_empty() {
            preview.obstacles.push(Safe::of("nothing fits: there is nothing to do"));
        }
        if matches!(action.plan, Plan::Flush { .. }) && preview.count.is_none_or(|count| count == 0) {
            preview.obstacles.push(Safe::of("there is no key: there is nothing to flush"));
        }
        let mut before = before;
        if matches!(action.plan, Plan::Sessions { .. } | Plan::Service { .. } | Plan::Flush { .. }) {
            // A service is on the card also when no process of it runs.
            let running = preview.service.as_ref().map(|service| service.instances.len());
            let count = preview.count.unwrap_or(running.unwrap_or(preview.objects.len()) as u64);
            before.push(Evidence {
                measure: Measure::ObjectsLeft,
                value: Some(count as f64),
                at: read_at,
                words: preview.service.as_ref().map_or_else(|| Safe::of(count.to_string()), ServiceFacts::running),
                chance: 0.0,
            });
        }
        if let (Plan::Service { .. }, Some(service)) = (&action.plan, &preview.service) {
            preview.remarks.extend(service.outlasts(action.limits.deadline));
        }
        if let Some(words) = preview.standing.clone() {
            before.push(Evidence { measure: Measure::Result, value: Some(0.0), at: read_at, words, chance: 0.0 });
        }
        for trial in &action.proof.trials {
            let compares = trial.expect.compares();
            let known = before.iter().any(|reading| reading.measure == trial.measure && reading.value.is_some());
            if compares && !known {
                let name = &trial.name;
                preview.remarks.push(Safe::of(format!("{name} is not known now: it will end as not verified")));
            }
        }
        Card { action, preview, before, read_at, demands: Demands::default() }
    }

    /// The same with what policy asks for; the guard refuses a card that says less than policy does.
    #[must_use]
    pub fn demanding(self, demands: Demands) -> Card {
        Card { demands, ..self }
    }

    /// The same for a number of keys that was agreed to already, where the number found now is within the tolerance of it:
    /// a cache that is in use never holds the same number twice. What is sent is held against the agreed number again.
    #[must_use]
    pub fn for_agreed(mut self, agreed: Option<u64>) -> Card {
        let (Some(count), Some(found), Some((place, tolerance))) = (agreed, self.preview.count, self.flush()) else {
            return self;
        };
        let step = FlushStep { cache: 0, count, tolerance };
        if count != found && found > 0 && step.bears(found) {
            let words = format!("it holds {found} keys now; {count} were agreed to, and it is for about as many");
            self.preview.remarks.push(Safe::of(words));
            self.preview.count = Some(count);
            if let Some(part) = self.preview.parts.iter_mut().find(|part| Some(part.place) == place) {
                part.found.count = Some(count);
            }
        }
        self
    }

    /// The one flush that the whole count is of: its place in a runbook, and its tolerance. Where several are counted
    /// nobody agreed to the number of each.
    fn flush(&self) -> Option<(Option<usize>, f64)> {
        match &self.action.plan {
            Plan::Flush { tolerance } => Some((None, *tolerance)),
            Plan::Runbook(runbook) => {
                let steps = runbook.steps.iter().enumerate();
                let counted = |place: &usize| {
                    self.barred(*place).is_none() && self.part(*place).is_some_and(|found| found.count.is_some())
                };
                let mut counted = steps.filter(|(place, _)| counted(place));
                match (counted.next(), counted.next()) {
                    (Some((place, RunbookStep { deed: Deed::Flush { tolerance, .. }, .. })), None) => {
                        Some((Some(place), *tolerance))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// What consent is bound to. Live readings and ages are not in it; identity, objects, effect, limits and the way of
    /// proving are.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut all = Hasher::default();
        let action = &self.action;
        all.text("action", action.id.as_str());
        all.text("level", action.level.word());
        all.text("target", action.target.name.as_str());
        all.text("environment", action.target.environment.word());
        for (name, value) in &self.preview.identity.facts {
            all.text("identity", name);
            all.bytes("value", value.as_bytes());
        }
        // Byte for byte, with what the card hides: secrets in an address or a body.
        all.text("plan", &format!("{:?}", action.plan));
        all.secrets(&action.plan);
        for (name, value) in action.given.values() {
            all.text("given", name);
            all.text("value", value);
        }
        if let Some(count) = self.preview.count {
            all.text("count", &count.to_string());
        }
        for line in &self.preview.effect {
            all.bytes("effect", line.as_bytes());
        }
        for part in &self.preview.parts {
            all.part(part);
        }
        // The order on the card is for reading; what is consented to is the set.
        let mut keys: Vec<&ObjectKey> = self.preview.objects.iter().map(|object| &object.key).collect();
        keys.sort();
        for key in keys {
            all.key(key);
        }
        for (name, asked) in [("second person", self.demands.second_person), ("break glass", self.demands.break_glass)]
        {
            if asked {
                all.text("demands", name);
            }
        }
        if let Some(policy) = self.demands.policy {
            all.text("policy", &policy.hex());
        }
        all.text("limits", &format!("{:?}", action.limits));
        all.text("proof", &format!("{:?}", action.proof));
        all.text("preconditions", &format!("{:?}", action.preconditions));
        all.text("undo", action.undo.as_str());
        all.end()
    }

    /// How much it touches: what a person types to confirm what destroys.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.preview.count.unwrap_or(self.preview.objects.len() as u64)
    }

    /// The objects, without what is only for reading.
    #[must_use]
    pub fn keys(&self) -> Vec<ObjectKey> {
        self.preview.objects.iter().map(|object| object.key.clone()).collect()
    }

    /// What tells the target from every other, also in another process: for locks and cool-downs.
    #[must_use]
    pub fn target_key(&self) -> Digest {
        let identity = &self.preview.identity;
        // Two programs of one name may do something to two targets.
        if identity.is_told() { identity.target_key() } else { self.action.target.key() }
    }

    /// The same for every other target that a runbook touches, and by what else its targets may be known: as the
    /// configuration calls them, and whatever name or address another operator uses, by machine and containers. A program is
    /// known by its words and where it runs.
    #[must_use]
    pub fn keys_beside(&self) -> Vec<Digest> {
        let own = self.target_key();
        let parts = self.preview.parts.iter().map(|part| &part.found.identity);
        let all: Vec<&Identity> = std::iter::once(&self.preview.identity).chain(parts).collect();
        let told = all.iter().filter(|identity| identity.is_told()).map(|identity| identity.target_key());
        let elsewhere = all.iter().flat_map(|identity| identity.keys_of_place());
        let configured = self.preview.configured.iter().copied().chain([self.action.target.key()]);
        let programs = self.action.plan.programs().into_iter().map(hasher::of_program);
        let mut keys: Vec<Digest> = told.chain(elsewhere).chain(configured).chain(programs).collect();
        keys.sort_by_key(|key| key.0);
        keys.dedup();
        keys.retain(|key| *key != own);
        keys
    }

    /// What was found for one step of a runbook.
    #[must_use]
    pub fn part(&self, place: usize) -> Option<&Preview> {
        self.preview.parts.iter().find(|part| part.place == place).map(|part| &part.found)
    }

    /// Why a step of a runbook cannot run here, where the runbook can go without it.
    #[must_use]
    pub fn barred(&self, place: usize) -> Option<&Safe> {
        self.preview.parts.iter().find(|part| part.place == place)?.barred.as_ref()
    }

    /// Newer readings of the same measures become the basis of before and after; they are no part of what is consented to.
    pub fn rebase(&mut self, newer: &[Evidence]) {
        for basis in &mut self.before {
            let known = newer.iter().filter(|reading| reading.value.is_some() && reading.at.boot > basis.at.boot);
            if let Some(reading) = known.into_iter().find(|reading| reading.measure == basis.measure) {
                basis.clone_from(reading);
            }
        }
    }

    /// The reading of a measure when the card was made.
    #[must_use]
    pub fn reading_before(&self, measure: &super::measure::Measure) -> Option<&Evidence> {
        self.before.iter().find(|evidence| evidence.measure == *measure)
    }
}

impl Target {
    /// The target as the configuration calls it, in whatever way an action reaches it.
    #[must_use]
    pub fn key(&self) -> Digest {
        Target::key_of(self.kind, &self.name, &self.environment)
    }

    /// The same of one that is known by its name.
    #[must_use]
    pub fn key_of(kind: SourceKind, name: &Safe, environment: &Environment) -> Digest {
        let mut all = Hasher::default();
        all.text("configured", &format!("{kind:?}"));
        all.text("name", name.as_str());
        all.text("environment", environment.word());
        all.end()
    }
}

impl Identity {
    /// A database among those of its server, as it stands in every identity.
    #[must_use]
    pub fn database(name: &Untrusted, oid: u32) -> Untrusted {
        Untrusted::new([name.as_bytes(), format!(" (oid {oid})").as_bytes()].concat())
    }

    /// Whether any of its facts tells the target from others for longer than a process lives.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.facts.iter().any(|(name, _)| LASTING.contains(name))
    }

    /// What tells the target from every other, by those of its facts that last.
    #[must_use]
    pub fn target_key(&self) -> Digest {
        let any = self.is_told();
        let unknown = |name: &str| self.fact(name).is_some_and(|value| value.as_bytes() == NOT_READABLE.as_bytes());
        let hidden = unknown("system identifier");
        // Which server it is its address has to say then.
        let counts = |name: &str| LASTING.contains(&name) && !unknown(name) || hidden && name == "server";
        let mut all = Hasher::default();
        // What changes with every restart, and who asks, says nothing about which target it is.
        for (name, value) in self.facts.iter().filter(|(name, _)| !any || counts(name)) {
            all.text("identity", name);
            all.bytes("value", value.as_bytes());
        }
        all.end()
    }

    /// The same by where it is, as far as that was read there: two names of one machine are one target.
    #[must_use]
    pub fn keys_of_place(&self) -> Vec<Digest> {
        let key = |names: &[&str]| {
            let mut all = Hasher::default();
            for name in names {
                let value = self.fact(name).filter(|value| !value.is_empty())?;
                all.text("place", name);
                all.bytes("value", value.as_bytes());
            }
            Some(all.end())
        };
        [key(&["machine", "service", "manager"]), key(&["containers"])].into_iter().flatten().collect()
    }

    fn fact(&self, name: &str) -> Option<&Untrusted> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}
