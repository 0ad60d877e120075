//! Makes the pictures of the README from the running program: its demo in a pseudo-terminal, an incident on its way, the
//! screen written as SVG. `cargo build && cargo run --example picture` writes `assets/*.svg`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a tool of the repository may stop")]

mod svg;

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use vt100::Parser;

const COLUMNS: u16 = 120;
const ROWS: u16 = 40;
/// Longest wait for something on the screen.
const PATIENCE: Duration = Duration::from_secs(120);
/// A page settles within this time after its key.
const SETTLED: Duration = Duration::from_secs(3);
/// So long the trouble is watched, for the charts to show it.
const WATCHED: Duration = Duration::from_secs(25);

fn main() {
    let program = std::env::current_exe().unwrap();
    let program = program.parent().and_then(Path::parent).unwrap().join("quarterdeck");
    assert!(program.exists(), "build the program first: cargo build");
    let pair =
        native_pty_system().openpty(PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(program);
    command.args(["demo", "--scenario", "pool-exhaustion"]);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.env_remove("COLORTERM");
    command.env_remove("NO_COLOR");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let screen = Arc::new(Mutex::new(Parser::new(ROWS, COLUMNS, 0)));
    let (theirs, mut output) = (Arc::clone(&screen), pair.master.try_clone_reader().unwrap());
    let reader = thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(n @ 1..) = output.read(&mut bytes) {
            theirs.lock().unwrap().process(&bytes[..n]);
        }
    });
    let mut keys = pair.master.take_writer().unwrap();
    wait_for(&screen, "idle in tx");
    thread::sleep(WATCHED);
    for (key, name) in [("1", "overview"), ("3", "database"), ("5", "logs")] {
        keys.write_all(key.as_bytes()).unwrap();
        keys.flush().unwrap();
        thread::sleep(SETTLED);
        let picture = svg::of(screen.lock().unwrap().screen());
        std::fs::write(format!("{}/assets/{name}.svg", env!("CARGO_MANIFEST_DIR")), picture).unwrap();
    }
    keys.write_all(b"1q").unwrap();
    keys.flush().unwrap();
    assert!(child.wait().unwrap().success());
    drop((keys, pair.master));
    reader.join().unwrap();
}

fn wait_for(screen: &Mutex<Parser>, words: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !screen.lock().unwrap().screen().contents().contains(words) {
        assert!(Instant::now() < deadline, "{words} never came:\n{}", screen.lock().unwrap().screen().contents());
        thread::sleep(Duration::from_millis(100));
    }
}
