//! The store: one merged order over all streams, bounds, gaps and stretches that are read again.

use super::*;
use crate::domain::moment::Moment;
use crate::logs::filter::Filter;
use crate::logs::level::Level;
use crate::logs::search::Direction::{Newer, Older};
use crate::logs::segment::SegmentBuilder;
use crate::logs::segment::tests::segment;
use crate::logs::traces::Traces;
use proptest::prelude::*;

/// The latest second that a test's lines state; their segments arrive at it.
const LAST: f64 = 3000.0;

/// A line at a second, or one that states no time.
fn line(second: Option<u32>, text: &str) -> String {
    match second {
        Some(second) => format!("2026-01-02T12:{:02}:{:02}Z INFO {text}", second / 60, second % 60),
        None => text.to_owned(),
    }
}

fn sealed(stream: Stream, sequence: u64, lines: &[String]) -> Arc<Segment> {
    let (mut builder, mut traces) = (SegmentBuilder::new(), Traces::default());
    for line in lines {
        builder.push_line(line.as_bytes(), 0, &mut traces, Moment::fixed(LAST));
    }
    Arc::new(builder.seal_stream(stream, sequence, Moment::fixed(LAST)).unwrap())
}

fn of(log: u16) -> Stream {
    Stream { log, file: 0 }
}

fn words(store: &LogStore, lines: impl Iterator<Item = LineAddress>) -> String {
    let word = |at| {
        let raw = String::from_utf8_lossy(store.get(at).unwrap().1.raw).into_owned();
        raw.rsplit(' ').next().unwrap_or_default().to_owned()
    };
    lines.map(word).collect::<Vec<_>>().join(" ")
}

fn merged(store: &LogStore) -> String {
    words(store, store.runs().walk(None, Newer))
}

#[test]
fn logs_are_merged_by_time_and_late_lines_find_their_place() {
    let mut store = LogStore::new(1 << 20);
    let some = |second, text: &str| line(Some(second), text);
    store.append(sealed(of(0), 1, &[some(1, "a1"), some(5, "a5"), "ERROR: trace".into(), "  at frame".into()]));
    store.append(sealed(of(1), 2, &[some(1, "b1"), some(3, "b3"), some(9, "b9")]));
    store.append(sealed(of(0), 3, &[some(7, "a7")]));
    assert_eq!(merged(&store), "a1 b1 b3 a5 trace frame a7 b9");
    // The clock of the first jumps back: its own order stays.
    store.append(sealed(of(0), 4, &[some(2, "a2"), some(10, "a10")]));
    assert_eq!(merged(&store), "a1 b1 b3 a5 trace frame a7 a2 b9 a10");
    assert_eq!(words(&store, store.runs().walk(None, Older)), "a10 b9 a2 a7 frame trace a5 b3 b1 a1");
    let from = store.last();
    assert_eq!(words(&store, store.runs().walk(from, Older).take(2)), "b9 a2");
    assert_eq!(words(&store, store.first().into_iter()), "a1");
}

#[test]
fn a_clock_in_the_future_holds_no_place() {
    let mut store = LogStore::new(1 << 20);
    store.append(sealed(of(0), 1, &["2099-01-01T00:00:00Z INFO wrong".into(), line(Some(2), "a2")]));
    let late = |log, n, text: &str| {
        let mut builder = SegmentBuilder::new();
        let now = Moment::fixed(LAST + f64::from(u32::try_from(n).unwrap()));
        let text = format!("2026-01-02T12:50:{n:02}Z INFO {text}");
        builder.push_line(text.as_bytes(), 0, &mut Traces::default(), now);
        Arc::new(builder.seal(log, n, now).unwrap())
    };
    store.append(late(1, 10, "b10"));
    store.append(late(0, 11, "a11"));
    assert_eq!(merged(&store), "wrong a2 b10 a11");
}

#[test]
fn logs_without_times_stand_as_they_arrived() {
    let mut store = LogStore::new(1 << 20);
    store.append(Arc::new(segment(0, 4, &["a", "b"])));
    store.append(Arc::new(segment(1, 6, &["ERROR: c"])));
    store.append(Arc::new(segment(0, 9, &["d", "e", "f"])));
    assert_eq!(merged(&store), "a b c d e f");
    let at = |sequence, index| Some(LineAddress { sequence, stream: of(u16::from(sequence == 6)), index });
    assert_eq!(words(&store, store.runs().walk(at(9, 1), Older)), "d c b a");
    assert_eq!(words(&store, store.runs().walk(at(9, 1), Newer)), "f");
    assert_eq!((store.first(), store.last()), (at(4, 0), at(9, 2)));
    assert_eq!(store.total().errors(), 1);
}

