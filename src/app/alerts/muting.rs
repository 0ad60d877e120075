//! The form of a silence: what it is about, how long, why, and what it would keep back now. Nothing is silenced without having
//! been shown, and only by the chord.

use crate::alerts::matcher::{self, Matcher};
use crate::alerts::silence::{Silence, Wish};
use crate::app::Model;
use crate::app::document::{Document, Line, Span};
use crate::app::screen::OverlayView;
use crate::app::table::Tone;
use crate::domain::{Safe, figure};

use crate::input::dialog::Ask;
use crate::metrics::labels::Labels;

use super::listing::{self, Entry};
use super::words;

/// Longest text of a field, in characters.
pub const LONGEST: usize = 1000;
/// Alerts that are named.
const NAMED: usize = 8;

/// Where the focus is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Field {
    /// What it is about.
    Matchers,
    /// For how long.
    #[default]
    Lasts,
    /// Why.
    Comment,
}

impl Field {
    const ALL: [Field; 3] = [Field::Matchers, Field::Lasts, Field::Comment];

    /// The next one, round and round.
    #[must_use]
    pub fn travel(self, step: isize) -> Field {
        let at = Field::ALL.iter().position(|field| *field == self).unwrap_or(0);
        let next = (at as isize + step).rem_euclid(Field::ALL.len() as isize) as usize;
        Field::ALL.get(next).copied().unwrap_or_default()
    }
}

/// A silence that is being written, or one that is looked at.
#[derive(Clone, Debug)]
pub enum Muting {
    /// One to be.
    New {
        /// What was typed.
        wish: Wish,
        /// Where.
        focus: Field,
        /// Why the last try was refused.
        refused: Option<Safe>,
    },
    /// One that holds, by its number.
    Known(u64),
}

impl Muting {
    /// For an alert: its labels stand there already, and can be fewer.
    #[must_use]
    pub fn of(entry: Option<&Entry<'_>>) -> Muting {
        let labels = entry.and_then(|entry| entry.alert).map(|alert| &alert.labels);
        let matchers: Vec<Matcher> = labels
            .into_iter()
            .flat_map(Labels::iter)
            .filter_map(|(name, value)| Matcher::equal(name, value).ok())
            .collect();
        let wish = Wish { matchers: matcher::text(&matchers), ..Wish::default() };
        let focus = if matchers.is_empty() { Field::Matchers } else { Field::Lasts };
        Muting::New { wish, focus, refused: None }
    }
}

/// Alerts that are there and that matchers are about.
#[must_use]
pub fn muted<'a>(model: &'a Model, matchers: &[Matcher]) -> Vec<Entry<'a>> {
    let is_about = |entry: &Entry<'_>| {
        let labels = entry.alert.map(|alert| &alert.labels);
        labels.is_some_and(|labels| matchers.iter().all(|matcher| matcher.matches(labels)))
    };
    listing::all(&model.live, model.now).filter(Entry::is_active).filter(is_about).collect()
}

/// A silence in a line.
#[must_use]
pub fn line(silence: &Silence) -> Safe {
    Safe::of(matcher::text(&silence.matchers))
}

/// As it is drawn.
#[must_use]
pub fn overlay(model: &Model, muting: &Muting) -> OverlayView<'static> {
    match muting {
        Muting::New { wish, focus, refused } => new(model, wish, *focus, refused.as_ref()),
        Muting::Known(id) => known(model, *id),
    }
}

fn new(model: &Model, wish: &Wish, focus: Field, refused: Option<&Safe>) -> OverlayView<'static> {
    let mut document = Document::new("Silence alerts");
    // What fires goes on firing in lists, counts and check.
    document.line("Silences bell, notice and foot here only; an Alertmanager is not told.", Tone::Dim);
    match wish.matchers() {
        Ok(matchers) => told(&mut document, model, "Would keep back now", &matchers),
        Err(why) => {
            document.line(Safe::of(why), Tone::Unknown);
        }
    }
    if let Some(why) = refused {
        document.line(why.clone(), Tone::Warn);
    }
    let longest = figure::span(model.alerts.spec.longest_silence);
    let field = |field: Field, name: &str, text: &str, hint: String| {
        let caret = if focus == field { "_" } else { "" };
        let mut line = vec![
            Span { text: Safe::of(format!("{name:<9}")), tone: Tone::Strong },
            Span { text: Safe::of(format!("{text}{caret}")), tone: Tone::Plain },
        ];
        if text.is_empty() {
            line.push(Span { text: Safe::of(format!("  {hint}")), tone: Tone::Dim });
        }
        line
    };
    let foot = vec![
        field(Field::Matchers, "labels", &wish.matchers, "(alertname=\"…\" instance=~\"api.*\")".to_owned()),
        field(Field::Lasts, "for", &wish.lasts, format!("(30m, 2h; at most {longest})")),
        field(Field::Comment, "because", &wish.comment, "(required)".to_owned()),
    ];
    let chosen = Field::ALL.iter().position(|known| *known == focus);
    OverlayView::Form {
        document,
        scroll: 0,
        foot,
        chosen,
        keys: &[(Ask::Run, "silences"), (Ask::Next, "next"), (Ask::Leave, "cancels")],
    }
}

fn known(model: &Model, id: u64) -> OverlayView<'static> {
    let mut document = Document::new("Silence");
    let here = model.alerts.line.at(model.now);
    match model.alerts.silences.find(id).filter(|silence| silence.holds(here)) {
        Some(silence) => {
            document.field("labels", line(silence), Tone::Plain);
            document.field("by", silence.by.clone(), Tone::Plain);
            document.field("because", silence.comment.clone(), Tone::Plain);
            document.field("ends in", figure::age(silence.left(here)), Tone::Plain);
            document.lines.push(Line::new());
            told(&mut document, model, "It keeps back now", &silence.matchers);
        }
        None => {
            document.line("it is over", Tone::Dim);
        }
    }
    OverlayView::Form {
        document,
        scroll: 0,
        foot: Vec::new(),
        chosen: None,
        keys: &[(Ask::Run, "ends it now"), (Ask::Leave, "closes")],
    }
}

fn told(document: &mut Document, model: &Model, head: &str, matchers: &[Matcher]) {
    let muted = muted(model, matchers);
    let active = listing::all(&model.live, model.now).filter(Entry::is_active).count();
    let tone = if muted.len() == active && active > 1 { Tone::Warn } else { Tone::Strong };
    document.line(format!("{head} {} of {active} alerts", muted.len()), tone);
    for entry in muted.iter().take(NAMED) {
        document.line(Safe::of(format!("  {}", words::line(entry, model.now))), words::tone_of(entry));
    }
    if muted.len() > NAMED {
        document.line(format!("  and {} more", muted.len() - NAMED), Tone::Dim);
    }
}
