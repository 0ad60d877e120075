//! Keys of the program itself: what the configuration is called, how the screen looks, what is discovered.

use std::time::Duration;

use super::metrics::{
    DOCUMENTS, EXTERNAL_LABELS, METRICS_BYTES, METRICS_HOURS, METRICS_SERIES, RULES, RULES_BY, RULES_INTERVAL,
};
use super::{Form, Key, Kind, Section, Stricter, engines, key, live};

/// The names of the embedded themes.
pub const THEMES: &[&str] = &["dark", "light", "high-contrast", "colour-blind", "monochrome"];

/// Before the first section.
pub static ROOT: Section = Section {
    name: "",
    form: Form::Root,
    doc: "",
    one_of: &[],
    keys: &[
        live("name", Kind::Name, "\"shop\"", "Name in the header."),
        key(
            "profile",
            Kind::Name,
            "\"pggit\"",
            "none",
            "Profile below this file; its entries are changed key by key by entries of the same name.",
        ),
        Key {
            tightens: Some(Stricter::Greater),
            ..key(
                "environment",
                Kind::Environment,
                "\"staging\"",
                "local on loopback, production elsewhere",
                "production, staging, dev or local, for every target that does not say its own. --env can only make it stricter.",
            )
        },
        RULES,
        RULES_INTERVAL,
        RULES_BY,
        EXTERNAL_LABELS,
        METRICS_BYTES,
        METRICS_HOURS,
        METRICS_SERIES,
        engines::PROMETHEUS,
        engines::PROMETHEUS_HEADERS,
        engines::PROMETHEUS_BEARER,
        engines::PROMETHEUS_CA_FILE,
        engines::ALERTMANAGER,
        engines::ALERTMANAGER_HEADERS,
        engines::ALERTMANAGER_BEARER,
        engines::ALERTMANAGER_CA_FILE,
        DOCUMENTS,
    ],
};

/// `[screen]`
pub static SCREEN: Section = Section {
    name: "screen",
    form: Form::Table,
    doc: "How the screen looks and behaves.",
    one_of: &[],
    keys: &[
        key("theme", Kind::Word(THEMES), "\"dark\"", "dark", "dark, light, high-contrast, colour-blind or monochrome."),
        key("ascii", Kind::Flag, "false", "by the locale", "Draw with ASCII characters only."),
        key(
            "every",
            Kind::Time { least: Duration::from_millis(200) },
            "\"1s\"",
            "1s",
            "Pause between frames of fresh figures; keys are answered at once.",
        ),
        Key {
            tightens: Some(Stricter::Yes),
            ..key(
                "redact",
                Kind::Flag,
                "false",
                "false",
                "Hide literals and comments in queries, and the values that actions are given. --redact can only switch it on.",
            )
        },
        key("log_memory", Kind::Bytes, "\"8 MiB\"", "8 MiB", "Log lines kept in memory, 256 KiB to 1 GiB."),
        key(
            "clipboard",
            Kind::Flag,
            "true",
            "true, but false over SSH",
            "Copy to the clipboard through the terminal (OSC 52).",
        ),
    ],
};

/// `[discovery]`
pub static DISCOVERY: Section = Section {
    name: "discovery",
    form: Form::Table,
    doc: "What is looked for without being named.",
    one_of: &[],
    keys: &[
        key(
            "environment",
            Kind::Flag,
            "true",
            "true",
            "Take DATABASE_URL, PG* and REDIS_URL from the environment when no entry here names a database or cache.",
        ),
        key("dotenv", Kind::Flag, "true", "true", "Read .env of the current folder when every URL is on loopback."),
    ],
};
