//! Signals: each from its one source, and the connection that carries it.

use std::time::Duration;

use super::super::layers::Item;
use super::super::nearest;
use super::super::problem::Layer;
use super::super::redis_commands;
use super::super::resolved::{CacheSource, OffKind, RedisCommand, ScalarQuery, SignalSource, SignalSpec};
use super::super::value::Value;
use super::builder::Builder;
use super::given::{file, flag, text, texts, time, turn_on};
use super::reach::Reach;
use crate::domain::Safe;
use crate::domain::signal::{PERCENT, Unit};
use crate::domain::source::SignalId;
use crate::remediation::sql_functions;

impl<'a> Builder<'a> {
    pub fn signals(&mut self) {
        let merged = self.merged;
        for item in merged.of("signal") {
            if !self.switched_off(OffKind::Signal, item) {
                self.signal(item);
            }
        }
    }

    fn signal(&mut self, item: &'a Item) {
        let source = item.section.one_of.iter().find(|key| item.given(key).is_some()).copied();
        match source {
            Some("sql") => self.sql_signal(item),
            Some("redis") => self.redis_signal(item),
            Some("url" | "origin") => self.endpoint_signal(item),
            Some("command") => self.host_signal(item, "command", Duration::from_secs(30)),
            Some(key) => self.host_signal(item, key, Duration::from_secs(10)),
            None if item.place.layer == Layer::Profile => {
                let (key, value) = if item.given("cache").is_some() {
                    ("redis", "[\"LLEN\", \"KEY\"]")
                } else if item.given("database").is_some() {
                    ("sql", "\"SELECT …\"")
                } else {
                    ("command", "[\"PROGRAM\"]")
                };
                self.off(OffKind::Signal, item, "set its source", turn_on(item, key, value));
            }
            None => {
                let words =
                    format!("missing: exactly one of {} says where it comes from", item.section.one_of.join(", "));
                self.missing(item, "sql", &words);
            }
        }
    }

    fn push(&mut self, item: &Item, source: SignalSource, unit: &str, interval: Duration) {
        let counter = flag(item, "counter");
        let unit = text(item, "unit").unwrap_or(unit);
        if counter && unit == PERCENT {
            self.wrong(item, "unit", "a counter counts something, and no parts of a hundred");
        }
        let per_second = counter && !unit.ends_with("/s");
        let unit = Unit(Safe::of(if per_second { format!("{unit}/s") } else { unit.to_owned() }));
        // Load is a part of the cores: a bound in percent says what it seems to say.
        let load = matches!(source, SignalSource::Load);
        if load && unit.is_percent() {
            self.wrong(item, "unit", "load is a plain number, 1 for every core busy; leave the unit out");
        }
        let threshold = match item.given("threshold").map(|g| &g.value) {
            Some(Value::Threshold(threshold)) if load => Some(threshold.clone()),
            Some(Value::Threshold(threshold)) => match threshold.clone().in_unit(&unit) {
                Ok(threshold) => Some(threshold),
                Err(words) => {
                    self.wrong(item, "threshold", &words);
                    None
                }
            },
            _ => None,
        };
        self.resolved.signals.push(SignalSpec {
            name: Safe::of(&item.name),
            source,
            unit,
            counter,
            threshold,
            interval,
            deadline: time(item, "deadline").unwrap_or(Duration::from_secs(5)),
        });
    }

    fn next_id(&self) -> SignalId {
        SignalId(u16::try_from(self.resolved.signals.len()).unwrap_or(u16::MAX))
    }

    fn sql_signal(&mut self, item: &Item) {
        let (Some(sql), interval) = (text(item, "sql"), every(item)) else { return };
        if let Some(function) = sql_functions::acting(sql) {
            return self.wrong(item, "sql", &format!("{function} changes something; a signal only reads"));
        }
        let wanted = text(item, "database");
        let databases = &self.resolved.databases;
        let found = match wanted {
            Some(name) => databases.iter().position(|d| d.name.as_str() == Safe::of(name).as_str()),
            None => (!databases.is_empty()).then_some(0),
        };
        let Some(index) = found else { return self.carrier_missing(item, "database", wanted) };
        let query = ScalarQuery { signal: self.next_id(), sql: sql.to_owned(), interval };
        if let Some(database) = self.resolved.databases.get_mut(index) {
            database.scalars.push(query);
        }
        self.push(item, SignalSource::Database { index }, "", interval);
    }

