//! No hint names a key that does nothing where it stands; FROZEN names the keys that let it go on; a dialog begins to listen,
//! and to say so, at a moment of its own and not with the next frame.

use std::time::Duration;

use quarterdeck::app::Event;
use quarterdeck::app::actions::sight::DEAF;
use quarterdeck::input::dialog::DIALOG;
use quarterdeck::input::{Code, Key};

use crate::acting::{armed, with_card};
use crate::alerts::alarmed;
use crate::world::World;
use crate::{drawn, text};

const SMALL: (u16, u16) = (80, 24);

/// The keys that the frame of what lies on top names, with what they do.
fn hints(screen: &str) -> Vec<(Key, String)> {
    let Some(line) = screen.lines().rev().find(|line| line.contains("└─ ")) else { return Vec::new() };
    let inside = line.rsplit("└─ ").next().unwrap_or_default().split(" ─").next().unwrap_or_default();
    let key = |name: &str| DIALOG.iter().map(|row| row.key).find(|key| key.to_string() == name);
    let hint = |hint: &str| {
        let (name, does) = hint.trim().split_once(' ')?;
        Some((key(name).unwrap_or_else(|| panic!("{name:?} is no key of the table\n{screen}")), does.to_owned()))
    };
    inside.split("  ").filter_map(hint).collect()
}

/// How one gets to where hints stand.
type Place = fn() -> World;

/// Whether a key does something: orders, or another screen.
fn does_something(world: &mut World, key: Key) -> bool {
    let before = text(&drawn(world, SMALL, false));
    let effects = world.happen(Event::KeyPressed(key));
    !effects.is_empty() || text(&drawn(world, SMALL, false)) != before
}

fn with_menu() -> World {
    let mut world = armed("staging");
    world.press("a");
    world
}

fn on_card() -> World {
    let mut world = armed("production");
    with_card(&mut world);
    // Something to scroll to.
    world
}

fn on_alert() -> World {
    let (mut world, _) = alarmed();
    world.press("6");
    drawn(&mut world, SMALL, false);
    world.press("g Enter");
    world
}

fn silencing() -> World {
    let mut world = on_alert();
    world.press("Z");
    world
}

fn in_help() -> World {
    let mut world = armed("staging");
    world.press("?");
    world
}

#[test]
fn each_key_of_a_hint_does_something_there() {
    let places: [(&str, Place, usize); 5] = [
        ("menu", with_menu, 2),
        ("card", on_card, 4),
        ("alert", on_alert, 5),
        ("silence", silencing, 3),
        ("help", in_help, 1),
    ];
    for (name, place, least) in places {
        let mut world = place();
        let named = hints(&text(&drawn(&mut world, SMALL, false)));
        assert!(named.len() >= least, "{name}: {named:?}\n{}", text(&drawn(&mut world, SMALL, false)));
        for (key, does) in named {
            let mut world = place();
            drawn(&mut world, SMALL, false);
            assert!(does_something(&mut world, key), "{name}: {key} {does}");
        }
    }
}

#[test]
fn frozen_names_the_keys_that_let_it_go_on_from_where_it_is_said() {
    let mut world = armed("staging");
    world.press("Space a");
    let screen = text(&drawn(&mut world, (120, 40), false));
    assert!(screen.contains("FROZEN: what is shown is of before; Esc closes this, then Space goes on"), "{screen}");
    assert_eq!(screen.matches("FROZEN: what").count(), 1, "once, not in every line:\n{screen}");
    world.press("Space");
    assert!(world.model.frozen.is_some(), "the menu takes no letters");
    world.press("Esc Space");
    assert!(world.model.frozen.is_none(), "as it was said");
    let mut world = armed("staging");
    world.press("Space A");
    assert!(world.message().ends_with("; Space goes on"), "nothing lies over the page: {}", world.message());
}

/// On whatever beat frames are drawn.
#[test]
fn when_a_dialog_begins_to_listen_is_known_before() {
    let mut world = armed("staging");
    assert_eq!(world.model.wakes_at(), None, "nothing lies over the page");
    with_card(&mut world);
    world.press("Ctrl-r");
    let id = world.model.actions.asked.as_ref().map(|(id, _)| *id).unwrap();
    let preview = quarterdeck::remediation::card::Preview::default();
    let begun = world.moment();
    world.tell(Event::Previewed { id, outcome: Box::new(Ok(preview)), begun });
    assert_eq!(world.model.wakes_at(), None, "nobody has seen it yet");
    let screen = text(&drawn(&mut world, SMALL, false));
    assert!(screen.contains("read it first"), "{screen}");
    let wakes = world.model.wakes_at().expect("a moment");
    assert_eq!(wakes.since(world.moment()), DEAF);
    world.now += DEAF.as_secs_f64() - 0.001;
    world.tell(Event::KeyPressed(Key::plain(Code::Tab)));
    assert_eq!(world.model.wakes_at(), Some(wakes), "a key that it does not take changes nothing");
    world.now += 0.001;
    world.tell(Event::TimePassed);
    assert_eq!(world.model.wakes_at(), None, "it was woken for that, and only once");
    assert!(world.model.dirty, "it is drawn");
    assert!(!text(&drawn(&mut world, SMALL, false)).contains("read it first"));
    assert!(DEAF < Duration::from_secs(1), "before the next frame of most screens");
}

#[test]
fn the_last_line_says_what_q_does_here() {
    let mut world = armed("staging");
    let quits = |world: &mut World| text(&drawn(world, (200, 60), false)).contains("q quit");
    assert!(quits(&mut world));
    world.press("2");
    assert!(!quits(&mut world) && text(&drawn(&mut world, (200, 60), false)).contains("q back"));
}
