//! Findings in an Alertmanager configuration, alone and against the rules whose alerts it routes.

use std::collections::BTreeSet;

use regex::Regex;

use super::code::Code;
use super::finding::Findings;
use super::pattern::Pattern;
use super::rules::read::Rule;
use super::yaml::Node;

/// Labels that only rules set. Others (job, namespace, cluster) come from series and from external labels.
const OF_RULES: &[&str] = &["severity", "priority", "urgency", "page", "pager", "team", "owner", "tier"];
/// Most sibling routes, and values of a label, that are held against each other.
const COMPARED: usize = 200;
/// Most rules that a sentence names.
const NAMED: usize = 6;

static VARIABLE: Pattern = Pattern::new(|| Regex::new(r"\$\{?([A-Z][A-Z0-9_]+)\}?").ok());
static MATCHER: Pattern =
    Pattern::new(|| Regex::new(r#"^\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*$"#).ok());

/// Whether a document is an Alertmanager configuration.
pub fn is_one(document: &Node) -> bool {
    document.get("route").is_some() && document.get("receivers").is_some()
}

/// A rule and the file it stands in.
pub type Placed<'a> = (&'a Rule, &'a str);

/// Everything that is wrong in it. No rules: nothing is said about labels.
pub fn check(document: &Node, rules: &[Placed<'_>], to: &mut Findings) {
    let Some(top) = document.get("route") else { return };
    let mut routes = Vec::new();
    collect(top, &[], &mut routes);
    receivers(document, &routes, to);
    unreachable(top, to);
    variables(document, to);
    let alerts: Vec<Placed<'_>> = rules.iter().filter(|(r, _)| r.is_alert).copied().collect();
    if !alerts.is_empty() {
        labels(document, &routes, top, &alerts, to);
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Matcher {
    label: String,
    how: String,
    value: String,
    line: usize,
}

impl Matcher {
    fn same(&self, other: &Matcher) -> bool {
        (&self.label, &self.how, &self.value) == (&other.label, &other.how, &other.value)
    }

    /// Whether a value passes; a pattern that cannot be read lets everything pass.
    fn passes(&self, value: &str) -> bool {
        let matched = || Regex::new(&format!("^(?:{})$", self.value)).is_ok_and(|r| r.is_match(value));
        match self.how.as_str() {
            "=" => self.value == value,
            "!=" => self.value != value,
            "=~" => matched(),
            _ => !matched(),
        }
    }
}

struct Route<'a> {
    node: &'a Node,
    /// Its own and those of the routes it stands in.
    matchers: Vec<Matcher>,
}

fn collect<'a>(node: &'a Node, outer: &[Matcher], routes: &mut Vec<Route<'a>>) {
    let mut matchers = outer.to_vec();
    matchers.extend(own(node));
    for child in node.get("routes").map(Node::items).unwrap_or_default() {
        collect(child, &matchers, routes);
    }
    routes.push(Route { node, matchers });
}

/// The matchers of a route: `matchers`, and the older `match` and `match_re`.
fn own(node: &Node) -> Vec<Matcher> {
    let mut found = Vec::new();
    for (key, how) in [("match", "="), ("match_re", "=~")] {
        for (label, value) in node.get(key).map(Node::entries).unwrap_or_default() {
            if let (Some(name), Some(text)) = (label.text(), value.text()) {
                found.push(Matcher { label: name.into(), how: how.into(), value: text.into(), line: label.line });
            }
        }
    }
    for item in node.get("matchers").map(Node::items).unwrap_or_default() {
        let parts = item.text().unwrap_or_default().trim_matches(['{', '}']).split(',');
        for c in parts.filter_map(|p| MATCHER.captures(p)) {
            let part = |at: usize| c.get(at).map(|m| m.as_str().to_owned()).unwrap_or_default();
            found.push(Matcher { label: part(1), how: part(2), value: part(3), line: item.line });
        }
    }
    found
}

fn receivers(document: &Node, routes: &[Route<'_>], to: &mut Findings) {
    let defined: BTreeSet<&str> = document
        .get("receivers")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|r| r.get("name").and_then(Node::text))
        .collect();
    for route in routes {
        let Some((key, name)) = route.node.entry("receiver").and_then(|(k, v)| Some((k, v.text()?))) else { continue };
        if !defined.contains(name) {
            let all = defined.iter().copied().collect::<Vec<_>>().join(", ");
            let why = format!(
                "the receiver {name} is not defined, so Alertmanager refuses the whole file; defined are {all}"
            );
            to.add(Code::ReceiverMissing, key.line, why, format!("receivers:\n  - name: '{name}'"));
        }
    }
}

/// Routes behind one that takes all that they could have had.
fn unreachable(node: &Node, to: &mut Findings) {
    let children = node.get("routes").map(Node::items).unwrap_or_default();
    let mut before: Vec<(Vec<Matcher>, usize)> = Vec::new();
    for child in children {
        let matchers = own(child);
        let taker = before.iter().find(|(taken, _)| taken.iter().all(|m| matchers.iter().any(|own| own.same(m))));
        if let Some((_, line)) = taker {
            let why = format!(
                "no alert comes to this route: the one on line {line} takes all that match it and has no continue"
            );
            to.add(
                Code::RouteUnreachable,
                child.line,
                why,
                "continue: true   # at the route before, or this one above it",
            );
        }
        if before.len() < COMPARED && child.get("continue").and_then(Node::text) != Some("true") {
            before.push((matchers, child.line));
        }
        unreachable(child, to);
    }
}

fn variables(document: &Node, to: &mut Findings) {
    let mut open = vec![document];
    while let Some(node) = open.pop() {
        open.extend(node.items());
        for (key, value) in node.entries() {
            open.push(value);
            let (Some(key_text), Some(text)) = (key.text(), value.text()) else { continue };
            if let Some(name) = VARIABLE.firsts(text).first().filter(|_| !text.contains("{{")) {
                let why =
                    format!("Alertmanager expands no environment variables: {key_text} is the text {text} itself");
                to.add(Code::VariableNotExpanded, key.line, why, from_file(key_text, name));
            }
        }
    }
}

/// Keys whose value may stand in a file of its own; its key ends in `_file`.
const FROM_FILE: &[&str] = &[
    "api_url",
    "slack_api_url",
    "service_key",
    "routing_key",
    "url",
    "webhook_url",
    "password",
    "smtp_auth_password",
    "auth_password",
    "bearer_token",
    "credentials",
    "opsgenie_api_key",
    "api_key",
    "victorops_api_key",
    "bot_token",
    "token",
    "user_key",
];

/// The value from a file, or where it comes from else.
fn from_file(key: &str, variable: &str) -> String {
    if FROM_FILE.contains(&key) {
        return format!("{key}_file: /etc/alertmanager/secrets/{}", variable.to_lowercase());
    }
    format!(
        "{key}: 'the value itself'   # or put it in when the file is made: envsubst < alertmanager.yml.in > alertmanager.yml"
    )
}

/// A value that lets alerts pass the matcher, as YAML; where none is known, one to be chosen.
fn value(matcher: &Matcher) -> String {
    let first = matcher.value.split('|').next().unwrap_or_default();
    let stripped = first.trim_matches(['(', ')', '^', '$']).trim_end_matches(".*");
    let found = [matcher.value.as_str(), stripped, "critical", "warning", "info"];
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' '));
    match found.into_iter().find(|text| !text.trim().is_empty() && is_plain(text) && matcher.passes(text)) {
        Some(text) if text.parse::<f64>().is_err() && !matches!(text, "true" | "false" | "yes" | "no" | "null") => {
            text.to_owned()
        }
        Some(text) => format!("'{text}'"),
        None => format!("'…'   # a value for which {}{}'{}' holds", matcher.label, matcher.how, matcher.value),
    }
}

/// The receiver that is meant by a value: one that is named so, or the default.
fn receiver<'d>(document: &'d Node, named: &str, default: &'d str) -> &'d str {
    let all = document.get("receivers").map(Node::items).unwrap_or_default();
    let mut defined = all.iter().filter_map(|r| r.get("name").and_then(Node::text));
    defined.find(|name| name.to_lowercase().contains(&named.to_lowercase())).unwrap_or(default)
}

fn labels(document: &Node, routes: &[Route<'_>], top: &Node, alerts: &[Placed<'_>], to: &mut Findings) {
    let needed: BTreeSet<&str> =
        routes.iter().flat_map(|r| &r.matchers).map(|m| m.label.as_str()).filter(|l| OF_RULES.contains(l)).collect();
    let default = top.get("receiver").and_then(Node::text).unwrap_or("the default receiver");
    for label in needed {
        let matchers: Vec<&Matcher> = routes.iter().flat_map(|r| &r.matchers).filter(|m| m.label == label).collect();
        let Some(first) = matchers.iter().min_by_key(|m| m.line) else { continue };
        let (with, without): (Vec<Placed<'_>>, Vec<Placed<'_>>) =
            alerts.iter().copied().partition(|(rule, _)| rule.labels.iter().any(|(name, _)| name == label));
        if with.is_empty() {
            let values: BTreeSet<&str> = matchers.iter().map(|m| m.value.as_str()).collect();
            let values = values.into_iter().collect::<Vec<_>>().join(", ");
            let why = format!(
                "routes decide by {label} ({values}) and none of the {} alerting rules sets it ({}): every alert goes to {default}",
                alerts.len(),
                names(alerts)
            );
            to.add(
                Code::LabelNeverSet,
                first.line,
                why,
                format!("labels:          # in each rule\n  {label}: {}", value(first)),
            );
            continue;
        }
        if !without.is_empty() {
            let why = format!(
                "routes decide by {label}, which these rules do not set, so they go to {default}: {}",
                names(&without)
            );
            to.add(Code::RuleWithoutRoutingLabel, first.line, why, format!("labels:\n  {label}: {}", value(first)));
        }
        unrouted(document, &Needed { label, matchers: &matchers, default, line: first.line }, &with, to);
    }
}

/// A label that routes decide by.
struct Needed<'a> {
    label: &'a str,
    matchers: &'a [&'a Matcher],
    default: &'a str,
    line: usize,
}

