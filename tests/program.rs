//! The whole program without a terminal: a rich system told by events alone, drawn at a fixed time, character by character.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

#[path = "program/acting.rs"]
mod acting;
#[path = "program/agreed.rs"]
mod agreed;
#[path = "program/alerts.rs"]
mod alerts;
#[path = "program/all_reached.rs"]
mod all_reached;
#[path = "program/card.rs"]
mod card;
#[path = "support/cards.rs"]
mod cards;
#[path = "program/carried.rs"]
mod carried;
#[path = "program/cooling.rs"]
mod cooling;
#[path = "program/cures.rs"]
mod cures;
#[path = "program/doctor.rs"]
mod doctor;
#[path = "program/elsewhere.rs"]
mod elsewhere;
#[path = "program/explaining.rs"]
mod explaining;
#[path = "program/few_lookups.rs"]
mod few_lookups;
#[path = "program/gates.rs"]
mod gates;
#[path = "program/guarded.rs"]
mod guarded;
#[path = "program/hints.rs"]
mod hints;
#[path = "program/incidents.rs"]
mod incidents;
#[path = "program/intent.rs"]
mod intent;
#[path = "program/late_records.rs"]
mod late_records;
#[path = "program/left.rs"]
mod left;
#[path = "program/long_tables.rs"]
mod long_tables;
#[path = "program/menu.rs"]
mod menu;
#[path = "program/metrics.rs"]
mod metrics;
#[path = "program/minds.rs"]
mod minds;
#[path = "program/mouse.rs"]
mod mouse;
#[path = "program/palette.rs"]
mod palette;
#[path = "program/parameters.rs"]
mod parameters;
#[path = "program/parts.rs"]
mod parts;
#[path = "program/reaching.rs"]
mod reaching;
#[path = "program/read_only.rs"]
mod read_only;
#[path = "program/requires.rs"]
mod requires;
#[path = "program/runbooks.rs"]
mod runbooks;
#[path = "program/second_person.rs"]
mod second_person;
#[path = "program/ship.rs"]
mod ship;
#[path = "program/timeline.rs"]
mod timeline;
#[path = "program/tripped_requests.rs"]
mod tripped_requests;
#[path = "program/typed_ahead.rs"]
mod typed_ahead;
#[path = "program/upkeep.rs"]
mod upkeep;
#[path = "program/veiled.rs"]
mod veiled;
#[path = "program/windows.rs"]
mod windows;
mod world;

use quarterdeck::app::Event;
use quarterdeck::config::resolved::Colours;
use quarterdeck::runtime::screen::render;
use quarterdeck::ui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use world::World;

const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (200, 60)];

/// Draws twice, as the program does: the second frame knows what the first one put where.
fn drawn(world: &mut World, (columns, rows): (u16, u16), ascii: bool) -> Buffer {
    let theme = Theme::load("dark", Colours::Sixteen, ascii).unwrap();
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    for _ in 0..2 {
        buffer.reset();
        let geometry = render(&mut buffer, &world.model, &theme);
        world.tell(Event::FrameDrawn(geometry));
        world.tell(Event::FrameTaken);
    }
    buffer
}

fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut row = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += (unicode_width::UnicodeWidthStr::width(symbol) as u16).max(1);
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

fn snap(name: &str, world: &mut World, size: (u16, u16)) {
    let buffer = drawn(world, size, false);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("program/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), text(&buffer)));
}

#[test]
fn overview() {
    let mut world = ship::at_sea();
    for size in SIZES {
        snap("overview", &mut world, size);
    }
}

#[test]
fn pages() {
    let mut world = ship::at_sea();
    for (key, name) in [("2", "services"), ("3", "database"), ("4", "cache"), ("5", "logs")] {
        world.press(key);
        snap(name, &mut world, (120, 40));
        snap(name, &mut world, (80, 24));
    }
    world.press("3");
    snap("database", &mut world, (200, 60));
    world.press("6");
    snap("alerts", &mut world, (80, 24));
}

#[test]
fn details() {
    for (name, keys) in [
        ("service", "2 Down Enter"),
        ("session", "3 Down Enter"),
        ("statement", "3 Tab Down Enter"),
        ("cache", "4 Down Enter"),
        ("signal", "4 Tab Down Enter"),
        ("log-line", "5 Up Up Up Enter"),
        ("problems", "!"),
    ] {
        let mut world = ship::at_sea();
        drawn(&mut world, (120, 40), false);
        for key in keys.split(' ') {
            world.press(key);
            drawn(&mut world, (120, 40), false);
        }
        snap(&format!("detail-{name}"), &mut world, (100, 30));
    }
}

#[test]
fn before_the_first_answer() {
    snap("loading", &mut ship::in_port(), (80, 24));
}

#[test]
fn nothing_to_watch() {
    snap("nothing", &mut World::new("name = \"empty\""), (80, 24));
}

#[test]
fn metrics_alone_are_something_to_watch() {
    let mut world = World::new("[[metrics]]\nname = \"node\"\nurl = \"http://localhost:9100/metrics\"");
    let header = text(&drawn(&mut world, (80, 24), false)).lines().next().unwrap_or_default().to_owned();
    assert!(header.contains("localhost") && header.contains("metrics of 1 target"), "{header}");
}

#[test]
fn everything_is_down() {
    let mut world = ship::at_sea();
    ship::storm(&mut world);
    snap("down", &mut world, (120, 40));
    world.wait(600.0);
    snap("stale", &mut world, (80, 24));
}

#[test]
fn frozen() {
    let mut world = ship::at_sea();
    world.press("Space");
    world.wait(42.0);
    snap("frozen", &mut world, (80, 24));
}

#[test]
fn ascii() {
    let mut world = ship::at_sea();
    for size in SIZES {
        let buffer = drawn(&mut world, size, true);
        assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{}", text(&buffer));
    }
    let buffer = drawn(&mut world, (80, 24), true);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("program/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("ascii-80x24", text(&buffer)));
}

#[test]
fn every_page_at_every_size_is_drawn() {
    let mut world = ship::at_sea();
    for key in ["1", "2", "3", "4", "5", "6", "8", "0", "z", "?"] {
        world.press(key);
        for size in [(0, 0), (1, 1), (20, 5), (40, 10), (79, 23), (99, 29), (300, 100)] {
            drawn(&mut world, size, false);
        }
    }
}
