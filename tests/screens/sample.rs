//! A made-up system to draw: panes as the program would hand them over, sized by what is asked for. Shared by the screen
//! tests and the benchmark of one frame.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::app::document::{Document, Line, Span};
use quarterdeck::app::limit::Limit;
use quarterdeck::app::pane::{Block, Chart, LogRow, PaneId, PaneView};
use quarterdeck::app::screen::Chrome;
use quarterdeck::app::table::{Align, Cell, Column, Row, RowKey, Sort, Table, Tone};
use quarterdeck::app::view::Page;
use quarterdeck::domain::figure;
use quarterdeck::domain::target::Environment;
use quarterdeck::domain::{PaneState, Safe, Verdict};

/// How much there is of everything.
#[derive(Clone, Copy)]
pub struct Sample {
    pub services: usize,
    pub sessions: usize,
    pub statements: usize,
    pub log_lines: usize,
    /// Selected row of the tables.
    pub selected: Option<usize>,
    /// Filter of the tables.
    pub filter: &'static str,
}

impl Default for Sample {
    fn default() -> Sample {
        Sample { services: 14, sessions: 40, statements: 30, log_lines: 400, selected: None, filter: "" }
    }
}

fn span(text: impl Into<Safe>, tone: Tone) -> Span {
    Span { text: text.into(), tone }
}

pub fn line(parts: &[(&str, Tone)]) -> Line {
    parts.iter().map(|(text, tone)| span(*text, *tone)).collect()
}

pub fn chrome(page: Page) -> Chrome {
    let strip = line(&[("1 down", Tone::Bad), ("  ", Tone::Plain), ("1 degraded", Tone::Warn), ("  12 ok", Tone::Ok)]);
    Chrome {
        name: Safe::of("pggit"),
        environment: Environment::Production,
        mode: Span { text: Safe::of("read-only"), tone: Tone::Dim },
        strip_shorter: [strip.clone(), strip.clone(), strip.clone()],
        strip,
        clock: Safe::of("12:04:31Z"),
        meters: ["every 1s", "42 probes/min", "2.1 KB/s"].map(Safe::of).to_vec(),
        frozen: None,
        page,
        focused: page.panes()[0],
        zoomed: false,
        scroll_right: 0,
        hints: [
            ("?", "help"),
            ("/", "find"),
            ("Enter", "open"),
            ("Tab", "next"),
            ("Space", "freeze"),
            (":", "command"),
        ]
        .map(|(key, words)| (Safe::of(key), words))
        .to_vec(),
        message: Line::new(),
        alerts: line(&[("worker down: refused", Tone::Bad), ("api deep degraded: cache down", Tone::Warn)]),
        prompt: None,
    }
}

impl Sample {
    /// The view of a pane.
    pub fn view(&self, id: PaneId, width: u16, height: u16) -> PaneView {
        let (title, corner, blocks) = match id {
            PaneId::Services => (
                line(&[
                    ("Services ", Tone::Strong),
                    ("12 ok ", Tone::Ok),
                    ("1 degraded ", Tone::Warn),
                    ("1 down", Tone::Bad),
                ]),
                "10s",
                vec![self.table(SERVICES, self.services, service)],
            ),
            PaneId::Latency => {
                (line(&[("Latency", Tone::Strong), (" p95 84ms (5m n=1.2k)", Tone::Dim)]), "5s", latency())
            }
            PaneId::Connections => {
                (line(&[("Connections", Tone::Strong), (" 87 of 97 usable", Tone::Warn)]), "2s", connections())
            }
            PaneId::SlowQueries => (
                line(&[("Slow queries", Tone::Strong), (" last 60s", Tone::Dim)]),
                "2s",
                vec![self.table(STATEMENTS, self.statements, statement)],
            ),
            PaneId::Cache => (
                line(&[("Cache", Tone::Strong), (" hit 71.4%", Tone::Warn), (" (1m, target 80%)", Tone::Dim)]),
                "1s",
                cache(height),
            ),
            PaneId::Signals => (line(&[("Signals", Tone::Strong)]), "15s", vec![self.table(SIGNALS, 6, signal)]),
            PaneId::Logs => (
                line(&[("Logs", Tone::Strong), (" api.log, journal:api", Tone::Dim), (" 3 errors/min", Tone::Bad)]),
                "214/s",
                self.log(height),
            ),
            PaneId::Sessions => {
                (line(&[("Sessions", Tone::Strong)]), "2s", vec![self.table(SESSIONS, self.sessions, session)])
            }
            PaneId::Database => {
                (line(&[("Database", Tone::Strong), (" pggit 16.4 primary", Tone::Dim)]), "2s", database())
            }
            PaneId::Actions
            | PaneId::Timeline
            | PaneId::Alerts
            | PaneId::Findings
            | PaneId::Targets
            | PaneId::Series
            | PaneId::Course => (
                line(&[("Alerts", Tone::Strong)]),
                "",
                vec![Block::Line(line(&[("This page comes with alert rules.", Tone::Dim)]))],
            ),
        };
        let _ = width;
        PaneView { id, title, corner: Safe::of(corner), state: PaneState::Ok, blocks }
    }

