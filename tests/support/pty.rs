//! The real binary in a pseudo-terminal: every byte that it writes is kept and replayed by a terminal emulator. All
//! waiting is for something on the screen or for the end of the program, with a deadline that only a failure reaches.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

#[path = "whole_frames.rs"]
mod whole_frames;

/// The longest wait for anything; only a failed test waits that long.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Actions of a menu, at most.
const MENU: usize = 40;
/// The program is out within this time after it was told to leave, whatever hangs.
pub const OUT_WITHIN: Duration = Duration::from_secs(2);
/// What a slow terminal takes at once …
const SLOW_BYTES: usize = 100;
/// … and its pause before that.
const SLOW_PAUSE: Duration = Duration::from_millis(100);
/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_quarterdeck");

/// What is started, and how.
pub struct Start {
    program: PathBuf,
    arguments: Vec<std::ffi::OsString>,
    variables: Vec<(String, String)>,
    size: (u16, u16),
    world: TempDir,
}

impl Start {
    /// The dashboard with these arguments.
    pub fn new<A: AsRef<std::ffi::OsStr>>(arguments: &[A]) -> Start {
        Start::program(BINARY, arguments)
    }

    /// Any program, such as a shell that starts the dashboard.
    pub fn program<A: AsRef<std::ffi::OsStr>>(program: impl Into<PathBuf>, arguments: &[A]) -> Start {
        Start {
            program: program.into(),
            arguments: arguments.iter().map(|a| a.as_ref().to_owned()).collect(),
            variables: Vec::new(),
            size: (120, 40),
            world: TempDir::with_prefix("quarterdeck-pty-").unwrap(),
        }
    }

    /// Columns and rows at the start.
    pub fn size(mut self, columns: u16, rows: u16) -> Start {
        self.size = (columns, rows);
        self
    }

    /// One more variable.
    pub fn variable(mut self, name: &str, value: &str) -> Start {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The current folder and home of the program, for files that it reads.
    pub fn world(&self) -> &Path {
        self.world.path()
    }

    /// Starts it.
    pub fn run(self) -> Session {
        let (columns, rows) = self.size;
        let pair = native_pty_system().openpty(pty_size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(&self.program);
        command.args(&self.arguments);
        command.env_clear();
        command.cwd(self.world.path());
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")] {
            command.env(name, value);
        }
        command.env("HOME", self.world.path());
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        let before = format!("{:?}", pair.master.get_termios().unwrap());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shared = Arc::new(Shared::new(columns, rows));
        let reader = pair.master.try_clone_reader().unwrap();
        let theirs = Arc::clone(&shared);
        thread::spawn(move || read(reader, &theirs));
        let pid = child.process_id().and_then(|pid| Pid::from_raw(pid as i32)).unwrap();
        let theirs = Arc::clone(&shared);
        thread::spawn(move || reap(child, &theirs));
        let writer = Some(pair.master.take_writer().unwrap());
        Session { shared, master: Some(pair.master), writer, pid, before, world: self.world }
    }
}

fn pty_size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

/// What a terminal was asked that is no picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked(pub Vec<String>);

impl vt100::Callbacks for Asked {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("bell".to_owned());
    }
    fn visual_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("visual bell".to_owned());
    }
    fn resize(&mut self, _: &mut vt100::Screen, size: (u16, u16)) {
        self.0.push(format!("resize {size:?}"));
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, name: &[u8]) {
        self.0.push(format!("icon {name:?}"));
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.0.push(format!("title {title:?}"));
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, kind: &[u8], data: &[u8]) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.0.push(format!("clipboard {} {}", text(kind), text(data)));
    }
    fn paste_from_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0.push("read of the clipboard".to_owned());
    }
}

/// What the terminal has seen so far.
pub struct Seen {
    /// Every byte.
    pub bytes: Vec<u8>,
    /// The screen after the last whole frame of them.
    pub terminal: vt100::Parser<Asked>,
    /// How many of the bytes are on the screen.
    shown: usize,
    /// How the program ended.
    pub ended: Option<ExitStatus>,
    closed: bool,
    taking: Taking,
}

/// Whether the terminal takes bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taking {
    Yes,
    /// As over a line of 1 kB/s.
    Slowly,
    NotNow,
    Gone,
}

impl Seen {
    /// The screen as lines.
    pub fn screen(&self) -> String {
        self.terminal.screen().contents()
    }

