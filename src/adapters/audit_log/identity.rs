//! Who writes: what the system tells of this process, and what its environment claims.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;

use crate::domain::{Moment, Safe};
use crate::remediation::audit::Writer;

/// Variables that say where a person came from; anybody can set them.
const CLAIMS: [&str; 6] = ["SSH_CONNECTION", "SUDO_USER", "SUDO_UID", "LOGNAME", "TMUX", "QUARTERDECK_OPERATOR"];
/// Largest table that is read.
const LIMIT: u64 = 1024 * 1024;

/// This process. `variables` are the claims' source, `now` makes the name of its sign of life unique.
#[must_use]
pub fn writer(variables: &BTreeMap<String, String>, now: Moment) -> Writer {
    let uid = rustix::process::getuid().as_raw();
    let user = user_name(uid);
    let pid = std::process::id();
    let claims = CLAIMS.iter().filter_map(|name| Some(((*name).to_owned(), Safe::of(variables.get(*name)?))));
    let tty = rustix::termios::ttyname(rustix::stdio::stdin(), Vec::new()).ok();
    Writer {
        host: Safe::of_bytes(rustix::system::uname().nodename().to_bytes()),
        boot_id: Safe::of(text("/proc/sys/kernel/random/boot_id").trim()),
        alive: Safe::of(format!(".audit-{}.{pid}-{}.alive", file_name(&user, uid), now.boot.as_nanos())),
        user: Safe::of(user),
        uid,
        // 2^32 - 1 stands for nobody.
        login_uid: text("/proc/self/loginuid").trim().parse().ok().filter(|uid| *uid != u32::MAX),
        pid,
        tty: tty.map(|tty| Safe::of_bytes(tty.as_bytes())),
        program: Safe::of(concat!("quarterdeck ", env!("CARGO_PKG_VERSION"))),
        claims: claims.collect(),
    }
    .bounded()
}

/// The operator as it stands in names of files.
#[must_use]
pub fn operator(writer: &Writer) -> String {
    file_name(writer.user.as_str(), writer.uid)
}

/// A name with a dot could be read as a numbered file of another operator's, and one such as `uid7` is what stands for whoever
/// has no plain name.
fn file_name(user: &str, uid: u32) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let stands_for_another = user.strip_prefix("uid").is_some_and(|rest| rest.parse::<u32>().is_ok());
    let fits = !user.is_empty() && user.len() <= 64 && user.chars().all(plain) && !stands_for_another;
    if fits { user.to_owned() } else { format!("uid{uid}") }
}

fn user_name(uid: u32) -> String {
    let id = uid.to_string();
    let users = text("/etc/passwd");
    let line = users.lines().find(|line| line.split(':').nth(2) == Some(&id));
    line.and_then(|line| line.split(':').next()).map_or_else(|| format!("uid{uid}"), str::to_owned)
}

fn text(path: &str) -> String {
    let mut bytes = Vec::new();
    match fs::File::open(path).and_then(|file| file.take(LIMIT).read_to_end(&mut bytes)) {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_missing) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::folder::Segment;
    use super::*;

    /// `audit-deploy.7.jsonl` is the seventh file of deploy, whoever is called deploy.7.
    #[test]
    fn no_user_s_file_can_be_taken_for_a_numbered_one_of_another() {
        for (user, name) in
            [("deploy.7", "uid1001"), ("uid5", "uid1001"), ("../x", "uid1001"), ("deploy-7", "deploy-7")]
        {
            assert_eq!(file_name(user, 1001), name, "{user}");
            let file = Segment { operator: file_name(user, 1001), index: 0 }.name();
            let read = Segment::parse(&file).map(|segment| (segment.operator, segment.index));
            assert_eq!(read, Some((name.to_owned(), 0)), "{file}");
        }
    }
}
