//! Upkeep of a table or an index. The card and the looks go over the kept connection; the statement over one of its own, where
//! it can be waited for and cancelled. The server resolves, composes and quotes; what is sent is what was agreed to, or nothing.

mod leftover;
mod preview;
mod relation;
mod run;
mod version;

pub use preview::against_the_server;
pub use run::Ended;

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::types::Type;

use super::column::{Bytes, get};
use super::{PostgresSource, not_connected, patience};
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe, Untrusted, figure};
use crate::remediation::card::Preview;
use crate::remediation::upkeep::{Standing, Upkeep, UpkeepStep, UpkeepVerb};

impl PostgresSource {
    /// What a name stands for, and what would be done to it. Only reads.
    pub async fn look_at_relation(
        &mut self,
        upkeep: &Upkeep,
        deadline: Duration,
        within: Duration,
    ) -> Result<Preview, Cause> {
        let until = Instant::now() + within;
        let work = async {
            self.ready(until, patience(self.spec.deadline)).await?;
            let session = self.session.as_mut().ok_or_else(not_connected)?;
            preview::look(session, upkeep, deadline).await
        };
        let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(within)));
        self.settle(&outcome).await;
        outcome
    }

    /// The tables with the most dead rows.
    pub async fn most_in_need(&mut self, within: Duration) -> Result<Vec<(Untrusted, i64)>, Cause> {
        let until = Instant::now() + within;
        let work = async {
            self.ready(until, patience(self.spec.deadline)).await?;
            preview::needy(self.session.as_mut().ok_or_else(not_connected)?).await
        };
        let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(within)));
        self.settle(&outcome).await;
        outcome
    }

    /// How it stands now: what may show that the upkeep was done.
    pub async fn standing(&mut self, step: &UpkeepStep, within: Duration) -> Result<Standing, Cause> {
        let until = Instant::now() + within;
        let name = String::from_utf8_lossy(step.on.name.as_bytes()).into_owned();
        let work = async {
            self.ready(until, patience(self.spec.deadline)).await?;
            let session = self.session.as_mut().ok_or_else(not_connected)?;
            let found = relation::read(session, &name, step.verb).await?;
            Ok(match found {
                // A reindex puts another index in the place of the old; of anything else it must be the very same.
                Ok(found) if step.verb == UpkeepVerb::Reindex || found.relation.oid == step.on.oid => {
                    found.relation.standing
                }
                _ => Standing::default(),
            })
        };
        let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(within)));
        self.settle(&outcome).await;
        outcome
    }

    /// How far a session of ours is with it, in words; and who keeps it waiting.
    pub async fn progress_of(&mut self, pid: i32, verb: UpkeepVerb, within: Duration) -> Result<Option<Safe>, Cause> {
        let until = Instant::now() + within;
        let work = async {
            self.ready(until, patience(self.spec.deadline)).await?;
            let session = self.session.as_mut().ok_or_else(not_connected)?;
            let sql = version::progress(verb, session.facts.version_num);
            let rows = session.link.query(sql, &[(&pid as _, Type::INT4)]).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            let phase = get::<Option<Bytes<'_>>>(row, 0)?.map(|bytes| bytes.keep().one_line());
            let (done, total) = (get::<Option<i64>>(row, 1)?, get::<Option<i64>>(row, 2)?);
            let waits = get::<Option<Vec<i32>>>(row, 3)?.unwrap_or_default();
            Ok(progress(phase.as_ref(), done, total, &waits))
        };
        let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(within)));
        self.settle(&outcome).await;
        outcome
    }
}

fn progress(phase: Option<&Safe>, done: Option<i64>, total: Option<i64>, waits: &[i32]) -> Option<Safe> {
    let mut parts: Vec<String> = phase.into_iter().map(ToString::to_string).collect();
    if let (Some(done), Some(total)) = (done, total.filter(|total| *total > 0)) {
        parts.push(format!("{} of {total} blocks", figure::percent((done as f64 / total as f64).clamp(0.0, 1.0))));
    }
    if !waits.is_empty() {
        let pids: Vec<String> = waits.iter().take(5).map(ToString::to_string).collect();
        parts.push(format!("waits for a lock of pid {}", pids.join(", ")));
    }
    (!parts.is_empty()).then(|| Safe::of(parts.join(", ")))
}

fn late(within: Duration) -> Cause {
    Cause::Timeout { phase: Phase::Answer, after: within }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_what_the_server_says() {
        let words = |phase: Option<&str>, done, total, waits: &[i32]| {
            progress(phase.map(Safe::of).as_ref(), done, total, waits).map(|words| words.to_string())
        };
        assert_eq!(words(None, None, None, &[]), None);
        assert_eq!(
            words(Some("scanning heap"), Some(5), Some(20), &[]).as_deref(),
            Some("scanning heap, 25.0% of 20 blocks")
        );
        assert_eq!(words(Some("initializing"), Some(0), Some(0), &[]).as_deref(), Some("initializing"));
        assert_eq!(words(None, None, None, &[7]).as_deref(), Some("waits for a lock of pid 7"));
    }
}
