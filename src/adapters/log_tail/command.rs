//! The output of a program: argv, never a shell, in a process group of its own, with a small environment. Its pipes are
//! drained always; what the receiver has no room for is dropped and counted. It is started again when it ends.

use std::io::ErrorKind;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use memchr::{memchr_iter, memrchr};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use crate::domain::backoff;
use crate::domain::cause::Cause;
use crate::domain::moment::Moment;
use crate::domain::safe::Safe;
use crate::logs::LineAssembler;
use crate::logs::segment::{SegmentBuilder, Stream};

use super::outlet::Outlet;
use super::pace::{Pace, QUICK};
use super::{BUSY, LogEvent, LogState};

/// Most bytes read from one pipe in one turn.
const TURN: usize = 1024 * 1024;
/// Events that may wait for room; beyond, lines are dropped.
const WAITING: usize = 4;
/// A program that ran this long failed for a new reason: the pauses begin anew.
const STEADY: Duration = Duration::from_secs(60);
/// The least pause between two starts.
const PAUSE: Duration = Duration::from_secs(1);
/// What of our environment a program gets.
const ENVIRONMENT: [&str; 26] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "COMPOSE_FILE",
    "COMPOSE_PROJECT_NAME",
    "COMPOSE_PROFILES",
    "COMPOSE_ENV_FILES",
    "CONTAINER_HOST",
    "KUBECONFIG",
    "SYSTEMD_COLORS",
];

/// A log that a program writes.
pub struct CommandSource {
    log: u16,
    argv: Vec<String>,
    running: Option<Running>,
    failures: u32,
    next_start: Option<Moment>,
    state: Option<LogState>,
    pace: Pace,
    /// Its pipes were found empty in the last turn.
    drained: bool,
}

struct Running {
    child: Child,
    since: Moment,
    pipes: [Pipe; 2],
    said: Safe,
    /// How it ended, once it did; its pipes may still hold lines.
    ended: Option<Ended>,
}

/// How a program ended.
#[derive(Clone, Copy)]
struct Ended {
    /// Its exit status; `None` when a signal ended it.
    code: Option<i32>,
}

struct Pipe {
    fd: Option<OwnedFd>,
    assembler: LineAssembler,
    dropped_lines: u64,
    dropped_bytes: u64,
    last_line: Vec<u8>,
}

impl CommandSource {
    /// Prepares; nothing is started before the first turn.
    pub fn new(log: u16, argv: Vec<String>) -> CommandSource {
        CommandSource {
            log,
            argv,
            running: None,
            failures: 0,
            next_start: None,
            state: None,
            pace: Pace::default(),
            drained: false,
        }
    }

    /// One turn; gives the pause that suits it.
    pub fn poll(&mut self, out: &mut Outlet<'_>) -> Duration {
        out.stirred = false;
        self.drained = false;
        if self.running.is_none() && self.next_start.is_none_or(|at| out.now >= at) {
            match start(&self.argv, out.now) {
                Ok(running) => {
                    self.running = Some(running);
                    self.tell(LogState::Reading { files: 1, left_out: 0 }, out);
                }
                Err(cause) => self.pause(cause, out),
            }
        }
        let Some(running) = &mut self.running else { return self.pace.pause(out.now) };
        let read = running.read(Stream { log: self.log, file: 0 }, out);
        if running.is_over() {
            let cause = running.cause();
            if out.now.since(running.since) >= STEADY {
                self.failures = 0;
            }
            self.running = None;
            self.pause(cause, out);
        }
        match read {
            TURN.. => Duration::ZERO,
            1.. => {
                self.pace.stir(out.now);
                BUSY.max(QUICK / 4)
            }
            0 => {
                self.drained = true;
                if out.stirred {
                    self.pace.stir(out.now);
                }
                self.pace.pause(out.now)
            }
        }
    }

    /// Its pipes, when they were empty: more may come at any time.
    pub fn awaited(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let running = self.running.as_ref().filter(|_| self.drained);
        running
            .into_iter()
            .flat_map(|running| running.pipes.iter().filter_map(|pipe| pipe.fd.as_ref().map(AsFd::as_fd)))
    }

    fn pause(&mut self, cause: Cause, out: &mut Outlet<'_>) {
        self.failures = self.failures.saturating_add(1);
        let pause = backoff::pause(PAUSE, backoff::CAP, self.failures, &cause, 0.5);
        self.next_start = Some(out.now.plus(pause));
        self.tell(LogState::Failed { cause, retry_in: pause }, out);
    }

    fn tell(&mut self, state: LogState, out: &mut Outlet<'_>) {
        if self.state.as_ref() != Some(&state) {
            self.state = Some(state.clone());
            out.emit(LogEvent::State { log: self.log, state });
        }
    }
}

