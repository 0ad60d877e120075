//! Floor 1: log lines: immutable shared segments, tolerant scanning, filters, search, summaries. Pure: no IO, no clock.

pub mod assembler;
mod context;
pub mod counters;
pub mod entry;
pub mod filter;
mod instant;
mod json;
pub mod level;
mod logfmt;
pub mod merge;
mod plain;
pub mod run;
pub mod scan;
pub mod search;
pub mod segment;
pub mod store;
pub mod summary;
mod traces;

pub use assembler::LineAssembler;
pub use context::context;
pub use counters::LogCounters;
pub use entry::Entry;
pub use filter::{Filter, FilterResult};
pub use level::{Level, LevelCounts};
pub use merge::Runs;
pub use run::{Gap, Reload};
pub use segment::{Line, LineAddress, Segment, SegmentBuilder, Stream};
pub use store::LogStore;
pub use summary::BlockSummary;
