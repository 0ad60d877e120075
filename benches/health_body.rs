//! How long it takes to read a health body: a typical one, one word of text, and a large one.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use quarterdeck::health::{Expectation, Response, read_body};

const TYPICAL: &str = r#"{"status":"healthy","timestamp":"2025-01-15T10:30:00Z","version":"1.2.3",
  "checks":{"database":{"status":"healthy","latency_ms":3.1},"cache":"healthy","queue":{"status":"degraded","depth":17}}}"#;

fn reading(c: &mut Criterion) {
    let expectation = Expectation::default();
    let large = format!(
        "{{\"status\":\"UP\",\"components\":{{{}}}}}",
        (0..500)
            .map(|n| format!("\"c{n}\":{{\"status\":\"UP\",\"details\":{{\"total\":{n}}}}}"))
            .collect::<Vec<_>>()
            .join(",")
    );
    c.bench_function("health_body/typical", |b| {
        b.iter(|| read_body(&Response::json(200, black_box(TYPICAL.as_bytes())), &expectation));
    });
    c.bench_function("health_body/word", |b| {
        b.iter(|| read_body(&Response { status: 200, content_type: None, body: black_box(b"OK") }, &expectation));
    });
    c.bench_function("health_body/500 components", |b| {
        b.iter(|| read_body(&Response::json(200, black_box(large.as_bytes())), &expectation));
    });
}

criterion_group!(benches, reading);
criterion_main!(benches);
