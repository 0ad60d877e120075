//! What a request bears and never shows: consent is to its true bytes, and they stand nowhere.

use url::Url;

use super::world::{action, card};
use crate::domain::Safe;
use crate::domain::secret::{Secret, SecretRef};
use crate::remediation::action::Plan;
use crate::remediation::card::Card;
use crate::remediation::level::Level;
use crate::remediation::runbook::{Deed, Runbook, RunbookStep};
use crate::remediation::step::{HttpStep, Step, Work, WritingMethod};
use crate::remediation::tests::runbook_world;

fn request(headers: &[(&str, SecretRef)], bearer: Option<SecretRef>) -> Work {
    Work::Http(Box::new(HttpStep {
        method: WritingMethod::Post,
        url: Url::parse("http://127.0.0.1:1/x").unwrap(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        bearer,
        body: None,
        ca_file: None,
        expected_status: Vec::new(),
    }))
}

fn inline(text: &str) -> SecretRef {
    SecretRef::Inline(Secret::new(text))
}

fn with(plan: Plan) -> Card {
    let mut card = card(action(Level::L2), 0..1);
    card.action.plan = plan;
    card
}

fn steps(work: Work) -> Card {
    let step = Step { title: Safe::of("ask"), work, deadline: std::time::Duration::from_secs(5) };
    with(Plan::Steps(vec![step]))
}

fn runbook(first: Work, undo: Work) -> Card {
    let Plan::Runbook(mut runbook) = runbook_world::card(&[runbook_world::sent()]).action.plan else { panic!() };
    let Runbook { steps, .. } = &mut *runbook;
    let step: &mut RunbookStep = &mut steps[0];
    step.deed = Deed::Work(first);
    step.undo.as_mut().unwrap().deed = Deed::Work(undo);
    with(Plan::Runbook(runbook))
}

#[test]
fn another_secret_is_another_card() {
    let bare = || request(&[], None);
    let ways: [fn(SecretRef) -> Work; 3] = [
        |value| request(&[("Authorization", value)], None),
        |value| request(&[("X-Key", SecretRef::Env("KEY".to_owned())), ("X-More", value)], None),
        |value| request(&[], Some(value)),
    ];
    for way in ways {
        for made in [steps, |work| runbook(work, request(&[], None)), |work| runbook(request(&[], None), work)] {
            let made: fn(Work) -> Card = made;
            let (one, other) = (made(way(inline("first-one"))), made(way(inline("second-one"))));
            assert_ne!(one.digest(), other.digest());
            assert_eq!(one.digest(), made(way(inline("first-one"))).digest());
            assert_ne!(one.digest(), made(bare()).digest());
            let told = format!("{one:?} {:?} {}", one.digest(), one.digest().hex());
            assert!(!told.contains("first-one"), "{told}");
        }
    }
    let twice = |a: &str, b: &str| steps(request(&[("A", inline(a)), ("B", inline(b))], None)).digest();
    assert_ne!(twice("x", "yz"), twice("xy", "z"), "where one ends and the other begins counts");
}
