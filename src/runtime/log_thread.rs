//! The thread that reads all logs. Its reader keeps what the inbox has no room for: files wait, pipes drop and count.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::adapters::log_tail::{self, Flow, LogReader, LogState, Options};
use crate::app::event::LogEvent;
use crate::config::resolved::LogSpec;
use crate::domain::Cause;

use super::clock;
use super::inbox::Inbox;

/// The near end. Dropping it ends the thread and the programs that it reads from.
pub struct LogThread {
    leave: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LogThread {
    /// Starts reading; without logs there is no thread.
    pub fn start(specs: &[LogSpec], inbox: Arc<Inbox>) -> std::io::Result<LogThread> {
        if specs.is_empty() {
            return Ok(LogThread { leave: None, thread: None });
        }
        let (leave, left) = sync_channel(1);
        let reader = LogReader::new(specs, Options::default());
        let thread = std::thread::Builder::new().name("logs".to_owned()).spawn(move || read(reader, &left, &inbox))?;
        Ok(LogThread { leave: Some(leave), thread: Some(thread) })
    }
}

impl Drop for LogThread {
    fn drop(&mut self) {
        self.leave.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(mut reader: LogReader, left: &Receiver<()>, inbox: &Inbox) {
    loop {
        let mut sink = |event: log_tail::LogEvent| {
            if inbox.offer_log(translated(&event)) { Flow::Taken } else { Flow::Full(event) }
        };
        let pause = reader.poll(&mut sink, clock::now());
        match left.recv_timeout(pause) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn translated(event: &log_tail::LogEvent) -> LogEvent {
    match event {
        log_tail::LogEvent::Segment(segment) => LogEvent::Lines(Arc::clone(segment)),
        log_tail::LogEvent::Summary { log, block } => LogEvent::Counted { log: *log, block: *block },
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
