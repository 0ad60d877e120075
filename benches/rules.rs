//! How long one evaluation of 200 rules over 20 000 series takes on the store as it is in use: compressed, an hour of it, at a
//! scrape every 15 s. Every series is asked for by two rules; what one has decoded the others do not, as in the engine.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use quarterdeck::metrics::exposition::{Format, Limits as PageLimits, read};
use quarterdeck::metrics::labels::Labels;
use quarterdeck::metrics::promql::{Limits, Memo, Query};
use quarterdeck::metrics::store::{Limits as StoreLimits, Store};

/// Histograms, each of so many routes and bounds.
const HISTOGRAMS: usize = 20;
const ROUTES: usize = 40;
const BOUNDS: [&str; 11] = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "+Inf"];
/// Counters, each of so many routes and statuses.
const COUNTERS: usize = 40;
const STATUSES: [&str; 4] = ["200", "404", "500", "503"];
/// Gauges, each of so many instances.
const GAUGES: usize = 60;
const INSTANCES: usize = 80;
const STEP: i64 = 15_000;
const ROUNDS: i64 = 240;

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn names() -> Vec<String> {
    let mut names = Vec::new();
    for histogram in 0..HISTOGRAMS {
        for route in 0..ROUTES {
            for bound in BOUNDS {
                names.push(format!("app{histogram}_seconds_bucket{{route=\"/r{route}\",le=\"{bound}\"}}"));
            }
        }
    }
    for counter in 0..COUNTERS {
        for route in 0..ROUTES {
            for status in STATUSES {
                names.push(format!("app{counter}_requests_total{{route=\"/r{route}\",status=\"{status}\"}}"));
            }
        }
    }
    for gauge in 0..GAUGES {
        for instance in 0..INSTANCES {
            names.push(format!("app{gauge}_in_use{{pool=\"p{instance}\"}}"));
        }
    }
    names
}

fn rules() -> Vec<String> {
    let mut rules = Vec::new();
    for n in 0..HISTOGRAMS {
        rules.push(format!("histogram_quantile(0.99, sum by (le, route) (rate(app{n}_seconds_bucket[5m]))) > 30"));
        rules.push(format!("histogram_quantile(0.95, sum by (le) (rate(app{n}_seconds_bucket[5m]))) > 30"));
    }
    for n in 0..COUNTERS {
        let (failed, all) =
            (format!("app{n}_requests_total{{status=~\"5..\"}}[5m]"), format!("app{n}_requests_total[5m]"));
        rules.push(format!("sum by (route) (rate({failed})) / sum by (route) (rate({all})) > 2"));
        rules.push(format!("sum(increase({all})) == 0"));
    }
    for n in 0..GAUGES {
        rules.push(format!("app{n}_in_use > 90"));
        if n < 20 {
            rules.push(format!("max_over_time(app{n}_in_use[5m]) / 100 > 9"));
        }
    }
    rules
}

fn filled() -> (Store, i64) {
    let mut store = Store::new(StoreLimits::default());
    let target = store.target(Labels::new([("job", "bench"), ("instance", "one")]));
    let names = names();
    let mut values = vec![0.0; names.len()];
    let mut dice = Dice(7);
    let mut now = 1_700_000_000_000;
    for _ in 0..ROUNDS {
        let mut page = String::new();
        for (name, value) in names.iter().zip(&mut values) {
            let gauge = name.contains("_in_use");
            *value = if gauge { (dice.roll() * 80.0).round() } else { *value + (dice.roll() * 20.0).floor() };
            page.push_str(&format!("{name} {value}\n"));
        }
        if let Ok(page) = read(page.as_bytes(), Format::Text, &PageLimits::default()) {
            store.scrape(target, now, &page);
        }
        now += STEP;
    }
    (store, now - STEP)
}

fn evaluation(criterion: &mut Criterion) {
    let (store, now) = filled();
    let queries: Vec<Query> = rules().iter().filter_map(|rule| Query::compile(rule).ok()).collect();
    let limits = Limits::default();
    let mut group = criterion.benchmark_group("rules");
    group.sample_size(20);
    group.bench_function(format!("{} rules, {} series", queries.len(), store.series()), |bencher| {
        let mut memo = Memo::keeping();
        bencher.iter(|| {
            memo.clear();
            for query in &queries {
                let _ = black_box(query.instant_or_idle(&store, now, &limits, &mut memo, &[]));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, evaluation);
criterion_main!(benches);
