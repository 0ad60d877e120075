//! What was approved is for `:consent` alone: whatever else asks for a card has its objects chosen anew. And what an approval
//! binds says all that a second person goes by.

use quarterdeck::app::actions::approvals::{Look, Own, OwnAnswer, SecondEvent, SecondOrder};
use quarterdeck::app::actions::bound;
use quarterdeck::app::effect::{PreviewOf, PreviewOrder};
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::{Safe, Untrusted};
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::approval::{Approval, Granted, OsIdentity, Request};
use quarterdeck::remediation::card::{Card, Identity, Part, Preview};
use quarterdeck::remediation::cooldown::{BootId, BootMoment};
use quarterdeck::remediation::object::{AgreedTo, Object, ObjectKey};

use crate::cards::{CHORD, card_of, object, orders};
use crate::drawn;
use crate::world::World;

const SIZE: (u16, u16) = (120, 40);

fn bastion() -> World {
    World::new(
        r#"
        [[database]]
        name = "main"
        url = "postgresql://ops@db.example.com/app"
        environment = "staging"
        [[runbook]]
        name = "clear"
        title = "clear it"
        target = "main"
        level = "L2"
        [[runbook.step]]
        title = "end them"
        sessions = "terminate idle in transaction"
        database = "main"
        older_than = "5m"
        [actions]
        allow = true
        shared = "/srv/shared"
        second_person = ["terminate-idle-in-transaction", "clear"]
        "#,
    )
}

fn identity() -> Identity {
    Identity { facts: vec![("database", Untrusted::from("app")), ("role", Untrusted::from("primary"))] }
}

fn preview(pids: &[i32]) -> Preview {
    Preview {
        identity: identity(),
        objects: pids.iter().map(|pid| object(*pid, SessionState::IdleInTransaction)).collect(),
        effect: vec![Untrusted::from(format!("SELECT pg_terminate_backend(…) {pids:?}"))],
        ..Preview::default()
    }
}

fn asked(effects: &[Effect]) -> Option<(u64, Option<Vec<AgreedTo>>)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Preview(order) => match &**order {
            PreviewOrder { id, of: PreviewOf::Sessions { agreed, .. }, .. } => Some((*id, agreed.clone())),
            _ => None,
        },
        _ => None,
    })
}

fn line(world: &mut World, line: &str) -> Vec<Effect> {
    world.press(":");
    world.write(line);
    orders(world, Event::KeyPressed(Key::plain(Code::Enter)))
}

/// The card of what was found, drawn and awake.
fn arrives(world: &mut World, id: u64, found: Preview) {
    let begun = world.moment();
    orders(world, Event::Previewed { id, outcome: Box::new(Ok(found)), begun });
    drawn(world, SIZE, false);
    world.wait(0.5);
}

fn who(uid: u32, user: &str) -> OsIdentity {
    OsIdentity { uid, user: Safe::of(user), loginuid: Some(uid), login: Some(Safe::of(user)), claims: Vec::new() }
}

/// What is asked for is approved at once.
fn approved(world: &mut World, effects: &[Effect]) -> Request {
    let [Effect::Second(order)] = effects else { panic!("{effects:?}") };
    let SecondOrder::Ask(asking) = &**order else { panic!("{order:?}") };
    let at = BootMoment { boot: Some(BootId::new("a")), at: world.moment() };
    let request = Request {
        id: "k7m2qd9x".to_owned(),
        digest: asking.digest.clone(),
        bound: asking.bound.clone(),
        card: asking.card.clone(),
        requester: who(1001, "alice"),
        asked_at: at.clone(),
        level: asking.level,
        action: asking.action.clone(),
        target: asking.target.clone(),
        phrase: asking.phrase.clone(),
        count: asking.count,
        agreed: asking.agreed.clone(),
    };
    let approval = Approval {
        id: request.id.clone(),
        digest: request.digest.clone(),
        shown: request.shown(),
        approver: who(1002, "bob"),
        approved_at: at,
    };
    let granted = Granted { request: request.clone(), approval, boot: Some(BootId::new("a")) };
    orders(world, Event::Second(Box::new(SecondEvent::Asked(Ok(Box::new(request.clone()))))));
    world.press("Esc");
    let own = vec![Own { request: request.clone(), answer: OwnAnswer::Granted(Box::new(granted)) }];
    orders(world, Event::Second(Box::new(SecondEvent::Looked(Look { own, ..Look::default() }))));
    request
}

