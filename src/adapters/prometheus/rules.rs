//! `/api/v1/rules` and `/api/v1/alerts` as values: within bounds, and what is left out is counted.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::DateTime;
use serde_json::Value;

use super::api::odd;
use crate::domain::Cause;
use crate::domain::served::{Health, Pairs, Served, ServedAlert, ServedRule};

/// Most rules that are taken.
const RULES: usize = 5_000;
/// Most alerts of all rules together.
const ALERTS: usize = 10_000;

/// Rules, with their alerts.
pub fn of_rules(data: &Value) -> Result<Served, Cause> {
    // Who has none may say so with null.
    let groups = match data.get("groups") {
        Some(Value::Array(groups)) => groups.as_slice(),
        Some(Value::Null) => &[],
        _ => return Err(odd("it has no groups of rules")),
    };
    let mut served = Served::default();
    let mut room = ALERTS;
    for group in groups {
        let every = seconds(group.get("interval")).unwrap_or_default();
        for rule in list(group.get("rules")) {
            let failed = health(rule);
            if text(rule, "type") == "recording" {
                served.recording.0 += 1;
                served.recording.1 += usize::from(matches!(failed, Health::Failed(_)));
                continue;
            }
            let alerts = list(rule.get("alerts"));
            if served.rules.len() >= RULES {
                served.left_out += alerts.len();
                served.rules_left_out += 1;
                continue;
            }
            let taken = alerts.len().min(room);
            room -= taken;
            served.left_out += alerts.len() - taken;
            served.rules.push(ServedRule {
                file: text(group, "file"),
                group: text(group, "name"),
                name: text(rule, "name"),
                expr: text(rule, "query"),
                hold: seconds(rule.get("duration")).unwrap_or_default(),
                interval: every,
                evaluated: instant(rule.get("lastEvaluation")),
                labels: pairs(rule.get("labels")),
                annotations: pairs(rule.get("annotations")),
                health: failed,
                alerts: alerts.iter().take(taken).map(alert).collect(),
            });
        }
    }
    Ok(served)
}

/// Alerts alone: those of one name are told as one rule.
pub fn of_alerts(data: &Value) -> Result<Served, Cause> {
    let Some(Value::Array(found)) = data.get("alerts") else { return Err(odd("it has no alerts")) };
    let mut by_name: BTreeMap<String, Vec<ServedAlert>> = BTreeMap::new();
    for one in found.iter().take(ALERTS) {
        let alert = alert(one);
        let name = alert.labels.iter().find(|(name, _)| name == "alertname").map(|(_, value)| value.clone());
        by_name.entry(name.unwrap_or_default()).or_default().push(alert);
    }
    let rule = |(name, alerts): (String, Vec<ServedAlert>)| ServedRule {
        file: String::new(),
        group: String::new(),
        name,
        expr: String::new(),
        hold: Duration::ZERO,
        interval: Duration::ZERO,
        evaluated: None,
        labels: Vec::new(),
        annotations: Vec::new(),
        health: Health::Good,
        alerts,
    };
    let left_out = found.len().saturating_sub(ALERTS);
    Ok(Served { rules: by_name.into_iter().map(rule).collect(), left_out, alerts_alone: true, ..Served::default() })
}

fn alert(value: &Value) -> ServedAlert {
    ServedAlert {
        labels: pairs(value.get("labels")),
        annotations: pairs(value.get("annotations")),
        value: value.get("value").map_or(f64::NAN, number),
        firing: text(value, "state") == "firing",
        active_at: instant(value.get("activeAt")),
        kept_since: instant(value.get("keepFiringSince")),
    }
}

fn health(rule: &Value) -> Health {
    match text(rule, "health").as_str() {
        "err" | "error" | "bad" => Health::Failed(text(rule, "lastError")),
        "unknown" => Health::NotYet,
        _ => Health::Good,
    }
}

/// A list; what is none is empty.
pub fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text; what is none is empty.
pub fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The texts of an object.
pub fn pairs(value: Option<&Value>) -> Pairs {
    let members = value.and_then(Value::as_object);
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    members.map(|members| members.iter().filter_map(text).collect()).unwrap_or_default()
}

