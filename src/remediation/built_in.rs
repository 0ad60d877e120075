//! The names of the actions that come with the program, and their levels, for the configuration: it names actions before
//! anything is known of what they could be aimed at.

use super::level::Level;

/// Every built-in action.
pub const BUILT_IN: &[(&str, Level)] = &[
    ("cancel-query", Level::L2),
    ("terminate-session", Level::L2),
    ("terminate-idle-in-transaction", Level::L2),
    ("cancel-root-blocker", Level::L2),
    ("terminate-root-blocker", Level::L2),
    ("terminate-idle", Level::L2),
    ("flush-redis", Level::L3),
    ("explain", Level::L1),
    ("analyse", Level::L2),
    ("vacuum", Level::L2),
    ("vacuum-analyse", Level::L2),
    ("reindex", Level::L2),
    ("drop-leftover", Level::L2),
    ("silence-alert", Level::L2),
    ("expire-silence", Level::L2),
];
