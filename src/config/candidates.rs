//! The candidate table of discovery: the paths at which services usually tell of themselves, in the order of asking.

/// What a path is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A health body.
    Health,
    /// Hits and misses of a cache.
    CacheStats,
    /// Metrics in the exposition format.
    Metrics,
}

/// How often a find is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Cheap: plain health, cache counters.
    Often,
    /// Deep, readiness and provider checks, which ask others in turn.
    Seldom,
    /// A scrape.
    Scrape,
}

/// One path of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Path on the origin.
    pub path: &'static str,
    /// What it is asked for.
    pub kind: Kind,
    /// How often a find is asked again.
    pub pace: Pace,
}

const fn health(path: &'static str, pace: Pace) -> Candidate {
    Candidate { path, kind: Kind::Health, pace }
}

const fn cache(path: &'static str) -> Candidate {
    Candidate { path, kind: Kind::CacheStats, pace: Pace::Often }
}

/// The whole table.
pub const CANDIDATES: [Candidate; 17] = [
    health("/health", Pace::Often),
    health("/health/deep", Pace::Seldom),
    health("/health/ready", Pace::Seldom),
    health("/health/db", Pace::Seldom),
    health("/health/ai", Pace::Seldom),
    health("/healthz", Pace::Often),
    health("/livez", Pace::Often),
    health("/readyz", Pace::Seldom),
    health("/actuator/health", Pace::Often),
    health("/api/health", Pace::Often),
    health("/api/v1/health/system", Pace::Seldom),
    health("/integration/health", Pace::Seldom),
    health("/status", Pace::Often),
    health("/ping", Pace::Often),
    cache("/api/v1/cache/stats"),
    cache("/cache/stats"),
    Candidate { path: "/metrics", kind: Kind::Metrics, pace: Pace::Scrape },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::is_health_path;

    #[test]
    fn every_health_path_is_known_as_one() {
        for candidate in CANDIDATES {
            assert!(candidate.path.starts_with('/'));
            assert_eq!(is_health_path(candidate.path), candidate.kind == Kind::Health, "{}", candidate.path);
        }
        let mut paths: Vec<_> = CANDIDATES.iter().map(|c| c.path).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), CANDIDATES.len());
    }
}
