//! The task that asks the server what rules need: a few groups at once, within their time, at a pace that leaves the server to
//! others. Every question gets an answer, and be it why there is none; a server that asks to be left alone is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc};

use crate::adapters::prometheus::{Prometheus, Unjudged};
use crate::alerts::lifecycle::{Evaluation, Failure, Outcome};
use crate::domain::{Cause, Safe, figure};
use crate::engine::by_server::Ask;

use super::engine_thread::Pages;

/// Groups that are asked for at once.
const AT_ONCE: usize = 4;
/// Between the beginnings of two questions.
const PACE: Duration = Duration::from_millis(10);
/// Questions that may stay unanswered in a row: one alone may be too heavy.
const SILENT: usize = 2;
/// The shortest that one question may take.
const LEAST: Duration = Duration::from_secs(1);
/// A server that does not say for how long it wants to be left alone is left alone for this.
const QUIET: Duration = Duration::from_secs(15);
/// And however long it says, it is asked again after this.
const QUIET_MOST: Duration = Duration::from_secs(600);

/// Where what is to be asked comes from: with when that was.
pub type Asks = mpsc::Receiver<(Instant, Ask)>;

/// Who asks. Cloning shares it.
#[derive(Clone)]
pub struct Judging {
    server: Arc<Prometheus>,
    pages: Pages,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// When the next question may begin.
    next: Mutex<Option<Instant>>,
    /// Until when the server wants to be left alone.
    quiet: Mutex<Option<Instant>>,
}

impl Judging {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(server: Arc<Prometheus>, pages: Pages) -> Judging {
        Judging { server, pages, shared: Arc::default() }
    }

    /// Asks until nobody wants to know any more.
    pub async fn run(self, mut asks: Asks) {
        let gate = Arc::new(Semaphore::new(AT_ONCE));
        while let Some((asked, ask)) = asks.recv().await {
            let Ok(permit) = Arc::clone(&gate).acquire_owned().await else { return };
            let judging = self.clone();
            tokio::spawn(async move {
                let answers = judging.all(&ask, asked + ask.within).await;
                judging.pages.judged(ask.id, answers);
                drop(permit);
            });
        }
    }

    /// The answers to all questions, in their order.
    async fn all(&self, ask: &Ask, end: Instant) -> Vec<Outcome> {
        let mut answers = Vec::with_capacity(ask.questions.len());
        let (mut silent, mut given_up, mut room) = (0, None, ask.room);
        for (expr, at) in &ask.questions {
            if given_up.is_none() {
                given_up = self.is_quiet().or_else(|| out_of_time(end, ask.within));
            }
            if let Some(why) = &given_up {
                answers.push(Err(Failure::clone(why)));
                continue;
            }
            self.pace().await;
            let deadline = self.server.deadline().min(left(end) / 2).max(LEAST);
            answers.push(match self.server.judge(expr, *at, deadline).await {
                Ok(judged) => {
                    silent = 0;
                    room.take(Ok(Evaluation { notes: judged.notes, ..Evaluation::complete(judged.elements) }))
                }
                Err(Unjudged::Refused(words)) => {
                    silent = 0;
                    Err(Failure::Failed(words))
                }
                Err(Unjudged::Unanswered(cause)) => {
                    silent += 1;
                    let why = unanswered(&cause);
                    self.heed(&cause);
                    let may_be_it_alone =
                        matches!(cause, Cause::Timeout { .. } | Cause::HttpStatus { .. } | Cause::Other(_));
                    if silent >= SILENT || !may_be_it_alone {
                        given_up = Some(why.clone());
                    }
                    Err(why)
                }
            });
        }
        answers
    }

    /// Waits until a question may begin.
    async fn pace(&self) {
        let at = {
            let mut next = self.shared.next.lock().unwrap_or_else(PoisonError::into_inner);
            let at = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
            *next = Some(at + PACE);
            at
        };
        tokio::time::sleep_until(at.into()).await;
    }

    /// Who asks to be left alone is.
    fn heed(&self, cause: &Cause) {
        if let Cause::RateLimited { retry_after } = cause {
            let quiet = retry_after.unwrap_or(QUIET).min(QUIET_MOST);
            *self.shared.quiet.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + quiet);
        }
    }

    fn is_quiet(&self) -> Option<Failure> {
        let until = (*self.shared.quiet.lock().unwrap_or_else(PoisonError::into_inner))?;
        let left = Some(left(until)).filter(|left| !left.is_zero())?;
        Some(unanswered(&Cause::RateLimited { retry_after: Some(Duration::from_secs(left.as_secs() + 1)) }))
    }
}

fn unanswered(cause: &Cause) -> Failure {
    Failure::NotEvaluated(Safe::of(format!("the server does not tell: {cause}")))
}

fn out_of_time(end: Instant, within: Duration) -> Option<Failure> {
    let words = || format!("the server was not asked: the others of its group took {}", figure::span(within));
    left(end).is_zero().then(|| Failure::NotEvaluated(Safe::of(words())))
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
