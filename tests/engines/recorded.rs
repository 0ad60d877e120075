//! Recorded samples with their timestamps: an hour and a half of a small fleet, every 15 s, the same every time. They are
//! given to the server as blocks and to our store as they are.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use quarterdeck::metrics::labels::Labels;
use quarterdeck::metrics::store::{Sample, Store};

/// 2026-01-02T12:00:04Z, in milliseconds: before it there is nothing. No sample stands on a whole minute, where subqueries
/// look: a server before Prometheus 3 counts the sample on the left border of a range too.
pub const BEGIN: i64 = 1_767_355_204_000;
/// Between two samples of a series.
pub const STEP: i64 = 15_000;
/// Samples of a series.
const COUNT: i64 = 360;
/// One instance of the nodes is not there from this sample to that one.
const AWAY: (i64, i64) = (200, 232);
/// One instance of the service starts anew here, and so do its counters.
const ANEW: i64 = 150;

/// How a value goes.
enum Course {
    /// Counts about so much a second.
    Counter(f64),
    /// Goes up and down between two.
    Gauge(f64, f64),
    /// Stays.
    Const(f64),
}
use Course::{Const, Counter, Gauge};

/// Figures that look like chance and are the same every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The series: labels as they are written, and how they go.
fn fleet() -> Vec<(String, Course)> {
    let mut all = Vec::new();
    let mut add = |series: String, course| all.push((series, course));
    for node in ["node-a:9100", "node-b:9100"] {
        let of = format!("job=\"node\",instance=\"{node}\"");
        for cpu in 0..2 {
            for (mode, rate) in [("idle", 0.7), ("user", 0.2), ("system", 0.06), ("iowait", 0.03), ("steal", 0.01)] {
                add(format!("node_cpu_seconds_total{{{of},cpu=\"{cpu}\",mode=\"{mode}\"}}"), Counter(rate));
            }
        }
        add(format!("node_memory_MemTotal_bytes{{{of}}}"), Const(16e9));
        add(format!("node_memory_MemAvailable_bytes{{{of}}}"), Gauge(0.4e9, 4e9));
        for (mount, device) in [("/", "/dev/sda1"), ("/var", "/dev/sda2"), ("/run", "tmpfs")] {
            let kind = if device == "tmpfs" { "tmpfs" } else { "ext4" };
            let disk = format!("{of},mountpoint=\"{mount}\",device=\"{device}\",fstype=\"{kind}\"");
            add(format!("node_filesystem_size_bytes{{{disk}}}"), Const(100e9));
            add(format!("node_filesystem_avail_bytes{{{disk}}}"), Gauge(2e9, 40e9));
            add(format!("node_filesystem_files_free{{{disk}}}"), Gauge(1e5, 2e6));
            add(format!("node_filesystem_files{{{disk}}}"), Const(4e6));
            add(format!("node_filesystem_readonly{{{disk}}}"), Const(f64::from(u8::from(mount == "/run"))));
        }
        for device in ["eth0", "lo"] {
            add(format!("node_network_receive_bytes_total{{{of},device=\"{device}\"}}"), Counter(2.3e6));
            add(format!("node_network_receive_packets_total{{{of},device=\"{device}\"}}"), Counter(1500.0));
            add(format!("node_network_receive_errs_total{{{of},device=\"{device}\"}}"), Counter(18.0));
            add(format!("node_network_up{{{of},device=\"{device}\"}}"), Gauge(0.0, 1.0));
        }
        add(format!("node_load1{{{of}}}"), Gauge(0.2, 6.0));
        add(format!("node_load15{{{of}}}"), Gauge(0.5, 4.0));
        add(format!("node_boot_time_seconds{{{of}}}"), Const(1.7672e9));
        add(format!("node_disk_io_time_seconds_total{{{of},device=\"sda\"}}"), Counter(0.8));
        add(format!("node_timex_offset_seconds{{{of}}}"), Gauge(-0.08, 0.08));
        add(format!("node_timex_sync_status{{{of}}}"), Gauge(0.0, 1.0));
        add(format!("node_nf_conntrack_entries{{{of}}}"), Gauge(1e4, 6.5e4));
        add(format!("node_nf_conntrack_entries_limit{{{of}}}"), Const(65_536.0));
        add(format!("node_context_switches_total{{{of}}}"), Counter(12_000.0));
        for state in ["active", "failed"] {
            add(format!("node_systemd_unit_state{{{of},name=\"shop.service\",state=\"{state}\"}}"), Gauge(0.0, 1.0));
        }
        add(format!("up{{{of}}}"), Gauge(0.0, 1.0));
    }
    for instance in ["api-1:8000", "api-2:8000"] {
        let of = format!("job=\"api\",instance=\"{instance}\"");
        for (handler, rate) in [("/orders", 12.0), ("/health", 1.0)] {
            for (status, part) in [("200", 0.90), ("404", 0.03), ("500", 0.05), ("503", 0.02)] {
                let series = format!("http_requests_total{{{of},handler=\"{handler}\",status=\"{status}\"}}");
                add(series, Counter(rate * part));
            }
            let mut below = 0.0;
            for (le, part) in [("0.05", 0.5), ("0.1", 0.2), ("0.5", 0.2), ("1", 0.06), ("2.5", 0.03), ("+Inf", 0.01)] {
                below += part;
                let series = format!("http_request_duration_seconds_bucket{{{of},handler=\"{handler}\",le=\"{le}\"}}");
                add(series, Counter(rate * below));
            }
            add(format!("http_request_duration_seconds_sum{{{of},handler=\"{handler}\"}}"), Counter(rate * 0.21));
            add(format!("http_request_duration_seconds_count{{{of},handler=\"{handler}\"}}"), Counter(rate));
        }
        add(format!("process_open_fds{{{of}}}"), Gauge(500.0, 1000.0));
        add(format!("process_max_fds{{{of}}}"), Const(1024.0));
        add(format!("process_start_time_seconds{{{of}}}"), Gauge(1.767_355e9, 1.767_356e9));
        add(format!("go_goroutines{{{of}}}"), Gauge(50.0, 2000.0));
        add(
            format!("build_info{{{of},version=\"1.{}\"}}", instance.len() + usize::from(instance.contains('2'))),
            Const(1.0),
        );
        add(format!("cache_hits_total{{{of}}}"), Counter(40.0));
        add(format!("cache_misses_total{{{of}}}"), Counter(22.0));
        add(format!("db_connection_pool_available{{{of}}}"), Gauge(0.0, 9.0));
        add(format!("webhook_queue_depth{{{of}}}"), Gauge(0.0, 2500.0));
        add(format!("up{{{of}}}"), Const(1.0));
    }
    let of = "job=\"postgres\",instance=\"db:9187\"";
    for (datname, state, most) in
        [("shop", "active", 60.0), ("shop", "idle in transaction", 9.0), ("auth", "active", 30.0)]
    {
        add(format!("pg_stat_activity_count{{{of},datname=\"{datname}\",state=\"{state}\"}}"), Gauge(0.0, most));
    }
    add(format!("pg_settings_max_connections{{{of}}}"), Const(100.0));
    for datname in ["shop", "auth"] {
        let of = format!("{of},datname=\"{datname}\"");
        add(format!("pg_stat_database_xact_commit{{{of}}}"), Counter(90.0));
        add(format!("pg_stat_database_xact_rollback{{{of}}}"), Counter(3.0));
        add(format!("pg_stat_database_blks_hit{{{of}}}"), Counter(5000.0));
        add(format!("pg_stat_database_blks_read{{{of}}}"), Counter(60.0));
        add(format!("pg_stat_database_deadlocks{{{of}}}"), Counter(0.01));
    }
    add(format!("pg_replication_lag_seconds{{{of}}}"), Gauge(0.0, 60.0));
    add(format!("pg_up{{{of}}}"), Const(1.0));
    let of = "job=\"redis\",instance=\"cache:9121\"";
    for (name, course) in [
        ("redis_connected_clients", Gauge(20.0, 900.0)),
        ("redis_config_maxclients", Const(1000.0)),
        ("redis_memory_used_bytes", Gauge(1e8, 1e9)),
        ("redis_memory_max_bytes", Const(1e9)),
        ("redis_keyspace_hits_total", Counter(800.0)),
        ("redis_keyspace_misses_total", Counter(120.0)),
        ("redis_rejected_connections_total", Counter(0.002)),
        ("redis_up", Gauge(0.0, 1.0)),
    ] {
        add(format!("{name}{{{of}}}"), course);
    }
    for (pod, restarts) in [("web-1", 0.004), ("web-2", 0.0), ("job-9", 0.02)] {
        let of = format!("job=\"kube\",namespace=\"shop\",pod=\"{pod}\"");
        let series = format!("kube_pod_container_status_restarts_total{{{of},container=\"main\"}}");
        add(series, Counter(restarts));
        for phase in ["Running", "Pending", "Failed"] {
            add(format!("kube_pod_status_phase{{{of},phase=\"{phase}\"}}"), Gauge(0.0, 1.0));
        }
    }
    for deployment in ["web", "worker"] {
        let of = format!("job=\"kube\",namespace=\"shop\",deployment=\"{deployment}\"");
        add(format!("kube_deployment_spec_replicas{{{of}}}"), Const(3.0));
        add(format!("kube_deployment_status_replicas_available{{{of}}}"), Gauge(0.0, 3.0));
    }
    for target in ["https://shop.example.com", "https://auth.example.com"] {
        let of = format!("job=\"blackbox\",instance=\"{target}\"");
        add(format!("probe_success{{{of}}}"), Gauge(0.0, 1.0));
        add(format!("probe_duration_seconds{{{of}}}"), Gauge(0.05, 4.0));
        add(format!("probe_http_status_code{{{of}}}"), Gauge(200.0, 503.0));
        add(format!("probe_ssl_earliest_cert_expiry{{{of}}}"), Const(BEGIN as f64 / 1000.0 + 20.0 * 86_400.0));
    }
    all
}

