//! The thread that waits for the terminal: keys, and the hang-up that no signal announces. It sleeps in `poll` until
//! there is something, and gives an unfinished escape sequence some time for its rest.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::decoder::{Decoder, Input};

/// What the thread tells.
pub enum FromTerminal {
    /// Keys and pastes, in order.
    Inputs(Vec<Input>),
    /// The terminal is gone.
    HungUp,
}

/// A pause switch: while the near end is paused the thread reads nothing (a job stopped by the shell must not eat
/// the shell's keys). Dropping it ends the thread.
pub struct InputThread {
    wake: OwnedFd,
}

impl InputThread {
    /// Starts reading. `tell` is called on the thread; after `HungUp` it ends.
    pub fn start(tty: File, mut tell: impl FnMut(FromTerminal) + Send + 'static) -> std::io::Result<InputThread> {
        let (far, wake) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        std::thread::Builder::new()
            .name("terminal-in".to_owned())
            .spawn(move || read_until_gone(&tty, &far, &mut tell))?;
        Ok(InputThread { wake })
    }

    /// Ends the thread before the next read.
    pub fn stop(&self) {
        let _ = rustix::io::write(&self.wake, b"x");
    }
}

fn read_until_gone(tty: &File, wake: &OwnedFd, tell: &mut impl FnMut(FromTerminal)) {
    let mut decoder = Decoder::default();
    let mut bytes = [0u8; 1024];
    loop {
        let patience = decoder.patience().map(|p| Timespec { tv_sec: 0, tv_nsec: i64::from(p.subsec_nanos()) });
        let mut fds = [
            PollFd::from_borrowed_fd(tty.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(wake.as_fd(), PollFlags::IN),
        ];
        let inputs = match poll(&mut fds, patience.as_ref()) {
            Err(Errno::INTR) => continue,
            Err(_) => return tell(FromTerminal::HungUp),
            Ok(0) => decoder.flush(),
            Ok(_) => {
                if !fds[1].revents().is_empty() {
                    return;
                }
                match rustix::io::read(tty, &mut bytes) {
                    Ok(0) => return tell(FromTerminal::HungUp),
                    Ok(n) => decoder.feed(bytes.get(..n).unwrap_or(&[])),
                    Err(Errno::INTR | Errno::AGAIN) => continue,
                    Err(_) => return tell(FromTerminal::HungUp),
                }
            }
        };
        if !inputs.is_empty() {
            tell(FromTerminal::Inputs(inputs));
        }
    }
}
