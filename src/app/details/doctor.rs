//! One finding, whole: why, and what to write instead.

use std::borrow::Cow;

use crate::app::Model;
use crate::app::doctor::listing;
use crate::app::document::Document;
use crate::app::panes::finding_badge;
use crate::app::table::{RowKey, Tone};
use crate::domain::figure;

pub fn finding(model: &Model, key: &RowKey) -> Option<Document> {
    let (telemetry, now) = model.shown();
    let found = listing::all(model);
    let finding = found.iter().find(|finding| listing::key(finding) == *key)?;
    let mut out = Document::new(format!("{} {}", finding.code.id(), finding.place()));
    let (word, tone) = finding_badge(finding.severity());
    out.field("how bad", word, tone);
    out.field("where", finding.place(), Tone::Strong);
    out.field("code", format!("{}: {}", finding.code.id(), finding.code.about()), Tone::Dim);
    // What is made anew with each frame is as fresh as the panes.
    if matches!(finding, Cow::Owned(_)) {
        out.field("looked at", "now, by what the panes show", Tone::Dim);
    } else if let Some((_, at)) = telemetry.doctor.looked.last() {
        out.field("looked at", format!("{} ago; r looks again", figure::age(now.since(at))), Tone::Dim);
    }
    out.heading("Why");
    out.line(finding.why.clone(), Tone::Plain);
    if !finding.instead.is_empty() {
        out.heading(if finding.line > 0 { "Write instead (y copies it)" } else { "What mends it (y copies it)" });
        for line in &finding.instead {
            out.line(line.clone(), Tone::Accent);
        }
    }
    Some(out)
}
