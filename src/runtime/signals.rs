//! Signals of the system become events: asked to leave, resized, stopped by the shell, going on.

use std::sync::Arc;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::Event;

use super::inbox::Inbox;
use super::io_thread::IoThread;

/// 128 + SIGHUP: the terminal went away.
pub const EXIT_HANGUP: u8 = 129;

/// The exit status of a program that a signal asked to leave: 128 and its number.
#[must_use]
pub fn exit_status(signal: &str) -> u8 {
    match signal {
        "SIGHUP" => EXIT_HANGUP,
        "SIGINT" => 130,
        "SIGQUIT" => 131,
        _ => 143,
    }
}

/// Listens from now on: when it returns, none of these signals ends the program by itself any more.
pub fn listen(io: &IoThread, inbox: &Arc<Inbox>) -> std::io::Result<()> {
    for (kind, name) in [
        (SignalKind::hangup(), "SIGHUP"),
        (SignalKind::terminate(), "SIGTERM"),
        (SignalKind::interrupt(), "SIGINT"),
        (SignalKind::quit(), "SIGQUIT"),
    ] {
        each(io, kind, Arc::clone(inbox), move |inbox| inbox.tell(Event::AskedToLeave(name)))?;
    }
    let stop = SignalKind::from_raw(Signal::TSTP.as_raw());
    each(io, stop, Arc::clone(inbox), |inbox| inbox.tell(Event::AskedToSuspend))?;
    each(io, SignalKind::from_raw(Signal::CONT.as_raw()), Arc::clone(inbox), |inbox| inbox.tell(Event::Continued))?;
    // The loop asks the terminal for its size at each draw; it only has to be woken.
    each(io, SignalKind::window_change(), Arc::clone(inbox), |inbox| inbox.tell(Event::Resized))
}

fn each(
    io: &IoThread,
    kind: SignalKind,
    inbox: Arc<Inbox>,
    tell: impl Fn(&Inbox) + Send + 'static,
) -> std::io::Result<()> {
    let mut stream = io.within(|| signal(kind))?;
    io.spawn(async move {
        while stream.recv().await.is_some() {
            tell(&inbox);
        }
    });
    Ok(())
}
