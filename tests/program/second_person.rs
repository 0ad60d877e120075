//! The second person as keys meet it: what asks, what approves, and above all what does not.

use proptest::prelude::*;
use quarterdeck::app::actions::approvals::{Found, Look, Own, OwnAnswer, SecondEvent, SecondOrder, Waits};
use quarterdeck::app::actions::catalogue;
use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::{Safe, Untrusted};
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::approval::{Approval, Granted, OsIdentity, Request, VALID};
use quarterdeck::remediation::built_in::BUILT_IN;
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::cooldown::{BootId, BootMoment};
use quarterdeck::remediation::level::Level;
use quarterdeck::remediation::object::{Object, ObjectKey};

use crate::cards::orders;
use crate::world::World;
use crate::{drawn, text};

#[path = "second_person/told.rs"]
mod told;

const SIZE: (u16, u16) = (120, 40);
const SMALL: (u16, u16) = (80, 24);

/// A Redis whose flush breaks the glass, a database, and leave to act.
fn bastion() -> World {
    World::new(
        r#"
        [[cache]]
        name = "shop"
        redis = "redis://cache.example.com:6379/2"
        environment = "staging"
        [[database]]
        name = "main"
        url = "postgresql://ops@db.example.com/app"
        environment = "staging"
        [actions]
        allow = true
        shared = "/srv/shared"
        second_person = ["terminate-idle"]
        break_glass = ["flush-redis"]
        "#,
    )
}

fn preview(keys: u64) -> Preview {
    Preview {
        identity: Identity { facts: vec![("run id", Untrusted::from("abc")), ("role", Untrusted::from("master"))] },
        objects: vec![Object {
            key: ObjectKey::Named(Untrusted::from("database 2")),
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
        effect: vec![Untrusted::from("FLUSHDB ASYNC")],
        ..Preview::default()
    }
}

fn second(world: &mut World, event: SecondEvent) -> Vec<Effect> {
    orders(world, Event::Second(Box::new(event)))
}

fn type_line(world: &mut World, line: &str) -> Vec<Effect> {
    world.press(":");
    world.write(line);
    orders(world, Event::KeyPressed(Key::plain(Code::Enter)))
}

fn preview_arrives(world: &mut World, keys: u64) {
    let id = world.model.actions.asked.as_ref().map(|(id, _)| *id);
    let id = id.unwrap_or_else(|| panic!("no preview was asked for: {}", world.message()));
    let begun = world.moment();
    orders(world, Event::Previewed { id, outcome: Box::new(Ok(preview(keys))), begun });
    drawn(world, SIZE, false);
    world.wait(0.5);
}

/// The card of the flush, drawn and awake, with phrase and reason typed.
fn with_card(world: &mut World, keys: u64, phrase: &str) {
    type_line(world, "act flush-redis on shop");
    preview_arrives(world, keys);
    world.write(phrase);
    world.press("Tab");
    world.write("INC-7");
}

fn chord(world: &mut World) -> Vec<Effect> {
    orders(world, Event::KeyPressed(Key::ctrl('t')))
}

fn who(uid: u32, user: &str) -> OsIdentity {
    OsIdentity { uid, user: Safe::of(user), loginuid: Some(uid), login: Some(Safe::of(user)), claims: Vec::new() }
}

fn at(world: &World) -> BootMoment {
    BootMoment { boot: Some(BootId::new("a")), at: world.moment() }
}

/// What the runtime makes of an order to ask.
fn request(world: &World, effects: &[Effect]) -> Request {
    let [Effect::Second(order)] = effects else { panic!("{effects:?}") };
    let SecondOrder::Ask(asking) = &**order else { panic!("{order:?}") };
    Request {
        id: "k7m2qd9x".to_owned(),
        digest: asking.digest.clone(),
        bound: asking.bound.clone(),
        card: asking.card.clone(),
        requester: who(1001, "alice"),
        asked_at: at(world),
        level: asking.level,
        action: asking.action.clone(),
        target: asking.target.clone(),
        phrase: asking.phrase.clone(),
        count: asking.count,
        agreed: asking.agreed.clone(),
    }
}

fn granted(world: &World, request: &Request) -> Look {
    let approval = Approval {
        id: request.id.clone(),
        digest: request.digest.clone(),
        shown: request.shown(),
        approver: who(1002, "bob"),
        approved_at: at(world),
    };
    let granted = Granted { request: request.clone(), approval, boot: Some(BootId::new("a")) };
    let answer = OwnAnswer::Granted(Box::new(granted));
    Look { own: vec![Own { request: request.clone(), answer }], ..Look::default() }
}

fn began(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Hold { .. } | Effect::RunAction { .. }))
}

