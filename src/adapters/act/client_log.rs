//! What the ssh client says itself, apart from what the far program writes to standard error: a program over there that uses
//! ssh too may say the very same words. A file of ours alone that has no name on any disk: it goes with who has it open, also
//! when this program is killed.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsRawFd;

use rustix::fs::{MemfdFlags, Mode, fchmod, memfd_create};
use rustix::process::{DumpableBehavior, dumpable_behavior};

use super::heard::Heard;
use crate::remediation::place::Place;

/// Most that is read of it.
const MOST: u64 = 64 * 1024;

/// The file.
pub struct ClientLog {
    file: File,
}

impl ClientLog {
    /// Of a client that is about to be started. Without one, nothing that it says is taken for its own.
    pub fn of(place: &Place) -> Option<ClientLog> {
        // The client closes what it inherits, and finds the file by our process: one that hides it from its own user has none.
        if *place == Place::Local || dumpable_behavior().ok()? != DumpableBehavior::Dumpable {
            return None;
        }
        let file = memfd_create("quarterdeck-ssh", MemfdFlags::CLOEXEC).ok()?;
        fchmod(&file, Mode::RUSR | Mode::WUSR).ok()?;
        Some(ClientLog { file: File::from(file) })
    }

    /// The argument list of the client, which says there what it has to say.
    pub fn told_to(&self, mut argv: Vec<String>) -> Vec<String> {
        let path = format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd());
        // Behind the two dashes stand host and command: nothing in them is an option.
        if let Some(at) = argv.iter().position(|word| word == "--") {
            argv.splice(at..at, ["-E".to_owned(), path]);
        }
        argv
    }

    /// What it said.
    pub fn heard(&self) -> Heard {
        let (mut heard, mut bytes) = (Heard::default(), Vec::new());
        if (&self.file).take(MOST).read_to_end(&mut bytes).is_ok() {
            heard.take(&bytes);
        }
        heard
    }
}
