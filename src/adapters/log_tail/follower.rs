//! One path and the files that stood there one after the other: each is read to its end before the next, late lines of
//! a rotated file are waited for, and what was truncated away unread is reported.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FileType;
use rustix::io::Errno;

use crate::domain::cause::Cause;
use crate::domain::figure;
use crate::domain::moment::Moment;
use crate::domain::safe::Safe;
use crate::logs::segment::{SegmentBuilder, Stream};
use crate::logs::{LineAssembler, Reload};

use super::backlog::{self, Backlog};
use super::file::{self, Identity, OpenFile, Read};
use super::files::{Past, Registry};
use super::outlet::Outlet;
use super::reload::{self, Reloaded};
use super::siblings;
use super::{LogEvent, Options};

/// A rotated file is let go when nothing was written to it for this long.
const LATE_LINES: Duration = Duration::from_secs(5);
/// A file that lost its name is let go after this: held open, it takes space on the disk.
const DELETED: Duration = Duration::from_secs(10);
/// Pause after a failed attempt to open.
pub const RETRY: Duration = Duration::from_secs(1);
/// Most bytes read in one turn.
const TURN: usize = 4 * 1024 * 1024;

/// Follows one path.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    stream: Stream,
    options: Options,
    /// Oldest first; the last is what stands at the path, while `present`.
    files: VecDeque<Reading>,
    /// A FIFO stood there at first sight and was named outright.
    fifo_allowed: Option<bool>,
    present: bool,
    opened_before: bool,
    next_try: Option<Moment>,
    /// Why the path cannot be read now.
    pub trouble: Option<Cause>,
}

#[derive(Debug)]
struct Reading {
    file: OpenFile,
    assembler: LineAssembler,
    backlog: Option<Backlog>,
    /// Where the old part ends that is only counted, and can be read again; 0 without one.
    old_until: u64,
    quiet_since: Moment,
    at_end: bool,
}

