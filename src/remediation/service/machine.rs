//! The machine of a unit: which one it is, and for how long it is up.

use std::time::Duration;

use crate::domain::Safe;

/// What the machine says of itself, as far as it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Its number, that no other has.
    pub id: Option<Safe>,
    /// For how long it is up.
    pub uptime: Option<Duration>,
}

/// Reads `/etc/machine-id`, then `/proc/uptime`.
#[must_use]
pub fn read(printed: &[u8]) -> Machine {
    let text = String::from_utf8_lossy(printed);
    let is_id = |line: &&str| line.len() == 32 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
    let uptime = |line: &str| {
        let (up, idle) = line.split_once(' ')?;
        idle.trim().parse::<f64>().ok()?;
        Duration::try_from_secs_f64(up.parse().ok()?).ok()
    };
    Machine { id: text.lines().find(is_id).map(Safe::of), uptime: text.lines().find_map(uptime) }
}
