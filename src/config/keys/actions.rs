//! Keys of guarded actions: whether they are allowed, their limits, and actions of the team's own.

use std::time::Duration;

use super::acts::{
    AT_ONCE, BECOME, BODY, COMPOSE_FILE, COMPOSE_PROGRAM, COOL_DOWN, ERRORS, EXPECT_STATUS, MANAGED, METHOD, PLACED,
    PREVIEW_PATH, PREVIEW_POINTER, PREVIEW_SQL, PROJECT, REQUESTS, REQUIRES, SETTLE, START_COMMAND, STATUS_COMMAND,
    STOP_COMMAND, USER_UNIT, WITHIN,
};
use super::watched::{BEARER, CA_FILE, HEADERS};
use super::{Form, Key, Kind, Section, answers, beside, environment, key, live, off};

// Keys that the policy of a shared folder may give too.
pub(super) const IDLE_OLDER_THAN: Key = key(
    "idle_older_than",
    Kind::Time { least: Duration::from_secs(1) },
    "\"10m\"",
    "10m",
    "Sessions idle for so long are offered for termination.",
);
pub(super) const IDLE_IN_TRANSACTION_OLDER_THAN: Key = key(
    "idle_in_transaction_older_than",
    Kind::Time { least: Duration::from_secs(1) },
    "\"5m\"",
    "5m",
    "The same for sessions that hold a transaction open.",
);
pub(super) const CAP: Key =
    key("cap", Kind::Count { least: 1, most: 500 }, "50", "50", "Sessions that one action touches at most.");
pub(super) const EXCEPT_USERS: Key =
    key("except_users", Kind::Texts, "[\"replicator\"]", "none", "Users whose sessions are never touched.");
pub(super) const EXCEPT_APPLICATIONS: Key = key(
    "except_applications",
    Kind::Texts,
    "[\"pg_dump\"]",
    "none",
    "Values of application_name whose sessions are never touched.",
);
pub(super) const HEADLESS: Key = key(
    "headless",
    Kind::Texts,
    "[\"warm-cache\"]",
    "none",
    "Actions that quarterdeck run may do where no terminal is, such as in a script; with \" for USER\" that user alone. Where operators share a folder, its policy has to grant it too.",
);
pub(super) const WINDOWS: Key = key(
    "windows",
    Kind::Texts,
    "[\"first Saturday of the month 02:00-06:00 UTC\"]",
    "none: nothing can be destroyed",
    "Maintenance windows; only in them what destroys (L3) may run.",
);
pub(super) const FLUSH_TOLERANCE: Key = key(
    "flush_tolerance",
    Kind::Ratio,
    "\"10 %\"",
    "10 %",
    "A flush is refused when the keys changed by more than this share since its card.",
);
pub(super) const SECOND_PERSON: Key = key(
    "second_person",
    Kind::Texts,
    "[\"L3\", \"warm-cache\"]",
    "none",
    "What another person has to approve: L2 or L3, from which level on, and names of actions; \"L2 in production\": from that environment on. It wants shared.",
);
pub(super) const BREAK_GLASS: Key = key(
    "break_glass",
    Kind::Texts,
    "[\"flush-redis\"]",
    "none",
    "Actions of level L3 that may run outside every window, with a reason and a second person.",
);
pub(super) const REQUIRE_LOGIN: Key = key(
    "require_login",
    Kind::Flag,
    "true",
    "false",
    "A second person counts only where the system records who logged in (loginuid), of both: else sudo -u makes two of one.",
);
pub(super) const SHARED_ACCOUNTS: Key = key(
    "shared_accounts",
    Kind::Texts,
    "[\"deploy\"]",
    "none",
    "Accounts that several people use: they neither ask for nor give an approval.",
);

