//! What holds for every sequence of events: nothing panics, nothing grows without end, the whole screen can be drawn.

use proptest::prelude::*;
use quarterdeck::app::event::{Discovered, LogEvent};
use quarterdeck::app::view::Page;
use quarterdeck::app::{Event, panes};
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::domain::source::{SourceId, SourceKind};
use quarterdeck::input::{Code, Key};
use quarterdeck::logs::{LineAssembler, SegmentBuilder, Stream};

use crate::world::World;
use crate::world::readings::{self, Postgres};

const WATCHED: &str = r#"
[[service]]
name = "api"
url = "http://127.0.0.1:8000/health"
[[database]]
name = "main"
url = "postgresql://app@127.0.0.1/app"
[[cache]]
name = "redis"
redis = "redis://127.0.0.1:6379/0"
[[signal]]
name = "jobs"
sql = "SELECT count(*) FROM jobs"
threshold = "> 10 for 5s"
[[log]]
name = "app"
files = "/var/log/app.log"
"#;

const CAUSES: [&str; 8] = ["refused", "timeout", "limited", "login", "slots", "starting", "no statements", "loading"];

#[derive(Clone, Debug)]
enum Happening {
    Key(Key),
    Pasted(String),
    Waited(f64),
    Answer(u16, String),
    Silence(usize),
    Cache(u64, u64, bool),
    CacheFailed(usize),
    Database(u32, i64, Vec<(i64, i64, f64)>),
    DatabaseFailed(usize),
    Signal(f64),
    Lines(Vec<String>),
    Lost(u64),
    OldPart(u64),
    Reloaded(u64, u64, Vec<String>),
    Found(usize),
    Stray,
}

fn happening() -> impl Strategy<Value = Happening> {
    let key = prop_oneof![
        8 => prop::sample::select("jkhlgGnNeEfsSzrq?:/&!+-<>1234567890 yt".chars().collect::<Vec<_>>()).prop_map(Key::char),
        1 => any::<char>().prop_map(Key::char),
        1 => prop::sample::select(vec!['d', 'u', 'f', 'b', 'l', 'w']).prop_map(Key::ctrl),
        4 => prop::sample::select(vec![Code::Enter, Code::Esc, Code::Tab, Code::BackTab, Code::Up, Code::Down, Code::Backspace, Code::PageUp, Code::PageDown, Code::Home, Code::End, Code::F(1)]).prop_map(Key::plain),
    ];
    let number = prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY), -5.0..50.0];
    let statements = prop::collection::vec((0i64..6, any::<i64>(), any::<f64>()), 0..6);
    prop_oneof![
        10 => key.prop_map(Happening::Key),
        1 => "\\PC{0,40}".prop_map(Happening::Pasted),
        3 => (0.0..200.0).prop_map(Happening::Waited),
        2 => (100u16..600, "\\PC{0,40}").prop_map(|(code, body)| Happening::Answer(code, body)),
        1 => (0..CAUSES.len()).prop_map(Happening::Silence),
        2 => (any::<u64>(), any::<u64>(), any::<bool>()).prop_map(|(h, m, run)| Happening::Cache(h, m, run)),
        1 => (0..CAUSES.len()).prop_map(Happening::CacheFailed),
        2 => (any::<u32>(), any::<i64>(), statements).prop_map(|(u, c, s)| Happening::Database(u, c, s)),
        1 => (0..CAUSES.len()).prop_map(Happening::DatabaseFailed),
        1 => number.prop_map(Happening::Signal),
        3 => prop::collection::vec("\\PC{0,60}", 1..5).prop_map(Happening::Lines),
        1 => any::<u64>().prop_map(Happening::Lost),
        1 => (0u64..9).prop_map(|until| Happening::OldPart(until * 100)),
        2 => (0u64..9, 1u64..4, prop::collection::vec("\\PC{0,30}", 1..5))
            .prop_map(|(from, length, lines)| Happening::Reloaded(from * 100, (from + length) * 100, lines)),
        1 => (0usize..4).prop_map(Happening::Found),
        1 => Just(Happening::Stray),
    ]
}

