//! Actions on a database of the configuration: upkeep of a table or an index.

use std::time::Duration;

use super::super::environments::database_is_loopback;
use super::super::layers::Item;
use super::super::nearest;
use super::super::resolved::OffKind;
use super::builder::Builder;
use super::given::{flag, provenance, text, time};
use crate::domain::Safe;
use crate::domain::source::SourceKind;
use crate::remediation::action::{Action, Target};
use crate::remediation::level::Level;
use crate::remediation::upkeep::{self, Upkeep, UpkeepVerb};

/// Keys that name what is kept in shape.
const KEYS: [(&str, UpkeepVerb); 4] = [
    ("analyse", UpkeepVerb::Analyse),
    ("vacuum", UpkeepVerb::Vacuum),
    ("reindex", UpkeepVerb::Reindex),
    ("drop_leftover", UpkeepVerb::DropLeftover),
];

impl<'a> Builder<'a> {
    /// Whether it is upkeep; then it is taken.
    pub(super) fn upkeep(&mut self, item: &'a Item) -> bool {
        let found = KEYS.into_iter().find_map(|(key, verb)| text(item, key).map(|name| (key, verb, name)));
        let Some((key, verb, name)) = found else { return false };
        let verb =
            if verb == UpkeepVerb::Vacuum && flag(item, "and_analyse") { UpkeepVerb::VacuumAnalyse } else { verb };
        let Some(target) = self.database_target(item, key) else { return true };
        let wanted = Upkeep {
            verb,
            name: name.to_owned(),
            lock_timeout: time(item, "lock_timeout").unwrap_or_else(|| verb.usual_lock_timeout()),
        };
        let title = text(item, "title").map_or_else(|| format!("{} {name}", verb.words()), str::to_owned);
        let deadline = time(item, "deadline").unwrap_or(upkeep::DEADLINE);
        let mut action = upkeep::action(Safe::of(&item.name), Safe::of(title), target, wanted, deadline);
        limits_of(item, &mut action);
        self.resolved.actions.own.push(action);
        true
    }

    /// The database that is meant, as a target; off where it is off, and a problem where there is none.
    fn database_target(&mut self, item: &'a Item, key: &str) -> Option<Target> {
        let wanted = text(item, "database");
        self.target_of(item, wanted, if wanted.is_some() { "database" } else { key }, key)
    }

    /// The same, named under `key`; what is done to it is given under `what`.
    pub(super) fn target_of(&mut self, item: &'a Item, wanted: Option<&str>, key: &str, what: &str) -> Option<Target> {
        let at = self.database_named(item, wanted, key, OffKind::Action)?;
        let spec = self.resolved.databases.get(at)?;
        let loopback = database_is_loopback(&spec.target);
        let (name, declared) = (spec.name.clone(), spec.environment.clone());
        // It only tightens: what the database is in stays.
        let own = item.given("environment").is_some().then(|| self.environment(item, None, loopback));
        let environment = own.map_or(declared.clone(), |own| own.max(declared));
        let provenance = provenance(item, what);
        Some(Target { kind: SourceKind::Database, at: Some(at), name, environment, provenance, on_loopback: loopback })
    }

    /// The place of a database of the configuration; without a name the first.
    pub(super) fn database_named(
        &mut self,
        item: &Item,
        wanted: Option<&str>,
        key: &str,
        kind: OffKind,
    ) -> Option<usize> {
        let is = |name: &Safe| wanted.is_none_or(|wanted| name.as_str() == Safe::of(wanted).as_str());
        if let Some(at) = self.resolved.databases.iter().position(|database| is(&database.name)) {
            return Some(at);
        }
        let off = self.resolved.off.iter().find(|off| off.kind == OffKind::Database && is(&off.name)).cloned();
        if let Some(off) = off {
            let why = format!("its database {:?} is off: {}", off.name.as_str(), off.why);
            self.off(kind, item, why, off.turn_on);
            return None;
        }
        let names: Vec<&str> = self.merged.of("database").map(|known| known.name.as_str()).collect();
        match wanted {
            // Its own trouble was told where it is.
            Some(name) if names.contains(&name) => {}
            None if !names.is_empty() => {}
            Some(name) => {
                let hint = nearest::hint(name, names.iter().copied());
                self.wrong(item, key, &format!("there is no [[database]] named {name:?}{hint}"));
            }
            None => self.wrong(item, key, "there is no [[database]] that could be meant"),
        }
        None
    }
}

/// What may be said of any action on a database.
pub(super) fn limits_of(item: &Item, action: &mut Action) {
    action.level = text(item, "level").map_or(Level::L2, Level::parse).max(Level::L2);
    if let Some(cool_down) = time(item, "cool_down") {
        action.limits.cool_down = cool_down;
    }
    if let Some(within) = time(item, "within") {
        action.proof.within = within.max(Duration::from_secs(1));
    }
    if let Some(undo) = text(item, "undo") {
        action.undo = Safe::of(undo);
    }
}
