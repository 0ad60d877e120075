//! A runbook, as a person meets it: one card made of all looks, questions that no typed-ahead key answers, a note for what is
//! done by hand, and what undoes only after the chord.

use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::{Cause, Safe, Untrusted};
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::{Input, Phase};
use quarterdeck::remediation::service::facts::{Instance, ServiceFacts, ServiceState};
use quarterdeck::remediation::step::StepEnd;

use crate::cards::{orders, phase, tell};
use crate::world::World;
use crate::{drawn, text};

const SIZE: (u16, u16) = (80, 24);
const RUN: Key = Key::ctrl('t');

fn world() -> World {
    World::new(
        r#"
        [[service]]
        name = "api"
        url = "http://127.0.0.1:1/health"
        [[runbook]]
        name = "stop-it"
        title = "stop it by the book"
        target = "api"
        level = "L2"
        contacts = ["ada, 0123"]
        watch = "service api"
        expect = "down"
        [[runbook.step]]
        title = "stop the unit"
        unit = "api.service"
        verb = "stop"
        [runbook.step.undo]
        title = "start the unit again"
        unit = "api.service"
        verb = "start"
        [[runbook.step]]
        title = "tell the desk"
        manual = "call the support desk"
        ask = true
        [[runbook.step]]
        title = "run the last thing"
        command = ["/bin/false"]
        [actions]
        allow = true
        "#,
    )
}

fn service() -> Preview {
    let facts = ServiceFacts {
        state: ServiceState::Running,
        instances: vec![Instance { pid: Some(7), invocation: Some(Safe::of("abc")) }],
        restarts: None,
        required_by: Vec::new(),
        words: Safe::of("running"),
        ..ServiceFacts::default()
    };
    Preview {
        identity: Identity { facts: vec![("service", Untrusted::from("api.service"))] },
        effect: vec![Untrusted::from("'systemctl' 'stop'")],
        service: Some(facts),
        ..Preview::default()
    }
}

fn press(world: &mut World, key: Key) -> Vec<Effect> {
    orders(world, Event::KeyPressed(key))
}

/// The orders for the looks of the card.
fn looks(world: &mut World) -> Vec<u64> {
    world.press("a");
    let effects = press(world, Key::plain(Code::Enter));
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Preview(order) => Some(order.id),
            _ => None,
        })
        .collect()
}

/// A runbook that runs, and the number of its run.
fn running(world: &mut World) -> u64 {
    for id in looks(world) {
        let begun = world.moment();
        orders(world, Event::Previewed { id, outcome: Box::new(Ok(service())), begun });
    }
    drawn(world, SIZE, false);
    world.wait(0.5);
    world.write("api");
    let effects = press(world, RUN);
    let Some(Effect::Hold { run, beside, .. }) = effects.first() else { panic!("{effects:?}") };
    assert!(!beside.is_empty(), "what its steps touch is locked too");
    let run = *run;
    tell(world, run, Input::Held(Ok(())));
    tell(world, run, Input::Recorded(Ok(())));
    run
}

/// The first step is done, and on disk.
fn stopped(world: &mut World) -> u64 {
    let run = running(world);
    assert_eq!(phase(world), Phase::Running { step: 0 });
    let end = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
    let effects = tell(world, run, Input::StepEnded { step: 0, end });
    assert!(matches!(effects.as_slice(), [Effect::Record { .. }]), "{effects:?}");
    tell(world, run, Input::Recorded(Ok(())));
    assert_eq!(phase(world), Phase::Asking { step: 1 });
    run
}

#[test]
fn one_card_out_of_all_looks() {
    let mut world = world();
    let ids = looks(&mut world);
    assert_eq!(ids.len(), 2, "the order and what undoes it");
    let begun = world.moment();
    orders(&mut world, Event::Previewed { id: ids[1], outcome: Box::new(Ok(service())), begun });
    assert!(!matches!(world.model.view.overlays.last(), Some(Overlay::Card(_))), "one look is missing");
    let failed = Err(Cause::Other(Safe::of("no systemd here")));
    orders(&mut world, Event::Previewed { id: ids[0], outcome: Box::new(failed), begun });
    let Some(Overlay::Card(dialog)) = world.model.view.overlays.last() else { panic!("no card") };
    let against: Vec<&str> = dialog.card.preview.obstacles.iter().map(Safe::as_str).collect();
    assert_eq!(against, ["1: no preview: no systemd here"]);
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("undone by: start the unit again") && screen.contains("asks you first"), "{screen}");
}

#[test]
fn what_was_typed_before_a_question_answers_nothing() {
    let mut world = world();
    stopped(&mut world);
    for key in [RUN, Key::ctrl('o')] {
        assert!(press(&mut world, key).is_empty(), "{key:?}: nobody has seen the question");
    }
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("Next: tell the desk. Go on with it?"), "{screen}");
    assert!(press(&mut world, RUN).is_empty(), "nobody has read it");
    world.wait(0.5);
    for key in [Key::plain(Code::Enter), Key::char(' '), Key::char('y')] {
        assert!(press(&mut world, key).is_empty(), "{key:?} answers nothing");
    }
    assert_eq!(phase(&world), Phase::Asking { step: 1 });
    assert!(matches!(press(&mut world, RUN).as_slice(), [Effect::Record { .. }]));
}

#[test]
fn what_is_done_by_hand_is_ticked_with_a_note() {
    let mut world = world();
    let run = stopped(&mut world);
    drawn(&mut world, SIZE, false);
    world.wait(0.5);
    press(&mut world, RUN);
    tell(&mut world, run, Input::Recorded(Ok(())));
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("By hand: call the support desk") && screen.contains("ada, 0123"), "{screen}");
    world.wait(0.5);
    assert!(press(&mut world, RUN).is_empty(), "a note is wanted");
    press(&mut world, Key::char('n'));
    world.write("quiet; cq");
    assert_eq!(phase(&world), Phase::Running { step: 1 }, "letters are letters");
    let effects = press(&mut world, RUN);
    let [Effect::Record { entry, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(format!("{entry:?}").contains("ticked: quiet; cq"), "{entry:?}");
}

#[test]
fn what_undoes_runs_after_the_chord_and_not_before() {
    let mut world = world();
    let run = stopped(&mut world);
    drawn(&mut world, SIZE, false);
    world.wait(0.5);
    press(&mut world, Key::char('c'));
    tell(&mut world, run, Input::Recorded(Ok(())));
    assert_eq!(phase(&world), Phase::Offering);
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("start the unit again") && screen.contains("ada, 0123"), "{screen}");
    world.wait(0.5);
    assert!(matches!(press(&mut world, RUN).as_slice(), [Effect::Record { .. }]));
    let effects = tell(&mut world, run, Input::Recorded(Ok(())));
    let [Effect::RunAction { step: 3, approved, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(approved.step().title.as_str(), "start the unit again");
}

#[test]
fn leaving_answers_no_for_everybody() {
    let mut world = world();
    let run = stopped(&mut world);
    let effects = press(&mut world, Key::ctrl('c'));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Quit)));
    tell(&mut world, run, Input::Recorded(Ok(())));
    tell(&mut world, run, Input::Recorded(Ok(())));
    assert!(matches!(phase(&world), Phase::Closing(_)), "{:?}", phase(&world));
    let told = world.model.actions.current.as_ref().unwrap().execution.reasons().to_vec();
    assert!(told.iter().any(|why| why.as_str().contains("not compensated: stop the unit")), "{told:?}");
}
