//! Floor 0: what the world is. Values only: no clock, no IO, no async, no terminal.

pub mod arrival;
pub mod ascii_json;
pub mod backoff;
pub mod cache;
pub mod cause;
pub mod certificate;
pub mod database;
pub mod figure;
pub mod health;
pub mod hidden;
pub mod moment;
pub mod nearest;
pub mod readout;
pub mod safe;
pub mod secret;
pub mod served;
pub mod session;
pub mod signal;
pub mod source;
pub mod statement;
pub mod target;
pub mod threshold;
pub mod untrusted;
pub mod verdict;

pub use arrival::{Arrival, Reading};
pub use cause::Cause;
pub use moment::Moment;
pub use readout::{PaneState, Readout};
pub use safe::Safe;
pub use untrusted::Untrusted;
pub use verdict::Verdict;
