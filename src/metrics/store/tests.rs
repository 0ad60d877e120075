//! The store against a plain one: the same samples in, the same answers out, to the last bit; bounds that hold and are counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::metrics::exposition::{self, Format, read};
use crate::metrics::labels::NAME;

/// A plain store.
#[derive(Default)]
struct Plain {
    series: BTreeMap<Labels, Vec<Sample>>,
    live: BTreeSet<Labels>,
    tick: Option<i64>,
}

impl Plain {
    fn append(&mut self, labels: &Labels, sample: Sample) -> bool {
        let samples = self.series.entry(labels.clone()).or_default();
        let newer = samples.last().is_none_or(|last| last.at < sample.at);
        if newer {
            samples.push(sample);
        }
        newer
    }

    fn results(&mut self, at: i64, results: &[(Labels, f64)]) {
        if self.tick.is_some_and(|tick| tick >= at) {
            return;
        }
        self.tick = Some(at);
        let before = std::mem::take(&mut self.live);
        for (labels, value) in results {
            if self.live.insert(labels.clone()) {
                self.append(labels, Sample { at, value: *value });
            }
        }
        for labels in before.into_iter().filter(|labels| !self.live.contains(labels)).collect::<Vec<_>>() {
            self.append(&labels, Sample { at, value: f64::from_bits(STALE) });
        }
    }
}

fn bits(samples: &[Sample]) -> Vec<(i64, u64)> {
    samples.iter().map(|sample| (sample.at, sample.value.to_bits())).collect()
}

fn all(store: &Store, metric: Option<&str>) -> Vec<(Labels, Vec<(i64, u64)>)> {
    let mut samples = Vec::new();
    let series = store.select(metric, |_| true);
    series
        .map(|(labels, series)| {
            series.between(i64::MIN, i64::MAX, &mut samples);
            (labels.clone(), bits(&samples))
        })
        .collect()
}

fn labels(number: u8) -> Labels {
    Labels::new([(NAME, format!("m{}", number % 3)), ("a", format!("{}", number / 3 % 4)), ("Z", "z".to_owned())])
}

/// Values as they come: counters, short decimals, odd ones, any bits.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (0u32..1000).prop_map(f64::from),
        6 => (7u32..9).prop_map(f64::from), // so that many are as the one before
        2 => (0u32..1_000_000).prop_map(|whole| f64::from(whole) / 100.0),
        1 => (0i64..1 << 60).prop_map(|whole| whole as f64),
        1 => (0u64..1 << 50, 0i32..20).prop_map(|(whole, scale)| format!("{whole}e-{scale}").parse().unwrap()),
        1 => any::<u64>().prop_map(f64::from_bits),
        1 => prop::sample::select(vec![0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 5e-324, f64::from_bits(STALE)]),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Append(u8, i64, f64),
    Round(i64, Vec<(u8, f64)>),
}

fn step() -> impl Strategy<Value = Step> {
    let gap = || prop_oneof![5 => Just(5000i64), 2 => -3i64..9000, 1 => any::<i32>().prop_map(i64::from)];
    prop_oneof![
        1 => (0u8..12, gap(), value()).prop_map(|(series, gap, value)| Step::Append(series, gap, value)),
        3 => (gap(), prop::collection::vec((0u8..12, value()), 0..8)).prop_map(|(gap, results)| Step::Round(gap, results)),
    ]
}

