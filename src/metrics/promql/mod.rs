//! PromQL over the series store: an expression is compiled once, what lies outside the subset is refused there with the
//! construct named, and evaluating is a pure step over samples in memory, bounded by [`Limits`].
//! Semantics are those of Prometheus 3. Rules, alerts and charts stand above this.

mod aggregate;
mod binary;
mod calendar;
mod call;
mod compile;
mod elementwise;
mod failure;
mod function;
mod ground;
mod histogram;
mod judged;
mod memo;
mod over_time;
mod pattern;
mod plan;
mod prepare;
mod query;
mod rate;
mod reads;
mod relabel;
mod run;
mod sums;
#[cfg(test)]
mod tests;
mod vector;

pub use failure::{Failed, Refused};
pub use ground::{Ground, Look, See};
pub use histogram::quantile;
pub use memo::Memo;
pub use pattern::anchored as anchored_pattern;
pub use plan::{Matcher, Selector};
pub use query::{Idle, Limits, Query, Unnamed, Value};
pub use reads::{Read, canonical, reads, selectors};
