//! Reads `pg_stat_statements`: counters of all entries, texts only of what is new at the top. How often adapts to what
//! it costs, so that a server with thousands of entries is asked more rarely.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::capabilities::StatementsShape;
use super::column::{Bytes, get};
use super::link::Link;
use crate::database::statements::delta;
use crate::domain::database::StatementsReading;
use crate::domain::statement::{StatementCounters, StatementDelta, StatementId, StatementSnapshot};
use crate::domain::{Cause, Untrusted};

const COUNTERS: &str = include_str!("sql/statements.sql");
const INFO: &str = include_str!("sql/statements_info.sql");
const TEXTS: &str = include_str!("sql/statement_texts.sql");
/// What our own statements begin with; they are left out of what we show.
const OURS: &[u8] = b"/* quarterdeck";
/// The first two readings come this close together: they make the first delta.
const FIRST_PAUSE: Duration = Duration::from_secs(4);
/// Texts are read with all their neighbours: where that is dear, only for a new one among this many at the top …
const TOP: usize = 10;
/// … that took this share of the time.
const WORTH: f64 = 0.01;
/// Dear is where the counters alone take longer than this.
const DEAR: Duration = Duration::from_millis(2);
/// Texts fetched at once.
const MOST_TEXTS: usize = 50;
/// Ids remembered as fetched.
const MOST_KNOWN: usize = 5_000;
/// A reading may cost this share of its interval, while that keeps it under `SLOWEST`.
const GENTLE_SHARE: u32 = 8_000;
/// Up to here the gentle share stretches the interval …
const SLOWEST: Duration = Duration::from_secs(60);
/// … past it only a cost over 2 % does.
const HARD_SHARE: u32 = 50;

/// The reader's memory.
pub struct Statements {
    base: Duration,
    next: Option<Instant>,
    /// When the last round began.
    began: Option<Instant>,
    rounds: u32,
    costs: VecDeque<Duration>,
    last: StatementSnapshot,
    known: HashSet<StatementId>,
    ours: HashSet<StatementId>,
}

impl Statements {
    /// Reads every `base` at most.
    pub fn new(base: Duration) -> Statements {
        Statements {
            base,
            next: None,
            began: None,
            rounds: 0,
            costs: VecDeque::new(),
            last: StatementSnapshot::default(),
            known: HashSet::new(),
            ours: HashSet::new(),
        }
    }

    /// Whether it is time.
    pub fn due(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| now >= next)
    }

    /// Somebody waits: the next round comes as soon as two may follow each other, and not sooner than is gentle.
    pub fn hasten(&mut self) {
        if let (Some(next), Some(began)) = (self.next, self.began) {
            self.next = Some(next.min(began + FIRST_PAUSE.max(self.cost() * HARD_SHARE)));
        }
    }

    /// Not before the usual pause, when this round could not be read.
    pub fn postpone(&mut self, now: Instant) {
        self.next = Some(now + self.base);
    }

    /// Reads the counters, and the texts of what is new among the largest.
    pub async fn read(&mut self, link: &mut Link, shape: &StatementsShape) -> Result<StatementsReading, Cause> {
        let started = Instant::now();
        self.postpone(started);
        self.began = Some(started);
        let rows = link.query(&compose(COUNTERS, shape), &[]).await?;
        self.pace(started);
        let mut snapshot = snapshot(&rows)?;
        drop(rows);
        let mut texts = self.texts(link, shape, &snapshot).await?;
        if texts.iter().any(|(_, text)| text.as_bytes().starts_with(OURS)) {
            self.ours.extend(texts.iter().filter(|(_, text)| text.as_bytes().starts_with(OURS)).map(|(id, _)| *id));
            texts.retain(|(id, _)| !self.ours.contains(id));
        }
        if !self.ours.is_empty() {
            snapshot.entries =
                snapshot.entries.iter().filter(|entry| !self.ours.contains(&entry.id)).copied().collect();
        }
        self.last = snapshot.clone();
        Ok(StatementsReading { snapshot, texts })
    }

    fn pace(&mut self, started: Instant) {
        self.costs.push_back(started.elapsed());
        if self.costs.len() > 5 {
            self.costs.pop_front();
        }
        self.rounds = self.rounds.saturating_add(1);
        self.next = Some(started + interval(self.base, self.cost(), self.rounds));
    }

    /// The least of the last costs is what the server really spends; the rest is the line and other load.
    fn cost(&self) -> Duration {
        self.costs.iter().min().copied().unwrap_or_default()
    }

    async fn texts(
        &mut self,
        link: &mut Link,
        shape: &StatementsShape,
        snapshot: &StatementSnapshot,
    ) -> Result<Vec<(StatementId, Arc<Untrusted>)>, Cause> {
        if self.last.entries.is_empty() {
            return Ok(Vec::new());
        }
        let step = delta(&self.last, snapshot, self.base);
        let unknown = |row: &&StatementDelta| !self.known.contains(&row.id);
        let dear = self.cost() > DEAR;
        let worth = |row: &&StatementDelta| !dear || row.total_ms >= WORTH * step.total_ms;
        let top = step.rows.iter().take(if dear { TOP } else { MOST_TEXTS });
        if !top.filter(unknown).any(|row| worth(&row)) {
            return Ok(Vec::new());
        }
        let new: Vec<StatementId> = step.rows.iter().take(MOST_TEXTS).filter(unknown).map(|row| row.id).collect();
        let queries: Vec<i64> = new.iter().map(|id| id.query).collect();
        let rows = link.query(&compose(TEXTS, shape), &[(&queries, Type::INT8_ARRAY)]).await?;
        if self.known.len() + new.len() > MOST_KNOWN {
            self.known.clear();
        }
        let mut texts = Vec::with_capacity(new.len());
        for row in &rows {
            let id = id(row)?;
            if let (true, Some(text)) = (new.contains(&id), get::<Option<Bytes<'_>>>(row, 4)?) {
                texts.push((id, Arc::new(text.keep())));
            }
        }
        self.known.extend(new);
        Ok(texts)
    }
}

