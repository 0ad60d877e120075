//! The list of the page: what was found in the files and what stands wrong now, the worst first.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::app::Model;
use crate::app::table::RowKey;
use crate::doctor::{Finding, Report};

use super::live;

/// Everything, the worst first; what is equally bad: first what is so now, then the files in their order.
#[must_use]
pub fn all(model: &Model) -> Vec<Cow<'_, Finding>> {
    let (telemetry, _) = model.shown();
    let looked = telemetry.doctor.looked.value();
    let mut found: Vec<Cow<'_, Finding>> = live::findings(model).into_iter().map(Cow::Owned).collect();
    found.extend(looked.into_iter().flat_map(|report| &report.findings).map(Cow::Borrowed));
    found.sort_by_key(|finding| finding.severity());
    found
}

/// The same as a report, grouped by file.
#[must_use]
pub fn report(model: &Model) -> Report {
    let (telemetry, _) = model.shown();
    let mut report = telemetry.doctor.looked.value().map(|report| Report::clone(report)).unwrap_or_default();
    report.findings.extend(live::findings(model));
    report.targets = live::count(telemetry);
    report
}

/// What tells one from another, also when the list is made anew.
#[must_use]
pub fn key(finding: &Finding) -> RowKey {
    let mut hasher = DefaultHasher::new();
    (finding.code, &finding.file, finding.line).hash(&mut hasher);
    if finding.line > 0 {
        finding.why.hash(&mut hasher);
    }
    RowKey::Finding(hasher.finish())
}
