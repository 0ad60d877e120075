//! What is done about a silence of an Alertmanager: the look for the card, the request, and looks afterwards.

use std::time::Duration;

use crate::adapters::alertmanager::{Alertmanager, card, silences};
use crate::adapters::http::client::HttpClients;
use crate::app::Event;
use crate::domain::Safe;
use crate::remediation::execution::Input;
use crate::remediation::guard::Approved;
use crate::remediation::measure::{Evidence, Measure};
use crate::remediation::silencing::Silencing;
use crate::remediation::step::HttpStep;

use super::clock;
use super::inbox::Inbox;
use super::leave::leave;

/// Deadline of a look afterwards.
const BRIEF: Duration = Duration::from_secs(3);

/// Looks at it for the card.
pub async fn preview(id: u64, clients: &HttpClients, request: &HttpStep, deadline: Duration, inbox: &Inbox) {
    let begun = clock::now();
    let outcome = card::preview(clients, request, begun.wall.timestamp_millis(), deadline).await;
    inbox.tell(Event::Previewed { id, outcome: Box::new(outcome), begun });
}

/// Makes or ends it, once.
pub async fn run(run: u64, step: usize, clients: &HttpClients, request: &HttpStep, approved: &Approved, inbox: &Inbox) {
    let end = silences::run(clients, request, approved.objects(), &leave(approved)).await;
    inbox.tell(Event::ActionHappened { run, input: Box::new(Input::StepEnded { step, end }) });
}

/// Sees whether it is as it should be.
pub async fn read(run: u64, clients: &HttpClients, request: &HttpStep, made: Option<&str>, inbox: &Inbox) {
    let at = clock::now();
    let (value, words) = match Silencing::of(request) {
        Some(silencing) => {
            let seen = Alertmanager::of(request, clients).seen(&silencing, made, BRIEF).await;
            (seen.is_so.map(|is_so| f64::from(u8::from(is_so))), seen.words)
        }
        None => (None, Safe::of("not known")),
    };
    let read = Input::Read(Evidence { measure: Measure::Result, value, at, words, chance: 0.0 });
    inbox.tell(Event::ActionHappened { run, input: Box::new(read) });
}
