//! What OpenSSH's own exit status 255 means: either nothing was run on the far side, or nobody knows. Only words that the
//! client says before it is logged in, and nothing else having been printed, count as the first.

use super::heard::Heard;

/// How the client begins the line that says why it never got in.
const BEFORE: [&str; 10] = [
    "ssh: connect to host ",
    "ssh: Could not resolve hostname ",
    "Host key verification failed.",
    "No ED25519 host key is known for ",
    "No RSA host key is known for ",
    "No ECDSA host key is known for ",
    "kex_exchange_identification: ",
    "Connection timed out during banner exchange",
    "Unable to negotiate with ",
    "Bad owner or permissions on ",
];
/// How it ends when the far side lets nobody in: `user@host: Permission denied (publickey).`
const DENIED: &str = ": Permission denied (";

/// Whether the client says that it never got to run anything.
pub fn never_got_in(output: &Heard, errors: &Heard) -> bool {
    // What printed something was run.
    if !output.is_empty() {
        return false;
    }
    let Some(words) = errors.whole() else { return false };
    String::from_utf8_lossy(words).lines().any(|line| {
        let line = line.trim_end();
        BEFORE.iter().any(|words| line.starts_with(words))
            || line.split_once(DENIED).is_some_and(|(who, how)| !who.contains(' ') && how.ends_with(")."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Heard {
        let mut heard = Heard::default();
        heard.take(text.as_bytes());
        heard
    }

    #[test]
    fn only_a_failed_login_is_certain() {
        let nothing = Heard::default();
        for words in [
            "ssh: connect to host 127.0.0.1 port 1: Connection refused\r\n",
            "ssh: connect to host far port 22: No route to host\r\n",
            "ssh: Could not resolve hostname nix: Name or service not known\r\n",
            "No ED25519 host key is known for [127.0.0.1]:22 and you have requested strict checking.\r\nHost key verification failed.\r\n",
            "Welcome to web1\nroot@web1: Permission denied (publickey).\r\n",
        ] {
            assert!(never_got_in(&nothing, &heard(words)), "{words}");
        }
        for words in [
            "",
            "Connection to web1 closed by remote host.\r\n",
            "client_loop: send disconnect: Broken pipe\r\n",
            "cp: /etc/x: Permission denied (really)\n",
            "Timeout, server web1 not responding.\r\n",
        ] {
            assert!(!never_got_in(&nothing, &heard(words)), "{words}");
        }
        assert!(!never_got_in(&heard("done\n"), &heard("ssh: connect to host x port 22: Connection refused\n")));
    }
}
