//! What an error reply of Redis means, in our words. Pure.

use crate::domain::{Cause, Safe};

/// The cause behind the error reply `said` to the command `argv` of the ACL user `user`.
pub fn cause<A: AsRef<str>>(said: &[u8], argv: &[A], user: &str) -> Cause {
    let text = Safe::one_line(said).clipped(200);
    let (code, rest) = text.as_str().split_once(' ').unwrap_or((text.as_str(), ""));
    match code {
        "LOADING" => Cause::Loading { percent: None },
        "NOAUTH" => Cause::NoAuth,
        "WRONGPASS" => Cause::WrongPassword,
        "NOPERM" => no_permission(rest, argv, user),
        "READONLY" => Cause::ReadOnlyReplica,
        "MOVED" | "ASK" => Cause::Moved { to: Safe::of(rest.split(' ').nth(1).unwrap_or("another node")) },
        "OOM" => Cause::OutOfMemory,
        "BUSY" => Cause::BusyScript,
        "MASTERDOWN" => Cause::PrimaryDown,
        "WRONGTYPE" => Cause::Misconfigured(Safe::of(format!("{}: the key holds another type", line(argv)))),
        "MISCONF" => Cause::ServerNotReady(Safe::of(
            "MISCONF: it cannot save its data to disk, and takes no writes until it can; its log says why",
        )),
        "CLUSTERDOWN" => Cause::ServerNotReady(Safe::of(format!("the cluster is down: {rest}"))),
        "DENIED" => Cause::Denied {
            missing: Safe::of("Redis is in protected mode: without a password it serves loopback only"),
            fix: vec![Safe::of(
                "ACL SETUSER default on >PASSWORD (or requirepass in redis.conf), then name it in the URL",
            )],
        },
        "ERR" => plain_error(rest, argv),
        _ => Cause::Other(Safe::of(format!("Redis says: {text}"))),
    }
}

/// Whether the server says so before it begins with a command, whatever that is. A script that has begun quotes the same
/// words of the commands in it, and names itself: of that nothing is said.
pub fn came_before<A: AsRef<str>>(said: &[u8], argv: &[A]) -> bool {
    let text = String::from_utf8_lossy(said).to_ascii_lowercase();
    let (code, rest) = text.split_once(' ').unwrap_or((text.as_str(), ""));
    let name = argv.first().map(|name| name.as_ref().to_ascii_lowercase()).unwrap_or_default();
    let of_a_script = rest.contains("script") || rest.contains("user_function");
    match code {
        "noscript" | "busy" => true,
        "loading" | "noauth" | "wrongpass" | "noperm" | "readonly" | "moved" | "ask" | "masterdown" | "clusterdown"
        | "denied" => !of_a_script,
        "err" => {
            let is_own = |words: &str| {
                let quoted = rest.strip_prefix(words).and_then(|rest| rest.strip_prefix(['\'', '`']));
                let after = quoted.and_then(|quoted| quoted.strip_prefix(name.as_str()));
                after.is_some_and(|after| after.starts_with(['\'', '`', '|']))
            };
            let runs_others = name.starts_with("eval") || name.starts_with("fcall");
            !of_a_script
                && (is_own("wrong number of arguments for ")
                    || is_own("unknown command ")
                    || rest.starts_with("unknown subcommand") && !runs_others
                    || rest.starts_with("function not found"))
        }
        _ => false,
    }
}

fn plain_error<A: AsRef<str>>(rest: &str, argv: &[A]) -> Cause {
    let command = argv.first().map(AsRef::as_ref).unwrap_or_default();
    let lower = rest.to_ascii_lowercase();
    if lower.starts_with("max number of clients") {
        Cause::TooManyConnections(Safe::of(rest))
    } else if lower.starts_with("invalid password") {
        Cause::WrongPassword
    } else if command == "AUTH" && (lower.contains("without any password") || lower.contains("no password is set")) {
        Cause::Misconfigured(Safe::of("a password is given and the server has none set: take it out of the URL"))
    } else if command == "SELECT" || lower.starts_with("unknown command") || lower.starts_with("unknown subcommand") {
        Cause::Misconfigured(Safe::of(format!("{}: {rest}", line(argv))))
    } else {
        Cause::Other(Safe::of(format!("Redis says: {rest}")))
    }
}

/// The ACL line that gives the missing right and nothing more.
fn no_permission<A: AsRef<str>>(rest: &str, argv: &[A], user: &str) -> Cause {
    let command = argv.first().map(AsRef::as_ref).unwrap_or_default();
    let user = quoted(user);
    // "…to access a key" since version 7, which also knows read-only key patterns; "…one of the keys" before.
    let fix = if rest.contains("access a key") {
        format!("ACL SETUSER {user} {}", keys(argv, "%R~"))
    } else if rest.contains("one of the keys") {
        format!("ACL SETUSER {user} {}", keys(argv, "~"))
    } else {
        format!("ACL SETUSER {user} +{}", command.to_ascii_lowercase())
    };
    Cause::NoPermission { command: line(argv), fix: Safe::of(fix) }
}

