//! The keys of what lies over a page: menu, card, view of a run, alert, silence. One table makes the hints in their frames and
//! their part of help; what a key does there is the dialog's own.

use super::key::{Code, Key};

/// What can be asked for there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Closes what lies on top.
    Leave,
    /// What a card, a question or a form is for. No list and no editor's habit has it.
    Run,
    /// Opens what is chosen, goes on to the next field, ends a note.
    Choose,
    /// The next field.
    Next,
    /// What a card was made of, read anew.
    Anew,
    /// A page down.
    PageDown,
    /// A line down.
    Down,
    /// A line up.
    Up,
    /// Asks what runs to stop.
    Stop,
    /// Leaves a step out.
    Skip,
    /// Types a note.
    Note,
    /// Says that an alert was seen.
    Seen,
    /// Silences an alert.
    Silence,
    /// The menu of actions.
    Act,
    /// Copies.
    Copy,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct DialogKey {
    /// What is asked.
    pub ask: Ask,
    /// The key that hints name.
    pub key: Key,
    /// One line of help; none where the key does the same on every page.
    pub doc: Option<&'static str>,
}

const fn row(ask: Ask, key: Key, doc: Option<&'static str>) -> DialogKey {
    DialogKey { ask, key, doc }
}

/// The table.
pub const DIALOG: &[DialogKey] = &[
    row(Ask::Run, Key::ctrl('t'), Some("runs the card, answers yes, sets the silence")),
    row(Ask::Anew, Key::ctrl('r'), Some("reads the target of a card anew")),
    row(Ask::Leave, Key::plain(Code::Esc), Some("leaves it; nothing is done")),
    row(Ask::Choose, Key::plain(Code::Enter), Some("menu: shows the card; note: ends it; field: the next one")),
    row(Ask::Next, Key::plain(Code::Tab), Some("the next field")),
    row(Ask::Stop, Key::char('c'), Some("view of a run: asks to stop")),
    row(Ask::Skip, Key::ctrl('o'), Some("view of a run: leaves the step out that is asked about")),
    row(Ask::Note, Key::char('n'), Some("view of a run: a note on what was done by hand")),
    row(Ask::PageDown, Key::plain(Code::PageDown), None),
    row(Ask::Down, Key::char('j'), None),
    row(Ask::Up, Key::char('k'), None),
    row(Ask::Seen, Key::char('A'), None),
    row(Ask::Silence, Key::char('Z'), None),
    row(Ask::Act, Key::char('a'), None),
    row(Ask::Copy, Key::char('y'), None),
];

impl Ask {
    /// Its key.
    #[must_use]
    pub fn key(self) -> Option<Key> {
        DIALOG.iter().find(|row| row.ask == self).map(|row| row.key)
    }
}

/// What a hint names: the keys, in their order, and what they do.
pub type Hint = (Ask, &'static str);

/// Hints in a line: `Esc leaves  Tab next`.
#[must_use]
pub fn words(hints: &[Hint]) -> String {
    let hint = |(ask, does): &Hint| ask.key().map(|key| format!("{key} {does}"));
    hints.iter().filter_map(hint).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::command::{COMMANDS, Command};

    #[test]
    fn what_runs_is_no_key_of_any_page_and_what_is_the_same_is_the_same_key() {
        // Both let the next step begin.
        for begins in [Ask::Run, Ask::Skip].map(|ask| ask.key().unwrap()) {
            assert!(COMMANDS.iter().all(|info| !info.keys.contains(&begins)) && begins.ctrl, "{begins}");
        }
        let same = [
            (Ask::Leave, Command::Close),
            (Ask::Act, Command::Actions),
            (Ask::Seen, Command::Acknowledge),
            (Ask::Silence, Command::Silence),
            (Ask::Copy, Command::Copy),
            (Ask::Down, Command::Down),
            (Ask::Up, Command::Up),
            (Ask::PageDown, Command::PageDown),
        ];
        for (ask, command) in same {
            assert!(command.info().unwrap().keys.contains(&ask.key().unwrap()), "{ask:?}");
        }
    }

    #[test]
    fn a_hint_names_the_key_of_the_table() {
        assert_eq!(words(&[(Ask::Run, "runs it"), (Ask::Leave, "leaves")]), "Ctrl-T runs it  Esc leaves");
    }
}
