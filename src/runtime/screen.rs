//! The picture on the terminal: draws the model, sends what changed, never more than one frame at a time.

use std::fs::File;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::actions::{approving, forms, reading};
use crate::app::alerts::{detail, muting};
use crate::app::geometry::Geometry;
use crate::app::screen::OverlayView;
use crate::app::view::Overlay;
use crate::app::{Model, chrome, completion, panes};
use crate::domain::Safe;
use crate::ui::{self, theme::Theme};

use super::inbox::Inbox;
use super::terminal::encoder::Encoder;
use super::terminal::modes;
use super::terminal::writer::Writer;

/// Larger terminals are drawn up to here.
const LARGEST: (u16, u16) = (1000, 500);

/// The near side of the terminal.
pub struct Screen {
    tty: File,
    writer: Writer,
    encoder: Encoder,
    theme: Theme,
    shown: Buffer,
    next: Buffer,
    ahead: Vec<u8>,
    rings: Vec<u8>,
    modes: &'static [u8],
}

impl Screen {
    /// Starts the writer on a terminal that was entered.
    pub fn start(tty: &File, theme: Theme, inbox: Arc<Inbox>) -> std::io::Result<Screen> {
        let writer = Writer::start(tty.try_clone()?, move || inbox.nudge())?;
        let nothing = Buffer::empty(Rect::ZERO);
        Ok(Screen {
            tty: tty.try_clone()?,
            writer,
            encoder: Encoder::default(),
            theme,
            shown: nothing.clone(),
            next: nothing,
            ahead: Vec::new(),
            rings: Vec::new(),
            modes: &[],
        })
    }

    /// Whether a frame is still on its way.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.writer.is_busy()
    }

    /// Whether the terminal went away.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.writer.is_gone()
    }

    /// Bytes written so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.writer.bytes()
    }

    /// From now on in this theme.
    pub fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
    }

    /// The terminal shows something else now: everything is drawn anew.
    pub fn forget(&mut self) {
        self.shown = Buffer::empty(Rect::ZERO);
        self.encoder.forget();
    }

    /// Bytes that are no frame (a copy to the clipboard): they go ahead of the next one, the newest only.
    pub fn send_ahead(&mut self, bytes: Vec<u8>) {
        self.ahead = bytes;
    }

    /// Bytes that call a person: they go ahead of the next frame, beside a copy.
    pub fn ring(&mut self, bytes: Vec<u8>) {
        self.rings = bytes;
    }

    /// The terminal reports its mouse from the next frame on, or no more.
    pub fn set_mouse(&mut self, on: bool) {
        self.modes = if on { modes::MOUSE_ON } else { modes::MOUSE_OFF };
    }

    /// Draws the model. Call only while not busy.
    pub fn draw(&mut self, model: &Model) -> Geometry {
        let (columns, rows) = modes::size(&self.tty);
        let area = Rect::new(0, 0, columns.min(LARGEST.0), rows.min(LARGEST.1));
        if self.next.area != area {
            self.next = Buffer::empty(area);
        }
        self.next.reset();
        #[cfg(debug_assertions)]
        super::fault::reached("draw");
        let geometry = render(&mut self.next, model, &self.theme);
        let frame = self.encoder.encode(&self.shown, &self.next);
        let mut bytes = std::mem::take(&mut self.modes).to_vec();
        bytes.append(&mut self.ahead);
        bytes.append(&mut self.rings);
        bytes.extend_from_slice(&frame);
        if bytes.is_empty() || self.writer.send(bytes) {
            std::mem::swap(&mut self.shown, &mut self.next);
        }
        geometry
    }
}

/// One frame of the model into a buffer: pure, for the terminal, for tests and for benchmarks.
pub fn render(buffer: &mut Buffer, model: &Model, theme: &Theme) -> Geometry {
    let overlays: Vec<OverlayView<'_>> = model
        .view
        .overlays
        .iter()
        .map(|overlay| match overlay {
            Overlay::Document { document, scroll } => OverlayView::Document { document, scroll: *scroll },
            Overlay::Menu { chosen } => forms::menu(model, chosen),
            Overlay::Reading(reading) => reading::overlay(reading, model.now),
            Overlay::Card(dialog) => forms::card(model, dialog),
            Overlay::Progress { scroll } => forms::progress(model, *scroll),
            Overlay::Approval(dialog) => {
                approving::overlay(dialog, forms::crowd(model.actions.tmux_clients), model.now)
            }
            Overlay::Alert { key, scroll } => detail::overlay(model, *key, *scroll),
            Overlay::Silence(muting) => muting::overlay(model, muting),
            Overlay::Palette { typed, chosen } => {
                let offered = completion::of(model, typed);
                OverlayView::Palette { typed: Safe::of(typed), offered, chosen: *chosen }
            }
        })
        .collect();
    let view = |pane, width, height| panes::view(model, pane, width, height);
    ui::draw(buffer, &view, &chrome::chrome(model), &overlays, theme)
}
