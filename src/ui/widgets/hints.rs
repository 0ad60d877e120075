//! The last line: at its left the keys that are of use here and now, after the newest message while there is one; at
//! its right what is wrong, worst first. Hints make room for it from the right.

use crate::app::document::Span;
use crate::app::geometry::Rectangle;
use crate::app::screen::Chrome;
use crate::domain::Safe;
use crate::ui::paint::Canvas;

/// Air between two alerts, and between hints and alerts.
const GAP: u16 = 2;
/// Hints that stay however much is wrong: help, act, find, command. A message may take their place.
const KEPT: usize = 4;

/// Draws hints or message, and alerts; or the line being typed.
pub fn draw(canvas: &mut Canvas<'_>, area: Rectangle, chrome: &Chrome) {
    if let Some((sign, text, keys)) = &chrome.prompt {
        return super::prompt::footer(canvas, area, (sign, text), keys);
    }
    let room = area.width.saturating_sub(2);
    let hint = |(key, words): &(Safe, &str)| canvas.columns(key) + 1 + words.len() as u16 + GAP;
    let is_quiet = chrome.message.is_empty();
    let kept: u16 = chrome.hints.iter().take(if is_quiet { KEPT } else { 0 }).map(hint).sum();
    // In a narrow window what is worst is worth more than hints.
    let kept = kept.min(room / 2);
    let most = if is_quiet { room - kept } else { (room - kept) / 2 };
    let shown = Shown::of(canvas, &chrome.alerts, most);
    let end = area.x + area.width - 1 - shown.columns;
    let stop = if shown.columns > 0 { end.saturating_sub(GAP) } else { end };
    let mut x = area.x + 1;
    if !chrome.message.is_empty() {
        x += canvas.line(x, area.y, stop.saturating_sub(kept).saturating_sub(x), &chrome.message) + GAP;
    }
    hints(canvas, (x, area.y, stop), chrome);
    shown.draw(canvas, end, area.y, &chrome.alerts);
}

fn hints(canvas: &mut Canvas<'_>, (mut x, y, stop): (u16, u16, u16), chrome: &Chrome) {
    let roles = &canvas.theme.roles;
    for (key, words) in &chrome.hints {
        let columns = canvas.columns(key) + 1 + words.len() as u16;
        if x + columns > stop {
            break;
        }
        x += canvas.text(x, y, columns, key, roles.hint_key) + 1;
        x += canvas.words(x, y, columns, words, roles.hint) + 2;
    }
}

/// Which alerts there is room for.
struct Shown {
    count: usize,
    /// Columns of the first, which may be cut.
    first: u16,
    more: Option<Safe>,
    columns: u16,
}

impl Shown {
    /// As many whole alerts as fit; the first in any case, if need be cut. How many are left out is always told.
    fn of(canvas: &Canvas<'_>, alerts: &[Span], room: u16) -> Shown {
        let Some(first) = alerts.first().map(|alert| canvas.columns(&alert.text)) else {
            return Shown { count: 0, first: 0, more: None, columns: 0 };
        };
        let more = |count: usize| (count < alerts.len()).then(|| Safe::of(format!("+{} more", alerts.len() - count)));
        let tail = |count: usize| more(count).map_or(0, |words| canvas.columns(&words) + GAP);
        let (mut count, mut whole, mut passed) = (0, 0, 0u16);
        for (at, alert) in alerts.iter().enumerate() {
            passed = passed.saturating_add(canvas.columns(&alert.text)).saturating_add(if at > 0 { GAP } else { 0 });
            if passed.saturating_add(tail(at + 1)) <= room {
                (count, whole) = (at + 1, passed);
            }
        }
        let (count, first, whole) = match count {
            0 => {
                let cut = first.min(room.saturating_sub(tail(1)));
                (1, cut, cut)
            }
            count => (count, first, whole),
        };
        Shown { count, first, more: more(count), columns: (whole + tail(count)).min(room) }
    }

    fn draw(&self, canvas: &mut Canvas<'_>, mut x: u16, y: u16, alerts: &[Span]) {
        for (at, alert) in alerts.iter().take(self.count).enumerate() {
            let width = if at == 0 { self.first } else { canvas.columns(&alert.text) };
            let style = canvas.tone(alert.tone);
            x += canvas.text(x, y, width, &alert.text, style) + GAP;
        }
        if let Some(more) = &self.more {
            let columns = canvas.columns(more);
            canvas.text(x, y, columns, more, canvas.theme.roles.strong);
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;
    use crate::app::table::Tone;
    use crate::config::resolved::Colours;
    use crate::ui::theme::Theme;

    fn shown(alerts: &[&str], room: u16) -> String {
        let theme = Theme::load("monochrome", Colours::None, false).unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, room, 1));
        let alerts: Vec<Span> = alerts.iter().map(|a| Span { text: Safe::of(*a), tone: Tone::Bad }).collect();
        let mut canvas = Canvas::new(&mut buffer, &theme);
        let shown = Shown::of(&canvas, &alerts, room);
        shown.draw(&mut canvas, 0, 0, &alerts);
        (0..shown.columns).map(|x| buffer[(x, 0)].symbol()).collect()
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let alerts = ["database main down: timeout", "cache redis down: refused", "api degraded: slow"];
        assert_eq!(shown(&alerts, 80), "database main down: timeout  cache redis down: refused  api degraded: slow");
        assert_eq!(shown(&alerts, 70), "database main down: timeout  cache redis down: refused  +1 more");
        assert_eq!(shown(&alerts, 40), "database main down: timeout  +2 more");
        assert_eq!(shown(&alerts, 30), "database main down: …  +2 more");
        assert_eq!(shown(&alerts[..1], 20), "database main down:…");
        assert_eq!(shown(&[], 20), "");
        for room in 0..12 {
            shown(&alerts, room);
        }
    }
}