fn unrouted(document: &Node, needed: &Needed<'_>, with: &[Placed<'_>], to: &mut Findings) {
    let Needed { label, matchers, default, line } = *needed;
    let set: BTreeSet<&str> = with
        .iter()
        .flat_map(|(rule, _)| &rule.labels)
        .filter(|(name, text)| name == label && !text.value.contains("{{"))
        .map(|(_, text)| text.value.as_str())
        .collect();
    let matchers = matchers.get(..COMPARED.min(matchers.len())).unwrap_or_default();
    for value in set.into_iter().take(COMPARED).filter(|value| !matchers.iter().any(|m| m.passes(value))) {
        let why = format!("rules set {label}: {value} and no route asks for it: those alerts go to {default}");
        let receiver = receiver(document, value, default);
        to.add(
            Code::SeverityUnrouted,
            line,
            why,
            format!("- matchers: ['{label}=\"{value}\"']\n  receiver: '{receiver}'   # of those that are defined"),
        );
    }
}

fn names(rules: &[Placed<'_>]) -> String {
    let mut told: Vec<String> = rules.iter().take(NAMED).map(|(r, file)| place(r, file)).collect();
    if rules.len() > NAMED {
        told.push(format!("{} more", rules.len() - NAMED));
    }
    told.join(", ")
}

fn place(rule: &Rule, file: &str) -> String {
    if file.is_empty() {
        format!("{} on line {}", rule.name, rule.line)
    } else {
        format!("{} ({file}:{})", rule.name, rule.line)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_are_read() {
        assert!(super::VARIABLE.reads() && super::MATCHER.reads());
        assert_eq!(super::VARIABLE.firsts("${A_B} $CD $e"), ["A_B", "CD"]);
    }
}
