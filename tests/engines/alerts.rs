//! Alerts over changing load: two instances of a small service, whose load and absence are in our hands.

use crate::held::Watched;
use crate::minutes;
use crate::servers;
use crate::target::{CALM, Load, Target};

/// The teams' rules as mended, with ranges as short as the test is, and one of each way to live.
const RULES: &str = r#"
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

/// The server, its targets, and what was seen.
struct Stage {
    watched: Watched,
    targets: [Target; 2],
}

impl Stage {
    fn start() -> Stage {
        let targets = [Target::start(), Target::start()];
        Stage { watched: Watched::start(RULES, "shop", &targets.each_ref().map(Target::address)), targets }
    }

    fn bear(&self, loads: [Load; 2]) {
        self.targets.iter().zip(loads).for_each(|(target, load)| target.bears(load));
    }
}

/// Calm, trouble on both, worse on one and the other away, calm again.
async fn incident(stage: &mut Stage) {
    let quiet = [("NeverThere", 1)];
    stage.bear([CALM; 2]);
    stage.watched.until(&quiet).await;
    let trouble = Load { rates: [80.0, 30.0, 40.0], pool: 1.0, queue: 2500.0, down: false };
    let piled = Load { queue: 2500.0, ..CALM };
    stage.bear([trouble, piled]);
    stage
        .watched
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
        .watched
        .until(&[
            ("HighErrorRate", 1),
            ("HighP90Latency", 1),
            ("InstanceDown", 1),
            ("NeverThere", 1),
            ("PoolExhausted", 1),
        ])
        .await;
    stage.bear([CALM; 2]);
    stage.watched.until(&quiet).await;
}

#[tokio::test]
async fn the_same_alerts_in_the_same_states_as_the_server_over_changing_load() {
    if !servers::are_there("alerts held against Prometheus") {
        return;
    }
    let mut stage = Stage::start();
    let mut again = minutes::Rounds::begin();
    while again.another() {
        incident(&mut stage).await;
    }
    let agreement = stage.watched.agreement().await;
    let (exact, near, active) = (agreement.exact, agreement.near, agreement.active);
    println!("{} incidents: {exact} looks the same, {near} within one evaluation", again.done());
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
