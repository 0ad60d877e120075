//! Traces stay together: which lines continue the entry above (stack frames, causes, the closing exception), so that
//! they share its level in filters and are not counted as entries of their own.

use super::level::Level;
use super::scan::{self, Scan, Shape};

/// What the lines of one stream look like so far.
#[derive(Debug, Default)]
pub struct Traces {
    /// Level of the entry above; `None` before the first.
    above: Option<Level>,
    /// The line above continued an entry.
    inside: bool,
    /// The line above was indented, or the head of a trace.
    indented: bool,
    /// Service of the line above, where a compose prefix names it.
    service: Vec<u8>,
}

/// A line's place in its stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// Microseconds since 1970.
    pub time: Option<i64>,
    /// Its own level, or that of the entry it continues.
    pub level: Level,
    /// Whether it continues the entry above.
    pub continuation: bool,
}

impl Traces {
    /// Scans the next line of the stream and places it.
    pub fn place(&mut self, line: &[u8], now: i64) -> Placed {
        let seen = scan::scan(line, now);
        let service = seen.service.unwrap_or_default();
        if service != self.service {
            *self = Traces { service: service.to_vec(), ..Traces::default() };
        }
        let states = seen.time.is_some() || (seen.shape != Shape::Plain && seen.level != Level::Unknown);
        if let Some(above) = self.above.filter(|_| !states && self.continues(&seen)) {
            self.inside = true;
            self.indented = seen.body.first().is_some_and(u8::is_ascii_whitespace) || is_head(seen.body);
            return Placed { time: None, level: above, continuation: true };
        }
        let head = !states && is_head(seen.body);
        let level = if head { seen.level.max(Level::Error) } else { seen.level };
        (self.above, self.inside, self.indented) = (Some(level), head, head);
        Placed { time: seen.time, level, continuation: false }
    }

    /// The next piece of a line that was already shown in part.
    pub fn place_rest(&self) -> Placed {
        Placed { time: None, level: self.above.unwrap_or_default(), continuation: true }
    }

    fn continues(&self, seen: &Scan<'_>) -> bool {
        let body = seen.body;
        let Some(first) = body.first() else { return self.inside };
        match first {
            b' ' | b'\t' => !body.trim_ascii().is_empty() || self.inside,
            b'}' | b']' | b')' => true,
            _ if is_head(body) => self.inside || self.above.is_some_and(|above| above >= Level::Warn),
            _ if is_part(body) => true,
            _ => self.inside && self.indented && seen.level == Level::Unknown && is_frame(body),
        }
    }
}

/// The first line of a trace. Behind an entry that reports no trouble it is an entry of its own, and an error.
fn is_head(body: &[u8]) -> bool {
    const HEADS: [&[u8]; 3] = [b"Traceback (most recent call last)", b"Exception in thread ", b"goroutine "];
    HEADS.iter().any(|head| body.starts_with(head)) && (body.first() != Some(&b'g') || body.ends_with(b":"))
}

/// Lines that only ever stand inside a trace.
fn is_part(body: &[u8]) -> bool {
    const PARTS: [&[u8]; 11] = [
        b"Caused by: ",
        b"Suppressed: ",
        b"During handling of the above exception",
        b"The above exception was",
        b"--- End of ",
        b"stack backtrace:",
        b"Stack trace:",
        b"note: run with `RUST_BACKTRACE",
        b"created by ",
        b"... ",
        b"[Previous line repeated",
    ];
    PARTS.iter().any(|part| body.starts_with(part)) || (body.starts_with(b"at ") && body.contains(&b'('))
}

/// `package.module.SomeError: words`, `AssertionError`, `main.run(0x1)`: a word of a program at the line's beginning.
fn is_frame(body: &[u8]) -> bool {
    let word =
        body.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$' | b'/' | b'*')).count();
    word > 0
        && body.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && matches!(body.get(word), None | Some(b':' | b'('))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(lines: &[&str]) -> Vec<(Level, bool)> {
        let mut traces = Traces::default();
        lines.iter().map(|l| traces.place(l.as_bytes(), 0)).map(|p| (p.level, p.continuation)).collect()
    }

    #[test]
    fn a_python_trace_belongs_to_its_error() {
        let found = places(&[
            r#"{"time":"2026-01-02T12:00:00Z","level":"ERROR","message":"x"}"#,
            "Traceback (most recent call last):",
            "  File \"/app/main.py\", line 214, in run_step",
            "    raise ValueError from ERROR",
            "app.errors.WorkflowError: step 7 failed",
            "",
            "During handling of the above exception, another exception occurred:",
            "Traceback (most recent call last):",
            "  File \"x\"",
            "KeyError: 'x'",
            r#"{"time":"2026-01-02T12:00:00Z","level":"INFO","message":"x"}"#,
            "plain",
        ]);
        let mut expected = vec![(Level::Error, true); 12];
        expected[0].1 = false;
        expected[10] = (Level::Info, false);
        expected[11] = (Level::Unknown, false);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_trace_without_an_error_above_is_an_error_itself() {
        let found =
            places(&["INFO: fine", "Traceback (most recent call last):", "  File \"x\"", "KeyError: 'x'", "INFO: on"]);
        let levels = [Level::Info, Level::Error, Level::Error, Level::Error, Level::Info];
        assert_eq!(found, levels.into_iter().zip([false, false, true, true, false]).collect::<Vec<_>>());
    }

    #[test]
    fn java_node_go_and_rust() {
        let found = places(&[
            "2026-01-02 12:00:00 ERROR c.x.Y - failed",
            "java.lang.IllegalStateException: no",
            "\tat c.x.Y.run(Y.java:5)",
            "Caused by: java.io.IOException: x",
            "\t... 12 more",
            "2026-01-02 12:00:00 INFO c.x.Y - on",
        ]);
        let continued: Vec<bool> = found.iter().map(|f| f.1).collect();
        assert_eq!(continued, [false, false, true, true, true, false]);
        let found =
            places(&["panic: oh", "", "goroutine 1 [running]:", "main.main()", "\t/x.go:1 +0x1", "exit status 2"]);
        assert_eq!(found.iter().map(|f| f.1).collect::<Vec<_>>(), [false, false, false, true, true, false]);
    }

    #[test]
    fn services_do_not_mix() {
        let found = places(&["a-1  | ERROR: x", "b-1  |   indented", "b-1  |   more"]);
        assert_eq!(found, [(Level::Error, false), (Level::Unknown, false), (Level::Unknown, true)]);
    }
}
