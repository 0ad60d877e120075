//! Which Redis commands may feed a signal: those that only read and answer with a number.

use crate::domain::Safe;

/// Commands and how many arguments they take at least.
const ALLOWED: [(&str, usize); 8] =
    [("LLEN", 1), ("SCARD", 1), ("DBSIZE", 0), ("ZCARD", 1), ("HLEN", 1), ("XLEN", 1), ("STRLEN", 1), ("GET", 1)];

/// Whether a command may be used.
pub fn allowed(argv: &[String]) -> Result<(), Safe> {
    let command = argv.first().map(|c| c.to_ascii_uppercase()).unwrap_or_default();
    let names: Vec<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    match ALLOWED.iter().find(|(name, _)| *name == command) {
        Some((_, least)) if argv.len() > *least => Ok(()),
        Some(_) => Err(Safe::of(format!("{command} wants a key"))),
        None => Err(Safe::of(format!("{command:?} is not allowed; allowed: {}", names.join(", ")))),
    }
}
