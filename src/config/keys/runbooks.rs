//! Keys of runbooks: actions of several steps, and each of their steps.

use std::time::Duration;

use super::acts::{
    AT_ONCE, BECOME, BODY, COMPOSE_FILE, COMPOSE_PROGRAM, COOL_DOWN, ERRORS, EXPECT_STATUS, MANAGED, METHOD, PLACED,
    PREVIEW_PATH, PREVIEW_POINTER, PREVIEW_SQL, PROJECT, REQUESTS, REQUIRES, SETTLE, START_COMMAND, STATUS_COMMAND,
    STOP_COMMAND, USER_UNIT, WITHIN,
};
use super::watched::{BEARER, CA_FILE, HEADERS};
use super::{Form, Kind, Section, answers, beside, environment, key, live, off};

const SHORT: Duration = Duration::from_millis(50);

/// `[[runbook]]`
pub static RUNBOOK: Section = Section {
    name: "runbook",
    form: Form::Named,
    doc: "An action of several steps with gates, in the order of its [[runbook.step]] tables. A step that fails stops it and offers to undo what was done.",
    one_of: &[],
    keys: &[
        live("name", Kind::Name, "\"safe-restart\"", "Name in menu and audit."),
        live("target", Kind::Name, "\"api\"", "What it is aimed at: the name that is typed to confirm."),
        key("title", Kind::Text, "\"restart the API safely\"", "its name", "What it does, in a few words."),
        key(
            "level",
            Kind::Word(&["L1", "L2", "L3"]),
            "\"L2\"",
            "L3",
            "How dangerous it is; never less than its most dangerous step: L1 for a plan that is explained, L2 for an order to a service, a program, a DELETE, a request that says whom it reaches, a statement that writes and sessions, L3 for a flush.",
        ),
        key("contacts", Kind::Texts, "[\"on call, +1 555 0100\"]", "none", "Whom to call when a person is needed."),
        key(
            "watch",
            Kind::Text,
            "\"service api\"",
            "none: nothing is verified",
            "What shows that it worked: what an alert can watch of a service, a database, a cache or a signal, such as cache NAME or service NAME.",
        ),
        key(
            "expect",
            Kind::Text,
            "\"ok\"",
            "ok for a state, rises for a hit ratio, else falls",
            "rises, falls, a state such as ok or down, or a threshold such as \"> 80 %\".",
        ),
        SETTLE,
        WITHIN,
        key("stable", Kind::Time { least: AT_ONCE }, "\"10s\"", "0s", "It holds without a break for so long."),
        COOL_DOWN,
        key("undo", Kind::Text, "\"nothing needs to be undone\"", "what its steps say", "What undoes it, in words."),
        key(
            "note",
            Kind::Text,
            "\"only after the nightly import\"",
            "none",
            "What whoever starts it has to know: its card says it.",
        ),
        key("project", Kind::Name, "\"shop\"", "the folder's", "Compose project of its steps that name none."),
        key(
            "compose_file",
            Kind::File,
            "\"/srv/shop/compose.yaml\"",
            "none",
            "Compose file of its steps that name none.",
        ),
        environment(),
        off(),
        REQUESTS,
        ERRORS,
        REQUIRES,
        answers(),
        key(
            "parameter",
            Kind::Parameters,
            "[{ name = \"webhook\", type = \"integer\" }]",
            "none",
            "What it is given when it is asked for, as :act NAME with webhook=1 or --param webhook=1. In its steps {webhook} stands for it: among binds, as a segment of a path, in a value of a JSON body or of a header, as a word of a command, in what is done by hand and in titles; {{webhook}} is {webhook} itself. As under [[action]]; with optional = true the steps that want it are left out without it.",
        ),
    ],
};

/// Keys that say what a step does: one of them.
const DEEDS: &[&str] = &[
    "look",
    "wait",
    "pause",
    "manual",
    "url",
    "origin",
    "unit",
    "compose",
    "restart_command",
    "command",
    "query",
    "statement",
    "redis",
    "sessions",
    "explain",
    "flush",
    "action",
];
const REQUEST: &[&str] = &["url", "origin"];
const STATED: &[&str] = &["query", "statement"];
const PROGRAM: &[&str] = &["restart_command"];
const SESSIONS: &[&str] = &["sessions"];