/// `[actions]`
pub static ACTIONS: Section = Section {
    name: "actions",
    form: Form::Table,
    doc: "Guarded actions. Without allow = true, or --allow-actions, the menu describes them and none can run.",
    one_of: &[],
    keys: &[
        key("allow", Kind::Flag, "true", "false", "Actions may be run from here, each after its card and consent."),
        key("audit", Kind::File, "\"/var/lib/quarterdeck/audit\"", "the user's state folder", "Folder of the audit."),
        key(
            "shared",
            Kind::File,
            "\"/var/lib/quarterdeck/shared\"",
            "none: guards cover only you",
            "Folder that the operators of this host share, for locks, cool-downs and approvals.",
        ),
        IDLE_OLDER_THAN,
        IDLE_IN_TRANSACTION_OLDER_THAN,
        CAP,
        EXCEPT_USERS,
        EXCEPT_APPLICATIONS,
        HEADLESS,
        WINDOWS,
        key(
            "journal",
            Kind::Flag,
            "true",
            "false",
            "After every outcome the number and hash of the audit's last record go to journald too, where its writer cannot take them back.",
        ),
        FLUSH_TOLERANCE,
        SECOND_PERSON,
        BREAK_GLASS,
        SHARED_ACCOUNTS,
        REQUIRE_LOGIN,
    ],
};

/// Keys that name what is kept in shape.
const UPKEEP: &[&str] = &["analyse", "vacuum", "reindex", "drop_leftover"];

/// Keys of what is done to a database of the configuration.
const ON_DATABASE: &[&str] = &["analyse", "vacuum", "reindex", "drop_leftover", "preview_sql"];

