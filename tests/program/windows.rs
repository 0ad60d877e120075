//! What destroys, as a person meets it: the maintenance window, the phrase with the count, and a clock that jumped.

use std::time::Duration;

use chrono::TimeDelta;
use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event, update};
use quarterdeck::domain::{Moment, Safe, Untrusted};
use quarterdeck::input::Key;
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::measure::{Evidence, Measure};
use quarterdeck::remediation::object::{Fate, Object, ObjectKey};
use quarterdeck::remediation::step::{StepEnd, Work};

use crate::cards::orders;
use crate::world::World;
use crate::{drawn, text};

const SIZE: (u16, u16) = (120, 40);

/// A Redis that may be flushed in a window; it is noon.
fn cached(windows: &str) -> World {
    World::new(&format!(
        r#"
        [[cache]]
        name = "shop cache"
        redis = "redis://cache.example.com:6379/2"
        environment = "staging"
        [actions]
        allow = true
        windows = [{windows}]
        "#
    ))
}

fn preview(keys: u64) -> Preview {
    let name = Untrusted::from("database 2 of cache.example.com:6379");
    Preview {
        identity: Identity { facts: vec![("run id", Untrusted::from("abc")), ("role", Untrusted::from("master"))] },
        objects: vec![Object {
            key: ObjectKey::Named(name),
            label: Safe::of("database 2"),
            query: Untrusted::default(),
            user: Safe::of("default"),
            application: Safe::of("redis"),
            client: Safe::default(),
            database: Safe::default(),
            age: None,
            remark: Safe::default(),
        }],
        count: Some(keys),
        effect: vec![Untrusted::from("SELECT 2"), Untrusted::from("FLUSHDB ASYNC")],
        ..Preview::default()
    }
}

fn with_card(world: &mut World) {
    world.press("a Enter");
    let id = world.model.actions.asked.as_ref().map(|(id, _)| *id);
    let id = id.unwrap_or_else(|| panic!("no preview was asked for: {}", world.message()));
    let begun = world.moment();
    orders(world, Event::Previewed { id, outcome: Box::new(Ok(preview(12345))), begun });
    drawn(world, SIZE, false);
    world.wait(0.5);
}

fn began(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Hold { .. }))
}

fn type_and_run(world: &mut World, words: &str) -> Vec<Effect> {
    world.write(words);
    orders(world, Event::KeyPressed(Key::ctrl('t')))
}