fn keys<A: AsRef<str>>(argv: &[A], prefix: &str) -> String {
    let many = argv.first().is_some_and(|c| c.as_ref().eq_ignore_ascii_case("EXISTS"));
    let keys = argv.iter().skip(1).take(if many { usize::MAX } else { 1 });
    keys.map(|key| quoted(&format!("{prefix}{}", key.as_ref()))).collect::<Vec<_>>().join(" ")
}

/// As `redis-cli` reads it: quoted where a blank or quote would split it.
fn quoted(word: &str) -> String {
    if word.chars().any(|c| c.is_whitespace() || c == '"' || c == '\'' || c == '\\') {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        word.to_owned()
    }
}

/// The command for people. The arguments of AUTH are never among them.
pub fn line<A: AsRef<str>>(argv: &[A]) -> Safe {
    let shown = if argv.first().is_some_and(|c| c.as_ref() == "AUTH") { 1 } else { argv.len() };
    let words: Vec<&str> = argv.iter().take(shown).map(AsRef::as_ref).collect();
    Safe::of(words.join(" ")).clipped(80)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(said: &str, argv: &[&str]) -> Cause {
        cause(said.as_bytes(), argv, "ops")
    }

    #[test]
    fn each_refusal_has_its_own_words() {
        let info = &["INFO"][..];
        for (said, expected) in [
            ("LOADING Redis is loading the dataset in memory", Cause::Loading { percent: None }),
            ("NOAUTH Authentication required.", Cause::NoAuth),
            ("WRONGPASS invalid username-password pair or user is disabled.", Cause::WrongPassword),
            ("ERR invalid password", Cause::WrongPassword),
            ("READONLY You can't write against a read only replica.", Cause::ReadOnlyReplica),
            ("MOVED 3999 127.0.0.1:6381", Cause::Moved { to: "127.0.0.1:6381".into() }),
            ("OOM command not allowed when used memory > 'maxmemory'.", Cause::OutOfMemory),
            ("BUSY Redis is busy running a script.", Cause::BusyScript),
            ("MASTERDOWN Link with MASTER is down", Cause::PrimaryDown),
            ("ERR max number of clients reached", Cause::TooManyConnections("max number of clients reached".into())),
        ] {
            assert_eq!(of(said, info), expected, "{said}");
        }
        assert!(matches!(of("DENIED Redis is running in protected mode", info), Cause::Denied { .. }));
        assert!(matches!(of("CLUSTERDOWN Hash slot not served", info), Cause::ServerNotReady(_)));
        assert!(matches!(of("ERR DB index is out of range", &["SELECT", "99"]), Cause::Misconfigured(_)));
        assert!(matches!(of("ERR unknown command 'INFO'", info), Cause::Misconfigured(_)));
        assert!(matches!(of("WRONGTYPE Operation against a key", &["LLEN", "q"]), Cause::Misconfigured(_)));
        assert_eq!(of("ERR odd\u{1b}[2J", info).to_string(), "Redis says: odd\\x1b[2J");
    }

    #[test]
    fn the_missing_right_is_given_as_one_line() {
        let fix = |said: &str, argv: &[&str]| match of(said, argv) {
            Cause::NoPermission { fix, .. } => fix.as_str().to_owned(),
            other => panic!("{other}"),
        };
        let command = "NOPERM User ops has no permissions to run the 'info' command";
        assert_eq!(fix(command, &["INFO"]), "ACL SETUSER ops +info");
        assert_eq!(fix("NOPERM No permissions to access a key", &["LLEN", "jobs"]), "ACL SETUSER ops %R~jobs");
        assert_eq!(fix("NOPERM No permissions to access a key", &["GET", "a b"]), "ACL SETUSER ops \"%R~a b\"");
        let old = "NOPERM this user has no permissions to access one of the keys used as arguments";
        assert_eq!(fix(old, &["EXISTS", "a", "b"]), "ACL SETUSER ops ~a ~b");
        assert_eq!(fix(old, &["ZCOUNT", "z", "0", "9"]), "ACL SETUSER ops ~z");
    }

    #[test]
    fn a_password_is_never_repeated() {
        let said = of("ERR AUTH <password> called without any password configured", &["AUTH", "s3cret"]);
        assert!(!said.to_string().contains("s3cret"));
        assert!(!of("NOPERM no", &["AUTH", "ops", "s3cret"]).to_string().contains("s3cret"));
    }
}
