//! Where a program runs: here, or on a host behind the system's own OpenSSH client. Words stay words all the way; for the
//! shell on the far side they are quoted exactly once. Nothing here ever weakens how the client checks a host.

use crate::domain::{Cause, Safe};

/// Everything before the host. The user's own configuration gives port, identity and known hosts.
const SSH: [&str; 8] =
    ["ssh", "-a", "-x", "-T", "-oBatchMode=yes", "-oClearAllForwardings=yes", "-oControlPath=none", "--"];
/// A host's name and an argument list are not longer than this; a kernel takes about as much.
const HOST_BYTES: usize = 255;
const ARGV_BYTES: usize = 64 * 1024;

/// Where a program runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Place {
    /// On this machine.
    #[default]
    Local,
    /// On another, over ssh.
    Ssh {
        /// As the user's ssh configuration knows it: a name, `user@name` or an alias.
        host: String,
    },
}

impl Place {
    /// The argument list that runs `argv` there. Refuses what cannot be handed on as it is.
    pub fn reach(&self, argv: &[String]) -> Result<Vec<String>, Cause> {
        check_argv(argv)?;
        match self {
            Place::Local => Ok(argv.to_vec()),
            Place::Ssh { host } => {
                check_host(host)?;
                let mut whole: Vec<String> = SSH.iter().map(|word| (*word).to_owned()).collect();
                whole.extend([host.clone(), quoted(argv)]);
                Ok(whole)
            }
        }
    }

    /// The argument list that only logs in there and runs nothing, not even what the far side runs for every command.
    pub fn knock(&self) -> Option<Vec<String>> {
        let Place::Ssh { host } = self else { return None };
        check_host(host).ok()?;
        let (last, before) = SSH.split_last()?;
        Some(before.iter().chain(&["-N", *last, host.as_str()]).map(|word| (*word).to_owned()).collect())
    }

    /// In words: `here`, `on web1 over ssh`.
    #[must_use]
    pub fn words(&self) -> Safe {
        match self {
            Place::Local => Safe::of("here"),
            Place::Ssh { host } => Safe::of(format!("on {host} over ssh")),
        }
    }
}

/// Words as one line that a POSIX shell reads back as exactly these words: each in single quotes, so that nothing in it
/// means anything, and the first is never taken for an assignment, a keyword or an alias.
#[must_use]
pub fn quoted(argv: &[String]) -> String {
    let words: Vec<String> = argv.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
    words.join(" ")
}

fn check_host(host: &str) -> Result<(), Cause> {
    let wrong = |why: &str| Err(Cause::Misconfigured(Safe::of(format!("ssh host {host:?} {why}"))));
    match host {
        "" => wrong("is empty"),
        _ if host.starts_with('-') => wrong("would be read as an option"),
        // The client itself gives a part after the `@` to programs of the user's configuration.
        _ if host.contains("@-") => wrong("would be read as an option"),
        _ if host.chars().any(|c| c.is_whitespace() || c.is_control()) => wrong("holds white space or a control"),
        _ if host.len() > HOST_BYTES => wrong("is too long"),
        _ => Ok(()),
    }
}

fn check_argv(argv: &[String]) -> Result<(), Cause> {
    let wrong = |why: &str| Err(Cause::Misconfigured(Safe::of(why)));
    match argv.first() {
        None => return wrong("the command is empty"),
        Some(program) if program.is_empty() => return wrong("the name of the program is empty"),
        Some(_) => {}
    }
    if argv.iter().any(|word| word.contains('\0')) {
        return wrong("an argument holds a NUL, which no program can be given");
    }
    if argv.iter().map(|word| word.len() + 1).sum::<usize>() > ARGV_BYTES {
        return Err(Cause::TooLarge { what: Safe::of("the argument list"), limit: ARGV_BYTES as u64 });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(argv: &[&str]) -> Vec<String> {
        argv.iter().map(|word| (*word).to_owned()).collect()
    }

    fn ssh(host: &str) -> Place {
        Place::Ssh { host: host.to_owned() }
    }

    #[test]
    fn the_client_is_called_in_one_way_only() {
        let whole = ssh("ops@web1").reach(&words(&["systemctl", "restart", "--", "a b.service"])).unwrap();
        let expected = [
            "ssh",
            "-a",
            "-x",
            "-T",
            "-oBatchMode=yes",
            "-oClearAllForwardings=yes",
            "-oControlPath=none",
            "--",
            "ops@web1",
            "'systemctl' 'restart' '--' 'a b.service'",
        ];
        assert_eq!(whole, expected);
    }

    #[test]
    fn here_words_stay_as_they_are() {
        let argv = words(&["echo", "$(id)", "'", "", "-x", "a\nb"]);
        assert_eq!(Place::Local.reach(&argv), Ok(argv));
    }

    #[test]
    fn a_host_is_never_an_option() {
        for host in ["", "-oProxyCommand=touch /tmp/x", "-", "a b", "a\tb", "a\nb", "a\0b", "x@-oProxyCommand=id"] {
            let refused = ssh(host).reach(&words(&["true"]));
            assert!(matches!(refused, Err(Cause::Misconfigured(_))), "{host:?}: {refused:?}");
        }
        assert!(ssh(&"h".repeat(256)).reach(&words(&["true"])).is_err());
        assert!(ssh("web-1.example").reach(&words(&["true"])).is_ok());
    }

    #[test]
    fn what_cannot_be_handed_on_is_refused() {
        for place in [Place::Local, ssh("web1")] {
            for argv in [words(&[]), words(&[""]), words(&["echo", "a\0b"]), words(&["echo", &"x".repeat(70_000)])] {
                assert!(place.reach(&argv).is_err(), "{place:?} {} words", argv.len());
            }
        }
    }

    #[test]
    fn quotes_are_closed_and_opened_again() {
        assert_eq!(quoted(&words(&["it's", "", "a\\b"])), r"'it'\''s' '' 'a\b'");
    }
}
