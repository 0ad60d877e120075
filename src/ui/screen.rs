//! Where everything stands, from the size alone. Three arrangements of each page: roomy (boxes), compact (a rule above each
//! pane, so that 80x24 holds the whole overview) and narrow (one column). Below 40x10 a line that says so.
//!
//! ```text
//! roomy (100x30 and up)              compact (80x24 is the contract)     narrow (under 70 columns)
//! header, alert strip                header, alert strip                 header, alert strip
//! tabs                               tabs                                tabs
//! ┌ Services ──┐┌ Latency ─────┐     ─ Services ───── ─ Latency ──       ─ Services ──
//! └────────────┘└──────────────┘     ─ Connections ── ─ Cache ────       ─ Connections
//! ┌ Connections┐┌ Slow queries ┐     ─ Slow queries ──────────────       ─ Cache ─────
//! └────────────┘└──────────────┘     ─ Logs ──────────────────────       ─ Slow queries
//! ┌ Cache ─────┐┌ Logs ────────┐                                         ─ Logs ──────
//! └────────────┘└──────────────┘
//! hints, prompt, message             hints, prompt, message              hints, prompt, message
//! ```

use crate::app::geometry::Rectangle;
use crate::app::pane::PaneId;
use crate::app::view::Page;

/// Smallest screen that holds panes.
pub const SMALLEST: (u16, u16) = (40, 10);
/// From here on panes have boxes.
const ROOMY: (u16, u16) = (100, 30);
/// Below this width panes do not stand side by side.
const NARROW: u16 = 70;

/// What surrounds a pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A box, one column of air inside.
    Box,
    /// A rule above, one column of air at each side.
    Rule,
}

/// A pane and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which.
    pub id: PaneId,
    /// With its frame.
    pub outer: Rectangle,
    /// Inside its frame: what its view is made for.
    pub inner: Rectangle,
}

/// A screen, divided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Name, environment, alert strip, clock. Nothing has height when the screen is too small.
    pub header: Rectangle,
    /// Tabs of the pages.
    pub tabs: Rectangle,
    /// Hints, prompt, message.
    pub footer: Rectangle,
    /// Panes; empty when the screen is too small.
    pub panes: Vec<Placed>,
    /// What surrounds them.
    pub frame: Option<Frame>,
}

/// Panes side by side.
struct Band {
    /// Panes and their shares of the width.
    panes: &'static [(PaneId, u32)],
    /// Height it wants, frame included.
    ideal: u16,
    /// Height below which it makes no sense.
    least: u16,
    /// Share of the height that is left over.
    share: u32,
    /// Lower goes first when the height runs out; 0 is never left out.
    drop_order: u8,
}

const fn band(panes: &'static [(PaneId, u32)], ideal: u16, least: u16, share: u32, drop_order: u8) -> Band {
    Band { panes, ideal, least, share, drop_order }
}

use PaneId::{Cache, Connections, Database, Latency, Later, Logs, Services, Sessions, Signals, SlowQueries};

const OVERVIEW_ROOMY: &[Band] = &[
    band(&[(Services, 46), (Latency, 54)], 8, 4, 30, 0),
    band(&[(Connections, 46), (SlowQueries, 54)], 8, 4, 26, 0),
    band(&[(Cache, 46), (Logs, 54)], 9, 4, 44, 0),
];
const OVERVIEW_COMPACT: &[Band] = &[
    band(&[(Services, 58), (Latency, 42)], 6, 3, 3, 0),
    band(&[(Connections, 50), (Cache, 50)], 4, 2, 1, 2),
    band(&[(SlowQueries, 1)], 4, 3, 2, 1),
    band(&[(Logs, 1)], 7, 4, 4, 0),
];
const OVERVIEW_NARROW: &[Band] = &[
    band(&[(Services, 1)], 6, 3, 3, 0),
    band(&[(Connections, 1)], 3, 2, 1, 3),
    band(&[(Cache, 1)], 3, 2, 1, 2),
    band(&[(SlowQueries, 1)], 3, 3, 2, 1),
    band(&[(Logs, 1)], 6, 3, 4, 0),
];
const SERVICES_WIDE: &[Band] = &[band(&[(Services, 60), (Latency, 40)], 4, 3, 1, 0)];
const SERVICES_STACKED: &[Band] = &[band(&[(Services, 1)], 13, 4, 3, 0), band(&[(Latency, 1)], 8, 3, 2, 1)];
const DATABASE_WIDE: &[Band] = &[
    band(&[(Connections, 50), (Database, 50)], 9, 4, 1, 1),
    band(&[(Sessions, 1)], 9, 4, 3, 0),
    band(&[(SlowQueries, 1)], 9, 4, 3, 0),
];
const DATABASE_COMPACT: &[Band] = &[
    band(&[(Connections, 50), (Database, 50)], 5, 3, 1, 1),
    band(&[(Sessions, 1)], 8, 3, 3, 0),
    band(&[(SlowQueries, 1)], 8, 3, 3, 0),
];
const DATABASE_NARROW: &[Band] = &[
    band(&[(Connections, 1)], 4, 2, 1, 2),
    band(&[(Database, 1)], 3, 2, 1, 1),
    band(&[(Sessions, 1)], 7, 3, 3, 0),
    band(&[(SlowQueries, 1)], 7, 3, 3, 0),
];
const CACHE_WIDE: &[Band] = &[band(&[(Cache, 50), (Signals, 50)], 4, 3, 1, 0)];
const CACHE_STACKED: &[Band] = &[band(&[(Cache, 1)], 9, 3, 2, 0), band(&[(Signals, 1)], 12, 3, 3, 0)];
const LOGS: &[Band] = &[band(&[(Logs, 1)], 4, 3, 1, 0)];
const LATER: &[Band] = &[band(&[(Later, 1)], 4, 3, 1, 0)];