/// `[[action]]`
pub static ACTION: Section = Section {
    name: "action",
    form: Form::Named,
    doc: "An action of the team's own: a request that changes something, an order to a service's own manager, a program, upkeep or a backup of a database; and what shows that it worked.",
    one_of: &[
        "url",
        "origin",
        "unit",
        "compose",
        "restart_command",
        "command",
        "analyse",
        "vacuum",
        "reindex",
        "drop_leftover",
        "backup",
    ],
    keys: &[
        live("name", Kind::Name, "\"warm-cache\"", "Name in menu and audit."),
        live("origin", Kind::Name, "\"api\"", "Origin of the path."),
        live("path", Kind::UrlPath, "\"/cache/warm\"", "Path, and query if any."),
        key(
            "url",
            Kind::Url,
            "\"https://api.example.com/cache/warm\"",
            "",
            "The whole URL, instead of origin and path.",
        ),
        key("title", Kind::Text, "\"warm the cache\"", "its name", "What it does, in a few words."),
        key(
            "level",
            Kind::Word(&["L1", "L2", "L3"]),
            "\"L1\"",
            "L3",
            "How dangerous it is: L1 safe and repeatable, L2 disruptive, L3 destructive.",
        ),
        key(
            "target",
            Kind::Name,
            "\"api\"",
            "the origin's name, or the URL's host",
            "What it is aimed at: the name that is typed to confirm.",
        ),
        METHOD,
        BODY,
        HEADERS,
        BEARER,
        CA_FILE,
        EXPECT_STATUS,
        key(
            "watch",
            Kind::Text,
            "\"cache redis\"",
            "of a restart the service of its name or target, else none: nothing is verified",
            "What shows that it worked: what an alert can watch of a service, a database, a cache or a signal, such as cache NAME or service NAME.",
        ),
        key(
            "expect",
            Kind::Text,
            "\"rises\"",
            "ok for a state, rises for a hit ratio, else falls",
            "rises, falls, a state such as ok, or a threshold such as \"> 80 %\".",
        ),
        key("unit", Kind::Name, "\"api.service\"", "", "Unit of systemd, instead of a request."),
        key(
            "compose",
            Kind::Name,
            "\"api\"",
            "",
            "Service of a compose project, instead of a request. Which machine docker means only docker knows: unless DOCKER_HOST is a unix: socket it counts as production, or as declared.",
        ),
        key(
            "restart_command",
            Kind::Argv,
            "[\"apictl\", \"restart\"]",
            "",
            "Program that restarts the service, instead of a request; with status_command beside it.",
        ),
        beside(&["restart_command"], STATUS_COMMAND),
        beside(&["restart_command"], STOP_COMMAND),
        beside(&["restart_command"], START_COMMAND),
        beside(
            MANAGED,
            key("verb", Kind::Word(&["restart", "stop", "start"]), "\"restart\"", "restart", "What is asked."),
        ),
        beside(&["unit"], USER_UNIT),
        beside(&["compose"], COMPOSE_PROGRAM),
        beside(&["compose"], PROJECT),
        beside(&["compose"], COMPOSE_FILE),
        key(
            "command",
            Kind::Argv,
            "[\"shopctl\", \"drain\"]",
            "",
            "Program that is run, instead of a request; there is no shell. Its environment, undeclared, is that of the watched target, else production.",
        ),
        beside(PLACED, key("ssh", Kind::Name, "\"web1\"", "this machine", "Host whose manager it is, over ssh.")),
        beside(PLACED, BECOME),
        key("analyse", Kind::Name, "\"public.orders\"", "", "Table that ANALYZE is run on, instead of a request."),
        key("vacuum", Kind::Name, "\"public.orders\"", "", "Table that VACUUM is run on; never FULL."),
        key("reindex", Kind::Name, "\"public.orders_pkey\"", "", "Index or table that REINDEX CONCURRENTLY is run on."),
        key(
            "drop_leftover",
            Kind::Name,
            "\"public.orders_pkey_ccnew\"",
            "",
            "Index that a cancelled reindex left: dropped only if it is invalid and its name says so.",
        ),
        beside(
            &["vacuum"],
            key("and_analyse", Kind::Flag, "true", "false", "VACUUM (ANALYZE): its statistics are read anew too."),
        ),
        beside(
            ON_DATABASE,
            key("database", Kind::Name, "\"main\"", "the first", "Database of the configuration that is meant."),
        ),
        beside(
            UPKEEP,
            key(
                "lock_timeout",
                Kind::Time { least: Duration::from_millis(50) },
                "\"10s\"",
                "10s; 1m for a reindex, 3s for a drop",
                "It waits for a lock no longer than this.",
            ),
        ),
        key(
            "backup",
            Kind::Name,
            "\"main\"",
            "",
            "Database of the configuration that is dumped, restored and compared.",
        ),
        beside(&["backup"], key("folder", Kind::File, "\"/backups/shop\"", "none", "Where its dumps go.")),
        beside(
            &["backup"],
            key(
                "scratch",
                Kind::Text,
                "\"main\"",
                "none",
                "Where a dump may be restored, into a database of its own that is dropped again: a database of the configuration, for its server, or a URL without a password.",
            ),
        ),
        beside(
            &["backup"],
            key(
                "keep",
                Kind::Count { least: 1, most: 10_000 },
                "14",
                "all",
                "So many proven dumps are kept: older ones are listed on the card, and only those are deleted, for good.",
            ),
        ),
        SETTLE,
        WITHIN,
        key(
            "stable",
            Kind::Time { least: AT_ONCE },
            "\"10s\"",
            "10s for a process, else 0s",
            "It holds without a break for so long; a new process for 1s at least.",
        ),
        key(
            "deadline",
            Kind::Time { least: Duration::from_millis(50) },
            "\"30s\"",
            "30s",
            "Deadline of the request; of an order to a service it is 60s, and 100s for systemd's.",
        ),
        COOL_DOWN,
        PREVIEW_SQL,
        beside(&["url", "origin"], PREVIEW_PATH),
        beside(&["preview_path"], PREVIEW_POINTER),
        REQUESTS,
        ERRORS,
        key("undo", Kind::Text, "\"nothing needs to be undone\"", "not known", "What undoes it."),
        environment(),
        off(),
        REQUIRES,
        answers(),
        key(
            "parameter",
            Kind::Parameters,
            "[{ name = \"plan\", type = \"integer\" }]",
            "none",
            "What it is given when it is asked for, as :act NAME with plan=1 or --param plan=1. {plan} stands for it as a segment of the path, in a value of a JSON body or of a header, and as a word of the command; {{plan}} is {plan} itself. Each has a name, a type (integer, text or uuid) or one_of with the words that it may be, and perhaps doc, longest and default.",
        ),
        beside(
            &["url", "origin"],
            key(
                "kind",
                Kind::Word(&["warm", "retry"]),
                "\"warm\"",
                "a request like any other",
                "What it is, which says its level, its guards and its proof: warm is L1, wants connections left in every database, and the hit ratio of the cache at its origin rises; retry is L2, wants preview_sql or preview_path for its receivers, and the signal that it watches falls.",
            ),
        ),
    ],
};