    fn table(&self, columns: &'static [Column], count: usize, row: fn(usize) -> (String, Vec<Cell>)) -> Block {
        let rows = (0..count)
            .map(|index| {
                let (_, cells) = row(index);
                Row { key: RowKey::Index(index), cells }
            })
            .collect();
        let table = Table::arranged(columns, rows, self.filter, Sort::default());
        let sort = Sort { column: columns.iter().position(|c| c.title == "total"), reverse: true };
        Block::Table { table, selected: self.selected.map(RowKey::Index), offset: 0, sort }
    }

    fn log(&self, height: u16) -> Vec<Block> {
        let mut blocks = Vec::new();
        if height > 10 {
            let lines: Vec<Option<u32>> = (0..90).map(|i| (i > 4).then_some(100 + i * 37 % 140)).collect();
            let errors: Vec<Option<u32>> =
                (0..90).map(|i| (i > 4).then_some(if i % 17 == 3 { i % 7 } else { 0 })).collect();
            blocks.push(Block::Histogram {
                all: lines.into(),
                part: errors.into(),
                label: Safe::of("lines, errors per 10s"),
            });
        }
        let shown = self.log_lines.min(usize::from(height));
        blocks.push(Block::Log((self.log_lines - shown..self.log_lines).map(log_row).collect()));
        blocks
    }
}

fn wave(seed: usize, length: usize) -> Vec<Option<f32>> {
    (0..length)
        .map(|i| {
            let value =
                10.0 + ((i * 7 + seed * 13) % 11) as f32 + if (i + seed).is_multiple_of(23) { 25.0 } else { 0.0 };
            (!(seed % 3 == 1 && (20..24).contains(&(i % 60)))).then_some(value)
        })
        .collect()
}

const fn column(title: &'static str, min: u16, ideal: u16, grows: bool, align: Align, drop_order: u8) -> Column {
    Column { title, min, ideal, grows, align, drop_order }
}

const SERVICES: &[Column] = &[
    column("", 4, 4, false, Align::Left, 0),
    column("", 8, 16, false, Align::Left, 0),
    column("", 7, 7, false, Align::Right, 0),
    column("", 8, 20, false, Align::Left, 2),
    column("", 10, 14, true, Align::Left, 3),
    column("", 8, 10, false, Align::Left, 1),
];

fn service(index: usize) -> (String, Vec<Cell>) {
    let verdict = match index {
        0 => Verdict::Down,
        1 => Verdict::Degraded,
        _ => Verdict::Ok,
    };
    let names = ["worker", "api deep", "api", "search", "gateway", "webhooks", "auth", "mailer"];
    let name = format!("{}{}", names[index % names.len()], if index < 8 { String::new() } else { format!("-{index}") });
    let latency = (index != 0).then_some(0.004 + 0.0061 * index as f64);
    let mut spark = wave(index, 40);
    if index == 0 {
        spark.iter_mut().rev().take(3).for_each(|value| *value = Some(f32::NAN));
    }
    let detail = match index {
        0 => "refused 3x",
        1 => "cache: down",
        _ => "200",
    };
    let cells = vec![
        Cell::verdict(verdict),
        Cell::text(Safe::of(&name), Tone::Strong),
        Cell::figure(latency, |s| figure::duration(Duration::from_secs_f64(s)), Tone::Plain),
        Cell::spark(spark.into(), Tone::Plain),
        Cell::text(Safe::of(detail), if index < 2 { verdict.into() } else { Tone::Dim }),
        Cell::text(Safe::of("v1.2.3"), Tone::Dim),
    ];
    (name, cells)
}

