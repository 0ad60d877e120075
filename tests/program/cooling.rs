//! What did nothing does not cool down, as far as it is known that it did nothing.

use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::{Cause, Safe};
use quarterdeck::remediation::audit::AuditEvent;
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::object::{Fate, ObjectKey};
use quarterdeck::remediation::step::StepEnd;

use crate::acting::{armed, with_card};
use crate::cards::{CHORD, orders, tell};
use crate::world::World;

/// A card that was consented to: the run, and the targets that are to be locked.
fn held(world: &mut World) -> (u64, Vec<String>) {
    with_card(world);
    world.write("main");
    let effects = orders(world, Event::KeyPressed(CHORD));
    let [Effect::Hold { run, key, beside, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    (*run, std::iter::once(key).chain(beside).cloned().collect())
}

/// Whether what was noted of its start is taken back, after the one step ended so; `None`: nothing was let go yet.
fn is_taken_back(end: impl FnOnce(&[ObjectKey]) -> StepEnd) -> Option<bool> {
    let mut world = armed("staging");
    let (run, keys) = held(&mut world);
    tell(&mut world, run, Input::Held(Ok(())));
    let effects = tell(&mut world, run, Input::Recorded(Ok(())));
    let [Effect::RunAction { approved, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let end = end(approved.objects());
    let mut effects = tell(&mut world, run, Input::StepEnded { step: 0, end });
    for _ in 0..200 {
        world.now += 1.0;
        effects.extend(tell(&mut world, run, Input::Recorded(Ok(()))));
        effects.extend(tell(&mut world, run, Input::TimePassed));
    }
    effects.iter().find_map(|effect| match effect {
        Effect::Release { unused, .. } => {
            let took = unused.as_ref().map(|unused| &unused.keys);
            assert!(took.is_none_or(|took| *took == keys), "{took:?} is not {keys:?}");
            Some(took.is_some())
        }
        _ => None,
    })
}

fn all(fate: Fate) -> impl FnOnce(&[ObjectKey]) -> StepEnd {
    move |keys| StepEnd::Done { fates: keys.iter().map(|key| (key.clone(), fate)).collect(), said: Vec::new() }
}

#[test]
fn what_was_refused_is_taken_back_and_what_may_have_been_done_is_not() {
    let denied = || Cause::Denied { missing: Safe::of("sudo"), fix: Vec::new() };
    assert_eq!(is_taken_back(|_| StepEnd::Failed(denied())), Some(true));
    assert_eq!(is_taken_back(|_| StepEnd::OtherTarget(Safe::of("another"))), Some(true));
    for fate in [Fate::Gone, Fate::Changed, Fate::Refused] {
        assert_eq!(is_taken_back(all(fate)), Some(true), "{fate:?}");
    }
    assert_eq!(is_taken_back(all(Fate::Done)), Some(false));
    assert_eq!(is_taken_back(all(Fate::Unknown)), Some(false));
    let ran = Cause::CommandFailed { code: Some(1), said: Safe::of("no") };
    assert_eq!(is_taken_back(|_| StepEnd::Failed(ran)), Some(false), "a program that ends badly has run");
    assert_eq!(is_taken_back(|_| StepEnd::Miscarried(denied())), Some(false));
    assert_eq!(is_taken_back(|_| StepEnd::Unknown(denied())), Some(false));
}

#[test]
fn what_never_got_its_locks_or_its_record_sent_nothing() {
    for input in [Input::Held(Err(Safe::of("it cools down for another 9m"))), Input::Held(Ok(()))] {
        let mut world = armed("staging");
        let (run, _) = held(&mut world);
        tell(&mut world, run, input);
        let effects = tell(&mut world, run, Input::Recorded(Err(Safe::of("no space left"))));
        assert!(matches!(effects.last(), Some(Effect::Release { unused: Some(_), .. })), "{effects:?}");
    }
}

/// An audit takes no outcome of what has no intent: that it was stopped before is another record.
#[test]
fn who_stops_it_before_its_intent_is_recorded_as_that() {
    let mut world = armed("staging");
    let (run, _) = held(&mut world);
    let effects = tell(&mut world, run, Input::CancelAsked);
    assert!(matches!(effects.as_slice(), [Effect::Interrupt { .. }]), "{effects:?}");
    let effects = tell(&mut world, run, Input::Held(Err(Safe::of("it was stopped before it had its turn"))));
    let [Effect::Record { run: Some(of), number, entry }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((*of, entry.event()), (run, AuditEvent::Cancelled));
    let fields = format!("{:?}", entry.fields());
    for words in ["stopped before it had its turn", "digest", "STAGING"] {
        assert!(fields.contains(words), "{words} in {fields}");
    }
    let effects = tell(&mut world, run, Input::Written { number: *number, written: Ok(()) });
    assert!(matches!(effects.as_slice(), [Effect::Release { unused: Some(_), .. }, ..]), "{effects:?}");
}
