//! How fast log lines are taken in (scanned for time and level, counted, kept) and filtered, on lines of the shapes that
//! the operations guides give: nested JSON, flat JSON, audit lines without a level.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark may panic")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use quarterdeck::domain::Moment;
use quarterdeck::logs::summary::Summarizer;
use quarterdeck::logs::{Filter, Level, LineAssembler, LogStore, SegmentBuilder};

const BYTES: usize = 8 << 20;

/// Small and deterministic.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn uuid(&mut self) -> String {
        let (a, b, c) = (self.below(1 << 32), self.below(1 << 48), self.below(1 << 16));
        format!("{a:08x}-{c:04x}-{c:04x}-{c:04x}-{b:012x}")
    }
}

fn line(random: &mut Random, n: usize) -> String {
    let (level, message, status) = match random.below(100) {
        0..=4 => ("DEBUG", "acquired connection from pool", 200),
        5..=82 => ("INFO", "Codebook created successfully", 201),
        83..=94 => ("WARNING", "cache hit rate below threshold", 429),
        _ => ("ERROR", "Database connection failed", 503),
    };
    let time = format!("2026-01-02T{:02}:{:02}:{:02}.{:03}Z", n / 360_000 % 24, n / 6000 % 60, n / 100 % 60, n % 1000);
    let (user, ms, id, client) = (random.below(1 << 20), random.below(2000), random.uuid(), random.uuid());
    match random.below(10) {
        0..=5 => format!(
            r#"{{"timestamp": "{time}", "level": "{level}", "message": "{message}", "context": {{"request_id": "{id}", "client_id": "{client}", "user_id": "user{user}@example.com", "endpoint": "POST /clients/:clientId/codebooks", "latency_ms": {ms}, "status_code": {status}}}}}"#
        ),
        6..=8 => format!(
            r#"{{"timestamp": "{time}", "level": "{level}", "logger": "orchestrator", "message": "{message}", "project_id": "{id}", "user_id": "telegram:{user}", "latency_ms": {ms}}}"#
        ),
        _ => format!(
            r#"{{"timestamp": "{time}", "action": "workflow_started", "user_id": "telegram:{user}", "project_id": "{id}", "details": {{"name": "My Project"}}, "result": "success", "ip_address": "192.168.1.7"}}"#
        ),
    }
}

fn text() -> Vec<u8> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut text = String::new();
    let mut n = 0;
    while text.len() < BYTES {
        text.push_str(&line(&mut random, n));
        text.push('\n');
        n += 1;
    }
    text.into_bytes()
}

fn full_store(text: &[u8]) -> LogStore {
    let now = Moment::fixed(0.0);
    let mut store = LogStore::new(16 << 20);
    let (mut assembler, mut builder) = (LineAssembler::new(), SegmentBuilder::new());
    let mut sequence = 0;
    for piece in text.chunks(256 * 1024) {
        assembler.push(piece, &mut builder, now, &mut |builder| {
            sequence += 1;
            store.append(Arc::new(builder.seal(0, sequence, now).expect("it is full")));
        });
    }
    store
}

fn ingestion(criterion: &mut Criterion) {
    let text = text();
    let mut group = criterion.benchmark_group("logs");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("count by level", |bencher| {
        bencher.iter(|| black_box(Summarizer::new().count(0, black_box(&text), 0)));
    });
    group.bench_function("take in", |bencher| bencher.iter(|| black_box(full_store(black_box(&text)))));
    let store = full_store(&text);
    let segments = store.segments();
    for (name, filter) in [
        ("filter by level", Filter::new(Level::Error, "", "", None)),
        ("filter by text", Filter::new(Level::Unknown, "connection failed", "", None)),
        ("filter by rare text", Filter::new(Level::Unknown, "nowhere to be found", "", None)),
        ("filter by regex", Filter::new(Level::Unknown, "", r#"latency_ms": 1\d\d\d\b"#, None)),
    ] {
        let filter = filter.expect("it compiles");
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || segments.clone(),
                |segments| black_box(filter.run(&segments)),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, ingestion);
criterion_main!(benches);
