//! What stands on a card in tests of the pure program, and the keys that a person can press at it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::app::actions::dialog::Dialog;
use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event, update};
use quarterdeck::domain::session::{SessionId, SessionState};
use quarterdeck::domain::{Safe, Untrusted};
use quarterdeck::input::command::COMMANDS;
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::execution::{Input, Phase};
use quarterdeck::remediation::measure::{Evidence, Measure};
use quarterdeck::remediation::object::{Fate, Object, ObjectKey};
use quarterdeck::remediation::step::StepEnd;

use crate::world::{World, key};

/// The chord that runs a card.
pub const CHORD: Key = Key::ctrl('t');

/// What an event orders.
pub fn orders(world: &mut World, event: Event) -> Vec<Effect> {
    let now = world.moment();
    update(&mut world.model, event, now)
}

/// Tells a run what happened to it.
pub fn tell(world: &mut World, run: u64, input: Input) -> Vec<Effect> {
    orders(world, Event::ActionHappened { run, input: Box::new(input) })
}

/// Where the action is that runs.
pub fn phase(world: &World) -> Phase {
    world.model.actions.current.as_ref().unwrap().execution.phase()
}

/// The card that lies on top.
pub fn card_of(world: &World) -> Option<&Dialog> {
    match world.model.view.overlays.last() {
        Some(Overlay::Card(dialog)) => Some(dialog),
        _ => None,
    }
}

/// Whether an action begins, or does something.
pub fn acts(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Hold { .. } | Effect::RunAction { .. }))
}

/// A session whose text is hostile.
pub fn object(pid: i32, state: SessionState) -> Object {
    let id = SessionId { pid, backend_start_us: 1 };
    Object {
        key: ObjectKey::Session { id, state, since_us: 7 },
        label: Safe::of(format!("pid {pid}")),
        query: Untrusted::from("SELECT 'secret' \u{1b}[31mred"),
        user: Safe::of("app"),
        application: Safe::of("api"),
        client: Safe::of("10.0.0.7"),
        database: Safe::default(),
        age: Some(Duration::from_secs(600)),
        remark: Safe::of("blocks 2 sessions"),
    }
}

/// The step did it to all of these.
pub fn done(keys: &[ObjectKey]) -> StepEnd {
    StepEnd::Done { fates: keys.iter().map(|key| (key.clone(), Fate::Done)).collect(), said: Vec::new() }
}

/// A reading of how many objects are as they were.
pub fn left(world: &World, value: f64) -> Evidence {
    let words = Safe::of(value.to_string());
    Evidence { measure: Measure::ObjectsLeft, value: Some(value), at: world.moment(), words, chance: 0.0 }
}

/// Any key: those that mean something, those of the phrases, and all others.
pub fn any_key() -> impl Strategy<Value = Key> {
    let named: Vec<Key> = COMMANDS.iter().flat_map(|command| command.keys.iter().copied()).collect();
    let codes = vec![
        Code::Enter,
        Code::Esc,
        Code::Tab,
        Code::BackTab,
        Code::Up,
        Code::Down,
        Code::Left,
        Code::Right,
        Code::Backspace,
        Code::Home,
        Code::End,
        Code::PageUp,
        Code::PageDown,
        Code::Delete,
        Code::F(12),
    ];
    let letters = prop::char::range(' ', '~');
    prop_oneof![
        3 => prop::sample::select(named),
        2 => prop::sample::select(codes).prop_map(Key::plain),
        1 => letters.clone().prop_map(Key::char),
        3 => prop::sample::select("main api redis 3".chars().collect::<Vec<_>>()).prop_map(Key::char),
        2 => prop::sample::select(vec![key("a"), key("Enter"), key("Down"), key(":"), key("Tab")]),
        1 => (letters, any::<bool>()).prop_map(|(c, alt)| Key { code: Code::Char(c), ctrl: !alt, alt }),
    ]
}
