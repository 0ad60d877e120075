//! The strict reader: TOML text becomes entries, and every problem at once, with line and key.

use std::collections::HashMap;

use toml::de::{DeTable, DeValue};

use super::keys::{self, Form, Key, Section, runbooks};
use super::nearest;
use super::problem::{Place, Problem};
use super::value::{self, Context, Value};

mod steps;

/// Most problems that are told of one file; more help nobody.
const MOST_PROBLEMS: usize = 200;

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The value.
    pub value: Value,
    /// Where.
    pub place: Place,
}

/// One section of one source.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which section.
    pub section: &'static Section,
    /// The value of `name` in a named section; empty otherwise.
    pub name: String,
    /// Where it begins.
    pub place: Place,
    /// Its values, `name` aside.
    pub values: Vec<(&'static Key, Given)>,
    /// Something in it was refused: what it lacks now need not be told again.
    pub flawed: bool,
}

impl Entry {
    /// An entry without values.
    #[must_use]
    pub fn new(section: &'static Section, name: &str, place: Place) -> Entry {
        Entry { section, name: name.to_owned(), place, values: Vec::new(), flawed: false }
    }

    /// The key as it stands in problems: `service "api".interval`.
    #[must_use]
    pub fn path(&self, key: &str) -> String {
        path(self.section, &self.name, key)
    }
}

/// `service "api".interval`, `screen.theme`, `name`.
#[must_use]
pub fn path(section: &Section, name: &str, key: &str) -> String {
    let dot = if key.is_empty() { "" } else { "." };
    match section.form {
        Form::Root => key.to_owned(),
        Form::Table => format!("{}{dot}{key}", section.name),
        Form::Named if name.is_empty() => format!("{}{dot}{key}", section.name),
        Form::Named => format!("{} {name:?}{dot}{key}", section.name),
        Form::Steps => match runbooks::parts_of(name) {
            Some((runbook, number, false)) => format!("runbook {runbook:?} step {number}{dot}{key}"),
            Some((runbook, number, true)) => format!("runbook {runbook:?} step {number}.undo{dot}{key}"),
            None => format!("{}{dot}{key}", section.name),
        },
    }
}

/// Reads one configuration.
#[must_use]
pub fn read(text: &str, place: &Place, context: &Context<'_>) -> (Vec<Entry>, Vec<Problem>) {
    read_as(&keys::SECTIONS, text, place, context)
}

/// Reads one text that may have these sections, that of its root among them.
#[must_use]
pub fn read_as(
    sections: &'static [&'static Section],
    text: &str,
    place: &Place,
    context: &Context<'_>,
) -> (Vec<Entry>, Vec<Problem>) {
    let mut reader = Reader { sections, text, place, context, entries: Vec::new(), problems: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let place = error.span().map_or_else(|| place.clone(), |span| reader.at(span.start));
        reader.problems.push(Problem::new(&place, "", format!("not TOML: {}", error.message())));
    }
    let broken: Vec<Option<usize>> = reader.problems.iter().map(|p| p.place.line).collect();
    reader.top(table.get_ref());
    reader.twins();
    // What follows from a line that is no TOML is noise.
    let mut seen = 0;
    reader.problems.retain(|p| {
        seen += 1;
        seen <= broken.len() || !broken.contains(&p.place.line)
    });
    reader.problems.truncate(MOST_PROBLEMS);
    (reader.entries, reader.problems)
}

/// Words by which a key goes elsewhere, the command line among it, and what it is here.
const MEANT: [(&str, &str); 4] =
    [("every", "interval"), ("period", "interval"), ("timeout", "deadline"), ("threshold", "bad_when")];

