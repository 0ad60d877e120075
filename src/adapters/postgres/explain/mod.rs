//! How the server would run a statement, over the kept connection: the text is read anew and whole, the server itself says
//! that it is one statement, and it is planned in a transaction that cannot write and is rolled back. Nothing is ever run.

mod of_session;
mod version;

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::actions::identity;
use super::capabilities::LOCK_TIMEOUT_MS;
use super::cause::quoted;
use super::column::{Bytes, get};
use super::link::Failure;
use super::{PostgresSource, Session, not_connected, patience, statements};
use crate::database::plan::redacted_plan;
use crate::domain::cause::Phase;
use crate::domain::statement::StatementId;
use crate::domain::{Cause, Safe, Untrusted};
use crate::remediation::card::{Identity, Preview};
use crate::remediation::explain::{ExplainStep, Explained, KeptText, LONGEST, Planned, judge};
use crate::remediation::step::{SessionVerb, StepEnd};

/// Why what ran in another database is not planned here.
const ELSEWHERE: &str = "it ran in another database of this server: that one has to be watched to plan it";
const STATEMENT: &str = include_str!("statement.sql");
/// Lines of a plan that are taken, and characters of one.
const LINES: usize = 400;
const LINE: usize = 400;

impl PostgresSource {
    /// Reads a statement, and finds out whether it can be planned. Plans and runs nothing.
    pub async fn look_at_statement(&mut self, of: &Explained, deadline: Duration) -> Result<Preview, Cause> {
        let until = Instant::now() + deadline;
        let work = async {
            self.ready(until, patience(self.spec.deadline)).await?;
            let session = self.session.as_mut().ok_or_else(not_connected)?;
            look(session, of, patience(deadline / 2)).await
        };
        let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(deadline)));
        self.settle(&outcome).await;
        outcome
    }

    /// The plan. Whatever goes wrong, nothing was changed: every failure is one without effect.
    pub async fn explain(&mut self, confirmed: &Identity, step: &ExplainStep, deadline: Duration) -> StepEnd {
        let until = Instant::now() + deadline;
        let work = async {
            self.ready(until, patience(self.spec.deadline)).await?;
            let session = self.session.as_mut().ok_or_else(not_connected)?;
            let found = identity::read(session, SessionVerb::Cancel, None).await?;
            if let Some(what) = identity::difference(confirmed, &found.identity) {
                return Ok(Err(what));
            }
            plan(session, &step.what, patience(deadline / 2)).await.map(Ok)
        };
        let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(deadline)));
        self.settle(&outcome).await;
        match outcome {
            Ok(Ok(plan)) => StepEnd::Done { fates: Vec::new(), said: lines(&plan, step.redact) },
            Ok(Err(what)) => StepEnd::OtherTarget(what),
            Err(cause) => StepEnd::Failed(cause),
        }
    }
}

async fn look(session: &mut Session, of: &Explained, patience: u32) -> Result<Preview, Cause> {
    let found = identity::read(session, SessionVerb::Cancel, None).await?;
    let mut preview = Preview { identity: found.identity, ..Preview::default() };
    match of {
        Explained::Kept(id) => look_at_kept(session, *id, patience, &mut preview).await?,
        Explained::Session(id) => of_session::look(session, *id, patience, &mut preview).await?,
        Explained::Written(text) => look_at(session, &KeptText::whole(text), patience, &mut preview).await?,
    }
    if preview.planned.is_none() && !preview.obstacles.is_empty() {
        return Ok(preview);
    }
    let user = session.facts.user.one_line();
    preview.remarks.push(Safe::of(format!(
        "planned as {user}, with its search_path and rights; for another role the plan may be another"
    )));
    preview.remarks.push(Safe::of("the statement is not run: the figures are what the planner expects"));
    Ok(preview)
}

async fn look_at_kept(
    session: &mut Session,
    id: StatementId,
    patience: u32,
    preview: &mut Preview,
) -> Result<(), Cause> {
    if id.query == 0 {
        preview.obstacles.push(Safe::of("no statement is named: give it as query=NUMBER"));
        return Ok(());
    }
    // Named by its number alone it is one of this database.
    let id = if id.is_bare() { StatementId { database: session.facts.database_oid, ..id } } else { id };
    if id.database != session.facts.database_oid {
        preview.obstacles.push(Safe::of(ELSEWHERE));
        return Ok(());
    }
    let Some(kept) = read_text(session, id).await? else {
        preview.obstacles.push(Safe::of("pg_stat_statements does not hold it any more"));
        return Ok(());
    };
    look_at(session, &kept, patience, preview).await
}

async fn look_at(session: &mut Session, kept: &KeptText, patience: u32, preview: &mut Preview) -> Result<(), Cause> {
    match judged(session, kept, patience).await? {
        Judged::Not(why) => preview.obstacles.push(why),
        Judged::Planned(planned, against) => {
            preview.obstacles.extend(against);
            plans(preview, planned, patience);
        }
    }
    Ok(())
}

/// What became of a text.
enum Judged {
    /// It can be planned, unless the server is too old for it.
    Planned(Planned, Option<Safe>),
    /// Why it cannot.
    Not(Safe),
}

async fn judged(session: &mut Session, kept: &KeptText, patience: u32) -> Result<Judged, Cause> {
    let text = match judge(kept) {
        Err(why) => return Ok(Judged::Not(why)),
        Ok(text) => text,
    };
    Ok(match parameters(session, text, patience).await? {
        Err(why) => Judged::Not(why),
        Ok(count) => Judged::Planned(
            Planned { statement: kept.text.clone(), generic: count > 0 },
            version::objection(count, session.facts.version_num),
        ),
    })
}

