//! A made-up world for the pure program: it is told what is watched by a real configuration, what happened by events over
//! fake time, and says what the panes show in words.
#![allow(dead_code, reason = "each test takes what it needs")]

pub mod readings;

use std::time::Duration;

use quarterdeck::app::event::LogEvent;
use quarterdeck::app::geometry::Geometry;
use quarterdeck::app::pane::{Block, PaneId, PaneView};
use quarterdeck::app::table::Content;
use quarterdeck::app::view::Page;
use quarterdeck::app::{Effect, Event, Model, job, panes, update};
use quarterdeck::config::{Inputs, Resolved, SourceFile, resolve};
use quarterdeck::domain::arrival::Reading;
use quarterdeck::domain::source::{SourceId, SourceKind};
use quarterdeck::domain::{Arrival, Cause, Moment, Safe};
use quarterdeck::input::{Code, Key};
use quarterdeck::logs::{LineAssembler, SegmentBuilder};

/// What a configuration resolves to.
pub fn resolved(text: &str) -> Resolved {
    let file = SourceFile { path: "world.toml".into(), text: text.to_owned() };
    match resolve(&Inputs { file: Some(file), ..Inputs::default() }) {
        Ok(resolution) => resolution.resolved,
        Err(problems) => panic!("{problems:#?}"),
    }
}

/// The program, and the time that passes for it.
pub struct World {
    pub model: Model,
    pub now: f64,
    /// Orders of the newest event, in words; jobs are done at once and not told.
    pub effects: Vec<String>,
    sequence: u64,
}

impl World {
    pub fn new(configuration: &str) -> World {
        World::of(&resolved(configuration))
    }

    pub fn of(resolved: &Resolved) -> World {
        let utc = chrono::FixedOffset::east_opt(0).expect("UTC");
        let model = Model::new(resolved, Moment::fixed(0.0), utc);
        let mut world = World { model, now: 0.0, effects: Vec::new(), sequence: 0 };
        let rows = Page::ALL.into_iter().flat_map(|page| page.panes().iter().map(|pane| (*pane, 20))).collect();
        world.tell(Event::FrameDrawn(Geometry { rows, overlay_rows: 20, ..Geometry::default() }));
        world
    }

    pub fn moment(&self) -> Moment {
        Moment::fixed(self.now)
    }

    pub fn wait(&mut self, seconds: f64) {
        self.now += seconds;
        self.tell(Event::TimePassed);
    }

    pub fn tell(&mut self, event: Event) {
        self.effects.clear();
        self.step(event);
    }

    /// Tells an event; the orders as they are.
    pub fn happen(&mut self, event: Event) -> Vec<Effect> {
        let now = self.moment();
        update(&mut self.model, event, now)
    }

    /// Presses a key; the orders as they are.
    pub fn act(&mut self, name: &str) -> Vec<Effect> {
        self.happen(Event::KeyPressed(key(name)))
    }

    fn step(&mut self, event: Event) {
        let now = self.moment();
        for effect in update(&mut self.model, event, now) {
            match effect {
                Effect::Compute(asked) => self.step(Event::JobFinished(Box::new(job::run(asked)))),
                other => self.effects.push(words(&other)),
            }
        }
    }

    fn arrive(&mut self, kind: SourceKind, at: usize, outcome: Result<Reading, Cause>) {
        let source = SourceId::new(kind, at);
        let (took, next_in) = (Duration::from_millis(12), Duration::from_secs(2));
        self.tell(Event::ReadingArrived(Box::new(Arrival { source, outcome, took, begun: self.moment(), next_in })));
    }

    pub fn service(&mut self, name: &str, reading: quarterdeck::domain::health::HealthReading) {
        let at = place(self.model.live.services.iter().map(|s| &s.spec.name), name);
        self.arrive(SourceKind::Service, at, Ok(Reading::Health(Box::new(reading))));
    }

    pub fn database(&mut self, name: &str, outcome: Result<quarterdeck::domain::database::DatabaseReading, Cause>) {
        let at = place(self.model.live.databases.iter().map(|d| &d.spec.name), name);
        self.arrive(SourceKind::Database, at, outcome.map(|r| Reading::Database(Box::new(r))));
    }

    pub fn cache(&mut self, name: &str, outcome: Result<quarterdeck::domain::cache::CacheReading, Cause>) {
        let at = place(self.model.live.caches.iter().map(|c| &c.spec.name), name);
        self.arrive(SourceKind::Cache, at, outcome.map(|r| Reading::Cache(Box::new(r))));
    }

