//! What the audit has of an action that touches many: the intent and the outcome name every single one, whatever else had to
//! be cut for a record that has a greatest size.

use std::time::Duration;

use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::threshold::Threshold;
use quarterdeck::domain::{Safe, Untrusted};
use quarterdeck::remediation::audit::{Chain, Entry, Record, Value, Writer};
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::measure::{Measure, Precondition};
use quarterdeck::remediation::object::{Excluded, Fate, Object, ObjectKey};
use quarterdeck::remediation::step::StepEnd;

use crate::acting::armed;
use crate::cards::{CHORD, left, object, orders};
use crate::drawn;
use crate::world::readings::Postgres;

const PIDS: std::ops::Range<i32> = 100_000..100_500;

/// As it goes to the disk.
fn line(entry: &Entry) -> String {
    let writer = Writer { user: "alice".into(), host: "bastion".into(), uid: 1000, pid: 7, ..Writer::default() };
    String::from_utf8(Chain::default().next(entry, &writer, quarterdeck::domain::Moment::fixed(0.0)).bytes).unwrap()
}

#[track_caller]
fn names_all(record: &str) {
    assert!(record.len() <= 64 * 1024);
    let missing: Vec<i32> = PIDS.filter(|pid| !record.contains(&format!("{pid}@1"))).collect();
    assert!(missing.is_empty(), "{} of 500 are not named in a record of {}", missing.len(), record.len());
}

#[test]
fn an_intent_of_five_hundred_names_five_hundred() {
    let objects = PIDS.map(|pid| object(pid, SessionState::Idle)).collect();
    let (intent, outcome) = recorded(objects, |at| if at % 2 == 0 { Fate::Done } else { Fate::Gone });
    assert!(intent.contains("more]"), "something else had to be cut");
    names_all(&intent);
    names_all(&outcome);
}

/// As many as no record has room for: how many are left out is told, and the outcome stands.
#[test]
fn an_outcome_of_more_than_it_can_name_that_fared_differently_can_be_read() {
    let named = |pid: i32| {
        let mut object = object(pid, SessionState::Idle);
        if let ObjectKey::Session { id, .. } = &mut object.key {
            id.backend_start_us = 1_700_000_000_000_000;
        }
        object
    };
    let (_, outcome) =
        recorded((100_000..102_400).map(named).collect(), |at| if at < 1200 { Fate::Done } else { Fate::Gone });
    let record = Record::read(outcome.trim_end().as_bytes()).expect("a record");
    assert_eq!(record.event.as_str(), "outcome");
    let field = |name: &str| match record.fields.iter().find(|(known, _)| known == name) {
        Some((_, Value::Text(text))) => text.to_string(),
        other => panic!("{name}: {other:?}"),
    };
    assert!(!field("outcome").is_empty());
    let keys = field("keys");
    let words: Vec<&str> = keys.split([' ', ';']).filter(|word| word.contains('@')).collect();
    assert_eq!(words.len(), 2000, "{keys:.200}");
    assert!(words.iter().all(|word| word.ends_with("@1700000000000000")), "{keys:.200}");
    assert!(keys.ends_with("[400 more]"), "{keys:.200}");
}

/// What else stood on the card: a person who reads the record later sees what there was to decide by.
#[test]
fn an_intent_has_the_text_of_its_card() {
    let (intent, _) = recorded(vec![object(100_000, SessionState::Idle)], |_| Fate::Done);
    let record = Record::read(intent.trim_end().as_bytes()).expect("a record");
    let Some((_, Value::Map(text))) = record.fields.iter().find(|(name, _)| name == "text") else {
        panic!("{:?}", record.fields);
    };
    let told = |name: &str| match text.iter().find(|(known, _)| known == name) {
        Some((_, Value::List(lines))) => format!("{lines:?}"),
        Some((_, Value::Text(line))) => line.to_string(),
        other => panic!("{name}: {other:?}"),
    };
    assert!(told("effect").contains("pg_terminate_backend"));
    assert!(told("excluded").contains("3 of user ops"), "{}", told("excluded"));
    assert!(told("warnings").contains("they hold locks"), "{}", told("warnings"));
    let requires = told("requires");
    assert!(requires.contains("connections in use of main") && requires.contains("(was "), "{requires}");
    assert!(!requires.contains("not known"), "{requires}");
    assert!(told("proof").contains("must") && told("proof").contains("within"), "{}", told("proof"));
    assert!(told("limits").starts_with("at most 1 at once, within "), "{}", told("limits"));
    assert!(!told("undo").is_empty());
}

/// The intent and the outcome of an action on these, as they go to the disk.
fn recorded(objects: Vec<Object>, fate: impl Fn(usize) -> Fate) -> (String, String) {
    let mut world = armed("staging");
    world.database("main", Ok(Postgres::default().reading()));
    let action = quarterdeck::app::actions::catalogue::all(&world.model)
        .into_iter()
        .find(|action| action.id.as_str() == "terminate-idle")
        .map(|mut action| {
            action.limits.cap = objects.len();
            action.preconditions.push(Precondition {
                measure: Measure::UsedShare(0),
                threshold: Threshold::parse("<= 100 %").unwrap(),
                fresh: Duration::from_secs(3600),
                name: "connections in use of main".into(),
            });
            action
        })
        .unwrap();
    orders(&mut world, Event::CardAsked(Box::new(action)));
    let id = world.model.actions.asked.as_ref().unwrap().0;
    let long = Safe::of("x".repeat(200));
    let objects = objects.into_iter().map(|object| Object { application: long.clone(), ..object });
    let preview = Preview {
        identity: Identity { facts: vec![("database", Untrusted::from("app"))] },
        objects: objects.collect(),
        effect: vec![Untrusted::from("SELECT pg_terminate_backend(…)")],
        excluded: vec![Excluded { count: 3, why: "of user ops".into() }],
        warnings: vec!["they hold locks".into()],
        ..Preview::default()
    };
    let begun = world.moment();
    orders(&mut world, Event::Previewed { id, outcome: Box::new(Ok(preview)), begun });
    drawn(&mut world, (120, 40), false);
    world.wait(0.5);
    world.write("main");
    let effects = orders(&mut world, Event::KeyPressed(CHORD));
    let [Effect::Hold { run, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let run = *run;
    let mut tell = |input: Input| orders(&mut world, Event::ActionHappened { run, input: Box::new(input) });
    let effects = tell(Input::Held(Ok(())));
    let [Effect::Record { entry, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let intent = line(entry);
    let effects = tell(Input::Recorded(Ok(())));
    let [Effect::RunAction { approved, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let fates = approved.objects().iter().enumerate().map(|(at, key)| (key.clone(), fate(at)));
    let end = StepEnd::Done { fates: fates.collect(), said: Vec::new() };
    tell(Input::StepEnded { step: 0, end });
    let mut outcome = None;
    for _ in 0..200 {
        if outcome.is_some() {
            break;
        }
        world.now += 1.0;
        let read = left(&world, 0.0);
        for effect in orders(&mut world, Event::ActionHappened { run, input: Box::new(Input::Read(read)) })
            .into_iter()
            .chain(orders(&mut world, Event::ActionHappened { run, input: Box::new(Input::TimePassed) }))
        {
            if let Effect::Record { run: Some(_), entry, .. } = effect {
                outcome = Some(line(&entry));
            }
        }
    }
    (intent, outcome.expect("an outcome"))
}
