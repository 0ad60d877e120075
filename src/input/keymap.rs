//! Keys to commands, straight from the command table; and names with completion for the palette.

use super::command::{COMMANDS, Command, CommandInfo};
use super::key::Key;

/// The command bound to a key.
#[must_use]
pub fn command_for(key: Key) -> Option<Command> {
    COMMANDS.iter().find(|info| info.keys.contains(&key)).map(|info| info.command)
}

/// Commands for a typed name: those that begin with it, then those that hold its letters in order.
#[must_use]
pub fn completions(typed: &str) -> Vec<&'static CommandInfo> {
    let typed = typed.trim().to_lowercase();
    let mut found: Vec<_> = COMMANDS.iter().filter(|info| info.name.starts_with(&typed)).collect();
    found.extend(COMMANDS.iter().filter(|info| !info.name.starts_with(&typed) && holds_in_order(info.name, &typed)));
    found
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
}
