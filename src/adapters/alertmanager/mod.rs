//! An Alertmanager, API version 2: the alerts that it was sent, and its silences. Here it only reads; what is done about one
//! silence stands in `silences`.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::http::client::HttpClients;
use super::prometheus::api::{Api, odd};
use super::prometheus::rules::{instant, list, pairs, text};
use crate::config::resolved::EngineSpec;
use crate::domain::Cause;
use crate::domain::served::{Routed, RoutedAlert, RoutedSilence};

pub mod card;
pub mod silences;

/// Most alerts, and most silences, that are taken.
const MOST: usize = 10_000;
/// Most matchers of a silence.
const MATCHERS: usize = 64;

/// An Alertmanager.
pub struct Alertmanager {
    api: Api,
}

impl Alertmanager {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(spec: EngineSpec, clients: &HttpClients) -> Alertmanager {
        Alertmanager { api: Api::new(spec, clients) }
    }

    /// Its alerts and its silences, both within one deadline.
    pub async fn read(&self, deadline: Duration) -> Result<Routed, Cause> {
        let begun = Instant::now();
        let alerts = self.api.json("/api/v2/alerts", &[], deadline).await?;
        let left = deadline.saturating_sub(begun.elapsed());
        let silences = self.api.json("/api/v2/silences", &[], left).await?;
        of(&alerts, &silences)
    }
}

fn of(alerts: &Value, silences: &Value) -> Result<Routed, Cause> {
    let (Value::Array(alerts), Value::Array(silences)) = (alerts, silences) else {
        return Err(odd("alerts and silences are no lists"));
    };
    let left_out = alerts.len().saturating_sub(MOST) + silences.len().saturating_sub(MOST);
    let state = |value: &Value| value.pointer("/status/state").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Routed {
        alerts: alerts.iter().take(MOST).map(alert).collect(),
        silences: silences.iter().filter(|silence| state(silence) != "expired").take(MOST).map(silence).collect(),
        left_out,
    })
}

fn alert(value: &Value) -> RoutedAlert {
    let status = value.get("status");
    let texts = |name: &str| -> Vec<String> {
        list(status.and_then(|status| status.get(name))).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    RoutedAlert {
        labels: pairs(value.get("labels")),
        annotations: pairs(value.get("annotations")),
        starts_at: instant(value.get("startsAt")),
        silenced_by: texts("silencedBy"),
        inhibited: !texts("inhibitedBy").is_empty(),
        receivers: list(value.get("receivers")).iter().map(|receiver| text(receiver, "name")).collect(),
    }
}

fn silence(value: &Value) -> RoutedSilence {
    RoutedSilence {
        id: text(value, "id"),
        matchers: matchers(value.get("matchers")),
        starts_at: instant(value.get("startsAt")),
        ends_at: instant(value.get("endsAt")),
        by: text(value, "createdBy"),
        comment: text(value, "comment"),
    }
}

/// `{alertname="Down", job=~"a|b"}`
fn matchers(value: Option<&Value>) -> String {
    let flag = |matcher: &Value, name: &str, otherwise| matcher.get(name).and_then(Value::as_bool).unwrap_or(otherwise);
    let one = |matcher: &Value| {
        let sign = match (flag(matcher, "isEqual", true), flag(matcher, "isRegex", false)) {
            (true, false) => "=",
            (true, true) => "=~",
            (false, false) => "!=",
            (false, true) => "!~",
        };
        format!("{}{sign}{:?}", text(matcher, "name"), text(matcher, "value"))
    };
    let all: Vec<String> = list(value).iter().take(MATCHERS).map(one).collect();
    format!("{{{}}}", all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn alerts_and_silences_are_taken_and_odd_answers_are_causes() {
        let alerts = json!([{"labels": {"alertname": "Down", "job": "a"}, "annotations": {"summary": "s"},
            "startsAt": "2026-01-02T12:00:00Z", "receivers": [{"name": "team"}],
            "status": {"state": "suppressed", "silencedBy": ["id-1"], "inhibitedBy": []}}, 3]);
        let silences = json!([
            {"id": "id-1", "status": {"state": "active"}, "createdBy": "kim", "comment": "upgrade",
             "startsAt": "2026-01-02T11:00:00Z", "endsAt": "2026-01-02T13:00:00Z",
             "matchers": [{"name": "alertname", "value": "Down", "isRegex": false, "isEqual": true},
                          {"name": "job", "value": "a|b", "isRegex": true, "isEqual": false}]},
            {"id": "id-2", "status": {"state": "expired"}}]);
        let routed = of(&alerts, &silences).unwrap();
        assert_eq!((routed.alerts.len(), routed.silences.len(), routed.left_out), (2, 1, 0));
        assert_eq!(routed.alerts[0].silenced_by, ["id-1"]);
        assert_eq!((routed.alerts[0].starts_at, routed.alerts[0].inhibited), (Some(1_767_355_200_000), false));
        assert_eq!(routed.silences[0].matchers, "{alertname=\"Down\", job!~\"a|b\"}");
        for odd in [json!({}), json!(null)] {
            assert!(of(&odd, &json!([])).is_err() && of(&json!([]), &odd).is_err());
        }
    }
}