impl Follower {
    /// Follows `path`; a FIFO is read only where it was named outright, not found by a pattern.
    pub fn new(path: PathBuf, stream: Stream, options: Options, named: bool) -> Follower {
        Follower {
            path,
            stream,
            options,
            files: VecDeque::new(),
            fifo_allowed: if named { None } else { Some(false) },
            present: false,
            opened_before: false,
            next_try: None,
            trouble: None,
        }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether what stands at the path is being read.
    pub fn is_reading(&self) -> bool {
        self.present && !self.files.is_empty()
    }

    /// Whether nothing is open.
    pub fn is_idle(&self) -> bool {
        self.files.is_empty()
    }

    /// One turn. Gives whether there is more to read at once.
    pub fn poll(&mut self, out: &mut Outlet<'_>, registry: &mut Registry, owner: usize) -> bool {
        self.look(out, registry, owner);
        let more = self.read(out);
        self.retire(out, registry, owner);
        for reading in self.files.iter().filter(|r| !r.file.is_fifo) {
            registry.note(&reading.file, owner, true);
        }
        more
    }

    /// Whether something was read in the turn at `now`.
    pub fn is_fed(&self, now: Moment) -> bool {
        self.files.iter().any(|reading| reading.quiet_since == now)
    }

    /// Whether a FIFO has no writer now: the system does not tell when one comes, so it is looked at often.
    pub fn has_unattended_fifo(&self) -> bool {
        self.files.iter().any(|reading| reading.file.is_fifo && !reading.file.has_writer)
    }

    /// FIFOs whose writers may write at any time.
    pub fn awaited(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let quiet = |reading: &&Reading| reading.file.is_fifo && reading.file.has_writer && reading.at_end;
        self.files.iter().filter(quiet).map(|reading| reading.file.descriptor().as_fd())
    }

    /// Which stream its lines make.
    pub fn stream(&self) -> Stream {
        self.stream
    }

    /// Reads older lines again, if the file that held them is still open and the same.
    pub fn reload(&self, wanted: &Reload, buffer: &mut [u8], now: Moment) -> Option<Reloaded> {
        let reading = self.files.iter().find(|reading| reading.old_until >= wanted.gap.bytes.1)?;
        reload::read(&reading.file, wanted, buffer, now)
    }

    /// Lets go of everything, unfinished lines shown: the path is not followed any more.
    pub fn close(&mut self, out: &mut Outlet<'_>, registry: &mut Registry, owner: usize) {
        while let Some(reading) = self.files.pop_front() {
            self.let_go(reading, out, registry, owner);
        }
    }

    fn look(&mut self, out: &mut Outlet<'_>, registry: &mut Registry, owner: usize) {
        let seen = match file::look(&self.path) {
            Ok(seen) => seen,
            Err(cause) => {
                self.present = false;
                self.trouble = Some(cause);
                return;
            }
        };
        let fifo_allowed = *self.fifo_allowed.get_or_insert(seen.kind == FileType::Fifo);
        if self.files.back().is_some_and(|newest| newest.file.identity == seen.identity) {
            self.present = true;
            self.trouble = None;
            return;
        }
        self.present = false;
        if let Err(cause) = file::acceptable(seen.kind, fifo_allowed, &self.path) {
            self.trouble = Some(cause);
            return;
        }
        if self.next_try.is_some_and(|at| out.now < at) {
            return;
        }
        match self.open(out, registry, owner, fifo_allowed) {
            Ok(()) => self.trouble = None,
            Err(cause) => {
                self.trouble = Some(cause);
                self.next_try = Some(out.now.plus(RETRY));
            }
        }
    }

    fn open(
        &mut self,
        out: &mut Outlet<'_>,
        registry: &mut Registry,
        owner: usize,
        fifo_allowed: bool,
    ) -> Result<(), Cause> {
        let mut file = OpenFile::open(&self.path, fifo_allowed)?;
        let said = |errno: Errno| file::cause(errno, &self.path);
        let mut backlog = None;
        match registry.find(&file, owner) {
            Past::ReadElsewhere => {
                self.next_try = Some(out.now.plus(RETRY));
                return Ok(());
            }
            Past::ReadTo(position) => file.start_at(position).map_err(said)?,
            Past::New if !self.opened_before && !file.is_fifo => {
                let start =
                    backlog::tail_start(&file, file.size(), self.options.tail_bytes, out.buffer).map_err(said)?;
                file.start_at(start).map_err(said)?;
                backlog = Backlog::before(start);
            }
            Past::New => {}
        }
        if let Some(last) = self.files.back().filter(|_| !file.is_fifo) {
            let known: Vec<Identity> = self.files.iter().map(|r| r.file.identity).chain([file.identity]).collect();
            for between in siblings::missed(&self.path, &last.file, &file, &known) {
                if registry.find(&between, owner) == Past::New {
                    self.push(between, None, out.now);
                }
            }
        }
        if let Some(backlog) = &backlog {
            out.emit(LogEvent::OldPart { stream: self.stream, until: backlog.remaining() });
        }
        self.push(file, backlog, out.now);
        self.opened_before = true;
        self.present = true;
        Ok(())
    }

    fn push(&mut self, file: OpenFile, backlog: Option<Backlog>, now: Moment) {
        let old_until = backlog.as_ref().map_or(0, Backlog::remaining);
        self.files.push_back(Reading {
            file,
            old_until,
            assembler: LineAssembler::new(),
            backlog,
            quiet_since: now,
            at_end: false,
        });
    }

    /// Reads the files in their order, new lines first, then a block of what is only counted.
    fn read(&mut self, out: &mut Outlet<'_>) -> bool {
        let mut budget = TURN;
        let mut failed = None;
        for (at, reading) in self.files.iter_mut().enumerate() {
            match reading.read(self.stream, &mut budget, out) {
                Ok(()) if reading.at_end => {}
                Ok(()) => return true,
                Err(errno) => {
                    failed = Some((at, errno));
                    break;
                }
            }
        }
        if let Some((at, errno)) = failed {
            // A stale handle or a broken disk: the path is opened anew, where it stood.
            self.files.remove(at);
            self.trouble = Some(file::cause(errno, &self.path));
            self.next_try = Some(out.now.plus(RETRY));
            return false;
        }
        let mut more = false;
        for reading in &mut self.files {
            // One block in a turn, over all files: new lines do not wait for old ones.
            if !out.is_full() && reading.backlog.is_some() && !std::mem::replace(&mut out.counted, true) {
                reading.count_block(self.stream.log, out);
            }
            more |= reading.backlog.is_some();
        }
        more
    }

    /// Lets go of rotated and deleted files that fell silent.
    fn retire(&mut self, out: &mut Outlet<'_>, registry: &mut Registry, owner: usize) {
        let quiet = |reading: &Reading, limit: Duration| {
            reading.at_end && reading.backlog.is_none() && out.now.since(reading.quiet_since) >= limit
        };
        let last = self.files.len().saturating_sub(1);
        let done = self.files.iter().enumerate().map(|(at, reading)| {
            if at < last { quiet(reading, LATE_LINES) } else { !self.present && quiet(reading, DELETED) }
        });
        let done: Vec<bool> = done.collect();
        for at in (0..self.files.len()).rev() {
            if done.get(at) == Some(&true)
                && let Some(reading) = self.files.remove(at)
            {
                self.let_go(reading, out, registry, owner);
            }
        }
    }

    fn let_go(&self, mut reading: Reading, out: &mut Outlet<'_>, registry: &mut Registry, owner: usize) {
        out.with_buffers(self.stream, |out, _, builder| {
            reading.assembler.finish(builder, out.now, &mut |b| out.seal(self.stream, b));
        });
        if !reading.file.is_fifo {
            registry.note(&reading.file, owner, false);
        }
    }
}

impl Reading {
    /// Reads until the end, the budget's end, or until the receiver has no room.
    fn read(&mut self, stream: Stream, budget: &mut usize, out: &mut Outlet<'_>) -> Result<(), Errno> {
        out.with_buffers(stream, |out, buffer, builder| self.read_into(stream, budget, out, buffer, builder))
    }

