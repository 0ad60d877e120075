//! Whom a request reaches, read once more just before it is sent: whoever came since the card was not agreed to, and the
//! request cannot leave them out. What cannot be read then is not sent.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::adapters::endpoint::JsonEndpoint;
use crate::adapters::http::client::HttpClients;
use crate::app::actions::receivers::{MOST, named};
use crate::config::resolved::Receivers;
use crate::domain::{Cause, Safe, Untrusted};
use crate::remediation::guard::Approved;
use crate::remediation::object::ObjectKey;
use crate::remediation::step::StepEnd;

use super::clock;
use super::database_orders::DatabaseOrder;

/// The look takes no longer than this, and never what the request needs.
const LOOK: Duration = Duration::from_secs(5);

/// How they are read.
pub enum Reach {
    /// Over the kept connection of a database, where there is one.
    Database(Option<mpsc::Sender<DatabaseOrder>>, String),
    /// By a request of its own.
    Endpoint(Box<JsonEndpoint>, String),
}

impl Reach {
    /// As it is declared; `kept` is the connection of the database that it names.
    pub fn new(
        receivers: Receivers,
        kept: impl FnOnce(usize) -> Option<mpsc::Sender<DatabaseOrder>>,
        clients: &HttpClients,
    ) -> Reach {
        match receivers {
            Receivers::Sql { database, sql } => Reach::Database(kept(database), sql),
            Receivers::Endpoint { request, pointer } => {
                Reach::Endpoint(Box::new(JsonEndpoint::new(request, clients, LOOK)), pointer)
            }
        }
    }

    /// Why the request is not sent, if so.
    pub async fn against(self, approved: &Approved) -> Option<StepEnd> {
        let patience = LOOK.min(approved.left(clock::now()) / 2);
        let late = || Err(Cause::Other(Safe::of("whom it reaches could not be read in time: nothing was sent")));
        match tokio::time::timeout(patience, self.read(patience)).await.unwrap_or_else(|_late| late()) {
            Err(cause) => Some(StepEnd::Failed(cause)),
            Ok(found) => came(&found, approved.objects()).map(StepEnd::OtherTarget),
        }
    }

    async fn read(self, patience: Duration) -> Result<Vec<(Untrusted, f64)>, Cause> {
        match self {
            Reach::Database(kept, sql) => {
                let busy = || Cause::Other(Safe::of("the database is still busy with what was asked before"));
                let (reply, answer) = oneshot::channel();
                let order = DatabaseOrder::Reached { reply, sql, deadline: patience.mul_f64(0.8) };
                kept.ok_or_else(busy)?.try_send(order).map_err(|_full| busy())?;
                answer.await.map_err(|_gone| busy())?
            }
            Reach::Endpoint(mut endpoint, pointer) => endpoint.counts(&pointer, MOST + 1).await,
        }
    }
}

/// Whoever is not on the card, in words. More than a card can show are never all on it.
fn came(found: &[(Untrusted, f64)], agreed: &[ObjectKey]) -> Option<Safe> {
    let known = |name: &Untrusted| agreed.iter().any(|key| matches!(key, ObjectKey::Named(known) if known == name));
    let new: Vec<Safe> = found.iter().filter(|(name, _)| !known(name)).map(|(name, _)| name.one_line()).collect();
    let words: Vec<&str> = new.iter().map(Safe::as_str).collect();
    (!new.is_empty()).then(|| Safe::of(format!("it would reach {} too, who came since the card", named(&words))))
}
