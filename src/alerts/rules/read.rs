//! The strict reader of one file: a tree of YAML becomes groups and rules, and every problem at once.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::name::{self, Name};
use super::problem::Problem;
use super::yaml::{self, Node, Value};
use super::{Alerting, Group, Kind, Loaded, Rule, duration};
use crate::alerts::template;
use crate::domain::nearest;

/// Most problems that are told of one file; more help nobody.
const MOST_PROBLEMS: usize = 200;
const FILE_KEYS: &[&str] = &["groups"];
const GROUP_KEYS: &[&str] = &["name", "interval", "limit", "query_offset", "labels", "rules"];
const RULE_KEYS: &[&str] = &["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"];

/// Reads one file into what was loaded.
pub fn read(file: &str, text: &str, into: &mut Loaded) {
    let mut reader = Reader { file, problems: Vec::new(), remarks: Vec::new() };
    match yaml::parse(text) {
        Ok(Some(root)) => into.groups.extend(reader.file(&root)),
        Ok(None) => {}
        Err((line, words)) => reader.problem(line, "", words),
    }
    reader.problems.sort_by_key(|problem| problem.line);
    reader.problems.truncate(MOST_PROBLEMS);
    reader.remarks.truncate(MOST_PROBLEMS);
    into.problems.append(&mut reader.problems);
    into.remarks.append(&mut reader.remarks);
}

struct Reader<'a> {
    file: &'a str,
    problems: Vec<Problem>,
    remarks: Vec<Problem>,
}

