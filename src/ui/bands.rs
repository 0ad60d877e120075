//! The arrangements as a table: which panes of a page stand side by side, how high each band wants to be, what leaves
//! first; and the heights that follow from it.

use crate::app::geometry::Rectangle;
use crate::app::pane::PaneId::{
    self, Actions, Alerts, Cache, Connections, Course, Database, Findings, Latency, Logs, Series, Services, Sessions,
    Signals, SlowQueries, Targets, Timeline,
};
use crate::app::view::Page;

/// Below this width panes do not stand side by side.
const NARROW: u16 = 70;

/// Panes side by side.
pub struct Band {
    /// Panes and their shares of the width.
    pub panes: &'static [(PaneId, u32)],
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
const ACTIONS: &[Band] = &[band(&[(Actions, 1)], 4, 3, 1, 0)];
const TIMELINE: &[Band] = &[band(&[(Timeline, 1)], 4, 3, 1, 0)];
const METRICS: &[Band] =
    &[band(&[(Targets, 1)], 6, 3, 1, 1), band(&[(Series, 1)], 10, 4, 5, 0), band(&[(Course, 1)], 7, 4, 3, 2)];
const ALERTS: &[Band] = &[band(&[(Alerts, 1)], 4, 3, 1, 0)];
const DOCTOR: &[Band] = &[band(&[(Findings, 1)], 4, 3, 1, 0)];

/// The bands of a page on a screen of that size.
pub fn bands(page: Page, area: Rectangle, roomy: bool) -> &'static [Band] {
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
        Page::Actions => ACTIONS,
        Page::Timeline => TIMELINE,
        Page::Metrics => METRICS,
        Page::Alerts => ALERTS,
        Page::Doctor => DOCTOR,
    }
}

/// Heights of bands, 0 for one that is left out. When there is too little, the last band (the log) shrinks first; then
/// bands go in their order, but before the second one goes all others shrink to what still makes sense.
pub fn heights(bands: &[Band], total: u16) -> Vec<u16> {
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
