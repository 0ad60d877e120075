//! The page of metrics: what is looked for and looked at is asked of the engine, and asked again while somebody looks.

use std::time::Duration;

use crate::app::pane::PaneId;
use crate::app::view::Page;
use crate::app::{Effect, Model, panes};
use crate::engine::Output;

/// Columns of a course where the pane is not drawn yet.
const COLUMNS: usize = 100;
/// While the page is looked at the engine is asked again this often; a server, which others ask too, more rarely.
const AGAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(15));
/// Columns beside the course.
const BESIDE: u16 = 12;

/// Looks for the series that the filter names.
pub fn find(model: &mut Model) -> Vec<Effect> {
    let (id, now) = (model.fresh_id(), model.now);
    let words = model.view.cursor(PaneId::Series).filter;
    model.view.series.find(&words, id, now).into_iter().map(|asked| ask(model, asked)).collect()
}

fn follow(model: &mut Model) -> Vec<Effect> {
    let (id, now) = (model.fresh_id(), model.now);
    let place = model.geometry.panes.iter().find(|(pane, _)| *pane == PaneId::Course);
    let points = place.map_or(COLUMNS, |(_, area)| usize::from(area.width.saturating_sub(BESIDE)).max(10));
    // A server watched before we did.
    let watched = if model.live.is_asked_of_server(now) { Duration::MAX } else { now.since(model.started) };
    model.view.series.follow(points, watched, id, now).into_iter().map(|asked| ask(model, asked)).collect()
}

/// Where a server answers it is asked, else our own engine.
fn ask(model: &Model, (id, question): (u64, crate::engine::Question)) -> Effect {
    if model.live.is_asked_of_server(model.now) {
        return Effect::AskServer { id, question };
    }
    Effect::AskEngine { id, question }
}

/// Shows the course of the series that is selected.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let series = panes::selected_series(model);
    model.view.series.choose(series);
    follow(model)
}

/// Esc: the course goes; whether there was one.
pub fn close(model: &mut Model) -> bool {
    let shown = model.view.page == Page::Metrics && model.view.series.chosen.is_some();
    model.view.series.choose(None);
    shown
}

/// Time passed: what is looked at is asked again. A frozen screen stands still.
pub fn time_passed(model: &mut Model) -> Vec<Effect> {
    if model.view.page != Page::Metrics || model.frozen.is_some() {
        return Vec::new();
    }
    let pause = if model.live.is_asked_of_server(model.now) { AGAIN.1 } else { AGAIN.0 };
    let (found, course) = model.view.series.is_old(model.now, pause);
    let mut effects = if found { find(model) } else { Vec::new() };
    if course {
        effects.extend(follow(model));
    }
    effects
}

/// The engine answered.
pub fn answered(model: &mut Model, output: &Output) -> Vec<Effect> {
    let now = model.now;
    let (found, course) = model.view.series.take(output, now);
    let mut effects = if found { find(model) } else { Vec::new() };
    if course {
        effects.extend(follow(model));
    }
    effects
}
