//! Over a restart: `for` goes on, in wall time, whatever the clocks did meanwhile.

use chrono::TimeDelta;

use super::*;
use crate::alerts::lifecycle::rule::MOST_ALERTS;
use crate::alerts::line::Line;
use crate::alerts::rules;
use crate::domain::Moment;

/// A run of the program: its line, and the moments of its seconds.
struct Run {
    line: Line,
    start: Moment,
}

impl Run {
    /// A run that begins so many seconds after the first, `boot` after the machine did.
    fn begun(wall: f64, boot: u64) -> Run {
        let start = Moment { boot: Duration::from_secs(boot), wall: Moment::fixed(wall).wall };
        Run { line: Line::begun(start), start }
    }

    fn moment(&self, second: u64) -> Moment {
        self.start.plus(Duration::from_secs(second))
    }

    fn at(&self, second: u64) -> i64 {
        self.line.at(self.moment(second))
    }
}

fn book(hold: u64, run: &Run) -> Book {
    let rules = vec![alerting_rule(hold, 0, &[], &[])];
    let group = rules::Group {
        file: "f".into(),
        name: "g".into(),
        line: 1,
        interval: None,
        limit: 0,
        query_offset: None,
        rules,
    };
    Book::new(&[group], Duration::from_secs(15), run.at(0))
}

fn world(basis: Basis, elements: Elements) -> Told {
    let mut world = Told::default();
    world.answers.insert("up == 0".into(), Ok(Evaluation::on(elements, basis)));
    world
}

fn down() -> Told {
    world(Basis::Complete, vec![element("a", 0.0)])
}

fn happened(book: &mut Book, run: &Run, second: u64, world: &mut Told) -> Vec<What> {
    book.run(run.at(second), world).into_iter().map(|change| change.what).collect()
}

