//! From YAML to groups and rules with the lines of each text. It is lenient, since documents quote fragments: a list of rules
//! without its group is read as one. What Prometheus itself refuses is said by the strict reader of rules files.

use std::time::Duration;

use promql_parser::util::parse_duration;

use crate::doctor::yaml::{self, Node};

/// A text and its line.
#[derive(Clone, Debug, Default)]
pub struct Text {
    pub value: String,
    pub line: usize,
}

/// A group of rules.
#[derive(Clone, Debug, Default)]
pub struct Group {
    pub interval: Option<Duration>,
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    pub is_alert: bool,
    pub name: String,
    pub line: usize,
    pub expr: Text,
    pub pending: Option<(Duration, usize)>,
    pub labels: Vec<(String, Text)>,
    pub annotations: Vec<(String, Text)>,
}

/// Most levels of documents in documents.
const DEPTH: usize = 4;

/// The groups of a document, and of those that it carries: a Kubernetes list, a map of files.
pub fn all(document: &Node) -> Vec<Group> {
    carried(document, DEPTH)
}

fn carried(document: &Node, depth: usize) -> Vec<Group> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    if let Some(groups) = groups(document) {
        return groups;
    }
    let is = |kind: &str| document.get("kind").and_then(Node::text) == Some(kind);
    if is("List") || is("PrometheusRuleList") {
        let items = document.get("items").map(Node::items).unwrap_or_default();
        return items.iter().flat_map(|item| carried(item, depth)).collect();
    }
    let files = document.get("data").filter(|_| is("ConfigMap")).map(Node::entries).unwrap_or_default();
    let texts = files.iter().filter_map(|(key, value)| Some((key.line, value.text()?)));
    texts
        .filter(|(_, text)| text.contains("expr:"))
        // A text of several lines begins below its key.
        .filter_map(|(line, text)| yaml::parse(text, line + 1).ok())
        .flatten()
        .flat_map(|inner| carried(&inner, depth))
        .collect()
}

/// The groups of a document; nothing when it does not look like rules.
fn groups(document: &Node) -> Option<Vec<Group>> {
    // A Kubernetes PrometheusRule holds them under `spec`.
    let root = document.get("spec").filter(|spec| spec.get("groups").is_some()).unwrap_or(document);
    if let Some(groups) = root.get("groups") {
        let found: Vec<Group> = groups.items().iter().map(group).collect();
        return found.iter().any(|g| !g.rules.is_empty()).then_some(found);
    }
    let list = root.get("rules").map_or_else(|| root.items(), Node::items);
    let mut rules: Vec<Rule> = list.iter().filter_map(rule).collect();
    if list.is_empty() {
        rules.extend(rule(root));
    }
    (!rules.is_empty()).then(|| vec![Group { interval: duration(root, "interval").map(|d| d.0), rules }])
}

fn group(node: &Node) -> Group {
    let rules = node.get("rules").map(Node::items).unwrap_or_default();
    Group { interval: duration(node, "interval").map(|d| d.0), rules: rules.iter().filter_map(rule).collect() }
}

fn rule(node: &Node) -> Option<Rule> {
    let alert = node.get("alert").and_then(Node::text);
    let name = alert.or_else(|| node.get("record").and_then(Node::text))?;
    let (key, expr) = node.entry("expr")?;
    Some(Rule {
        is_alert: alert.is_some(),
        name: name.to_owned(),
        line: node.line,
        expr: Text { value: expr.text()?.trim().to_owned(), line: key.line },
        pending: duration(node, "for"),
        labels: texts(node.get("labels")),
        annotations: texts(node.get("annotations")),
    })
}

fn texts(node: Option<&Node>) -> Vec<(String, Text)> {
    let entries = node.map(Node::entries).unwrap_or_default();
    let one = |(key, value): &(Node, Node)| {
        Some((key.text()?.to_owned(), Text { value: value.text()?.to_owned(), line: key.line }))
    };
    entries.iter().filter_map(one).collect()
}

fn duration(node: &Node, key: &str) -> Option<(Duration, usize)> {
    let (key, value) = node.entry(key)?;
    let text = value.text()?;
    let read = if text == "0" { Some(Duration::ZERO) } else { parse_duration(text).ok() };
    read.map(|d| (d, key.line))
}