    /// Whether the screen holds these words.
    pub fn shows(&self, words: &str) -> bool {
        self.screen().contains(words)
    }

    /// Shows whole frames; of a terminal that is left, all that came.
    fn show(&mut self, all: bool) {
        let waiting = &self.bytes[self.shown..];
        let count = if all { waiting.len() } else { whole_frames::whole(waiting) };
        self.terminal.process(&waiting[..count]);
        self.shown += count;
    }

    /// What was asked of the terminal beside the picture.
    pub fn asked(&self) -> &[String] {
        &self.terminal.callbacks().0
    }
}

struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

impl Shared {
    fn new(columns: u16, rows: u16) -> Shared {
        // The emulator knows no tiny sizes.
        let terminal = vt100::Parser::new_with_callbacks(rows.max(10), columns.max(40), 0, Asked::default());
        let seen = Seen { bytes: Vec::new(), terminal, shown: 0, ended: None, closed: false, taking: Taking::Yes };
        Shared { seen: Mutex::new(seen), changed: Condvar::new() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(mut reader: Box<dyn Read + Send>, shared: &Shared) {
    let mut chunk = [0; 16 * 1024];
    loop {
        let stopped = |seen: &mut Seen| seen.taking == Taking::NotNow;
        let taking = shared.changed.wait_while(shared.seen(), stopped).unwrap_or_else(PoisonError::into_inner).taking;
        let room = if taking == Taking::Slowly {
            thread::sleep(SLOW_PAUSE);
            SLOW_BYTES
        } else {
            chunk.len()
        };
        let count = if taking == Taking::Gone { 0 } else { reader.read(&mut chunk[..room]).unwrap_or(0) };
        let mut seen = shared.seen();
        if count == 0 {
            // The far end hears of it when nobody holds the near end any more.
            drop(reader);
            seen.show(true);
            seen.closed = true;
            shared.changed.notify_all();
            return;
        }
        seen.bytes.extend_from_slice(&chunk[..count]);
        seen.show(false);
        shared.changed.notify_all();
    }
}

fn reap(mut child: Box<dyn Child + Send + Sync>, shared: &Shared) {
    let status = child.wait().unwrap();
    shared.seen().ended = Some(status);
    shared.changed.notify_all();
}

/// The title that is chosen in the menu of actions, without what changes beside it from second to second.
pub fn chosen(screen: &str) -> Option<String> {
    let (_, line) = screen.lines().find_map(|line| line.split_once("▶L"))?;
    line.split("  ").nth(1).map(str::to_owned)
}

/// A program in its terminal. Dropping it ends the program.
pub struct Session {
    shared: Arc<Shared>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    /// The process, that is the program itself or the shell around it.
    pub pid: Pid,
    before: String,
    world: TempDir,
}

impl Session {
    /// The current folder and home of the program.
    pub fn world(&self) -> &Path {
        self.world.path()
    }

    /// What was seen so far.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.shared.seen()
    }

    /// The screen now.
    pub fn screen(&self) -> String {
        self.seen().screen()
    }

    /// Waits until what was seen is as wanted.
    #[track_caller]
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&Seen) -> bool) {
        assert!(self.waited(PATIENCE, &wanted), "never came: {what}\n{}", self.picture());
    }

    /// As [`Session::wait_until`], for what takes its time by itself.
    #[track_caller]
    pub fn wait_long(&self, what: &str, patience: Duration, wanted: impl Fn(&Seen) -> bool) {
        assert!(self.waited(patience, &wanted), "never came: {what}\n{}", self.picture());
    }

    /// Waits until the screen holds these words.
    #[track_caller]
    pub fn wait_for(&self, words: &str) {
        self.wait_until(words, |seen| seen.shows(words));
    }

    /// Waits until the screen does not hold these words.
    #[track_caller]
    pub fn wait_gone(&self, words: &str) {
        self.wait_until(&format!("no {words}"), |seen| !seen.shows(words));
    }

