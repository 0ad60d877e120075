//! Keys to commands, straight from the command table; and names with completion for the palette.

use super::command::{COMMANDS, Command, CommandInfo};
use super::key::Key;

/// The command bound to a key.
#[must_use]
pub fn command_for(key: Key) -> Option<Command> {
    COMMANDS.iter().find(|info| info.keys.contains(&key)).map(|info| info.command)
}

/// Commands for what is typed: those whose name begins with it, then those that hold its letters in order. Once a command is
/// named and what it takes is being typed, that one alone.
#[must_use]
pub fn completions(typed: &str) -> Vec<&'static CommandInfo> {
    if let Some((info, _)) = with_argument(typed) {
        return vec![info];
    }
    let typed = typed.trim().to_lowercase();
    let mut found: Vec<_> = COMMANDS.iter().filter(|info| info.name.starts_with(&typed)).collect();
    found.extend(COMMANDS.iter().filter(|info| !info.name.starts_with(&typed) && holds_in_order(info.name, &typed)));
    found
}

/// The command that takes something and what was typed for it: `approve 4711`. None as long as only a name is typed.
#[must_use]
pub fn with_argument(typed: &str) -> Option<(&'static CommandInfo, &str)> {
    let (name, argument) = typed.trim_start().split_once(' ')?;
    let info = COMMANDS.iter().find(|info| info.argument.is_some() && info.name.eq_ignore_ascii_case(name))?;
    Some((info, argument.trim()))
}

fn holds_in_order(name: &str, letters: &str) -> bool {
    let mut rest = name.chars();
    letters.chars().all(|wanted| rest.any(|c| c == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completes_by_prefix_first() {
        assert_eq!(completions("data")[0].name, "database");
        assert_eq!(completions("nxer")[0].name, "next-error");
        assert!(completions("nothing-like-it").is_empty());
        assert_eq!(command_for(Key::char('3')), Some(Command::Page(3)));
    }

    #[test]
    fn what_a_command_takes_is_no_part_of_its_name() {
        assert!(with_argument("act").is_none());
        assert_eq!(with_argument(" act  warm-cache ").unwrap().1, "warm-cache");
        assert_eq!(completions("act warm-cache").len(), 1);
        assert!(with_argument("overview 3").is_none(), "it takes nothing");
    }
}