fn happen(world: &mut World, what: Happening) {
    match what {
        Happening::Key(key) => world.tell(Event::KeyPressed(key)),
        Happening::Pasted(text) => world.tell(Event::Pasted(text.into())),
        Happening::Waited(seconds) => world.wait(seconds),
        Happening::Answer(status, body) => world.service("api", readings::answer(status, &body, 3.0)),
        Happening::Silence(at) => world.service("api", readings::silence(readings::cause(CAUSES[at]))),
        Happening::Cache(hits, misses, run) => {
            world.cache("redis", Ok(readings::counters(hits, misses, run.then_some("a"), hits)));
        }
        Happening::CacheFailed(at) => world.cache("redis", Err(readings::cause(CAUSES[at]))),
        Happening::Database(used, count, statements) => {
            let sessions = 0..i32::try_from(count.unsigned_abs() % 9).unwrap_or(0);
            let reading = Postgres {
                used,
                commits: count,
                blocks_hit: count.wrapping_mul(3),
                blocks_read: count.wrapping_neg(),
                started: count % 3,
                sessions: sessions.map(|p| readings::session(p, SessionState::Active, 3, "SELECT 1")).collect(),
                statements: Some(Ok(statements.into_iter().map(|(id, calls, ms)| (id, calls, ms, "SELECT")).collect())),
                ..Postgres::default()
            };
            world.database("main", Ok(reading.reading()));
        }
        Happening::DatabaseFailed(at) => world.database("main", Err(readings::cause(CAUSES[at]))),
        Happening::Signal(value) => world.signal("jobs", Ok(SignalValue::Number(value))),
        Happening::Lines(lines) => world.log("app", &lines),
        Happening::Lost(lines) => {
            let lost = LogEvent::Lost { log: 0, lines, bytes: lines, why: "gone".into() };
            world.tell(Event::LogHappened(lost));
        }
        Happening::OldPart(until) => {
            world.tell(Event::LogHappened(LogEvent::OldPart { stream: Stream::default(), until }));
        }
        Happening::Reloaded(from, until, lines) => {
            let (mut builder, mut stream) = (SegmentBuilder::new(), LineAssembler::new());
            let text = format!("{}\n", lines.join("\n"));
            stream.push(text.as_bytes(), &mut builder, world.moment(), &mut |_| panic!("few lines"));
            let segments = builder.seal(0, from, world.moment()).into_iter().map(Into::into).collect();
            let event = LogEvent::Reloaded { stream: Stream::default(), bytes: (from, until), segments };
            world.tell(Event::LogHappened(event));
        }
        Happening::Found(count) => {
            let spec = (*world.model.live.services[0].spec).clone();
            let told = vec!["x".into(); count * 100];
            let found =
                Discovered { origin: 9, services: vec![spec; count], caches: Vec::new(), metrics: Vec::new(), told };
            world.tell(Event::OriginDiscovered(Box::new(found)));
        }
        Happening::Stray => {
            world.tell(Event::ReadingDisplaced(SourceId::new(SourceKind::Cache, 7)));
            world.tell(Event::LogHappened(LogEvent::State { log: 9, state: Err(readings::cause("refused")) }));
            world.tell(Event::Resized);
        }
    }
}

fn bounded(world: &World) -> Result<(), TestCaseError> {
    let model = &world.model;
    prop_assert!(model.view.overlays.len() <= 8, "overlays");
    prop_assert!(model.notes.len() <= 400, "notes");
    prop_assert!(model.live.services.len() <= 2000, "services");
    prop_assert!(model.live.logs.losses.len() <= 100, "losses");
    prop_assert!(model.live.logs.store.runs().iter().count() <= 1, "runs");
    prop_assert!(model.live.databases[0].texts.len() <= 2000, "texts");
    if let Some((_, typed)) = &model.view.prompt {
        prop_assert!(typed.chars().count() <= 256, "prompt");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_sequence_panics_or_grows(events in prop::collection::vec(happening(), 1..120)) {
        let mut world = World::new(WATCHED);
        world.first_sequence(1 << 48);
        for event in events {
            happen(&mut world, event);
            bounded(&world)?;
        }
        for page in Page::ALL {
            for pane in page.panes() {
                let view = panes::view(&world.model, *pane, 80, 20);
                prop_assert!(!view.title.is_empty());
            }
        }
    }
}

#[test]
fn a_flood_at_one_moment_stays_bounded() {
    let mut world = World::new(WATCHED);
    for round in 0..3000 {
        world.log("app", &[format!("line {round}")]);
        happen(&mut world, Happening::Lost(1));
        happen(&mut world, Happening::Found(1));
        let statements = vec![(round, round + 1, 1.0), (round + 1, round, 1.0)];
        happen(&mut world, Happening::Database(3, round, statements));
        world.press("?");
    }
    bounded(&world).unwrap();
}
