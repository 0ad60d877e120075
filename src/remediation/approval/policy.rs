//! What the configuration asks of actions beside their level: a second person, and which of them may break the glass, that
//! is run outside every maintenance window. It only adds to what the level asks for.

use crate::remediation::action::Action;
use crate::remediation::level::Level;

/// Of whom and for what a second person is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Levels, from which on, and names of actions.
    pub second_person: Vec<String>,
    /// Names of actions that may run outside every window, with a reason and a second person.
    pub break_glass: Vec<String>,
    /// Accounts that several people use: they are nobody's.
    pub shared_accounts: Vec<String>,
}

/// What a card asks for beside phrase and window. Part of what is consented to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Demands {
    /// Another person has to approve it.
    pub second_person: bool,
    /// It runs outside every maintenance window.
    pub break_glass: bool,
}

/// Nothing beside what the level asks for.
pub static NO_POLICY: Policy =
    Policy { second_person: Vec::new(), break_glass: Vec::new(), shared_accounts: Vec::new() };

impl Policy {
    /// Whether somebody else has to approve an action, in its window too.
    #[must_use]
    pub fn wants_second_person(&self, action: &Action) -> bool {
        let level = |word: &str| Level::ALL.into_iter().find(|level| level.word() == word);
        self.second_person.iter().any(|entry| match level(entry) {
            // Whoever asks for it at one level asks for it where more is at stake.
            Some(from) => action.level >= from,
            None => entry == action.id.as_str(),
        })
    }

    /// Whether an action may run outside every window.
    #[must_use]
    pub fn grants_breaking(&self, action: &Action) -> bool {
        action.level >= Level::L3 && self.break_glass.iter().any(|name| name == action.id.as_str())
    }
}
