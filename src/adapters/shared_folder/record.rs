//! Records as they stand in the folder: JSON in plain ASCII, each with its kind, so that none passes for another. What is
//! read goes through the gate.

use chrono::DateTime;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::adapters::operator;
use crate::domain::{Moment, Safe};
use crate::remediation::approval::OsIdentity;
use crate::remediation::cooldown::{BootId, BootMoment};

/// An instant.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    boot_id: Option<String>,
    boot_ns: u64,
    wall_us: i64,
}

impl When {
    pub(super) fn of(moment: &BootMoment) -> When {
        When {
            boot_id: moment.boot.as_ref().map(|id| id.as_str().to_owned()),
            boot_ns: u64::try_from(moment.at.boot.as_nanos()).unwrap_or(u64::MAX),
            wall_us: moment.at.wall.timestamp_micros(),
        }
    }

    pub(super) fn read(&self) -> Option<BootMoment> {
        let wall = DateTime::from_timestamp_micros(self.wall_us)?;
        let at = Moment { boot: std::time::Duration::from_nanos(self.boot_ns), wall };
        Some(BootMoment { boot: self.boot_id.as_deref().map(BootId::new), at })
    }
}

/// Somebody.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    pub(super) uid: u32,
    user: String,
    loginuid: Option<u32>,
    claims: Vec<(String, String)>,
}

impl Who {
    pub(super) fn of(identity: &OsIdentity) -> Who {
        let text = |safe: &Safe| safe.as_str().to_owned();
        Who {
            uid: identity.uid,
            user: text(&identity.user),
            loginuid: identity.loginuid,
            claims: identity.claims.iter().map(|(name, value)| (text(name), text(value))).collect(),
        }
    }

    /// May ask a directory service for a name, within 2 s. `uid` and `user` are what the system says of the record's owner; the rest is what stands in it.
    pub(super) fn vouched(&self, uid: u32, user: Safe) -> OsIdentity {
        let claims = self.claims.iter().take(16);
        // The number is what the record's writer says; its name is the system's.
        let name = |id: u32| if id == uid { Some(user.clone()) } else { operator::user_name(id) };
        let login = self.loginuid.and_then(name);
        OsIdentity {
            uid,
            user,
            loginuid: self.loginuid,
            login,
            claims: claims.map(|(name, value)| (Safe::of(name), Safe::of(value))).collect(),
        }
    }
}

/// As JSON on one line, ASCII only: what could move a terminal's cursor stands there as an escape.
pub(super) fn write<T: Serialize>(record: &T) -> Vec<u8> {
    let text = serde_json::to_string(record).unwrap_or_default();
    let mut line = Vec::with_capacity(text.len() + 1);
    for character in text.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            line.push(character as u8);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            line.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
        }
    }
    line.push(b'\n');
    line
}

/// A record is whole and ends its line, or it is none.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes.strip_suffix(b"\n")?).ok()
}

/// A name for a file, of whatever text: no text leads out of the folder, and no two lists of parts give the same.
pub(super) fn name(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('?');
    hash.finalize().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_ascii_and_read_back() {
        let text = "é\u{9b}\u{202e}\u{7f}\u{1F600}\"\\\n".to_owned();
        let line = write(&text);
        assert!(line.iter().all(|b| matches!(b, 0x20..0x7f | b'\n')), "{line:?}");
        assert_eq!(read::<String>(&line), Some(text));
        assert_eq!(read::<String>(b"\"torn\""), None, "without its line end it may be half of one");
    }

    #[test]
    fn names_tell_parts_apart() {
        assert_ne!(name(&["ab", "c"]), name(&["a", "bc"]));
        assert_eq!(name(&["../../etc/passwd"]).len(), 64);
    }
}
