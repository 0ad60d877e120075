//! Finds the password of a login: given, or from libpq's password file, which nobody else may be able to read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::config::dsn::passfile;
use crate::config::resolved::{DatabaseHost, DatabaseTarget};
use crate::domain::secret::Secret;
use crate::domain::{Cause, Safe};

/// Largest password file that is read.
const LARGEST_FILE: u64 = 1024 * 1024;

/// What is known about the password.
pub struct Password {
    /// The password, if there is one.
    pub secret: Option<Secret>,
    /// Why the password file was not used: told only if the server wants a password after all.
    pub refused_file: Option<Safe>,
}

/// The password for one host.
pub fn find(target: &DatabaseTarget, host: &DatabaseHost) -> Result<Password, Cause> {
    if let Some(reference) = &target.password {
        let secret = crate::adapters::secret::read(reference)?;
        return Ok(Password { secret: Some(secret), refused_file: None });
    }
    Ok(match target.passfile.as_deref().map(read) {
        Some(Ok(Some(contents))) => {
            let secret = passfile::find(&contents, host, &target.database, &target.user);
            Password { secret, refused_file: None }
        }
        Some(Err(why)) => Password { secret: None, refused_file: Some(why) },
        Some(Ok(None)) | None => Password { secret: None, refused_file: None },
    })
}

/// The file's contents, `None` when there is no file. Like libpq, a file that others may read is not used.
fn read(path: &Path) -> Result<Option<String>, Safe> {
    let Ok(found) = fs::metadata(path) else { return Ok(None) };
    let shown = path.display();
    if !found.is_file() || found.len() > LARGEST_FILE {
        return Err(Safe::of(format!("password file {shown} is not a file of at most 1 MiB; it was not used")));
    }
    if found.permissions().mode() & 0o077 != 0 {
        return Err(Safe::of(format!(
            "password file {shown} can be read by others; it was not used: chmod 0600 {shown}"
        )));
    }
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(e) => Err(Safe::of(format!("password file {shown}: {e}"))),
    }
}
