//! What stands where a dialog will: that it is being read for, or that it could not be. Whoever types ahead types for the
//! dialog, so that nothing behind it may take a key; it stays until the dialog comes, or until it is left.

use crate::app::document::Document;
use crate::app::screen::OverlayView;
use crate::app::table::Tone;
use crate::domain::{Moment, Safe, figure};
use crate::input::dialog::{Ask, Hint};
use crate::remediation::action::Action;

/// What is awaited.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What will stand here.
    pub sought: Sought,
    /// Since when it is read.
    pub since: Moment,
    /// Why it will not come.
    pub failed: Option<Safe>,
    /// What to do about that.
    pub advice: Vec<Safe>,
}

/// A dialog that is read for.
#[derive(Clone, Debug)]
pub enum Sought {
    /// The card of an action.
    Card(Box<Action>),
    /// The request of somebody else, by its id.
    Request(String),
}

impl Reading {
    /// It begins.
    #[must_use]
    pub fn new(sought: Sought, since: Moment) -> Reading {
        Reading { sought, since, failed: None, advice: Vec::new() }
    }

    /// Whether it is for the request of this id.
    #[must_use]
    pub fn is_request(&self, wanted: &str) -> bool {
        matches!(&self.sought, Sought::Request(id) if id == wanted)
    }
}

/// As it is drawn.
#[must_use]
pub fn overlay(reading: &Reading, now: Moment) -> OverlayView<'static> {
    let (title, words) = match &reading.sought {
        Sought::Card(action) => {
            let target = &action.target.name;
            (format!("{} on {target}", action.id), format!("reading {target} for the card …"))
        }
        Sought::Request(id) => (format!("Request {id}"), "looking for the request …".to_owned()),
    };
    let mut document = Document::new(title);
    match &reading.failed {
        Some(why) => document.line(why.clone(), Tone::Bad),
        None => document.line(format!("{words} {}", figure::age(now.since(reading.since))), Tone::Plain),
    };
    for line in &reading.advice {
        document.line(line.clone(), Tone::Plain);
    }
    let keys = if reading.failed.is_some() { FAILED } else { READS };
    OverlayView::Form { document, scroll: 0, foot: Vec::new(), chosen: None, keys }
}

const READS: &[Hint] = &[(Ask::Leave, "cancels; nothing is done")];
const FAILED: &[Hint] = &[(Ask::Leave, "closes; nothing was done")];
