//! Floor 2, pure: the team's own alert rules. Files as Prometheus reads them, the life of an alert, and its templates. What
//! evaluates an expression stands elsewhere: results come in as values. Every time here is in milliseconds on the line of
//! [`crate::metrics::store::Sample`], which never steps.

pub mod identity;
pub mod lifecycle;
pub mod line;
pub mod matcher;
pub mod rules;
pub mod severity;
pub mod sides;
pub mod silence;
pub mod template;
