//! Certificates and keys from PEM files, of a bounded size.

use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::domain::{Cause, Safe};

/// Largest file that is read.
const LARGEST: u64 = 4 * 1024 * 1024;

/// All certificates of a file, at least one.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Cause> {
    check_size(path)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    match read {
        Ok(found) if found.is_empty() => Err(unreadable(path, "holds no certificate in PEM")),
        Ok(found) => Ok(found),
        Err(e) => Err(unreadable(path, &e.to_string())),
    }
}

/// The first private key of a file.
pub fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Cause> {
    check_size(path)?;
    PrivateKeyDer::from_pem_file(path).map_err(|e| unreadable(path, &e.to_string()))
}

fn check_size(path: &Path) -> Result<(), Cause> {
    let found = std::fs::metadata(path).map_err(|e| unreadable(path, &e.to_string()))?;
    if found.is_file() && found.len() <= LARGEST {
        Ok(())
    } else {
        Err(unreadable(path, "not a file of at most 4 MiB"))
    }
}

fn unreadable(path: &Path, why: &str) -> Cause {
    Cause::Misconfigured(Safe::of(format!("{}: {why}", path.display())))
}