/// Divides the screen for a page; with `zoomed`, that pane alone.
#[must_use]
pub fn layout(area: Rectangle, page: Page, zoomed: Option<PaneId>) -> Layout {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return Layout::default();
    }
    let row = |y: u16| Rectangle { x: area.x, y, width: area.width, height: 1 };
    let body = Rectangle { y: area.y + 2, height: area.height - 3, ..area };
    let roomy = area.width >= ROOMY.0 && area.height >= ROOMY.1;
    let frame = if roomy { Frame::Box } else { Frame::Rule };
    let mut panes = Vec::new();
    if let Some(id) = zoomed {
        panes.push(place(id, body, frame));
    } else {
        fill(bands(page, area, roomy), body, frame, &mut panes);
    }
    Layout {
        header: row(area.y),
        tabs: row(area.y + 1),
        footer: row(area.y + area.height - 1),
        panes,
        frame: Some(frame),
    }
}

fn bands(page: Page, area: Rectangle, roomy: bool) -> &'static [Band] {
    let narrow = area.width < NARROW;
    match page {
        Page::Overview if roomy => OVERVIEW_ROOMY,
        Page::Overview if narrow => OVERVIEW_NARROW,
        Page::Overview => OVERVIEW_COMPACT,
        Page::Services if area.width >= 120 => SERVICES_WIDE,
        Page::Services => SERVICES_STACKED,
        Page::Database if roomy => DATABASE_WIDE,
        Page::Database if narrow => DATABASE_NARROW,
        Page::Database => DATABASE_COMPACT,
        Page::Cache if area.width >= 120 => CACHE_WIDE,
        Page::Cache => CACHE_STACKED,
        Page::Logs => LOGS,
        _ => LATER,
    }
}

fn fill(bands: &[Band], body: Rectangle, frame: Frame, panes: &mut Vec<Placed>) {
    let mut y = body.y;
    for (band, height) in bands.iter().zip(heights(bands, body.height)) {
        let whole: u32 = band.panes.iter().map(|(_, share)| share).sum();
        let (mut x, mut passed) = (body.x, 0);
        for (id, share) in band.panes {
            passed += share;
            let end = body.x + (u32::from(body.width) * passed / whole.max(1)) as u16;
            if height > 0 {
                panes.push(place(*id, Rectangle { x, y, width: end - x, height }, frame));
            }
            x = end;
        }
        y += height;
    }
}

fn place(id: PaneId, outer: Rectangle, frame: Frame) -> Placed {
    let (side, rows) = match frame {
        Frame::Box => (2, 2),
        Frame::Rule => (1, 1),
    };
    let inner = Rectangle {
        x: outer.x + side.min(outer.width),
        y: outer.y + 1.min(outer.height),
        width: outer.width.saturating_sub(2 * side),
        height: outer.height.saturating_sub(rows),
    };
    Placed { id, outer, inner }
}