/// A series with its samples.
pub type Recorded = (String, Vec<(i64, f64)>);

/// All of it.
pub fn samples() -> Vec<Recorded> {
    let mut chance = Chance(42);
    let one = |(series, course): (String, Course)| {
        // Counters have counted before: what one does that begins within a range, servers before Prometheus 3 and later ones
        // take otherwise (how far it is drawn out towards zero).
        let (mut total, mut gauge) = ((1e6 * (1.0 + chance.next())).floor(), chance.next());
        let mut samples = Vec::new();
        for at in 0..COUNT {
            let away = series.contains("node-b") && (AWAY.0..AWAY.1).contains(&at);
            if away {
                continue;
            }
            if series.contains("api-2") && at == ANEW {
                total = 0.0;
            }
            let value = match &course {
                Counter(rate) => {
                    // Whole steps, as most counters count; a slow one counts seldom.
                    total += (rate * 15.0 * (0.5 + chance.next()) + chance.next()).floor();
                    total
                }
                Gauge(low, high) => {
                    gauge = (gauge + 0.3 * (chance.next() - 0.5)).clamp(0.0, 1.0);
                    let value = low + (high - low) * gauge;
                    if *high <= 3.0 && low.fract() == 0.0 { value.round() } else { value }
                }
                Const(value) => *value,
            };
            samples.push((BEGIN + at * STEP, value));
        }
        (series, samples)
    };
    fleet().into_iter().map(one).collect()
}

