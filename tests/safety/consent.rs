//! Consent, whatever keys are pressed and whatever else happens: nothing begins without a person, without the whole phrase,
//! without the card on the screen for long enough, and nothing but a key moves the focus or types.

use std::collections::HashSet;

use proptest::prelude::*;
use quarterdeck::app::actions::dialog::Focus;
use quarterdeck::app::{Effect, Event};
use quarterdeck::remediation::audit::AuditEvent;
use quarterdeck::remediation::level::Level;

use crate::cards::{CHORD, acts, any_key};
use crate::stage::{Happening, Stage, anything, configuration, face, without_a_person};

/// The dialog is deaf for so long, in seconds.
const DEAF: f64 = 0.4;

fn environment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["staging", "production"])
}

/// Every action that has a card, by its name.
fn action() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "terminate-idle",
        "terminate-idle-in-transaction",
        "cancel-root-blocker",
        "terminate-root-blocker",
        "flush-redis",
        "retry",
        "purge",
        "restart-api",
    ])
}

/// A card of this action, with all that it asks for typed.
fn ready(environment: &str, id: &str) -> Stage {
    let mut stage = Stage::new(&configuration(environment, ""));
    assert!(stage.open_card(id), "{id}: {}", stage.world.message());
    stage.fill_in();
    stage
}

