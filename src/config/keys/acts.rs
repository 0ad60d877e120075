//! Keys that an action of the team's own and a step of a runbook have in common: one text and one default for both.

use std::time::Duration;

use super::{Key, Kind, key};

pub(super) const AT_ONCE: Duration = Duration::ZERO;

/// Keys that name what a service's own manager does.
pub(super) const MANAGED: &[&str] = &["unit", "compose", "restart_command"];

/// Keys that name something that runs somewhere.
pub(super) const PLACED: &[&str] = &["unit", "compose", "restart_command", "command"];

pub(super) const SETTLE: Key =
    key("settle", Kind::Time { least: AT_ONCE }, "\"10s\"", "0s", "Readings count from so long after it on.");
pub(super) const WITHIN: Key =
    key("within", Kind::Time { least: AT_ONCE }, "\"2m\"", "1m", "It is seen within this, or it is not verified.");
pub(super) const COOL_DOWN: Key = key("cool_down", Kind::Time { least: AT_ONCE }, "\"1m\"", "30s", "Not again before.");
pub(super) const REQUIRES: Key = key(
    "requires",
    Kind::Texts,
    "[\"signal jobs waiting < 1000\"]",
    "none",
    "What must hold before it starts, in fresh readings: what an alert can watch of a service, a database, a cache or a signal, and a threshold. What is not known does not hold.",
);
pub(super) const REQUESTS: Key = key(
    "requests",
    Kind::Name,
    "\"jobs waiting\"",
    "none",
    "Signal that the card shows as the load; one with counter = true, or in /s, as requests.",
);
pub(super) const ERRORS: Key =
    key("errors", Kind::Name, "\"jobs waiting\"", "none", "Signal that the card shows as the share of errors.");
pub(super) const METHOD: Key =
    key("method", Kind::Word(&["POST", "PUT", "PATCH", "DELETE"]), "\"POST\"", "POST", "Method of the request.");
pub(super) const BODY: Key = key("body", Kind::Text, "'{\"all\": true}'", "none", "Body of the request, JSON.");
pub(super) const EXPECT_STATUS: Key =
    key("expect_status", Kind::Statuses, "[200, 202]", "200 to 299", "Statuses that count as done.");
pub(super) const PREVIEW_SQL: Key = key(
    "preview_sql",
    Kind::Sql,
    "\"SELECT webhook_id, count(*) FROM queue GROUP BY webhook_id\"",
    "none: what it touches is not known",
    "One read-only statement whose rows name what the request reaches, each with how many: the card lists them.",
);
pub(super) const PREVIEW_PATH: Key = key(
    "preview_path",
    Kind::UrlPath,
    "\"/webhooks/pending\"",
    "none",
    "Path that answers the same as JSON: an object of names and counts, or a list of objects with name and count.",
);
pub(super) const PREVIEW_POINTER: Key =
    key("preview_pointer", Kind::Pointer, "\"/receivers\"", "the whole answer", "JSON pointer to it.");
pub(super) const STATUS_COMMAND: Key = key(
    "status_command",
    Kind::Argv,
    "[\"apictl\", \"status\"]",
    "none",
    "Prints JSON with state, pid, started_at and restarts.",
);
pub(super) const STOP_COMMAND: Key = key("stop_command", Kind::Argv, "[\"apictl\", \"stop\"]", "none", "Stops it.");
pub(super) const START_COMMAND: Key = key("start_command", Kind::Argv, "[\"apictl\", \"start\"]", "none", "Starts it.");
pub(super) const USER_UNIT: Key =
    key("user_unit", Kind::Flag, "false", "false", "Of the user's systemd, not the system's.");
pub(super) const COMPOSE_PROGRAM: Key = key(
    "compose_program",
    Kind::Word(&["docker", "podman", "docker-compose", "podman-compose"]),
    "\"podman\"",
    "docker",
    "Whose compose: docker compose, podman compose, or one of the programs of their own.",
);
pub(super) const PROJECT: Key = key("project", Kind::Name, "\"shop\"", "the folder's", "Name of the compose project.");
pub(super) const COMPOSE_FILE: Key = key("compose_file", Kind::File, "\"compose.yaml\"", "none", "Its file.");
pub(super) const BECOME: Key =
    key("become", Kind::Argv, "[\"sudo\", \"-n\"]", "none", "What gives the rights; it never asks.");
