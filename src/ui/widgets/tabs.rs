//! The pages with their number keys. When it gets narrow the last ones keep only their number; the page shown keeps its
//! name.

use crate::app::geometry::Rectangle;
use crate::app::view::Page;
use crate::domain::Safe;
use crate::ui::paint::Canvas;

/// Draws the tabs; returns where each stands.
pub fn draw(canvas: &mut Canvas<'_>, area: Rectangle, page: Page) -> Vec<(Page, Rectangle)> {
    let mut places = Vec::with_capacity(Page::ALL.len());
    let room = area.width.saturating_sub(1);
    let (named, gap) = [(Page::ALL.len(), 2)]
        .into_iter()
        .chain((0..=Page::ALL.len()).rev().map(|named| (named, 1)))
        .find(|(named, gap)| columns(page, *named, *gap) <= room)
        .unwrap_or((0, 0));
    let end = area.x + area.width;
    let mut x = area.x;
    for (index, tab) in Page::ALL.into_iter().enumerate() {
        let style = if tab == page { canvas.theme.roles.tab_active } else { canvas.theme.roles.tab };
        let label = label(tab, index < named || tab == page);
        // Half of the gap belongs to the tab, so that the one shown is a block.
        let label = if gap == 2 { format!(" {label} ") } else { label };
        let x_start = if gap == 2 { x } else { x + gap };
        let width = canvas.text(x_start, area.y, end.saturating_sub(x_start), &Safe::of(label), style);
        places.push((tab, Rectangle { x: x_start, y: area.y, width, height: 1 }));
        x = x_start + width;
    }
    places
}

fn label(page: Page, named: bool) -> String {
    if named { format!("{} {}", page.digit(), page.title()) } else { page.digit().to_string() }
}

fn columns(page: Page, named: usize, gap: u16) -> u16 {
    let label = |(index, tab): (usize, Page)| label(tab, index < named || tab == page).len() as u16 + gap;
    Page::ALL.into_iter().enumerate().map(label).sum()
}
