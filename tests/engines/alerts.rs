//! Alerts over changing load: a real server scrapes two instances and evaluates rules every second, while it is asked what it
//! tells. Afterwards its own samples, with their timestamps, go through our evaluation at the very times of its evaluations:
//! the same alerts in the same states, since the same time, with the same labels, annotations and values.
//!
//! `QUARTERDECK_ENGINES_MINUTES=5` goes on for so long; without it the load changes once, in about half a minute.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use quarterdeck::adapters::http::HttpClients;
use quarterdeck::adapters::prometheus::Prometheus;
use quarterdeck::adapters::prometheus::api::Api;
use quarterdeck::alerts::lifecycle::{Alert, Evaluation, Failure, Group, Outcome, State, World};
use quarterdeck::alerts::rules::Loaded;
use quarterdeck::domain::served::{Served, ServedAlert};
use quarterdeck::metrics::labels::Labels;
use quarterdeck::metrics::promql::{Limits, Query};
use quarterdeck::metrics::store::{STALE, Sample, Store};
use serde_json::Value;

use crate::servers::{self, PATIENCE, Server};
use crate::target::{CALM, Load, Target};

/// Groups of the same rules under other names: a server evaluates each at another part of the second.
const GROUPS: usize = 8;
/// Between two looks at the server.
const LOOK: Duration = Duration::from_millis(150);

/// The teams' rules as mended, with ranges as short as the test is, and one of each way to live.
const RULES: &str = r#"
  - record: tick
    expr: vector(1)
    labels: {group: GROUP}
  - record: job:errors:ratio
    expr: |
      (sum by (job) (rate(http_requests_total{status=~"5.."}[5s])) or 0 * sum by (job) (rate(http_requests_total[5s])))
        / sum by (job) (rate(http_requests_total[5s]))
    labels: {group: GROUP}
  - alert: HighErrorRate
    expr: job:errors:ratio{group="GROUP"} > 0.05
    for: 2s
    labels: {severity: critical}
    annotations: {summary: "{{ $value | humanizePercentage }} of the requests to {{ $labels.job }} fail"}
  - alert: HighP90Latency
    expr: histogram_quantile(0.9, sum by (le, job, instance) (rate(http_request_duration_seconds_bucket[5s]))) > 0.5
    labels: {severity: warning}
    annotations: {summary: "{{ $labels.instance }} takes {{ $value | humanizeDuration }}"}
  - alert: PoolExhausted
    expr: db_connection_pool_available < 2
    for: 2s
    labels: {severity: '{{ if lt $value 1.0 }}critical{{ else }}warning{{ end }}'}
    annotations: {summary: "Available connections: {{ $value }}", description: '{{ printf "%.1f" $value }} left of {{ $labels.instance }}'}
  - alert: QueueDepthHigh
    expr: webhook_queue_depth > 1000
    for: 1s
    keep_firing_for: 3s
    labels: {severity: warning}
    annotations: {summary: "Queue depth: {{ $value | humanize }}"}
  - alert: InstanceDown
    expr: up{job="shop"} == 0
    for: 2s
    labels: {severity: critical}
    annotations: {summary: "{{ $labels.instance | toUpper }} is down"}
  - alert: NeverThere
    expr: absent(no_such_thing{team="shop"})
    annotations: {summary: "nothing of {{ $labels.team }}"}
"#;

fn rules() -> String {
    let group =
        |at: usize| format!("- name: g{at}\n  interval: 1s\n  rules:{}", RULES.replace("GROUP", &format!("g{at}")));
    format!("groups:\n{}", (0..GROUPS).map(group).collect::<String>())
}

/// One look at a rule of the server: what it told, and when it had evaluated it.
struct Seen {
    group: String,
    rule: String,
    evaluated: i64,
    alerts: Vec<ServedAlert>,
}

/// The server, its targets, and what was seen.
struct Stage {
    running: Server,
    server: Prometheus,
    targets: [Target; 2],
    seen: Vec<Seen>,
}

