//! The audit record, pure: what is said, the line that is written, the chain that binds the lines, its verification, and
//! which runs have an intent and no end. Files, locks and clocks are not here.

mod bad;
pub mod chain;
mod cut;
pub mod entry;
pub mod record;
pub mod runs;
pub mod value;
pub mod verify;
pub mod words;

pub use bad::{Bad, Why};
pub use chain::{Chain, Continues, Hash, Line};
pub use entry::{AuditEvent, Entry};
pub use record::{LINE_LIMIT, Record, Writer};
pub use runs::{Runs, Unfinished};
pub use value::Value;
pub use verify::{Verified, Verifier, verify};

#[cfg(test)]
mod tests;
