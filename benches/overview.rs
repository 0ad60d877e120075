//! One overview frame from a full model, everything that a frame costs between two events: panes from the model, cells
//! from the panes, bytes from the cells. 100 services, 500 sessions, 5 000 statements that all ran, a log of 60 000 lines.

#[path = "../tests/world/mod.rs"]
#[allow(clippy::panic, clippy::expect_used, reason = "the world of the tests stops at what is wrong in a test")]
mod world;

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use quarterdeck::config::resolved::Colours;
use quarterdeck::domain::session::SessionState;
use quarterdeck::runtime::screen::render;
use quarterdeck::runtime::terminal::encoder::Encoder;
use quarterdeck::ui::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use world::World;
use world::readings::{Postgres, StatementRow, answer, counters, session};

const SERVICES: usize = 100;
const SESSIONS: i32 = 500;
const STATEMENTS: i64 = 5_000;
const LOG_LINES: usize = 60_000;

fn configuration() -> String {
    let mut text = String::from("name = \"full\"\n");
    for n in 0..SERVICES {
        let _ = write!(text, "[[service]]\nname = \"service {n}\"\nurl = \"http://s{n}.example.com/health\"\n");
    }
    text.push_str("[[database]]\nname = \"main\"\nurl = \"postgresql://app@db.example.com/shop\"\n");
    text.push_str("[[cache]]\nname = \"redis\"\nredis = \"redis://cache.example.com/0\"\n");
    text.push_str("[[log]]\nname = \"app.log\"\nfiles = \"/var/log/app.log\"\n");
    text
}

fn sessions() -> Vec<quarterdeck::domain::session::Session> {
    let state = |n: i32| match n % 10 {
        0 => SessionState::Active,
        1 => SessionState::IdleInTransaction,
        _ => SessionState::Idle,
    };
    (0..SESSIONS)
        .map(|n| session(n, state(n), u64::from(n.unsigned_abs()), "SELECT * FROM orders WHERE id = $1"))
        .collect()
}

/// Ten minutes of readings.
fn full() -> World {
    let mut world = World::new(&configuration());
    let text = "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.state = $1";
    for round in 0..120_i64 {
        for n in 0..SERVICES {
            let latency = 10.0 + (round * 7 + n as i64 * 13) as f64 % 50.0;
            world.service(&format!("service {n}"), answer(200, r#"{"status":"ok","version":"1.2.3"}"#, latency));
        }
        let rows: Vec<StatementRow> =
            (0..STATEMENTS).map(|n| (n, round * (1 + n % 9), (round * (n % 1000 + 1)) as f64, text)).collect();
        let statements = (round % 30 == 0).then_some(Ok(rows));
        let commits = round * 1000;
        let reading =
            Postgres { used: 480, usable: 597, commits, sessions: sessions(), statements, ..Postgres::default() };
        world.database("main", Ok(reading.reading()));
        world.cache("redis", Ok(counters(round as u64 * 900, round as u64 * 100, Some("run"), 0)));
        let lines: Vec<String> = (0..LOG_LINES / 120)
            .map(|n| format!(r#"{{"time":"2026-11-22T03:{:02}:{:02}Z","level":"info","message":"request {n} served from the replica in 12 ms","status":200,"context":{{"request_id":"8f1c{n}"}}}}"#, round / 12, round % 12 * 5))
            .collect();
        world.log("app.log", &lines);
        world.wait(5.0);
    }
    world
}

fn overview(criterion: &mut Criterion) {
    let Ok(theme) = Theme::load("dark", Colours::Full, false) else { return };
    let mut world = full();
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let area = Rect::new(0, 0, width, height);
        let (mut shown, mut next) = (Buffer::empty(area), Buffer::empty(area));
        let mut encoder = Encoder::default();
        criterion.bench_function(&format!("overview of a full model, {width}x{height}"), |bencher| {
            bencher.iter(|| {
                next.reset();
                let geometry = render(&mut next, &world.model, &theme);
                black_box(encoder.encode(&shown, &next));
                std::mem::swap(&mut shown, &mut next);
                geometry
            });
        });
    }
    // The same with what a second of the world changes between two frames, so that the encoder has its share to say.
    let area = Rect::new(0, 0, 200, 60);
    let mut before = Buffer::empty(area);
    let _ = render(&mut before, &world.model, &theme);
    world.wait(5.0);
    for n in 0..SERVICES {
        world.service(&format!("service {n}"), answer(200, r#"{"status":"ok","version":"1.2.3"}"#, 77.0));
    }
    let lines: Vec<String> = (0..100).map(|n| format!(r#"{{"level":"warn","message":"a new line {n}"}}"#)).collect();
    world.log("app.log", &lines);
    let mut next = Buffer::empty(area);
    let mut encoder = Encoder::default();
    criterion.bench_function("overview of a full model, 200x60, a second later", |bencher| {
        bencher.iter(|| {
            next.reset();
            let geometry = render(&mut next, &world.model, &theme);
            black_box(encoder.encode(&before, &next));
            geometry
        });
    });
}

criterion_group!(benches, overview);
criterion_main!(benches);
