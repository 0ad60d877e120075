//! Layers become one: entries of the same section and name are merged key by key, and every value keeps its place.

use super::keys::{self, Form, Key, Section, runbooks};
use super::problem::{Layer, Place};
use super::read::{Entry, Given};
use super::value::Value;

/// One merged entry.
#[derive(Clone, Debug)]
pub struct Item {
    /// Which section.
    pub section: &'static Section,
    /// Its name.
    pub name: String,
    /// Where it was named first.
    pub place: Place,
    /// Its values, each from the strongest layer that gave it.
    pub values: Vec<(&'static Key, Given)>,
    /// Something in it was refused.
    pub flawed: bool,
}

impl Item {
    /// The value of a key and where it came from.
    #[must_use]
    pub fn given(&self, key: &str) -> Option<&Given> {
        self.values.iter().find(|(k, _)| k.name == key).map(|(_, given)| given)
    }

    /// Where a key was written; the entry's own place when it was not.
    #[must_use]
    pub fn place_of(&self, key: &str) -> &Place {
        self.given(key).map_or(&self.place, |given| &given.place)
    }

    /// Whether nothing but a profile says anything about it.
    #[must_use]
    pub fn only_profile(&self) -> bool {
        self.place.layer == Layer::Profile && self.values.iter().all(|(_, given)| given.place.layer == Layer::Profile)
    }

    /// Whether it is off because its profile leaves it so until it is asked for.
    #[must_use]
    pub fn is_left_off(&self) -> bool {
        self.given("off").is_some_and(|g| g.value == Value::Flag(true) && g.place.layer == Layer::Profile)
    }

    fn take(&mut self, key: &'static Key, given: Given) {
        if self.section.one_of.contains(&key.name) {
            let one_of = self.section.one_of;
            let stays = |other: &Key, from: &Given| {
                let rival = one_of.contains(&other.name) && other.name != key.name;
                let served = !other.with.is_empty() && !other.with.contains(&key.name);
                let path = other.name == "path" && key.name != "origin";
                !((rival || served || path) && from.place.layer < given.place.layer)
            };
            self.values.retain(|(other, from)| stays(other, from));
        }
        match self.values.iter_mut().find(|(k, _)| k.name == key.name) {
            Some((_, old)) => *old = given,
            None => self.values.push((key, given)),
        }
    }
}

/// All layers as one.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// Entries in the order in which they were named first.
    pub items: Vec<Item>,
}

impl Merged {
    /// Puts an entry of the next stronger layer on top.
    pub fn add(&mut self, entry: Entry) {
        if let Some((runbook, ..)) = runbooks::parts_of(&entry.name).filter(|_| entry.section.form == Form::Steps) {
            // Whoever gives steps gives all of them: those of a weaker layer go.
            let is_older = |item: &Item| {
                item.section.form == Form::Steps
                    && item.place.layer < entry.place.layer
                    && runbooks::parts_of(&item.name).is_some_and(|(of, ..)| of == runbook)
            };
            self.items.retain(|item| !is_older(item));
        }
        let known = self.items.iter_mut().find(|i| i.section.name == entry.section.name && i.name == entry.name);
        let Some(item) = known else {
            let Entry { section, name, place, values, flawed } = entry;
            self.items.push(Item { section, name, place, values, flawed });
            return;
        };
        item.flawed |= entry.flawed;
        // Those that exclude others come first, so that what accompanies them is not dropped again.
        let (first, rest): (Vec<_>, Vec<_>) =
            entry.values.into_iter().partition(|(key, _)| item.section.one_of.contains(&key.name));
        for (key, given) in first.into_iter().chain(rest) {
            item.take(key, given);
        }
    }

    /// Puts one value on top.
    pub fn set(&mut self, section: &str, name: &str, key: &str, value: Value, place: &Place) {
        let Some(section) = keys::section(section) else { return };
        let Some(key) = section.key(key) else { return };
        let mut entry = Entry::new(section, name, place.clone());
        entry.values.push((key, Given { value, place: place.clone() }));
        self.add(entry);
    }

    /// Puts on top where something is. Who says where it is asks for it: what a profile leaves off is on then.
    pub fn fill(&mut self, section: &'static str, name: &str, key: &str, value: Value, place: &Place) {
        self.set(section, name, key, value, place);
        if self.find(section, name).is_some_and(Item::is_left_off) {
            self.set(section, name, "off", Value::Flag(false), place);
        }
    }

    /// Entries of a section.
    pub fn of(&self, section: &'static str) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |i| i.section.name == section)
    }

    /// The entry of that name.
    #[must_use]
    pub fn find(&self, section: &'static str, name: &str) -> Option<&Item> {
        self.of(section).find(|i| i.name == name)
    }

    /// A value of the root or of a table.
    #[must_use]
    pub fn given(&self, section: &'static str, key: &str) -> Option<&Given> {
        self.of(section).next().and_then(|i| i.given(key))
    }

    /// Whether the file names an entry of the section, or says itself where one is.
    #[must_use]
    pub fn file_names(&self, section: &'static str, key: &str) -> bool {
        let says = |item: &Item| item.given(key).is_some_and(|given| given.place.layer == Layer::File);
        self.of(section).any(|item| item.place.layer == Layer::File || says(item))
    }
}
