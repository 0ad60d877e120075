//! What is left without having done anything, and what the audit says besides actions: nothing goes without its record, and no
//! record says what nobody did.

use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::Safe;
use quarterdeck::input::Key;
use quarterdeck::remediation::audit::AuditEvent;

use crate::acting::{armed, armed_read_only, with_card};
use crate::cards::{card_of, orders};
use crate::world::World;
use crate::world::readings::Postgres;
use crate::{drawn, text};

fn events(effects: &[Effect]) -> Vec<AuditEvent> {
    let event = |effect: &Effect| match effect {
        Effect::Record { entry, .. } => Some(entry.event()),
        _ => None,
    };
    effects.iter().filter_map(event).collect()
}

/// However much is laid over a card, it stays, and leaving the program leaves it too.
#[test]
fn a_card_that_is_buried_stays_and_is_left_on_record() {
    let mut world = armed("staging");
    with_card(&mut world);
    for _ in 0..12 {
        world.tell(Event::DiagnosticsRead(vec![Safe::of("a line")]));
    }
    let overlays = &world.model.view.overlays;
    assert!(overlays.len() <= 8 && matches!(overlays.first(), Some(Overlay::Card(_))), "{overlays:?}");
    let effects = orders(&mut world, Event::KeyPressed(Key::ctrl('c')));
    assert_eq!(events(&effects), [AuditEvent::Cancelled], "{effects:?}");
}

#[test]
fn a_card_that_another_takes_the_place_of_is_left_on_record() {
    let mut world = armed("staging");
    with_card(&mut world);
    let action = card_of(&world).unwrap().card.action.clone();
    let effects = orders(&mut world, Event::CardAsked(Box::new(action)));
    assert_eq!(events(&effects), [AuditEvent::Cancelled], "{effects:?}");
    assert!(card_of(&world).is_none());
}

/// Reading anew where nothing can be read now takes nothing away that is still good.
#[test]
fn a_card_that_cannot_be_read_anew_stays_and_says_why() {
    let mut world = armed("staging");
    with_card(&mut world);
    world.database("main", Ok(Postgres::default().reading()));
    world.wait(45.0);
    let effects = orders(&mut world, Event::KeyPressed(Key::ctrl('r')));
    assert_eq!(events(&effects), [AuditEvent::Refused], "{effects:?}");
    let screen = text(&drawn(&mut world, (120, 40), false));
    assert!(card_of(&world).is_some() && screen.contains("refused: what is known of main is 45s old"), "{screen}");
}

#[test]
fn leave_to_act_from_the_start_is_on_record() {
    let effects = orders(&mut armed("staging"), Event::Began);
    assert_eq!(events(&effects), [AuditEvent::Armed]);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::CountTmuxClients)), "{effects:?}");
    let effects = orders(&mut armed_read_only(), Event::Began);
    assert!(effects.is_empty(), "nobody has leave to act: {effects:?}");
}

/// Whether the audit can be written again is found out by writing; nobody armed anything.
#[test]
fn an_audit_that_is_tried_again_is_recorded_as_that() {
    let mut world: World = armed("staging");
    world.wait(30.0 * 60.0);
    world.tell(Event::AuditStands(Err(Safe::of("no space left"))));
    let effects = orders(&mut world, Event::KeyPressed(Key::char('a')));
    assert_eq!(events(&effects), [AuditEvent::AuditTried], "{effects:?}");
    world.press("Esc 8");
    let page = text(&drawn(&mut world, (120, 40), false));
    assert!(page.contains("audit tried") && !page.contains(" armed"), "{page}");
}