/// `[[runbook.step]]`
pub static STEP: Section = Section {
    name: "runbook.step",
    form: Form::Steps,
    doc: "A step of the runbook above it. One of look, wait, pause, manual, url, origin, unit, compose, restart_command, command, query, statement, redis, sessions, explain, flush and action says what it does.",
    one_of: DEEDS,
    keys: &[
        key("title", Kind::Text, "\"is it up?\"", "what it does", "What a person knows it by."),
        key(
            "when",
            Kind::Text,
            "\"cache redis < 80 %\"",
            "always",
            "It is skipped unless this holds in a fresh reading; what is not known stops the runbook.",
        ),
        key("ask", Kind::Flag, "false", "false", "A person decides before it: go on, skip or stop."),
        key(
            "may_fail",
            Kind::Flag,
            "false",
            "false",
            "Of a step that only reads: where that fails, the runbook goes on and says so.",
        ),
        key(
            "deadline",
            Kind::Time { least: SHORT },
            "\"30s\"",
            "30s; 1m for a wait and an order, 100s for one to systemd, 30m for what is done by hand",
            "It ends within this, or has failed.",
        ),
        key(
            "requires",
            Kind::Texts,
            "[\"signal jobs waiting < 1000\"]",
            "none",
            "What must hold in readings begun directly before it, as under [[runbook]]: where it does not, or is not known, the step is not run and the runbook stops.",
        ),
        key("look", Kind::Text, "\"service api\"", "", "A fresh reading is shown, of what watch can name."),
        key(
            "wait",
            Kind::Text,
            "\"service api ok\"",
            "",
            "Until fresh readings show it: what watch can name, and a state such as ok or a threshold.",
        ),
        key("pause", Kind::Time { least: AT_ONCE }, "\"10s\"", "", "So long."),
        live("manual", Kind::Text, "\"tell the support desk\"", "What a person does by hand, and ticks with a note."),
        key("origin", Kind::Name, "\"api\"", "", "Sends a request to a path of this origin."),
        beside(&["origin"], key("path", Kind::UrlPath, "\"/cache/warm\"", "/", "Path, and query if any.")),
        key("url", Kind::Url, "\"https://api.example.com/cache/warm\"", "", "Sends a request to this URL."),
        beside(REQUEST, METHOD),
        beside(
            REQUEST,
            key(
                "kind",
                Kind::Word(&["warm", "retry"]),
                "\"warm\"",
                "none",
                "A request of a known kind has its guards: a warming is sent while connections are left in every database; a retry says whom it reaches, and is L2.",
            ),
        ),
        beside(REQUEST, BODY),
        beside(REQUEST, HEADERS),
        beside(REQUEST, BEARER),
        beside(REQUEST, CA_FILE),
        beside(REQUEST, EXPECT_STATUS),
        key("unit", Kind::Name, "\"api.service\"", "", "Asks systemd for something about this unit."),
        key("compose", Kind::Name, "\"api\"", "", "Asks compose for something about this service."),
        key(
            "restart_command",
            Kind::Argv,
            "[\"apictl\", \"restart\"]",
            "",
            "Asks a manager of the team's own, which restarts the service so; with status_command beside it.",
        ),
        beside(PROGRAM, STATUS_COMMAND),
        beside(PROGRAM, STOP_COMMAND),
        beside(PROGRAM, START_COMMAND),
        beside(PROGRAM, key("service", Kind::Name, "\"api\"", "the runbook's target", "What people call the service.")),
        beside(
            MANAGED,
            key(
                "verb",
                Kind::Word(&["restart", "stop", "start", "status"]),
                "\"restart\"",
                "restart",
                "What is asked.",
            ),
        ),
        beside(
            &["unit", "compose", "restart_command", "wait"],
            key(
                "stable",
                Kind::Time { least: AT_ONCE },
                "\"10s\"",
                "5s for a process, else 0s",
                "It holds without a break for so long; a new process for 1s at least.",
            ),
        ),
        beside(&["unit"], USER_UNIT),
        beside(&["compose"], COMPOSE_PROGRAM),
        beside(&["compose"], PROJECT),
        beside(&["compose"], COMPOSE_FILE),
        key("command", Kind::Argv, "[\"shopctl\", \"drain\"]", "", "Runs a program; there is no shell."),
        beside(PLACED, key("ssh", Kind::Name, "\"web1\"", "this machine", "Host where it runs, over ssh.")),
        beside(PLACED, BECOME),
        key("query", Kind::Sql, "\"SELECT count(*) FROM orders\"", "", "Reads from a database and shows the rows."),
        key(
            "statement",
            Kind::Text,
            "\"UPDATE hooks SET active = false WHERE id = $1\"",
            "",
            "Sends one statement that writes, over a second connection. It ends no sessions: sessions does. A function that is not known here, such as the team's own, makes the runbook L3.",
        ),
        beside(
            STATED,
            key(
                "binds",
                Kind::Texts,
                "[\"123\"]",
                "none",
                "Values of $1, $2 and so on; they never become part of the text.",
            ),
        ),
        beside(
            &["query", "statement", "sessions", "explain", "preview_sql"],
            key("database", Kind::Name, "\"main\"", "the only one", "Which database."),
        ),
        key(
            "redis",
            Kind::Argv,
            "[\"DEL\", \"lock:import\"]",
            "",
            "Sends one command to Redis; what blocks, destroys or is not known makes the runbook L3.",
        ),
        beside(&["redis"], key("cache", Kind::Name, "\"redis\"", "the only Redis", "Which cache.")),
        key(
            "sessions",
            Kind::Word(&[
                "terminate idle",
                "terminate idle in transaction",
                "cancel root blocker",
                "terminate root blocker",
                "cancel one",
                "terminate one",
            ]),
            "\"terminate idle\"",
            "",
            "Ends sessions of a database, or what they run; which ones the card lists. One is that of the pid beside it.",
        ),
        beside(
            &["sessions"],
            key(
                "older_than",
                Kind::Time { least: Duration::from_secs(1) },
                "\"10m\"",
                "as under [actions]",
                "Idle for so long, by the time of their last change of state.",
            ),
        ),
        beside(
            SESSIONS,
            key(
                "pid",
                Kind::Text,
                "\"{pid}\"",
                "none",
                "Of sessions that mean one: a parameter of type integer that gives its process id. Whichever has it when the card is made, that one and no other.",
            ),
        ),
        key(
            "explain",
            Kind::Text,
            "\"SELECT count(*) FROM orders WHERE paid\"",
            "",
            "Asks a database how it would run this statement, or the one of this queryid of pg_stat_statements, such as \"{query}\"; it is not run.",
        ),
        key("flush", Kind::Name, "\"redis\"", "", "Empties the database of this Redis."),
        key(
            "action",
            Kind::Name,
            "\"backup\"",
            "",
            "Does what this [[action]] does: a backup, or analyse, vacuum or reindex.",
        ),
        beside(
            &["command"],
            key("reads", Kind::Flag, "true", "false", "The program only looks: running it changes nothing."),
        ),
        beside(REQUEST, PREVIEW_SQL),
        beside(REQUEST, PREVIEW_PATH),
        beside(&["preview_path"], PREVIEW_POINTER),
        beside(SESSIONS, key("user", Kind::Name, "\"web\"", "of any user", "Idle sessions of this user only.")),
        beside(
            SESSIONS,
            key(
                "application",
                Kind::Name,
                "\"worker\"",
                "of any application",
                "Idle sessions of this application only.",
            ),
        ),
        beside(
            SESSIONS,
            key(
                "in_database",
                Kind::Name,
                "\"reports\"",
                "the database that we are connected to",
                "Idle sessions in this database of the server, by its name there.",
            ),
        ),
        beside(
            SESSIONS,
            key("every_database", Kind::Yes, "true", "none", "Idle sessions in every database of the server."),
        ),
    ],
};

/// What an `undo` table of a step may not hold.
pub const NOT_IN_UNDO: [&str; 5] = ["when", "requires", "ask", "may_fail", "undo"];

/// The name under which a step of a runbook, or what undoes one, goes through the layers. No name holds a line end.
#[must_use]
pub fn entry_name(runbook: &str, number: usize, undo: bool) -> String {
    format!("{runbook}\n{number}{}", if undo { "\nundo" } else { "" })
}

/// The runbook, the number of the step, and whether it undoes it.
#[must_use]
pub fn parts_of(name: &str) -> Option<(&str, usize, bool)> {
    let (runbook, rest) = name.split_once('\n')?;
    let (number, undo) = rest.split_once('\n').map_or((rest, false), |(number, _)| (number, true));
    Some((runbook, number.parse().ok()?, undo))
}
