//! What OpenSSH's own exit status 255 means: either nothing was run on the far side, or nobody knows. Only words that the
//! client itself says before it is logged in, that name the very host it was to reach, count as the first: a program over
//! there may use ssh too, towards that host, and end in the same way.

use super::heard::Heard;

/// The lines with which a host whose key is not taken is told end like this.
const STRICT: &str = " and you have requested strict checking.";

/// What the client makes of the host of a step, by its own configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// This host, this port; whether a second knock at the door was turned away for the host's key too.
    At { host: String, port: String, unknown_key: bool },
    /// It cannot read its configuration: it reaches nothing.
    Nowhere,
}

impl Reached {
    /// Out of what `ssh -G` prints.
    pub fn read(printed: &[u8]) -> Option<Reached> {
        let text = String::from_utf8_lossy(printed);
        let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let (host, port) = (of("hostname")?.to_owned(), of("port")?.to_owned());
        Some(Reached::At { host, port, unknown_key: false })
    }
}

/// Whether it may be that the client never got to run anything: then it is worth asking whom it was to reach.
pub fn may_not_have_got_in(output: &Heard, client: &Heard) -> bool {
    // What printed something was run.
    output.is_empty() && client.whole().is_some_and(|words| !words.is_empty())
}

/// Whether the client says that it never got to run anything where it was to.
pub fn never_got_in(output: &Heard, client: &Heard, reached: Option<&Reached>) -> bool {
    if !may_not_have_got_in(output, client) {
        return false;
    }
    let Some(words) = client.whole() else { return false };
    let text = String::from_utf8_lossy(words);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    match reached {
        None => false,
        Some(Reached::Nowhere) => lines.iter().any(|line| line.starts_with("Bad owner or permissions on ")),
        Some(Reached::At { host, port, unknown_key }) => {
            *unknown_key && names_no_host(&lines) || Host { host, port }.is_refused(&lines)
        }
    }
}

/// The client may say no more than this, whosever key it was.
const KEY: &str = "Host key verification failed.";

/// Whether it says so without saying which host it is about.
pub fn says_only_that_a_key_failed(client: &Heard) -> bool {
    let text = client.whole().map(String::from_utf8_lossy).unwrap_or_default();
    names_no_host(&text.lines().map(str::trim_end).collect::<Vec<_>>())
}

fn names_no_host(lines: &[&str]) -> bool {
    lines.contains(&KEY) && !lines.iter().any(|line| line.ends_with(STRICT))
}

struct Host<'a> {
    host: &'a str,
    port: &'a str,
}

impl Host<'_> {
    fn is_refused(&self, lines: &[&str]) -> bool {
        let Host { host, port } = self;
        // As it stands in a list of known hosts.
        let known = if *port == "22" { (*host).to_owned() } else { format!("[{host}]:{port}") };
        let begins = |words: String| lines.iter().any(|line| line.starts_with(&words));
        let told = |words: &str| lines.iter().any(|line| line.starts_with(words));
        let strict = |line: &&str| {
            line.strip_suffix(STRICT).is_some_and(|line| {
                line.ends_with(&format!(" host key is known for {known}"))
                    || line == format!("Host key for {known} has changed")
            })
        };
        let ended = |how: &str| begins(format!("Connection {how} by {host} port {port}"));
        begins(format!("ssh: connect to host {host} port {port}: "))
            || begins(format!("ssh: Could not resolve hostname {host}: "))
            || begins(format!("Unable to negotiate with {host} port {port}: "))
            || told(KEY) && lines.iter().any(strict)
            || told("kex_exchange_identification: ") && (ended("closed") || ended("reset"))
            || told("Connection timed out during banner exchange")
                && begins(format!("Connection to {host} port {port} timed out"))
            || lines.iter().any(|line| self.lets_nobody_in(line))
    }

    /// `user@host: Permission denied (publickey).`
    fn lets_nobody_in(&self, line: &str) -> bool {
        let Some((who, how)) = line.split_once(": Permission denied (") else { return false };
        how.ends_with(").") && !who.contains(' ') && who.rsplit_once('@').is_some_and(|(_, host)| host == self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Heard {
        let mut heard = Heard::default();
        heard.take(text.as_bytes());
        heard
    }

    fn at(host: &str, port: &str) -> Option<Reached> {
        Reached::read(format!("user ops\nhostname {host}\nport {port}\n").as_bytes())
    }

    #[test]
    fn only_a_failed_login_is_certain() {
        let nothing = Heard::default();
        for (host, port, words) in [
            ("127.0.0.1", "1", "ssh: connect to host 127.0.0.1 port 1: Connection refused\r\n"),
            ("far", "22", "ssh: connect to host far port 22: No route to host\r\n"),
            ("nix", "22", "ssh: Could not resolve hostname nix: Name or service not known\r\n"),
            (
                "127.0.0.1",
                "2222",
                "No ED25519 host key is known for [127.0.0.1]:2222 and you have requested strict checking.\r\nHost key verification failed.\r\n",
            ),
            (
                "web1",
                "22",
                "Host key for web1 has changed and you have requested strict checking.\r\nHost key verification failed.\r\n",
            ),
            (
                "web1",
                "22",
                "kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by web1 port 22\r\n",
            ),
            ("web1", "22", "Welcome to web1\nroot@web1: Permission denied (publickey).\r\n"),
        ] {
            assert!(never_got_in(&nothing, &heard(words), at(host, port).as_ref()), "{words}");
            assert!(!never_got_in(&nothing, &heard(words), at("web2", port).as_ref()), "of another host: {words}");
            assert!(!never_got_in(&nothing, &heard(words), None), "nobody knows whom it was to reach: {words}");
        }
        for words in [
            "",
            "Connection to web1 closed by remote host.\r\n",
            "client_loop: send disconnect: Broken pipe\r\n",
            "cp: /etc/x: Permission denied (really)\n",
            "Timeout, server web1 not responding.\r\n",
            "Host key verification failed.\r\n",
            "Bad owner or permissions on /home/ops/.ssh/config\r\n",
        ] {
            assert!(!never_got_in(&nothing, &heard(words), at("web1", "22").as_ref()), "{words}");
        }
        let refused = heard("ssh: connect to host x port 22: Connection refused\n");
        assert!(!never_got_in(&heard("done\n"), &refused, at("x", "22").as_ref()), "what printed was run");
        let bad = heard("Bad owner or permissions on /home/ops/.ssh/config\r\n");
        assert!(never_got_in(&nothing, &bad, Some(&Reached::Nowhere)));
        assert_eq!(Reached::read(b"port 22\n"), None);
        let key = heard("Host key verification failed.\r\n");
        let again = |unknown_key| Reached::At { host: "web1".to_owned(), port: "22".to_owned(), unknown_key };
        assert!(never_got_in(&nothing, &key, Some(&again(true))) && !never_got_in(&nothing, &key, Some(&again(false))));
        let inner = heard(
            "No ED25519 host key is known for db1 and you have requested strict checking.\r\nHost key verification failed.\r\n",
        );
        assert!(!never_got_in(&nothing, &inner, Some(&again(true))), "it is about another host");
    }
}