    fn read_into(
        &mut self,
        stream: Stream,
        budget: &mut usize,
        out: &mut Outlet<'_>,
        buffer: &mut [u8],
        builder: &mut SegmentBuilder,
    ) -> Result<(), Errno> {
        self.at_end = false;
        let mut hole = 0;
        while *budget > 0 && !out.is_full() {
            match self.file.read(buffer)? {
                Read::Data(length) => {
                    *budget = budget.saturating_sub(length);
                    self.quiet_since = out.now;
                    let piece = buffer.get(..length).unwrap_or_default();
                    self.assembler.push(piece, builder, out.now, &mut |b| out.seal(stream, b));
                }
                Read::Hole(length) => hole += length,
                Read::End => {
                    self.at_end = true;
                    break;
                }
                Read::Replaced { unread } => {
                    self.assembler.finish(builder, out.now, &mut |b| out.seal(stream, b));
                    out.seal(stream, builder);
                    let uncounted = self.backlog.take().map_or(0, |backlog| backlog.remaining());
                    let why = "truncated or overwritten: what was written since the last look may be lost";
                    out.lose(stream.log, 0, unread + uncounted, why.to_owned());
                    if std::mem::take(&mut self.old_until) > 0 {
                        out.emit(LogEvent::OldPart { stream, until: 0 });
                    }
                    self.file.restart();
                    self.quiet_since = out.now;
                }
            }
        }
        if !out.is_full() {
            self.assembler.flush_stale(builder, out.now, &mut |b| out.seal(stream, b));
        }
        hole += self.assembler.take_nul_bytes();
        if hole > 0 {
            out.seal(stream, builder);
            out.lose(stream.log, 0, 0, format!("passed over a hole of {} (NUL bytes)", figure::bytes(hole)));
        }
        Ok(())
    }

    fn count_block(&mut self, log: u16, out: &mut Outlet<'_>) {
        let Some(backlog) = &mut self.backlog else { return };
        let block = backlog.count(&self.file, out.buffer, out.now.wall.timestamp_micros());
        let rest = backlog.remaining();
        if rest == 0 || block.is_none() {
            self.backlog = None;
        }
        if let Some(block) = block {
            out.emit(LogEvent::Summary { log, block });
        } else {
            out.lose(log, 0, rest, "truncated before its old part was counted".to_owned());
        }
    }
}

/// The words for a path at which nothing stands yet.
pub fn waiting_for(path: &Path) -> Safe {
    Safe::of(format!("no file {} yet", path.display()))
}