impl Stage {
    fn start() -> Stage {
        let targets = [Target::start(), Target::start()];
        let addresses = targets.each_ref().map(|target| format!("\"{}\"", target.address())).join(", ");
        let config = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\n\
             scrape_configs: [{{job_name: shop, static_configs: [{{targets: [{addresses}]}}]}}]\n"
        );
        let running = servers::prometheus(&config, &[("rules.yml", &rules())], None);
        let server = Prometheus::new(running.spec(), &HttpClients::new());
        Stage { running, server, targets, seen: Vec::new() }
    }

    fn bear(&self, loads: [Load; 2]) {
        self.targets.iter().zip(loads).for_each(|(target, load)| target.bears(load));
    }

    /// Looks at the server until in every group exactly these alerts fire and nothing is pending.
    async fn until(&mut self, wanted: &[(&str, usize)]) {
        let wanted: BTreeMap<String, usize> = wanted.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        let begun = Instant::now();
        loop {
            let served = self.server.read(PATIENCE).await.unwrap();
            let told: Vec<_> = (0..GROUPS).map(|at| firing(&served, &format!("g{at}"))).collect();
            self.take(served);
            if told.iter().all(|told| told.as_ref() == Some(&wanted)) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {wanted:?}, and there is {told:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    fn take(&mut self, served: Served) {
        for rule in served.rules {
            if let Some(evaluated) = rule.evaluated {
                self.seen.push(Seen { group: rule.group, rule: rule.name, evaluated, alerts: rule.alerts });
            }
        }
    }
}

/// Alerts that fire in a group, by name; none while one is pending.
fn firing(served: &Served, group: &str) -> Option<BTreeMap<String, usize>> {
    let mut found = BTreeMap::new();
    for rule in served.rules.iter().filter(|rule| rule.group == group && !rule.alerts.is_empty()) {
        if rule.alerts.iter().any(|alert| !alert.firing) {
            return None;
        }
        found.insert(rule.name.clone(), rule.alerts.len());
    }
    Some(found)
}

/// Calm, trouble on both, worse on one and the other away, calm again.
async fn incident(stage: &mut Stage) {
    let quiet = [("NeverThere", 1)];
    stage.bear([CALM; 2]);
    stage.until(&quiet).await;
    let trouble = Load { rates: [80.0, 30.0, 40.0], pool: 1.0, queue: 2500.0, down: false };
    let piled = Load { queue: 2500.0, ..CALM };
    stage.bear([trouble, piled]);
    stage
        .until(&[
            ("HighErrorRate", 1),
            ("HighP90Latency", 1),
            ("NeverThere", 1),
            ("PoolExhausted", 1),
            ("QueueDepthHigh", 2),
        ])
        .await;
    // Another value, and with it another severity: the alert is another one. The other instance shows nothing any
    // more: what it showed has ended at once.
    stage.bear([Load { pool: 0.0, queue: 10.0, ..trouble }, Load { down: true, ..piled }]);
    stage
        .until(&[
            ("HighErrorRate", 1),
            ("HighP90Latency", 1),
            ("InstanceDown", 1),
            ("NeverThere", 1),
            ("PoolExhausted", 1),
        ])
        .await;
    stage.bear([CALM; 2]);
    stage.until(&quiet).await;
}

#[tokio::test]
async fn the_same_alerts_in_the_same_states_as_the_server_over_changing_load() {
    if !servers::are_there("alerts held against Prometheus") {
        return;
    }
    let minutes = std::env::var("QUARTERDECK_ENGINES_MINUTES").ok().and_then(|minutes| minutes.parse().ok());
    let least = Duration::from_secs(60 * minutes.unwrap_or(0u64));
    let mut stage = Stage::start();
    let begun = Instant::now();
    let mut incidents = 0;
    while incidents == 0 || begun.elapsed() < least {
        incident(&mut stage).await;
        incidents += 1;
    }
    let scraped = Scraped::of(&stage.running, begun.elapsed()).await;
    let (mut exact, mut near, mut active, mut apart) = (0, 0, BTreeSet::new(), Vec::new());
    for group in (0..GROUPS).map(|at| format!("g{at}")) {
        let told = replayed(&scraped, &group);
        for seen in stage.seen.iter().filter(|seen| seen.group == group) {
            let Some(at) = told.ticks.iter().rposition(|(tick, _)| *tick <= seen.evaluated) else { continue };
            let theirs: BTreeMap<Labels, Told> = seen.alerts.iter().map(theirs).collect();
            let ours = |at: usize| told.ticks.get(at).and_then(|(_, alerts)| alerts.get(&seen.rule));
            active.extend(theirs.values().map(|told| (seen.rule.clone(), told.firing)));
            if ours(at) == Some(&theirs) {
                exact += 1;
                continue;
            }
            // A scrape that had begun and was not yet taken in when the server evaluated is seen by it one evaluation later.
            let around = [at.checked_sub(1), Some(at), Some(at + 1)].into_iter().flatten().filter_map(ours);
            let states = |of: &BTreeMap<Labels, Told>| of.iter().map(|(l, told)| (l.clone(), told.firing)).collect();
            let there: Vec<BTreeMap<Labels, bool>> = around.map(states).collect();
            if told.is_clear_until(at) || !within(&states(&theirs), &there) {
                apart.push(format!(
                    "{group} {} at {}:\n  ours   {:?}\n  theirs {theirs:?}",
                    seen.rule,
                    seen.evaluated,
                    ours(at)
                ));
            } else {
                near += 1;
            }
        }
    }
    let alarming = apart.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(apart.is_empty(), "{} apart, {exact} the same, {near} within one evaluation:\n{alarming}", apart.len());
    println!("{incidents} incidents: {exact} looks the same, {near} within one evaluation");
    assert!(exact > 100 && exact > near, "{exact} looks the same, {near} within one evaluation");
    // The test says little unless each rule was seen in each state that it has.
    for (rule, pending) in [
        ("HighErrorRate", true),
        ("PoolExhausted", true),
        ("InstanceDown", true),
        ("HighP90Latency", false),
        ("QueueDepthHigh", false),
        ("NeverThere", false),
    ] {
        assert!(active.contains(&(rule.to_owned(), true)), "{rule} was never seen firing");
        assert!(!pending || active.contains(&(rule.to_owned(), false)), "{rule} was never seen pending");
    }
}

/// Every alert is as it is one evaluation before, then, or one after.
fn within(theirs: &BTreeMap<Labels, bool>, around: &[BTreeMap<Labels, bool>]) -> bool {
    let all: BTreeSet<&Labels> = theirs.keys().chain(around.iter().flat_map(BTreeMap::keys)).collect();
    all.into_iter().all(|labels| around.iter().any(|ours| ours.get(labels) == theirs.get(labels)))
}

/// What is told of an alert.
#[derive(Debug, PartialEq)]
struct Told {
    firing: bool,
    active_at: i64,
    /// As text: what is not a number is the same as itself.
    value: String,
    annotations: BTreeMap<String, String>,
}

fn theirs(alert: &ServedAlert) -> (Labels, Told) {
    let told = Told {
        firing: alert.firing,
        active_at: alert.active_at.unwrap(),
        value: digits(alert.value),
        annotations: alert.annotations.iter().cloned().collect(),
    };
    (Labels::new(alert.labels.clone()), told)
}

fn ours(alert: &Alert) -> (Labels, Told) {
    let told = Told {
        firing: alert.state == State::Firing,
        active_at: alert.active_at,
        value: digits(alert.value),
        annotations: alert.annotations.iter().cloned().collect(),
    };
    (alert.labels.clone(), told)
}

/// Without the last bits, which depend on the order of a sum.
fn digits(value: f64) -> String {
    format!("{value:.12e}")
}

/// The samples of the server's targets as it took them in, and when it evaluated.
struct Scraped {
    /// By time: what ends stands as such.
    samples: Vec<(i64, Labels, f64)>,
    /// Times of evaluations, by group.
    ticks: BTreeMap<String, Vec<i64>>,
    /// When a scrape began and when it was taken in.
    busy: Vec<(i64, i64)>,
}

impl Scraped {
    async fn of(running: &Server, past: Duration) -> Scraped {
        let api = Api::new(running.spec(), &HttpClients::new());
        let range = format!("[{}s]", past.as_secs() + 120);
        let raw = async |selector: &str| -> Vec<(Labels, Vec<(i64, f64)>)> {
            let query = format!("{selector}{range}");
            let data = api.data("/api/v1/query", &[("query", &query)], PATIENCE).await.unwrap();
            data["result"].as_array().unwrap().iter().map(series).collect()
        };
        let all = raw("{job=\"shop\", instance!=\"\"}").await;
        let up: Vec<_> = all.iter().filter(|(labels, _)| labels.metric() == "up").cloned().collect();
        let took: BTreeMap<&str, &Vec<(i64, f64)>> = all
            .iter()
            .filter(|(labels, _)| labels.metric() == "scrape_duration_seconds")
            .map(|(labels, samples)| (labels.get("instance"), samples))
            .collect();
        let busy = took.values().flat_map(|samples| samples.iter());
        // What comes after the answer is not measured: some hundredths of a second for parsing and taking in.
        let busy = busy.map(|(at, seconds)| (*at, at + (seconds * 1000.0) as i64 + 100)).collect();
        let mut samples = Vec::new();
        for (labels, found) in &all {
            let scrapes = up.iter().find(|(up, _)| up.get("instance") == labels.get("instance")).unwrap();
            let there: BTreeSet<i64> = found.iter().map(|(at, _)| *at).collect();
            samples.extend(found.iter().map(|(at, value)| (*at, labels.clone(), *value)));
            // A scrape that did not have it any more ended it; the interface does not tell such marks.
            for pair in scrapes.1.windows(2) {
                if there.contains(&pair[0].0) && !there.contains(&pair[1].0) {
                    samples.push((pair[1].0, labels.clone(), f64::from_bits(STALE)));
                }
            }
        }
        samples.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
        let ticks = raw("tick").await;
        let ticks = ticks
            .into_iter()
            .map(|(labels, ticks)| (labels.get("group").to_owned(), ticks.into_iter().map(|(at, _)| at).collect()));
        Scraped { samples, ticks: ticks.collect(), busy }
    }
}

fn series(value: &Value) -> (Labels, Vec<(i64, f64)>) {
    let pairs =
        value["metric"].as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
    let samples = value["values"].as_array().unwrap().iter().map(|sample| {
        let at = (sample[0].as_f64().unwrap() * 1000.0).round() as i64;
        (at, sample[1].as_str().unwrap().parse().unwrap())
    });
    (Labels::new(pairs), samples.collect())
}

/// Our store and our PromQL, asked by our rules.
struct Ours(Store);

impl World for Ours {
    fn evaluate(&mut self, expr: &str, at: i64) -> Outcome {
        let failed = |why: String| Failure::Failed(why.into());
        let query = Query::compile(expr).map_err(|why| failed(why.to_string()))?;
        let value = query.instant(&self.0, at, &Limits::default()).map_err(|why| failed(why.to_string()))?;
        Ok(Evaluation::complete(value.into_elements().unwrap_or_default()))
    }

    fn append(&mut self, series: &Labels, at: i64, value: f64) {
        self.0.append(series, Sample { at, value });
    }
}

/// A time, and the alerts of each rule.
type Tick = (i64, BTreeMap<String, BTreeMap<Labels, Told>>);

/// What our evaluation told at each of the server's evaluations, by rule.
struct Replayed {
    ticks: Vec<Tick>,
    /// The first evaluation while a scrape was being taken in.
    unclear: Option<i64>,
}

impl Replayed {
    /// Whether what the server could see by then is known to the sample.
    fn is_clear_until(&self, at: usize) -> bool {
        self.unclear.is_none_or(|unclear| self.ticks.get(at).is_some_and(|(tick, _)| *tick < unclear))
    }
}

fn replayed(scraped: &Scraped, group: &str) -> Replayed {
    let text = rules();
    let loaded = Loaded::of(&[("rules.yml", Ok(text.as_str()))]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let rules = loaded.groups.iter().find(|known| known.name == group).unwrap();
    let mut own = Group::new(rules, Duration::from_secs(1), 0);
    let mut world = Ours(Store::default());
    let mut coming = scraped.samples.iter().peekable();
    let mut out = Replayed { ticks: Vec::new(), unclear: None };
    for tick in &scraped.ticks[group] {
        while let Some((at, labels, value)) = coming.next_if(|(at, ..)| at <= tick) {
            world.append(labels, *at, *value);
        }
        if scraped.busy.iter().any(|(from, to)| from <= tick && tick < to) {
            out.unclear.get_or_insert(*tick);
        }
        own.cycle(*tick, &mut world);
        let told = own.alerting().map(|rule| {
            let active = rule.alerts().filter(|alert| alert.is_active());
            (rule.rule.name.clone(), active.map(ours).collect())
        });
        out.ticks.push((*tick, told.collect()));
    }
    out
}
