//! The metrics engine as it is used: 200 rules over 20 000 series in one evaluation, a page of 20 000 series taken in, and a
//! search through all of them.

use std::fmt::Write;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use quarterdeck::domain::Moment;
use quarterdeck::engine::settings::TargetSettings;
use quarterdeck::engine::{Body, Engine, Input, Question, Settings};
use quarterdeck::metrics::exposition::Format;
use quarterdeck::metrics::labels::Labels;

const NAMES: usize = 200;
const SERIES: usize = 100;
/// Seconds between rounds.
const PACE: f64 = 5.0;

fn page(round: usize) -> Vec<u8> {
    let mut page = String::new();
    for name in 0..NAMES {
        for series in 0..SERIES {
            let value = round * (series + 1);
            let _ = writeln!(
                page,
                "metric_{name}_total{{path=\"/orders/{series}\",status=\"{}\"}} {value}",
                200 + series % 4
            );
        }
    }
    page.into_bytes()
}

/// One rule for each name, of five kinds.
fn rules() -> String {
    let mut text = "groups:\n  - name: g\n    interval: 5s\n    rules:\n".to_owned();
    for name in 0..NAMES {
        let metric = format!("metric_{name}_total");
        let expr = match name % 5 {
            0 => format!("sum by (status) (rate({metric}[5m])) > 100000"),
            1 => format!("sum(rate({metric}{{status=~\"20[0-2]\"}}[5m])) / sum(rate({metric}[5m])) > 2"),
            2 => format!("{metric} > 100000000"),
            3 => format!("max_over_time({metric}{{path=\"/orders/7\"}}[10m]) > 1000000"),
            _ => format!("absent({metric})"),
        };
        let _ = writeln!(text, "      - alert: A{name}\n        expr: '{expr}'\n        for: 5m");
    }
    text
}

fn target() -> TargetSettings {
    TargetSettings {
        name: "api".into(),
        labels: Labels::new([("job", "api"), ("instance", "here:80")]),
        interval: Duration::from_secs_f64(PACE),
        durations: Vec::new(),
        requests: Vec::new(),
        status: Vec::new(),
        cache: Vec::new(),
        window: Duration::from_secs(60),
    }
}

struct Running {
    engine: Engine,
    seconds: f64,
    round: usize,
}

impl Running {
    fn scrape(&mut self, body: Body) {
        let now = Moment::fixed(self.seconds);
        let input = Input::Scraped { target: 0, begun: now, took: Duration::ZERO, answer: Ok(body) };
        self.engine.step(input, now);
    }

    fn next_page(&mut self) -> Body {
        self.round += 1;
        self.seconds += PACE;
        Body { bytes: page(self.round), format: Format::Text }
    }
}

/// An engine with ten minutes of 20 000 series.
fn running() -> Running {
    let settings = Settings { targets: vec![target()], ..Settings::default() };
    let mut running = Running { engine: Engine::new(settings, Moment::fixed(0.0)), seconds: 0.0, round: 0 };
    running.engine.step(Input::RulesRead(vec![("rules.yml".to_owned(), Ok(rules()))]), Moment::fixed(0.0));
    for _ in 0..120 {
        let body = running.next_page();
        running.scrape(body);
    }
    running
}

fn engine(bench: &mut Criterion) {
    let mut running = running();
    bench.bench_function("200 rules over 20 000 series", |bench| {
        bench.iter_custom(|times| {
            let mut took = Duration::ZERO;
            for _ in 0..times {
                let body = running.next_page();
                running.scrape(body);
                let now = Moment::fixed(running.seconds);
                let begun = std::time::Instant::now();
                let told = running.engine.step(Input::TimePassed, now);
                took += begun.elapsed();
                assert!(!told.is_empty(), "evaluated");
            }
            took
        });
    });
    bench.bench_function("a page of 20 000 series", |bench| {
        bench.iter_custom(|times| {
            let mut took = Duration::ZERO;
            for _ in 0..times {
                let body = running.next_page();
                let begun = std::time::Instant::now();
                running.scrape(body);
                took += begun.elapsed();
            }
            took
        });
    });
    bench.bench_function("a search through 20 000 series", |bench| {
        bench.iter(|| {
            let question = Question::Find { words: "orders 17 203".to_owned(), most: 300 };
            running.engine.step(Input::Asked { id: 1, question }, Moment::fixed(running.seconds))
        });
    });
}

criterion_group!(benches, engine);
criterion_main!(benches);
