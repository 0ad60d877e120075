//! The mouse, on what was drawn: what a press and the wheel do, at which cell.

use quarterdeck::app::pane::PaneId;
use quarterdeck::app::table::RowKey;
use quarterdeck::app::view::{Overlay, Page};
use quarterdeck::app::{Event, panes};
use quarterdeck::domain::Safe;
use quarterdeck::input::mouse::{Mouse, MouseAction};

use crate::world::World;
use crate::{drawn, ship, text};

const SIZE: (u16, u16) = (120, 40);

/// Does it where the words stand, and draws again.
fn at(world: &mut World, action: MouseAction, words: &str) {
    let screen = text(&drawn(world, SIZE, false));
    let (y, line) = screen.lines().enumerate().find(|(_, line)| line.contains(words)).expect("the words are shown");
    let x = line.split(words).next().unwrap_or_default().chars().count();
    world.tell(Event::Moused(Mouse { action, x: x as u16, y: y as u16 }));
    drawn(world, SIZE, false);
}

fn with_mouse() -> World {
    let mut world = ship::at_sea();
    world.press("m");
    assert_eq!(world.effects, ["SetMouse(true)"]);
    world
}

fn selected(world: &World, pane: PaneId) -> Option<RowKey> {
    world.model.view.cursor(pane).selected
}

#[test]
fn it_is_off_until_it_is_asked_for_and_the_screen_says_so() {
    let mut world = ship::at_sea();
    at(&mut world, MouseAction::Press, "5 Logs");
    assert_eq!(world.model.view.page, Page::Overview, "reports that nobody asked for are nothing");
    assert!(!text(&drawn(&mut world, SIZE, false)).contains("mouse"));
    world.press("m");
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("read-only  mouse on") && screen.contains("m mouse off"), "{screen}");
    assert!(text(&drawn(&mut world, (80, 24), false)).contains("mouse"));
    world.press("m");
    assert_eq!(world.effects, ["SetMouse(false)"]);
    world.press(": m o u s e Enter");
    assert_eq!(world.effects, ["SetMouse(true)"]);
    world.tell(Event::Continued);
    assert_eq!(world.effects, ["RedrawAll", "SetMouse(true)"], "a terminal that was entered anew is asked again");
}

#[test]
fn a_press_opens_a_page_focuses_a_pane_selects_a_row() {
    let mut world = with_mouse();
    at(&mut world, MouseAction::Press, "OK   search");
    assert_eq!(world.model.view.focused(), PaneId::Services);
    let Some(RowKey::Index(row)) = selected(&world, PaneId::Services) else { panic!("nothing is selected") };
    assert_eq!(world.model.live.services[row].spec.name.as_str(), "search");
    at(&mut world, MouseAction::Press, "Statements by time");
    assert_eq!(world.model.view.focused(), PaneId::SlowQueries, "the frame belongs to the pane");
    assert_eq!(selected(&world, PaneId::SlowQueries), None);
    at(&mut world, MouseAction::Press, "3 Database");
    assert_eq!(world.model.view.page, Page::Database);
    at(&mut world, MouseAction::Press, "20525");
    assert!(matches!(selected(&world, PaneId::Sessions), Some(RowKey::Session(id)) if id.pid == 20525));
}

#[test]
fn a_press_selects_the_row_that_was_seen_not_the_one_that_took_its_place() {
    let mut world = with_mouse();
    world.press("3");
    let screen = text(&drawn(&mut world, SIZE, false));
    let y = screen.lines().position(|line| line.contains("20511  idle in tx")).unwrap() as u16;
    // Turned round behind the back of the picture.
    world.press("S");
    world.tell(Event::Moused(Mouse { action: MouseAction::Press, x: 10, y }));
    assert!(matches!(selected(&world, PaneId::Sessions), Some(RowKey::Session(id)) if id.pid == 20511));
}