    /// Everything that is watched was read once, and is well.
    pub fn all_read(&mut self) {
        let live = &self.model.live;
        let services: Vec<_> = live.services.iter().map(|service| service.spec.name.to_string()).collect();
        let databases: Vec<_> = live.databases.iter().map(|database| database.spec.name.to_string()).collect();
        let caches: Vec<_> = live.caches.iter().map(|cache| cache.spec.name.to_string()).collect();
        for name in &services {
            self.service(name, readings::answer(200, "{}", 1.0));
        }
        for name in &databases {
            self.database(name, Ok(readings::Postgres::default().reading()));
        }
        for name in &caches {
            self.cache(name, Ok(readings::counters(1000, 10, Some("run"), 0)));
        }
    }

    pub fn signal(&mut self, name: &str, outcome: Result<quarterdeck::domain::signal::SignalValue, Cause>) {
        let at = place(self.model.live.signals.iter().map(|s| &s.spec.name), name);
        self.arrive(SourceKind::Signal, at, outcome.map(Reading::Signal));
    }

    pub fn log(&mut self, name: &str, lines: &[impl AsRef<str>]) {
        let log = self.log_at(name);
        let (mut builder, mut stream) = (SegmentBuilder::new(), LineAssembler::new());
        for line in lines {
            let line = format!("{}\n", line.as_ref());
            stream.push(line.as_bytes(), &mut builder, self.moment(), &mut |_| panic!("few lines"));
        }
        self.sequence += 1;
        if let Some(segment) = builder.seal(log, self.sequence, self.moment()) {
            self.tell(Event::LogHappened(LogEvent::Lines(segment.into())));
        }
    }

    /// New lines are numbered from here on.
    pub fn first_sequence(&mut self, sequence: u64) {
        self.sequence = sequence;
    }

    pub fn log_at(&self, name: &str) -> u16 {
        u16::try_from(place(self.model.live.logs.names.iter(), name)).expect("few logs")
    }

    /// Presses keys, named as in help, with a space between them.
    pub fn press(&mut self, keys: &str) {
        for name in keys.split(' ') {
            self.tell(Event::KeyPressed(key(name)));
        }
    }

    /// Types a text, letter by letter.
    pub fn write(&mut self, text: &str) {
        for letter in text.chars() {
            self.tell(Event::KeyPressed(Key::char(letter)));
        }
    }

    pub fn pane(&self, pane: PaneId) -> PaneView {
        panes::view(&self.model, pane, 100, 20)
    }

    pub fn message(&self) -> String {
        self.model.view.message.as_ref().map(|m| m.text.to_string()).unwrap_or_default()
    }
}

fn place<'a>(mut names: impl Iterator<Item = &'a Safe>, name: &str) -> usize {
    names.position(|n| n.as_str() == name).unwrap_or_else(|| panic!("nothing is called {name}"))
}

/// A key by its name in help.
pub fn key(name: &str) -> Key {
    let plain = [
        ("Enter", Code::Enter),
        ("Esc", Code::Esc),
        ("Tab", Code::Tab),
        ("Space", Code::Char(' ')),
        ("Up", Code::Up),
        ("Down", Code::Down),
        ("Backspace", Code::Backspace),
    ];
    if let Some((_, code)) = plain.into_iter().find(|(n, _)| *n == name) {
        return Key::plain(code);
    }
    let mut letters = name.strip_prefix("Ctrl-").unwrap_or(name).chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if name.starts_with("Ctrl-") => Key::ctrl(letter),
        (Some(letter), None) => Key::char(letter),
        _ => panic!("no key is called {name}"),
    }
}

fn words(effect: &Effect) -> String {
    match effect {
        Effect::WatchService(id, spec) => format!("watch service {} {}", id.index, spec.name),
        Effect::WatchCache(id, spec) => format!("watch cache {} {}", id.index, spec.name),
        Effect::SetPause(pause) => format!("pause {} ms", pause.as_millis()),
        other => format!("{other:?}"),
    }
}

/// All text of a pane, a line each.
pub fn text(view: &PaneView) -> String {
    let spans = |line: &[quarterdeck::app::document::Span]| line.iter().map(|s| s.text.as_str()).collect::<String>();
    let mut out = vec![spans(&view.title), format!("[{}]", view.state.words())];
    for block in &view.blocks {
        match block {
            Block::Line(line) => out.push(spans(line)),
            Block::Chart(chart) => out.push(format!("{} {}", chart.label, chart.figure)),
            Block::Table { table, .. } => out.extend(table.rows.iter().map(|row| {
                let cell = |content: &Content| match content {
                    Content::Text(text) | Content::Name(text) => text.to_string(),
                    Content::Spark(_) => "~".to_owned(),
                    Content::Bar(part) => format!("{part:.2}"),
                };
                row.cells.iter().map(|c| cell(&c.content)).collect::<Vec<_>>().join(" | ")
            })),
            Block::Log(rows) => {
                out.extend(rows.iter().map(|r| format!("{} {} {}  {}", r.time, r.level, r.text, r.context)));
            }
            Block::Bar { .. } | Block::Histogram { .. } => {}
        }
    }
    out.join("\n")
}