#[test]
fn the_oldest_go_and_are_counted() {
    let one = segment(0, 0, &["x"; 100]).footprint();
    let mut store = LogStore::new(one * 3);
    for sequence in 0..10 {
        let gone = store.append(Arc::new(segment(0, sequence, &["x"; 100])));
        assert_eq!(gone, if sequence < 3 { vec![] } else { vec![(of(0), sequence - 3)] });
    }
    assert_eq!((store.len_lines(), store.bytes()), (300, one * 3));
    let counters = store.counters(0);
    assert_eq!((counters.lines, counters.evicted_lines), (1000, 700));
    let gone = LineAddress { sequence: 2, stream: of(0), index: 5 };
    assert!(store.get(gone).is_none());
    assert_eq!(store.nearest(gone), store.first());
    assert_eq!(store.segments_after(8).len(), 1);
    // Streams of which nothing is left are forgotten.
    for sequence in 10..1000 {
        store.append(Arc::new(segment(u16::try_from(sequence).unwrap(), sequence, &["x"; 100])));
    }
    assert_eq!((store.runs().iter().count(), store.len_lines()), (3, 300));
}

#[test]
fn summaries_are_bounded_and_counts_are_not_lost() {
    let mut store = LogStore::new(1);
    for n in 0..20_000 {
        store.add_summary(0, &BlockSummary { offset: n * 10, bytes: 10, lines: 1, ..BlockSummary::default() });
    }
    assert!(store.summaries().len() <= SUMMARIES);
    assert_eq!(store.counters(0).summarized_lines, 20_000);
    assert_eq!(store.summaries().iter().map(|(_, b)| b.lines).sum::<u64>(), 20_000);
}

/// Seconds, `None` for lines that state no time.
type Times = Vec<Option<u32>>;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn merging_keeps_every_line_once_and_the_order_of_each_log(
        pieces in prop::collection::vec((0u16..3, 0u16..2, prop::collection::vec(prop::option::weighted(0.8, 0u32..2000), 1..90)), 1..14),
        bound in prop_oneof![Just(1usize << 20), 4_000usize..20_000],
        from in any::<prop::sample::Index>(),
    ) {
        let mut store = LogStore::new(bound);
        let mut own: std::collections::BTreeMap<Stream, Vec<(u64, Times)>> = std::collections::BTreeMap::new();
        for (n, (log, file, times)) in pieces.iter().enumerate() {
            let (stream, n) = (Stream { log: *log, file: *file }, n as u64 + 1);
            let lines: Vec<String> = times.iter().map(|t| line(*t, "x")).collect();
            own.entry(stream).or_default().push((n, times.clone()));
            for (stream, sequence) in store.append(sealed(stream, n, &lines)) {
                own.get_mut(&stream).unwrap().retain(|(n, _)| *n != sequence);
            }
        }
        let all: Vec<LineAddress> = store.runs().walk(None, Newer).collect();
        // Each kept line once, each stream in its order.
        prop_assert_eq!(all.len(), store.len_lines());
        for (stream, kept) in &own {
            let seen: Vec<(u64, u32)> = all.iter().filter(|at| at.stream == *stream).map(|at| (at.sequence, at.index)).collect();
            let expected: Vec<(u64, u32)> = kept.iter().flat_map(|(n, times)| (0..times.len() as u32).map(move |i| (*n, i))).collect();
            prop_assert_eq!(seen, expected);
        }
        // Times only decrease where the log's own earlier line forces it.
        let ranks: Vec<_> = all.iter().map(|at| store.rank(*at).unwrap()).collect();
        prop_assert!(ranks.is_sorted());
        let mut latest = std::collections::BTreeMap::new();
        let mut before = i64::MIN;
        for at in &all {
            let time = store.get(*at).unwrap().1.time;
            let own = latest.entry(at.stream).or_insert(i64::MIN);
            if let Some(time) = time {
                prop_assert!(time >= before || time < *own || bound < 1 << 20 || times_missing_first(&pieces), "{time} {before} {own}");
                *own = time.max(*own);
                before = before.max(time);
            }
        }
        // The same walk from the other side, and from any line on.
        let mut back: Vec<LineAddress> = store.runs().walk(None, Older).collect();
        back.reverse();
        prop_assert_eq!(&back, &all);
        if !all.is_empty() {
            let at = from.index(all.len());
            let rest: Vec<LineAddress> = store.runs().walk(Some(all[at]), Newer).collect();
            prop_assert_eq!(&rest[..], &all[at + 1..]);
            let mut rest: Vec<LineAddress> = store.runs().walk(Some(all[at]), Older).collect();
            rest.reverse();
            prop_assert_eq!(&rest[..], &all[..at]);
        }
        // A filter that finds all shows the same.
        let found = Filter::new(Level::Unknown, "", "x", None).unwrap().run(&store.segments());
        let listed: Vec<LineAddress> = store.runs().walk_listed(None, Newer, &found.listed).collect();
        prop_assert_eq!(&listed, &all);
    }
}

