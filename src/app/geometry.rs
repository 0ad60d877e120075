//! Plain rectangles that the last draw produced: for paging, and for what a mouse would hit. No terminal types.

use crate::app::pane::PaneId;

/// A rectangle in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rectangle {
    /// Left column.
    pub x: u16,
    /// Top row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// What the last draw put where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Geometry {
    /// The whole screen.
    pub screen: Rectangle,
    /// Panes that are visible, with the rectangle inside their frame.
    pub panes: Vec<(PaneId, Rectangle)>,
    /// Rows of the list or text inside each visible pane (below headings), for paging.
    pub rows: Vec<(PaneId, u16)>,
    /// Rows of text in the topmost overlay.
    pub overlay_rows: u16,
    /// Lines that the topmost overlay holds after wrapping: scrolling ends at `overlay_lines - overlay_rows`.
    pub overlay_lines: usize,
}

impl Geometry {
    /// Rows that a page of `pane` holds; at least one.
    #[must_use]
    pub fn page_rows(&self, pane: PaneId) -> usize {
        self.rows.iter().find(|(id, _)| *id == pane).map_or(1, |(_, rows)| usize::from(*rows).max(1))
    }
}
