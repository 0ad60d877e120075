//! How a table's width is shared out. It follows from the columns and the width alone, never from what stands in the
//! cells, so that nothing moves from one second to the next. Figures get their width first; texts share the rest.

use crate::app::geometry::Rectangle;
use crate::app::table::{Align, Column};

/// From this width on two columns of air stand between columns.
const AIRY: u16 = 60;

/// A column with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which of the table's columns.
    pub index: usize,
    /// Its left end.
    pub x: u16,
    /// Its width, never zero.
    pub width: u16,
}

/// Which columns are shown, where, and how wide.
#[must_use]
pub fn places(columns: &[Column], area: Rectangle) -> Vec<Place> {
    let gap = if area.width >= AIRY { 2 } else { 1 };
    let kept = kept(columns, area.width, gap);
    let widths = widths(&kept, area.width, gap);
    let mut x = area.x;
    let mut places = Vec::with_capacity(kept.len());
    for ((index, _), width) in kept.into_iter().zip(widths) {
        places.push(Place { index, x, width });
        x = x.saturating_add(width).saturating_add(gap);
    }
    places
}

/// A figure, a badge: it is read whole or not at all.
fn is_fixed(column: &Column) -> bool {
    column.align == Align::Right || (!column.grows && column.min >= column.ideal)
}

/// Columns below which a column makes no sense.
fn needed(column: &Column) -> u16 {
    if is_fixed(column) { column.ideal.max(column.min) } else { column.min }.max(1)
}

fn total(kept: &[(usize, &Column)], gap: u16, each: impl Fn(&Column) -> u16) -> u32 {
    let gaps = u32::from(gap) * (kept.len() as u32).saturating_sub(1);
    kept.iter().map(|(_, column)| u32::from(each(column))).sum::<u32>() + gaps
}

/// The columns for which there is room: they leave by their order, of equals the right one first. Those that never leave
/// are lost from the right once even one character of their texts has no room.
fn kept(columns: &[Column], width: u16, gap: u16) -> Vec<(usize, &Column)> {
    let mut kept: Vec<(usize, &Column)> = columns.iter().enumerate().collect();
    while total(&kept, gap, needed) > u32::from(width) {
        let droppable = kept.iter().enumerate().filter(|(_, (_, column))| column.drop_order > 0);
        let leaving = droppable.min_by_key(|(at, (_, column))| (column.drop_order, std::cmp::Reverse(*at)));
        let Some(at) = leaving.map(|(at, _)| at) else { break };
        kept.remove(at);
    }
    while total(&kept, gap, least) > u32::from(width) {
        kept.pop();
    }
    kept
}

/// What a column can be squeezed to.
fn least(column: &Column) -> u16 {
    if is_fixed(column) { needed(column) } else { 1 }
}

/// Widths: figures have theirs; texts and charts are given their least, then texts what they want, then charts, then those
/// that grow all the rest.
fn widths(kept: &[(usize, &Column)], width: u16, gap: u16) -> Vec<u16> {
    let mut widths: Vec<u16> = kept.iter().map(|(_, column)| least(column)).collect();
    let mut left = u32::from(width).saturating_sub(total(kept, gap, least));
    let wanted = |c: &Column| c.ideal.max(c.min);
    let is_chart = |c: &Column| c.align == Align::Chart;
    let ceilings: [&dyn Fn(&Column) -> u16; 4] =
        [&|c| c.min, &|c| if is_chart(c) { c.min } else { wanted(c) }, &wanted, &|c| {
            if c.grows { u16::MAX } else { c.ideal }
        }];
    for ceiling in ceilings {
        let shares: Vec<Share> = kept.iter().map(|(_, column)| Share::of(column, ceiling(column))).collect();
        left = share_out(&mut widths, &shares, left);
    }
    widths
}

/// What a column may be given in one round.
struct Share {
    /// No more than this; nothing for figures.
    ceiling: u16,
    weight: u32,
}

impl Share {
    fn of(column: &Column, ceiling: u16) -> Share {
        let ceiling = if is_fixed(column) { 0 } else { ceiling };
        Share { ceiling, weight: u32::from(column.ideal.max(column.min).max(1)) }
    }
}

/// Gives one column of the screen after the other to whom it is due most by weight, of equals to the left one; so no
/// width ever shrinks as the whole grows. What nobody takes is left.
fn share_out(widths: &mut [u16], shares: &[Share], mut left: u32) -> u32 {
    let mut given = vec![0u32; widths.len()];
    while left > 0 {
        let open = || {
            (0..widths.len()).filter_map(|at| {
                let (width, share, given) = (*widths.get(at)?, shares.get(at)?, *given.get(at)?);
                (width < share.ceiling).then(|| (at, (2 * given + 1) * SCALE / share.weight, share.ceiling - width))
            })
        };
        let Some((at, _, room)) = open().min_by_key(|(_, asked, _)| *asked) else { break };
        // Where nobody else asks, there is nothing to weigh.
        let step = if open().nth(1).is_none() { left.min(u32::from(room)) } else { 1 };
        if let (Some(width), Some(given)) = (widths.get_mut(at), given.get_mut(at)) {
            *width += step as u16;
            *given += step;
        }
        left -= step;
    }
    left
}