#[test]
fn the_wheel_scrolls_what_it_points_at() {
    let mut world = with_mouse();
    world.press("3");
    at(&mut world, MouseAction::WheelDown, "20511  idle in tx");
    let first = |world: &mut World| {
        drawn(world, SIZE, false);
        world.model.geometry.list(PaneId::Sessions).unwrap().first
    };
    assert_eq!(first(&mut world), 3);
    assert_eq!(selected(&world, PaneId::Sessions), None, "nothing was selected, nothing is");
    for _ in 0..100 {
        world.tell(Event::Moused(Mouse { action: MouseAction::WheelDown, x: 10, y: 20 }));
        drawn(&mut world, SIZE, false);
    }
    let rows = panes::table(&world.model, PaneId::Sessions).unwrap().rows.len();
    let height = world.model.geometry.page_rows(PaneId::Sessions);
    assert_eq!(first(&mut world), rows - height, "the last page is full");
    world.press("Tab Tab Tab Tab Down g");
    at(&mut world, MouseAction::WheelDown, "20511  idle in tx");
    assert_eq!(first(&mut world), 3);
    assert!(matches!(selected(&world, PaneId::Sessions), Some(RowKey::Session(id)) if id.pid == 20532), "taken along");
}

#[test]
fn the_wheel_on_the_log_holds_it_and_lets_it_go() {
    let mut world = with_mouse();
    world.press("5");
    let wheel = |world: &mut World, action| {
        world.tell(Event::Moused(Mouse { action, x: 10, y: 20 }));
        drawn(world, SIZE, false);
    };
    drawn(&mut world, SIZE, false);
    wheel(&mut world, MouseAction::WheelDown);
    assert_eq!(world.model.live.logs.selected, None, "at its end there is nothing below");
    wheel(&mut world, MouseAction::WheelUp);
    assert!(world.model.live.logs.selected.is_some());
    let list = world.model.geometry.list(PaneId::Logs).unwrap().clone();
    let cursor = list.cursor.unwrap();
    world.tell(Event::Moused(Mouse { action: MouseAction::Press, x: 10, y: list.area.y + cursor as u16 - 5 }));
    drawn(&mut world, SIZE, false);
    assert_eq!(world.model.geometry.list(PaneId::Logs).unwrap().cursor, Some(cursor - 5));
    for _ in 0..10 {
        wheel(&mut world, MouseAction::WheelDown);
    }
    assert_eq!(world.model.live.logs.selected, None, "it flows again");
}

#[test]
fn what_lies_on_top_takes_the_wheel_and_no_press_goes_through_it() {
    let mut world = with_mouse();
    world.press("?");
    at(&mut world, MouseAction::WheelDown, "Services");
    let scroll = |world: &World| match world.model.view.overlays.last() {
        Some(Overlay::Document { scroll, .. }) => Some(*scroll),
        _ => None,
    };
    assert_eq!(scroll(&world), Some(3));
    at(&mut world, MouseAction::Press, "5 Logs");
    assert_eq!((world.model.view.page, scroll(&world)), (Page::Overview, Some(3)));
    world.press("Esc :");
    at(&mut world, MouseAction::WheelDown, "services");
    assert!(matches!(world.model.view.overlays.last(), Some(Overlay::Palette { chosen: 1, .. })));
}

#[test]
fn no_cell_of_any_screen_panics() {
    let mut world = with_mouse();
    for key in ["1", "2", "3", "4", "5", "6", "z", "?", "/"] {
        world.press(key);
        drawn(&mut world, (80, 24), false);
        for action in [MouseAction::Press, MouseAction::WheelUp, MouseAction::WheelDown] {
            for (x, y) in (0..82).flat_map(|x| (0..26).map(move |y| (x, y))).chain([(u16::MAX, u16::MAX)]) {
                world.tell(Event::Moused(Mouse { action, x, y }));
            }
        }
        world.model.view.page = Page::Overview;
    }
    assert_ne!(world.model.name, Safe::default());
}
