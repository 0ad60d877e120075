//! Text from outside, as the bytes it came in. Binds and identity need the true bytes; people get [`Safe`].

use std::fmt;

use super::safe::Safe;

/// Raw outside text. It cannot be displayed; only the gate turns it into something that can.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Untrusted(Box<[u8]>);

impl Untrusted {
    /// Takes the bytes as they are.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Untrusted {
        Untrusted(bytes.into().into_boxed_slice())
    }

    /// The true bytes, for binds, hashes and comparisons.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Through the gate, on one line: runs of white space (line ends too) become one space.
    #[must_use]
    pub fn one_line(&self) -> Safe {
        Safe::one_line(&self.0)
    }

    /// As [`Untrusted::one_line`], of the first `bytes` only: what a table cell can show, without gating the rest.
    #[must_use]
    pub fn glimpse(&self, bytes: usize) -> Safe {
        match self.0.get(..bytes) {
            Some(first) => Safe::of(format!("{}…", Safe::one_line(first))),
            None => self.one_line(),
        }
    }

    /// Through the gate, line by line.
    #[must_use]
    pub fn lines(&self) -> Vec<Safe> {
        self.0.split(|b| *b == b'\n').map(|l| Safe::of_bytes(l.strip_suffix(b"\r").unwrap_or(l))).collect()
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Untrusted({:?})", Safe::of_bytes(&self.0))
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Untrusted {
        Untrusted::new(text.as_bytes())
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Untrusted {
        Untrusted::new(text.into_bytes())
    }
}