proptest! {
    /// What any sequence of steps leaves behind is what a plain store holds; every question is answered alike.
    #[test]
    fn it_answers_as_a_plain_store(
        steps in prop::collection::vec(step(), 0..120),
        questions in prop::collection::vec((-10_000i64..2_000_000, 0i64..1_000_000), 8),
    ) {
        let (mut store, mut plain) = (Store::default(), Plain::default());
        let target = store.target(Labels::default());
        let mut now = 0i64;
        for step in steps {
            match step {
                Step::Append(series, gap, value) => {
                    let sample = Sample { at: now + gap, value };
                    prop_assert_eq!(store.append(&labels(series), sample), plain.append(&labels(series), sample));
                }
                Step::Round(gap, results) => {
                    let at = now + gap;
                    now = now.max(at.min(now + 9000));
                    let results: Vec<(Labels, f64)> = results.into_iter().map(|(n, value)| (labels(n), value)).collect();
                    store.results(target, at, results.iter().map(|(labels, value)| (labels, *value)));
                    plain.results(at, &results);
                }
            }
        }
        let expected: Vec<_> = plain.series.iter().map(|(labels, samples)| (labels.clone(), bits(samples))).collect();
        prop_assert_eq!(all(&store, None), expected.clone());
        let named: Vec<_> = expected.into_iter().filter(|(labels, _)| labels.metric() == "m1").collect();
        prop_assert_eq!(all(&store, Some("m1")), named);
        let mut found = Vec::new();
        for (from, length) in questions {
            let (after, until) = (from, from + length);
            for (labels, samples) in store.select(None, |_| true) {
                samples.between(after, until, &mut found);
                let known: Vec<Sample> = plain.series[labels].iter().copied().filter(|s| s.at > after && s.at <= until).collect();
                prop_assert_eq!(bits(&found), bits(&known));
                let newest = known.last().copied().filter(|sample| !is_stale(sample.value));
                prop_assert_eq!(samples.newest(after, until).map(|s| (s.at, s.value.to_bits())), newest.map(|s| (s.at, s.value.to_bits())));
            }
        }
    }

    /// Over many chunks: scrapes, times of its own between them, gaps; read whole and in parts.
    #[test]
    fn what_a_track_takes_in_it_gives_out(
        samples in prop::collection::vec((prop_oneof![8 => Just(0i64), 1 => 1i64..4999, 1 => any::<u32>().prop_map(i64::from)], 0u8..9, value()), 1..900),
        (after, until) in (0i64..5_000_000, 0i64..5_000_000),
        span in prop_oneof![Just(u32::MAX), 1u32..3_000_000],
    ) {
        let (mut track, mut ticks, mut known) = (Track::new(Labels::default(), None, 1), Vec::new(), Vec::<Sample>::new());
        for (round, (own, miss, value)) in (1i64..).zip(samples) {
            ticks.push(round * 5000);
            let at = round * 5000 + own;
            if miss > 0 && known.last().is_none_or(|last| last.at < at) {
                track.push(Sample { at, value }, &ticks, span);
                known.push(Sample { at, value });
            }
        }
        let mut found = Vec::new();
        track.between(&ticks, i64::MIN, i64::MAX, &mut found);
        prop_assert_eq!(bits(&found), bits(&known));
        found.clear();
        track.between(&ticks, after, until, &mut found);
        let part: Vec<Sample> = known.iter().copied().filter(|sample| sample.at > after && sample.at <= until).collect();
        prop_assert_eq!(bits(&found), bits(&part));
        let newest = known.iter().rfind(|sample| sample.at <= until).map(|sample| (sample.at, sample.value.to_bits()));
        prop_assert_eq!(track.newest(&ticks, until).map(|sample| (sample.at, sample.value.to_bits())), newest);
    }

    /// Whatever comes, it stays within its bytes, and what it holds is what it counts.
    #[test]
    fn it_stays_within_its_bytes(rounds in prop::collection::vec((0u32..400, 0u32..60, value()), 1..50), keep in 0u64..400) {
        let limits = Limits { bytes: 40_000, keep: Duration::from_secs(keep) };
        let mut store = Store::new(limits);
        let target = store.target(Labels::new([("job", "x")]));
        let mut made = 0;
        for (at, (from, count, value)) in (1i64..).zip(rounds) {
            let series: Vec<Labels> = (from..from + count).map(|n| Labels::new([(NAME, "m".to_owned()), ("n", n.to_string())])).collect();
            let taken = store.results(target, at * 5000, series.iter().map(|labels| (labels, value)));
            made += taken.made as u64;
            prop_assert!(store.bytes() <= limits.bytes, "{} bytes", store.bytes());
            let counted: usize = store.tracks.iter().flatten().map(|track| track.bytes()).sum();
            prop_assert_eq!(counted, store.held);
            prop_assert_eq!(store.tracks.iter().flatten().count(), store.series());
            prop_assert!(made >= store.dropped() + store.series() as u64);
        }
    }
}

fn page(store: &mut Store, target: Target, at: i64, text: &str) -> Taken {
    let page = read(text.as_bytes(), Format::Text, &exposition::Limits::default()).unwrap();
    store.scrape(target, at, &page)
}

