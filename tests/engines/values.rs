//! The same samples with the same timestamps give the same values: ours, and those of the real server.

use std::collections::BTreeMap;

use quarterdeck::adapters::http::HttpClients;
use quarterdeck::adapters::prometheus::Prometheus;
use quarterdeck::metrics::promql::{Limits, Query};
use quarterdeck::metrics::store::Store;

use crate::expressions::{MENDED, PUBLISHED};
use crate::recorded::{self, BEGIN, STEP};
use crate::servers;

/// What it scrapes: nothing.
const CONFIG: &str = "global: {scrape_interval: 1h}\n";
/// Sums are added up in another order by one than by the other: the last bits of a float differ.
const LAST_BITS: f64 = 1e-12;
/// Minutes after the beginning at which everything is asked, from, to and how far apart: with an instance away, just back, and
/// long after.
const AT: (i64, i64, usize) = (13, 90, 4);

fn ours(store: &Store, expr: &str, at: i64) -> BTreeMap<String, f64> {
    let query = Query::compile(expr).unwrap_or_else(|refused| panic!("{expr}: {refused}"));
    let value = query.instant(store, at, &Limits::default()).unwrap_or_else(|failed| panic!("{expr}: {failed}"));
    value.into_elements().unwrap().into_iter().map(|(labels, value)| (labels.to_string(), value)).collect()
}

async fn theirs(server: &Prometheus, expr: &str, at: i64) -> BTreeMap<String, f64> {
    let elements = server.query(expr, at).await.unwrap_or_else(|cause| panic!("{expr}: {cause}"));
    elements.into_iter().map(|(labels, value)| (labels.to_string(), value)).collect()
}

fn is_same(ours: f64, theirs: f64) -> bool {
    ours == theirs
        || ours.is_nan() && theirs.is_nan()
        || (ours - theirs).abs() <= LAST_BITS * ours.abs().max(theirs.abs())
}

#[tokio::test]
async fn recorded_samples_give_the_values_that_the_server_gives() {
    if !servers::are_there("values held against Prometheus") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let recorded = recorded::samples();
    recorded::blocks(&recorded, folder.path());
    let running = servers::prometheus(CONFIG, &[], Some(&folder.path().join("data")));
    let server = Prometheus::new(running.spec(), &HttpClients::new());
    let store = recorded::store(&recorded);
    let (mut apart, mut elements, mut exact, mut silent) = (Vec::new(), 0, 0, Vec::new());
    for expr in MENDED.iter().chain(&PUBLISHED) {
        let mut found = 0;
        for minutes in (AT.0..AT.1).step_by(AT.2) {
            // Between two samples: Debian's server, 2.42, takes the sample on the left border of a range too.
            let at = BEGIN + minutes * 60_000 + STEP / 2;
            let (ours, theirs) = (ours(&store, expr, at), theirs(&server, expr, at).await);
            found += theirs.len();
            if ours.keys().ne(theirs.keys()) {
                apart.push(format!("{expr} at {minutes} min:\n  ours   {ours:?}\n  theirs {theirs:?}"));
                continue;
            }
            for (labels, value) in &ours {
                elements += 1;
                exact += usize::from(value.to_bits() == theirs[labels].to_bits());
                if !is_same(*value, theirs[labels]) {
                    apart.push(format!("{expr} at {minutes} min: {labels} {value} and {}", theirs[labels]));
                }
            }
        }
        if found == 0 {
            silent.push(*expr);
        }
    }
    assert!(apart.is_empty(), "{} apart:\n{}", apart.len(), apart.join("\n"));
    println!("{elements} values, {exact} of them to the last bit");
    assert!(elements > 1000, "only {elements} values were held against each other");
    assert!(silent.is_empty(), "these never find anything, and say nothing: {silent:#?}");
    borders(&server, &store).await;
}

/// Where it matters: at the very time of a sample, Prometheus before 3 counts the sample on the left border of a range, and one
/// of exactly five minutes ago still speaks. Ours are the ranges of Prometheus 3.
async fn borders(server: &Prometheus, store: &Store) {
    let at = BEGIN + 40 * 60_000;
    let count = "count_over_time(webhook_queue_depth{instance=\"api-1:8000\"}[1m])";
    let of = |found: BTreeMap<String, f64>| found.into_values().next();
    let mine = of(ours(store, count, at));
    assert_eq!(mine, Some(4.0));
    let closed = of(theirs(server, count, at).await);
    assert!(closed == Some(5.0) || closed == mine, "{closed:?}");
}
