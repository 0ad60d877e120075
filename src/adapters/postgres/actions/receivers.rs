//! Rows of a name and a count, out of a statement of the team's own: read-only, bounded, over the kept connection.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::super::column::{Bytes, get};
use super::super::{PostgresSource, Session, not_connected, patience};
use crate::domain::{Cause, Untrusted};

impl PostgresSource {
    /// Whom the statement names, each with its count; at most so many rows. A kept connection that turns out to be broken is
    /// made anew, once.
    pub async fn receivers(
        &mut self,
        sql: &str,
        most: usize,
        deadline: Duration,
    ) -> Result<Vec<(Untrusted, f64)>, Cause> {
        let until = Instant::now() + deadline;
        for kept in [self.session.is_some(), false] {
            let work = async {
                self.ready(until, patience(self.spec.deadline)).await?;
                let session = self.session.as_mut().ok_or_else(not_connected)?;
                named(session, sql, most).await
            };
            let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(super::late(deadline)));
            self.settle(&outcome).await;
            if !self.is_worth_another(kept, &outcome) {
                return outcome;
            }
        }
        Err(not_connected())
    }
}

async fn named(session: &mut Session, sql: &str, most: usize) -> Result<Vec<(Untrusted, f64)>, Cause> {
    let statement = sql.trim().trim_end_matches(';');
    // As the inner part of another it can only be a query, and its columns are what we make of them.
    let wrapped = format!(
        "SELECT pg_catalog.concat(named.name), named.count::pg_catalog.float8 FROM (\n{statement}\n) AS named(name, count) LIMIT {most}"
    );
    session.link.run(session.transaction.begin()).await?;
    let answer = session.link.query(&wrapped, &[]).await;
    if session.link.alive()
        && let Err(failure) = session.link.run("ROLLBACK").await
    {
        // A session that may still be in our transaction is of no use.
        session.link.close();
        return Err(failure.cause);
    }
    let rows = answer?;
    rows.iter()
        .map(|row| {
            let name = get::<Bytes<'_>>(row, 0)?.keep();
            // A count that is not there is not zero.
            Ok((name, get::<Option<f64>>(row, 1)?.unwrap_or(f64::NAN)))
        })
        .collect()
}
