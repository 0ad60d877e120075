//! Keys of `policy.toml` in the folder that operators share: those of `[actions]` that can be made stricter, and what only a
//! policy has.

use std::time::Duration;

use super::actions::{
    BREAK_GLASS, CAP, EXCEPT_APPLICATIONS, EXCEPT_USERS, FLUSH_TOLERANCE, HEADLESS, IDLE_IN_TRANSACTION_OLDER_THAN,
    IDLE_OLDER_THAN, REQUIRE_LOGIN, SECOND_PERSON, SHARED_ACCOUNTS, WINDOWS,
};
use super::{Form, Key, Kind, Section, Stricter, key};

/// Name of the file.
pub const FILE: &str = "policy.toml";

/// The whole file.
pub static POLICY: Section = Section {
    name: "policy",
    form: Form::Root,
    doc: "Policy of everyone who uses this folder. It only tightens what their configurations allow.",
    one_of: &[],
    keys: &[
        alone("read_only", Kind::Yes, "true", "false", "Nothing is run: everything can be looked at."),
        alone(
            "refuse",
            Kind::Texts,
            "[\"L3 in production\", \"terminate-session\"]",
            "none",
            "What is never run: a level, from which on, or the name of an action; with an environment, from that one on.",
        ),
        tighter(SECOND_PERSON, Stricter::Either),
        tighter(SHARED_ACCOUNTS, Stricter::Either),
        Key { kind: Kind::Yes, ..tighter(REQUIRE_LOGIN, Stricter::Yes) },
        tighter(BREAK_GLASS, Stricter::Both),
        Key {
            example: "[\"warm-cache for deploy\"]",
            default: "none: whoever shares the folder runs nothing without a terminal",
            doc: "What runs without a terminal where the configuration names it too: an action, for everybody or for one user.",
            ..tighter(HEADLESS, Stricter::Beside)
        },
        Key {
            doc: "Maintenance windows that have to be open beside one of the configuration.",
            default: "none: those of the configuration alone",
            ..tighter(WINDOWS, Stricter::Beside)
        },
        tighter(CAP, Stricter::Smaller),
        alone(
            "cool_down",
            Kind::Time { least: Duration::ZERO },
            "\"1m\"",
            "what each action says",
            "The same action is not run again on the same target before this; a longer one of its own counts.",
        ),
        tighter(IDLE_OLDER_THAN, Stricter::Greater),
        tighter(IDLE_IN_TRANSACTION_OLDER_THAN, Stricter::Greater),
        tighter(EXCEPT_USERS, Stricter::Either),
        tighter(EXCEPT_APPLICATIONS, Stricter::Either),
        tighter(FLUSH_TOLERANCE, Stricter::Smaller),
        alone(
            "environment",
            Kind::Environment,
            "\"staging\"",
            "as configured",
            "production, staging, dev or local: no target counts as less, whatever a configuration says of it.",
        ),
        Key {
            tightens: Some(Stricter::Yes),
            ..alone(
                "journal",
                Kind::Yes,
                "true",
                "as configured",
                "The head of the audit goes to journald after every outcome.",
            )
        },
    ],
};

/// A key that only a policy has, or that means something of its own there.
const fn alone(name: &'static str, kind: Kind, example: &'static str, default: &'static str, doc: &'static str) -> Key {
    Key { tightens: Some(Stricter::Beside), ..key(name, kind, example, default, doc) }
}

/// A key of `[actions]`, made stricter.
const fn tighter(mut key: Key, how: Stricter) -> Key {
    key.default = "as configured";
    key.tightens = Some(how);
    key
}
