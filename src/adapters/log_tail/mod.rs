//! Reads logs: files (globs, rotation, truncation) and the output of commands. Synchronous: one thread of the runtime
//! calls [`LogReader::poll`] in turns; nothing here waits, spawns a thread or decides what is shown.

mod backlog;
mod command;
mod file;
mod files;
mod follower;
pub mod glob;
mod outlet;
mod pace;
mod reload;
mod siblings;

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

use crate::config::resolved::{LogSource, LogSpec};
use crate::domain::cause::Cause;
use crate::domain::moment::Moment;
use crate::domain::safe::Safe;
use crate::logs::run::{Bytes, Reload};
use crate::logs::segment::{Segment, SegmentBuilder, Stream};
use crate::logs::summary::BlockSummary;

use command::CommandSource;
use files::FilesSource;
use outlet::Outlet;

/// Pause between looks while a command writes much.
const BUSY: Duration = Duration::from_millis(20);
/// Sequence before that of the first new segment. What is read again is numbered by its place in its file, which is below.
const FIRST: u64 = 1 << 48;
/// How much is read at once.
const BUFFER: usize = 256 * 1024;

/// What the reader tells.
#[derive(Clone, Debug)]
pub enum LogEvent {
    /// New lines.
    Segment(Arc<Segment>),
    /// A block of the old part of a large file, counted only.
    Summary {
        /// Index of the log.
        log: u16,
        /// The counts.
        block: BlockSummary,
    },
    /// So many bytes at the beginning of a file are counted only, and can be read again. 0: not any more.
    OldPart {
        /// Which file.
        stream: Stream,
        /// Where it ends.
        until: u64,
    },
    /// Lines of the old part, as they were asked for.
    Reloaded {
        /// Which file.
        stream: Stream,
        /// Which of its bytes.
        bytes: Bytes,
        /// The lines.
        segments: Vec<Arc<Segment>>,
    },
    /// Something could not be read; zero lines and bytes when it is not known how much.
    Loss {
        /// Index of the log.
        log: u16,
        /// Whole lines that were lost.
        lines: u64,
        /// Bytes that were lost.
        bytes: u64,
        /// What happened.
        why: Safe,
    },
    /// The log's state changed.
    State {
        /// Index of the log.
        log: u16,
        /// The new state.
        state: LogState,
    },
}

/// How reading one log goes.
#[derive(Clone, Debug, PartialEq)]
pub enum LogState {
    /// Lines come in when they are written.
    Reading {
        /// Open files, or one for a command.
        files: usize,
        /// Files of the glob beyond the bound; they are not read.
        left_out: usize,
    },
    /// Nothing to read yet, or for now.
    Waiting(Safe),
    /// It cannot be read (files of a glob that can be are still read); tried again by itself.
    Failed {
        /// Why.
        cause: Cause,
        /// Pause until the next attempt.
        retry_in: Duration,
    },
}

/// The receiver's answer to an event.
#[derive(Debug)]
pub enum Flow {
    /// It has it.
    Taken,
    /// It has no room now and gives the event back; it is offered again first thing in the next turn.
    Full(LogEvent),
}

/// How much is read of what was there before.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bytes at the end of a file that are kept as lines when it is first opened; what lies before is counted only.
    pub tail_bytes: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { tail_bytes: 512 * 1024 }
    }
}

/// All logs of the configuration.
pub struct LogReader {
    sources: Vec<Source>,
    pending: VecDeque<LogEvent>,
    builder: SegmentBuilder,
    buffer: Vec<u8>,
    sequence: u64,
    is_full: bool,
}

enum Source {
    Files(Box<FilesSource>),
    Command(Box<CommandSource>),
}

impl LogReader {
    /// Prepares to read; nothing is opened before the first turn.
    #[must_use]
    pub fn new(specs: &[LogSpec], options: Options) -> LogReader {
        let source = |(index, spec): (usize, &LogSpec)| {
            let log = u16::try_from(index).unwrap_or(u16::MAX);
            match &spec.source {
                LogSource::Files { pattern } => Source::Files(Box::new(FilesSource::new(log, pattern, options))),
                LogSource::Command { argv } => Source::Command(Box::new(CommandSource::new(log, argv.clone()))),
            }
        };
        LogReader {
            sources: specs.iter().enumerate().map(source).collect(),
            pending: VecDeque::new(),
            builder: SegmentBuilder::new(),
            buffer: vec![0; if specs.is_empty() { 0 } else { BUFFER }],
            sequence: FIRST,
            is_full: false,
        }
    }

    /// One turn: looks at every source once, reads a bounded amount, hands over what is new. Gives how long to pause
    /// before the next turn; zero when there is more to read already.
    pub fn poll(&mut self, sink: &mut dyn FnMut(LogEvent) -> Flow, now: Moment) -> Duration {
        let mut out = Outlet {
            sink,
            pending: &mut self.pending,
            builder: &mut self.builder,
            buffer: &mut self.buffer,
            sequence: &mut self.sequence,
            now,
            counted: false,
            stirred: false,
        };
        out.offer_pending();
        let mut pause = pace::SLOW;
        for source in &mut self.sources {
            let wish = match source {
                Source::Files(files) => files.poll(&mut out),
                Source::Command(command) => command.poll(&mut out),
            };
            pause = pause.min(wish);
        }
        // While the receiver has no room there is no use in coming back at once.
        self.is_full = out.is_full();
        if self.is_full { pause.max(BUSY) } else { pause }
    }

    /// Reads older lines again and hands them over; that they are gone is told, too.
    pub fn reload(&mut self, wanted: &Reload, sink: &mut dyn FnMut(LogEvent) -> Flow, now: Moment) {
        let stream = wanted.gap.stream;
        let read = self.sources.get(usize::from(stream.log)).and_then(|source| match source {
            Source::Files(files) => files.reload(wanted, &mut self.buffer, now),
            Source::Command(_) => None,
        });
        let event = match read {
            Some((bytes, segments)) => LogEvent::Reloaded { stream, bytes, segments },
            None => LogEvent::OldPart { stream, until: 0 },
        };
        // Behind what waits already.
        if !self.pending.is_empty() {
            self.pending.push_back(event);
        } else if let Flow::Full(event) = sink(event) {
            self.pending.push_back(event);
        }
    }

    /// Pipes whose writers may end the pause: a pipe is small, and who writes to it must not wait for us. There are none
    /// right after something was read (then the pause gathers lines), and none while the receiver has no room.
    #[must_use]
    pub fn awaited(&self) -> Vec<BorrowedFd<'_>> {
        let mut pipes = Vec::new();
        for source in self.sources.iter().filter(|_| !self.is_full) {
            match source {
                Source::Files(files) => pipes.extend(files.awaited()),
                Source::Command(command) => pipes.extend(command.awaited()),
            }
        }
        pipes
    }
}