struct Reader<'a> {
    sections: &'static [&'static Section],
    text: &'a str,
    place: &'a Place,
    context: &'a Context<'a>,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn at(&self, offset: usize) -> Place {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        self.place.at(1 + memchr::memchr_iter(b'\n', before).count())
    }

    fn problem(&mut self, offset: usize, key: &str, words: &str) {
        let place = self.at(offset);
        self.problems.push(Problem::new(&place, key, words));
    }

    fn top(&mut self, table: &DeTable<'_>) {
        let Some(root) = self.sections.iter().copied().find(|s| s.form == Form::Root) else { return };
        let below = |s: &Section| !matches!(s.form, Form::Root | Form::Steps);
        let mut entry = Entry::new(root, "", self.at(0));
        for (name, value) in table {
            let word: &str = name.get_ref();
            let offset = name.span().start;
            if root.key(word).is_some() {
                self.value(&mut entry, word, offset, value.get_ref());
            } else if let Some(section) = self.sections.iter().copied().find(|s| s.name == word && below(s)) {
                self.section(section, offset, value);
            } else {
                let known = self.sections.iter().filter(|s| below(s)).map(|s| s.name);
                let hint = nearest::hint(word, known.chain(root.keys.iter().map(|k| k.name)));
                self.problem(offset, word, &format!("no such key or section{hint}"));
            }
        }
        if !entry.values.is_empty() {
            self.entries.push(entry);
        }
    }

    fn section(&mut self, section: &'static Section, offset: usize, value: &toml::Spanned<DeValue<'_>>) {
        match (section.form, value.get_ref()) {
            (Form::Table, DeValue::Table(table)) => self.entry(section, offset, table),
            (Form::Named, DeValue::Array(items)) => {
                for item in items {
                    match item.get_ref() {
                        DeValue::Table(table) => self.entry(section, item.span().start, table),
                        _ => self.problem(item.span().start, section.name, "every entry is a table"),
                    }
                }
            }
            (Form::Table, _) => self.problem(offset, section.name, &format!("write it as [{}]", section.name)),
            _ => self.problem(offset, section.name, &format!("there may be many: write it as [[{}]]", section.name)),
        }
    }

    fn entry(&mut self, section: &'static Section, offset: usize, table: &DeTable<'_>) {
        let mut entry = Entry::new(section, "", self.at(offset));
        let mut steps = Vec::new();
        if section.form == Form::Named {
            entry.name = self.name_of(section, offset, table);
        }
        for (name, value) in table {
            let word: &str = name.get_ref();
            if word == "name" && section.form == Form::Named {
                continue;
            }
            if word == "step" && section.name == keys::runbooks::RUNBOOK.name {
                steps.push((name.span().start, value));
                continue;
            }
            self.value(&mut entry, word, name.span().start, value.get_ref());
        }
        self.alternatives(&entry);
        let runbook = entry.name.clone();
        entry.flawed |= steps.iter().any(|(_, value): &(usize, _)| !matches!(value.get_ref(), DeValue::Array(_)));
        self.entries.push(entry);
        for (offset, value) in steps {
            self.steps(&runbook, offset, value.get_ref());
        }
    }

    fn name_of(&mut self, section: &'static Section, offset: usize, table: &DeTable<'_>) -> String {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == "name") else {
            // What was meant as the name is told for what it is: one slip is one fault.
            let known = || section.keys.iter().map(|key| key.name);
            let is_slip = |word: &str| section.key(word).is_none() && nearest::nearest(word, known()) == Some("name");
            if !table.iter().any(|(word, _)| is_slip(word.get_ref())) {
                self.problem(
                    offset,
                    &path(section, "", "name"),
                    &format!("missing: every {} has a name", section.name),
                );
            }
            return String::new();
        };
        match value::of_toml(&keys::Kind::Name, value.get_ref(), self.context) {
            Ok(Value::Text(name)) => name,
            Ok(_) => String::new(),
            Err(words) => {
                self.problem(key.span().start, &path(section, "", "name"), &words);
                String::new()
            }
        }
    }

    fn value(&mut self, entry: &mut Entry, word: &str, offset: usize, value: &DeValue<'_>) {
        let Some(key) = entry.section.key(word) else {
            let known = || entry.section.keys.iter().map(|k| k.name);
            let meant = MEANT.iter().find(|(other, own)| *other == word && known().any(|known| known == *own));
            let meant = meant.or_else(|| {
                let near = nearest::nearest(word, MEANT.iter().map(|(other, _)| *other))?;
                MEANT.iter().find(|(other, own)| *other == near && known().any(|known| known == *own))
            });
            let own = nearest::hint(word, known());
            let hint = match meant {
                Some((_, meant)) if own.is_empty() => format!("; did you mean {meant:?}?"),
                _ => own,
            };
            let allowed: Vec<&str> = entry.section.keys.iter().map(|k| k.name).collect();
            let more = if hint.is_empty() { format!("; allowed: {}", allowed.join(", ")) } else { hint };
            let path = entry.path(word);
            entry.flawed = true;
            return self.problem(offset, &path, &format!("no such key{more}"));
        };
        match value::of_toml(&key.kind, value, self.context) {
            Ok(value) => entry.values.push((key, Given { value, place: self.at(offset) })),
            Err(words) => {
                let path = entry.path(word);
                entry.flawed = true;
                self.problem(offset, &path, &words);
            }
        }
    }

    /// Two sources of one thing in one entry.
    fn alternatives(&mut self, entry: &Entry) {
        let given: Vec<&(&Key, Given)> =
            entry.values.iter().filter(|(key, _)| entry.section.one_of.contains(&key.name)).collect();
        if let [first, second, ..] = given.as_slice() {
            let later = if first.1.place.line > second.1.place.line { first } else { second };
            let names: Vec<&str> = given.iter().map(|(key, _)| key.name).collect();
            let words = format!("{} exclude each other; keep one of them", names.join(" and "));
            self.problems.push(Problem::new(&later.1.place, entry.path(later.0.name), words));
        }
    }

    /// Two entries of one name.
    fn twins(&mut self) {
        let mut seen: HashMap<(&str, &str), &Place> = HashMap::new();
        for entry in self.entries.iter().filter(|e| e.section.form == Form::Named && !e.name.is_empty()) {
            if let Some(first) = seen.insert((entry.section.name, &entry.name), &entry.place) {
                let words = format!("there is one of this name already, on line {}", first.line.unwrap_or(0));
                self.problems.push(Problem::new(&entry.place, entry.path("name"), words));
            }
        }
    }
}