#[test]
fn a_scrape_gives_series_their_targets_labels() {
    let mut store = Store::default();
    let target = store.target(Labels::new([("job", "api"), ("instance", "a:1")]));
    let taken = page(&mut store, target, 1000, "up{job=\"own\",x=\"1\"} 1\nup{x=\"1\",job=\"own\"} 2\nb 3\n");
    assert_eq!(taken, Taken { added: 2, made: 2, repeated: 1, ..Taken::default() });
    let names: Vec<String> = store.select(None, |_| true).map(|(labels, _)| labels.to_string()).collect();
    assert_eq!(
        names,
        [r#"b{instance="a:1", job="api"}"#, r#"up{exported_job="own", instance="a:1", job="api", x="1"}"#]
    );
    let up = store.select(Some("up"), |labels| labels.get("x") == "1").next().unwrap().1;
    assert_eq!(up.newest(0, 1000), Some(Sample { at: 1000, value: 1.0 }));
    assert_eq!(store.metrics().collect::<Vec<_>>(), [("b", 1), ("up", 1)]);
}

#[test]
fn what_vanishes_ends_and_may_come_back() {
    let mut store = Store::default();
    let target = store.target(Labels::default());
    page(&mut store, target, 1000, "a 1\nb 1\n");
    assert_eq!(page(&mut store, target, 2000, "a 2\n").ended, 1);
    assert_eq!(page(&mut store, target, 3000, "a 3\n").ended, 0);
    assert_eq!(page(&mut store, target, 4000, "a 4\nb 4\n"), Taken { added: 2, ..Taken::default() });
    assert_eq!(store.failed(target, 5000).ended, 2);
    assert_eq!(store.failed(target, 6000).ended, 0);
    let marked: Vec<Vec<(i64, bool)>> = all(&store, None)
        .into_iter()
        .map(|(_, samples)| samples.into_iter().map(|(at, bits)| (at, bits == STALE)).collect())
        .collect();
    assert_eq!(marked[0], [(1000, false), (2000, false), (3000, false), (4000, false), (5000, true)]);
    assert_eq!(marked[1], [(1000, false), (2000, true), (4000, false), (5000, true)]);
    let b = store.select(Some("b"), |_| true).next().unwrap().1;
    assert_eq!((b.newest(0, 2500), b.newest(0, 1999).map(|s| s.value), b.newest(1000, 1999)), (None, Some(1.0), None));
}

/// Fault 25: a page's own times.
#[test]
fn times_in_the_future_or_out_of_order_are_refused_and_counted() {
    let mut store = Store::new(Limits { keep: Duration::from_secs(3600), ..Limits::default() });
    let target = store.target(Labels::default());
    page(&mut store, target, 10_000_000, "a 1 9999000\nb 1\n");
    let taken =
        page(&mut store, target, 10_005_000, "a 2 9998000\na 1 9999000\nb 2\nc 1 10605001\nd 1 10605000\ne 1 1\n");
    assert_eq!(taken, Taken { added: 2, made: 3, repeated: 1, out_of_order: 2, ahead: 1, ..Taken::default() });
    let names: Vec<String> = store.select(None, |_| true).map(|(labels, _)| labels.to_string()).collect();
    assert_eq!(names, ["a", "b", "d"], "a refused sample leaves no empty series");
    assert_eq!(
        page(&mut store, target, 10_005_000, "b 3\n"),
        Taken { out_of_order: 1, ..Taken::default() },
        "a round twice"
    );
    assert_eq!(page(&mut store, target, 10_010_000, "").ended, 1, "series with times of their own do not end");
}

/// Fault 23: a new label in each scrape. The dead go first, the living keep their past, and the count is told.
#[test]
fn churn_drops_the_series_longest_without_a_sample() {
    let limits = Limits { bytes: 200_000, ..Limits::default() };
    let mut store = Store::new(limits);
    let target = store.target(Labels::default());
    let mut dropped = 0;
    for round in 1i64..100 {
        let mut text = "steady 1\n".to_owned();
        for number in 0..20 {
            let _ = writeln!(text, "churn{{id=\"{round}-{number}\"}} 1");
        }
        dropped += page(&mut store, target, round * 5000, &text).dropped;
        assert!(store.bytes() <= limits.bytes);
    }
    assert!(dropped > 1000 && dropped == store.dropped(), "{dropped}");
    assert_eq!(store.series() as u64 + dropped, 99 * 20 + 1);
    assert_eq!(all(&store, Some("steady"))[0].1.len(), 99);
    let oldest = all(&store, Some("churn")).into_iter().map(|(_, samples)| samples[0].0).min();
    let kept = (store.series() - 1).div_ceil(20) as i64;
    assert_eq!(oldest, Some((100 - kept) * 5000), "the newest remain");
}

#[test]
fn a_flood_of_new_series_is_its_own_victim() {
    let limits = Limits { bytes: 100_000, ..Limits::default() };
    let mut store = Store::new(limits);
    let target = store.target(Labels::default());
    for round in 1i64..20 {
        page(&mut store, target, round * 5000, "steady 1\n");
    }
    let flood: Vec<String> = (0..2000).map(|number| format!("flood{{id=\"{number}\"}} 1\n")).collect();
    let taken = page(&mut store, target, 100_000, &format!("steady 2\n{}", flood.concat()));
    assert!(taken.dropped > 1500 && store.bytes() <= limits.bytes, "{taken:?}");
    assert_eq!(all(&store, Some("steady"))[0].1.len(), 20);
}

#[test]
fn what_is_too_old_goes_and_is_not_counted_as_dropped() {
    let mut store = Store::new(Limits { keep: Duration::from_secs(3600), ..Limits::default() });
    let target = store.target(Labels::default());
    for round in 0i64..5000 {
        let once = if round == 0 { "once 1\n" } else { "" };
        page(&mut store, target, round * 5000, &format!("{once}steady {round}\n"));
    }
    assert_eq!((store.series(), store.dropped()), (1, 0));
    let samples = &all(&store, None)[0].1;
    assert_eq!(samples.last().map(|(_, bits)| f64::from_bits(*bits)), Some(4999.0));
    let kept = samples.last().unwrap().0 - samples[0].0;
    assert!((3_600_000..3_600_000 + 900_000 + 112_500 + 5000).contains(&kept), "{kept}");
    assert!(samples.windows(2).all(|two| two[1].0 - two[0].0 == 5000));
    assert!(store.targets[0].ticks.len() < 1100);
}

/// Most series cost less than a byte a sample, what their chunks take up around the bits included.
#[test]
fn steady_series_are_small() {
    let mut store = Store::default();
    let target = store.target(Labels::default());
    for round in 0i64..2400 {
        page(
            &mut store,
            target,
            round * 5000 + round % 7,
            &format!("still 17.25\ncounter {}\nlevel {}\n", round * 1234, round % 50),
        );
    }
    let packed: Vec<usize> = store.tracks.iter().flatten().map(|track| track.growing()).collect();
    assert!(packed[0] < 1800 && packed[1] < 2200 && packed[2] < 2550, "{packed:?}");
}

/// Whatever a question begins with, of the newest chunks and of older ones, at every length of the newest.
#[test]
fn parts_of_a_chunk_are_what_the_whole_has_there() {
    let (mut track, mut ticks, mut known) = (Track::new(Labels::default(), None, 1), Vec::new(), Vec::<Sample>::new());
    for round in 1i64..=400 {
        let at = round * 5000 + i64::from(round % 17 == 0);
        ticks.push(round * 5000);
        // Decimals that go up, stay, and are no decimals.
        let value = if round % 29 == 0 { (round as f64).sqrt() } else { (round / 3 * 7) as f64 / 10.0 };
        track.push(Sample { at, value }, &ticks, 1_500_000);
        known.push(Sample { at, value });
        if round % 13 > 0 && round % 40 > 1 {
            continue;
        }
        for after in (-1..=round).flat_map(|round| [-1, 0, 1].map(|beside| round * 5000 + beside)) {
            let mut found = Vec::new();
            track.between(&ticks, after, i64::MAX, &mut found);
            assert_eq!(
                bits(&found),
                bits(&known[known.partition_point(|sample| sample.at <= after)..]),
                "{round} {after}"
            );
            let newest = known.iter().rfind(|sample| sample.at <= after).copied();
            assert_eq!(track.newest(&ticks, after), newest, "{round} {after}");
        }
    }
}
