//! What the ssh client says itself, apart from what the far program writes to standard error: a program over there that uses
//! ssh too may say the very same words. A file of ours alone, for as long as the client runs.

use std::fs::{File, OpenOptions, remove_file};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::heard::Heard;
use crate::remediation::place::Place;

/// Most that is read of it.
const MOST: u64 = 64 * 1024;

/// The file; it is gone when this is dropped.
pub struct ClientLog {
    file: File,
    path: PathBuf,
}

impl ClientLog {
    /// Of a client that is about to be started. Without one, nothing that it says is taken for its own.
    pub fn of(place: &Place) -> Option<ClientLog> {
        if *place == Place::Local {
            return None;
        }
        let mut chance = [0; 8];
        File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut chance)).ok()?;
        let name = format!("quarterdeck-ssh-{:016x}", u64::from_le_bytes(chance));
        let path = std::env::temp_dir().join(name);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path).ok()?;
        Some(ClientLog { file, path })
    }

    /// The argument list of the client, which says there what it has to say.
    pub fn told_to(&self, mut argv: Vec<String>) -> Vec<String> {
        // Behind the two dashes stand host and command: nothing in them is an option.
        if let (Some(at), Some(path)) = (argv.iter().position(|word| word == "--"), self.path.to_str()) {
            argv.splice(at..at, ["-E".to_owned(), path.to_owned()]);
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

impl Drop for ClientLog {
    fn drop(&mut self) {
        let _gone = remove_file(&self.path);
    }
}
