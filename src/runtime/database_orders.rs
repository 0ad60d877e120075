//! What is done over the kept connection of a database beside reading it: previews, the effect of an action on sessions, and
//! a count of what is left. In the source's own task, so that nothing overlaps and no second login is needed.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::adapters::postgres::{Backed, PostgresSource};
use crate::app::Event;
use crate::app::actions::receivers;
use crate::domain::cause::Phase;
use crate::domain::{Cause, Moment, Safe, Untrusted};
use crate::remediation::action::SessionSelector;
use crate::remediation::card::Identity;
use crate::remediation::execution::Input;
use crate::remediation::explain::Explained;
use crate::remediation::guard::Approved;
use crate::remediation::measure::{Evidence, Measure};
use crate::remediation::object::{AgreedTo, ObjectKey};
use crate::remediation::query::SqlStep;
use crate::remediation::step::{SessionVerb, StepEnd, Work};
use crate::remediation::turn::Reach;
use crate::remediation::upkeep::{Upkeep, UpkeepStep, UpkeepVerb};

use super::clock;
use super::inbox::Inbox;
use super::leave::leave;
use super::turns::TAKEN_AGAIN;
use super::upkeep_orders;

/// Deadline of a count, and of giving the database's turn back, where nothing shorter holds.
const BRIEF: Duration = Duration::from_secs(5);

/// An order.
#[derive(Debug)]
pub enum DatabaseOrder {
    /// Find out what an action would touch.
    Preview {
        /// Its number, for the answer.
        id: u64,
        /// Which sessions.
        selector: SessionSelector,
        /// What would be done to them.
        verb: SessionVerb,
        /// At most so many.
        cap: usize,
        /// Only these, which were agreed to before.
        agreed: Option<Vec<AgreedTo>>,
        /// Within this.
        deadline: Duration,
    },
    /// Find out whom a request reaches.
    Receivers {
        /// Its number, for the answer.
        id: u64,
        /// What names them.
        sql: String,
        /// Within this.
        deadline: Duration,
    },
    /// Find out what a statement would be sent to.
    PreviewStatement {
        /// Its number, for the answer.
        id: u64,
        /// Which.
        step: Box<SqlStep>,
        /// Within this.
        deadline: Duration,
    },
    /// Do it.
    Run {
        /// Of which run.
        run: u64,
        /// Which step.
        step: usize,
        /// What, on what.
        approved: Box<Approved>,
    },
    /// Count what is left.
    Left {
        /// For which run.
        run: u64,
        /// Of which server.
        identity: Identity,
        /// Of these.
        objects: Vec<ObjectKey>,
        /// What was done to them.
        verb: SessionVerb,
    },
    /// Find out whether a statement can be planned.
    Explain {
        /// Its number, for the answer.
        id: u64,
        /// Which.
        of: Explained,
        /// Within this.
        deadline: Duration,
    },
    /// Find out what a name stands for, and what upkeep of it would be.
    LookAtRelation {
        /// Its number, for the answer.
        id: u64,
        /// What would be done.
        upkeep: Upkeep,
        /// It would have to end within this.
        limit: Duration,
        /// Within this.
        deadline: Duration,
    },
    /// Find out what a backup would be.
    LookAtBackup {
        /// Who wants to know.
        reply: oneshot::Sender<Result<Backed, Cause>>,
        /// Within this.
        deadline: Duration,
    },
    /// Find out which tables are most in need of upkeep.
    Needy {
        /// Our number of the database.
        database: usize,
    },
    /// Tell how far upkeep is.
    Progress {
        /// Of which run.
        run: u64,
        /// The server process that does it.
        pid: i32,
        /// What is done.
        verb: UpkeepVerb,
    },
    /// Read what may show that upkeep was done.
    Standing {
        /// For which run.
        run: u64,
        /// What was done.
        step: Box<UpkeepStep>,
    },
    /// Take the database's turn, until the run gives it back.
    Claim {
        /// For which run.
        run: u64,
        /// How far.
        reach: Reach,
        /// Who wants to know.
        reply: oneshot::Sender<Result<(), Cause>>,
    },
    /// See to it that the run still has the turn.
    HoldAgain {
        /// For which run.
        run: u64,
        /// Who wants to know: whether it was lost on the way.
        reply: oneshot::Sender<Result<bool, Cause>>,
    },
    /// Give the turn back.
    GiveBack {
        /// Of which run.
        run: u64,
    },
    /// Read once more whom a request reaches.
    Reached {
        /// Who wants to know.
        reply: oneshot::Sender<Result<Vec<(Untrusted, f64)>, Cause>>,
        /// What names them.
        sql: String,
        /// Within this.
        deadline: Duration,
    },
}

