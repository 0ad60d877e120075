//! Everything a person can ask of the program, in one table: it makes the keymap, the hints, the help, the palette and
//! the README's list. No command in it writes to the outside world.

use super::key::{Code, Key};

/// Where a command has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere.
    Global,
    /// On tables.
    Table,
    /// On logs and documents.
    Text,
}

/// What a person can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Shows a page, by its number key.
    Page(u8),
    /// Goes back from a page, quits from the overview.
    Back,
    /// Leaves at once.
    Quit,
    /// Closes the topmost thing; never quits.
    Close,
    /// Opens help.
    Help,
    /// Opens the command line.
    Palette,
    /// Filters a table, searches a text.
    Find,
    /// Filters a text.
    Filter,
    /// Next match.
    NextMatch,
    /// Previous match.
    PreviousMatch,
    /// Next error in the log.
    NextError,
    /// Previous error in the log.
    PreviousError,
    /// Raises the lowest level shown.
    LevelUp,
    /// Lowers it.
    LevelDown,
    /// Follows the end of the log, or holds.
    Follow,
    /// Opens what is selected.
    Open,
    /// Next pane.
    NextPane,
    /// Previous pane.
    PreviousPane,
    /// One pane over the whole screen, and back.
    Zoom,
    /// Stops the screen, and lets it go on.
    Freeze,
    /// Sorts by the next column.
    Sort,
    /// Turns the order round.
    SortReverse,
    /// Copies what is selected.
    Copy,
    /// Reads every source now.
    Refresh,
    /// Longer pause between frames.
    Slower,
    /// Shorter pause between frames.
    Faster,
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// Scrolls left.
    Left,
    /// Scrolls right.
    Right,
    /// Half a page up.
    HalfPageUp,
    /// Half a page down.
    HalfPageDown,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// First row.
    Top,
    /// Last row.
    Bottom,
    /// The menu of actions.
    Actions,
    /// The action that runs, or ran last.
    WatchAction,
    /// Leave to act again, after it lapsed.
    Arm,
    /// A mark at this moment.
    Mark,
    /// The wall clock is right: maintenance windows may open again.
    ConfirmTime,
    /// UTC or local time.
    TimeZone,
    /// Next theme.
    Theme,
    /// The program's own log.
    Diagnostics,
    /// What is wrong with our own sources.
    Problems,
    /// The mouse is ours, or the terminal's.
    Mouse,
    /// Draws everything anew.
    Redraw,
    /// Stops the program as a job of the shell.
    Suspend,
    /// The card of an action, by name and parameters.
    Act,
    /// What waits for a second person.
    Approve,
    /// The card of what was approved, made anew.
    Consent,
    /// The card of an ANALYZE.
    Analyse,
    /// The card of a VACUUM.
    Vacuum,
    /// The card of a REINDEX CONCURRENTLY.
    Reindex,
    /// Reads the rules files again.
    Rules,
    /// Says that an alert was seen.
    Acknowledge,
    /// Keeps the pages of alerts back, here and for a while.
    Silence,
    /// The course of a series over a longer time.
    Longer,
    /// The same over a shorter one.
    Shorter,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct CommandInfo {
    /// What it does.
    pub command: Command,
    /// Its name in the palette.
    pub name: &'static str,
    /// Its keys; the first is shown in hints.
    pub keys: &'static [Key],
    /// Where it has a meaning.
    pub scope: Scope,
    /// One line of help.
    pub doc: &'static str,
    /// What is typed after its name in the palette, if anything: `ID`.
    pub argument: Option<&'static str>,
}

impl CommandInfo {
    /// A command that is typed with something behind its name.
    const fn takes(self, argument: &'static str) -> CommandInfo {
        CommandInfo { argument: Some(argument), ..self }
    }
}

const fn row(
    command: Command,
    name: &'static str,
    keys: &'static [Key],
    scope: Scope,
    doc: &'static str,
) -> CommandInfo {
    CommandInfo { command, name, keys, scope, doc, argument: None }
}

