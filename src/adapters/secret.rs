//! Reads a secret at the moment of use; it is never kept.

use std::fs;

use crate::domain::secret::{Secret, SecretRef};
use crate::domain::{Cause, Safe};

/// Largest secret file that is read.
const LIMIT: u64 = 64 * 1024;

/// The value behind a reference.
pub fn read(reference: &SecretRef) -> Result<Secret, Cause> {
    let missing = |why: &str| Cause::SecretMissing(Safe::of(format!("{reference}: {why}")));
    match reference {
        SecretRef::Inline(secret) => Ok(secret.clone()),
        SecretRef::Env(name) => {
            std::env::var(name).map(Secret::new).map_err(|_unset| missing("the variable is not set, or is not UTF-8"))
        }
        SecretRef::File(path) => {
            let told = |e: &std::io::Error| missing(&e.to_string());
            let size = fs::metadata(path).map_err(|e| told(&e))?;
            if !size.is_file() || size.len() > LIMIT {
                return Err(missing("not a file of at most 64 KiB"));
            }
            let text = fs::read_to_string(path).map_err(|e| told(&e))?;
            let line = text.strip_suffix('\n').unwrap_or(&text);
            Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
        }
    }
}
