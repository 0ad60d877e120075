//! Who operates, by the operating system, and on which machine and boot. What the environment says is taken down as a claim.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::time::Duration;

use crate::domain::{Moment, Safe};
use crate::remediation::approval::OsIdentity;
use crate::remediation::cooldown::{BootId, BootMoment};

use super::brief_command;

/// Largest table of users that is read.
const LIMIT: u64 = 4 * 1024 * 1024;
/// A directory service answers within this, or the name is not known.
const LOOKUP: Duration = Duration::from_secs(2);
/// What the kernel writes when nobody logged in.
const NO_LOGIN: u32 = u32::MAX;
/// Claims that are taken down.
const CLAIMS: [&str; 5] = ["SUDO_USER", "SUDO_UID", "LOGNAME", "SSH_CONNECTION", "SSH_TTY"];

/// Who runs this process. May ask a directory service, within 2 s.
#[must_use]
pub fn identity() -> OsIdentity {
    let uid = rustix::process::getuid().as_raw();
    let claim = |name: &str| {
        let value = std::env::var_os(name)?;
        Some((Safe::of(name), Safe::of_bytes(value.as_encoded_bytes()).clipped(120)))
    };
    let (user, loginuid) = (user_name(uid), loginuid());
    let login = loginuid.and_then(|id| if id == uid { user.clone() } else { user_name(id) });
    OsIdentity {
        uid,
        user: user.unwrap_or_else(|| Safe::of(format!("uid {uid}"))),
        loginuid,
        login,
        claims: CLAIMS.iter().filter_map(|name| claim(name)).collect(),
    }
}

/// Who logged in, kept by the kernel over `su` and `sudo`; none where it does not record it.
fn loginuid() -> Option<u32> {
    table("/proc/self/loginuid")?.trim().parse().ok().filter(|uid| *uid != NO_LOGIN)
}

/// The name of a user. May ask a directory service, within 2 s.
#[must_use]
pub fn user_name(uid: u32) -> Option<Safe> {
    name_of("passwd", uid)
}

/// The name of a group. May ask a directory service, within 2 s.
#[must_use]
pub fn group_name(gid: u32) -> Option<Safe> {
    name_of("group", gid)
}

fn name_of(database: &str, id: u32) -> Option<Safe> {
    let local = table(&format!("/etc/{database}")).and_then(|text| name_in(&text, id));
    local.or_else(|| {
        let arguments = [database.to_owned(), id.to_string()];
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        let said = brief_command::ask(OsStr::new("getent"), &arguments, LOOKUP)?;
        name_in(&String::from_utf8_lossy(&said), id)
    })
}

/// The first field of the line whose third is the id.
fn name_in(text: &str, id: u32) -> Option<Safe> {
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| Safe::of(name))
    })
}

/// The name of this machine.
#[must_use]
pub fn host() -> Safe {
    Safe::of_bytes(rustix::system::uname().nodename().to_bytes())
}

/// The terminal of this process; `-` without one.
#[must_use]
pub fn tty() -> Safe {
    rustix::termios::ttyname(rustix::stdio::stdin(), Vec::new())
        .map_or_else(|_none| Safe::of("-"), |name| Safe::of_bytes(name.to_bytes()))
}

/// The kernel's name for the time since the machine was started.
#[must_use]
pub fn boot_id() -> Option<BootId> {
    table("/proc/sys/kernel/random/boot_id").map(|id| BootId::new(&id)).filter(|id| !id.as_str().is_empty())
}

/// An instant of this boot.
#[must_use]
pub fn in_this_boot(at: Moment) -> BootMoment {
    BootMoment { boot: boot_id(), at }
}

fn table(path: &str) -> Option<String> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(LIMIT).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_first_field() {
        let text = "root:x:0:0:root:/root:/bin/sh\n\nbroken\n:x:7:\nalice:x:1001:1001::/:\nevil\u{1b}[2J:x:8:\n";
        assert_eq!(name_in(text, 1001), Some("alice".into()));
        assert_eq!((name_in(text, 7), name_in(text, 10)), (None, None));
        assert_eq!(name_in(text, 8).expect("a name").as_str(), "evil\\x1b[2J");
    }

    #[test]
    fn this_process_is_somebody() {
        assert_eq!(identity().uid, rustix::process::getuid().as_raw());
        assert_ne!(identity().loginuid, Some(NO_LOGIN));
        assert_eq!(user_name(0), Some("root".into()));
        assert_eq!(user_name(4_000_000_123), None);
        assert!(!host().as_str().is_empty());
        assert_eq!(boot_id(), boot_id());
    }
}