/// Whether a stream begins with a piece that states no time at all: it is placed by its arrival then.
fn times_missing_first(pieces: &[(u16, u16, Times)]) -> bool {
    pieces.iter().any(|(.., times)| times.iter().all(Option::is_none))
}

#[test]
fn old_stretches_are_put_in_their_place_and_gaps_stop_a_walk() {
    let mut store = LogStore::new(1 << 20);
    let some = |second, text: &str| line(Some(second), text);
    store.set_old_part(of(0), 300);
    store.append(sealed(of(0), 1 << 48, &[some(30, "a30"), some(40, "a40")]));
    store.append(sealed(of(1), (1 << 48) + 1, &[some(5, "b5"), some(35, "b35")]));
    let older = |store: &LogStore| {
        let mut walk = store.runs().walk(None, Older);
        let text = words(store, walk.by_ref());
        (text, walk.blocked().map(|gap| gap.bytes))
    };
    // What is missing of the first lies before its second 30, and may lie behind the other's second 5.
    assert_eq!(older(&store), ("a40 b35 a30".into(), Some((0, 300))));
    store.insert_old(of(0), (200, 300), vec![sealed(of(0), 200, &[some(20, "a20")])]);
    assert_eq!(older(&store), ("a40 b35 a30 a20".into(), Some((0, 200))));
    // The beginning of the file: a gap lies between.
    store.insert_old(of(0), (0, 100), vec![sealed(of(0), 0, &[some(1, "a1"), some(3, "a3")])]);
    assert_eq!(older(&store).1, Some((100, 200)));
    let mut walk = store.runs().walk(store.first(), Newer);
    assert_eq!((words(&store, walk.by_ref()), walk.blocked().map(|gap| gap.bytes)), ("a3".into(), Some((100, 200))));
    // Read twice, it is kept once.
    assert!(store.insert_old(of(0), (50, 100), vec![sealed(of(0), 50, &[some(2, "twice")])]).is_empty());
    store.insert_old(of(0), (100, 200), vec![sealed(of(0), 100, &[some(10, "a10")])]);
    assert_eq!(older(&store), ("a40 b35 a30 a20 a10 b5 a3 a1".into(), None));
    assert_eq!(merged(&store), "a1 a3 b5 a10 a20 a30 b35 a40");
}

#[test]
fn the_old_stretch_farthest_from_the_newest_goes_first() {
    let lines: Vec<String> = (0..100).map(|n| line(Some(n), "x")).collect();
    let one = sealed(of(0), 0, &lines).footprint();
    let mut store = LogStore::new(one * 3 * OLD_PART + 3);
    store.set_old_part(of(0), 10_000);
    let mut gone = Vec::new();
    for from in (0..10u64).rev().map(|n| n * 1000) {
        gone.extend(store.insert_old(of(0), (from, from + 1000), vec![sealed(of(0), from, &lines)]));
        assert!(store.bytes() <= one * 3);
    }
    assert_eq!(gone.iter().map(|g| g.1).collect::<Vec<_>>(), [9000, 8000, 7000, 6000, 5000, 4000, 3000]);
    assert_eq!(store.len_lines(), 300);
    // Back towards the end: now the beginning is farthest.
    assert_eq!(store.insert_old(of(0), (3000, 4000), vec![sealed(of(0), 3000, &lines)]), [(of(0), 0)]);
}
