//! How bad a log line says it is: one scale for the words and numbers of every logging library, and counts by it.

/// Severity of a line, from least to worst. `Unknown` is no statement; it orders below all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// The line does not say.
    #[default]
    Unknown,
    /// Finer than debugging.
    Trace,
    /// For developers.
    Debug,
    /// What normally happens.
    Info,
    /// Odd, but it went on.
    Warn,
    /// Something failed.
    Error,
    /// The program or system cannot go on.
    Fatal,
}

impl Level {
    /// All levels, in order.
    pub const ALL: [Level; 7] =
        [Level::Unknown, Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];

    /// Reads a word (`WARNING`, `warn`, `W`, `err`, `CRITICAL`, `PANIC`) or a number (syslog's 0–7, 10–60 of bunyan and pino).
    #[must_use]
    pub fn parse(text: &[u8]) -> Level {
        let text = text.trim_ascii();
        let mut lower = [0u8; 16];
        let Some(word) = lower.get_mut(..text.len()) else { return Level::Unknown };
        word.copy_from_slice(text);
        word.make_ascii_lowercase();
        match &*word {
            b"trace" | b"trc" | b"finest" | b"finer" | b"silly" | b"t" => Level::Trace,
            b"debug" | b"dbg" | b"fine" | b"verbose" | b"verb" | b"d" | b"v" => Level::Debug,
            b"info" | b"inf" | b"information" | b"informational" | b"notice" | b"log" | b"i" | b"n" => Level::Info,
            b"warn" | b"warning" | b"wrn" | b"w" => Level::Warn,
            b"error" | b"err" | b"eror" | b"severe" | b"failure" | b"e" => Level::Error,
            b"fatal" | b"ftl" | b"critical" | b"crit" | b"panic" | b"dpanic" | b"emerg" | b"emergency" | b"alert"
            | b"f" | b"c" | b"p" => Level::Fatal,
            digits => number(digits).map_or(Level::Unknown, Level::of_number),
        }
    }

    /// A level's number: 0–7 are syslog's, from 10 on those of bunyan and pino.
    #[must_use]
    pub fn of_number(n: u32) -> Level {
        match n {
            0..=2 => Level::Fatal,
            3 => Level::Error,
            4 => Level::Warn,
            5 | 6 => Level::Info,
            7 => Level::Debug,
            8 | 9 => Level::Unknown,
            10..=19 => Level::Trace,
            20..=29 => Level::Debug,
            30..=39 => Level::Info,
            40..=49 => Level::Warn,
            50..=59 => Level::Error,
            60..=99 => Level::Fatal,
            _ => Level::Unknown,
        }
    }

    /// Whether the line reports a failure.
    #[must_use]
    pub fn is_error(self) -> bool {
        self >= Level::Error
    }

    /// Whether a filter for `least` and worse shows a line of this level. A line that does not say is hidden only
    /// from [`Level::Warn`] on.
    #[must_use]
    pub fn passes(self, least: Level) -> bool {
        if self == Level::Unknown { least < Level::Warn } else { self >= least }
    }

    /// The five-column word of tables; told apart without colour.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Level::Unknown => "-",
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
            Level::Fatal => "FATAL",
        }
    }

    /// The level whose `as u8` this is.
    #[must_use]
    pub fn of_index(index: u8) -> Level {
        Level::ALL.get(usize::from(index)).copied().unwrap_or_default()
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 3 {
        return None;
    }
    digits.iter().try_fold(0u32, |sum, d| d.is_ascii_digit().then(|| sum * 10 + u32::from(d - b'0')))
}

/// How many entries of each level. Lines that continue an entry (traces) are not counted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelCounts([u64; 7]);

impl LevelCounts {
    /// One more.
    pub fn add(&mut self, level: Level) {
        self.add_many(level, 1);
    }

    /// `n` more.
    pub fn add_many(&mut self, level: Level, n: u64) {
        if let Some(count) = self.0.get_mut(level as usize) {
            *count += n;
        }
    }

    /// All of `other` more.
    pub fn merge(&mut self, other: &LevelCounts) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// How many of `level`.
    #[must_use]
    pub fn of(&self, level: Level) -> u64 {
        self.0.get(level as usize).copied().unwrap_or(0)
    }

    /// How many errors and worse.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.of(Level::Error) + self.of(Level::Fatal)
    }

    /// How many entries.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers() {
        for (text, level) in [
            ("WARNING", Level::Warn),
            ("warn", Level::Warn),
            ("W", Level::Warn),
            ("err", Level::Error),
            ("CRITICAL", Level::Fatal),
            ("PANIC", Level::Fatal),
            ("Information", Level::Info),
            (" notice ", Level::Info),
            ("30", Level::Info),
            ("60", Level::Fatal),
            ("3", Level::Error),
            ("7", Level::Debug),
            ("", Level::Unknown),
            ("9999", Level::Unknown),
            ("something very long indeed", Level::Unknown),
        ] {
            assert_eq!(Level::parse(text.as_bytes()), level, "{text}");
        }
    }

    #[test]
    fn what_does_not_say_is_hidden_only_where_trouble_is_asked_for() {
        assert!(Level::Unknown.passes(Level::Unknown) && Level::Unknown.passes(Level::Info));
        assert!(!Level::Unknown.passes(Level::Warn) && !Level::Info.passes(Level::Error));
        assert!(Level::Fatal.passes(Level::Error) && Level::Debug.passes(Level::Unknown));
    }
}
