//! "constant?": a body that claims figures or timestamps, and has not changed by one byte for long.

use std::time::Duration;

use crate::domain::Moment;
use crate::domain::health::HealthReport;

/// Readings without a change before a body is suspected.
const READINGS: u32 = 10;
/// Time without a change before a body is suspected.
const TIME: Duration = Duration::from_secs(60);

/// How long a body has stayed the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Constancy {
    same: Option<(u64, Moment, u32)>,
}

impl Constancy {
    /// The pure step: takes the newest report into account.
    #[must_use]
    pub fn step(self, report: &HealthReport, now: Moment) -> Constancy {
        if !report.claims_change {
            return Constancy::default();
        }
        let same = match self.same {
            Some((hash, since, readings)) if hash == report.body_hash => (hash, since, readings.saturating_add(1)),
            _ => (report.body_hash, now, 1),
        };
        Constancy { same: Some(same) }
    }

    /// Whether the body is suspected to be a constant.
    #[must_use]
    pub fn is_suspect(&self, now: Moment) -> bool {
        self.same.is_some_and(|(_, since, readings)| readings >= READINGS && now.since(since) >= TIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::{Expectation, Response, read_body};

    fn report(body: &str) -> HealthReport {
        read_body(&Response::json(200, body.as_bytes()), &Expectation::default())
    }

    #[test]
    fn suspects_only_what_claims_to_change_and_does_not() {
        let stuck = report(r#"{"status":"ok","timestamp":"2025-01-15T10:30:00Z"}"#);
        let moved = report(r#"{"status":"ok","timestamp":"2025-01-15T10:30:01Z"}"#);
        let still = report(r#"{"status":"ok"}"#);
        let mut constancy = Constancy::default();
        for second in 0..9 {
            constancy = constancy.step(&stuck, Moment::fixed(f64::from(second) * 10.0));
        }
        assert!(!constancy.is_suspect(Moment::fixed(80.0)), "nine readings are not enough");
        constancy = constancy.step(&stuck, Moment::fixed(90.0));
        assert!(constancy.is_suspect(Moment::fixed(90.0)));
        assert!(!constancy.step(&moved, Moment::fixed(100.0)).is_suspect(Moment::fixed(100.0)));
        assert!(!constancy.step(&still, Moment::fixed(100.0)).is_suspect(Moment::fixed(500.0)));
    }

    #[test]
    fn quick_readings_alone_are_not_enough() {
        let stuck = report(r#"{"uptime":3}"#);
        let constancy = (0..100).fold(Constancy::default(), |c, _| c.step(&stuck, Moment::fixed(1.0)));
        assert!(!constancy.is_suspect(Moment::fixed(2.0)));
    }
}
