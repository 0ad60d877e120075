//! Bounds on alerts: of all rules together, and of what resolved. What does not fit is told, and takes nothing from others.

use super::*;
use crate::alerts::lifecycle::rule::{Last, MOST_ALERTS, MOST_IN_ALL};
use crate::alerts::rules;

fn book(count: usize) -> Book {
    let rule = |at: usize| Rule { expr: format!("e{at}"), name: format!("R{at}"), ..alerting_rule(0, 0, &[], &[]) };
    let group = |at: usize| rules::Group {
        file: "f".into(),
        name: format!("g{at}"),
        line: 1,
        interval: None,
        limit: 0,
        query_offset: None,
        rules: vec![rule(2 * at), rule(2 * at + 1)],
    };
    let groups: Vec<rules::Group> = (0..count).map(group).collect();
    Book::new(&groups, Duration::from_secs(15), 0)
}

fn elements(count: usize, turn: usize) -> Evaluation {
    let element = |n: usize| (labels(&[("n", &n.to_string()), ("turn", &turn.to_string())]), 1.0);
    Evaluation::complete((0..count).map(element).collect())
}

fn counts(book: &Book) -> Vec<(usize, bool)> {
    let rules = book.groups().iter().flat_map(Group::alerting);
    rules.map(|rule| (rule.alerts().count(), matches!(rule.last, Last::Failed(_)))).collect()
}

#[test]
fn all_rules_together_have_a_bound_and_what_does_not_fit_is_an_error() {
    let mut book = book(2);
    let mut world = Told::default();
    for (at, count) in [MOST_ALERTS, 6_000, 6_000, 10].into_iter().enumerate() {
        world.answers.insert(format!("e{at}"), Ok(elements(count, 0)));
    }
    let changes = book.run(0, &mut world);
    assert_eq!(counts(&book), [(MOST_ALERTS, false), (6_000, false), (0, true), (10, false)]);
    let told =
        changes.iter().find_map(|change| if let What::Failed(why) = &change.what { Some(why.clone()) } else { None });
    assert_eq!(told.unwrap().as_str(), "6000 elements; 20000 alerts of all rules are the most, 4000 are left");
    // Who gave room leaves it to others at once: what resolved goes where it does not fit, the oldest first.
    world.answers.insert("e1".into(), Ok(elements(0, 0)));
    book.run(15_000, &mut world);
    assert_eq!(counts(&book), [(MOST_ALERTS, false), (3_990, false), (6_000, false), (10, false)]);
    let dropped: Vec<u64> = book.groups().iter().flat_map(Group::alerting).map(AlertingRule::dropped).collect();
    assert_eq!(dropped, [0, 2_010, 0, 0]);
    let later = 15_000 + 16 * 60_000;
    book.run(later, &mut world);
    assert_eq!(counts(&book), [(MOST_ALERTS, false), (0, false), (6_000, false), (10, false)]);
    assert!(counts(&book).iter().map(|(count, _)| count).sum::<usize>() <= MOST_IN_ALL);
}

#[test]
fn alerts_that_are_others_each_time_do_not_pile_up_and_what_is_forgotten_is_counted() {
    let mut book = book(1);
    let mut world = Told::default();
    for turn in 0..4 {
        world.answers.insert("e0".into(), Ok(elements(6_000, turn)));
        book.run(15_000 * turn as i64, &mut world);
    }
    let rule = book.groups()[0].alerting().next().unwrap();
    assert_eq!((rule.alerts().count(), rule.alerts().filter(|alert| alert.is_active()).count()), (MOST_ALERTS, 6_000));
    assert_eq!(rule.dropped(), 4 * 6_000 - MOST_ALERTS as u64);
}
