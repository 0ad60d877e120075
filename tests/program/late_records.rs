//! A disk that answers late: each record carries its number, and what is told of one never passes for another.

use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::{Safe, Untrusted};
use quarterdeck::input::Key;
use quarterdeck::remediation::audit::AuditEvent;
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::step::StepEnd;

use crate::cards::{orders, tell};
use crate::world::World;
use crate::{drawn, text};

const SIZE: (u16, u16) = (120, 40);

/// An action whose intent was ordered.
fn begun() -> (World, u64, u64) {
    let mut world = World::new(
        r#"
        [[action]]
        name = "drain"
        url = "http://127.0.0.1:1/drain"
        level = "L1"
        environment = "staging"
        [actions]
        allow = true
        "#,
    );
    world.press(":");
    world.write("act drain");
    world.press("Enter");
    if let Some((id, _)) = world.model.actions.asked.clone() {
        let identity = Identity { facts: vec![("url", Untrusted::from("http://127.0.0.1:1/drain"))] };
        let preview = Preview { identity, effect: vec![Untrusted::from("POST /drain")], ..Preview::default() };
        let begun = world.moment();
        orders(&mut world, Event::Previewed { id, outcome: Box::new(Ok(preview)), begun });
    }
    drawn(&mut world, SIZE, false);
    world.wait(0.5);
    let Some(Overlay::Card(dialog)) = world.model.view.overlays.last() else { panic!("no card: {}", world.message()) };
    let phrase = dialog.phrase().unwrap_or_default();
    world.write(&phrase);
    let effects = orders(&mut world, Event::KeyPressed(Key::ctrl('t')));
    let Some(Effect::Hold { run, .. }) = effects.first() else { panic!("{effects:?}") };
    let run = *run;
    let (event, number) = record(&tell(&mut world, run, Input::Held(Ok(()))));
    assert_eq!(event, AuditEvent::Intent);
    (world, run, number)
}

fn record(effects: &[Effect]) -> (AuditEvent, u64) {
    let Some(Effect::Record { run: Some(_), number, entry }) = effects.first() else { panic!("{effects:?}") };
    (entry.event(), *number)
}

fn written(number: u64) -> Input {
    Input::Written { number, written: Ok(()) }
}

#[test]
fn an_intent_that_comes_too_late_has_its_end_behind_it_and_starts_nothing() {
    let (mut world, run, intent) = begun();
    world.now += 21.0;
    let effects = tell(&mut world, run, Input::TimePassed);
    let (event, closing) = record(&effects);
    assert_eq!(event, AuditEvent::Refused, "nothing was sent, and the audit says so");
    assert!(matches!(effects.last(), Some(Effect::Release { .. })) && closing != intent, "{effects:?}");
    for number in [intent, intent, closing] {
        assert!(tell(&mut world, run, written(number)).is_empty());
    }
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("the disk answered late"), "{screen}");
    assert!(world.message().contains("has a record of the end of drain"), "{}", world.message());
}

#[test]
fn what_is_told_of_the_intent_is_not_told_of_the_outcome() {
    let (mut world, run, intent) = begun();
    let effects = tell(&mut world, run, written(intent));
    assert!(matches!(effects.as_slice(), [Effect::RunAction { .. }]), "{effects:?}");
    let end = StepEnd::Failed(quarterdeck::domain::Cause::Other(Safe::of("refused")));
    let (event, outcome) = record(&tell(&mut world, run, Input::StepEnded { step: 0, end }));
    assert_eq!(event, AuditEvent::Outcome);
    assert!(tell(&mut world, run, written(intent)).is_empty(), "its lock stays until the outcome is on disk");
    let effects = tell(&mut world, run, written(outcome));
    assert!(matches!(effects.as_slice(), [Effect::Release { .. }]), "{effects:?}");
}
