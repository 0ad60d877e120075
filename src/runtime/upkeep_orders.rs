//! Upkeep of a table: the statement over a connection of its own, meanwhile its progress and afterwards its result over the
//! kept one.

use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval_at, sleep, timeout_at};

use crate::adapters::postgres::PostgresSource;
use crate::app::Event;
use crate::domain::{Cause, Moment, Safe};
use crate::remediation::execution::Input;
use crate::remediation::guard::Approved;
use crate::remediation::measure::{Evidence, Measure};
use crate::remediation::step::{StepEnd, Work};
use crate::remediation::upkeep::{Standing, UpkeepStep, UpkeepVerb};

use super::database_orders::DatabaseOrder;
use super::inbox::Inbox;
use super::leave::leave;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Does it, and looks for what shows it.
pub async fn run(
    run: u64,
    step: usize,
    approved: &Approved,
    own: Option<PostgresSource>,
    kept: Option<mpsc::Sender<DatabaseOrder>>,
    halt: watch::Receiver<Option<u64>>,
    inbox: &Inbox,
) {
    let tell = |input: Input| inbox.tell(Event::ActionHappened { run, input: Box::new(input) });
    let (Work::Upkeep(work), Some(own), Some(kept)) = (&approved.step().work, own, kept) else {
        let end = StepEnd::Failed(Cause::Other(Safe::of("no database of the configuration")));
        return tell(Input::StepEnded { step, end });
    };
    let ended = Box::pin(keep_up(run, approved, work, own, &kept, halt)).await;
    if let Some(names) = ended.leftovers {
        inbox.tell(Event::LeftoversFound { database: work.database, names });
    }
    let acted = matches!(ended.end, StepEnd::Done { .. } | StepEnd::Unknown(_));
    tell(Input::StepEnded { step, end: ended.end });
    if acted {
        let until = Instant::now() + work.within;
        let _over = timeout_at(until, look(run, work, &kept)).await;
    }
}

async fn keep_up(
    run: u64,
    approved: &Approved,
    work: &UpkeepStep,
    mut own: PostgresSource,
    kept: &mpsc::Sender<DatabaseOrder>,
    mut halt: watch::Receiver<Option<u64>>,
) -> crate::adapters::postgres::Ended {
    let (begun, mut pid) = watch::channel(None);
    let stopped = async {
        // Nobody can ask any more: it goes on to its end.
        if halt.wait_for(|wanted| *wanted == Some(run)).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let leave = leave(approved);
    let effect =
        own.keep_up(approved.identity(), work, &leave, |pid| begun.send_modify(|known| *known = Some(pid)), stopped);
    let progress = async {
        let mut beat = interval_at(Instant::now() + PAUSE, PAUSE);
        let known = pid.wait_for(Option::is_some).await.ok().and_then(|pid| *pid);
        let Some(pid) = known else { return std::future::pending::<Infallible>().await };
        loop {
            beat.tick().await;
            // A kept connection that is busy tells it the next time.
            let _later = kept.try_send(DatabaseOrder::Progress { run, pid, verb: work.verb });
        }
    };
    tokio::select! {
        ended = effect => ended,
        never = progress => match never {},
    }
}

async fn look(run: u64, work: &UpkeepStep, kept: &mpsc::Sender<DatabaseOrder>) {
    loop {
        let _later = kept.try_send(DatabaseOrder::Standing { run, step: Box::new(work.clone()) });
        sleep(PAUSE).await;
    }
}

/// What the server says now, as evidence; a look that failed shows nothing.
pub fn evidence(step: &UpkeepStep, now: Option<&Standing>, at: Moment) -> Evidence {
    let before = &step.on.standing;
    let value = now.map(|now| f64::from(u8::from(now.shows(step.verb, before))));
    let words = match now {
        Some(now) if step.verb == UpkeepVerb::DropLeftover && !now.exists => Safe::of("it is gone"),
        Some(now) => now.words(step.verb),
        None => Safe::of("not known"),
    };
    Evidence { measure: Measure::Result, value, at, words, chance: 0.0 }
}