#[test]
fn asked_approved_and_consented_to_anew() {
    let mut world = bastion();
    with_card(&mut world, 812, "shop 812");
    let screen = text(&drawn(&mut world, SIZE, false));
    for words in ["BREAK GLASS", "OUTSIDE EVERY MAINTENANCE WINDOW", "somebody else has to approve", "Ctrl-T asks for"]
    {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
    let effects = chord(&mut world);
    assert!(!began(&effects));
    let asked = request(&world, &effects);
    assert_eq!((asked.phrase.as_str(), asked.count, asked.level), ("shop 812", Some(812), Level::L3));
    assert!(asked.card.iter().any(|line| line.as_str().contains("INC-7")), "the reason: {:?}", asked.card);
    second(&mut world, SecondEvent::Asked(Ok(Box::new(asked.clone()))));
    let screen = text(&drawn(&mut world, SMALL, false));
    for words in
        ["waits for a second person; nothing was done yet", "quarterdeck approve k7m2qd9x", ":approve k7m2qd9x"]
    {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
    world.press("Esc");

    world.now += 60.0;
    let look = granted(&world, &asked);
    second(&mut world, SecondEvent::Looked(look));
    world.now += 10.0;
    world.tell(Event::TimePassed);
    let screen = text(&drawn(&mut world, SMALL, false));
    assert!(screen.contains(":consent: bob approved flush-redis"), "{screen}");
    // Some keys came and went meanwhile.
    type_line(&mut world, "consent");
    preview_arrives(&mut world, 830);
    let screen = text(&drawn(&mut world, SIZE, false));
    for words in ["bob approved it", "830 keys now; 812 were agreed to", "type shop 812 to confirm"] {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
    world.write("shop 812");
    // The reason is the one that was approved.
    let effects = chord(&mut world);
    let [Effect::Hold { spending: Some(spending), .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((&spending.id, &spending.digest), (&asked.id, &asked.digest));
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("BREAK GLASS: flush-redis on shop RUNS outside its window"), "{screen}");
    // The folder is looked at late: what was used at the last moment is not asked for again.
    world.now += 605.0;
    second(&mut world, SecondEvent::Looked(Look::default()));
    assert!(!world.message().contains("in time"), "{}", world.message());
}

#[test]
fn an_approval_of_another_card_or_of_long_ago_asks_anew() {
    let mut world = bastion();
    with_card(&mut world, 812, "shop 812");
    let asked = {
        let effects = chord(&mut world);
        request(&world, &effects)
    };
    second(&mut world, SecondEvent::Asked(Ok(Box::new(asked.clone()))));
    world.press("Esc");
    let look = granted(&world, &asked);
    second(&mut world, SecondEvent::Looked(look));
    // Far more keys than were approved.
    with_card(&mut world, 5000, "shop 5000");
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("the approval is for another card"), "{screen}");
    let again = {
        let effects = chord(&mut world);
        request(&world, &effects)
    };
    assert_ne!(again.digest, asked.digest);
    second(&mut world, SecondEvent::Asked(Ok(Box::new(again))));
    world.press("Esc");
    // The same card, ten minutes later.
    world.now += 601.0;
    with_card(&mut world, 812, "shop 812");
    let effects = chord(&mut world);
    assert!(!began(&effects));
    request(&world, &effects);
}

#[test]
fn a_card_that_waits_already_is_not_asked_for_twice() {
    let mut world = bastion();
    with_card(&mut world, 812, "shop 812");
    let asked = {
        let effects = chord(&mut world);
        request(&world, &effects)
    };
    second(&mut world, SecondEvent::Asked(Ok(Box::new(asked.clone()))));
    world.press("Esc");
    let own = vec![Own { request: asked, answer: OwnAnswer::Waiting }];
    second(&mut world, SecondEvent::Looked(Look { own, ..Look::default() }));
    with_card(&mut world, 812, "shop 812");
    let effects = chord(&mut world);
    let [Effect::Record { entry, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(entry.event().word(), "cancelled", "the card is gone without having done anything");
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("quarterdeck approve k7m2qd9x"), "{screen}");
}

/// A request of somebody else, found because this person asked for it.
fn found(world: &World, against: Option<&str>) -> Found {
    let request = Request {
        id: "k7m2qd9x".to_owned(),
        digest: "5f".repeat(32),
        bound: vec![Safe::of("L3  flush-redis on shop in STAGING")],
        card: vec![Safe::of("flush database 2 on shop"), Safe::of("BREAK GLASS: it runs"), Safe::of("FLUSHDB ASYNC")],
        requester: who(1001, "alice"),
        asked_at: at(world),
        level: Level::L3,
        action: Safe::of("flush-redis"),
        target: Safe::of("shop"),
        phrase: "shop 812".to_owned(),
        count: Some(812),
        agreed: quarterdeck::remediation::agreed::Agreed::default(),
    };
    Found { request, against: against.map(Safe::of), by_id_alone: false }
}

/// The person asks for a request, and it is found.
fn finds(world: &mut World, found: Found) {
    type_line(world, &format!("approve {}", found.request.id));
    second(world, SecondEvent::Found(Ok(Box::new(found))));
}

fn waits(world: &World, id: &str) -> Waits {
    Waits {
        id: id.to_owned(),
        who: Safe::of("alice"),
        action: Safe::of("flush-redis"),
        target: Safe::of("shop"),
        asked_at: world.moment(),
        against: None,
    }
}

#[test]
fn what_waits_is_a_line_and_never_takes_the_focus() {
    let mut world = bastion();
    with_card(&mut world, 812, "shop 8");
    let others = vec![waits(&world, "k7m2qd9x")];
    second(&mut world, SecondEvent::Looked(Look { others, ..Look::default() }));
    assert!(matches!(world.model.view.overlays.as_slice(), [Overlay::Card(_)]), "the card stays on top");
    world.press("Esc");
    world.now += 10.0;
    world.tell(Event::TimePassed);
    for size in [SIZE, SMALL] {
        let screen = text(&drawn(&mut world, size, false));
        assert!(screen.contains(":approve k7m2qd9x: 1 action waits"), "{screen}");
    }
    let others = vec![waits(&world, "k7m2qd9x"), waits(&world, "zz23zz23")];
    second(&mut world, SecondEvent::Looked(Look { others, ..Look::default() }));
    let screen = text(&drawn(&mut world, SMALL, false));
    assert!(screen.contains(":approve: 2 actions wait for a second"), "{screen}");
    assert!(type_line(&mut world, "approve").is_empty());
    let screen = text(&drawn(&mut world, SMALL, false));
    assert!(screen.contains("zz23zz23  alice         flush-redis on shop"), "{screen}");
    // What this person cannot approve is no news to them.
    world.press("Esc");
    let others = vec![Waits { against: Some(Safe::of("yourself")), ..waits(&world, "k7m2qd9x") }];
    second(&mut world, SecondEvent::Looked(Look { others, ..Look::default() }));
    assert!(!text(&drawn(&mut world, SMALL, false)).contains("waits for a second person"));
}

#[test]
fn the_second_person_types_the_phrase_after_it_could_be_read() {
    let mut world = bastion();
    let effects = type_line(&mut world, "approve k7m2qd9x");
    assert!(
        matches!(effects.as_slice(), [Effect::CountTmuxClients, Effect::Second(order)] if matches!(&**order, SecondOrder::Find { id } if id == "k7m2qd9x"))
    );
    // What is typed before it was found is for it too, and acts on nothing behind it.
    let before = text(&drawn(&mut world, SMALL, false));
    for letter in ('!'..='~').chain([' ']) {
        assert!(orders(&mut world, Event::KeyPressed(Key::char(letter))).is_empty(), "{letter:?}");
    }
    assert_eq!(text(&drawn(&mut world, SMALL, false)), before);
    let event = SecondEvent::Found(Ok(Box::new(found(&world, None))));
    second(&mut world, event);
    world.write("shop 812");
    assert!(chord(&mut world).is_empty(), "it was not on the screen yet");
    drawn(&mut world, SMALL, false);
    world.now += 0.39;
    world.write("shop 812");
    world.press("Enter");
    assert!(chord(&mut world).is_empty(), "only just seen");
    world.now += 0.02;
    let screen = text(&drawn(&mut world, SMALL, false));
    for words in ["alice asks", "user id 1001", "BREAK GLASS", "FLUSHDB ASYNC", "type shop 812 to approve", "Cancel"] {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
    world.write("shop 812");
    let effects = chord(&mut world);
    let [Effect::Second(order)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(matches!(&**order, SecondOrder::Approve { typed, .. } if typed == "shop 812"));
    assert!(chord(&mut world).is_empty(), "it is on its way");
    let outcome = Err(Safe::of("the phrase was not typed exactly"));
    second(&mut world, SecondEvent::Answered { id: "k7m2qd9x".to_owned(), outcome });
    assert!(text(&drawn(&mut world, SMALL, false)).contains("refused: the phrase was not typed exactly"));
    second(&mut world, SecondEvent::Answered { id: "k7m2qd9x".to_owned(), outcome: Ok(()) });
    assert!(world.model.view.overlays.is_empty());
    // Leaving is recorded.
    let sought = found(&world, None);
    finds(&mut world, sought);
    let effects = orders(&mut world, Event::KeyPressed(Key::plain(Code::Esc)));
    assert!(matches!(effects.as_slice(), [Effect::Record { run: None, .. }]), "{effects:?}");
    // What was sent goes its way, whoever looks on: one approval is not recorded as left, too.
    let sought = found(&world, None);
    finds(&mut world, sought);
    drawn(&mut world, SMALL, false);
    world.now += 0.5;
    text(&drawn(&mut world, SMALL, false));
    world.write("shop 812");
    assert_eq!(chord(&mut world).len(), 1);
    let effects = orders(&mut world, Event::KeyPressed(Key::plain(Code::Esc)));
    assert!(effects.is_empty() && world.model.view.overlays.is_empty(), "{effects:?}");
    second(&mut world, SecondEvent::Answered { id: "k7m2qd9x".to_owned(), outcome: Ok(()) });
    assert!(world.message().contains("k7m2qd9x is approved"), "{}", world.message());
    // What was left while it was looked for does not come after all.
    let sought = found(&world, None);
    type_line(&mut world, "approve k7m2qd9x");
    assert!(orders(&mut world, Event::KeyPressed(Key::plain(Code::Esc))).is_empty(), "there was nothing to leave yet");
    second(&mut world, SecondEvent::Found(Ok(Box::new(sought.clone()))));
    assert!(world.model.view.overlays.is_empty());
    finds(&mut world, sought);
    let effects = orders(&mut world, Event::KeyPressed(Key::ctrl('c')));
    assert!(matches!(effects.as_slice(), [Effect::Record { .. }, Effect::Quit]), "{effects:?}");
}

#[test]
fn a_request_that_is_not_found_says_so_where_its_dialog_would_stand() {
    let mut world = bastion();
    type_line(&mut world, "approve k7m2qd9x");
    second(&mut world, SecondEvent::Found(Err(Safe::of("nothing waits that is called k7m2qd9x"))));
    for letter in "shop 812".chars() {
        assert!(orders(&mut world, Event::KeyPressed(Key::char(letter))).is_empty(), "{letter:?}");
    }
    let screen = text(&drawn(&mut world, SMALL, false));
    assert!(screen.contains("nothing waits that is called") && screen.contains("Esc closes"), "{screen}");
    world.press("Esc");
    assert!(world.model.view.overlays.is_empty());
}

#[test]
fn without_leave_to_act_nothing_is_looked_for() {
    let mut world = World::new("[actions]\nshared = \"/srv/shared\"");
    assert!(type_line(&mut world, "approve k7m2qd9x").is_empty());
    assert!(world.message().contains("quarterdeck approve k7m2qd9x"), "{}", world.message());
}

#[test]
fn an_old_card_is_recorded_as_expired() {
    let mut world = bastion();
    with_card(&mut world, 812, "shop 812");
    world.now += 61.0;
    let effects = chord(&mut world);
    let [Effect::Record { entry, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(entry.event().word(), "confirmation-expired");
}

/// The configuration names built-in actions before anything is watched: the table has them all, with their levels.
#[test]
fn every_built_in_action_can_be_named() {
    let world = bastion();
    for action in catalogue::named(&world.model) {
        let listed = BUILT_IN.iter().find(|(name, _)| *name == action.id.as_str());
        assert_eq!(listed.map(|(_, level)| *level), Some(action.level), "{}", action.id);
    }
}

proptest! {
    /// Whatever keys are pressed in whatever order: only the chord approves, only after the dialog was seen for long enough.
    #[test]
    fn only_the_chord_approves(keys in prop::collection::vec((0usize..14, 0u32..300), 1..60)) {
        let mut world = bastion();
        let sought = found(&world, None);
        finds(&mut world, sought);
        drawn(&mut world, SIZE, false);
        // In whole milliseconds: what is added up in seconds falls short of 0.4 by its last digit.
        let mut seen_for = 0;
        for (at, pause) in keys {
            let all = [
                Key::plain(Code::Enter), Key::char(' '), Key::plain(Code::Tab), Key::plain(Code::Up), Key::char('y'),
                Key::char('a'), Key::ctrl('r'), Key::ctrl('u'), Key::plain(Code::Backspace), Key::plain(Code::Down),
                Key::char('t'), Key::ctrl('t'), Key::plain(Code::PageDown), Key::ctrl('d'),
            ];
            let key = all[at];
            world.now += f64::from(pause) / 1000.0;
            seen_for += pause;
            let open = matches!(world.model.view.overlays.last(), Some(Overlay::Approval(_)));
            for effect in orders(&mut world, Event::KeyPressed(key)) {
                let acts = matches!(effect, Effect::Hold { .. } | Effect::RunAction { .. });
                prop_assert!(!acts);
                if matches!(&effect, Effect::Second(order) if matches!(**order, SecondOrder::Approve { .. })) {
                    prop_assert!(open && key == Key::ctrl('t') && seen_for >= 400, "{key} {seen_for}");
                }
            }
        }
    }
}
