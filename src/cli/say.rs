//! All printing: `Safe` lines to stdout or stderr, with one write per call. A reader that left is no failure.

use std::io::{self, Write};

use crate::domain::Safe;

/// Lines to stdout. `false` when the reader is gone or the device is full.
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

fn write<'a>(mut to: impl Write, lines: impl IntoIterator<Item = &'a Safe>) -> bool {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.as_str());
        text.push('\n');
    }
    to.write_all(text.as_bytes()).and_then(|()| to.flush()).is_ok()
}
