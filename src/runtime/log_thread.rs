//! The thread that reads all logs. Its reader keeps what the inbox has no room for: files wait, pipes drop and count.
//! Between turns it sleeps until the reader's pause is over, a pipe it reads from has something, or it is to leave.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::adapters::log_tail::{self, Flow, LogReader, LogState, Options};
use crate::app::event::LogEvent;
use crate::config::resolved::LogSpec;
use crate::domain::Cause;
use crate::logs::Reload;

use super::clock;
use super::inbox::Inbox;

/// Questions that wait at most.
const QUESTIONS: usize = 4;

/// The near end. Dropping it ends the thread and the programs that it reads from.
pub struct LogThread {
    /// A byte tells the thread that something is asked of it; closed, it tells it to leave.
    wake: Option<OwnedFd>,
    asked: Option<SyncSender<Reload>>,
    thread: Option<JoinHandle<()>>,
}

impl LogThread {
    /// Starts reading; without logs there is no thread.
    pub fn start(specs: &[LogSpec], inbox: Arc<Inbox>) -> std::io::Result<LogThread> {
        if specs.is_empty() {
            return Ok(LogThread { wake: None, asked: None, thread: None });
        }
        let (far, wake) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let (asked, questions) = sync_channel(QUESTIONS);
        let reader = LogReader::new(specs, Options::default());
        let thread = std::thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || read(reader, &far, &questions, &inbox))?;
        Ok(LogThread { wake: Some(wake), asked: Some(asked), thread: Some(thread) })
    }

    /// Asks for older lines. The program asks for one stretch at a time, so there is room.
    pub fn reload(&self, wanted: Reload) {
        if let (Some(asked), Some(wake)) = (&self.asked, &self.wake)
            && asked.try_send(wanted).is_ok()
        {
            let _ = rustix::io::write(wake, b"x");
        }
    }
}

impl Drop for LogThread {
    fn drop(&mut self) {
        self.wake.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(mut reader: LogReader, far: &OwnedFd, questions: &Receiver<Reload>, inbox: &Inbox) {
    loop {
        let mut sink = |event: log_tail::LogEvent| {
            if inbox.offer_log(translated(&event)) { Flow::Taken } else { Flow::Full(event) }
        };
        for wanted in questions.try_iter() {
            reader.reload(&wanted, &mut sink, clock::now());
        }
        let pause = reader.poll(&mut sink, clock::now());
        if !sleep(&reader, pause, far) {
            return;
        }
    }
}

/// Sleeps until there is something to do. `false` when it is to leave.
fn sleep(reader: &LogReader, pause: Duration, far: &OwnedFd) -> bool {
    let patience = Timespec { tv_sec: pause.as_secs().cast_signed(), tv_nsec: i64::from(pause.subsec_nanos()) };
    let mut fds = vec![PollFd::from_borrowed_fd(far.as_fd(), PollFlags::IN)];
    fds.extend(reader.awaited().into_iter().map(|pipe| PollFd::from_borrowed_fd(pipe, PollFlags::IN)));
    match poll(&mut fds, Some(&patience)) {
        Ok(_) | Err(Errno::INTR) if fds.first().is_none_or(|far| far.revents().is_empty()) => true,
        // Nothing to read but the end: it was closed.
        Ok(_) | Err(Errno::INTR) => !matches!(rustix::io::read(far, &mut [0u8; 64]), Ok(0)),
        Err(_) => {
            // Without the means to wait it only rests: reading goes on.
            std::thread::sleep(pause);
            true
        }
    }
}

fn translated(event: &log_tail::LogEvent) -> LogEvent {
    match event {
        log_tail::LogEvent::Segment(segment) => LogEvent::Lines(Arc::clone(segment)),
        log_tail::LogEvent::Summary { log, block } => LogEvent::Counted { log: *log, block: *block },
        log_tail::LogEvent::OldPart { stream, until } => LogEvent::OldPart { stream: *stream, until: *until },
        log_tail::LogEvent::Reloaded { stream, bytes, segments } => {
            LogEvent::Reloaded { stream: *stream, bytes: *bytes, segments: segments.clone() }
        }
        log_tail::LogEvent::Loss { log, lines, bytes, why } => {
            LogEvent::Lost { log: *log, lines: *lines, bytes: *bytes, why: why.clone() }
        }
        log_tail::LogEvent::State { log, state } => LogEvent::State {
            log: *log,
            state: match state {
                LogState::Reading { .. } => Ok(()),
                LogState::Waiting(why) => Err(Cause::Other(why.clone())),
                LogState::Failed { cause, .. } => Err(cause.clone()),
            },
        },
    }
}
