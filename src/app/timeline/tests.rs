//! Order and bounds of the timeline.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::remediation::audit::{AuditEvent, Entry};

fn draft(kind: Kind, what: &str) -> Draft {
    Draft::new(kind, "word", Tone::Plain, what)
}

fn read(n: usize, at: f64) -> Happening {
    draft(Kind::Audit, &format!("told {n}")).at(RowKey::Text(Safe::of(n.to_string())), Moment::fixed(at).wall)
}

fn shown(timeline: &Timeline) -> Vec<String> {
    timeline.shown(None).iter().map(|happening| happening.what.to_string()).collect()
}

#[test]
fn what_others_did_stands_between_what_was_seen_here() {
    let mut timeline = Timeline::default();
    timeline.push(Moment::fixed(10.0), draft(Kind::Health, "api down"));
    timeline.push(Moment::fixed(30.0), draft(Kind::Health, "api ok"));
    let happenings = vec![read(3, 40.0), read(1, 5.0), read(2, 20.0)];
    assert!(timeline.tell(History { happenings, ..History::default() }).is_empty());
    assert_eq!(shown(&timeline), ["told 1", "api down", "told 2", "api ok", "told 3"]);
    let _ = timeline.tell(History::default());
    assert_eq!(shown(&timeline), ["api down", "api ok"], "read again, it is the whole of what is told");
}

#[test]
fn a_mark_stands_where_its_key_was_pressed_and_a_clock_that_stepped_reorders_nothing() {
    let mut timeline = Timeline::default();
    timeline.push(Moment::fixed(10.0), draft(Kind::Health, "a"));
    timeline.push(Moment::fixed(30.0), draft(Kind::Health, "b"));
    timeline.push(Moment::fixed(20.0), draft(Kind::Mark, "mark"));
    assert_eq!(shown(&timeline), ["a", "mark", "b"]);
    let back = Moment { boot: Moment::fixed(40.0).boot, wall: Moment::fixed(0.0).wall };
    timeline.push(back, draft(Kind::Health, "c"));
    assert_eq!(shown(&timeline), ["a", "mark", "b", "c"]);
}

#[test]
fn a_run_without_an_end_is_told_once() {
    let mut timeline = Timeline::default();
    assert!(timeline.lost(&Safe::of("run")));
    assert!(!timeline.lost(&Safe::of("run")));
    for n in 0..10 * UNFINISHED {
        timeline.lost(&Safe::of(n.to_string()));
    }
    assert_eq!(timeline.unfinished.len(), UNFINISHED);
}

#[test]
fn records_of_every_kind_have_a_word_that_fits_its_column() {
    for event in AuditEvent::ALL {
        let entry = Entry::new(event, "run-1")
            .with("action", "restart-api")
            .with("target", "api")
            .with("outcome", "not verified")
            .with("text", "words")
            .with("why", vec!["first", "second"]);
        let draft = records::of_entry(&entry);
        assert!((1..=12).contains(&draft.word.as_str().len()), "{event:?}: {}", draft.word);
        assert!(!draft.what.as_str().is_empty(), "{event:?}");
        assert!(draft.detail.unwrap().plain().contains("run-1"));
    }
    for outcome in crate::remediation::outcome::Outcome::ALL {
        assert!(outcome.word().len() <= 12);
    }
}

#[test]
fn hostile_records_stay_small() {
    let deep =
        (0..200).fold(crate::remediation::audit::Value::from("x"), |inner, _| vec![("a".to_owned(), inner)].into());
    let long: Vec<String> = (0..5000).map(|n| format!("{n} {}", "y".repeat(2000))).collect();
    let entry = Entry::new(AuditEvent::Outcome, "r").with("deep", deep).with("long", long.clone()).with("why", long);
    let draft = records::of_entry(&entry);
    assert!(draft.detail.unwrap().plain().len() < 100_000);
    assert!(draft.what.as_str().len() < 1000);
}

proptest! {
    /// It never holds more than its bounds, counts what had to go, keeps the order in which things were seen, and finds
    /// every one that it shows.
    #[test]
    fn bounded_and_in_order(own in 0usize..2600, told in 0usize..1300, gap in 0u64..50) {
        let mut timeline = Timeline::default();
        for n in 0..own {
            let at = Moment::fixed(0.0).plus(Duration::from_millis(gap * n as u64));
            timeline.push(at, draft(Kind::Health, &format!("own {n}")));
        }
        let happenings = (0..told).map(|n| read(n, n as f64)).collect();
        let _ = timeline.tell(History { happenings, ..History::default() });
        let all = timeline.shown(None);
        prop_assert_eq!(all.len(), own.min(OWN) + told.min(TOLD));
        prop_assert_eq!(timeline.dropped as usize, own.saturating_sub(OWN));
        prop_assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at));
        if let Some(last) = all.last() {
            prop_assert!(timeline.find(&last.key).is_some());
        }
    }
}