    fn waited(&self, patience: Duration, wanted: &impl Fn(&Seen) -> bool) -> bool {
        let until = Instant::now() + patience;
        let mut seen = self.seen();
        loop {
            if wanted(&seen) {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            seen = self.shared.changed.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn picture(&self) -> String {
        let seen = self.seen();
        let tail = seen.bytes.len().saturating_sub(300);
        format!(
            "ended: {:?}\nlast bytes: {:?}\n{}",
            seen.ended,
            String::from_utf8_lossy(&seen.bytes[tail..]),
            seen.screen()
        )
    }

    /// Types bytes, in one write.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(bytes.as_ref()).and_then(|()| writer.flush()).unwrap();
    }

    /// Types a key and waits for the words that it brings.
    #[track_caller]
    pub fn press(&mut self, bytes: impl AsRef<[u8]>, words: &str) {
        self.send(bytes);
        self.wait_for(words);
    }

    /// Opens the menu of actions and points at the one with this title.
    #[track_caller]
    pub fn point_at(&mut self, title: &str) {
        self.press("a", "Enter shows the card");
        for _ in 0..MENU {
            let before = chosen(&self.screen());
            if before.as_ref().is_some_and(|at| at.contains(title)) {
                return;
            }
            self.send("\x1b[B");
            // Half a frame may show none.
            self.wait_until("the pointer moves", |seen| {
                let now = chosen(&seen.screen());
                now.is_some() && now != before
            });
        }
        panic!("never pointed at: {title}\n{}", self.picture());
    }

    /// Changes the size of the terminal.
    pub fn resize(&self, columns: u16, rows: u16) {
        // The emulator first: what is drawn for the new size must not meet the old one.
        self.seen().terminal.screen_mut().set_size(rows, columns);
        self.resize_unseen(columns, rows);
    }

    /// Changes the size of the terminal, but not that of the emulator, which knows no tiny ones.
    pub fn resize_unseen(&self, columns: u16, rows: u16) {
        self.master.as_ref().unwrap().resize(pty_size(columns, rows)).unwrap();
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// The terminal takes no byte any more (at most one chunk on its way is still taken), or takes them again.
    pub fn reading(&self, reading: bool) {
        self.seen().taking = if reading { Taking::Yes } else { Taking::NotNow };
        self.shared.changed.notify_all();
    }

    /// The terminal takes 1 kB in a second, from now until [`Session::reading`].
    pub fn slow(&self) {
        self.seen().taking = Taking::Slowly;
        self.shared.changed.notify_all();
    }

    /// The terminal goes away. It ends with the byte that comes next: the clock on the screen writes one each second.
    pub fn close(&mut self) {
        self.writer = None;
        self.master = None;
        self.seen().taking = Taking::Gone;
        self.shared.changed.notify_all();
        self.wait_until("the end of the terminal", |seen| seen.closed);
    }

    /// How the program ended, within this time.
    #[track_caller]
    pub fn ended_within(&self, time: Duration) -> ExitStatus {
        let begun = Instant::now();
        assert!(self.waited(PATIENCE, &|seen: &Seen| seen.ended.is_some()), "it never ended\n{}", self.picture());
        let took = begun.elapsed();
        assert!(took <= time, "it took {took:?} to end\n{}", self.picture());
        self.seen().ended.clone().unwrap()
    }

    /// Waits for the end; the exit status.
    #[track_caller]
    pub fn exit_code(&self) -> u32 {
        self.ended_within(PATIENCE);
        self.wait_until("the end of what was written", |seen| seen.closed);
        self.seen().ended.as_ref().unwrap().exit_code()
    }

    /// The settings of the terminal's line as text.
    pub fn termios(&self) -> String {
        format!("{:?}", self.master.as_ref().unwrap().get_termios().unwrap())
    }

    /// The terminal is as it was before the program: screen, cursor, paste, line settings.
    #[track_caller]
    pub fn assert_restored(&self) {
        let termios = self.termios();
        let seen = self.seen();
        let screen = seen.terminal.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was not left");
        assert!(!screen.hide_cursor(), "the cursor stayed hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste stayed on");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert_eq!(screen.mouse_protocol_encoding(), vt100::MouseProtocolEncoding::Default);
        assert_eq!(screen.fgcolor(), vt100::Color::Default);
        assert!(!screen.bold() && !screen.inverse(), "a style stayed on");
        assert_eq!(termios, self.before, "the line's settings were not restored");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut seen = self.seen();
        seen.taking = Taking::Gone;
        // Until it was seen to end, the process is not reaped and its number is not given to another.
        if seen.ended.is_none() {
            let _already_gone = kill_process(self.pid, Signal::KILL);
        }
        drop(seen);
        self.shared.changed.notify_all();
    }
}
