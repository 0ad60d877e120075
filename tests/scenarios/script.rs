//! The format of a scenario, and how it is played: steps over fake time, each with what must be shown after it.

use std::collections::BTreeMap;
use std::time::Duration;

use quarterdeck::app::Event;
use quarterdeck::app::event::{Discovered, LogEvent};
use quarterdeck::app::pane::{Block, PaneId};
use quarterdeck::app::panes::basis_words;
use quarterdeck::domain::figure;
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::domain::threshold::Crossing;
use serde::Deserialize;

use crate::world::readings::{self, Postgres};
use crate::world::{World, resolved, text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What it shows.
    pub about: String,
    /// Configuration of what is watched.
    pub watch: String,
    pub step: Vec<Step>,
}

/// One thing that happens, `after` seconds later, and what must be shown then.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(default)]
    after: f64,
    service: Option<Service>,
    cache: Option<Cache>,
    signal: Option<Signal>,
    database: Option<Database>,
    log: Option<Log>,
    /// Configuration of what was found at an origin.
    found: Option<String>,
    keys: Option<String>,
    #[serde(default)]
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    name: String,
    status: Option<u16>,
    body: Option<String>,
    cause: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cache {
    name: String,
    #[serde(default)]
    hits: u64,
    #[serde(default)]
    misses: u64,
    run: Option<String>,
    cause: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signal {
    name: String,
    value: Option<f64>,
    cause: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Database {
    name: String,
    used: Option<u32>,
    started: Option<i64>,
    commits: Option<i64>,
    hit: Option<i64>,
    read: Option<i64>,
    idle_in_transaction: Option<u64>,
    /// Number, calls, milliseconds.
    statements: Option<Vec<(i64, i64, f64)>>,
    statements_cause: Option<String>,
    cause: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    name: String,
    #[serde(default)]
    lines: Vec<String>,
    lost: Option<u64>,
    cause: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expect {
    /// Verdict that shows, by name of service, database, cache or signal.
    shown: BTreeMap<String, String>,
    /// Raw verdict of a service.
    raw: BTreeMap<String, String>,
    /// State of a pane in words.
    pane: BTreeMap<String, String>,
    /// What a pane's text holds.
    text: BTreeMap<String, Vec<String>>,
    /// What it does not hold.
    absent: BTreeMap<String, Vec<String>>,
    /// Hit ratio of a cache in percent, or `-`, with its basis.
    hit_ratio: BTreeMap<String, String>,
    /// What a chart has drawn of a database so far, by its label: `#` a figure, `x` a failure, `.` nothing.
    course: BTreeMap<String, String>,
    /// Whether a signal's threshold is crossed.
    crossing: BTreeMap<String, String>,
    message: Option<String>,
    effects: Option<Vec<String>>,
}

/// Plays it; what was not as expected comes back.
pub fn play(script: &Script) -> Vec<String> {
    let mut world = World::new(&script.watch);
    let mut wrong = Vec::new();
    for (at, step) in script.step.iter().enumerate() {
        act(&mut world, step);
        let told = |what: String| format!("step {} ({:.0} s): {what}", at + 1, world.now);
        wrong.extend(compare(&world, &step.expect).into_iter().map(told));
    }
    wrong
}

fn act(world: &mut World, step: &Step) {
    world.wait(step.after);
    if let Some(s) = &step.service {
        let body = s.body.as_deref().unwrap_or(r#"{"status":"ok"}"#);
        world.service(
            &s.name,
            match (&s.cause, s.status) {
                (Some(cause), _) => readings::silence(readings::cause(cause)),
                (None, status) => readings::answer(status.unwrap_or(200), body, 12.0),
            },
        );
    }
    if let Some(c) = &step.cache {
        let reading = readings::counters(c.hits, c.misses, c.run.as_deref(), 0);
        world.cache(&c.name, c.cause.as_deref().map_or(Ok(reading), |name| Err(readings::cause(name))));
    }
    if let Some(s) = &step.signal {
        let outcome = s.value.map(SignalValue::Number).ok_or_else(|| readings::cause(s.cause.as_deref().unwrap()));
        world.signal(&s.name, outcome);
    }
    if let Some(d) = &step.database {
        world.database(&d.name, d.cause.as_deref().map_or_else(|| Ok(d.reading()), |name| Err(readings::cause(name))));
    }
    if let Some(l) = &step.log {
        let log = world.log_at(&l.name);
        world.log(&l.name, &l.lines);
        if let Some(lines) = l.lost {
            let why = "the pipe was not read fast enough".into();
            world.tell(Event::LogHappened(LogEvent::Lost { log, lines, bytes: lines * 80, why }));
        }
        if let Some(cause) = &l.cause {
            world.tell(Event::LogHappened(LogEvent::State { log, state: Err(readings::cause(cause)) }));
        }
    }
    if let Some(found) = &step.found {
        let found = resolved(found);
        let told = vec!["discovery at http://127.0.0.1:8000/, 12 ms".into()];
        let found =
            Discovered { origin: 0, services: found.services, caches: found.caches, metrics: found.metrics, told };
        world.tell(Event::OriginDiscovered(Box::new(found)));
    }
    if let Some(keys) = &step.keys {
        world.press(keys);
    }
}

impl Database {
    fn reading(&self) -> quarterdeck::domain::database::DatabaseReading {
        let rows = |rows: &Vec<(i64, i64, f64)>| rows.iter().map(|(n, c, ms)| (*n, *c, *ms, "SELECT $1")).collect();
        let broken = self.statements_cause.as_deref().map(|name| Err(readings::cause(name)));
        let age = self.idle_in_transaction;
        let sessions = age.map(|s| readings::session(4711, SessionState::IdleInTransaction, s, "UPDATE jobs"));
        Postgres {
            used: self.used.unwrap_or(12),
            started: self.started.unwrap_or(1),
            commits: self.commits.unwrap_or(0),
            blocks_hit: self.hit.unwrap_or(0),
            blocks_read: self.read.unwrap_or(0),
            idle_in_transaction: age.map(Duration::from_secs),
            sessions: sessions.into_iter().collect(),
            statements: broken.or_else(|| self.statements.as_ref().map(rows).map(Ok)),
            ..Postgres::default()
        }
        .reading()
    }
}

fn pane_of(name: &str) -> PaneId {
    match name {
        "services" => PaneId::Services,
        "latency" => PaneId::Latency,
        "connections" => PaneId::Connections,
        "statements" => PaneId::SlowQueries,
        "cache" => PaneId::Cache,
        "signals" => PaneId::Signals,
        "logs" => PaneId::Logs,
        "sessions" => PaneId::Sessions,
        "server" => PaneId::Database,
        other => panic!("no pane is called {other}"),
    }
}

fn compare(world: &World, expect: &Expect) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut same = |what: String, seen: String, wanted: &String| {
        if seen != *wanted {
            wrong.push(format!("{what} is {seen:?}, expected {wanted:?}"));
        }
    };
    let (live, now) = (&world.model.live, world.moment());
    for (name, wanted) in &expect.shown {
        same(format!("shown {name}"), verdict(world, name), wanted);
    }
    for (name, wanted) in &expect.raw {
        let service = live.services.iter().find(|s| s.spec.name.as_str() == name).expect("a service");
        same(format!("raw {name}"), service.raw_verdict(now).to_string(), wanted);
    }
    for (name, wanted) in &expect.pane {
        same(format!("pane {name}"), world.pane(pane_of(name)).state.words().to_string(), wanted);
    }
    for (name, wanted) in &expect.hit_ratio {
        let cache = live.caches.iter().find(|c| c.spec.name.as_str() == name).expect("a cache");
        let (ratio, basis) = cache.hit_ratio();
        let words = format!("{} {}", ratio.map_or("-".to_owned(), figure::percent), basis_words(basis));
        same(format!("hit ratio {name}"), words, wanted);
    }
    for (label, wanted) in &expect.course {
        same(format!("course of {label}"), course(world, label), wanted);
    }
    for (name, wanted) in &expect.crossing {
        let signal = live.signals.iter().find(|s| s.spec.name.as_str() == name).expect("a signal");
        let crossing = match signal.crossing {
            Crossing::Clear => "clear",
            Crossing::Pending { .. } => "pending",
            Crossing::Crossed { .. } => "crossed",
            Crossing::Unknown => "unknown",
        };
        same(format!("crossing {name}"), crossing.to_owned(), wanted);
    }
    if let Some(wanted) = &expect.message {
        same("message".to_owned(), world.message(), wanted);
    }
    if let Some(wanted) = &expect.effects {
        same("effects".to_owned(), format!("{:?}", world.effects), &format!("{wanted:?}"));
    }
    for (wanted, holds) in [(&expect.text, true), (&expect.absent, false)] {
        for (name, parts) in wanted {
            let shown = text(&world.pane(pane_of(name)));
            let off = parts.iter().filter(|part| shown.contains(part.as_str()) != holds);
            wrong.extend(off.map(|part| format!("{part:?} in {name} should be {holds}:\n{shown}")));
        }
    }
    wrong
}

fn verdict(world: &World, name: &str) -> String {
    let (live, now) = (&world.model.live, world.moment());
    let services = live.services.iter().map(|s| (&s.spec.name, s.shown_verdict(now)));
    let databases = live.databases.iter().map(|d| (&d.spec.name, d.verdict(now)));
    let caches = live.caches.iter().map(|c| (&c.spec.name, c.verdict(now)));
    let signals = live.signals.iter().map(|s| (&s.spec.name, s.verdict(now)));
    let mut all = services.chain(databases).chain(caches).chain(signals);
    all.find(|(n, _)| n.as_str() == name).unwrap_or_else(|| panic!("nothing is called {name}")).1.to_string()
}

/// A chart of the database's pane, from its first bucket that something is known of.
fn course(world: &World, label: &str) -> String {
    let pane = world.pane(PaneId::Database);
    let chart = pane.blocks.iter().find_map(|block| match block {
        Block::Chart(chart) if chart.label.as_str() == label => Some(chart),
        _ => None,
    });
    let chart = chart.unwrap_or_else(|| panic!("no chart is called {label}"));
    let glyph = |value: &Option<f32>| match value {
        Some(figure) if figure.is_finite() => '#',
        Some(_) => 'x',
        None => '.',
    };
    chart.values.iter().map(glyph).collect::<String>().trim_start_matches('.').to_owned()
}
