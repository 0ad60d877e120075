//! A text with tones, for everything that is read rather than scanned: details, help, notices, cards.

use crate::app::table::Tone;
use crate::domain::Safe;

/// A run of text with one tone.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Text.
    pub text: Safe,
    /// What it means.
    pub tone: Tone,
}

/// One line.
pub type Line = Vec<Span>;

/// A text with a title.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Title in the frame.
    pub title: Safe,
    /// Lines; long ones are wrapped when drawn.
    pub lines: Vec<Line>,
    /// What its parts are about, each with its first line: what is not in sight is named by these.
    pub sections: Vec<(usize, &'static str)>,
}

impl Document {
    /// An empty document.
    #[must_use]
    pub fn new(title: impl Into<Safe>) -> Document {
        Document { title: title.into(), lines: Vec::new(), sections: Vec::new() }
    }

    /// Adds a line in one tone.
    pub fn line(&mut self, text: impl Into<Safe>, tone: Tone) -> &mut Document {
        self.lines.push(vec![Span { text: text.into(), tone }]);
        self
    }

    /// Here begins what is about this.
    pub fn section(&mut self, name: &'static str) -> &mut Document {
        self.sections.push((self.lines.len(), name));
        self
    }

    /// Puts a line before all others.
    pub fn before_all(&mut self, line: Line) {
        self.lines.insert(0, line);
        self.sections.iter_mut().for_each(|(first, _)| *first += 1);
    }

    /// Adds an empty line and a heading.
    pub fn heading(&mut self, text: impl Into<Safe>) -> &mut Document {
        if !self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        self.line(text, Tone::Strong)
    }

    /// Adds a line `name  value`, names padded to one width.
    pub fn field(&mut self, name: &str, value: impl Into<Safe>, tone: Tone) -> &mut Document {
        self.lines.push(vec![
            Span { text: Safe::of(format!("{name:<18} ")), tone: Tone::Dim },
            Span { text: value.into(), tone },
        ]);
        self
    }

    /// The plain text, line by line, for copying.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            for span in line {
                out.push_str(span.text.as_str());
            }
            out.push('\n');
        }
        out
    }
}
