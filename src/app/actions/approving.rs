//! The dialog of the second person: the requester's card, and the phrase that approves it. The rules are those of a card:
//! it is deaf at first, Cancel is where it begins, and only the chord approves.

use crate::app::document::{Document, Line, Span};
use crate::app::screen::OverlayView;
use crate::app::table::Tone;
use crate::domain::{Moment, Safe, figure};
use crate::input::dialog::{self, Ask};
use crate::remediation::approval::left;
use crate::remediation::guard;

use super::approvals::{BY_ID_ALONE, Found};
use super::dialog::LONGEST;
use super::headless;
use super::sight::{READ, Sight};

/// A request that is being decided on.
#[derive(Clone, Debug)]
pub struct Approving {
    /// What was found.
    pub found: Found,
    /// What was typed.
    pub typed: String,
    /// The phrase has the focus; else Cancel has it.
    pub in_phrase: bool,
    /// First line of the card that is seen.
    pub scroll: usize,
    /// Why it was refused.
    pub refused: Vec<Safe>,
    /// Whether it can have been read.
    pub sight: Sight,
    /// It is being approved.
    pub sent: bool,
    /// The frame that was drawn last shows the end of the card.
    at_end: bool,
    /// The end of the card was on the screen.
    read: bool,
}

impl Approving {
    /// Nothing is typed yet.
    #[must_use]
    pub fn new(found: Found) -> Approving {
        Approving {
            found,
            typed: String::new(),
            in_phrase: false,
            scroll: 0,
            refused: Vec::new(),
            sight: Sight::default(),
            sent: false,
            at_end: false,
            read: false,
        }
    }

    /// A frame was drawn with so many of its lines.
    pub fn drawn(&mut self, rows: usize, lines: usize) {
        self.at_end = rows > 0 && self.scroll.saturating_add(rows) >= lines;
    }

    /// The terminal took the frame.
    pub fn taken(&mut self) {
        self.read |= self.at_end;
    }

    /// What stands against approving it before all of it was seen.
    #[must_use]
    pub fn unread(&self) -> Option<Safe> {
        let words = || Safe::of(format!("read it to its end first: {}", dialog::words(&[(Ask::PageDown, "scrolls")])));
        (!self.read).then(words)
    }

    /// A character was typed: it goes to the phrase, from Cancel too.
    pub fn type_in(&mut self, letter: char) {
        self.in_phrase = true;
        if self.typed.chars().count() < LONGEST {
            self.typed.push(letter);
        }
    }

    /// What is missing before it can be approved, in words.
    #[must_use]
    pub fn missing(&self, now: Moment) -> Option<Safe> {
        let request = &self.found.request;
        if !self.sight.listens(now) {
            return Some(Safe::of(READ));
        }
        if self.sent {
            return Some(Safe::of("approving …"));
        }
        if let Some(against) = &self.found.against {
            return Some(against.clone());
        }
        if left(request.asked_at.at, now).is_zero() {
            return Some(Safe::of("it waited for too long: it has to be asked for again"));
        }
        if let Some(unread) = self.unread() {
            return Some(unread);
        }
        let phrase = &request.phrase;
        let wrong = !guard::is_typed(Some(phrase), &self.typed);
        wrong.then(|| Safe::of("nothing is approved before that is typed"))
    }
}

/// The dialog, ready to be drawn; `crowd` says that others can type here too.
#[must_use]
pub fn overlay(dialog: &Approving, crowd: Option<Safe>, now: Moment) -> OverlayView<'static> {
    let (foot, chosen) = foot(dialog, now);
    let mut document = document(&dialog.found, now);
    if let Some(words) = crowd {
        document.before_all(vec![Span { text: words, tone: Tone::Bad }]);
    }
    let keys = &[(Ask::Leave, "cancels"), (Ask::Next, "next"), (Ask::PageDown, "scrolls")];
    OverlayView::Form { document, scroll: dialog.scroll, foot, chosen: Some(chosen), keys }
}

/// The same text in plain lines.
#[must_use]
pub fn lines(found: &Found, now: Moment) -> Vec<Safe> {
    headless::plain(&document(found, now))
}

fn document(found: &Found, now: Moment) -> Document {
    let request = &found.request;
    let asked = request.asked_at.at;
    let left = match left(asked, now) {
        none if none.is_zero() => "no time left".to_owned(),
        left => format!("{} left", figure::age(left)),
    };
    // Where it scrolls, the title stays in sight.
    let mut out = Document::new(format!("Second person: {} asks, {left}", request.requester.user));
    let who = &request.requester;
    let login = who.loginuid.map_or_else(|| "not recorded".to_owned(), |id| format!("user id {id}"));
    out.field("asked by", format!("{} (user id {}, logged in as: {login})", who.user, who.uid), Tone::Strong);
    if found.by_id_alone {
        out.field("warning", BY_ID_ALONE, Tone::Warn);
    }
    out.field("asked", format!("{} ago, {left}", figure::age(now.since(asked))), Tone::Plain);
    out.field("request", format!("{} for card {}", request.id, Safe::of(&request.digest).clipped(12)), Tone::Dim);
    out.heading("What an approval binds");
    for line in &request.bound {
        let tone = if line.as_str().starts_with("BREAK GLASS") { Tone::Bad } else { Tone::Strong };
        out.line(line.clone(), tone);
    }
    out.heading("The card, as it was shown then: its readings are not bound");
    for line in &request.card {
        // Words of the card that shout keep shouting.
        let tone = if line.as_str().starts_with("BREAK GLASS") { Tone::Bad } else { Tone::Plain };
        match field(line) {
            Some((name, value)) => out.field(name, Safe::of(value), tone),
            None => out.line(line.clone(), tone),
        };
    }
    out
}

/// Name and value of a line that was a field of the card: what is wrapped hangs under the value again.
fn field(line: &Safe) -> Option<(&str, &str)> {
    let (name, value) = line.as_str().split_once("  ")?;
    let value = value.trim_start();
    let is_one = !name.is_empty() && format!("{name:<18} {value}") == line.as_str();
    is_one.then_some((name, value))
}

fn foot(dialog: &Approving, now: Moment) -> (Vec<Line>, usize) {
    let strong = |text: String| Span { text: Safe::of(text), tone: Tone::Strong };
    let caret = if dialog.in_phrase { "_" } else { "" };
    let mut lines = vec![
        vec![
            strong(format!("type {} to approve: ", dialog.found.request.phrase)),
            Span { text: Safe::of(format!("{}{caret}", dialog.typed)), tone: Tone::Accent },
        ],
        vec![strong("Cancel".to_owned())],
    ];
    let (words, tone) = match dialog.missing(now) {
        Some(missing) => (missing, Tone::Unknown),
        None => (Safe::of(dialog::words(&[(Ask::Run, "approves it: the requester may then run it, once")])), Tone::Ok),
    };
    lines.push(vec![Span { text: words, tone }]);
    for why in &dialog.refused {
        lines.push(vec![Span { text: Safe::of(format!("refused: {why}")), tone: Tone::Bad }]);
    }
    (lines, usize::from(!dialog.in_phrase))
}