fn start(argv: &[String], now: Moment) -> Result<Running, Cause> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(Cause::Misconfigured(Safe::of("the command is empty")));
    };
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    command.envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Cause::CommandMissing(Safe::of(program)),
        ErrorKind::PermissionDenied => Cause::PermissionDenied(Safe::of(program)),
        _ => Cause::Other(Safe::of(format!("{program}: {error}"))),
    })?;
    let pipes = [Pipe::of(child.stdout.take().map(OwnedFd::from)), Pipe::of(child.stderr.take().map(OwnedFd::from))];
    Ok(Running { child, since: now, pipes, said: Safe::default(), ended: None })
}

impl Running {
    /// Reads both pipes, and sees whether the program ended. Gives the most that one pipe held.
    fn read(&mut self, stream: Stream, out: &mut Outlet<'_>) -> usize {
        // Asked before reading: when it has ended by now, one more reading finds all that it wrote.
        if self.ended.is_none() {
            self.ended = self.look_for_end();
        }
        let ended = self.ended.is_some();
        let mut most = 0;
        for pipe in &mut self.pipes {
            let read = out.with_buffers(stream, |out, buffer, builder| pipe.read(stream, out, buffer, builder));
            // Its children may hold the pipe open for ever; what is there now is the end.
            if ended && read < TURN {
                pipe.fd = None;
            }
            if pipe.fd.is_none() {
                out.with_buffers(stream, |out, _, builder| {
                    pipe.assembler.finish(builder, out.now, &mut |b| out.seal(stream, b));
                });
            }
            pipe.report(stream.log, out, ended);
            most = most.max(read);
        }
        if let Some(line) = self.pipes.iter().rev().map(|pipe| &pipe.last_line).find(|line| !line.is_empty()) {
            self.said = Safe::one_line(line).clipped(200);
        }
        most
    }

    fn is_over(&self) -> bool {
        self.ended.is_some() && self.pipes.iter().all(|pipe| pipe.fd.is_none())
    }

    fn cause(&self) -> Cause {
        Cause::CommandFailed { code: self.ended.and_then(|ended| ended.code), said: self.said.clone() }
    }

    /// Sees whether it ended, without reaping it: as long as it is not reaped its group's number is its own.
    fn look_for_end(&self) -> Option<Ended> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        match rustix::process::waitid(WaitId::Pid(self.pid()?), options) {
            Ok(Some(status)) => Some(Ended { code: status.exit_status() }),
            Ok(None) | Err(Errno::INTR) => None,
            Err(_) => Some(Ended { code: None }),
        }
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()).ok()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        }
        // Killed, it ends at once, unless it hangs in the kernel: it is not waited for longer than this.
        for _ in 0..50 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Pipe {
    fn of(fd: Option<OwnedFd>) -> Pipe {
        let ready = fd.filter(|fd| rustix::fs::fcntl_setfl(fd, OFlags::NONBLOCK).is_ok());
        Pipe { fd: ready, assembler: LineAssembler::new(), dropped_lines: 0, dropped_bytes: 0, last_line: Vec::new() }
    }

    fn read(&mut self, stream: Stream, out: &mut Outlet<'_>, buffer: &mut [u8], builder: &mut SegmentBuilder) -> usize {
        let mut total = 0;
        while total < TURN {
            let Some(fd) = &self.fd else { break };
            match rustix::io::read(fd.as_fd(), &mut *buffer) {
                Ok(0) => self.fd = None,
                Ok(length) => {
                    total += length;
                    self.take(stream, buffer.get(..length).unwrap_or_default(), out, builder);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(_) => self.fd = None,
            }
        }
        if !out.is_full() {
            self.assembler.flush_stale(builder, out.now, &mut |b| out.seal(stream, b));
        }
        total
    }

    fn take(&mut self, stream: Stream, mut piece: &[u8], out: &mut Outlet<'_>, builder: &mut SegmentBuilder) {
        self.remember(piece);
        if out.waiting() >= WAITING
            && let Some(end) = memrchr(b'\n', piece)
        {
            let (dropped, rest) = piece.split_at(end + 1);
            self.dropped_lines += memchr_iter(b'\n', dropped).count() as u64;
            self.dropped_bytes += dropped.len() as u64;
            // The beginning of the first dropped line goes with it.
            self.assembler = LineAssembler::new();
            piece = rest;
        }
        self.assembler.push(piece, builder, out.now, &mut |b| out.seal(stream, b));
    }

    /// Keeps the last words, for the cause when it ends.
    fn remember(&mut self, piece: &[u8]) {
        let text = piece.trim_ascii_end();
        let from = memrchr(b'\n', text).map_or(0, |at| at + 1);
        let line = text.get(from..).unwrap_or_default();
        if !line.is_empty() {
            self.last_line.clear();
            self.last_line.extend(line.iter().take(512));
        }
    }

    /// Reports what was dropped, once there is room again.
    fn report(&mut self, log: u16, out: &mut Outlet<'_>, ended: bool) {
        if self.dropped_lines > 0 && (ended || !out.is_full()) {
            let (lines, bytes) = (std::mem::take(&mut self.dropped_lines), std::mem::take(&mut self.dropped_bytes));
            out.lose(log, lines, bytes, "lines came faster than they could be taken".to_owned());
        }
    }
}