#[test]
fn name_and_count_inside_the_window_and_the_proof() {
    let mut world = cached("\"daily 12:00-13:00 UTC\"");
    with_card(&mut world);
    let screen = text(&drawn(&mut world, SIZE, false));
    for words in ["type shop cache 12345 to confirm", "FLUSHDB ASYNC", "daily 12:00-13:00 UTC", "open, and long enough"]
    {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
    for wrong in ["shop cache", "shop cache 1", "12345", "shop cache 1234", "shop cache 12345 "] {
        assert!(!began(&type_and_run(&mut world, wrong)), "{wrong:?}");
    }
    let effects = type_and_run(&mut world, "shop cache 12345");
    let [Effect::Hold { run, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let run = *run;
    let tell = |world: &mut World, input: Input| orders(world, Event::ActionHappened { run, input: Box::new(input) });
    tell(&mut world, Input::Held(Ok(())));
    let effects = tell(&mut world, Input::Recorded(Ok(())));
    let [Effect::RunAction { approved, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let Work::Flush(flush) = &approved.step().work else { panic!("{approved:?}") };
    assert_eq!((flush.cache, flush.count), (0, 12345));
    assert!(flush.bears(12345) && flush.bears(13579) && !flush.bears(13580) && !flush.bears(123_450));
    let fates = approved.objects().iter().map(|key| (key.clone(), Fate::Done)).collect();
    let effects = tell(&mut world, Input::StepEnded { step: 0, end: StepEnd::Done { fates, said: Vec::new() } });
    assert!(matches!(effects.as_slice(), [Effect::CountKeys { cache: 0, .. }]), "{effects:?}");
    world.now += 1.0;
    // A cache fills again at once.
    let keys = |keys: f64, at| Evidence {
        measure: Measure::ObjectsLeft,
        value: Some(keys),
        at,
        words: Safe::of(keys.to_string()),
        chance: 0.0,
    };
    let at = world.moment();
    let effects = tell(&mut world, Input::Read(keys(12000.0, at)));
    let ended = effects.iter().any(|effect| matches!(effect, Effect::Record { .. }));
    assert!(!ended, "that did not fall far enough: {effects:?}");
    tell(&mut world, Input::Read(keys(17.0, at)));
    tell(&mut world, Input::Recorded(Ok(())));
    let screen = text(&drawn(&mut world, SIZE, false));
    for words in ["verified", "12345 -> 17"] {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
}

#[test]
fn outside_of_a_window_the_menu_says_when_it_opens() {
    for (windows, words) in [
        ("", "none is declared"),
        ("\"daily 02:00-03:00 UTC\"", "it opens Sat 2026-01-03 02:00 UTC"),
        ("\"2026-01-02 11:00 to 2026-01-02 12:00 UTC\"", "does not open again"),
        ("\"2026-01-02 11:00 to 2026-01-02 12:00 UTC\", \"daily 11:59-13:00 UTC\"", ""),
    ] {
        let mut world = cached(windows);
        world.press("a");
        let screen = text(&drawn(&mut world, (200, 40), false));
        assert!(screen.contains(words), "{words:?} in\n{screen}");
        world.press("Enter");
        assert_eq!(world.model.actions.asked.is_some(), words.is_empty(), "{windows}");
    }
}

#[test]
fn a_window_that_closes_while_the_card_is_read_is_closed() {
    let mut world = cached("\"daily 12:00-12:01 UTC\"");
    with_card(&mut world);
    world.wait(50.0);
    assert!(!began(&type_and_run(&mut world, "shop cache 12345")), "there is no room for its deadline");
    let Some(Overlay::Card(dialog)) = world.model.view.overlays.last() else { panic!("no card") };
    assert!(dialog.refused.iter().any(|why| why.as_str().contains("window ends")), "{:?}", dialog.refused);
}

#[test]
fn what_is_kept_of_the_clock_is_what_it_was_held_against() {
    let mut world = cached("\"daily 12:00-13:00 UTC\"");
    let now = world.moment();
    let earlier = Moment {
        boot: now.boot.saturating_sub(Duration::from_secs(5)),
        wall: now.wall - TimeDelta::milliseconds(6500),
    };
    let effects = update(&mut world.model, Event::ClockRemembered(Ok(Some(earlier))), now);
    let [Effect::KeepClock(kept)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(*kept, earlier, "another program a moment later would bear another two seconds else");
}

#[test]
fn a_clock_of_which_nothing_can_be_read_opens_no_window_until_it_is_confirmed() {
    let mut world = cached("\"daily 12:00-13:00 UTC\"");
    let now = world.moment();
    let unread = Event::ClockRemembered(Err(Safe::of("clocks/1 is no record of the clocks")));
    assert!(update(&mut world.model, unread, now).is_empty(), "the next program is to ask as well");
    world.press("a Enter");
    assert!(world.model.actions.asked.is_none(), "a window is open");
    for words in ["clocks/1 is no record of the clocks", "confirm-time"] {
        assert!(world.message().contains(words), "{words:?} in {}", world.message());
    }
    world.press("Esc");
    for _ in 0..2 {
        world.press(":");
        world.write("confirm-time");
        world.press("Enter");
    }
    assert!(world.effects.iter().any(|effect| effect.contains("KeepClock")), "{:?}", world.effects);
    with_card(&mut world);
}

#[test]
fn a_clock_that_jumped_is_looked_at_and_confirmed_by_name() {
    let mut world = cached("\"daily 12:00-13:00 UTC\"");
    let now = world.moment();
    let jumped = Moment { wall: now.wall + TimeDelta::from_std(Duration::from_secs(600)).unwrap(), ..now };
    update(&mut world.model, Event::TimePassed, jumped);
    world.press("a Enter");
    assert!(world.model.actions.asked.is_none() && world.message().contains("confirm-time"), "{}", world.message());
    world.press("Esc");
    let confirm = |world: &mut World| {
        world.press(":");
        world.write("confirm-time");
        world.press("Enter");
    };
    confirm(&mut world);
    assert!(world.message().contains("Friday, 2026-01-02 12:00"), "{}", world.message());
    world.press("a Enter");
    assert!(world.model.actions.asked.is_none(), "it was only shown");
    world.press("Esc");
    world.wait(61.0);
    confirm(&mut world);
    assert!(world.message().contains("once more"), "what was shown is too old: {}", world.message());
    confirm(&mut world);
    assert!(world.message().contains("confirmed"), "{}", world.message());
    let recorded = world.effects.iter().find(|effect| effect.contains("Record")).expect("a record");
    assert!(recorded.contains("ClockConfirmed") && recorded.contains("the wall clock was confirmed at"), "{recorded}");
    with_card(&mut world);
}
