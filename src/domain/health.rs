//! What one probe of a service found: its raw verdict, the children it told of, and the rule that decided.

use std::time::Duration;

use super::cause::Cause;
use super::certificate::Certificate;
use super::safe::Safe;
use super::untrusted::Untrusted;
use super::verdict::Verdict;

/// Percentiles of probes are over this time.
pub const WINDOW: Duration = Duration::from_secs(300);
/// Of fewer probes a high percentile says nothing, and of fewer still not even a median.
pub const FEW: usize = 20;
/// See [`FEW`].
pub const FEWEST: usize = 3;

/// How many probes a percentile needs.
#[must_use]
pub fn probes_for(rank: u8) -> usize {
    if rank > 50 { FEW } else { FEWEST }
}

/// Outcome of one probe. The certificate is known even where the probe failed.
#[derive(Clone, Debug)]
pub struct HealthReading {
    /// What was read, or why nothing was.
    pub result: Result<HealthReport, Cause>,
    /// Whole exchange, from resolving the name to the last byte; `None` when there was no answer.
    pub latency: Option<Duration>,
    /// The leaf certificate, for `https`.
    pub certificate: Option<Certificate>,
}

impl HealthReading {
    /// The raw verdict of this one probe.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match &self.result {
            Ok(report) => report.verdict,
            Err(cause) => cause.verdict(),
        }
    }
}

/// The shapes of health bodies that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFamily {
    /// draft-inadarei-api-health-check: `checks` with arrays of measurements.
    HealthJson,
    /// Spring Boot actuator: nested `components`.
    Actuator,
    /// One word of plain text.
    PlainWord,
    /// `entries` or `results`, with `totalDuration` or `duration`.
    HealthReportEntries,
    /// Node Terminus: `status, info, error, details`.
    Terminus,
    /// Kubernetes verbose text: `[+]ping ok`.
    KubernetesVerbose,
    /// `checks` whose leaves are words.
    CheckWords,
    /// Flat JSON: `status` with siblings such as `"database": "connected"`.
    FlatJson,
    /// An envelope (`data`, `result`, `payload`) around any of the others.
    Envelope,
    /// Trivial text, or nothing.
    Trivial,
}

impl BodyFamily {
    /// The name in a detail view.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            BodyFamily::HealthJson => "health+json draft",
            BodyFamily::Actuator => "Spring Boot actuator",
            BodyFamily::PlainWord => "one plain word",
            BodyFamily::HealthReportEntries => "ASP.NET health report",
            BodyFamily::Terminus => "Terminus",
            BodyFamily::KubernetesVerbose => "Kubernetes verbose text",
            BodyFamily::CheckWords => "status with checks",
            BodyFamily::FlatJson => "flat JSON",
            BodyFamily::Envelope => "enveloped JSON",
            BodyFamily::Trivial => "trivial",
        }
    }
}

/// One child that a health body told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Dotted path without the names of containers: `db` for `components.db`, `db.replica` below it.
    pub name: Safe,
    /// Its own verdict.
    pub verdict: Verdict,
    /// The word, the output or the observed value.
    pub detail: Safe,
    /// Named in `required`: counts in full.
    pub required: bool,
}

/// A body that was understood.
#[derive(Clone, Debug)]
pub struct HealthReport {
    /// Worst of code, word and children, by the rule named below.
    pub verdict: Verdict,
    /// HTTP status.
    pub status: u16,
    /// One line for the table: what is wrong, or the version, or nothing.
    pub detail: Safe,
    /// Which rule produced the verdict, in words.
    pub rule: Safe,
    /// What code and body disagree about, if they do.
    pub conflict: Option<Safe>,
    /// Shape of the body.
    pub family: BodyFamily,
    /// Children, worst first.
    pub checks: Vec<Check>,
    /// `version` or `releaseId` of the body.
    pub version: Option<Safe>,
    /// As the server declared it.
    pub content_type: Option<Safe>,
    /// First 2 KiB of the body, as it came.
    pub excerpt: Untrusted,
    /// Hash of the whole body, to see that it never changes.
    pub body_hash: u64,
    /// Whether the body claims figures or timestamps, which ought to change.
    pub claims_change: bool,
}
