//! All printing: `Safe` lines to stdout or stderr, with one write per call. A reader that left is no failure.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use crate::domain::Safe;
use crate::runtime::refusal::Told;

/// Exit status of sysexits for output that could not be written.
const IO: u8 = 74;

/// Prints what was asked for: done, also when the reader left early; 74 when the device is full.
pub fn print<'a>(lines: impl IntoIterator<Item = &'a Safe>) -> ExitCode {
    if out(lines) { ExitCode::SUCCESS } else { ExitCode::from(IO) }
}

/// Lines to stdout. `false` when they could not be written; a reader that left early wanted no more.
pub fn out<'a>(lines: impl IntoIterator<Item = &'a Safe>) -> bool {
    write(io::stdout().lock(), lines)
}

/// Lines to stderr.
pub fn err<'a>(lines: impl IntoIterator<Item = &'a Safe>) -> bool {
    write(io::stderr().lock(), lines)
}

/// One sentence to stderr, as `quarterdeck: …`.
pub fn complain(words: impl AsRef<str>) -> bool {
    err([&Safe::of(format!("quarterdeck: {}", words.as_ref()))])
}

/// What was to be told for a record that a program left as it was turned away.
pub fn recorded(told: &Told) {
    for line in &told.troubles {
        complain(line);
    }
    out(told.head.as_slice());
}

fn write<'a>(mut to: impl Write, lines: impl IntoIterator<Item = &'a Safe>) -> bool {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.as_str());
        text.push('\n');
    }
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Ok(()) => true,
        Err(e) => e.kind() == ErrorKind::BrokenPipe,
    }
}
