//! A change of verdict in words: what it is now, why, what it was and for how long; lost and back where no reading came.

use crate::app::concerns::Change;
use crate::app::document::Document;
use crate::app::table::Tone;
use crate::domain::{Moment, Verdict, figure};

use super::{Draft, Kind};

/// As it stands on the timeline.
#[must_use]
pub fn draft(change: &Change, now: Moment) -> Draft {
    let Change { before, after, name, words, .. } = change;
    let was = before.map(|(verdict, since)| format!("was {verdict} for {}", figure::age(now.since(since))));
    let tail = was.as_ref().map(|was| format!(" ({was})")).unwrap_or_default();
    let what = match (before.map(|(verdict, _)| verdict), after) {
        (Some(Verdict::Unknown), Verdict::Ok) => format!("{name} back{tail}"),
        (_, Verdict::Ok) => format!("{name} ok again{tail}"),
        (_, Verdict::Unknown) => format!("{name} lost: {words}{tail}"),
        _ => format!("{words}{tail}"),
    };
    let mut detail = Document::new("");
    detail.field("is", words.clone(), (*after).into());
    if let Some(was) = was {
        detail.field("before", was, Tone::Dim);
    }
    Draft { detail: Some(detail), ..Draft::new(Kind::Health, after.word(), (*after).into(), what) }
}
