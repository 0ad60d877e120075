//! What the doctor found: worst first, each with its code, where it stands and one sentence.

use std::borrow::Cow;

use crate::app::Model;
use crate::app::doctor::{listing, live};
use crate::app::document::Line;
use crate::app::pane::{Block, PaneId, PaneView};
use crate::app::table::{Align, Cell, Column, Row, RowKey, SortValue, Table, Tone};
use crate::doctor::{Finding, Severity};
use crate::domain::{PaneState, Safe, figure};

use super::{Wanted, line, or_frozen, span, table_block, worded};

/// Below this width there is no room for what was looked at beside when.
const ROOMY: u16 = 100;

const FINDINGS: &[Column] = &[
    Column { title: "", min: 5, ideal: 5, grows: false, align: Align::Left, drop_order: 0 },
    Column { title: "code", min: 7, ideal: 7, grows: false, align: Align::Left, drop_order: 1 },
    Column { title: "where", min: 12, ideal: 20, grows: false, align: Align::Left, drop_order: 0 },
    Column { title: "what is wrong", min: 24, ideal: 60, grows: true, align: Align::Left, drop_order: 0 },
];

/// How bad, as a word and a tone.
pub fn badge(severity: Severity) -> (&'static str, Tone) {
    match severity {
        Severity::Error => ("ERROR", Tone::Bad),
        Severity::Warning => ("WARN", Tone::Warn),
        Severity::Note => ("NOTE", Tone::Dim),
    }
}

pub fn table(model: &Model, wanted: Wanted) -> Table {
    let found: Vec<Cow<'_, Finding>> = listing::all(model);
    worded(model, PaneId::Findings, FINDINGS, &found, wanted, |finding| listing::key(finding), |finding| row(finding))
}

fn row(finding: &Finding) -> Row {
    let (word, tone) = badge(finding.severity());
    let severity =
        Cell { sort: SortValue::Number(f64::from(finding.severity() as u8)), ..Cell::text(Safe::of(word), tone) };
    Row {
        key: listing::key(finding),
        cells: vec![
            severity,
            Cell::text(Safe::of(finding.code.id()), Tone::Dim),
            Cell::name(place(finding)),
            Cell::text(finding.why.clone(), Tone::Plain),
        ],
    }
}

/// The file by its own name: the folders stand in the detail.
fn place(finding: &Finding) -> Safe {
    if finding.line == 0 {
        return finding.file.clone();
    }
    let name = finding.file.as_str().rsplit('/').next().unwrap_or_default();
    Safe::of(format!("{name}:{}", finding.line))
}

pub fn view(model: &Model, width: u16, height: u16) -> PaneView {
    let (telemetry, now) = model.shown();
    let state = &telemetry.doctor;
    let found = listing::all(model);
    let mut title = vec![span("Doctor", Tone::Strong)];
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let count = found.iter().filter(|finding| finding.severity() == severity).count();
        let plural = if count == 1 { "" } else { "s" };
        if count > 0 {
            let tone = badge(severity).1;
            title.push(span(format!(" {count} {}{plural}", severity.word()), tone));
        }
    }
    let report = state.looked.value();
    let mut blocks: Vec<Block> = Vec::new();
    if let Some(report) = report {
        let most = if height < 16 { 1 } else { 3 };
        let left = report.left.iter().take(most);
        blocks.extend(left.map(|what| Block::Line(line(format!("not looked at: {what}"), Tone::Unknown))));
        if report.dropped > 0 {
            blocks.push(Block::Line(line(format!("{} more were found and not kept", report.dropped), Tone::Unknown)));
        }
        if !blocks.is_empty() {
            blocks.push(Block::Line(Line::new()));
        }
    }
    let targets = live::count(telemetry);
    let pane = match state.state(now) {
        _ if found.is_empty() && !state.is_given && targets == 0 => PaneState::Off {
            why: Safe::of("nothing is named that it could look at"),
            turn_on: Safe::of(
                "documents = [\"runbooks/*.md\"] in the configuration, --rules prometheus-rules.yml, or a target",
            ),
        },
        PaneState::Ok if found.is_empty() => {
            let mut looked = report.map(|report| (**report).clone()).unwrap_or_default();
            looked.targets = targets;
            PaneState::Empty { asked: Safe::of(format!("nothing was found in {}", looked.basis())) }
        }
        state => state,
    };
    if !found.is_empty() {
        blocks.push(table_block(model, PaneId::Findings, table(model, Wanted::Seen { height })));
    }
    let corner = match state.looked.last() {
        Some((report, at)) => {
            let looked = format!("looked at {} ago", figure::age(now.since(at)));
            // The age is never what a narrow screen leaves out.
            if width < ROOMY { looked } else { format!("{} {looked}", basis(report, targets)) }
        }
        None => String::new(),
    };
    PaneView { id: PaneId::Findings, title, corner: Safe::of(corner), state: or_frozen(model, pane), blocks }
}

fn basis(report: &crate::doctor::Report, targets: usize) -> String {
    crate::doctor::Report { targets, files: report.files, ..crate::doctor::Report::default() }.basis()
}

/// The one that is meant: what is selected, or the first.
#[must_use]
pub fn chosen(model: &Model) -> Option<RowKey> {
    let rows = table(model, Wanted::Keys).rows;
    let selected = model.view.cursor(PaneId::Findings).selected;
    selected.filter(|key| rows.iter().any(|row| row.key == *key)).or_else(|| rows.first().map(|row| row.key.clone()))
}
