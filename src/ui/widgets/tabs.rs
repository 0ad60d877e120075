//! The pages with their number keys. When it gets narrow all have short names, then the last ones keep only their number;
//! the page shown keeps its name.

use crate::app::geometry::Rectangle;
use crate::app::view::Page;
use crate::domain::Safe;
use crate::ui::paint::Canvas;

/// How the pages are named.
#[derive(Clone, Copy)]
struct Naming {
    /// How many have a name.
    named: usize,
    name: fn(Page) -> &'static str,
    gap: u16,
}

/// Draws the tabs; returns where each stands.
pub fn draw(canvas: &mut Canvas<'_>, area: Rectangle, page: Page) -> Vec<(Page, Rectangle)> {
    let mut places = Vec::with_capacity(Page::ALL.len());
    let room = area.width.saturating_sub(1);
    let all = Page::ALL.len();
    let whole = [2, 1].map(|gap| Naming { named: all, name: Page::title, gap });
    let short = (0..=all).rev().map(|named| Naming { named, name: Page::short_title, gap: 1 });
    let nothing = Naming { named: 0, name: Page::short_title, gap: 0 };
    let naming = whole.into_iter().chain(short).find(|naming| naming.columns(page) <= room).unwrap_or(nothing);
    let end = area.x + area.width;
    let mut x = area.x;
    for (index, tab) in Page::ALL.into_iter().enumerate() {
        let style = if tab == page { canvas.theme.roles.tab_active } else { canvas.theme.roles.tab };
        let label = naming.label(tab, index, page);
        // Half of the gap belongs to the tab, so that the one shown is a block.
        let label = if naming.gap == 2 { format!(" {label} ") } else { label };
        let x_start = if naming.gap == 2 { x } else { x + naming.gap };
        let width = canvas.text(x_start, area.y, end.saturating_sub(x_start), &Safe::of(label), style);
        places.push((tab, Rectangle { x: x_start, y: area.y, width, height: 1 }));
        x = x_start + width;
    }
    places
}

impl Naming {
    fn label(self, tab: Page, index: usize, shown: Page) -> String {
        if index < self.named || tab == shown {
            format!("{} {}", tab.digit(), (self.name)(tab))
        } else {
            tab.digit().to_string()
        }
    }

    fn columns(self, shown: Page) -> u16 {
        Page::ALL
            .into_iter()
            .enumerate()
            .map(|(index, tab)| self.label(tab, index, shown).len() as u16 + self.gap)
            .sum()
    }
}
