//! Expressions drawn at random over recorded series, at moments and over ranges: our values are the real server's. What servers
//! before Prometheus 3 do otherwise is not drawn: no sample and no step of a subquery stands on a border of a range, counters
//! stand high above zero, and no two values of one metric are the same.

use std::collections::BTreeMap;
use std::time::Duration;

use quarterdeck::adapters::http::HttpClients;
use quarterdeck::adapters::prometheus::Prometheus;
use quarterdeck::domain::Cause;
use quarterdeck::metrics::promql::{Failed, Limits, Query, Value};
use quarterdeck::metrics::store::Store;

use crate::drawing::Drawing;
use crate::recorded::{self, Recorded, STEP};
use crate::servers;

const CONFIG: &str = "global: {scrape_interval: 1h}\n";
/// A whole minute, and how far behind it the samples stand: never on a border that is written in seconds.
const WHOLE: i64 = 1_767_355_200_000;
const BESIDE: i64 = 137;
/// Half an hour.
const COUNT: i64 = 120;
/// How many expressions are drawn, unless the variable `DRAWN` says how many.
const EXPRESSIONS: u64 = 700;
/// Moments are never multiples of a step: those are multiples of five seconds.
const MOMENTS: [i64; 3] = [4 * 60_000 + 2_500, 17 * 60_000 + 12_500, 31 * 60_000 + 7_500];
/// Ranges: from, to, step.
const RANGE: (i64, i64, i64) = (60_000 + 2_500, 33 * 60_000 + 2_500, 95_000);
/// Sums are compensated by one and not by the other.
const NEAR: f64 = 1e-9;

/// By labels: when, what.
type Courses = BTreeMap<String, Vec<(i64, f64)>>;

/// A small fleet: counters of which some begin anew or are away for a while, gauges, a histogram, what belongs to each job, and
/// figures that are no numbers.
fn samples(drawing: &mut Drawing) -> Vec<Recorded> {
    let mut all = Vec::new();
    let mut series = |labels: String, value: &mut dyn FnMut(i64) -> Option<f64>| {
        let samples = (0..COUNT).filter_map(|n| Some((WHOLE + BESIDE + n * STEP, value(n)?))).collect();
        all.push((labels, samples));
    };
    for (n, job) in ["a", "b"].into_iter().enumerate() {
        for instance in 0..3 {
            let number = (n * 3 + instance) as i64;
            let of = format!("job=\"{job}\",instance=\"i{instance}\"");
            for code in ["200", "404", "500"] {
                let mut total = 1e6 + f64::from(drawing.below(1000));
                series(format!("c_total{{{of},code=\"{code}\"}}"), &mut |n| {
                    total += f64::from(drawing.below(40)) / 4.0;
                    if number == 1 && n == 50 {
                        total -= 400_000.0;
                    }
                    (number != 4 || !(30..64).contains(&n)).then_some(total)
                });
            }
            series(format!("g{{{of}}}"), &mut |n| {
                // Unlike all others, by its last digits.
                let value = f64::from(drawing.below(64)) - 24.0 + (number as f64 + 1.0) / 1024.0;
                (number != 2 || n < 90).then_some(value)
            });
            series(format!("odd{{{of}}}"), &mut |n| {
                Some(match (n + number) % 11 {
                    3 => f64::NAN,
                    5 => f64::INFINITY,
                    8 if number > 2 => f64::NEG_INFINITY,
                    _ => f64::from(drawing.below(64)) + number as f64 / 16.0,
                })
            });
        }
        let mut buckets = [0.0; 5];
        for (place, le) in ["0.1", "0.5", "1", "5", "+Inf"].into_iter().enumerate() {
            let mut chance = Drawing::new(77 + n as u64);
            series(format!("h_bucket{{job=\"{job}\",le=\"{le}\"}}"), &mut |_| {
                let parts: Vec<f64> = (0..5).map(|_| f64::from(chance.below(20))).collect();
                buckets[place] += parts[..=place].iter().sum::<f64>();
                Some(1e6 * (place + 1) as f64 + buckets[place])
            });
        }
        series(format!("m{{job=\"{job}\",zone=\"z{n}\"}}"), &mut |_| Some(8.0 * (n as f64 + 1.0)));
        let mut time = 1.7e9;
        series(format!("t_seconds{{job=\"{job}\"}}"), &mut |_| {
            time += f64::from(drawing.below(1_000_000)) + n as f64;
            Some(time)
        });
    }
    all
}