#[test]
fn every_card_that_is_filled_in_runs_by_the_chord() {
    for id in ["terminate-idle", "cancel-root-blocker", "flush-redis", "retry", "purge", "restart-api"] {
        for environment in ["staging", "production"] {
            let mut stage = ready(environment, id);
            let effects = stage.tell(Event::KeyPressed(CHORD));
            assert!(acts(&effects), "{id} in {environment}: {:?}", stage.card().map(|card| card.refused.clone()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Invariant 38: nothing ever begins without a person: readings, time, answers, previews and every key but the chord.
    #[test]
    fn nothing_begins_without_the_chord(
        environment in environment(),
        id in prop::option::of(action()),
        stream in prop::collection::vec(anything(any_key().prop_filter("not the chord", |key| *key != CHORD)), 1..120),
    ) {
        let mut stage = match id {
            Some(id) => ready(environment, id),
            None => Stage::new(&configuration(environment, "")),
        };
        for happening in &stream {
            let effects = stage.happen(happening);
            prop_assert!(!acts(&effects), "{happening:?} began {effects:?}");
            prop_assert!(stage.world.model.actions.current.is_none());
        }
    }

    /// Invariant 10: of everything above L1 one key press alone begins nothing, whatever lies over the page; and Enter,
    /// Space, Esc and Ctrl-C begin nothing at all, also where only they are missing.
    #[test]
    fn one_key_begins_nothing_above_l1(
        environment in environment(), id in action(), filled in any::<bool>(), pressed in any_key(),
        over in prop::option::of(prop::sample::select(vec!["a", ":", "?", "!", "/", "w"])),
    ) {
        let mut stage = if filled {
            ready(environment, id)
        } else {
            let mut stage = Stage::new(&configuration(environment, ""));
            prop_assert!(stage.open_card(id));
            stage
        };
        if let Some(over) = over {
            stage.press("Esc");
            stage.press(over);
            stage.look();
        }
        let effects = stage.tell(Event::KeyPressed(pressed));
        prop_assert!(!acts(&effects) || filled && over.is_none() && pressed == CHORD, "{pressed:?}: {effects:?}");
        let ran = effects.iter().any(|effect| matches!(effect, Effect::RunAction { .. }));
        prop_assert!(!ran);
    }

    /// Invariants 11, 12, 14: whatever is typed when, a key counts only where its card has been on the screen for 400 ms,
    /// and a run begins only with the phrase typed exactly, within a minute of the card.
    #[test]
    fn a_dialog_is_deaf_until_its_card_was_seen(
        environment in environment(),
        id in action(),
        objects in 0i32..5,
        stream in prop::collection::vec(anything(prop_oneof![4 => any_key(), 1 => Just(CHORD)]), 1..80),
    ) {
        let mut stage = Stage::new(&configuration(environment, ""));
        stage.look();
        stage.choose(id);
        stage.happen(&Happening::Previewed { fits: true, objects, fails: false });
        for happening in stream {
            // Time never stands still between two things.
            stage.world.now += 0.003;
            let before = stage.card().map(|card| {
                (face(card), card.typed.clone(), card.reason.clone(), card.focus, card.phrase(), card.card.read_at)
            });
            let read = stage.shown.filter(|(shown, since)| {
                before.as_ref().is_some_and(|(face, ..)| face == shown) && stage.world.now - since >= DEAF - 1e-9
            });
            let effects = stage.happen(&happening);
            if acts(&effects) && matches!(happening, Happening::Key(_)) {
                let (_, typed, _, _, phrase, read_at) = before.expect("a card");
                prop_assert!(read.is_some(), "it ran before it was read");
                prop_assert!(phrase.is_none_or(|phrase| phrase == typed));
                prop_assert!(stage.world.moment().since(read_at).as_secs_f64() <= 60.0);
            } else if let (Some((before, typed, reason, focus, ..)), Some(after)) = (before, stage.card()) {
                let touched = (&typed, &reason, focus) != (&after.typed, &after.reason, after.focus);
                prop_assert!(!touched || before != face(after) || read.is_some(), "{happening:?} was heard too early");
            }
        }
    }

    /// Invariant 15: nothing but a key moves the focus away from Cancel, types, or answers for the person.
    #[test]
    fn nothing_but_a_key_answers(
        environment in environment(), id in action(), stream in prop::collection::vec(without_a_person(), 1..80),
        pasted in "[a-z 0-9]{0,12}",
    ) {
        let mut stage = Stage::new(&configuration(environment, ""));
        prop_assert!(stage.open_card(id));
        for happening in stream.iter().chain([&Happening::Paste(pasted)]) {
            let effects = stage.happen(happening);
            prop_assert!(!acts(&effects));
            if let Some(card) = stage.card() {
                prop_assert_eq!((card.focus, card.typed.as_str(), card.reason.as_str()), (Focus::Cancel, "", ""));
            }
        }
    }

    /// Invariants 1, 2, 14, 32 of the whole program: no effect without the chord, the locks and the intent on disk before
    /// it; every run is done once and ends in one record.
    #[test]
    fn every_effect_has_its_consent_its_locks_and_its_intent(
        environment in environment(),
        id in action(),
        stream in prop::collection::vec(anything(prop_oneof![3 => any_key(), 1 => Just(CHORD)]), 1..150),
    ) {
        let mut stage = ready(environment, id);
        let (mut held, mut locked, mut intended) = (HashSet::new(), HashSet::new(), HashSet::new());
        let (mut waits, mut done, mut ended) = (HashSet::new(), HashSet::new(), HashSet::new());
        let first = [Happening::Key(CHORD)];
        for happening in first.iter().chain(&stream) {
            let running = stage.world.model.actions.current.as_ref().map(|current| current.id);
            if let (Happening::Run { mine: true, what }, Some(run)) = (happening, running) {
                match what % 10 {
                    0 | 1 if held.contains(&run) => drop(locked.insert(run)),
                    3 | 4 if waits.contains(&run) => drop(intended.insert(run)),
                    _ => {}
                }
            }
            for effect in stage.happen(happening) {
                match effect {
                    Effect::Hold { run, .. } => {
                        prop_assert_eq!(happening_key(happening), Some(CHORD));
                        prop_assert!(held.insert(run), "twice");
                    }
                    Effect::Record { run: Some(run), entry, .. } if entry.event() == AuditEvent::Intent => {
                        prop_assert!(locked.contains(&run) && waits.insert(run));
                    }
                    Effect::Record { run: Some(run), entry, .. } if entry.event().is_terminal() => {
                        prop_assert!(ended.insert(run), "two ends");
                    }
                    Effect::RunAction { run, approved, .. } => {
                        prop_assert!(held.contains(&run) && locked.contains(&run) && intended.contains(&run));
                        prop_assert!(done.insert(run), "sent twice");
                        let current = stage.world.model.actions.current.as_ref().expect("it runs");
                        prop_assert!(current.execution.warrant().card().action.level > Level::L0);
                        let keys = current.execution.warrant().card().keys();
                        prop_assert!(approved.objects().iter().all(|object| keys.contains(object)));
                    }
                    _ => {}
                }
            }
        }
    }
}

fn happening_key(happening: &Happening) -> Option<quarterdeck::input::Key> {
    match happening {
        Happening::Key(key) => Some(*key),
        _ => None,
    }
}