/// Values by key, each with the line of its key.
type Fields<'n> = HashMap<&'n str, (usize, &'n Node)>;

impl Reader<'_> {
    fn problem(&mut self, line: usize, key: &str, words: impl AsRef<str>) {
        self.problems.push(Problem::new(self.file, line, key, words));
    }

    fn remark(&mut self, line: usize, key: &str, words: impl AsRef<str>) {
        self.remarks.push(Problem::new(self.file, line, key, words));
    }

    fn file(&mut self, root: &Node) -> Vec<Group> {
        let fields = self.fields(root, "", FILE_KEYS);
        let mut groups: Vec<Group> = Vec::new();
        for (number, node) in self.list(&fields, "groups", "").iter().enumerate() {
            if node.value == Value::Null {
                self.remark(node.line, &format!("group {}", number + 1), "there is nothing here");
                continue;
            }
            let Some(group) = self.group(node, number + 1) else { continue };
            if let Some(first) = groups.iter().find(|known| known.name == group.name) {
                let words = format!("there is a group of this name already, on line {}", first.line);
                self.problem(group.line, &format!("group {:?}.name", group.name), words);
            }
            groups.push(group);
        }
        groups
    }

    fn group(&mut self, node: &Node, number: usize) -> Option<Group> {
        let numbered = format!("group {number}");
        let written = text_of(node, "name").filter(|name| !name.is_empty());
        let key = written.map_or(numbered, |name| format!("group {name:?}"));
        if !matches!(node.value, Value::Map(_)) {
            self.problem(node.line, &key, format!("a group has keys, such as name and rules; this is {}", node.word()));
            return None;
        }
        let fields = self.fields(node, &key, GROUP_KEYS);
        let name = self.text(&fields, "name", &key).map(|(_, name)| name).unwrap_or_default();
        if name.is_empty() {
            self.problem(node.line, &format!("{key}.name"), "missing: every group has a name");
        }
        let interval = self.duration(&fields, "interval", &key).filter(|interval| !interval.is_zero());
        let query_offset = self.duration(&fields, "query_offset", &key);
        let limit = self.limit(&fields, &key);
        let labels = self.names(&fields, "labels", &key);
        let rules = self.list(&fields, "rules", &key).iter().enumerate();
        let rules = rules.filter_map(|(at, rule)| self.rule(rule, at + 1, &key, &labels)).collect();
        Some(Group { file: self.file.to_owned(), name, line: node.line, interval, limit, query_offset, rules })
    }

    fn rule(&mut self, node: &Node, number: usize, group: &str, inherited: &[(String, String)]) -> Option<Rule> {
        let named = text_of(node, "alert").or_else(|| text_of(node, "record")).filter(|name| !name.is_empty());
        let key = match named {
            Some(name) => format!("{group} rule {number} {name:?}"),
            None => format!("{group} rule {number}"),
        };
        if node.value == Value::Null {
            self.remark(node.line, &key, "there is nothing here");
            return None;
        }
        if !matches!(node.value, Value::Map(_)) {
            let words = format!("a rule has keys, such as alert and expr; this is {}", node.word());
            self.problem(node.line, &key, words);
            return None;
        }
        let fields = self.fields(node, &key, RULE_KEYS);
        let alert = self.text(&fields, "alert", &key).filter(|(_, name)| !name.is_empty());
        let record = self.text(&fields, "record", &key).filter(|(_, name)| !name.is_empty());
        let hold = self.duration(&fields, "for", &key).unwrap_or_default();
        let keep_firing = self.duration(&fields, "keep_firing_for", &key).unwrap_or_default();
        let own = self.names(&fields, "labels", &key);
        let annotations = self.names(&fields, "annotations", &key);
        let (expr_line, expr) = self.text(&fields, "expr", &key).unwrap_or((node.line, String::new()));
        if expr.trim().is_empty() && !fields.get("expr").is_some_and(|(_, node)| is_nested(node)) {
            self.problem(expr_line, &format!("{key}.expr"), "missing: every rule has an expression");
        }
        let mut labels: BTreeMap<String, String> = inherited.iter().cloned().collect();
        labels.extend(own);
        let labels: Vec<(String, String)> = labels.into_iter().collect();
        let (name, kind) = match (alert, record) {
            (Some((_, name)), None) => {
                self.templates(&fields, &key);
                (name, Kind::Alert(Alerting { hold, keep_firing, annotations }))
            }
            (None, Some((line, name))) => {
                self.recorded(&fields, &key, line, &name);
                (name, Kind::Record)
            }
            (Some(_), Some((line, _))) => {
                self.problem(line, &key, "alert and record exclude each other; keep one of them");
                return None;
            }
            (None, None) => {
                self.problem(node.line, &key, "missing: a rule has one of alert and record");
                return None;
            }
        };
        Some(Rule { name, expr, line: node.line, expr_line, labels, kind })
    }

    /// What a recording rule may not have, and its name.
    fn recorded(&mut self, fields: &Fields<'_>, key: &str, line: usize, name: &str) {
        for word in ["for", "keep_firing_for", "annotations"] {
            let zero = |node: &Node| {
                matches!(&node.value, Value::Null)
                    || node.value == Value::Map(Vec::new())
                    || matches!(&node.value, Value::Text(t) if duration::parse(t).is_ok_and(|d| d.is_zero()))
            };
            if let Some((line, node)) = fields.get(word)
                && !zero(node)
            {
                self.problem(*line, &format!("{key}.{word}"), "only a rule that alerts has this; this one records");
            }
        }
        match name::metric(name) {
            Name::Plain => {}
            Name::Quoted => self.remark(line, &format!("{key}.record"), "a name that only Prometheus 3 takes"),
            Name::Wrong => {
                let words = "no name of a metric: braces belong into the expression; allowed: letters, digits, _ and :";
                self.problem(line, &format!("{key}.record"), words);
            }
        }
    }

    /// A template that cannot be read is shown as such when it is expanded: the alert matters more than its words.
    fn templates(&mut self, fields: &Fields<'_>, key: &str) {
        for word in ["labels", "annotations"] {
            let Some((_, Node { value: Value::Map(pairs), .. })) = fields.get(word) else { continue };
            for (name, value) in pairs {
                let (Value::Text(name_text), Value::Text(text)) = (&name.value, &value.value) else { continue };
                if let Err(why) = template::check(text) {
                    self.remark(name.line, &format!("{key}.{word}.{name_text}"), format!("this template fails: {why}"));
                }
            }
        }
    }

    /// The keys of a node, each known and there once.
    fn fields<'n>(&mut self, node: &'n Node, key: &str, known: &[&str]) -> Fields<'n> {
        let mut fields = Fields::new();
        let Value::Map(pairs) = &node.value else {
            if node.value != Value::Null {
                self.problem(node.line, key, format!("keys with values are wanted; this is {}", node.word()));
            }
            return fields;
        };
        for (name, value) in pairs {
            let Some(word) = self.word(name, key) else { continue };
            let path = if key.is_empty() { word.to_owned() } else { format!("{key}.{word}") };
            if !known.contains(&word) {
                let hint = nearest::hint(word, known.iter().copied());
                let more = if hint.is_empty() { format!("; allowed: {}", known.join(", ")) } else { hint };
                self.problem(name.line, &path, format!("no such key{more}"));
            } else if let Some((first, _)) = fields.get(word) {
                self.problem(name.line, &path, format!("this key is there already, on line {first}"));
            } else {
                fields.insert(word, (name.line, value));
            }
        }
        fields
    }

    fn word<'n>(&mut self, name: &'n Node, key: &str) -> Option<&'n str> {
        if let Value::Text(word) = &name.value {
            return Some(word);
        }
        self.problem(name.line, key, format!("a key is a word; this is {}", name.word()));
        None
    }

    fn list<'n>(&mut self, fields: &Fields<'n>, word: &str, key: &str) -> &'n [Node] {
        match fields.get(word).map(|(_, node)| (*node, &node.value)) {
            None | Some((_, Value::Null)) => &[],
            Some((_, Value::List(nodes))) => nodes,
            Some((node, _)) => {
                let path = if key.is_empty() { word.to_owned() } else { format!("{key}.{word}") };
                self.problem(node.line, &path, format!("a list is wanted; this is {}", node.word()));
                &[]
            }
        }
    }

    /// Text, with the line it begins on.
    fn text(&mut self, fields: &Fields<'_>, word: &str, key: &str) -> Option<(usize, String)> {
        let (line, node) = fields.get(word)?;
        match &node.value {
            Value::Text(text) => Some((node.line, text.clone())),
            Value::Null => Some((*line, String::new())),
            _ => {
                let words = format!("text is wanted; this is {}", node.word());
                self.problem(*line, &format!("{key}.{word}"), words);
                None
            }
        }
    }

    fn duration(&mut self, fields: &Fields<'_>, word: &str, key: &str) -> Option<Duration> {
        let line = fields.get(word).filter(|(_, node)| node.value != Value::Null)?.0;
        let (_, text) = self.text(fields, word, key)?;
        match duration::parse(&text) {
            Ok(duration) => Some(duration),
            Err(words) => {
                self.problem(line, &format!("{key}.{word}"), words);
                None
            }
        }
    }

    fn limit(&mut self, fields: &Fields<'_>, key: &str) -> usize {
        let Some((line, node)) = fields.get("limit").filter(|(_, node)| node.value != Value::Null) else { return 0 };
        let path = format!("{key}.limit");
        let text = if let Value::Text(text) = &node.value { text.replace('_', "") } else { String::new() };
        let hexadecimal = text.strip_prefix("0x").and_then(|digits| i64::from_str_radix(digits, 16).ok());
        let whole = hexadecimal.or_else(|| text.parse::<i64>().ok());
        let float = text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number as i64);
        let Some(number) = whole.or(float).filter(|_| !node.quoted) else {
            self.problem(*line, &path, "a whole number is wanted; 0 is no limit");
            return 0;
        };
        if whole.is_none() {
            self.remark(*line, &path, format!("a whole number is wanted; this is taken for {number}"));
        }
        // What is below zero is no limit either.
        usize::try_from(number).unwrap_or(0)
    }

    /// Labels or annotations, by name.
    fn names(&mut self, fields: &Fields<'_>, word: &str, key: &str) -> Vec<(String, String)> {
        let Some((line, node)) = fields.get(word).filter(|(_, node)| node.value != Value::Null) else {
            return Vec::new();
        };
        let path = format!("{key}.{word}");
        let Value::Map(pairs) = &node.value else {
            self.problem(*line, &path, format!("names with values are wanted; this is {}", node.word()));
            return Vec::new();
        };
        let mut given: BTreeMap<String, (usize, String)> = BTreeMap::new();
        for (name, value) in pairs {
            let Some(written) = self.word(name, &path) else { continue };
            let place = format!("{path}.{written}");
            match name::label(written) {
                Name::Plain => {}
                Name::Quoted => self.remark(name.line, &place, "a name that only Prometheus 3 takes"),
                Name::Wrong if word == "annotations" && !written.is_empty() => {}
                Name::Wrong => self.problem(name.line, &place, "not a name; allowed: letters, digits and _"),
            }
            let text = match &value.value {
                Value::Text(text) => text.clone(),
                Value::Null => String::new(),
                _ => {
                    self.problem(value.line, &place, format!("text is wanted; this is {}", value.word()));
                    continue;
                }
            };
            if let Some((first, _)) = given.get(written) {
                let words = format!("this name is there already, on line {first}");
                self.problem(name.line, &place, words);
            } else {
                given.insert(written.to_owned(), (name.line, text));
            }
        }
        given.into_iter().map(|(name, (_, text))| (name, text)).collect()
    }
}

fn is_nested(node: &Node) -> bool {
    matches!(node.value, Value::List(_) | Value::Map(_))
}

/// The text of a key, looked at before anything is checked.
fn text_of<'n>(node: &'n Node, word: &str) -> Option<&'n str> {
    let Value::Map(pairs) = &node.value else { return None };
    pairs.iter().find_map(|(name, value)| match (&name.value, &value.value) {
        (Value::Text(name), Value::Text(text)) if name == word => Some(text.as_str()),
        _ => None,
    })
}
