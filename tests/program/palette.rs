//! The palette behind a command's name: what is offered, what Tab takes, what Enter does with it.

use quarterdeck::app::Event;
use quarterdeck::app::actions::approvals::{Look, SecondEvent, Waits};
use quarterdeck::app::completion;
use quarterdeck::app::view::Overlay;
use quarterdeck::domain::Safe;

use crate::world::World;
use crate::{SIZES, drawn, snap, text};

const SHOP: &str = "[actions]\nallow = true\n\
    [[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1/shop\"\n\
    [[database]]\nname = \"stock\"\nurl = \"postgresql://ops@127.0.0.1/stock\"\n\
    [[action]]\nname = \"warm\"\nlevel = \"L1\"\ntitle = \"warm the cache\"\nurl = \"http://127.0.0.1:8000/warm\"\ntarget = \"api\"\n\
    [[action]]\nname = \"warm-all\"\nlevel = \"L1\"\nurl = \"http://127.0.0.1:8000/warm\"\ntarget = \"api cache\"\n";

fn shop() -> World {
    World::new(SHOP)
}

fn offered(world: &World, typed: &str) -> Vec<String> {
    completion::of(&world.model, typed).iter().map(|one| one.text.to_string()).collect()
}

fn typed(world: &World) -> Option<String> {
    match world.model.view.overlays.last() {
        Some(Overlay::Palette { typed, .. }) => Some(typed.clone()),
        _ => None,
    }
}

#[test]
fn an_action_then_the_targets_it_has_then_what_narrows_it() {
    let world = shop();
    assert!(offered(&world, "ac").is_empty() && offered(&world, "nothing x").is_empty());
    let all = offered(&world, "act ");
    assert!(all.len() > 5 && all.iter().filter(|one| *one == "terminate-idle").count() == 1, "{all:?}");
    assert_eq!(offered(&world, "act warm"), ["warm", "warm-all"]);
    assert_eq!(offered(&world, "act warm "), ["warm on api"]);
    assert_eq!(offered(&world, "act warm-all "), ["warm-all on api cache"]);
    assert_eq!(offered(&world, "act terminate-idle "), ["terminate-idle on main", "terminate-idle on stock"]);
    assert_eq!(offered(&world, "act Terminate-idle on st").len(), 0, "names are as they are written");
    assert_eq!(offered(&world, "act terminate-idle on st"), ["terminate-idle on stock"]);
    let narrowed = offered(&world, "act terminate-idle on stock ");
    assert_eq!(narrowed.len(), 5, "{narrowed:?}");
    assert!(narrowed.iter().all(|one| one.starts_with("terminate-idle on stock with ") && one.ends_with('=')));
    assert_eq!(offered(&world, "act terminate-idle on stock with us"), ["terminate-idle on stock with user="]);
    let more = offered(&world, "act terminate-idle on stock with user=web ");
    assert!(more.len() == 4 && more[0].starts_with("terminate-idle on stock with user=web "), "{more:?}");
    assert!(offered(&world, "act warm on api ").is_empty() && offered(&world, "act worm ").is_empty());
}

#[test]
fn tab_takes_what_is_marked_and_enter_runs_only_what_is_meant() {
    let mut world = shop();
    world.press(":");
    world.write("act terminate-idle-");
    world.press("Tab");
    assert_eq!(typed(&world).as_deref(), Some("act terminate-idle-in-transaction "));
    world.press("Down Tab");
    assert_eq!(typed(&world).as_deref(), Some("act terminate-idle-in-transaction on stock "));
    world.press("Enter");
    let (_, action) = world.model.actions.asked.take().unwrap();
    assert_eq!((action.id.as_str(), action.target.name.as_str()), ("terminate-idle-in-transaction", "stock"));
    world.press("Esc");
    // One of several that begin so is not guessed.
    world.press(":");
    world.write("act term");
    world.press("Enter");
    assert!(world.model.actions.asked.is_none() && world.message().contains("there is no action \"term\""));
    // Chosen by hand, but its target is still open: the line goes on.
    world.press(":");
    world.write("act terminate-idle");
    world.press("Down Enter");
    assert_eq!(typed(&world).as_deref(), Some("act terminate-idle "));
    world.press("Down Enter");
    let (_, action) = world.model.actions.asked.take().unwrap();
    assert_eq!((action.id.as_str(), action.target.name.as_str()), ("terminate-idle", "stock"));
}

#[test]
fn themes_marks_and_requests_that_wait() {
    let mut world = shop();
    assert_eq!(offered(&world, "theme "), ["dark", "light", "high-contrast", "colour-blind", "monochrome"]);
    world.press(":");
    world.write("theme hi");
    world.press("Enter");
    assert_eq!(
        (world.model.screen.theme.as_str(), &world.effects[..]),
        ("high-contrast", &["SetTheme(\"high-contrast\")".to_owned()][..])
    );
    world.press(":");
    world.write("theme drak");
    world.press("Enter");
    assert!(world.message().contains("did you mean \"dark\"?"), "{}", world.message());
    assert_eq!(world.model.screen.theme, "high-contrast");
    let waits = Waits {
        id: "k7m2qd9x".to_owned(),
        who: Safe::of("ada"),
        action: Safe::of("flush-redis"),
        target: Safe::of("shop"),
        asked_at: world.moment(),
        against: None,
    };
    world.tell(Event::Second(Box::new(SecondEvent::Looked(Look { others: vec![waits], ..Look::default() }))));
    assert_eq!(offered(&world, "approve "), ["k7m2qd9x"]);
    assert_eq!(offered(&world, "mark anything "), [""; 0]);
}

#[test]
fn it_is_drawn_at_every_size() {
    let mut world = shop();
    world.press(":");
    world.write("act ");
    for size in SIZES {
        snap("palette-act", &mut world, size);
    }
    world.write("terminate-idle on ");
    let screen = text(&drawn(&mut world, (80, 24), false));
    assert!(screen.contains("terminate-idle on stock") && screen.contains("LOCAL"), "{screen}");
}

/// Of tables and requests only some are offered: what was typed whole may be another, and is never replaced by a longer one.
#[test]
fn what_was_typed_whole_is_never_replaced_by_what_is_longer() {
    let mut world = shop();
    let needy = vec![(quarterdeck::domain::Untrusted::from("public.orders_archive"), 100)];
    world.model.view.database = 0;
    world.model.actions.offers.needy = (0, needy);
    assert_eq!(offered(&world, "vacuum public.orders"), ["public.orders_archive"]);
    world.press(":");
    world.write("vacuum public.orders");
    world.press("Enter");
    let (_, action) = world.model.actions.asked.take().expect("a card is asked for");
    let plan = format!("{:?}", action.plan);
    assert!(plan.contains("\"public.orders\"") && !plan.contains("archive"), "{plan}");
    // Taken by hand it is.
    world.press("Esc");
    world.press(":");
    world.write("vacuum public.orders");
    world.press("Tab Enter");
    let (_, action) = world.model.actions.asked.take().expect("a card is asked for");
    assert!(format!("{:?}", action.plan).contains("\"public.orders_archive\""));
}
