//! Log files and commands that behave as they do in the field: rotated, truncated, replaced, endless, loud. Turns of
//! the reader are driven by the tests; its clock is theirs.

mod commands;
mod files;
mod hostile;
mod reload;
mod rotation;
mod waking;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::adapters::log_tail::{Flow, LogEvent, LogReader, LogState, Options};
use quarterdeck::config::resolved::{LogSource, LogSpec};
use quarterdeck::domain::{Moment, Safe};
use quarterdeck::logs::{BlockSummary, LogStore, Reload, Segment, Stream};

/// Bytes of a file, and the lines in them.
pub type Stretch = ((u64, u64), Vec<Arc<Segment>>);

/// A reader, its clock, and everything that it told.
pub struct Watch {
    reader: LogReader,
    seconds: f64,
    /// Turns in which the receiver has no room, all of them while set.
    full: bool,
    /// Seconds by which the clock goes on after each look; zero where unfinished lines must not grow old.
    pub pace: f64,
    pub segments: Vec<Arc<Segment>>,
    pub states: Vec<LogState>,
    pub losses: Vec<(u64, u64, String)>,
    pub blocks: Vec<BlockSummary>,
    /// Old parts as they were told.
    pub old: Vec<(Stream, u64)>,
    /// Stretches that were read again.
    pub reloaded: Vec<Stretch>,
    /// What is asked for in the next turn.
    pub asked: Vec<Reload>,
}

impl Watch {
    pub fn of(sources: Vec<LogSource>, options: Options) -> Watch {
        let spec = |source| LogSpec { name: Safe::of("log"), source };
        let specs: Vec<LogSpec> = sources.into_iter().map(spec).collect();
        Watch {
            reader: LogReader::new(&specs, options),
            seconds: 0.0,
            full: false,
            pace: 0.25,
            segments: Vec::new(),
            states: Vec::new(),
            losses: Vec::new(),
            blocks: Vec::new(),
            old: Vec::new(),
            reloaded: Vec::new(),
            asked: Vec::new(),
        }
    }

    pub fn file(path: &Path) -> Watch {
        Watch::of(vec![LogSource::Files { pattern: path.to_str().unwrap().to_owned() }], Options::default())
    }

    pub fn command(argv: &[&str]) -> Watch {
        let argv = argv.iter().map(|a| (*a).to_owned()).collect();
        Watch::of(vec![LogSource::Command { argv }], Options::default())
    }

    /// One turn at the clock's time; gives the pause that the reader asks for.
    pub fn turn(&mut self) -> Duration {
        let now = Moment::fixed(self.seconds);
        let full = self.full;
        let Watch { reader, segments, states, losses, blocks, old, reloaded, asked, .. } = self;
        let mut sink = |event: LogEvent| {
            if full {
                return Flow::Full(event);
            }
            match event {
                LogEvent::Segment(segment) => segments.push(segment),
                LogEvent::State { state, .. } => states.push(state),
                LogEvent::Loss { lines, bytes, why, .. } => losses.push((lines, bytes, why.to_string())),
                LogEvent::Summary { block, .. } => blocks.push(block),
                LogEvent::OldPart { stream, until } => old.push((stream, until)),
                LogEvent::Reloaded { bytes, segments, .. } => reloaded.push((bytes, segments)),
            }
            Flow::Taken
        };
        for wanted in asked.drain(..) {
            reader.reload(&wanted, &mut sink, now);
        }
        reader.poll(&mut sink, now)
    }

    /// How many pipes would end a pause.
    pub fn awaited(&self) -> usize {
        self.reader.awaited().len()
    }

    /// Turns until there is nothing more to read, then the clock goes on.
    pub fn look(&mut self) {
        for _ in 0..100_000 {
            if !self.turn().is_zero() {
                self.seconds += self.pace;
                return;
            }
        }
        panic!("the reader never comes to an end");
    }

    /// Looks until `seconds` have passed.
    pub fn pass(&mut self, seconds: f64) {
        self.pace = 0.25;
        let until = self.seconds + seconds;
        while self.seconds < until {
            self.look();
        }
    }

    /// Looks until `done`; only for what other processes and threads do.
    pub fn until(&mut self, what: &str, done: impl Fn(&Watch) -> bool) {
        for _ in 0..20_000 {
            self.look();
            if done(self) {
                return;
            }
            std::thread::yield_now();
            std::thread::sleep(Duration::from_micros(200));
        }
        panic!("never: {what}; states {:?}, losses {:?}", self.states, self.losses);
    }

    pub fn lines(&self) -> Vec<String> {
        let all = self
            .segments
            .iter()
            .flat_map(|s| s.lines().map(|l| String::from_utf8_lossy(l.raw).into_owned()).collect::<Vec<_>>());
        all.collect()
    }

    pub fn state(&self) -> &LogState {
        self.states.last().expect("no state was told")
    }

    pub fn store(&self) -> LogStore {
        let mut store = LogStore::new(64 << 20);
        for segment in &self.segments {
            store.append(segment.clone());
        }
        self.blocks.iter().for_each(|b| store.add_summary(0, b));
        self.losses.iter().for_each(|(lines, bytes, _)| store.add_loss(0, *lines, *bytes));
        store
    }
}

pub fn append(path: &Path, text: impl AsRef<[u8]>) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_ref()).unwrap();
}

/// `from..to` as numbered lines.
pub fn numbered(from: usize, to: usize) -> String {
    numbers(from, to).iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

pub fn numbers(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|n| format!("line {n}")).collect()
}

/// Sorted by their numbers: lines that come late stand behind those of the next file.
pub fn in_order(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_by_key(|line| line.strip_prefix("line ").and_then(|n| n.parse::<usize>().ok()).unwrap());
    lines
}

/// Runs a test in a process of its own, where nothing else takes memory: true in that process.
pub fn is_alone(test: &str) -> bool {
    if std::env::var_os("QUARTERDECK_TEST_ALONE").is_some() {
        return true;
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let output = command.args([test, "--exact", "--nocapture"]).env("QUARTERDECK_TEST_ALONE", "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    false
}

/// Memory of this process that is resident, in MiB.
pub fn resident_mib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096 / (1 << 20)
}
