//! One thing that happened, as the timeline shows it; and the document behind it.

use chrono::{DateTime, Utc};

use crate::app::document::{Document, Line, Span};
use crate::app::table::{RowKey, Tone};
use crate::domain::Safe;

/// What a happening is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What is watched changed.
    Health,
    /// An action, from its card to its outcome.
    Action,
    /// What the audit tells of somebody else, or of an earlier time.
    Audit,
    /// The operator marked a moment.
    Mark,
    /// After an action a figure got worse.
    Tripwire,
    /// An alert, or what somebody did about it.
    Alert,
}

impl Kind {
    /// The word of its column.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Health => "health",
            Kind::Action => "action",
            Kind::Audit => "audit",
            Kind::Mark => "mark",
            Kind::Tripwire => "tripwire",
            Kind::Alert => "alert",
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Happening {
    /// What the cursor stands on.
    pub key: RowKey,
    /// When, by the wall clock.
    pub at: DateTime<Utc>,
    /// What it is of.
    pub kind: Kind,
    /// How it stands, in a word.
    pub word: Safe,
    /// What that means.
    pub tone: Tone,
    /// What happened.
    pub what: Safe,
    /// By whom; empty where it happened by itself.
    pub who: Safe,
    /// The run that it belongs to, by its name in the audit; empty without one.
    pub run: Safe,
    /// Everything else there is to say.
    pub detail: Option<Box<Document>>,
}

impl Happening {
    /// The document behind it.
    #[must_use]
    pub fn document(&self) -> Document {
        let mut out = Document::new(format!("{} {}", self.kind.word(), self.word));
        out.field("when", self.at.format("%Y-%m-%d %H:%M:%S%.3f UTC").to_string(), Tone::Plain);
        out.field("what", self.what.clone(), self.tone);
        match (self.who.as_str(), self.kind) {
            ("", Kind::Health | Kind::Audit | Kind::Alert) => {}
            ("", Kind::Action | Kind::Mark | Kind::Tripwire) => {
                out.field("who", "this session", Tone::Strong);
            }
            _ => {
                out.field("who", self.who.clone(), Tone::Strong);
            }
        }
        if let Some(detail) = &self.detail {
            // What stands there already is not said again; what a run is called is for looking it up, and stands last.
            let says_more = |line: &&Line| line.last().is_none_or(|span| line.len() < 2 || span.text != self.what);
            let is_run = |line: &&Line| line.first().is_some_and(|span| span.text.as_str().trim_end() == "run");
            let (runs, others): (Vec<_>, Vec<_>) = detail.lines.iter().filter(says_more).partition(is_run);
            out.lines.extend(others.into_iter().cloned());
            let dim = |span: &Span| Span { tone: Tone::Dim, ..span.clone() };
            out.lines.extend(runs.into_iter().map(|line| line.iter().map(dim).collect()));
        }
        out
    }
}
