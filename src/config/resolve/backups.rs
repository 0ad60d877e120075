//! Backups of a database of the configuration: where dumps go, and where they are restored to see whether they can be.

use super::super::dsn;
use super::super::layers::Item;
use super::super::problem::Layer;
use super::super::resolved::OffKind;
use super::super::value::Value;
use super::builder::Builder;
use super::given::{file, text, time, turn_on};
use super::upkeep::limits_of;
use crate::domain::Safe;
use crate::remediation::backup::{self, Backup, Scratch};

impl<'a> Builder<'a> {
    /// Whether it is a backup; then it is taken.
    pub(super) fn backup(&mut self, item: &'a Item) -> bool {
        let Some(database) = text(item, "backup") else { return false };
        let Some(target) = self.target_of(item, Some(database), "backup", "backup") else { return true };
        let Some(folder) = file(item, "folder") else {
            self.missing_beside(item, "backup", "wants folder beside it: where do dumps go?");
            return true;
        };
        let Some(scratch) = self.scratch(item) else { return true };
        let keep = match item.given("keep").map(|given| &given.value) {
            Some(Value::Count(keep)) => usize::try_from(*keep).ok(),
            _ => None,
        };
        let title = text(item, "title").map_or_else(|| format!("back up {database} and restore it"), str::to_owned);
        let deadline = time(item, "deadline").unwrap_or(backup::DEADLINE);
        let wanted = Backup { folder, scratch, keep };
        let mut action = backup::action(Safe::of(&item.name), Safe::of(title), target, wanted, deadline);
        limits_of(item, &mut action);
        self.resolved.actions.own.push(action);
        true
    }

    /// A database of the configuration by name, or a server by its URL; a name of its own in no case: it is made there.
    fn scratch(&mut self, item: &'a Item) -> Option<Scratch> {
        let Some(words) = text(item, "scratch") else {
            if item.place_of("backup").layer == Layer::Profile {
                // A profile does not know whose disk may be filled.
                let url = "\"postgresql://USER@HOST/postgres\"";
                let why = "set the server where it may be restored, whose disk it fills";
                self.off(OffKind::Action, item, why, turn_on(item, "scratch", url));
                return None;
            }
            self.missing_beside(item, "backup", "wants scratch beside it: on which server may it be restored?");
            return None;
        };
        let is_url = words.contains("://") || words.contains('=');
        if !is_url {
            return self.database_named(item, Some(words), "scratch", OffKind::Action).map(Scratch::Watched);
        }
        if dsn::parse(words, &|_| None, None).is_ok_and(|(target, _)| target.password.is_some()) {
            let why = "a password does not belong into a file; take it out and use PGPASSWORD or the password file";
            self.wrong(item, "scratch", why);
            return None;
        }
        // A password in the environment is meant for the person's own servers, not for one that a profile names.
        let strange = item.place_of("scratch").layer == Layer::Profile && dsn::names_a_host(words);
        let variables = &self.inputs.variables;
        let env = |name: &str| variables.get(name).filter(|_| !(strange && name == "PGPASSWORD")).map(str::to_owned);
        match dsn::parse(words, &env, self.inputs.home.as_deref()) {
            Ok((target, _notes)) => {
                let servers = &mut self.resolved.actions.scratch_servers;
                servers.push(target);
                Some(Scratch::Declared(servers.len() - 1))
            }
            Err(why) => {
                self.wrong(item, "scratch", why.as_str());
                None
            }
        }
    }
}
