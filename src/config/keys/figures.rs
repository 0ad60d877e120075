//! Keys of what is read for figures and lines: signals, logs.

use super::watched::{BEARER, CA_FILE, HEADERS};
use super::{Form, Kind, Section, beside, deadline, interval, key, live, off};

/// `[[signal]]`
pub static SIGNAL: Section = Section {
    name: "signal",
    form: Form::Named,
    doc: "One figure that the team cares about. Exactly one source: sql, url or origin with pointer, redis, command, disk, memory, load.",
    one_of: &["sql", "url", "origin", "redis", "command", "disk", "memory", "load"],
    keys: &[
        live("name", Kind::Name, "\"jobs waiting\"", "Name on screen."),
        live(
            "sql",
            Kind::Sql,
            "\"SELECT count(*) FROM jobs WHERE status = 'pending'\"",
            "One read-only statement with one value.",
        ),
        beside(&["sql"], key("database", Kind::Name, "\"main\"", "the first database", "Database that is asked.")),
        key("url", Kind::Url, "\"https://api.example.com/stats\"", "", "Endpoint that answers JSON."),
        key("origin", Kind::Name, "\"api\"", "", "Origin of the path, instead of url."),
        key("path", Kind::UrlPath, "\"/stats\"", "", "Path, and query if any."),
        beside(
            &["url", "origin"],
            key("pointer", Kind::Pointer, "\"/queue/depth\"", "", "JSON pointer to the number or instant."),
        ),
        beside(&["url", "origin"], HEADERS),
        beside(&["url", "origin"], BEARER),
        beside(&["url", "origin"], CA_FILE),
        key("redis", Kind::Argv, "[\"LLEN\", \"queue\"]", "", "Read-only Redis command that answers with a number."),
        beside(&["redis"], key("cache", Kind::Name, "\"redis\"", "the first Redis", "Redis that is asked.")),
        key(
            "command",
            Kind::Argv,
            "[\"cat\", \"/proc/sys/fs/file-nr\"]",
            "",
            "Program and arguments that print a number; never a shell.",
        ),
        key("disk", Kind::File, "\"/\"", "", "Used part of the file system that holds this path, of this host."),
        key("memory", Kind::Yes, "true", "", "Used part of the memory of this host."),
        key("load", Kind::Yes, "true", "", "One-minute load of this host, divided by its cores."),
        key(
            "unit",
            Kind::Text,
            "\"jobs\"",
            "none",
            "bytes, s, ms, % or a word of your own; where it is %, plain numbers are percent.",
        ),
        beside(
            &["sql", "url", "origin", "redis", "command"],
            key(
                "counter",
                Kind::Flag,
                "true",
                "false",
                "What is read is a total that only grows: the signal is its growth per second, between two readings, and unit is that of the total.",
            ),
        ),
        live(
            "threshold",
            Kind::Threshold,
            "\"> 100 for 5m\"",
            "When it is degraded: > 1000 for 5m, < 10 %, older than 5m (an instant, or an age in seconds).",
        ),
        interval("10s; 30s for a command"),
        deadline("5s"),
        off(),
    ],
};

/// `[[log]]`
pub static LOG: Section = Section {
    name: "log",
    form: Form::Named,
    doc: "A log: files, or what a program prints.",
    one_of: &["files", "command"],
    keys: &[
        live("name", Kind::Name, "\"api\"", "Name on screen."),
        live("files", Kind::Glob, "\"/var/log/shop/*.log\"", "File or glob."),
        key(
            "command",
            Kind::Argv,
            "[\"journalctl\", \"-f\", \"-o\", \"json\", \"-u\", \"shop-api\"]",
            "",
            "Program and arguments; never a shell.",
        ),
        off(),
    ],
};
