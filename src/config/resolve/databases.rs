//! Databases: what is connected to, and how often it is read.

use std::time::Duration;

use super::super::dsn;
use super::super::environment::BLANK;
use super::super::environments::database_is_loopback;
use super::super::layers::Item;
use super::super::problem::Layer;
use super::super::resolved::{DatabaseSpec, OffKind};
use super::builder::Builder;
use super::given::{provenance, ratio, secret, text, time, turn_on};
use crate::domain::Safe;

/// libpq's variable for a password.
const PASSWORD: &str = "PGPASSWORD";

impl Builder<'_> {
    pub fn databases(&mut self) {
        let merged = self.merged;
        for item in merged.of("database") {
            if self.switched_off(OffKind::Database, item) {
                continue;
            }
            match text(item, "url") {
                Some(url) => self.database(item, url),
                None if item.place.layer == Layer::Profile => {
                    let url = format!("\"postgresql://USER@HOST/{}\"", item.name);
                    self.off(OffKind::Database, item, "set its URL", turn_on(item, "url", &url));
                }
                None => self.missing(item, "url", "missing: where is the database?"),
            }
        }
    }

    fn database(&mut self, item: &Item, url: &str) {
        let variables = &self.inputs.variables;
        // libpq's default user is that of the system.
        let login = |name: &str| (name == "PGUSER").then(|| variables.get("USER").or_else(|| variables.get("LOGNAME")));
        // A password in the environment is meant for the person's own servers, not for one that a profile names.
        let strange = item.place_of("url").layer == Layer::Profile && dsn::names_a_host(url);
        let env = |name: &str| {
            let kept = strange && name == PASSWORD;
            variables.get(name).filter(|_| !kept).or_else(|| login(name).flatten()).map(str::to_owned)
        };
        let withheld = strange && variables.get(PASSWORD).is_some() && secret(item, "password").is_none();
        let (mut target, notes) = match dsn::parse(url, &env, self.inputs.home.as_deref()) {
            Ok(parsed) => parsed,
            Err(words) => return self.unusable(OffKind::Database, item, "url", &words, "--db URL"),
        };
        if let Some(password) = secret(item, "password") {
            target.password = Some(password);
        }
        let loopback = database_is_loopback(&target);
        if !loopback && self.dotenv_leads_away(item) {
            return;
        }
        if loopback && self.is_about_another_machine(OffKind::Database, item, "url") {
            return;
        }
        for note in notes {
            self.note(format!("database {:?}: {note}", item.name));
        }
        if withheld {
            self.note(format!(
                "database {:?}: {PASSWORD} is not sent to a server that only a profile names; \
                 name it yourself (--db), or use the password file",
                item.name
            ));
        }
        let database = DatabaseSpec {
            name: Safe::of(&item.name),
            target,
            interval: time(item, "interval").unwrap_or(Duration::from_secs(2)),
            deadline: time(item, "deadline").unwrap_or(Duration::from_secs(5)),
            statements_interval: time(item, "statements_interval").unwrap_or(Duration::from_secs(10)),
            scalars: Vec::new(),
            hit_target: ratio(item, "hit_target"),
            environment: self.environment(item, None, loopback),
            provenance: provenance(item, "url"),
        };
        self.resolved.databases.push(database);
    }

    /// A `.env` lies in a folder that others may have filled: it may name servers on this machine only.
    fn dotenv_leads_away(&mut self, item: &Item) -> bool {
        let named = item.place_of("url").origin.as_str().ends_with("in .env");
        let variables = &self.inputs.variables;
        let filled = ["PGHOST", "PGHOSTADDR"].iter().any(|name| variables.is_from_dotenv(name));
        let blank = text(item, "url") == Some(BLANK);
        if !(named || filled && blank) {
            return false;
        }
        self.off(OffKind::Database, item, ".env names a server that is not on this machine", "--db URL");
        true
    }
}
