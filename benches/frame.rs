//! How long one frame takes to draw, at two sizes, and with tables that hold a screenful or everything: a table that is
//! handed over whole is also dropped whole, and that costs more than drawing it.

#[path = "../tests/screens/sample.rs"]
#[allow(dead_code, reason = "the screen tests use the rest of it")]
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
    for ((width, height), statements) in [((80, 24), 60), ((200, 60), 60), ((200, 60), 5000)] {
        let full = sample::Sample { services: 100, statements, log_lines: 10_000, ..Default::default() };
        let chrome = sample::chrome(Page::Overview);
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let views: std::cell::RefCell<Vec<PaneView>> = std::cell::RefCell::default();
        let view = |id: PaneId, w: u16, h: u16| {
            let made = full.view(id, w, h);
            views.borrow_mut().push(made.clone());
            made
        };
        ui::draw(&mut buffer, &view, &chrome, &[], &theme);
        let views = views.into_inner();
        criterion.bench_function(&format!("draw overview {width}x{height}, {statements} statements"), |bencher| {
            // The views are made outside: their time is the program's, not the drawing's. They are handed over by
            // value, so each turn gets a copy that is made and dropped outside of the measurement.
            bencher.iter_batched_ref(
                || std::cell::RefCell::new(views.clone()),
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
