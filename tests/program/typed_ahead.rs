//! What is typed ahead: between the choice of an action and its card nothing behind takes a key.

use quarterdeck::app::view::{Overlay, Page};
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::{Cause, Safe};
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::audit::AuditEvent;

use crate::acting::{armed, asked, chosen, preview};
use crate::cards::{card_of, orders};
use crate::world::{World, key};
use crate::{drawn, text};

const SIZE: (u16, u16) = (120, 40);

/// An action was chosen in the menu, and its card is read for.
fn reads(environment: &str) -> World {
    let mut world = armed(environment);
    world.press("a");
    while chosen(&world) != "terminate-idle-in-transaction" {
        world.press("Down");
    }
    world.press("Enter");
    world
}

/// Who knows the way types the name at once: it is for the card, and nothing behind takes a letter of it, whether the card
/// comes or not.
#[test]
fn what_is_typed_before_the_card_is_there_acts_on_nothing_behind_it() {
    let every = || ('!'..='~').chain([' ']).map(Key::char);
    let named = || [Code::Enter, Code::Tab, Code::Up, Code::Down, Code::PageDown, Code::Backspace].map(Key::plain);
    for comes in [true, false] {
        let mut world = reads("staging");
        let id = asked(&mut world);
        for key in every().chain(named()) {
            assert_eq!(orders(&mut world, Event::KeyPressed(key)).len(), 0, "{key}");
            assert_eq!(asked(&mut world), id, "{key}");
            let view = &world.model.view;
            assert!(matches!(view.overlays.as_slice(), [Overlay::Reading(_)]), "{key}: {:?}", view.overlays);
            assert!(view.page == Page::Overview && view.prompt.is_none() && world.model.frozen.is_none(), "{key}");
        }
        world.now += 3.0;
        let screen = text(&drawn(&mut world, SIZE, false));
        assert!(screen.contains("reading main for the card … 3s"), "{screen}");
        let begun = world.moment();
        if comes {
            orders(&mut world, Event::Previewed { id, outcome: Box::new(Ok(preview(1..4))), begun });
            assert!(matches!(world.model.view.overlays.as_slice(), [Overlay::Card(_)]));
            // What stands beside it stays live; whom it lists was read when it was asked for.
            world.wait(3.0);
            let screen = text(&drawn(&mut world, SIZE, false));
            assert!(screen.contains("What it touches: 3, read 3s ago"), "{screen}");
            assert_eq!(card_of(&world).unwrap().card.action.id.as_str(), "terminate-idle-in-transaction");
            continue;
        }
        let outcome = Box::new(Err(Cause::Other(Safe::of("no route to host"))));
        orders(&mut world, Event::Previewed { id, outcome, begun });
        for key in every().chain(named()) {
            assert_eq!(orders(&mut world, Event::KeyPressed(key)).len(), 0, "{key}");
        }
        let screen = text(&drawn(&mut world, SIZE, false));
        assert!(screen.contains("no card: ") && screen.contains("no route to host"), "{screen}");
        assert_eq!(
            orders(&mut world, Event::KeyPressed(key("Esc"))).len(),
            0,
            "that it was refused is recorded already"
        );
        assert!(world.model.view.overlays.is_empty());
    }
}

/// What was left before its card came is on record, and its card does not come any more.
#[test]
fn leaving_what_is_read_for_a_card_is_recorded() {
    for leave in [key("Esc"), Key::ctrl('c')] {
        let mut world = reads("staging");
        let id = asked(&mut world);
        let effects = orders(&mut world, Event::KeyPressed(leave));
        let Some(Effect::Record { entry, .. }) = effects.first() else { panic!("{effects:?}") };
        assert_eq!(entry.event(), AuditEvent::Cancelled);
        let begun = world.moment();
        orders(&mut world, Event::Previewed { id, outcome: Box::new(Ok(preview(1..4))), begun });
        assert!(world.model.view.overlays.is_empty() && world.model.actions.asked.is_none());
    }
}

/// Where no slot is left for the reading, what is said to do can be done: the view's own advice is to free a slot, and that
/// is what was tried.
#[test]
fn a_card_that_cannot_be_made_says_what_to_do_instead() {
    let advice = |cause: Cause| {
        let mut world = reads("staging");
        let id = asked(&mut world);
        let begun = world.moment();
        orders(&mut world, Event::Previewed { id, outcome: Box::new(Err(cause)), begun });
        text(&drawn(&mut world, SIZE, false))
    };
    let full = advice(Cause::TooManyConnections(Safe::of("sorry, too many clients already")));
    assert!(full.contains("no card: ") && full.contains("a superuser's psql has a slot of its own"), "{full}");
    assert!(!full.contains("then this view returns"), "{full}");
    let denied = advice(Cause::AuthenticationFailed(Safe::of("password authentication failed")));
    assert!(denied.contains("check user and password"), "{denied}");
}