/// What a run of so many seconds with the alert keeps.
fn kept(hold: u64, seconds: u64) -> Saved {
    let run = Run::begun(0.0, 5000);
    let mut book = book(hold, &run);
    for second in (0..=seconds).step_by(15) {
        book.run(run.at(second), &mut down());
    }
    let saved = book.save(run.line, run.moment(seconds));
    let text = serde_json::to_string(&saved).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A later run that takes it up, on a machine that was started anew.
fn later(saved: &Saved, hold: u64, wall: f64, restore: Restore) -> (Book, Run) {
    let run = Run::begun(wall, 20);
    let mut book = book(hold, &run);
    book.restore(saved, restore, run.line, run.moment(0));
    (book, run)
}

#[test]
fn what_fired_fires_at_once_and_since_when_it_did() {
    let saved = kept(300, 600);
    let (mut book, run) = later(&saved, 300, 660.0, Restore::default());
    assert_eq!(book.groups()[0].alerting().next().unwrap().standing(run.at(0), Duration::from_secs(15)).remembered, 1);
    assert_eq!(happened(&mut book, &run, 0, &mut down()), [What::Restored, What::Firing]);
    let alert = book.groups()[0].alerting().next().unwrap().alerts().next().unwrap().clone();
    assert_eq!(alert.active_at, Moment::fixed(0.0).wall.timestamp_millis(), "before this machine was started");
}

#[test]
fn what_was_pending_has_as_long_to_go_as_it_had() {
    let saved = kept(300, 150);
    let (mut book, run) = later(&saved, 300, 1150.0, Restore::default());
    assert_eq!(happened(&mut book, &run, 0, &mut down()), [What::Restored]);
    for second in (15..150).step_by(15) {
        assert_eq!(happened(&mut book, &run, second, &mut down()), [], "{second}");
    }
    assert_eq!(happened(&mut book, &run, 150, &mut down()), [What::Firing]);
}

#[test]
fn prometheus_gives_grace_and_forgets_after_an_hour() {
    let hour = kept(3600, 3300);
    let (mut book, run) = later(&hour, 3600, 3360.0, Restore::PROMETHEUS);
    book.run(run.at(0), &mut down());
    let alert = book.groups()[0].alerting().next().unwrap().alerts().next().unwrap().clone();
    assert_eq!(alert.active_at, run.at(0) + 600_000 - 3_600_000, "ten minutes to go, not five");
    let short = kept(300, 600);
    let (mut book, run) = later(&short, 300, 660.0, Restore::PROMETHEUS);
    assert_eq!(happened(&mut book, &run, 0, &mut down()), [What::Pending], "shorter than the grace");
    let (mut book, run) = later(&short, 300, 600.0 + 3601.0, Restore::default());
    assert_eq!(happened(&mut book, &run, 0, &mut down()), [What::Pending], "too long ago");
    let (mut book, run) = later(&short, 300, 600.0 + 3600.0, Restore::default());
    assert_eq!(happened(&mut book, &run, 0, &mut down()), [What::Restored, What::Firing]);
}

#[test]
fn it_is_remembered_until_a_complete_result_says_that_it_has_gone() {
    let saved = kept(300, 600);
    let warming = Basis::Warming { have: Duration::ZERO, need: Duration::from_secs(60) };
    let (mut book, run) = later(&saved, 300, 660.0, Restore::default());
    assert_eq!(happened(&mut book, &run, 0, &mut world(warming.clone(), Vec::new())), []);
    assert_eq!(book.save(run.line, run.moment(1)).rules[0].alerts, saved.rules[0].alerts, "also over the next restart");
    assert_eq!(happened(&mut book, &run, 15, &mut down()), [What::Restored, What::Firing]);
    let (mut book, run) = later(&saved, 300, 660.0, Restore::default());
    happened(&mut book, &run, 0, &mut world(Basis::Complete, Vec::new()));
    assert_eq!(happened(&mut book, &run, 15, &mut down()), [What::Pending]);
    let (mut book, run) = later(&saved, 300, 660.0, Restore::default());
    happened(&mut book, &run, 3600, &mut world(warming, Vec::new()));
    assert_eq!(book.save(run.line, run.moment(3600)).rules, [], "an hour after it was seen");
}

#[test]
fn a_clock_that_was_set_during_a_run_does_not_matter() {
    let run = Run::begun(0.0, 5000);
    let mut first = book(300, &run);
    for second in (0..=150).step_by(15) {
        let mut now = run.moment(second);
        now.wall += TimeDelta::hours(i64::from(second > 60));
        first.run(run.line.at(now), &mut down());
    }
    assert_eq!(states(first.groups()[0].alerting().next().unwrap()), [State::Pending], "no mass fire");
    let mut now = run.moment(150);
    now.wall += TimeDelta::hours(1);
    let saved = first.save(run.line, now);
    let (mut book, later) = later(&saved, 300, 3600.0 + 150.0, Restore::default());
    assert_eq!(happened(&mut book, &later, 0, &mut down()), [What::Restored]);
    assert_eq!(happened(&mut book, &later, 135, &mut down()), []);
    assert_eq!(happened(&mut book, &later, 150, &mut down()), [What::Firing]);
}

#[test]
fn a_suspended_machine_counts() {
    let run = Run::begun(0.0, 5000);
    let mut book = book(3600, &run);
    book.run(run.at(0), &mut down());
    assert_eq!(happened(&mut book, &run, 8 * 3600, &mut down()), [What::Firing]);
}

#[test]
fn what_is_of_another_rule_or_of_tomorrow_is_not_taken_up() {
    let mut saved = kept(300, 600);
    saved.rules[0].alerts[0].active_at += 7_200_000;
    saved.rules[0].alerts[0].seen_at += 7_200_000;
    let (mut book, run) = later(&saved, 300, 660.0, Restore::default());
    assert_eq!(happened(&mut book, &run, 0, &mut down()), [What::Pending], "it began in the future");
    saved.rules[0].name = "Other".into();
    let (mut book, run) = later(&saved, 300, 660.0, Restore::default());
    assert_eq!(happened(&mut book, &run, 0, &mut down()), [What::Pending]);
}

#[test]
fn one_that_fired_fires_since_then() {
    let saved = kept(60, 150);
    let (mut book, run) = later(&saved, 60, 300.0, Restore::default());
    assert_eq!(happened(&mut book, &run, 0, &mut down()), [What::Restored, What::Firing]);
    let alerting = book.groups()[0].alerting().next().unwrap();
    let alert = alerting.alerts().next().unwrap();
    let since = Duration::from_millis(u64::try_from(run.at(0) - alert.fired_at.unwrap()).unwrap());
    assert_eq!(since, Duration::from_secs(240), "it began to fire at 60 s of the first run");
    // What was written before that was kept has none, and is read all the same.
    let text = serde_json::to_string(&saved).unwrap().replace(",\"fired_at\":1767355260000", "");
    assert!(!text.contains("fired_at"), "{text}");
    let old: Saved = serde_json::from_str(&text).unwrap();
    let (mut book, run) = later(&old, 60, 300.0, Restore::default());
    happened(&mut book, &run, 0, &mut down());
    let alerting = book.groups()[0].alerting().next().unwrap();
    assert_eq!(alerting.alerts().next().unwrap().fired_at, Some(run.at(0)));
}

#[test]
fn as_many_as_a_rule_may_have_come_back() {
    let run = Run::begun(0.0, 5000);
    let elements: Elements = (0..MOST_ALERTS).map(|n| element(&n.to_string(), 0.0)).collect();
    let mut first = book(300, &run);
    for second in [0, 150] {
        first.run(run.at(second), &mut world(Basis::Complete, elements.clone()));
    }
    let saved = first.save(run.line, run.moment(150));
    let (mut book, later) = later(&saved, 300, 1150.0, Restore::default());
    let restored = happened(&mut book, &later, 0, &mut world(Basis::Complete, elements));
    assert_eq!(restored.iter().filter(|what| **what == What::Restored).count(), MOST_ALERTS);
}
