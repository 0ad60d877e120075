//! Figures of a cache. Hits and misses are raw counters; ratios are computed above, as deltas.

use super::cause::Cause;
use super::safe::Safe;
use super::signal::SignalValue;
use super::source::SignalId;

/// What one look at a cache gave. `None` is "not told", never zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CacheReading {
    /// Hits since the cache started.
    pub hits: Option<u64>,
    /// Misses since the cache started.
    pub misses: Option<u64>,
    /// A bare ratio 0..1 that the cache told; its basis is its lifetime.
    pub lifetime_ratio: Option<f64>,
    /// What only Redis tells.
    pub redis: Option<RedisFigures>,
    /// Signals read over the same connection.
    pub scalars: Vec<(SignalId, Result<SignalValue, Cause>)>,
}

/// Figures of Redis' `INFO`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RedisFigures {
    /// `redis_version`.
    pub version: Safe,
    /// `run_id`: changes at each start, and then counters begin anew.
    pub run_id: Safe,
    /// `role`: master or slave.
    pub role: Safe,
    /// `instantaneous_ops_per_sec`.
    pub ops_per_second: Option<f64>,
    /// `used_memory`, bytes.
    pub used_memory: Option<u64>,
    /// `maxmemory`, bytes; 0 is "no limit".
    pub max_memory: Option<u64>,
    /// `connected_clients`.
    pub clients: Option<u64>,
    /// `blocked_clients`.
    pub blocked_clients: Option<u64>,
    /// `evicted_keys`, a counter.
    pub evicted_keys: Option<u64>,
    /// `expired_keys`, a counter.
    pub expired_keys: Option<u64>,
    /// Keys of all databases together.
    pub keys: Option<u64>,
    /// Keys of each database: index and count.
    pub keyspace: Vec<(u16, u64)>,
    /// `uptime_in_seconds`.
    pub uptime_seconds: Option<u64>,
    /// `maxmemory_policy`.
    pub eviction_policy: Option<Safe>,
    /// `master_link_status` of a replica.
    pub primary_link: Option<Safe>,
}
