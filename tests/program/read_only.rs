//! Read-only, every action that a configuration can hold is described and none can be begun: enumerated over one of each kind,
//! with the built-in ones of every kind of target, by the menu and by its name.

use quarterdeck::app::actions::catalogue;
use quarterdeck::app::{Effect, Event};
use quarterdeck::input::Key;

use crate::acting::chosen;
use crate::cards::orders;
use crate::world::readings::{Postgres, answer, counters};
use crate::world::{World, key};
use crate::{drawn, text};

const SIZE: (u16, u16) = (160, 50);

const EVERYTHING: &str = r#"
    alertmanager = "http://127.0.0.1:9093"
    [[service]]
    name = "api"
    url = "https://api.example.com/health"
    [[database]]
    name = "main"
    url = "postgresql://ops@db.example.com/app"
    [[cache]]
    name = "redis"
    redis = "redis://cache.example.com:6379"
    [[signal]]
    name = "pending"
    sql = "SELECT 1"
    [[action]]
    name = "request"
    url = "https://api.example.com/reload"
    level = "L1"
    watch = "service api"
    [[action]]
    name = "program"
    command = ["/usr/bin/sweep"]
    level = "L2"
    watch = "service api"
    [[action]]
    name = "unit"
    unit = "api.service"
    [[action]]
    name = "composed"
    compose = "api"
    compose_file = "/srv/compose.yaml"
    [[action]]
    name = "managed"
    target = "api"
    restart_command = ["ctl", "restart"]
    status_command = ["ctl", "status"]
    [[action]]
    name = "analyse-it"
    target = "main"
    analyse = "public.orders"
    [[action]]
    name = "vacuum-it"
    target = "main"
    vacuum = "public.orders"
    [[action]]
    name = "reindex-it"
    target = "main"
    reindex = "public.orders_pkey"
    [[action]]
    name = "backup-it"
    backup = "main"
    folder = "/backups/shop"
    scratch = "main"
    [[runbook]]
    name = "book"
    target = "main"
    level = "L2"
    watch = "connections main"
    expect = "falls"
    [[runbook.step]]
    query = "SELECT 1"
    [[runbook.step]]
    statement = "DELETE FROM x"
    [[runbook.step]]
    redis = ["DEL", "lock"]
    [[runbook.step]]
    sessions = "terminate idle"
    [[runbook.step]]
    flush = "redis"
    [[runbook.step]]
    command = ["true"]
    [[runbook.step]]
    unit = "api.service"
    [[runbook.step]]
    url = "https://api.example.com/x"
    [[runbook.step]]
    manual = "look"
    [[runbook.step]]
    pause = "1s"
"#;

fn world() -> World {
    let mut world = World::new(EVERYTHING);
    for round in 0..3 {
        world.wait(2.0);
        world.service("api", answer(200, "{}", 12.0));
        world.database("main", Ok(Postgres::default().reading()));
        world.cache("redis", Ok(counters(1000 + 100 * round, 10, None, 0)));
    }
    world
}

/// What would begin an action, or be sent for the sake of one.
fn begins(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Hold { .. } | Effect::RunAction { .. } | Effect::Preview(_)))
}

/// Presses them, and whether anything was begun.
fn presses(world: &mut World, keys: &[Key]) -> bool {
    keys.iter().any(|key| {
        let effects = orders(world, Event::KeyPressed(*key));
        drawn(world, SIZE, false);
        world.wait(0.5);
        begins(&effects)
    })
}

#[test]
fn of_every_action_there_is_none_can_be_begun() {
    let mut world = world();
    assert!(!world.model.actions.is_armed());
    let all: Vec<(String, String)> = catalogue::all(&world.model)
        .iter()
        .map(|action| (action.id.to_string(), action.target.name.to_string()))
        .collect();
    let built_in = ["terminate-idle-in-transaction", "cancel-root-blocker", "flush"];
    let own = [
        "request",
        "program",
        "unit",
        "composed",
        "managed",
        "analyse-it",
        "vacuum-it",
        "reindex-it",
        "backup-it",
        "book",
    ];
    for id in built_in.iter().chain(&own) {
        assert!(all.iter().any(|(known, _)| known.starts_with(id)), "{id} is not in the menu: {all:?}");
    }
    let run = [Key::ctrl('t'), key("Enter"), Key::ctrl('t')];
    for (id, target) in &all {
        assert!(!presses(&mut world, &[key("a")]), "{id}");
        let steps = all.iter().map(|_| "Up").chain(all.iter().map(|_| "Down"));
        for step in steps {
            if &chosen(&world) == id {
                break;
            }
            world.press(step);
        }
        assert_eq!(&chosen(&world), id);
        let shown = text(&drawn(&mut world, SIZE, false));
        assert!(shown.contains("read-only"), "{id}: {shown}");
        assert!(!presses(&mut world, &[key("Enter")]) && !presses(&mut world, &run), "{id} by the menu");
        world.press("Esc Esc Esc");
        world.press(":");
        world.write(&format!("act {id} on {target}"));
        assert!(!presses(&mut world, &[key("Enter")]) && !presses(&mut world, &run), "{id} by its name");
        world.press("Esc Esc Esc");
    }
}
