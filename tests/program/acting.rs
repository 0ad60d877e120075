//! Acting, as a person meets it: the menu, the card, the consent. What keys can do, and above all what they cannot.

use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::app::actions::dialog::{Dialog, Focus};
use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::{Moment, Safe, Untrusted};
use quarterdeck::input::Key;
use quarterdeck::remediation::action::{Plan, SessionSelector};
use quarterdeck::remediation::audit::AuditEvent;
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::Input;

use crate::cards::{CHORD, acts, any_key, card_of, done, left, object, orders};
use crate::world::readings::Postgres;
use crate::world::{World, key};
use crate::{drawn, text};

const SIZE: (u16, u16) = (120, 40);

/// A database and a service; acting is allowed.
pub fn armed(environment: &str) -> World {
    World::new(&format!(
        r#"
        [[database]]
        name = "main"
        url = "postgresql://ops@db.example.com/app"
        environment = "{environment}"
        [[action]]
        name = "warm-cache"
        url = "https://api.example.com/cache/warm"
        level = "L1"
        environment = "{environment}"
        [actions]
        allow = true
        "#
    ))
}

pub fn preview(pids: std::ops::Range<i32>) -> Preview {
    Preview {
        identity: Identity { facts: vec![("system", Untrusted::from("7001")), ("database", Untrusted::from("app"))] },
        objects: pids.map(|pid| object(pid, SessionState::IdleInTransaction)).collect(),
        effect: vec![Untrusted::from("SELECT pg_terminate_backend(…)")],
        ..Preview::default()
    }
}

pub fn asked(world: &mut World) -> u64 {
    let id = world.model.actions.asked.as_ref().map(|(id, _)| *id);
    id.unwrap_or_else(|| panic!("no preview was asked for: {}", world.message()))
}

/// The card of `terminate-idle-in-transaction`, drawn and awake.
pub fn with_card(world: &mut World) {
    world.press("a");
    while !matches!(chosen(world).as_str(), "terminate-idle-in-transaction") {
        world.press("Down");
    }
    world.press("Enter");
    let id = asked(world);
    let begun = world.moment();
    orders(world, Event::Previewed { id, outcome: Box::new(Ok(preview(1..4))), begun });
    drawn(world, SIZE, false);
    world.wait(0.5);
}

pub fn chosen(world: &World) -> String {
    let Some(Overlay::Menu { chosen }) = world.model.view.overlays.last() else { panic!("no menu") };
    let all = quarterdeck::app::actions::catalogue::all(&world.model);
    all[chosen.place(&all).expect("the first is chosen")].id.to_string()
}

fn card(world: &World) -> &Dialog {
    card_of(world).expect("a card")
}

