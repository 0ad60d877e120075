//! How the screen is drawn.

use std::time::Duration;

/// How the screen looks and behaves.
#[derive(Clone, Debug)]
pub struct ScreenSpec {
    /// Name of the theme.
    pub theme: String,
    /// Only ASCII characters.
    pub ascii: bool,
    /// Colours: none, 16, or whatever the theme asks for.
    pub colours: Colours,
    /// Pause between telemetry frames.
    pub every: Duration,
    /// Hide literals in queries, and what looks like a secret.
    pub redact: bool,
    /// Bytes of log lines kept in memory.
    pub log_bytes: usize,
    /// Copy to the clipboard by OSC 52: off over SSH unless asked for.
    pub clipboard: bool,
}

/// How many colours the terminal is trusted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// `NO_COLOR`, `TERM=dumb`.
    None,
    /// The sixteen that every terminal has.
    Sixteen,
    /// 256 and true colour.
    Full,
}

impl Default for ScreenSpec {
    fn default() -> ScreenSpec {
        ScreenSpec {
            theme: "dark".to_owned(),
            ascii: false,
            colours: Colours::Sixteen,
            every: Duration::from_secs(1),
            redact: false,
            log_bytes: 8 * 1024 * 1024,
            clipboard: true,
        }
    }
}
