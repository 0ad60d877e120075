//! Where everything stands, from the size alone. Three arrangements of each page: roomy (boxes), compact (a rule above each
//! pane, so that 80x24 holds the whole overview) and narrow (one column). Below 40x10 a line that says so.

// roomy (100x30 and up)              compact (80x24 is the contract)     narrow (under 70 columns)
// header, alert strip                header, alert strip                 header, alert strip
// tabs                               tabs                                tabs
// ┌ Services ──┐┌ Latency ─────┐     ─ Services ───── ─ Latency ──       ─ Services ──
// └────────────┘└──────────────┘     ─ Connections ── ─ Cache ────       ─ Connections
// ┌ Connections┐┌ Slow queries ┐     ─ Slow queries ──────────────       ─ Cache ─────
// └────────────┘└──────────────┘     ─ Logs ──────────────────────       ─ Slow queries
// ┌ Cache ─────┐┌ Logs ────────┐                                         ─ Logs ──────
// └────────────┘└──────────────┘
// hints, prompt, message             hints, prompt, message              hints, prompt, message

use crate::app::geometry::Rectangle;
use crate::app::pane::PaneId;
use crate::app::view::Page;
use crate::ui::bands::{Band, bands, heights};

/// Smallest screen that holds panes.
pub const SMALLEST: (u16, u16) = (40, 10);
/// From here on panes have boxes.
const ROOMY: (u16, u16) = (100, 30);
/// From this height on a pane of caches is divided.
const TALL: u16 = 16;
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
        if page == Page::Overview {
            make_room_for_signals(&mut panes, frame);
        }
    }
    Layout {
        header: row(area.y),
        tabs: row(area.y + 1),
        footer: row(area.y + area.height - 1),
        panes,
        frame: Some(frame),
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

/// On a tall screen the caches do not fill their pane: its lower part tells the signals.
fn make_room_for_signals(panes: &mut Vec<Placed>, frame: Frame) {
    let Some(at) = panes.iter().position(|p| p.id == PaneId::Cache && p.outer.height >= TALL) else { return };
    let Some(cache) = panes.get(at).map(|p| p.outer) else { return };
    let upper = cache.height * 2 / 5;
    let parts = [
        place(PaneId::Cache, Rectangle { height: upper, ..cache }, frame),
        place(PaneId::Signals, Rectangle { y: cache.y + upper, height: cache.height - upper, ..cache }, frame),
    ];
    panes.splice(at..=at, parts);
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

#[cfg(test)]
mod tests {
    use super::*;
    use PaneId::{Cache, Connections, Latency, Logs, Services, SlowQueries};

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
                    let area: u32 =
                        layout.panes.iter().map(|p| u32::from(p.outer.width) * u32::from(p.outer.height)).sum();
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
            let tall = placed(200, 60, page);
            assert!(page.panes().iter().all(|id| outer(&tall, *id).is_some()), "{page:?}");
            assert_eq!(page.panes().len(), tall.panes.len());
            assert!(layout.panes.iter().all(|p| page.panes().contains(&p.id)));
        }
    }
}
