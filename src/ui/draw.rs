//! One frame: header, tabs, panes, last line, overlays. Pure: data, theme and area in; cells and plain rectangles out.

use ratatui::buffer::Buffer;

use super::paint::Canvas;
use super::pane::{self, Setting};
use super::screen::{self, SMALLEST};
use super::theme::Theme;
use super::widgets::{charted, document, form, header, hints, palette, tabs};
use crate::app::geometry::{Geometry, Rectangle};
use crate::app::pane::{PaneId, PaneView};
use crate::app::screen::{Chrome, OverlayView};
use crate::domain::Safe;

/// Draws a frame into an empty buffer. `view` makes the view of a pane for the width and height inside its frame; it is
/// asked only for panes that are seen.
pub fn draw(
    buffer: &mut Buffer,
    view: &dyn Fn(PaneId, u16, u16) -> PaneView,
    chrome: &Chrome,
    overlays: &[OverlayView<'_>],
    theme: &Theme,
) -> Geometry {
    let mut canvas = Canvas::new(buffer, theme);
    let screen = canvas.area();
    let mut geometry = Geometry { screen, ..Geometry::default() };
    canvas.restyle(screen, theme.roles.ground);
    let layout = screen::layout(screen, chrome.page, chrome.zoomed.then_some(chrome.focused));
    let Some(frame) = layout.frame else {
        too_small(&mut canvas, screen, chrome);
        return geometry;
    };
    header::draw(&mut canvas, layout.header, chrome);
    geometry.tabs = tabs::draw(&mut canvas, layout.tabs, chrome.page);
    for placed in layout.panes {
        let focused = placed.id == chrome.focused;
        let content = view(placed.id, placed.inner.width, placed.inner.height);
        let setting = Setting { frame, focused, scroll_right: chrome.scroll_right };
        let drawn = pane::draw(&mut canvas, placed, &content, setting);
        geometry.panes.push((placed.id, placed.inner));
        geometry.frames.push((placed.id, placed.outer));
        geometry.rows.push((placed.id, drawn.rows));
        geometry.lists.extend(drawn.list.map(|list| (placed.id, list)));
    }
    hints::draw(&mut canvas, layout.footer, chrome);
    for overlay in overlays {
        (geometry.overlay_rows, geometry.overlay_lines) = match overlay {
            OverlayView::Document { document, scroll } => document::draw(&mut canvas, document, *scroll),
            OverlayView::Form { document, scroll, foot, chosen, keys } => {
                form::draw(&mut canvas, &form::Form { document, foot, chosen: *chosen, keys }, *scroll)
            }
            OverlayView::Charted { chart, document, scroll, keys } => {
                charted::draw(&mut canvas, chart.as_ref(), document, *scroll, keys)
            }
            OverlayView::Palette { typed, offered, chosen } => palette::draw(&mut canvas, typed, offered, *chosen),
        };
    }
    geometry
}

/// What matters most in a line, and the size that is needed.
fn too_small(canvas: &mut Canvas<'_>, screen: Rectangle, chrome: &Chrome) {
    let used = canvas.line(screen.x, screen.y, screen.width, &chrome.strip_shorter[2]);
    let needed = Safe::of(format!("needs {}x{}, has {}x{}", SMALLEST.0, SMALLEST.1, screen.width, screen.height));
    let style = canvas.theme.roles.dim;
    if screen.height > 1 {
        canvas.text(screen.x, screen.y + 1, screen.width, &needed, style);
    } else if used + 2 < screen.width {
        canvas.text(screen.x + used + 2, screen.y, screen.width - used - 2, &needed, style);
    }
}
