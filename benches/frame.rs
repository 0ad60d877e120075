//! How long one frame takes to draw: the overview at 200x60 and 80x24, and the whole way from rows to cells.

#[path = "../tests/screens/sample.rs"]
mod sample;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use quarterdeck::app::pane::{PaneId, PaneView};
use quarterdeck::app::view::Page;
use quarterdeck::config::resolved::Colours;
use quarterdeck::ui::{self, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn frames(criterion: &mut Criterion) {
    let Ok(theme) = Theme::load("dark", Colours::Full, false) else { return };
    let full =
        sample::Sample { services: 100, sessions: 500, statements: 5000, log_lines: 10_000, ..Default::default() };
    for (width, height) in [(80, 24), (200, 60)] {
        let chrome = sample::chrome(Page::Overview);
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let made: std::cell::RefCell<Vec<PaneView>> = std::cell::RefCell::default();
        let make = |id: PaneId, w: u16, h: u16| {
            let view = full.view(id, w, h);
            made.borrow_mut().push(view.clone());
            view
        };
        ui::draw(&mut buffer, &make, &chrome, &[], &theme);
        let made = made.into_inner();
        criterion.bench_function(&format!("draw overview {width}x{height}, 5000 statements"), |bencher| {
            // The views are made outside: their time is the program's, not the drawing's. They are handed over by
            // value, so each turn gets a copy that is made and dropped outside of the measurement.
            bencher.iter_batched_ref(
                || std::cell::RefCell::new(made.clone()),
                |views| {
                    buffer.reset();
                    let take = |_: PaneId, _: u16, _: u16| views.borrow_mut().remove(0);
                    black_box(ui::draw(&mut buffer, &take, &chrome, &[], &theme))
                },
                criterion::BatchSize::LargeInput,
            );
        });
    }
    criterion.bench_function("load a theme", |bencher| {
        bencher.iter(|| black_box(Theme::load("dark", Colours::Full, false)));
    });
}

criterion_group!(benches, frames);
criterion_main!(benches);