/// Heights of bands, 0 for one that is left out. When there is too little, the last band (the log) shrinks first; then
/// bands go in their order, but before the second one goes all others shrink to what still makes sense.
fn heights(bands: &[Band], total: u16) -> Vec<u16> {
    let mut heights: Vec<u16> = bands.iter().map(|band| band.ideal).collect();
    shrink(bands, &mut heights, total, bands.len().saturating_sub(1));
    let mut order: Vec<u8> = bands.iter().map(|band| band.drop_order).filter(|order| *order > 0).collect();
    order.sort_unstable();
    for (step, leaving) in order.into_iter().enumerate() {
        if step > 0 {
            shrink(bands, &mut heights, total, 0);
        }
        if heights.iter().sum::<u16>() <= total {
            break;
        }
        for (height, band) in heights.iter_mut().zip(bands) {
            if band.drop_order == leaving {
                *height = 0;
            }
        }
    }
    shrink(bands, &mut heights, total, 0);
    cut(&mut heights, total);
    share_out(bands, &mut heights, total);
    heights
}

/// Takes from the bands from `first` on, the last first, down to the least height of each.
fn shrink(bands: &[Band], heights: &mut [u16], total: u16, first: usize) {
    let mut excess = heights.iter().sum::<u16>().saturating_sub(total);
    for (height, band) in heights.iter_mut().zip(bands).skip(first).rev() {
        let taken = excess.min(height.saturating_sub(band.least));
        *height -= taken;
        excess -= taken;
    }
}

/// Takes whatever is too much, the last first.
fn cut(heights: &mut [u16], total: u16) {
    let mut excess = heights.iter().sum::<u16>().saturating_sub(total);
    for height in heights.iter_mut().rev() {
        let taken = excess.min(*height);
        *height -= taken;
        excess -= taken;
    }
}

/// Gives what is left to the bands that are there, by their shares; the last takes the rest.
fn share_out(bands: &[Band], heights: &mut [u16], total: u16) {
    let left = total.saturating_sub(heights.iter().sum());
    let whole: u32 = bands.iter().zip(heights.iter()).filter(|(_, h)| **h > 0).map(|(band, _)| band.share).sum();
    let (mut given, mut passed) = (0, 0);
    for (height, band) in heights.iter_mut().zip(bands).filter(|(h, _)| **h > 0) {
        passed += band.share;
        let up_to = (u32::from(left) * passed / whole.max(1)) as u16;
        *height += up_to - given;
        given = up_to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(width: u16, height: u16, page: Page) -> Layout {
        layout(Rectangle { x: 0, y: 0, width, height }, page, None)
    }

    fn outer(layout: &Layout, id: PaneId) -> Option<Rectangle> {
        layout.panes.iter().find(|p| p.id == id).map(|p| p.outer)
    }

    #[test]
    fn the_contract_of_80x24() {
        let layout = placed(80, 24, Page::Overview);
        let rows = |id| layout.panes.iter().find(|p| p.id == id).map(|p| p.inner.height);
        assert_eq!(rows(Services), Some(5));
        assert_eq!(rows(Latency), Some(5));
        assert_eq!(rows(Connections), Some(3));
        assert_eq!(rows(Cache), Some(3));
        assert_eq!(rows(SlowQueries), Some(3));
        assert_eq!(rows(Logs), Some(6));
        assert_eq!(layout.footer.y, 23);
    }

    #[test]
    fn what_goes_first_when_small() {
        let shown = |height| placed(80, height, Page::Overview).panes.iter().map(|p| p.id).collect::<Vec<_>>();
        assert_eq!(shown(20).len(), 5, "slow queries go once the log is at its least");
        assert!(!shown(20).contains(&SlowQueries));
        assert_eq!(shown(10), [Services, Latency, Logs]);
    }

    #[test]
    fn panes_tile_the_body_and_never_leave_it() {
        for page in Page::ALL {
            for width in 40..220 {
                for height in 10..70 {
                    let layout = placed(width, height, page);
                    let area: u32 = layout.panes.iter().map(|p| u32::from(p.outer.width) * u32::from(p.outer.height)).sum();
                    assert_eq!(area, u32::from(width) * u32::from(height - 3), "{page:?} {width}x{height}");
                    for pane in &layout.panes {
                        assert!(pane.outer.x + pane.outer.width <= width && pane.outer.y + pane.outer.height < height);
                        assert!(pane.inner.width <= pane.outer.width);
                    }
                }
            }
        }
    }

    #[test]
    fn pages_hold_the_panes_of_their_tab_order() {
        for page in Page::ALL {
            let layout = placed(120, 40, page);
            assert!(page.panes().iter().all(|id| outer(&layout, *id).is_some()), "{page:?}");
            assert_eq!(page.panes().len(), layout.panes.len());
        }
    }
}
