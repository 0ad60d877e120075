//! Which rows of a long table are put into words: those that can be seen. Wording one costs some microseconds, and a
//! frame has hundreds of rows of which dozens are drawn.

use crate::app::Model;
use crate::app::pane::PaneId;
use crate::app::table::{Column, Row, RowKey, Table};

/// What a table is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Moving in it: the order of the rows alone.
    Keys,
    /// Drawing it in so many rows.
    Seen {
        /// Rows of the pane.
        height: u16,
    },
}

/// A table arranged as the pane's cursor says. What is not wanted has its key and no cells, unless the text of all is
/// needed to filter or to sort.
pub fn worded<T>(
    model: &Model,
    pane: PaneId,
    columns: &'static [Column],
    items: &[T],
    wanted: Wanted,
    key: impl Fn(&T) -> RowKey,
    row: impl Fn(&T) -> Row,
) -> Table {
    let cursor = model.view.cursor(pane);
    if !cursor.filter.is_empty() || cursor.sort.column.is_some() {
        return Table::arranged(columns, items.iter().map(row).collect(), &cursor.filter, cursor.sort);
    }
    let place = |at: usize| if cursor.sort.reverse { items.len() - 1 - at } else { at };
    let (first, end) = match wanted {
        Wanted::Keys => (0, 0),
        Wanted::Seen { height } => {
            // Wherever drawing puts the window to hold the cursor, it lies within this.
            let height = usize::from(height);
            let offset = cursor.offset.min(items.len().saturating_sub(height));
            let selected = cursor.selected.as_ref().and_then(|wanted| items.iter().position(|i| key(i) == *wanted));
            let at = selected.map_or(offset, place);
            (offset.min(at).saturating_sub(height), offset.max(at).saturating_add(2 * height))
        }
    };
    let made = items.iter().enumerate().map(|(at, item)| {
        if (first..end).contains(&place(at)) { row(item) } else { Row { key: key(item), cells: Vec::new() } }
    });
    Table::arranged(columns, made.collect(), "", cursor.sort)
}