/// Keeps the fractions of shares apart.
const SCALE: u32 = 1 << 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn text(min: u16, ideal: u16, grows: bool, drop_order: u8) -> Column {
        Column { title: "", min, ideal, grows, align: Align::Left, drop_order }
    }

    const fn number(ideal: u16, drop_order: u8) -> Column {
        Column { title: "", min: 4, ideal, grows: false, align: Align::Right, drop_order }
    }

    fn shown(columns: &[Column], width: u16) -> Vec<(usize, u16)> {
        let area = Rectangle { x: 3, y: 0, width, height: 1 };
        places(columns, area).iter().map(|p| (p.index, p.width)).collect()
    }

    #[test]
    fn columns_leave_in_their_order_and_the_rest_grows() {
        let columns = [text(4, 4, false, 0), text(8, 20, true, 0), number(8, 2), text(10, 10, false, 1)];
        assert_eq!(shown(&columns, 80), [(0, 4), (1, 52), (2, 8), (3, 10)]);
        assert_eq!(shown(&columns, 33), [(0, 4), (1, 8), (2, 8), (3, 10)]);
        assert_eq!(shown(&columns, 32), [(0, 4), (1, 18), (2, 8)]);
        assert_eq!(shown(&columns, 21), [(0, 4), (1, 16)]);
        assert_eq!(shown(&columns, 7), [(0, 4), (1, 2)]);
        assert_eq!(shown(&columns, 5), [(0, 4)], "lost from the right");
        assert_eq!(shown(&columns, 3), []);
    }

    #[test]
    fn a_wide_text_at_the_left_does_not_starve_one_at_the_right() {
        let columns = [text(8, 40, false, 0), number(7, 0), text(8, 40, true, 0)];
        assert_eq!(shown(&columns, 57), [(0, 24), (1, 7), (2, 24)]);
        let unequal = [text(10, 60, true, 0), text(10, 20, true, 0)];
        assert_eq!(shown(&unequal, 57), [(0, 37), (1, 19)], "by weight");
    }

    #[test]
    fn charts_get_what_texts_do_not_want() {
        let chart = Column { title: "", min: 6, ideal: 20, grows: false, align: Align::Chart, drop_order: 0 };
        let columns = [text(14, 28, false, 0), chart, text(14, 34, true, 0)];
        assert_eq!(shown(&columns, 48), [(0, 19), (1, 6), (2, 21)]);
        assert_eq!(shown(&columns, 80), [(0, 28), (1, 14), (2, 34)]);
        assert_eq!(shown(&columns, 100), [(0, 28), (1, 20), (2, 48)]);
    }

    fn columns() -> impl Strategy<Value = Vec<Column>> {
        let column = (0u16..12, 0u16..50, any::<bool>(), any::<bool>(), 0u8..4).prop_map(
            |(min, more, grows, figure, drop_order)| Column {
                title: "",
                min,
                ideal: min + more,
                grows: grows && !figure,
                align: if figure { Align::Right } else { Align::Left },
                drop_order,
            },
        );
        proptest::collection::vec(column, 0..9)
    }

    proptest! {
        #[test]
        fn they_fit_and_figures_are_whole(columns in columns(), x in 0u16..50, width in 0u16..400) {
            let places = places(&columns, Rectangle { x, y: 0, width, height: 1 });
            let mut free = x;
            for place in &places {
                prop_assert!(place.x >= free && place.width > 0);
                free = place.x + place.width;
                let column = &columns[place.index];
                if is_fixed(column) {
                    prop_assert_eq!(place.width, column.ideal.max(column.min).max(1));
                }
            }
            prop_assert!(free <= x + width || places.is_empty(), "{} in {}", free, width);
            prop_assert!(places.is_sorted_by_key(|place| place.index));
        }

        #[test]
        fn more_room_never_takes_from_anybody(columns in columns(), width in 0u16..300) {
            let (narrow, wide) = (shown(&columns, width), shown(&columns, width + 1));
            let same = |a: &[(usize, u16)], b: &[(usize, u16)]| a.iter().map(|p| p.0).eq(b.iter().map(|p| p.0));
            // With another column, or with more air, the room is another one.
            if same(&narrow, &wide) && width + 1 != AIRY {
                for ((_, before), (_, after)) in narrow.iter().zip(&wide) {
                    prop_assert!(after >= before, "{narrow:?} {wide:?}");
                }
            }
            if width + 1 != AIRY {
                prop_assert!(wide.len() >= narrow.len(), "{narrow:?} {wide:?}");
            }
        }

        #[test]
        fn no_text_is_below_its_least_while_another_has_more(columns in columns(), width in 0u16..300) {
            let shown = shown(&columns, width);
            let below = shown.iter().any(|(at, w)| *w < needed(&columns[*at]));
            let above = shown.iter().any(|(at, w)| *w > needed(&columns[*at]));
            prop_assert!(!(below && above), "{shown:?}");
        }
    }
}