#[test]
fn the_whole_way_from_the_menu_to_the_proof() {
    let mut world = armed("staging");
    with_card(&mut world);
    world.write("main");
    let effects = orders(&mut world, Event::KeyPressed(CHORD));
    let [Effect::Hold { run, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let run = *run;
    let tell = |world: &mut World, input: Input| orders(world, Event::ActionHappened { run, input: Box::new(input) });
    let effects = tell(&mut world, Input::Held(Ok(())));
    assert!(matches!(effects.as_slice(), [Effect::Record { run: Some(_), .. }]), "the intent comes first: {effects:?}");
    let effects = tell(&mut world, Input::Recorded(Ok(())));
    let [Effect::RunAction { approved, step: 0, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(approved.objects().len(), 3);
    let end = done(approved.objects());
    let effects = tell(&mut world, Input::StepEnded { step: 0, end });
    assert!(matches!(effects.as_slice(), [Effect::ReadObjects { .. }]), "{effects:?}");
    for _ in 0..4 {
        world.now += 1.0;
        let left = left(&world, 0.0);
        tell(&mut world, Input::Read(left));
    }
    let effects = tell(&mut world, Input::Recorded(Ok(())));
    assert!(matches!(effects.as_slice(), [Effect::Release { .. }]), "{effects:?}");
    let screen = text(&drawn(&mut world, SIZE, false));
    for words in ["verified", "3  done", "3 -> 0"] {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
    assert_eq!(world.model.actions.past.len(), 1);
}

#[test]
fn the_card_says_what_it_would_do_and_lets_nothing_hostile_through() {
    let mut world = armed("production");
    with_card(&mut world);
    let screen = text(&drawn(&mut world, SIZE, false));
    for words in [
        "PRODUCTION",
        "system 7001",
        "What it touches: 3",
        "pg_terminate_backend",
        "type main to confirm",
        "reason:",
        "Cancel",
    ] {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
    assert!(!screen.contains('\u{1b}'));
}

#[test]
fn a_dialog_is_deaf_at_first_and_what_was_typed_ahead_is_gone() {
    let mut world = armed("staging");
    world.press("a");
    while chosen(&world) != "terminate-idle-in-transaction" {
        world.press("Down");
    }
    world.press("Enter");
    let id = asked(&mut world);
    let begun = world.moment();
    orders(&mut world, Event::Previewed { id, outcome: Box::new(Ok(preview(1..4))), begun });
    world.write("main");
    assert_eq!(card(&world).typed, "", "it was not on the screen yet");
    drawn(&mut world, SIZE, false);
    world.now += 0.39;
    world.write("main");
    world.press("Enter");
    assert_eq!((card(&world).typed.as_str(), card(&world).focus), ("", Focus::Cancel), "only just seen");
    world.now += 0.02;
    world.write("main");
    assert_eq!(card(&world).typed, "main");
}

#[test]
fn nothing_but_the_chord_after_the_whole_name_runs_it() {
    for (typed, runs) in [("", false), ("mai", false), ("main ", false), ("MAIN", false), ("main", true)] {
        let mut world = armed("staging");
        with_card(&mut world);
        world.write(typed);
        let effects = orders(&mut world, Event::KeyPressed(CHORD));
        assert_eq!(acts(&effects), runs, "{typed:?}");
        if !runs {
            assert!(
                matches!(effects.as_slice(), [Effect::Record { run: None, .. }]),
                "a failed confirmation is recorded"
            );
        }
    }
}

#[test]
fn production_wants_a_reason_and_pasting_is_not_typing() {
    let mut world = armed("production");
    with_card(&mut world);
    world.tell(Event::Pasted(Safe::of("main")));
    assert_eq!(card(&world).typed, "");
    world.write("main");
    assert!(!acts(&orders(&mut world, Event::KeyPressed(CHORD))));
    world.write("main");
    world.press("Tab");
    world.write("INC-7");
    assert!(acts(&orders(&mut world, Event::KeyPressed(CHORD))));
}

#[test]
fn a_card_of_a_minute_ago_is_void() {
    let mut world = armed("staging");
    with_card(&mut world);
    world.write("main");
    world.wait(60.0);
    assert!(!acts(&orders(&mut world, Event::KeyPressed(CHORD))));
    assert!(text(&drawn(&mut world, SIZE, false)).contains("Ctrl-R reads the target anew"));
}

#[test]
fn frozen_nothing_starts() {
    let mut world = armed("staging");
    world.press("Space a Enter");
    assert!(world.model.actions.asked.is_none() && world.message().contains("FROZEN"), "{}", world.message());
}

#[test]
fn resizing_and_redrawing_leave_the_focus_on_cancel() {
    let mut world = armed("staging");
    with_card(&mut world);
    for size in [(80, 24), (200, 60), (40, 10), (120, 40)] {
        world.tell(Event::Resized);
        drawn(&mut world, size, false);
        assert_eq!(card(&world).focus, Focus::Cancel);
    }
    world.press("Enter");
    assert!(world.model.view.overlays.is_empty(), "Enter on Cancel leaves");
    assert!(world.effects.iter().any(|effect| effect.contains("Cancelled")), "{:?}", world.effects);
}

#[test]
fn a_small_screen_shows_the_fields_and_cancel() {
    let mut world = armed("production");
    with_card(&mut world);
    for size in [(80, 24), (60, 16)] {
        let screen = text(&drawn(&mut world, size, false));
        for words in ["type main to confirm", "reason:", "Cancel"] {
            assert!(screen.contains(words), "{words:?} at {size:?}\n{screen}");
        }
    }
}

#[test]
fn the_leave_to_act_lapses_and_comes_back_only_by_its_name() {
    let mut world = armed("staging");
    world.wait(30.0 * 60.0);
    assert!(!world.model.actions.is_armed());
    world.press("a Enter");
    assert!(world.model.actions.asked.is_none());
    world.press("Esc :");
    world.write("arm");
    world.press("Enter");
    assert!(world.model.actions.is_armed());
}

/// The lid of a laptop was closed: no tick came between the last key and this one.
#[test]
fn a_key_does_not_renew_a_leave_that_lapsed_in_sleep() {
    let mut world = armed("staging");
    world.now += 8.0 * 3600.0;
    let effects = orders(&mut world, Event::KeyPressed(key("j")));
    assert!(!world.model.actions.is_armed());
    let disarmed =
        |effect: &Effect| matches!(effect, Effect::Record { entry, .. } if entry.event() == AuditEvent::Disarmed);
    assert!(effects.iter().any(disarmed), "{effects:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Invariant 10: whatever is pressed, nothing above L1 begins unless the name stands there whole and the chord is
    /// pressed; Enter, Space, Esc and Ctrl-C never begin anything.
    #[test]
    fn no_key_by_itself_has_an_effect(keys in prop::collection::vec(any_key(), 1..60), carded in any::<bool>()) {
        let mut world = armed("staging");
        if carded {
            with_card(&mut world);
        }
        for key in keys {
            let before = card_of(&world).map(|dialog| (dialog.typed.clone(), dialog.phrase()));
            let effects = orders(&mut world, Event::KeyPressed(key));
            let ran = effects.iter().any(|effect| matches!(effect, Effect::RunAction { .. }));
            prop_assert!(!ran);
            if acts(&effects) {
                prop_assert_eq!(key, CHORD);
                let (typed, phrase) = before.expect("a card was open");
                prop_assert!(phrase.is_none_or(|phrase| phrase == typed));
                return Ok(());
            }
            world.now += 0.2;
            drawn(&mut world, SIZE, false);
        }
    }

    /// Invariant 17: read-only there is no way to anything that changes something, whatever is pressed.
    #[test]
    fn read_only_there_is_no_way(keys in prop::collection::vec(any_key(), 1..80)) {
        let mut world = World::new("[[database]]\nname = \"main\"\nurl = \"postgresql://ops@db.example.com/app\"");
        for name in ["a", "Enter", "Esc", ":", "a", "r", "m", "Enter"] {
            orders(&mut world, Event::KeyPressed(key(name)));
        }
        for key in keys {
            for effect in orders(&mut world, Event::KeyPressed(key)) {
                let acts = matches!(effect, Effect::Hold { .. } | Effect::RunAction { .. } | Effect::Preview(_));
                prop_assert!(!acts, "{effect:?}");
            }
            world.now += 1.0;
        }
        prop_assert!(!world.model.actions.is_armed());
    }
}

#[test]
fn a_preview_that_comes_late_opens_nothing() {
    let mut world = armed("staging");
    let begun: Moment = world.moment();
    orders(&mut world, Event::Previewed { id: 99, outcome: Box::new(Ok(preview(1..4))), begun });
    assert!(world.model.view.overlays.is_empty());
}

#[test]
fn an_action_is_asked_for_by_name_and_only_narrowed() {
    let mut world = armed("staging");
    let typed = |world: &mut World, text: &str| {
        world.press(":");
        world.write(text);
        world.press("Enter");
    };
    typed(&mut world, "act terminate-idle with user=web older_than=20m");
    let (_, action) = world.model.actions.asked.take().unwrap();
    assert_eq!(action.title.as_str(), "terminate sessions idle for 10m (user web, older_than 20m)");
    let Plan::Sessions { selector: SessionSelector::Idle { older_than, user, .. }, .. } = action.plan else {
        panic!("not of idle sessions")
    };
    assert_eq!((older_than, user.as_deref()), (Duration::from_secs(1200), Some("web")));
    world.press("Esc");
    for (text, why) in [
        ("act terminate-idle with older_than=1m", "only tightens"),
        ("act terminate-idle with user=", "never everybody"),
        ("act terminate-idle on mian", "did you mean \"main\"?"),
        ("act warm-cache with user=web", "it takes none"),
        ("act", "there is no action"),
    ] {
        typed(&mut world, text);
        assert!(world.model.actions.asked.is_none(), "{text}");
        assert!(world.message().contains(why), "{text}: {}", world.message());
    }
}

#[test]
fn what_is_known_of_a_target_speaks_before_its_card_does() {
    let mut world = armed("staging");
    let reason = |world: &World, id: &str| {
        let all = quarterdeck::app::actions::catalogue::all(&world.model);
        let action = all.into_iter().find(|action| action.id.as_str() == id).unwrap();
        let why = quarterdeck::app::actions::catalogue::reason_against(&world.model, &action);
        why.map(|why| why.to_string()).unwrap_or_default()
    };
    world.database("main", Ok(Postgres::default().reading()));
    assert_eq!(reason(&world, "terminate-idle"), "");
    world.wait(60.0);
    assert_eq!(reason(&world, "terminate-idle"), "what is known of main is 1m00s old");
    assert_eq!(reason(&world, "warm-cache"), "", "of another target");
    world.database("main", Ok(Postgres { may_signal: false, ..Postgres::default() }.reading()));
    assert!(reason(&world, "terminate-idle").starts_with("needs pg_signal_backend: GRANT"), "no session of its own");
    world.database("main", Ok(Postgres { pooler: true, ..Postgres::default() }.reading()));
    assert!(reason(&world, "terminate-idle").contains("direct DSN"));
}

/// The question about the targets of the menu, and its number.
fn looked_at(effects: &[Effect]) -> (u64, Vec<quarterdeck::app::actions::standing::Wanted>) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::LookAtGuards { id, wanted } => Some((*id, wanted.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing was asked: {effects:?}"))
}

#[test]
fn the_menu_says_beforehand_what_cools_down_and_who_holds_it() {
    use quarterdeck::app::actions::standing::Standing;
    let mut world = armed("staging");
    let (old, _) = looked_at(&orders(&mut world, Event::KeyPressed(Key::char('a'))));
    world.press("Esc");
    let (id, wanted) = looked_at(&orders(&mut world, Event::KeyPressed(Key::char('a'))));
    let warm = wanted.iter().find(|wanted| wanted.action.as_str() == "warm-cache").expect("its target is its origin");
    let seen = |cooling, held: bool| {
        let held = held.then(|| Safe::of("mia since 12:00:00Z (restart-api)"));
        vec![Standing { action: warm.action.clone(), key: warm.key.clone(), cooling, held }]
    };
    let eighty = Some(Duration::from_secs(80));
    orders(&mut world, Event::GuardsSeen { id: old, seen: seen(None, true) });
    assert!(!text(&drawn(&mut world, SIZE, false)).contains("held by"), "an answer to an old question is none");
    orders(&mut world, Event::GuardsSeen { id, seen: seen(eighty, false) });
    let menu = text(&drawn(&mut world, SIZE, false));
    assert!(menu.contains("cooling down 1m20s"), "{menu}");
    world.now += 20.0;
    let menu = text(&drawn(&mut world, SIZE, false));
    assert!(menu.contains("cooling down 1m00s"), "it counts down:\n{menu}");
    world.now += 61.0;
    assert!(!text(&drawn(&mut world, SIZE, false)).contains("cooling"));

    let (id, _) = looked_at(&orders(&mut world, Event::TimePassed));
    orders(&mut world, Event::GuardsSeen { id, seen: seen(None, true) });
    world.press("Esc 7");
    let page = text(&drawn(&mut world, SIZE, false));
    assert!(page.contains("held by mia since 12:00:00Z (restart-api)"), "{page}");
    world.now += 16.0;
    assert!(!text(&drawn(&mut world, SIZE, false)).contains("held by"), "nobody is believed to hold it for ever");
}

#[test]
fn the_folder_is_asked_about_the_target_that_the_card_shows() {
    let mut world = armed("staging");
    let mut reading = crate::world::readings::Postgres::default().reading();
    reading.server.system_identifier = Some(Safe::of("7001"));
    world.database("main", Ok(reading));
    let (_, wanted) = looked_at(&orders(&mut world, Event::KeyPressed(Key::char('a'))));
    let server = world.model.live.databases[0].server.value().expect("it answered").clone();
    let system = server.system_identifier.as_ref().expect("it was told").as_str();
    let facts = vec![
        ("system identifier", Untrusted::from(system)),
        ("server", Untrusted::from("10.0.0.1:5432")),
        ("database", Untrusted::from("pggit (oid 16384)")),
        ("user", server.user.clone()),
    ];
    let key = Identity { facts }.target_key().hex();
    let mut sessions = wanted.iter().filter(|wanted| wanted.action.as_str().starts_with("terminate-")).peekable();
    assert!(sessions.peek().is_some(), "{wanted:?}");
    let asked = |action: &Safe| wanted.iter().any(|w| w.action == *action && w.key == key);
    assert!(sessions.all(|session| asked(&session.action)), "{wanted:?}");
    assert!(looked_at_nothing(&mut armed_read_only()), "where nothing may be done nothing is asked");
}

pub fn armed_read_only() -> World {
    World::new("[[database]]\nname = \"main\"\nurl = \"postgresql://ops@db.example.com/app\"\n")
}

fn looked_at_nothing(world: &mut World) -> bool {
    let effects = orders(world, Event::KeyPressed(Key::char('a')));
    !effects.iter().any(|effect| matches!(effect, Effect::LookAtGuards { .. }))
}