fn plans(preview: &mut Preview, planned: Planned, patience: u32) {
    preview.effect = effect(&planned, patience);
    preview.planned = Some(planned);
}

async fn read_text(session: &mut Session, id: StatementId) -> Result<Option<KeptText>, Cause> {
    let shape = session.facts.statements.as_ref().map_err(Clone::clone)?;
    let sql = statements::compose(STATEMENT, shape);
    let longest = i32::try_from(LONGEST).unwrap_or(i32::MAX);
    let parameters = [
        (&id.user as _, Type::OID),
        (&id.database as _, Type::OID),
        (&id.query as _, Type::INT8),
        (&id.top_level as _, Type::BOOL),
        (&longest as _, Type::INT4),
    ];
    let rows = session.link.query(&sql, &parameters).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    kept_text(row).map(Some)
}

/// The first three columns: length, text, where texts are cut off.
fn kept_text(row: &Row) -> Result<KeptText, Cause> {
    Ok(KeptText {
        text: get::<Option<Bytes<'_>>>(row, 1)?.map(|bytes| bytes.keep()).unwrap_or_default(),
        length: get::<Option<i64>>(row, 0)?.unwrap_or(0),
        cut_at: get::<Option<i64>>(row, 2)?.unwrap_or(0),
    })
}

/// How many parameters a statement has, or why it cannot be planned. The server parses it, by the extended protocol: more
/// than one is refused by itself.
async fn parameters(session: &mut Session, text: &str, patience: u32) -> Result<Result<usize, Safe>, Cause> {
    begin(session, patience).await?;
    let parsed = session.link.parse(text).await;
    end(session).await?;
    match parsed {
        Ok(count) => Ok(Ok(count)),
        Err(failure) => match failure.state.as_deref() {
            Some("42601") => {
                let why = failure.cause;
                Ok(Err(Safe::of(format!("its text is not one statement that the server can parse: {why}"))))
            }
            Some(_) => Ok(Err(Safe::of(format!("it cannot be planned here: {}", failure.cause)))),
            None => Err(failure.cause),
        },
    }
}

async fn plan(session: &mut Session, what: &Planned, patience: u32) -> Result<Untrusted, Cause> {
    let command = what.command().map_err(Cause::Misconfigured)?;
    begin(session, patience).await?;
    let told = ask(session, what, &command).await;
    end(session).await?;
    told.map_err(|failure| denied(session, failure))
}

/// With parameters the whole command goes through the extended protocol as far as that can take it: the server parses these
/// very bytes, and refuses all but one statement. It cannot be executed so: without values PostgreSQL 16 refuses to bind
/// it, and with values it plans for them (`id = 5` in the place of `id = $1`), which is no generic plan. So what was parsed
/// is asked for by the protocol that binds nothing.
async fn ask(session: &mut Session, what: &Planned, command: &str) -> Result<Untrusted, Failure> {
    let lines = if what.generic {
        session.link.parse(command).await?;
        session.link.simple(command).await?
    } else {
        let rows = session.link.query(command, &[]).await?;
        let line = |row| get::<Bytes<'_>>(row, 0).map(|bytes| bytes.0.to_vec());
        let lines: Result<Vec<Vec<u8>>, Cause> = rows.iter().map(line).collect();
        lines.map_err(|cause| Failure { cause, state: None })?
    };
    Ok(Untrusted::new(lines.join(&b'\n')))
}

async fn begin(session: &mut Session, patience: u32) -> Result<(), Failure> {
    session.link.run(&opening(patience)).await
}

/// A session that may still be in our transaction is of no use.
async fn end(session: &mut Session) -> Result<(), Cause> {
    if !session.link.alive() {
        return Ok(());
    }
    let ended = session.link.run("ROLLBACK").await;
    if ended.is_err() {
        session.link.close();
    }
    Ok(ended?)
}

fn opening(patience: u32) -> String {
    format!(
        "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = {patience}; SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"
    )
}

fn effect(planned: &Planned, patience: u32) -> Vec<Untrusted> {
    let command = planned.command().unwrap_or_default();
    let whole = format!("{}\n{command}\nROLLBACK", opening(patience));
    whole.split('\n').map(Untrusted::from).collect()
}

/// Planning wants the rights of running: the grant that reads statistics is not the one.
fn denied(session: &Session, failure: Failure) -> Cause {
    match (failure.state.as_deref(), failure.cause) {
        (Some("42501"), Cause::Denied { missing, .. }) => {
            let user = quoted(session.facts.user.one_line().as_str());
            Cause::Denied { missing, fix: vec![Safe::of(format!("GRANT pg_read_all_data TO {user};"))] }
        }
        (_, cause) => cause,
    }
}

fn lines(plan: &Untrusted, redact: bool) -> Vec<Safe> {
    let shown = if redact { redacted_plan(plan) } else { plan.clone() };
    let all = shown.lines();
    let left = all.len().saturating_sub(LINES);
    let mut lines: Vec<Safe> = all.into_iter().take(LINES).map(|line| line.clipped(LINE)).collect();
    if left > 0 {
        lines.push(Safe::of(format!("… and {left} more lines")));
    }
    lines
}

fn late(deadline: Duration) -> Cause {
    Cause::Timeout { phase: Phase::Answer, after: deadline }
}
