//! Labels that an annotation prints and the expression dropped: the page arrives without saying where.

use promql_parser::parser::{Expr, LabelModifier};
use regex::Regex;

use super::expression::{all, bare, kept};
use super::read::Rule;
use super::{Findings, Parsed, written};
use crate::doctor::code::Code;
use crate::doctor::pattern::Pattern;

static PRINTED: Pattern =
    Pattern::new(|| Regex::new(r#"(?:\$labels\.|\bindex\s+(?:\$labels|\.Labels)\s+")([A-Za-z_][A-Za-z0-9_]*)"#).ok());
static DOTTED: Pattern = Pattern::new(|| Regex::new(r"(?:^|[^A-Za-z0-9_)])\.Labels\.([A-Za-z_][A-Za-z0-9_]*)").ok());

/// The labels that a text prints. In what goes over the results of a query, `.Labels` is of those.
fn names_in(text: &str) -> Vec<&str> {
    let own = if text.contains("query") { Vec::new() } else { DOTTED.firsts(text) };
    PRINTED.firsts(text).into_iter().chain(own).collect()
}

/// The labels that texts of a rule print, each once, with the line of the first.
pub fn printed(rule: &Rule) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    for (_, text) in rule.annotations.iter().chain(&rule.labels) {
        for name in names_in(&text.value) {
            if !found.iter().any(|(seen, _)| seen == name) {
                found.push((name.to_owned(), text.line));
            }
        }
    }
    found
}

/// Says which of them the result cannot have.
pub fn check(parsed: &Parsed<'_>, to: &mut Findings) {
    let result = kept(&parsed.expr);
    let gone: Vec<(String, usize)> =
        printed(parsed.rule).into_iter().filter(|(name, _)| !result.may_have(name)).collect();
    let Some((_, line)) = gone.first() else { return };
    let names: Vec<&str> = gone.iter().map(|(name, _)| name.as_str()).collect();
    let why = format!(
        "{}: the text prints {}, which the expression dropped: it is empty in every alert",
        parsed.rule.name,
        names.iter().map(|n| format!("$labels.{n}")).collect::<Vec<_>>().join(", "),
    );
    to.add(Code::PrintedLabelDropped, *line, why, instead(parsed, &names));
}

fn instead(parsed: &Parsed<'_>, names: &[&str]) -> String {
    let outer = all(&parsed.expr).into_iter().find_map(|e| match bare(e) {
        Expr::Aggregate(a) => Some(a),
        _ => None,
    });
    let Some(outer) = outer else {
        return format!("# leave {} out of the text, or keep it in the expression", names.join(", "));
    };
    let mut right = outer.clone();
    right.modifier = match &outer.modifier {
        Some(LabelModifier::Include(kept)) => {
            let mut all = kept.clone();
            all.labels.extend(names.iter().map(|n| (*n).to_owned()));
            Some(LabelModifier::Include(all))
        }
        Some(LabelModifier::Exclude(dropped)) => {
            let mut fewer = dropped.clone();
            fewer.labels.retain(|l| !names.contains(&l.as_str()));
            Some(LabelModifier::Exclude(fewer))
        }
        None => Some(LabelModifier::include(names.to_vec())),
    };
    let (before, after) = (Expr::Aggregate(outer.clone()).to_string(), Expr::Aggregate(right).to_string());
    written(&parsed.expr.to_string().replace(&before, &after), "")
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_found() {
        let text = "{{ $labels.job }} and {{ with $labels.x_1 }}{{ . }}{{ end }} $labels";
        assert_eq!(super::names_in(text), ["job", "x_1"]);
        assert_eq!(super::names_in("{{ index $labels \"pod\" }} on {{ .Labels.node }}"), ["pod", "node"]);
        assert_eq!(super::names_in("{{ range query \"up\" }}{{ .Labels.job }}{{ end }}"), [""; 0]);
    }
}