fn interval(base: Duration, cost: Duration, rounds: u32) -> Duration {
    let hard = cost.saturating_mul(HARD_SHARE);
    if rounds < 2 {
        return base.min(FIRST_PAUSE).max(hard);
    }
    base.max(cost.saturating_mul(GENTLE_SHARE).min(SLOWEST)).max(hard)
}

/// A statement for the columns and the schema that are here.
pub fn compose(sql: &str, shape: &StatementsShape) -> String {
    sql.replace("{info}", if shape.info { INFO } else { "" })
        .replace("{toplevel}", if shape.toplevel { "s.toplevel" } else { "true" })
        .replace("{total_time}", if shape.total_exec_time { "s.total_exec_time" } else { "s.total_time" })
        .replace("{schema}", &shape.schema)
}

fn snapshot(rows: &[Row]) -> Result<StatementSnapshot, Cause> {
    let mut entries = Vec::with_capacity(rows.len());
    let mut result = StatementSnapshot::default();
    for row in rows {
        if get::<Option<i64>>(row, 2)?.is_none() {
            result.deallocations = get(row, 4)?;
            result.stats_reset_us = get(row, 6)?;
            continue;
        }
        entries.push(StatementCounters {
            id: id(row)?,
            calls: get(row, 4)?,
            total_ms: get(row, 5)?,
            rows: get(row, 6)?,
            blocks_hit: get(row, 7)?,
            blocks_read: get(row, 8)?,
            temp_blocks: get(row, 9)?,
        });
    }
    entries.sort_unstable_by_key(|entry| entry.id);
    entries.dedup_by_key(|entry| entry.id);
    result.entries = entries.into();
    Ok(result)
}

fn id(row: &Row) -> Result<StatementId, Cause> {
    Ok(StatementId { user: get(row, 0)?, database: get(row, 1)?, query: get(row, 2)?, top_level: get(row, 3)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_secs(10);

    #[test]
    fn the_pace_follows_the_cost() {
        let at = |ms: u64, rounds| interval(BASE, Duration::from_millis(ms), rounds).as_secs();
        assert_eq!(at(1, 5), 10, "cheap: as configured");
        assert_eq!(at(6, 5), 48, "thousands of entries");
        assert_eq!(at(6, 1), 4, "the first delta comes soon all the same");
        assert_eq!(at(500, 5), 60);
        assert_eq!(at(4000, 5), 200, "never more than 2 %");
        assert_eq!(at(4000, 1), 200);
    }

    #[test]
    fn columns_follow_the_version() {
        let old = StatementsShape { schema: "\"x\"".to_owned(), total_exec_time: false, toplevel: false, info: false };
        let sql = compose(COUNTERS, &old);
        assert!(sql.contains("s.total_time") && !sql.contains("toplevel") && !sql.contains("_info"), "{sql}");
        let new = StatementsShape { total_exec_time: true, toplevel: true, info: true, ..old };
        let sql = compose(COUNTERS, &new);
        assert!(sql.contains("s.total_exec_time") && sql.contains("s.toplevel"), "{sql}");
        assert!(sql.contains("\"x\".pg_stat_statements_info") && !sql.contains('{'), "{sql}");
    }
}
