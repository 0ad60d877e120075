//! How long the comparison of two readings of 5 000 statements takes.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use quarterdeck::database::statements::delta;
use quarterdeck::domain::statement::{StatementCounters, StatementId, StatementSnapshot};

fn snapshot(round: i64) -> StatementSnapshot {
    let entries = (0..5_000i64).map(|at| {
        let calls = at % 97 + round * (at % 5);
        let id = StatementId { user: 10, database: 5, query: at * 7_919, top_level: true };
        let total_ms = calls as f64 * (at % 31) as f64;
        StatementCounters { id, calls, total_ms, rows: calls, blocks_hit: calls, blocks_read: 0, temp_blocks: 0 }
    });
    StatementSnapshot { entries: entries.collect(), deallocations: Some(0), stats_reset_us: Some(1) }
}

fn statement_delta(criterion: &mut Criterion) {
    let (earlier, later) = (snapshot(1), snapshot(2));
    criterion.bench_function("statement delta of 5 000 entries", |bench| {
        bench.iter(|| delta(black_box(&earlier), black_box(&later), Duration::from_secs(10)));
    });
}

criterion_group!(benches, statement_delta);
criterion_main!(benches);
