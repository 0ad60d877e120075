//! Floor 1, pure: series with gaps for charts, percentiles over a stated window, deltas and hit ratios of counters; scraped
//! pages read, labelled series over hours.

pub mod exposition;
pub mod labels;
pub mod last_minute;
pub mod promql;
pub mod rate;
pub mod series;
pub mod store;
pub mod window;

pub use rate::{CounterDelta, Delta, HitRate, HitRatio};
pub use series::{Bucket, Series, Slot};
pub use window::{Percentiles, Window};