fn latency() -> Vec<Block> {
    ["api", "api deep", "search", "gateway", "webhooks", "auth"]
        .iter()
        .enumerate()
        .map(|(index, name)| {
            Block::Chart(Chart {
                label: Safe::of(name),
                values: wave(index, 120).into(),
                top: None,
                marks: if index == 0 { vec![100] } else { Vec::new() },
                figure: Safe::of(format!("{}ms", 12 + index * 9)),
                tone: if index == 1 { Tone::Warn } else { Tone::Plain },
                ..Chart::default()
            })
        })
        .collect()
}

fn connections() -> Vec<Block> {
    vec![
        Block::Line(line(&[
            ("active 12  idle 61  ", Tone::Plain),
            ("in tx 14", Tone::Warn),
            (" (oldest 7m12s)", Tone::Warn),
        ])),
        Block::Bar { parts: vec![(0.12, Tone::Ok), (0.61, Tone::Accent), (0.14, Tone::Warn)], limit: Some(0.97) },
        Block::Line(line(&[("waiting 3  blocked 1", Tone::Plain), ("   pgbouncer 40, psql 2", Tone::Dim)])),
    ]
}

fn cache(height: u16) -> Vec<Block> {
    vec![
        Block::Chart(Chart {
            label: Safe::of("redis"),
            values: wave(5, 90).into(),
            top: Some(40.0),
            marks: Vec::new(),
            figure: Safe::of("71.4%"),
            tone: Tone::Warn,
            limit: Some(Limit::target(32.0, Safe::of("80.0%"))),
            more_rows: if height > 5 { 2 } else { 0 },
            ..Chart::default()
        }),
        Block::Line(line(&[("memory 412 MiB of 512 MiB  evicted 14/s", Tone::Plain)])),
        Block::Line(line(&[("ops 3.21k/s  clients 48  keys 1.25M", Tone::Dim)])),
    ]
}

fn database() -> Vec<Block> {
    vec![
        Block::Line(line(&[("size 41.2 GiB  commits 312/s  rollbacks 0.4/s", Tone::Plain)])),
        Block::Line(line(&[("buffer hits 99.1% (1m)  temp 0 B/s  deadlocks 0", Tone::Plain)])),
        Block::Line(line(&[("pooler: these are the server's sessions", Tone::Dim)])),
    ]
}

const STATEMENTS: &[Column] = &[
    column("total", 6, 7, false, Align::Right, 0),
    column("calls", 6, 6, false, Align::Right, 2),
    column("mean", 6, 7, false, Align::Right, 0),
    column("rows", 6, 6, false, Align::Right, 1),
    column("query", 12, 30, true, Align::Left, 0),
];

fn statement(index: usize) -> (String, Vec<Cell>) {
    let query = match index % 4 {
        0 => "SELECT id, payload FROM webhooks WHERE state = $1 ORDER BY created_at LIMIT $2",
        1 => "UPDATE jobs SET state = $1 WHERE id = $2",
        2 => "SELECT count(*) FROM events WHERE naïve = $1 AND título = '日本語'",
        _ => "INSERT INTO audit (at, who, what) VALUES ($1, $2, $3)",
    };
    let total = 41.2 / (index + 1) as f64;
    let time = |s: f64| figure::duration(Duration::from_secs_f64(s));
    let cells = vec![
        Cell::figure(Some(total), time, if index == 0 { Tone::Warn } else { Tone::Plain }),
        Cell::figure(Some(312.0 + index as f64), figure::count, Tone::Plain),
        Cell::figure(Some(total / 312.0), time, Tone::Plain),
        Cell::figure((index % 4 != 3).then_some(1250.0 * index as f64), figure::count, Tone::Plain),
        Cell::text(Safe::of(query), Tone::Plain),
    ];
    (query.to_owned(), cells)
}