fn ours(expr: &str, ask: impl Fn(&Query) -> Result<Value, Failed>) -> Result<Courses, String> {
    let query = Query::compile(expr).unwrap_or_else(|refused| panic!("{expr}: {refused}"));
    match ask(&query) {
        Ok(Value::Matrix(series)) => {
            let course =
                |samples: Vec<_>| samples.into_iter().map(|s: quarterdeck::metrics::store::Sample| (s.at, s.value));
            Ok(series.into_iter().map(|(labels, samples)| (labels.to_string(), course(samples).collect())).collect())
        }
        Ok(other) => {
            let elements = other.into_elements().unwrap().into_iter();
            Ok(elements.map(|(labels, value)| (labels.to_string(), vec![(0, value)])).collect())
        }
        Err(why) => Err(why.to_string()),
    }
}

/// What the server says, or why it says nothing; what is no answer ends the test.
fn answered<T>(expr: &str, said: Result<T, Cause>) -> Result<T, String> {
    said.map_err(|cause| {
        let words = cause.to_string();
        assert!(words.starts_with("execution"), "{expr}: {words}");
        words
    })
}

async fn at(server: &Prometheus, store: &Store, expr: &str, at: i64) -> Option<String> {
    let mine = ours(expr, |query| query.instant(store, at, &Limits::default()));
    let said = answered(expr, server.query(expr, at).await);
    let said = said.map(|all| all.into_iter().map(|(labels, value)| (labels.to_string(), vec![(0, value)])).collect());
    apart(expr, &mine, &said)
}

async fn over(server: &Prometheus, store: &Store, expr: &str) -> Option<String> {
    let (from, to, step) = (WHOLE + RANGE.0, WHOLE + RANGE.1, RANGE.2);
    let mine = ours(expr, |query| query.range(store, from, to, step, &Limits::default()));
    let said = server.query_range(expr, from, to, Duration::from_millis(step.unsigned_abs())).await;
    let said = answered(expr, said).map(|all| all.into_iter().map(|(l, samples)| (l.to_string(), samples)).collect());
    apart(expr, &mine, &said)
}

fn apart(expr: &str, ours: &Result<Courses, String>, theirs: &Result<Courses, String>) -> Option<String> {
    // Since Prometheus 3 one infinite value has no deviation; before, it has none from itself.
    let deviates = expr.contains("stddev ") || expr.contains("stdvar ");
    let is_same = |(at, one): &(i64, f64), (then, other): &(i64, f64)| {
        at == then && (is_near(*one, *other) || deviates && one.is_nan() && *other == 0.0)
    };
    let same = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            ours.keys().eq(theirs.keys())
                && ours.values().zip(theirs.values()).all(|(ours, theirs)| {
                    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
                })
        }
        (Err(_), Err(_)) => true,
        _ => false,
    };
    (!same).then(|| format!("  ours   {}\n  theirs {}", told(ours), told(theirs)))
}

fn told(courses: &Result<Courses, String>) -> String {
    format!("{courses:?}").chars().take(900).collect()
}

fn is_near(one: f64, other: f64) -> bool {
    one == other || one.is_nan() && other.is_nan() || (one - other).abs() <= NEAR * one.abs().max(other.abs())
}

#[tokio::test]
async fn what_is_drawn_has_the_values_that_the_server_gives() {
    if !servers::are_there("drawn expressions held against Prometheus") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let recorded = samples(&mut Drawing::new(11));
    recorded::blocks(&recorded, folder.path());
    let running = servers::prometheus(CONFIG, &[], Some(&folder.path().join("data")));
    let server = Prometheus::new(running.spec(), &HttpClients::new());
    let store = recorded::store(&recorded);
    let (mut differ, mut silent, mut asked) = (Vec::new(), 0, 0);
    let most = std::env::var("DRAWN").ok().and_then(|n| n.parse().ok()).unwrap_or(EXPRESSIONS);
    for seed in 0..most {
        let expr = Drawing::new(seed).expression();
        for moment in MOMENTS {
            asked += 1;
            if let Some(words) = at(&server, &store, &expr, WHOLE + moment).await {
                differ.push(format!("{expr} at {moment} ms:\n{words}"));
            }
        }
        asked += 1;
        if let Some(words) = over(&server, &store, &expr).await {
            differ.push(format!("{expr} over the range:\n{words}"));
        }
        let found = ours(&expr, |query| query.instant(&store, WHOLE + MOMENTS[1], &Limits::default()));
        silent += u64::from(found.is_ok_and(|found| found.is_empty()));
    }
    println!("{asked} answers, {silent} of {most} expressions found nothing");
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
    assert!(silent < most / 3, "{silent} of {most} expressions find nothing, and say nothing");
}