/// Carries an order out and tells what came of it; whether something may have changed by it.
pub async fn obey(source: &mut PostgresSource, order: DatabaseOrder, inbox: &Inbox) -> bool {
    let begun = clock::now();
    match order {
        DatabaseOrder::Preview { id, selector, verb, cap, agreed, deadline } => {
            let outcome = match agreed {
                Some(kept) => source.preview_agreed(&kept, &selector, verb, cap, deadline).await,
                None => source.preview(&selector, verb, cap, deadline).await,
            };
            inbox.tell(Event::Previewed { id, outcome: Box::new(outcome), begun });
            false
        }
        DatabaseOrder::Receivers { id, sql, deadline } => {
            let outcome = source.receivers(&sql, receivers::MOST + 1, deadline).await.map(receivers::found);
            inbox.tell(Event::Previewed { id, outcome: Box::new(outcome), begun });
            false
        }
        DatabaseOrder::PreviewStatement { id, step, deadline } => {
            let outcome = source.preview_statement(&step, deadline).await;
            inbox.tell(Event::Previewed { id, outcome: Box::new(outcome), begun });
            false
        }
        DatabaseOrder::Run { run, step, approved } => {
            let end = carry_out(source, &approved).await;
            tell(inbox, run, Input::StepEnded { step, end });
            true
        }
        DatabaseOrder::Left { run, identity, objects, verb } => {
            let left = source.left(&identity, &objects, verb, BRIEF).await.ok();
            tell(inbox, run, Input::Read(objects_left(left, begun)));
            false
        }
        DatabaseOrder::LookAtRelation { id, upkeep, limit, deadline } => {
            let outcome = source.look_at_relation(&upkeep, limit, deadline).await;
            inbox.tell(Event::Previewed { id, outcome: Box::new(outcome), begun });
            false
        }
        DatabaseOrder::LookAtBackup { reply, deadline } => {
            // Whoever asked may have given up.
            let _gone = reply.send(source.look_at_backup(deadline).await);
            false
        }
        DatabaseOrder::Needy { database } => {
            let tables = source.most_in_need(BRIEF).await.unwrap_or_default();
            inbox.tell(Event::NeedyFound { database, tables });
            false
        }
        DatabaseOrder::Progress { run, pid, verb } => {
            let words = source.progress_of(pid, verb, BRIEF).await.ok().flatten();
            inbox.tell(Event::StepTold { run, lines: words.into_iter().collect() });
            false
        }
        DatabaseOrder::Standing { run, step } => {
            let now = source.standing(&step, BRIEF).await.ok();
            tell(inbox, run, Input::Read(upkeep_orders::evidence(&step, now.as_ref(), begun)));
            false
        }
        DatabaseOrder::Reached { reply, sql, deadline } => {
            // Whoever asked may have given up.
            let _gone = reply.send(source.receivers(&sql, receivers::MOST + 1, deadline).await);
            false
        }
        DatabaseOrder::Explain { id, of, deadline } => {
            let outcome = source.look_at_statement(&of, deadline).await;
            inbox.tell(Event::Previewed { id, outcome: Box::new(outcome), begun });
            false
        }
        // Whoever asked may have given up: their run gives it back all the same.
        DatabaseOrder::Claim { run, reach, reply } => {
            let _gone = reply.send(source.hold_turn(run, reach, BRIEF).await);
            false
        }
        DatabaseOrder::HoldAgain { run, reply } => {
            let _gone = reply.send(source.hold_again(run, BRIEF).await);
            false
        }
        DatabaseOrder::GiveBack { run } => {
            if let Err(words) = source.give_turn_back(run, BRIEF).await {
                tracing::warn!("{words}");
            }
            false
        }
    }
}

/// The database's turn is taken first: an operator on another host may be at it. What only reads needs none.
async fn carry_out(source: &mut PostgresSource, approved: &Approved) -> StepEnd {
    let step = approved.step();
    if let Work::Explain(explain) = &step.work {
        return source.explain(approved.identity(), explain, approved.left(clock::now())).await;
    }
    let left = || approved.left(clock::now());
    if left().is_zero() {
        return StepEnd::Failed(too_late(step.deadline));
    }
    match &step.work {
        Work::Sql(sql) if sql.read_only => {
            return source.run_statement(approved.identity(), sql, &leave(approved)).await;
        }
        Work::Sessions(_) | Work::Sql(_) => {}
        _ => return StepEnd::Failed(Cause::Other(Safe::of("no step of a database"))),
    }
    let reach = if matches!(step.work, Work::Sql(_)) { Reach::Database } else { Reach::Server };
    if let Err(cause) = source.claim(reach, left()).await {
        return StepEnd::Failed(cause);
    }
    let end = match (left(), &step.work) {
        (Duration::ZERO, _) => StepEnd::Failed(too_late(step.deadline)),
        (_, Work::Sql(sql)) => source.run_statement(approved.identity(), sql, &leave(approved)).await,
        (left, Work::Sessions(sessions)) => {
            source.signal(approved.identity(), approved.objects(), sessions.verb, left).await
        }
        _ => StepEnd::Failed(Cause::Other(Safe::of("no step of a database"))),
    };
    // Where the connection was lost, the turn went with it; for a while other operators could have been at it too.
    let lost = source.lost_turn() && matches!(end, StepEnd::Done { .. });
    let kept = source.release(BRIEF.min(left())).await;
    end.and_said(lost.then(|| Safe::of(TAKEN_AGAIN))).and_said(kept.err())
}

/// The order waited for longer than it may take: nothing was sent.
fn too_late(deadline: Duration) -> Cause {
    Cause::Timeout { phase: Phase::Connect, after: deadline }
}

fn objects_left(left: Option<usize>, at: Moment) -> Evidence {
    let words = left.map_or_else(|| "not known".to_owned(), |left| left.to_string());
    Evidence {
        measure: Measure::ObjectsLeft,
        value: left.map(|left| left as f64),
        at,
        words: Safe::of(words),
        chance: 0.0,
    }
}

fn tell(inbox: &Inbox, run: u64, input: Input) {
    inbox.tell(Event::ActionHappened { run, input: Box::new(input) });
}
