//! What stands on the card of a team's own action beside what it does: whom it reaches, read before it, and the load of the
//! service.

use url::Url;

use super::super::layers::Item;
use super::super::resolved::{Beside, EndpointSpec, Receivers};
use super::super::value::Value;
use super::builder::Builder;
use super::given::text;
use super::reach::joined;
use crate::domain::Safe;
use crate::remediation::sql_functions;
use crate::remediation::step::HttpStep;

impl Builder<'_> {
    /// Keeps what a card shows beside its action; what was written wrongly is told.
    pub fn beside(&mut self, item: &Item, origin: Option<&Item>, http: Option<&HttpStep>) {
        let beside = Beside {
            action: Safe::of(&item.name),
            receivers: self.receivers(item, origin, http),
            requests: self.signal_of(item, "requests"),
            errors: self.signal_of(item, "errors"),
            steps: Vec::new(),
        };
        self.resolved.actions.beside.push(beside);
    }

    /// What a card shows beside a runbook: the load of its service, and whom the requests of its steps reach.
    pub fn beside_steps(&mut self, item: &Item, steps: Vec<(Safe, Receivers)>) {
        let (requests, errors) = (self.signal_of(item, "requests"), self.signal_of(item, "errors"));
        let action = Safe::of(&item.name);
        self.resolved.actions.beside.push(Beside { action, receivers: None, requests, errors, steps });
    }

    /// What would show that an action worked is off: then so is the action, and what turns on the one turns on the other.
    pub fn watched_is_off(&self, item: &Item) -> Option<(String, Safe)> {
        let watched = text(item, "watch")?;
        let off = self.off_that_is_meant(watched)?;
        Some((format!("what it watches, {}, is off: {}", off.name, off.why), off.turn_on.clone()))
    }

    /// How many there are that share the cap of an action: one, unless it says whom it reaches.
    pub fn cap_of(&self, item: &Item) -> usize {
        let reaches = ["preview_sql", "preview_path"].iter().any(|key| item.given(key).is_some());
        if reaches { self.resolved.actions.cap } else { 1 }
    }

    pub(super) fn receivers(
        &mut self,
        item: &Item,
        origin: Option<&Item>,
        http: Option<&HttpStep>,
    ) -> Option<Receivers> {
        if let Some(sql) = text(item, "preview_sql") {
            if text(item, "preview_path").is_some() {
                self.wrong(item, "preview_path", "preview_sql and preview_path exclude each other; keep one of them");
            }
            return self.read_by_sql(item, sql.to_owned());
        }
        let path = text(item, "preview_path")?;
        let Some(http) = http else {
            self.wrong(item, "preview_path", "is a path of the request's origin; this action is no request");
            return None;
        };
        let base: Url = match origin.and_then(|origin| origin.given("url")).map(|given| &given.value) {
            Some(Value::Url(base)) => base.clone(),
            _ => http.url.join("/").unwrap_or_else(|_| http.url.clone()),
        };
        let Some(mut url) = joined(&base, path) else {
            self.wrong(item, "preview_path", "does not make a URL with its origin");
            return None;
        };
        // What stood in the URL went into the headers.
        let _ = (url.set_username(""), url.set_password(None));
        let pointer = text(item, "preview_pointer").unwrap_or_default().to_owned();
        let request = EndpointSpec {
            url,
            headers: http.headers.clone(),
            bearer: http.bearer.clone(),
            ca_file: http.ca_file.clone(),
        };
        Some(Receivers::Endpoint { request, pointer })
    }

    fn read_by_sql(&mut self, item: &Item, sql: String) -> Option<Receivers> {
        if let Some(function) = sql_functions::acting(&sql) {
            self.wrong(item, "preview_sql", &format!("{function} changes something; a preview only reads"));
            return None;
        }
        let wanted = text(item, "database");
        let databases = &self.resolved.databases;
        let found = match wanted {
            Some(name) => databases.iter().position(|database| database.name.as_str() == Safe::of(name).as_str()),
            None => (!databases.is_empty()).then_some(0),
        };
        if found.is_none() {
            let known = self.resolved.off.iter().any(|off| wanted.is_none_or(|name| off.name.as_str() == name));
            if known {
                self.note(format!("the card of {} cannot say whom it reaches: its database is off", item.name));
            } else {
                self.wrong(item, "database", "there is no such [[database]]");
            }
        }
        Some(Receivers::Sql { database: found?, sql })
    }

    fn signal_of(&mut self, item: &Item, key: &str) -> Option<usize> {
        let name = text(item, key)?;
        let found = self.resolved.signals.iter().position(|signal| signal.name.as_str() == name);
        if found.is_none() && !self.resolved.off.iter().any(|off| off.name.as_str() == name) {
            let known = self.resolved.signals.iter().map(|signal| signal.name.as_str());
            let hint = super::super::nearest::hint(name, known);
            self.wrong(item, key, &format!("there is no signal named {name:?}{hint}"));
        }
        found
    }
}
