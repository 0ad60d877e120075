//! The program's own log: kept by tui-logger, moved and read only when the overlay asks for it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use tracing_subscriber::layer::SubscriberExt;
use tui_logger::{LevelFilter, TuiLoggerLevelOutput, TuiLoggerWidget, TuiTracingSubscriberLayer};

use crate::domain::Safe;

/// Columns and rows of the overlay's text.
const COLUMNS: u16 = 160;
const ROWS: u16 = 200;

/// Installs the layer only: tui-logger's own thread would wake up a hundred times a second.
pub fn install() {
    tui_logger::set_default_level(LevelFilter::Info);
    let subscriber = tracing_subscriber::registry().with(TuiTracingSubscriberLayer);
    // A second call in one process (tests) keeps the first subscriber.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The newest lines, oldest first.
#[must_use]
pub fn lines() -> Vec<Safe> {
    tui_logger::move_events();
    let area = Rect::new(0, 0, COLUMNS, ROWS);
    let mut buffer = Buffer::empty(area);
    TuiLoggerWidget::default()
        .output_timestamp(Some("%H:%M:%S".to_owned()))
        .output_level(Some(TuiLoggerLevelOutput::Long))
        .output_target(false)
        .output_file(false)
        .output_line(false)
        .render(area, &mut buffer);
    let row = |y: u16| {
        let text: String =
            (0..COLUMNS).filter_map(|x| buffer.cell((x, y)).map(ratatui::buffer::Cell::symbol)).collect();
        Safe::of(text.trim_end())
    };
    (0..ROWS).map(row).filter(|line| !line.as_str().is_empty()).collect()
}
