//! Rules of which nobody knows whether they should fire: files that are not in force, rules that are not evaluated, rules whose
//! evaluation fails, ours and those of a server; each with the construct or the failure named and with what to do.

use super::live::MOST;
use crate::alerts::lifecycle::{Failure, Verdict};
use crate::app::telemetry::Telemetry;
use crate::doctor::{Code, Finding};
use crate::domain::Safe;

/// What a rule that is not evaluated holds, by the words of the refusal.
const REFUSED: &str = " is not evaluated here";

/// Everything that is wrong with rules right now.
pub fn rules(telemetry: &Telemetry, to: &mut Vec<Finding>) {
    if let Some(told) = &telemetry.metrics.alerts {
        for problem in told.problems.iter().take(MOST) {
            let key = if problem.key.as_str().is_empty() { String::new() } else { format!("{}: ", problem.key) };
            let why = format!("what stands in it is not in force: {key}{}", problem.words);
            let right = "put that right, here or by its own finding; until then the rules read before stay in force";
            to.push(Finding::new(Code::RulesNotInForce, problem.file.clone(), problem.line, why, right));
        }
        let alerting = told.rules.iter().filter(|rule| rule.is_evaluated());
        let found = alerting.filter_map(|rule| {
            let why = rule.standing.why.as_ref();
            of(rule.standing.verdict, why, &rule.name, &rule.file, rule.line, "when it should fire")
        });
        to.extend(found.take(MOST));
        for record in told.failing.iter().take(MOST) {
            let (verdict, words) = match &record.failure {
                Failure::Failed(words) => (Verdict::Error, words),
                Failure::NotEvaluated(words) => (Verdict::NotEvaluated, words),
            };
            let what = "what it records, and rules that read it find nothing";
            to.extend(of(verdict, Some(words), &record.name, &record.file, record.line, what));
        }
    }
    if let Some(why) = &telemetry.metrics.unkept {
        let why = format!("after a restart the `for` of every alert that waits begins anew: {why}");
        let right = "make room, or see why the disk of the state folder does not answer; it is tried again by itself";
        to.push(Finding::new(Code::AlertsNotKept, Safe::of("kept alerts"), 0, why, right));
    }
    let served = telemetry.prometheus.iter().filter_map(|server| Some((server, server.told.as_ref()?)));
    for (server, told) in served {
        let failing = told.rules.iter().filter(|rule| rule.standing.verdict == Verdict::Error);
        let found = failing.filter_map(|rule| {
            let file = format!("{} of the server {}", rule.file, server.address);
            of(Verdict::Error, rule.standing.why.as_ref(), &rule.name, &file, 0, "when it should fire")
        });
        to.extend(found.take(MOST));
    }
}

/// One rule, where its verdict says that nothing is known.
fn of(verdict: Verdict, why: Option<&Safe>, name: &str, file: &str, line: usize, what: &str) -> Option<Finding> {
    let words = why.map(|why| format!(": {why}")).unwrap_or_default();
    let (code, told) = match verdict {
        Verdict::NotEvaluated => (Code::RuleNotEvaluated, "it is not evaluated here"),
        Verdict::Error => (Code::RuleFails, "its evaluation fails"),
        _ => return None,
    };
    let told = format!("{name}: {told}, so nothing tells {what}{words}");
    let right = mended(verdict, why.map_or("", Safe::as_str));
    Some(Finding::new(code, Safe::of(file), line, told, right))
}

/// What to do about it, by the words in which it was told.
fn mended(verdict: Verdict, words: &str) -> String {
    if let Some((construct, _)) = words.split_once(REFUSED) {
        return format!(
            "prometheus = \"http://HOST:9090\"   # in the configuration: a server that evaluates it\n# or write the rule without {construct}"
        );
    }
    let has = |part: &str| words.contains(part);
    let right = if has("of samples, ") {
        "metrics_hours = 48   # in the configuration: as many as the expression looks back, or let a server evaluate it"
    } else if has("labelset") {
        "sum by (…) (…)   # aggregate so that series differ by more than their name, which the rule or a function drops"
    } else if has("duplicate series") || has("multiple matches") {
        "… / on (…) group_left () …   # match on labels that make one side unique, or aggregate that side first: max by (…) (…)"
    } else if has("exceeded limit") {
        "limit: 0   # in the group: no limit; or narrow the expression to what is meant"
    } else if has("more than ") {
        "narrow the selectors, or shorten the range: the expression looks at more than one evaluation may"
    } else if verdict == Verdict::NotEvaluated {
        "nothing in the rule: see who should evaluate it (page 6), and the findings of targets and servers here"
    } else {
        "run the expression alone where it can be tried (page 9, or the server), and put right what is named"
    };
    right.to_owned()
}
