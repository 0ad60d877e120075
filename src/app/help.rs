//! `?`: the keys, those of the pane first. Made from the command table.

use crate::app::document::{Document, Span};
use crate::app::pane::PaneId;
use crate::app::table::Tone;
use crate::domain::Safe;
use crate::input::command::{COMMANDS, CommandInfo, Scope};

/// Help for a pane.
#[must_use]
pub fn document(pane: PaneId) -> Document {
    let mut out = Document::new("Keys (Esc closes)");
    let own = if pane == PaneId::Logs { Scope::Text } else { Scope::Table };
    out.heading(if own == Scope::Text { "On this log" } else { "On this table" });
    rows(&mut out, own);
    if own == Scope::Text {
        out.line(
            "/text searches, &text filters; between slashes it is a regular expression: &/time(d )?out/",
            Tone::Dim,
        );
    }
    out.heading("Everywhere");
    rows(&mut out, Scope::Global);
    out.heading("States of a pane");
    for (word, meaning) in [
        ("ok", "the figures are fresh"),
        ("loading", "asked, no answer yet"),
        ("empty", "the answer is that there is nothing; the pane says what was asked"),
        ("STALE", "the figures are old; the age is shown"),
        ("error", "the newest attempt failed: cause, how often, when it is tried again; old figures stay, greyed"),
        ("denied", "a right or an extension is missing; the line that gives it is shown"),
        ("off", "not configured; the line that turns it on is shown"),
        ("FROZEN", "you stopped the screen with Space; watching goes on"),
    ] {
        out.field(word, meaning, Tone::Plain);
    }
    out.heading("Nothing on this screen writes to what it watches.");
    out
}

fn rows(out: &mut Document, scope: Scope) {
    for info in COMMANDS.iter().filter(|info| info.scope == scope) {
        out.lines.push(vec![
            Span { text: Safe::of(format!("{:<16}", keys(info))), tone: Tone::Accent },
            Span { text: Safe::of(format!("{:<16}", info.name)), tone: Tone::Dim },
            Span { text: Safe::of(info.doc), tone: Tone::Plain },
        ]);
    }
}

/// The keys of a command in one line.
#[must_use]
pub fn keys(info: &CommandInfo) -> String {
    info.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
