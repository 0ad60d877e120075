//! What a card binds, in lines: what its digest is over and nothing that is only read, so that they are the same whenever the
//! card is made. A second person approves these; the requester's own program holds its card against them before it runs.

use chrono::DateTime;

use crate::domain::Safe;
use crate::remediation::card::Card;
use crate::remediation::object::ObjectKey;

use super::explain;

/// The lines.
#[must_use]
pub fn lines(card: &Card) -> Vec<Safe> {
    let (action, preview) = (&card.action, &card.preview);
    let target = &action.target;
    let mut lines =
        vec![Safe::of(format!("{}  {} on {} in {}", action.level, action.id, target.name, target.environment.word()))];
    if card.demands.break_glass {
        lines.push(Safe::of("BREAK GLASS: it runs OUTSIDE EVERY MAINTENANCE WINDOW"));
    }
    let facts: Vec<String> =
        preview.identity.facts.iter().map(|(name, value)| format!("{name} {}", value.one_line())).collect();
    lines.push(Safe::of(format!("target: {}", facts.join(", "))));
    // Literals of queries are hidden here as they are in the copy of the card.
    lines.extend(explain::effect(card, true).iter().map(|line| Safe::of(format!("sends: {}", line.one_line()))));
    lines.extend(preview.count.map(|count| Safe::of(format!("touches: {count}"))));
    let mut keys = card.keys();
    keys.sort();
    lines.extend(keys.iter().map(|key| Safe::of(format!("touches: {}", named(key)))));
    lines.push(Safe::of(format!("undone by: {}", action.undo)));
    // Others read them: what was given is hidden where that is.
    lines.iter().map(|line| action.given.veil(line)).collect()
}

fn named(key: &ObjectKey) -> String {
    let time = |micros: i64| {
        let time = DateTime::from_timestamp_micros(micros).unwrap_or_default();
        time.format("%Y-%m-%d %H:%M:%S%.6f UTC")
    };
    match key {
        ObjectKey::Session { id, state, since_us } => {
            let (started, since) = (time(id.backend_start_us), time(*since_us));
            format!("session {} that began {started}, {} since {since}", id.pid, state.word())
        }
        ObjectKey::Named(name) => name.one_line().to_string(),
    }
}
