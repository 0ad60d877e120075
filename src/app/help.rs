//! Help, as a document made from the command table: what is of use on this pane first, then everything.

use crate::app::document::{Document, Span};
use crate::app::pane::PaneId;
use crate::app::table::Tone;
use crate::domain::Safe;
use crate::input::command::{COMMANDS, Command, CommandInfo, Scope};
use crate::input::dialog::{DIALOG, DialogKey};

/// Columns of the keys, and of the names.
const KEYS: usize = 14;
const NAME: usize = 16;

/// Help for a pane.
#[must_use]
pub fn document(pane: PaneId) -> Document {
    let mut help = Document::new("Help");
    let here: Vec<_> = COMMANDS.iter().filter(|info| info.scope == scope(pane)).collect();
    if !here.is_empty() && scope(pane) != Scope::Global {
        help.heading("On this pane");
        help.lines.extend(here.into_iter().map(line));
    }
    let everywhere = |info: &&CommandInfo| info.scope == Scope::Global;
    let is_page = |info: &&CommandInfo| matches!(info.command, Command::Page(_));
    help.heading("Pages");
    help.lines.extend(COMMANDS.iter().filter(everywhere).filter(is_page).map(line));
    help.heading("Everywhere");
    help.lines.extend(COMMANDS.iter().filter(everywhere).filter(|info| !is_page(info)).map(line));
    help.heading("In the menu, a card, the view of a run");
    help.lines.extend(DIALOG.iter().filter_map(of_dialog));
    help.heading("Words");
    for (word, tone, meaning) in WORDS {
        help.lines.push(vec![
            Span { text: Safe::of(format!("{word:<KEYS$} ")), tone },
            Span { text: Safe::of(meaning), tone: Tone::Plain },
        ]);
    }
    help
}

const WORDS: [(&str, Tone, &str); 19] = [
    ("OK", Tone::Ok, "answers as it should"),
    ("DEGR", Tone::Warn, "works, but a figure is past its threshold or a part fails"),
    ("UNKN", Tone::Unknown, "not known: neither ok nor zero"),
    ("DOWN", Tone::Bad, "does not work"),
    ("OK?", Tone::Warn, "was ok and fails now; it is down after as many failures as it says"),
    ("ERROR", Tone::Bad, "the newest reading failed; the figures are of before"),
    ("STALE", Tone::Unknown, "the figures are as old as it says"),
    ("DENIED", Tone::Unknown, "a right is missing; the pane shows the line that gives it"),
    ("FROZEN", Tone::Warn, "the screen stands still; watching goes on"),
    ("HELD", Tone::Accent, "the log stands still where you look; new lines are counted"),
    ("!", Tone::Warn, "stands out; ×30 beside it is so many times slower than before"),
    ("seen", Tone::Dim, "an alert that somebody acknowledged with A; what is silenced with Z is counted apart too"),
    ("OK !", Tone::Warn, "answers as it should, and an alert fires on it: the header counts it as alerting"),
    ("srv", Tone::Plain, "as the server itself counts it: what users have, over the window beside it"),
    ("×", Tone::Bad, "in a chart: an attempt that failed"),
    ("marks", Tone::Accent, "below a chart, in its column: an alert, an action, a new version or a mark of yours"),
    ("lifetime", Tone::Dim, "a ratio since the start of a cache, not of now"),
    ("off", Tone::Dim, "not configured; the pane shows the line that turns it on"),
    ("-", Tone::Dim, "there is no figure"),
];

/// Which commands a pane has beside the global ones.
#[must_use]
pub fn scope(pane: PaneId) -> Scope {
    match pane {
        PaneId::Services
        | PaneId::SlowQueries
        | PaneId::Sessions
        | PaneId::Signals
        | PaneId::Timeline
        | PaneId::Targets
        | PaneId::Series
        | PaneId::Alerts
        | PaneId::Findings => Scope::Table,

        PaneId::Logs => Scope::Text,
        PaneId::Latency | PaneId::Connections | PaneId::Cache | PaneId::Database | PaneId::Actions | PaneId::Course => {
            Scope::Global
        }
    }
}

fn of_dialog(row: &DialogKey) -> Option<Vec<Span>> {
    let (key, doc) = (row.key.to_string(), row.doc?);
    Some(vec![
        Span { text: Safe::of(format!("{key:<KEYS$} ")), tone: Tone::Accent },
        Span { text: Safe::of(doc), tone: Tone::Plain },
    ])
}

fn line(info: &CommandInfo) -> Vec<Span> {
    let keys = info.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join("  ");
    vec![
        Span { text: Safe::of(format!("{keys:<KEYS$} ")), tone: Tone::Accent },
        Span { text: Safe::of(format!("{:<NAME$} ", info.name)), tone: Tone::Strong },
        Span { text: Safe::of(info.doc), tone: Tone::Plain },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_pane_comes_first_and_nothing_is_missing() {
        let help = document(PaneId::Logs).plain();
        assert!(help.starts_with("On this pane\n&"), "{help}");
        assert!(COMMANDS.iter().filter(|c| c.scope != Scope::Table).all(|c| help.contains(c.doc)));
        assert!(!document(PaneId::Connections).plain().contains("On this pane"));
    }
}
