//! What lies behind a row: the whole health body with the rule that decided, the whole query, the log line as a tree.

mod database;
mod doctor;
mod log_line;
mod metrics;
mod problems;
mod service;
mod sources;

use crate::app::Model;
use crate::app::document::Document;
use crate::app::pane::PaneId;
use crate::app::panes;
use crate::app::table::RowKey;

pub use problems::document as problems;
pub use sources::asked_of;

/// The document behind what is selected in a pane.
#[must_use]
pub fn of_selected(model: &Model, pane: PaneId) -> Option<Document> {
    let (telemetry, now) = model.shown();
    if pane == PaneId::Logs {
        return log_line::document(model);
    }
    if pane == PaneId::Timeline {
        let key = model.view.cursor(pane).selected.or_else(|| panes::newest_happening(model))?;
        return model.timeline.document(&key);
    }
    if pane == PaneId::Series {
        return panes::selected_told(model).map(metrics::series);
    }
    // Where nothing was chosen yet, the first row is meant.
    let first = || panes::table(model, pane)?.rows.first().map(|row| row.key.clone());
    let key = model.view.cursor(pane).selected.or_else(first)?;
    match (pane, key) {
        (PaneId::Services, RowKey::Index(at)) => {
            telemetry.services.get(at).map(|s| service::document(s, telemetry.metrics.requests_of(&s.spec, now), now))
        }
        (PaneId::Cache, RowKey::Index(at)) => telemetry.caches.get(at).map(|c| sources::cache(c, now)),
        (PaneId::Signals, RowKey::Index(at)) => telemetry.signals.get(at).map(|s| sources::signal(s, now)),
        (PaneId::Sessions, RowKey::Session(id)) => database::session(model, id),
        (PaneId::Targets, RowKey::Index(at)) => telemetry.metrics.targets.get(at).map(|t| metrics::target(t, now)),
        (PaneId::SlowQueries, RowKey::Statement(id)) => database::statement(model, id),
        (PaneId::Findings, key @ RowKey::Finding(_)) => doctor::finding(model, &key),
        _ => None,
    }
}
