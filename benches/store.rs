//! What 50 000 series over two hours at five seconds take up in memory (told before the timings, against what the system says
//! of the process), how long a round takes, and how long the questions of 200 rules over 20 000 of them take.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]
#![allow(clippy::print_stderr, reason = "the report of a bench")]

use std::fs;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use quarterdeck::metrics::exposition::{Exposed, Page};
use quarterdeck::metrics::labels::Labels;
use quarterdeck::metrics::store::{Limits, Store, Target};

const SERIES: usize = 50_000;
const TARGETS: usize = 10;
const NAMES: usize = 500;
const ROUNDS: i64 = 1440;

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// How often something happens that happens `mean` times on average.
    fn times(&mut self, mean: f64) -> f64 {
        if mean > 30.0 {
            let spread = (0..12).map(|_| self.roll()).sum::<f64>() - 6.0;
            return (mean + spread * mean.sqrt()).round().max(0.0);
        }
        let (least, mut times, mut product) = ((-mean).exp(), 0.0, self.roll());
        while product > least {
            product *= self.roll();
            times += 1.0;
        }
        times
    }
}

/// Two in five stand still, two in five count at a rate between one in ten seconds and a thousand a second, one in ten are
/// seconds to the hundredth, one in ten are sums to the last digit.
fn next(number: usize, value: f64, dice: &mut Dice) -> f64 {
    match number % 10 {
        0..4 => value,
        4..8 => value + dice.times(5.0 * 10f64.powf((number / 10 % 5) as f64 - 1.0)),
        8 => ((value + 0.4 + dice.roll()) * 100.0).round() / 100.0,
        _ => value + dice.roll() / 7.0,
    }
}

fn written(number: usize) -> String {
    let route = number / NAMES;
    format!(
        "app_metric_{}_total{{method=\"GET\",route=\"/api/v1/things/{route}\",status=\"200\",le=\"{}\"}}",
        number % NAMES,
        route % 12
    )
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0u64) * 4096
}

struct World {
    texts: Vec<String>,
    values: Vec<f64>,
    dice: Dice,
    now: i64,
}

impl World {
    /// A round of every target.
    fn round(&mut self, store: &mut Store, targets: &[Target]) {
        self.now += 5000;
        for (number, value) in self.values.iter_mut().enumerate() {
            *value = next(number, *value, &mut self.dice);
        }
        let each = SERIES / TARGETS;
        for (at, target) in targets.iter().enumerate() {
            let range = at * each..(at + 1) * each;
            let samples = self.texts[range.clone()].iter().zip(&self.values[range]);
            let samples =
                samples.map(|(text, value)| Exposed { series: text.as_bytes(), value: *value, at: None }).collect();
            let late = (self.dice.roll() * 20.0) as i64;
            store.scrape(*target, self.now + late, &Page { samples, ..Page::default() });
        }
    }
}

fn store(criterion: &mut Criterion) {
    let before = resident();
    let mut world = World {
        texts: (0..SERIES).map(written).collect(),
        values: (0..SERIES).map(|number| (number * 7919 % 100_000) as f64).collect(),
        dice: Dice(1),
        now: 1_767_355_200_000,
    };
    let mut store = Store::new(Limits { bytes: 1 << 30, keep: Duration::from_secs(2 * 3600) });
    let targets: Vec<Target> = (0..TARGETS)
        .map(|target| {
            store.target(Labels::new([("job", "api".to_owned()), ("instance", format!("10.0.0.{target}:8080"))]))
        })
        .collect();
    let texts = resident() - before;
    for round in 0..ROUNDS {
        world.round(&mut store, &targets);
        if round == 0 {
            eprintln!("after one round: {} bytes a series", store.bytes() / SERIES);
        }
    }
    let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
    let samples = SERIES as f64 * ROUNDS as f64;
    eprintln!(
        "{SERIES} series, {ROUNDS} rounds: {:.1} MiB by its own count, {:.1} MiB by the system's; {:.2} bytes a sample",
        mib(store.bytes() as u64),
        mib(resident() - before - texts),
        store.bytes() as f64 / samples
    );
    assert_eq!(store.series(), SERIES);

    let mut group = criterion.benchmark_group("store");
    group.sample_size(10);
    let names: Vec<String> = (0..200).map(|name| format!("app_metric_{name}_total")).collect();
    let now = world.now + 20;
    group.bench_function("200 questions for the newest of 20 000 series", |bench| {
        bench.iter(|| {
            let newest = names.iter().flat_map(|name| store.select(Some(name), |labels| labels.get("method") == "GET"));
            newest.filter_map(|(_, samples)| samples.newest(now - 300_000, now)).map(|sample| sample.value).sum::<f64>()
        });
    });
    group.bench_function("200 questions for five minutes of 20 000 series", |bench| {
        let mut samples = Vec::new();
        bench.iter(|| {
            let mut count = 0;
            for name in &names {
                for (_, series) in store.select(Some(name), |labels| labels.get("method") == "GET") {
                    series.between(now - 300_000, now, &mut samples);
                    count += black_box(&samples).len();
                }
            }
            count
        });
    });
    group.bench_function("a round of 50 000 samples", |bench| bench.iter(|| world.round(&mut store, &targets)));
    group.finish();
}

criterion_group!(benches, store);
criterion_main!(benches);
