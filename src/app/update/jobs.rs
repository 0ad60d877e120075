//! The compute thread answered. An answer to an old question is thrown away.

use crate::app::job::JobResult;
use crate::app::{Effect, Model};

use super::{actions, doctor, logs};

/// Takes an answer.
pub fn finished(model: &mut Model, result: JobResult) -> Vec<Effect> {
    match result {
        JobResult::StatementDelta { id, database, delta } => {
            let now = model.now;
            if let Some(state) = model.live.databases.get_mut(database).filter(|d| d.awaited_job == id) {
                state.take_delta(delta, now);
                return actions::compared(model, database);
            }
        }
        JobResult::LogFilter { id, found } => logs::filtered(model, id, found),
        JobResult::LogSearch { id, at } => logs::sought(model, id, at),
        JobResult::Doctor { id, report } => doctor::finished(model, id, report),
    }
    Vec::new()
}