const SESSIONS: &[Column] = &[
    column("pid", 6, 7, false, Align::Right, 0),
    column("user", 8, 12, false, Align::Left, 1),
    column("application", 10, 16, false, Align::Left, 3),
    column("state", 10, 19, false, Align::Left, 0),
    column("age", 6, 6, false, Align::Right, 0),
    column("wait", 8, 14, false, Align::Left, 2),
    column("query", 12, 30, true, Align::Left, 0),
];

fn session(index: usize) -> (String, Vec<Cell>) {
    let (state, tone) = match index % 5 {
        0 => ("active", Tone::Ok),
        1 => ("idle in transaction", Tone::Warn),
        _ => ("idle", Tone::Dim),
    };
    let age = Duration::from_secs_f64(0.3 * (index * index) as f64);
    let cells = vec![
        Cell::figure(Some(20_411.0 + index as f64), |n| format!("{n:.0}"), Tone::Plain),
        Cell::text(Safe::of("app"), Tone::Plain),
        Cell::text(Safe::of("pggit-api"), Tone::Dim),
        Cell::text(Safe::of(state), tone),
        Cell::figure(Some(age.as_secs_f64()), |_| figure::age(age), Tone::Plain),
        Cell::text(Safe::of(if index.is_multiple_of(5) { "Lock:tuple" } else { "-" }), Tone::Dim),
        Cell::text(Safe::of("SELECT pg_sleep($1)"), Tone::Plain),
    ];
    (state.to_owned(), cells)
}

const SIGNALS: &[Column] = &[
    column("", 4, 4, false, Align::Left, 0),
    column("signal", 10, 22, true, Align::Left, 0),
    column("value", 8, 8, false, Align::Right, 0),
    column("", 8, 24, false, Align::Left, 1),
    column("threshold", 10, 16, false, Align::Left, 2),
];

fn signal(index: usize) -> (String, Vec<Cell>) {
    let name = format!("queue depth {index}");
    let cells = vec![
        Cell::verdict(if index == 0 { Verdict::Degraded } else { Verdict::Ok }),
        Cell::text(Safe::of(&name), Tone::Strong),
        Cell::figure(Some(1204.0 / (index + 1) as f64), figure::count, Tone::Plain),
        Cell::spark(wave(index, 40).into(), Tone::Plain),
        Cell::text(Safe::of("> 1000 for 5m"), Tone::Dim),
    ];
    (name, cells)
}

fn log_row(index: usize) -> LogRow {
    let (level, tone, text) = match index % 7 {
        0 => ("ERROR", Tone::Bad, "pool timeout after 30s  request_id=8f1c  path=/api/v1/webhooks"),
        1 | 4 => ("WARN", Tone::Warn, "retrying delivery  attempt=3 host=hooks.example.org"),
        2 => ("DEBUG", Tone::Dim, "cache miss  key=repo:4711:refs"),
        _ => ("INFO", Tone::Ok, "request done  status=200 duration_ms=12 path=/api/v1/repos/größe"),
    };
    LogRow {
        time: Safe::of(format!("12:{:02}:{:02}.{:03}", index / 60 % 60, index % 60, index * 37 % 1000)),
        level,
        tone,
        log: Safe::of(if index.is_multiple_of(3) { "journal:api" } else { "api.log" }),
        text: Safe::of(text),
        context: Safe::default(),
        selected: false,
        matched: false,
    }
}

/// The detail of a service, as the program would make it.
pub fn detail() -> Document {
    let mut document = Document::new("worker");
    document
        .heading("Result")
        .field("verdict", "down", Tone::Bad)
        .field("raw last result", "connection refused (IPv4): nothing listens there", Tone::Bad)
        .field("url", "http://10.0.0.17:8099/health/deep?verbose=true&include=database,cache,queue,disk,memory,certificate,version", Tone::Plain)
        .field("rule", "down after 3 failures in a row; this was the 3rd", Tone::Plain)
        .heading("Body")
        .line("{", Tone::Dim)
        .line("  \"status\": \"degraded\",", Tone::Plain)
        .line("  \"checks\": { \"cache\": \"down\", \"naïve\": \"日本語\" }", Tone::Warn)
        .line("}", Tone::Dim);
    document
}

/// Values without history, for benchmarks and odd cases.
pub fn empty_values() -> Arc<[Option<f32>]> {
    Arc::from(Vec::new())
}