/// As blocks of the server's own store, made by its own tool.
pub fn blocks(recorded: &[Recorded], folder: &Path) {
    let mut text = String::new();
    let mut sorted: Vec<&Recorded> = recorded.iter().collect();
    sorted.sort_by(|left, right| left.0.cmp(&right.0));
    for (series, samples) in sorted {
        for (at, value) in samples {
            let _never_fails = writeln!(text, "{series} {value} {}.{:03}", at / 1000, at % 1000);
        }
    }
    text.push_str("# EOF\n");
    let file = folder.join("recorded.txt");
    std::fs::write(&file, text).unwrap();
    let made = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([&file, &folder.join("data")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// In a store of ours.
pub fn store(recorded: &[Recorded]) -> Store {
    let mut store = Store::default();
    for (series, samples) in recorded {
        let labels = labels(series);
        for (at, value) in samples {
            assert!(store.append(&labels, Sample { at: *at, value: *value }), "{series}");
        }
    }
    store
}

/// Labels of a series as it is written above: no value holds a quote.
pub fn labels(series: &str) -> Labels {
    let (name, rest) = series.split_once('{').unwrap();
    let mut pairs = vec![("__name__".to_owned(), name.to_owned())];
    for pair in rest.trim_end_matches("\"}").split("\",") {
        let (name, value) = pair.split_once("=\"").unwrap();
        pairs.push((name.to_owned(), value.to_owned()));
    }
    Labels::new(pairs)
}