/// A number, also one that is written as a text; what is none is not a number.
pub fn number(value: &Value) -> f64 {
    match value {
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) => text.trim().parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

fn seconds(value: Option<&Value>) -> Option<Duration> {
    value.map(number).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

/// An RFC 3339 instant in milliseconds; the zero time of Go is none.
pub fn instant(value: Option<&Value>) -> Option<i64> {
    let at = DateTime::parse_from_rfc3339(value?.as_str()?).ok()?.timestamp_millis();
    (at > 0).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_with_their_alerts_failures_and_records() {
        let data = json!({"groups": [{"name": "g", "file": "/etc/r.yml", "interval": 15, "rules": [
            {"type": "alerting", "name": "Down", "query": "up == 0", "duration": 60.5, "health": "ok",
             "lastEvaluation": "2026-01-02T12:00:00.5Z", "labels": {"severity": "page"},
             "annotations": {"summary": "{{ $labels.job }}"},
             "alerts": [{"labels": {"alertname": "Down", "job": "a"}, "annotations": {"summary": "a"},
                         "state": "firing", "activeAt": "2026-01-02T11:00:00.25Z", "value": "0e+00"},
                        {"labels": {"alertname": "Down", "job": "b"}, "state": "pending", "value": "NaN"}]},
            {"type": "recording", "name": "a:b", "query": "x", "health": "err", "lastError": "boom"},
            {"type": "alerting", "name": "Bad", "query": "y", "health": "err", "lastError": "many-to-many"},
            {"type": "alerting", "name": "New", "query": "z", "health": "unknown",
             "lastEvaluation": "0001-01-01T00:00:00Z", "alerts": null},
        ]}]});
        let served = of_rules(&data).unwrap();
        assert_eq!((served.recording, served.left_out, served.rules.len()), ((1, 1), 0, 3));
        let [down, bad, new] = served.rules.as_slice() else { panic!("{served:?}") };
        assert_eq!((down.hold, down.interval), (Duration::from_millis(60_500), Duration::from_secs(15)));
        assert_eq!(down.evaluated, Some(1_767_355_200_500));
        let [firing, pending] = down.alerts.as_slice() else { panic!("{down:?}") };
        assert_eq!((firing.firing, firing.value, firing.active_at), (true, 0.0, Some(1_767_351_600_250)));
        assert!(!pending.firing && pending.value.is_nan() && pending.active_at.is_none());
        assert_eq!(bad.health, Health::Failed("many-to-many".to_owned()));
        assert_eq!((&new.health, new.evaluated), (&Health::NotYet, None));
    }

    #[test]
    fn odd_answers_are_causes_and_too_much_is_counted() {
        for odd in [json!(null), json!({}), json!({"groups": 3}), json!([])] {
            assert!(of_rules(&odd).is_err(), "{odd}");
        }
        assert_eq!(of_rules(&json!({"groups": null})).unwrap(), Served::default());
        // What is of another kind is nothing, and never a panic.
        let strange = json!({"groups": [3, {"rules": 7}, {"rules": [null, {"alerts": {"a": 1}, "labels": [1]}]}]});
        assert_eq!(of_rules(&strange).unwrap().rules.len(), 2);
        let alert = json!({"labels": {"alertname": "A"}, "state": "firing"});
        let many = vec![alert; ALERTS + 5];
        let rules = json!({"groups": [{"rules": [{"alerts": many}]}]});
        let served = of_rules(&rules).unwrap();
        assert_eq!((served.left_out, served.rules[0].alerts.len()), (5, ALERTS));
        let groups = json!({"groups": [{"rules": vec![json!({"name": "A", "alerts": [{}]}); RULES + 3]}]});
        let served = of_rules(&groups).unwrap();
        assert_eq!((served.rules.len(), served.rules_left_out, served.left_out), (RULES, 3, 3));
        let served = of_alerts(&json!({"alerts": many})).unwrap();
        assert_eq!((served.left_out, served.rules.len(), served.alerts_alone), (5, 1, true));
    }
}
