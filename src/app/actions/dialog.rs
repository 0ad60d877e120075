//! The dialog of a card: what is typed, where the focus is, and whether it listens yet. Cancel is where it begins; no key of
//! a list, and neither Enter nor Space nor Esc, ever runs anything.

use crate::domain::{Moment, Safe};
use crate::input::dialog::{self, Ask};
use crate::remediation::card::Card;
use crate::remediation::guard;

use super::sight::{READ, Sight};

/// Longest text of a field, in characters.
pub(super) const LONGEST: usize = 200;

/// Where the focus is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// Leaving without doing anything.
    #[default]
    Cancel,
    /// The phrase that confirms.
    Phrase,
    /// Why.
    Reason,
}

/// A card that is being decided on.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// The card.
    pub card: Card,
    /// What was typed to confirm.
    pub typed: String,
    /// Why.
    pub reason: String,
    /// Where the focus is.
    pub focus: Focus,
    /// First line of the card that is seen.
    pub scroll: usize,
    /// Why the guard refused the last attempt.
    pub refused: Vec<Safe>,
    /// Whether it can have been read.
    pub sight: Sight,
}

impl Dialog {
    /// Nothing is typed yet.
    #[must_use]
    pub fn new(card: Card) -> Dialog {
        Dialog {
            card,
            typed: String::new(),
            reason: String::new(),
            focus: Focus::Cancel,
            scroll: 0,
            refused: Vec::new(),
            sight: Sight::default(),
        }
    }

    /// The phrase that is asked for.
    #[must_use]
    pub fn phrase(&self) -> Option<String> {
        guard::phrase(&self.card)
    }

    /// The places of the focus, from top to bottom.
    #[must_use]
    pub fn places(&self) -> Vec<Focus> {
        let mut places = Vec::new();
        places.extend(self.phrase().map(|_| Focus::Phrase));
        places.extend(guard::needs_reason(&self.card).then_some(Focus::Reason));
        places.push(Focus::Cancel);
        places
    }

    /// Moves the focus.
    pub fn travel(&mut self, step: isize) {
        let places = self.places();
        let at = places.iter().position(|place| *place == self.focus).unwrap_or(0);
        let next = (at as isize + step).rem_euclid(places.len().max(1) as isize) as usize;
        self.focus = places.get(next).copied().unwrap_or_default();
    }

    /// A character was typed: it goes to the field with the focus, from Cancel to the first field.
    pub fn type_in(&mut self, letter: char) {
        if self.focus == Focus::Cancel {
            self.focus = self.places().first().copied().unwrap_or_default();
        }
        if let Some(field) = self.field().filter(|field| field.chars().count() < LONGEST) {
            field.push(letter);
        }
    }

    /// The field with the focus.
    pub fn field(&mut self) -> Option<&mut String> {
        match self.focus {
            Focus::Phrase => Some(&mut self.typed),
            Focus::Reason => Some(&mut self.reason),
            Focus::Cancel => None,
        }
    }

    /// What is still missing before it can be run, in words.
    #[must_use]
    pub fn missing(&self, now: Moment) -> Option<Safe> {
        let phrase = self.phrase();
        if !self.sight.listens(now) {
            return Some(Safe::of(READ));
        }
        if now.since(self.card.read_at) > guard::CONSENT_LASTS {
            return Some(Safe::of(format!(
                "the card is too old: {}",
                dialog::words(&[(Ask::Anew, "reads the target anew")])
            )));
        }
        if let Some(obstacle) = self.card.preview.obstacles.first() {
            return Some(obstacle.clone());
        }
        if !guard::is_typed(phrase.as_deref(), &self.typed) {
            let run = dialog::words(&[(Ask::Run, "")]);
            let phrase = phrase.unwrap_or_default();
            return Some(Safe::of(format!("type {phrase}, then {}", run.trim_end())));
        }
        if guard::needs_reason(&self.card) && !guard::says_why(&self.reason) {
            let whence = if self.card.demands.break_glass { "this breaks the glass" } else { "this is production" };
            return Some(Safe::of(format!("say why: {whence}")));
        }
        None
    }
}
