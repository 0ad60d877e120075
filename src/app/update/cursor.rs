//! Moving in tables: the cursor stands on a row's identity and follows it when the list re-sorts.

use crate::app::pane::PaneId;
use crate::app::{Model, panes};
use crate::input::Command;

/// Moves the cursor of a pane.
pub fn travel(model: &mut Model, pane: PaneId, command: Command) {
    let Some(table) = panes::table(model, pane) else { return };
    let height = model.geometry.page_rows(pane);
    let last = table.rows.len().saturating_sub(1);
    let cursor = model.view.cursors.entry(pane).or_default();
    let at = cursor.selected.as_ref().and_then(|key| table.rows.iter().position(|row| row.key == *key));
    let next = match (command, at) {
        (Command::Top, _) => 0,
        (Command::Bottom, _) => last,
        // The first move selects the first row; it does not skip it.
        (Command::Down | Command::Up, None) => 0,
        (Command::Down, Some(at)) => at + 1,
        (Command::Up, Some(at)) => at.saturating_sub(1),
        (Command::PageDown, at) => at.unwrap_or(0) + height,
        (Command::PageUp, at) => at.unwrap_or(0).saturating_sub(height),
        (Command::HalfPageDown, at) => at.unwrap_or(0) + height / 2,
        (Command::HalfPageUp, at) => at.unwrap_or(0).saturating_sub(height / 2),
        _ => return,
    }
    .min(last);
    cursor.selected = table.rows.get(next).map(|row| row.key.clone());
    cursor.offset = cursor.offset.clamp((next + 1).saturating_sub(height), next);
}

/// Sorts by the next column; after the last comes the table's own order.
pub fn sort(model: &mut Model, pane: PaneId) {
    let Some(columns) = panes::table(model, pane).map(|t| t.columns.len()) else { return };
    let sort = &mut model.view.cursors.entry(pane).or_default().sort;
    sort.column = match sort.column {
        None => Some(0),
        Some(at) if at + 1 < columns => Some(at + 1),
        Some(_) => None,
    };
}
