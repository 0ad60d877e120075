//! Keys of alerts: how they are told, and those of this configuration's own, without a query language.

use std::time::Duration;

use super::{Form, Kind, Section, key, live, off};

const A_SECOND: Duration = Duration::from_secs(1);

/// `[alerts]`
pub static ALERTS: Section = Section {
    name: "alerts",
    form: Form::Table,
    doc: "How alerts are told, wherever their rules come from.",
    one_of: &[],
    keys: &[
        key(
            "acknowledge_critical",
            Kind::Time { least: A_SECOND },
            "\"15m\"",
            "15m",
            "Within this somebody says that a critical alert was seen; then its row says that nobody did.",
        ),
        key("acknowledge_warning", Kind::Time { least: A_SECOND }, "\"1h\"", "1h", "The same of a warning."),
        key("acknowledge_info", Kind::Time { least: A_SECOND }, "\"4h\"", "4h", "The same of what is less than that."),
        key(
            "longest_silence",
            Kind::Time { least: A_SECOND },
            "\"24h\"",
            "24h",
            "The longest that a silence made here may last. Every silence ends.",
        ),
        key(
            "longest_alertmanager_silence",
            Kind::Days { least: A_SECOND },
            "\"7d\"",
            "7d",
            "The same of one made in the Alertmanager; the card of one longer than a day says so.",
        ),
        key("bell", Kind::Flag, "false", "false", "Ring the terminal's bell when an alert begins to fire."),
        key(
            "notify",
            Kind::Flag,
            "false",
            "false",
            "Let the terminal notify when an alert begins to fire (OSC 9): how many, never what they say.",
        ),
    ],
};

/// `[[alert]]`
pub static ALERT: Section = Section {
    name: "alert",
    form: Form::Named,
    doc: "An alert without a query language: a threshold on any reading.",
    one_of: &[],
    keys: &[
        live("name", Kind::Name, "\"JobsPileUp\"", "Its name, as a rule would have it."),
        live(
            "when",
            Kind::Text,
            "\"signal jobs waiting > 500 for 5m\"",
            "What is watched and when it is bad: one of these, with the name of what is watched, and for how long (for 5m).",
        ),
        live("severity", Kind::Name, "\"warning\"", "critical, warning, info, or a word of your own."),
        key("summary", Kind::Text, "\"jobs pile up: {{ $value }}\"", "what is watched", "What it says to people."),
        key("runbook_url", Kind::Text, "\"https://wiki.example.com/jobs\"", "none", "Where what to do is written."),
        key(
            "keep_firing_for",
            Kind::Time { least: A_SECOND },
            "\"5m\"",
            "0s",
            "It goes on firing for so long after what is watched is good again.",
        ),
        off(),
    ],
};
