//! Entering and leaving: raw mode, alternate screen, cursor, bracketed paste, mouse. Leaving has a deadline and is done once,
//! whoever asks first: the loop, a panic, a signal. Nobody ever waits inside of a write: whoever did would hold the
//! terminal against whoever wants to restore it.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::process::getpgrp;
use rustix::termios::{
    OptionalActions, QueueSelector, Termios, Winsize, tcflush, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
};

const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[m\x1b[2J";
/// The same once more: the alternate screen without saving the cursor again, which would be restored on leaving.
const ENTER_AGAIN: &[u8] = b"\x1b[?47h\x1b[?25l\x1b[?2004h\x1b[m\x1b[2J";
/// Whatever was switched on goes off, the mouse too: a shell does not want its reports.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[?1049l";
/// Presses and the wheel are reported, as text that any column fits in.
pub const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
/// Nothing is reported.
pub const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";
/// A terminal that takes no byte for this long is left as it is.
const LEAVE_DEADLINE: Duration = Duration::from_millis(300);
/// A frame that is being written may finish within this time; then what the terminal has not taken is thrown away.
const FRAME_DEADLINE: Duration = Duration::from_millis(100);

/// The terminal to restore, if one was entered.
static ENTERED: Mutex<Option<Entered>> = Mutex::new(None);

/// Whose the terminal is. Held while a piece of a frame is written.
static TURN: Mutex<Turn> = Mutex::new(Turn { number: 0, in_frame: false });
/// A frame was written.
static FRAME_ENDED: Condvar = Condvar::new();

struct Turn {
    /// Counts entering and leaving: odd while the terminal is ours.
    number: u64,
    in_frame: bool,
}

struct Entered {
    tty: File,
    before: Termios,
}

/// Opens the terminal that the program stands in, for reading and writing without ever waiting. That it does not wait
/// is a property of this opening alone; the shell's is not touched.
pub fn open_tty() -> std::io::Result<File> {
    File::options().read(true).write(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open("/dev/tty")
}

fn turn() -> MutexGuard<'static, Turn> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A frame begins; the present turn, for [`write_in`].
pub fn begin_frame() -> u64 {
    let mut turn = turn();
    turn.in_frame = true;
    turn.number
}

/// The frame ended, or was given up.
pub fn end_frame() {
    turn().in_frame = false;
    FRAME_ENDED.notify_all();
}

/// Writes what the terminal takes now of a frame that was begun in this turn; nothing when the turn is over, so that
/// no frame goes on behind the restoring.
pub fn write_in(started: u64, mut tty: &File, bytes: &[u8]) -> std::io::Result<Option<usize>> {
    let now = turn();
    if now.number == started && started % 2 == 1 { tty.write(bytes).map(Some) } else { Ok(None) }
}

/// Columns and rows, at least one each way.
#[must_use]
pub fn size(tty: &File) -> (u16, u16) {
    match tcgetwinsize(tty) {
        Ok(Winsize { ws_col, ws_row, .. }) if ws_col > 0 && ws_row > 0 => (ws_col, ws_row),
        _ => (80, 24),
    }
}

/// Raw mode and the alternate screen. [`leave`] restores what was.
pub fn enter(tty: &File) -> std::io::Result<()> {
    let before = tcgetattr(tty)?;
    let mut raw = before.clone();
    raw.make_raw();
    tcsetattr(tty, OptionalActions::Now, &raw)?;
    turn().number |= 1;
    write_within(tty, ENTER, LEAVE_DEADLINE);
    if let Ok(mut entered) = ENTERED.lock() {
        *entered = Some(Entered { tty: tty.try_clone()?, before });
    }
    Ok(())
}

/// We were stopped and continued by somebody who told us nothing: what the terminal is like now nobody knows. Not while
/// it is another job's. Whether it is ours.
pub fn enter_again(tty: &File) -> bool {
    let entered = ENTERED.lock().is_ok_and(|entered| entered.is_some());
    if !entered || !tcgetpgrp(tty).is_ok_and(|group| group == getpgrp()) {
        return false;
    }
    // What is left of a frame belongs to the screen of before.
    let waited = FRAME_ENDED.wait_timeout_while(turn(), FRAME_DEADLINE, |turn| turn.in_frame);
    waited.unwrap_or_else(PoisonError::into_inner).0.number += 2;
    if let Ok(mut raw) = tcgetattr(tty) {
        raw.make_raw();
        let _ = tcsetattr(tty, OptionalActions::Now, &raw);
    }
    write_within(tty, ENTER_AGAIN, LEAVE_DEADLINE);
    true
}

/// Restores the terminal, once, within the deadlines above.
pub fn leave() {
    let Some(entered) = ENTERED.lock().ok().and_then(|mut e| e.take()) else { return };
    if !end_turn() || !write_within(&entered.tty, LEAVE, LEAVE_DEADLINE) {
        // The terminal is slow or stopped: what it has not taken makes room for the restoring.
        let _ = tcflush(&entered.tty, QueueSelector::OFlush);
        write_within(&entered.tty, LEAVE, LEAVE_DEADLINE);
    }
    let _ = tcsetattr(&entered.tty, OptionalActions::Now, &entered.before);
}

/// The terminal is not ours any more: what is left of a frame is dropped. Whether the last frame was written whole.
fn end_turn() -> bool {
    let waited = FRAME_ENDED.wait_timeout_while(turn(), FRAME_DEADLINE, |turn| turn.in_frame);
    let (mut turn, _) = waited.unwrap_or_else(PoisonError::into_inner);
    turn.number += turn.number % 2;
    !turn.in_frame
}

/// Writes while the terminal takes bytes, and gives up at the deadline: a dead line must not keep the program. Whether all of it was taken.
fn write_within(tty: &File, mut bytes: &[u8], deadline: Duration) -> bool {
    let end = Instant::now() + deadline;
    while !bytes.is_empty() {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(left.subsec_nanos()) };
        let mut fds = [PollFd::from_borrowed_fd(tty.as_fd(), PollFlags::OUT)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(1..) if fds[0].revents().contains(PollFlags::OUT) => {}
            Err(rustix::io::Errno::INTR) if !left.is_zero() => continue,
            _ => return false,
        }
        match (&*tty).write(bytes) {
            Ok(n) => bytes = bytes.get(n..).unwrap_or(&[]),
            Err(e) if matches!(e.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Err(_gone) => return false,
        }
    }
    true
}