/// The table.
pub const COMMANDS: &[CommandInfo] = &[
    row(Command::Page(1), "overview", &[Key::char('1')], Scope::Global, "the mosaic of all panes"),
    row(Command::Page(2), "services", &[Key::char('2')], Scope::Global, "health and latency of every service"),
    row(Command::Page(3), "database", &[Key::char('3')], Scope::Global, "sessions and statements of PostgreSQL"),
    row(Command::Page(4), "cache", &[Key::char('4')], Scope::Global, "caches and the team's signals"),
    row(Command::Page(5), "logs", &[Key::char('5')], Scope::Global, "log lines"),
    row(Command::Page(6), "alerts", &[Key::char('6')], Scope::Global, "alerts"),
    row(Command::Page(7), "actions", &[Key::char('7')], Scope::Global, "guarded actions"),
    row(Command::Page(8), "timeline", &[Key::char('8')], Scope::Global, "what happened when"),
    row(Command::Page(9), "metrics", &[Key::char('9')], Scope::Global, "series by name"),
    row(Command::Page(0), "doctor", &[Key::char('0')], Scope::Global, "what is wrong or missing"),
    row(Command::Help, "help", &[Key::char('?'), Key::plain(Code::F(1))], Scope::Global, "this list"),
    row(Command::Find, "find", &[Key::char('/')], Scope::Global, "filters a table, searches a text"),
    row(Command::Palette, "command", &[Key::char(':')], Scope::Global, "any command by name, with completion"),
    row(Command::Open, "open", &[Key::plain(Code::Enter)], Scope::Global, "opens what is selected; never writes"),
    row(Command::NextPane, "next-pane", &[Key::plain(Code::Tab)], Scope::Global, "next pane"),
    row(Command::PreviousPane, "previous-pane", &[Key::plain(Code::BackTab)], Scope::Global, "previous pane"),
    row(Command::Freeze, "freeze", &[Key::char(' ')], Scope::Global, "stops the screen, not the watching"),
    row(Command::Zoom, "zoom", &[Key::char('z')], Scope::Global, "one pane over the whole screen, and back"),
    row(Command::Close, "close", &[Key::plain(Code::Esc)], Scope::Global, "closes the topmost thing; never quits"),
    row(Command::Back, "back", &[Key::char('q')], Scope::Global, "back to the overview, or quit from there"),
    row(Command::Quit, "quit", &[Key::ctrl('c')], Scope::Global, "leaves at once"),
    row(Command::Actions, "action", &[Key::char('a')], Scope::Global, "the menu of guarded actions"),
    row(Command::WatchAction, "watch", &[Key::char('w')], Scope::Global, "the action that runs, or ran last"),
    row(Command::Act, "act", &[], Scope::Global, "the card of an action, narrowed by parameters")
        .takes("ACTION on TARGET with older_than=5m user=web"),
    row(Command::Analyse, "analyse", &[], Scope::Global, "the card of ANALYZE of a table").takes("TABLE"),
    row(Command::Vacuum, "vacuum", &[], Scope::Global, "the card of VACUUM of a table").takes("TABLE"),
    row(Command::Reindex, "reindex", &[], Scope::Global, "the card of REINDEX CONCURRENTLY").takes("TABLE or INDEX"),
    row(Command::Arm, "arm", &[], Scope::Global, "leave to act again, after 30 idle minutes"),
    row(Command::Mark, "mark", &[Key::char('M')], Scope::Global, "marks this moment, and says what it is")
        .takes("TEXT"),
    row(Command::ConfirmTime, "confirm-time", &[], Scope::Global, "shows the time, and again: confirms it"),
    row(Command::Approve, "approve", &[], Scope::Global, "what waits for a second person, or the card of one")
        .takes("ID"),
    row(Command::Consent, "consent", &[], Scope::Global, "the card of what was approved, made anew"),
    row(Command::Refresh, "refresh", &[Key::char('r'), Key::ctrl('r')], Scope::Global, "reads every source now"),
    row(Command::Rules, "rules-reload", &[], Scope::Global, "reads the rules files again"),
    row(Command::Slower, "slower", &[Key::char('+')], Scope::Global, "longer pause between frames"),
    row(Command::Faster, "faster", &[Key::char('-')], Scope::Global, "shorter pause between frames"),
    row(Command::Copy, "copy", &[Key::char('y')], Scope::Global, "copies what is selected, sanitised and capped"),
    row(Command::TimeZone, "time-zone", &[Key::char('t')], Scope::Global, "UTC or local time"),
    row(Command::Theme, "theme", &[Key::char('T')], Scope::Global, "next theme, or the one named").takes("NAME"),
    row(Command::Problems, "problems", &[Key::char('!')], Scope::Global, "what is wrong with our own sources"),
    row(Command::Diagnostics, "diagnostics", &[Key::plain(Code::F(12))], Scope::Global, "the program's own log"),
    row(Command::Mouse, "mouse", &[Key::char('m')], Scope::Global, "takes the mouse, or gives it back"),
    row(Command::Redraw, "redraw", &[Key::ctrl('l')], Scope::Global, "draws everything anew"),
    row(Command::Suspend, "suspend", &[Key::ctrl('z')], Scope::Global, "back to the shell; fg returns"),
    row(Command::Up, "up", &[Key::char('k'), Key::plain(Code::Up)], Scope::Global, "one row up"),
    row(Command::Down, "down", &[Key::char('j'), Key::plain(Code::Down)], Scope::Global, "one row down"),
    row(Command::Left, "left", &[Key::char('h'), Key::plain(Code::Left)], Scope::Global, "scrolls left"),
    row(Command::Right, "right", &[Key::char('l'), Key::plain(Code::Right)], Scope::Global, "scrolls right"),
    row(Command::HalfPageUp, "half-page-up", &[Key::ctrl('u')], Scope::Global, "half a page up"),
    row(Command::HalfPageDown, "half-page-down", &[Key::ctrl('d')], Scope::Global, "half a page down"),
    row(Command::PageUp, "page-up", &[Key::plain(Code::PageUp), Key::ctrl('b')], Scope::Global, "a page up"),
    row(Command::PageDown, "page-down", &[Key::plain(Code::PageDown), Key::ctrl('f')], Scope::Global, "a page down"),
    row(Command::Top, "top", &[Key::char('g'), Key::plain(Code::Home)], Scope::Global, "first row"),
    row(Command::Bottom, "bottom", &[Key::char('G'), Key::plain(Code::End)], Scope::Global, "last row"),
    row(Command::Sort, "sort", &[Key::char('s')], Scope::Table, "sorts by the next column"),
    row(Command::SortReverse, "sort-reverse", &[Key::char('S')], Scope::Table, "turns the order round"),
    row(Command::Filter, "filter", &[Key::char('&')], Scope::Text, "shows only the lines that match"),
    row(Command::NextMatch, "next-match", &[Key::char('n')], Scope::Text, "next match"),
    row(Command::PreviousMatch, "previous-match", &[Key::char('N')], Scope::Text, "previous match"),
    row(Command::NextError, "next-error", &[Key::char('e')], Scope::Text, "next error"),
    row(Command::PreviousError, "previous-error", &[Key::char('E')], Scope::Text, "previous error"),
    row(Command::LevelUp, "level-up", &[Key::char('>')], Scope::Text, "hides the lowest level shown"),
    row(Command::LevelDown, "level-down", &[Key::char('<')], Scope::Text, "shows one level more"),
    row(Command::Acknowledge, "acknowledge", &[Key::char('A')], Scope::Global, "says that you saw the selected alert"),
    row(Command::Silence, "silence", &[Key::char('Z')], Scope::Global, "keeps pages of alerts back here, for a while"),
    row(Command::Longer, "longer", &[Key::char(']')], Scope::Global, "the course on page 9 over a longer time"),
    row(Command::Shorter, "shorter", &[Key::char('[')], Scope::Global, "the course on page 9 over a shorter time"),
    row(Command::Follow, "follow", &[Key::char('F')], Scope::Text, "follows the end, or holds"),
];

impl Command {
    /// Its row of the table, if it has one.
    #[must_use]
    pub fn info(self) -> Option<&'static CommandInfo> {
        COMMANDS.iter().find(|info| info.command == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_key_or_a_name() {
        for (at, one) in COMMANDS.iter().enumerate() {
            for other in &COMMANDS[at + 1..] {
                assert_ne!(one.name, other.name);
                assert!(one.keys.iter().all(|k| !other.keys.contains(k)), "{} and {}", one.name, other.name);
            }
        }
    }

    #[test]
    fn fingers_of_vim_never_write() {
        for key in [Key::char('k'), Key::char('d'), Key::char('x'), Key::ctrl('d')] {
            let bound = COMMANDS.iter().find(|c| c.keys.contains(&key)).map(|c| c.command);
            assert!(matches!(bound, None | Some(Command::Up | Command::HalfPageDown)), "{key}");
        }
    }
}
