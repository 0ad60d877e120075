//! Several logs as one, and the old part of a large file: what the screen shows and asks for.

use quarterdeck::app::Event;
use quarterdeck::app::event::LogEvent;
use quarterdeck::app::pane::{Block, PaneId};
use quarterdeck::domain::Moment;
use quarterdeck::logs::{BlockSummary, LineAssembler, SegmentBuilder, Stream};

use crate::world::{World, text};

const WATCHED: &str = r#"
[[log]]
name = "app"
files = "/var/log/app.log"
[[log]]
name = "worker"
files = "/var/log/worker.log"
"#;

fn shown(world: &World) -> Vec<String> {
    let rows = |block: Block| if let Block::Log(rows) = block { rows } else { Vec::new() };
    world.pane(PaneId::Logs).blocks.into_iter().flat_map(rows).map(|row| row.text.to_string()).collect()
}

fn json(second: u32, word: &str) -> String {
    format!(r#"{{"time":"2026-01-02T11:{:02}:{:02}Z","level":"info","msg":"{word}"}}"#, second / 60, second % 60)
}

fn happened(world: &mut World, event: LogEvent) {
    world.tell(Event::LogHappened(event));
}

#[test]
fn logs_stand_in_the_order_of_their_times_and_keys_follow_it() {
    let mut world = World::new(WATCHED);
    world.press("5");
    world.log("app", &[json(1, "a1"), json(9, "needle a9"), "a trace".to_owned()]);
    world.log("worker", &[json(5, "needle w5"), json(12, "w12")]);
    world.log("app", &[json(10, "late a10")]);
    assert_eq!(shown(&world), ["a1", "needle w5", "needle a9", "a trace", "late a10", "w12"]);
    // The search goes from the newest to older ones, in the same order.
    world.press("/");
    world.write("needle");
    world.press("Enter");
    let selected = |world: &World| world.model.live.logs.selected.map(|at| at.stream.log);
    assert_eq!(selected(&world), Some(0));
    world.press("N");
    assert_eq!(selected(&world), Some(1));
    world.press("n");
    assert_eq!(selected(&world), Some(0));
    world.press("Esc &");
    world.write("a");
    world.press("Enter");
    assert_eq!(shown(&world), ["a1", "needle a9", "a trace", "late a10"], "{}", text(&world.pane(PaneId::Logs)));
}

/// Lines of the old part as the reader hands them over.
fn reloaded(world: &mut World, bytes: (u64, u64), seconds: std::ops::Range<u32>) {
    let (mut builder, mut stream) = (SegmentBuilder::new(), LineAssembler::new());
    for second in seconds {
        let line = format!("{}\n", json(second, &format!("old {second}")));
        stream.push(line.as_bytes(), &mut builder, Moment::fixed(0.0), &mut |_| panic!("few lines"));
    }
    let segments = vec![builder.seal(0, bytes.0, Moment::fixed(0.0)).unwrap().into()];
    happened(world, LogEvent::Reloaded { stream: Stream::default(), bytes, segments });
}

#[test]
fn going_up_loads_what_is_older_and_the_screen_says_what_is_not_loaded() {
    let mut world = World::new(WATCHED);
    world.first_sequence(1 << 48);
    world.press("5");
    happened(&mut world, LogEvent::OldPart { stream: Stream::default(), until: 9000 });
    let block = BlockSummary { offset: 0, bytes: 9000, lines: 938_412, ..BlockSummary::default() };
    happened(&mut world, LogEvent::Counted { log: 0, block });
    world.log("app", &[json(500, "new one"), json(501, "new two")]);
    assert!(text(&world.pane(PaneId::Logs)).contains("938 412 older lines not loaded"));
    world.press("k");
    let asked = world.effects.join(" ");
    assert!(asked.contains("ReloadLog") && asked.contains("(0, 9000)") && asked.contains("Older"), "{asked}");
    assert!(text(&world.pane(PaneId::Logs)).contains("loading older lines…"));
    // One stretch at a time.
    world.press("k");
    assert!(world.effects.is_empty(), "{:?}", world.effects);
    reloaded(&mut world, (6000, 9000), 100..104);
    assert_eq!(shown(&world), ["old 100", "old 101", "old 102", "old 103", "new one", "new two"]);
    assert!(text(&world.pane(PaneId::Logs)).contains("938 408 older lines not loaded"));
    // To the first of all: the beginning of the file.
    world.press("g");
    let asked = world.effects.join(" ");
    assert!(asked.contains("(0, 6000)") && asked.contains("Newer"), "{asked}");
    reloaded(&mut world, (0, 2000), 1..3);
    assert_eq!(shown(&world)[..2], ["old 1", "old 2"], "{:?}", shown(&world));
    // Down again: what lies between is asked for.
    world.press("j j");
    assert!(world.effects.join(" ").contains("(2000, 6000)"), "{:?}", world.effects);
    // A search says over what it went.
    happened(&mut world, LogEvent::OldPart { stream: Stream::default(), until: 0 });
    assert!(world.message().contains("old part is gone"));
    world.press("/");
    world.write("nowhere");
    world.press("Enter");
    assert_eq!(world.message(), "no further match in the 8 lines loaded of 938 414");
}

#[test]
fn a_filter_says_over_what_it_ran_and_takes_what_is_read_again() {
    let mut world = World::new(WATCHED);
    world.first_sequence(1 << 48);
    world.press("5");
    happened(&mut world, LogEvent::OldPart { stream: Stream::default(), until: 9000 });
    let block = BlockSummary { offset: 0, bytes: 9000, lines: 998, ..BlockSummary::default() };
    happened(&mut world, LogEvent::Counted { log: 0, block });
    world.log("app", &[json(500, "new one"), json(501, "new two")]);
    world.press("&");
    world.write("o");
    world.press("Enter");
    assert!(
        text(&world.pane(PaneId::Logs)).contains("2 match in 2 of 1000 lines"),
        "{}",
        text(&world.pane(PaneId::Logs))
    );
    reloaded(&mut world, (6000, 9000), 100..102);
    assert_eq!(shown(&world), ["old 100", "old 101", "new one", "new two"]);
    assert!(text(&world.pane(PaneId::Logs)).contains("4 match in 4 of 1000 lines"));
}
