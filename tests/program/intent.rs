//! What the audit has of an action that touches many: the intent and the outcome name every single one, whatever else had to
//! be cut for a record that has a greatest size.

use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::{Safe, Untrusted};
use quarterdeck::remediation::audit::{Chain, Entry, Writer};
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::object::{Fate, Object};
use quarterdeck::remediation::step::StepEnd;

use crate::acting::armed;
use crate::cards::{CHORD, left, object, orders};
use crate::drawn;

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
    let mut world = armed("staging");
    let action = quarterdeck::app::actions::catalogue::all(&world.model)
        .into_iter()
        .find(|action| action.id.as_str() == "terminate-idle")
        .map(|mut action| {
            action.limits.cap = 500;
            action
        })
        .unwrap();
    orders(&mut world, Event::CardAsked(Box::new(action)));
    let id = world.model.actions.asked.as_ref().unwrap().0;
    let long = Safe::of("x".repeat(200));
    let objects = PIDS.map(|pid| Object { application: long.clone(), ..object(pid, SessionState::Idle) });
    let preview = Preview {
        identity: Identity { facts: vec![("database", Untrusted::from("app"))] },
        objects: objects.collect(),
        effect: vec![Untrusted::from("SELECT pg_terminate_backend(…)")],
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
    assert!(intent.contains("more]"), "something else had to be cut");
    names_all(&intent);
    let effects = tell(Input::Recorded(Ok(())));
    let [Effect::RunAction { approved, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let fates = approved
        .objects()
        .iter()
        .enumerate()
        .map(|(at, key)| (key.clone(), if at % 2 == 0 { Fate::Done } else { Fate::Gone }));
    let end = StepEnd::Done { fates: fates.collect(), said: Vec::new() };
    tell(Input::StepEnded { step: 0, end });
    let mut outcome = None;
    for _ in 0..200 {
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
    names_all(&outcome.expect("an outcome"));
}
