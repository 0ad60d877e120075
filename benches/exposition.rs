//! How fast a page of about 10 MB is read on one core: like a node exporter's, and like a service's with histograms of many
//! labels.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quarterdeck::metrics::exposition::{Format, Limits, read};

const BYTES: usize = 10_000_000;

/// A figure that looks random and is the same every time.
fn figure(seed: usize) -> u64 {
    (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24
}

fn node() -> String {
    let mut page = String::new();
    for host in 0.. {
        if page.len() >= BYTES {
            break;
        }
        page += "# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.\n# TYPE node_cpu_seconds_total counter\n";
        for cpu in 0..16 {
            for mode in ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"] {
                let seconds = figure(host * 1000 + cpu) % 100_000_000;
                let (whole, rest) = (seconds / 100, seconds % 100);
                let _ = writeln!(page, "node_cpu_seconds_total{{cpu=\"{cpu}\",mode=\"{mode}\"}} {whole}.{rest:02}");
            }
        }
        page += "# HELP node_network_receive_bytes_total Network device statistic receive_bytes.\n";
        page += "# TYPE node_network_receive_bytes_total counter\n";
        for device in ["lo", "eth0", "docker0", "veth1a2b3c4"] {
            let bytes = figure(host) as f64;
            let _ = writeln!(page, "node_network_receive_bytes_total{{device=\"{device}\"}} {bytes:e}");
        }
        for name in ["MemAvailable", "MemFree", "Cached", "Buffers", "Active", "Inactive"] {
            let _ = writeln!(page, "# TYPE node_memory_{name}_bytes gauge\nnode_memory_{name}_bytes {}", figure(host));
        }
        for disk in ["/", "/boot", "/var/lib/postgresql"] {
            let _ = writeln!(
                page,
                "node_filesystem_avail_bytes{{device=\"/dev/nvme0n1p{host}\",fstype=\"ext4\",mountpoint=\"{disk}\"}} {:e}",
                figure(host) as f64
            );
        }
    }
    page
}

fn histograms() -> String {
    let mut page = String::new();
    for route in 0.. {
        if page.len() >= BYTES {
            break;
        }
        let labels = format!(
            "method=\"GET\",route=\"/api/v1/repositories/{route}/pulls\",status=\"200\",region=\"eu-central-1\",pod=\"api-7d4b9c6f5-x2x{}\"",
            route % 40
        );
        let mut count = 0;
        for le in ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"] {
            count += figure(route) % 1000;
            let _ = writeln!(page, "http_request_duration_seconds_bucket{{{labels},le=\"{le}\"}} {count}");
        }
        let sum = figure(route) as f64 / 1.1e9;
        let _ = writeln!(page, "http_request_duration_seconds_sum{{{labels}}} {sum}");
        let _ = writeln!(page, "http_request_duration_seconds_count{{{labels}}} {count}");
    }
    page
}

fn exposition(criterion: &mut Criterion) {
    let limits = Limits { series: 1 << 20, ..Limits::default() };
    let mut group = criterion.benchmark_group("exposition");
    for (name, page) in [("node exporter", node()), ("histograms", histograms())] {
        group.throughput(Throughput::Bytes(page.len() as u64));
        group.bench_function(name, |bench| {
            bench.iter(|| black_box(read(black_box(page.as_bytes()), Format::Text, &limits).is_ok()));
        });
        let page = page.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n") + "\n# EOF\n";
        group.throughput(Throughput::Bytes(page.len() as u64));
        group.bench_function(format!("{name}, OpenMetrics"), |bench| {
            bench.iter(|| black_box(read(black_box(page.as_bytes()), Format::OpenMetrics, &limits).is_ok()));
        });
    }
    group.finish();
}

criterion_group!(benches, exposition);
criterion_main!(benches);
