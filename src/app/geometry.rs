//! Plain rectangles that the last draw produced: for paging, and for what a mouse would hit. No terminal types.

use crate::app::pane::PaneId;
use crate::app::table::RowKey;
use crate::app::view::Page;

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

impl Rectangle {
    /// Whether a cell lies in it.
    #[must_use]
    pub fn holds(&self, x: u16, y: u16) -> bool {
        let within = |at: u16, start: u16, length: u16| at >= start && at - start < length;
        within(x, self.x, self.width) && within(y, self.y, self.height)
    }
}

/// Rows of a list that are seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Where they stand, without the heading.
    pub area: Rectangle,
    /// The number of the first.
    pub first: usize,
    /// What they are about, from the top; nothing for log lines.
    pub keys: Vec<RowKey>,
    /// In which of them the cursor stands.
    pub cursor: Option<usize>,
}

/// What the last draw put where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Geometry {
    /// The whole screen.
    pub screen: Rectangle,
    /// Panes that are visible, with the rectangle inside their frame.
    pub panes: Vec<(PaneId, Rectangle)>,
    /// The same panes with their frames.
    pub frames: Vec<(PaneId, Rectangle)>,
    /// Tabs of the pages.
    pub tabs: Vec<(Page, Rectangle)>,
    /// The list in each visible pane that has one.
    pub lists: Vec<(PaneId, List)>,
    /// Rows of the list or text inside each visible pane (below headings), for paging.
    pub rows: Vec<(PaneId, u16)>,
    /// Rows of text in the topmost overlay.
    pub overlay_rows: u16,
    /// Lines that the topmost overlay holds after wrapping: scrolling ends at `overlay_lines - overlay_rows`.
    pub overlay_lines: usize,
}

impl Geometry {
    /// The pane that a cell belongs to, frame included.
    #[must_use]
    pub fn pane_at(&self, x: u16, y: u16) -> Option<PaneId> {
        self.frames.iter().find(|(_, area)| area.holds(x, y)).map(|(pane, _)| *pane)
    }

    /// The page whose tab a cell belongs to.
    #[must_use]
    pub fn tab_at(&self, x: u16, y: u16) -> Option<Page> {
        self.tabs.iter().find(|(_, area)| area.holds(x, y)).map(|(page, _)| *page)
    }

    /// The list of a pane.
    #[must_use]
    pub fn list(&self, pane: PaneId) -> Option<&List> {
        self.lists.iter().find(|(id, _)| *id == pane).map(|(_, list)| list)
    }

    /// Rows that a page of `pane` holds; at least one.
    #[must_use]
    pub fn page_rows(&self, pane: PaneId) -> usize {
        self.rows.iter().find(|(id, _)| *id == pane).map_or(1, |(_, rows)| usize::from(*rows).max(1))
    }
}