#[test]
fn what_was_approved_is_for_consent_alone() {
    let mut world = bastion();
    let effects = line(&mut world, "act terminate-idle-in-transaction on main");
    let (id, agreed) = asked(&effects).unwrap();
    assert_eq!(agreed, None);
    arrives(&mut world, id, preview(&[7, 8]));
    world.write("main");
    let effects = orders(&mut world, Event::KeyPressed(CHORD));
    let request = approved(&mut world, &effects);
    // The menu and the palette choose anew.
    let effects = line(&mut world, "act terminate-idle-in-transaction on main");
    let (id, agreed) = asked(&effects).unwrap();
    assert_eq!(agreed, None, "the normal card, with whoever came since");
    arrives(&mut world, id, preview(&[7, 9]));
    world.press("Esc");
    // What was approved comes back by its own word, for those who were on its card.
    let effects = line(&mut world, "consent");
    let (id, agreed) = asked(&effects).unwrap();
    let pids = |agreed: Option<Vec<AgreedTo>>| agreed.unwrap().into_iter().map(|kept| kept.key).collect::<Vec<_>>();
    let on_card: Vec<ObjectKey> = preview(&[7, 8]).objects.into_iter().map(|object| object.key).collect();
    assert_eq!(pids(agreed), on_card);
    arrives(&mut world, id, preview(&[7, 8]));
    assert_eq!(card_of(&world).unwrap().card.digest().hex(), request.digest);
    // Reading it anew is another card.
    let effects = orders(&mut world, Event::KeyPressed(Key::ctrl('r')));
    let (id, agreed) = asked(&effects).unwrap();
    assert_eq!(agreed, None, "Ctrl-R chooses anew");
    arrives(&mut world, id, preview(&[9]));
    world.press("Esc");
    // It still stands, until it was used.
    let effects = line(&mut world, "consent");
    let (id, agreed) = asked(&effects).unwrap();
    assert_eq!(pids(agreed), on_card);
    // Nothing of it is left: that is said, and no other card takes its place.
    arrives(&mut world, id, Preview { lapsed: true, ..preview(&[7, 8]) });
    let card = &card_of(&world).unwrap().card;
    let told = card.preview.obstacles.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(told.contains("all that was agreed to are gone, or changed"), "{told}");
}

/// The card that lies on top, of whatever was found.
fn card(world: &World) -> Card {
    card_of(world).unwrap().card.clone()
}

fn is_bound(card: &Card, change: impl Fn(&mut Card)) -> bool {
    let mut other = card.clone();
    change(&mut other);
    bound::lines(card, &Safe::default()) != bound::lines(&other, &Safe::default())
}

#[test]
fn whose_the_sessions_are_is_bound() {
    let mut world = bastion();
    let effects = line(&mut world, "act terminate-idle-in-transaction on main");
    let (id, _) = asked(&effects).unwrap();
    arrives(&mut world, id, preview(&[7, 8]));
    let card = card(&world);
    let first = |card: &mut Card, change: fn(&mut Object)| change(&mut card.preview.objects[0]);
    let changes: [fn(&mut Object); 4] = [
        |object| object.user = Safe::of("guest"),
        |object| object.application = Safe::of("x\", client \"local"),
        |object| object.client = Safe::of("local"),
        |object| object.database = Safe::of("side"),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        assert!(is_bound(&card, |card| first(card, change)), "change {at}");
    }
    assert!(!is_bound(&card, |card| first(card, |object| object.remark = Safe::of("blocks 3 sessions"))));
    assert!(is_bound(&card, |card| card.action.limits.cap += 1));
    assert!(is_bound(&card, |card| card.action.proof.trials.clear()));
}

#[test]
fn what_each_step_of_a_runbook_is_on_and_touches_is_bound() {
    let mut world = bastion();
    let effects = line(&mut world, "act clear on main");
    let (id, _) = asked(&effects).unwrap_or_else(|| panic!("{}", world.message()));
    arrives(&mut world, id, preview(&[7, 8]));
    let card = card(&world);
    let lines = bound::lines(&card, &Safe::default());
    let touches = lines.iter().filter(|line| line.as_str().starts_with("step 1 touches: session")).count();
    assert_eq!(touches, 2, "{lines:?}");
    // What is made of its parts is made again of those that are changed.
    let part = |card: &mut Card, change: fn(&mut Part)| {
        let runbook = card.action.runbook().unwrap().clone();
        change(&mut card.preview.parts[0]);
        let found = card.preview.parts.iter().map(|part| (part.place, Ok(part.found.clone()))).collect();
        card.preview = runbook.preview(&card.action.id, &card.action.target.name, found);
    };
    let changes: [fn(&mut Part); 4] = [
        |part| part.found.identity.facts[0].1 = Untrusted::from("other"),
        |part| part.found.identity.facts[1].1 = Untrusted::from("replica"),
        |part| part.found.objects[0].user = Safe::of("guest"),
        |part| part.found.effect.push(Untrusted::from("SELECT 1")),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        assert!(is_bound(&card, |card| part(card, change)), "change {at}");
    }
    assert!(!is_bound(&card, |card| part(card, |_| {})), "the same card has the same lines");
}
