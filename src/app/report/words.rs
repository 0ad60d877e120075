//! The report for people: a line each, the verdict first. Written from the same values as the JSON.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::app::telemetry::service::CERTIFICATE_DAYS;
use crate::domain::{Safe, Verdict, figure};

/// The lines.
pub fn lines(verdict: Verdict, value: &Map<String, Value>, figures: &[Safe], of_alerts: &[Safe]) -> Vec<Safe> {
    let width = name_width(value);
    let row = |kind: &str, item: &Value, words: &str| row(width, kind, item, words);
    let mut out = vec![Safe::of(format!("{}  {}", verdict.word().to_uppercase(), text(value.get("checked_at"))))];
    for item in items(value, "services") {
        let status = item["status"].as_u64().map_or_else(|| "-".to_owned(), |s| s.to_string());
        out.push(row(
            "service",
            item,
            &format!("{status} {:>8}  {}", milliseconds(&item["latency_ms"]), text(item.get("detail"))),
        ));
        for check in item["checks"].as_array().into_iter().flatten().filter(|c| c["verdict"] != "ok") {
            let words = format!(
                "{BELOW}{} {}: {}",
                text(check.get("verdict")),
                text(check.get("name")),
                text(check.get("detail"))
            );
            out.push(Safe::of(words));
        }
        // A certificate that is judged stands in the detail.
        if let Some(days) = item["certificate_days_left"].as_i64().filter(|days| *days >= CERTIFICATE_DAYS) {
            out.push(Safe::of(format!("{BELOW}certificate: {days} days left")));
        }
    }
    for item in items(value, "databases") {
        let connections = &item["connections"];
        let used = match (connections["used"].as_u64(), connections["usable"].as_u64()) {
            (Some(used), Some(usable)) => format!("{used} of {usable} usable connections"),
            _ => "connections unknown".to_owned(),
        };
        let version = item["server_version"].as_str().map_or_else(|| "-".to_owned(), |v| format!("PostgreSQL {v}"));
        let words =
            format!("{version} {} {used}, buffer hit {}", text(item.get("role")), ratio(item, "cache_hit_ratio"));
        let problems: Vec<&Value> = item["problems"].as_array().into_iter().flatten().collect();
        // Of what could not be asked at all there is one thing to say.
        let is_unknown = connections.is_null() && item["server_version"].is_null();
        let (words, problems) = match problems.as_slice() {
            [first, rest @ ..] if is_unknown => (text(Some(first)).to_owned(), rest),
            all => (words, all),
        };
        out.push(row("database", item, &words));
        for problem in problems {
            out.push(Safe::of(format!("{BELOW}{}", text(Some(problem)))));
        }
        for query in item["slow_queries"].as_array().into_iter().flatten().take(3) {
            let words = format!(
                "{BELOW}{} in {}: {}",
                milliseconds(&query["total_ms"]),
                counted(&query["calls"], "call"),
                text(query.get("query"))
            );
            out.push(Safe::of(words).clipped(120));
        }
    }
    for item in items(value, "caches") {
        out.push(row("cache", item, &format!("hit {}", ratio(item, "hit_ratio"))));
    }
    for (item, figure) in items(value, "signals").zip(figures) {
        let words = match (item["value"].is_null(), item["detail"].as_str()) {
            (true, Some(why)) => why.to_owned(),
            (false, Some(why)) => format!("{figure}  {why}"),
            (_, None) => figure.to_string(),
        };
        out.push(row("signal", item, &words));
    }
    for item in items(value, "metrics") {
        let words = match item["detail"].as_str() {
            Some(why) => why.to_owned(),
            None => scraped(item),
        };
        out.push(row("metrics", item, &words));
    }
    for item in items(value, "logs") {
        let words = item["detail"].as_str().map_or_else(
            || {
                let [lines, errors] =
                    [("lines", "line"), ("errors", "error")].map(|(key, one)| counted(&item[key], one));
                format!("{lines}, {errors}, {} dropped", item["dropped"])
            },
            str::to_owned,
        );
        out.push(Safe::of(format!("-        log      {:<width$} {words}", text(item.get("name")))));
    }
    for (item, figure) in items(value, "alerts").zip(of_alerts) {
        let severity = match text(item.get("severity")) {
            "" => String::new(),
            severity => format!("{severity} "),
        };
        let value = if figure.as_str().is_empty() { String::new() } else { format!(" {figure}") };
        let since = item["since"].as_str().map_or_else(String::new, |since| format!(" since {since}"));
        let detail = item["detail"].as_str().map_or_else(String::new, |detail| format!("  {detail}"));
        let needs =
            |seconds: f64| format!(" (fires after {})", figure::span(Duration::from_secs_f64(seconds.max(0.0))));
        let detail = item["for_seconds"].as_f64().map_or_else(String::new, needs) + &detail;
        let words = format!(
            "{:<8} alert    {:<width$} {severity}{}{value}{since}{detail}",
            text(item.get("state")),
            text(item.get("name")),
            labels(&item["labels"])
        );
        out.push(Safe::of(words.trim_end()));
    }
    out
}

/// What the server counts, or how much there is to count from.
fn scraped(item: &Value) -> String {
    let samples = counted(&item["samples"], "sample");
    let Some(rate) = item["requests_per_second"].as_f64() else {
        return format!("{samples}, no requests known by name");
    };
    let errors = item["error_ratio"].as_f64().map_or_else(|| "-".to_owned(), figure::percent);
    let p95 = milliseconds(&item["p95_ms"]);
    format!("{}/s, errors {errors}, p95 {p95} ({})", figure::number(rate), text(item.get("basis")))
}

/// `{a=b c=d}` without what stands in the line anyway.
fn labels(of: &Value) -> String {
    let pairs = of.as_object().into_iter().flatten().filter(|(name, _)| *name != "alertname" && *name != "severity");
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", text(Some(value)))).collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(" ")) }
}

/// `1 call`, `2 calls`.
fn counted(number: &Value, one: &str) -> String {
    format!("{number} {one}{}", if number.as_u64() == Some(1) { "" } else { "s" })
}

fn items<'a>(value: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// What belongs to the line above stands below its name.
const BELOW: &str = "                  ";
/// Columns of a name: of the longest, within these.
const NAME: (usize, usize) = (8, 40);

fn name_width(value: &Map<String, Value>) -> usize {
    let lists = ["services", "databases", "caches", "signals", "metrics", "logs", "alerts"];
    let names =
        lists.into_iter().flat_map(|list| items(value, list)).map(|item| text(item.get("name")).chars().count());
    names.max().unwrap_or(0).clamp(NAME.0, NAME.1)
}

fn row(width: usize, kind: &str, item: &Value, words: &str) -> Safe {
    let line = format!("{:<8} {kind:<8} {:<width$} {words}", text(item.get("verdict")), text(item.get("name")));
    Safe::of(line.trim_end())
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or("-")
}

fn milliseconds(value: &Value) -> String {
    value.as_f64().map_or_else(
        || "-".to_owned(),
        |ms| figure::duration(std::time::Duration::from_secs_f64((ms / 1000.0).clamp(0.0, 1e9))),
    )
}

fn ratio(item: &Value, key: &str) -> String {
    let figure = item[key].as_f64().map_or_else(|| "-".to_owned(), figure::percent);
    format!("{figure} ({})", text(item.get("basis")))
}