    fn redis_signal(&mut self, item: &Item) {
        let (Some(argv), interval) = (texts(item, "redis"), every(item)) else { return };
        if let Err(words) = redis_commands::allowed(&argv) {
            return self.wrong(item, "redis", words.as_str());
        }
        let wanted = text(item, "cache");
        let found = self.resolved.caches.iter().position(|cache| {
            matches!(cache.source, CacheSource::Redis { .. })
                && wanted.is_none_or(|name| cache.name.as_str() == Safe::of(name).as_str())
        });
        let Some(index) = found else { return self.carrier_missing(item, "cache", wanted) };
        let command = RedisCommand { signal: self.next_id(), argv, interval };
        if let Some(CacheSource::Redis { scalars, .. }) = self.resolved.caches.get_mut(index).map(|c| &mut c.source) {
            scalars.push(command);
        }
        self.push(item, SignalSource::Redis { index }, "", interval);
    }

    /// The database or Redis that should carry a signal is not watched: off when it is off, a problem otherwise.
    fn carrier_missing(&mut self, item: &Item, section: &'static str, wanted: Option<&str>) {
        let kind = if section == "cache" { OffKind::Cache } else { OffKind::Database };
        let known = |off: &&super::super::resolved::OffSpec| {
            off.kind == kind && wanted.is_none_or(|name| off.name.as_str() == Safe::of(name).as_str())
        };
        if let Some(off) = self.resolved.off.iter().find(known).cloned() {
            return self.off(
                OffKind::Signal,
                item,
                format!("its {section} {:?} is off: {}", off.name.as_str(), off.why),
                off.turn_on,
            );
        }
        let merged = self.merged;
        match wanted {
            Some(name) if merged.find(section, name).is_some() => {
                // Of an endpoint no command can be asked; any other trouble of it was told where it is.
                if section == "cache" && merged.find(section, name).is_some_and(|i| i.given("redis").is_none()) {
                    self.wrong(item, section, &format!("[[cache]] {name:?} is no Redis"));
                }
            }
            Some(name) => {
                let hint = nearest::hint(name, merged.of(section).map(|i| i.name.as_str()));
                self.wrong(item, section, &format!("there is no [[{section}]] named {name:?}{hint}"));
            }
            None if merged.of(section).next().is_some() && section == "database" => {}
            None => {
                let key = if section == "cache" { "redis" } else { "sql" };
                self.wrong(item, key, &format!("there is no [[{section}]] that could be asked"));
            }
        }
    }

    fn endpoint_signal(&mut self, item: &'a Item) {
        let url = match self.reach(item) {
            Reach::At(url, _) => url,
            Reach::Off(why, turn_on) => return self.off(OffKind::Signal, item, why, turn_on),
            Reach::Wrong => return,
        };
        let Some(pointer) = text(item, "pointer").map(str::to_owned) else {
            return self.missing(item, "pointer", "missing: which figure of the answer?");
        };
        let request = self.request(item, url);
        self.push(item, SignalSource::Endpoint { request, pointer }, "", every(item));
    }

    fn host_signal(&mut self, item: &Item, key: &str, pause: Duration) {
        if self.is_about_another_machine(OffKind::Signal, item, key) {
            return;
        }
        let (source, unit) = match key {
            "command" => (texts(item, key).map(|argv| SignalSource::Command { argv }), ""),
            "disk" => (file(item, key).map(|path| SignalSource::Disk { path }), "%"),
            "memory" => (flag(item, key).then_some(SignalSource::Memory), "%"),
            _ => (flag(item, key).then_some(SignalSource::Load), ""),
        };
        if let Some(source) = source {
            self.push(item, source, unit, time(item, "interval").unwrap_or(pause));
        }
    }
}

fn every(item: &Item) -> Duration {
    time(item, "interval").unwrap_or(Duration::from_secs(10))
}
