//! What is quiet for another reason than that all is well: traffic that stopped, a kind of series of which there is none yet.

use quarterdeck::alerts::lifecycle::{Basis, Evaluation};
use quarterdeck::app::pane::PaneId;
use quarterdeck::app::table::Tone;

use super::rules::{Rules, TEAM, none, some};
use crate::world::{World, text as words};

fn row(world: &World, of: &str) -> String {
    let rows = words(&world.pane(PaneId::Alerts));
    rows.lines().find(|row| row.contains(of)).unwrap_or_else(|| panic!("{of}\n{rows}")).to_owned()
}

#[test]
fn what_resolved_because_nothing_happens_any_more_says_so_and_is_not_green() {
    let mut world = World::new("name = \"x\"");
    let mut rules = Rules::new(TEAM);
    rules.answer("slow > 1", some(&[("instance", "a")], 2.0));
    rules.answer("pool > 0.9", some(&[("pool", "main")], 0.97));
    rules.tell(&mut world);
    world.wait(30.0);
    rules.answer("slow > 1", Ok(Evaluation::on(Vec::new(), Basis::NoTraffic)));
    rules.answer("pool > 0.9", none());
    rules.tell(&mut world);
    world.press("6");
    let (slow, pool) = (row(&world, "Slow"), row(&world, "PoolExhausted"));
    assert!(slow.contains("resolved") && slow.contains("no traffic"), "{slow}");
    assert!(pool.contains("resolved") && !pool.contains("no traffic"), "{pool}");
    let tone = |of: &str| {
        let mut entries = quarterdeck::app::alerts::listing::all(&world.model.live, world.model.now);
        let entry = entries.find(|entry| entry.rule.name == of).expect(of);
        quarterdeck::app::alerts::words::tone_of(&entry)
    };
    assert_eq!((tone("Slow"), tone("PoolExhausted")), (Tone::Unknown, Tone::Ok));
}

#[test]
fn none_yet_is_neither_ok_nor_a_trouble() {
    let mut world = World::new("name = \"x\"");
    let mut rules = Rules::new(TEAM);
    rules.answer("slow > 1", Ok(Evaluation::on(Vec::new(), Basis::NoneYet(vec!["slow{of=\"x\"}".into()]))));
    rules.tell(&mut world);
    world.press("6");
    let slow = row(&world, "Slow");
    assert!(slow.starts_with("none now") && slow.contains("slow{of=\"x\"}"), "{slow}");
    let strip = crate::text(&crate::drawn(&mut world, super::SIZE, false));
    assert!(!strip.lines().next().unwrap_or_default().contains("ALERTS"), "{strip}");
}

#[test]
fn what_fired_and_lost_its_series_is_no_data_and_is_not_told_as_resolved() {
    let mut world = World::new("name = \"x\"");
    let mut rules = Rules::new(TEAM);
    rules.answer("slow > 1", some(&[("instance", "a")], 2.0));
    rules.tell(&mut world);
    world.wait(30.0);
    rules.answer("slow > 1", Ok(Evaluation::on(Vec::new(), Basis::Missing(vec!["slow".into()]))));
    rules.tell(&mut world);
    world.wait(60.0);
    world.press("6");
    let rows = words(&world.pane(PaneId::Alerts));
    let slow = rows.lines().find(|row| row.contains("series gone")).unwrap_or_else(|| panic!("{rows}"));
    assert!(slow.starts_with("no data") && !rows.contains("resolved"), "{rows}");
    let told = world.model.timeline.shown(None).iter().map(|row| format!("{row:?}")).collect::<Vec<_>>().join("\n");
    assert!(told.contains("no data") && !told.contains("\"resolved\""), "{told}");
}
