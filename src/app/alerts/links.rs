//! What answers an alert: actions and runbooks that name it, and those, built-in ones too, that its `runbook_url` names by the
//! last part of its path or by its anchor. An alert suggests; nothing starts by itself.

use crate::app::Model;
use crate::app::pane::PaneId;
use crate::app::panes;
use crate::app::table::RowKey;
use crate::app::view::Overlay;
use crate::domain::Safe;
use crate::remediation::built_in::BUILT_IN;

use super::listing::{self, Entry};

/// Annotations that hold the address of what to do.
const ADDRESSES: [&str; 2] = ["runbook_url", "runbook"];

/// The address of what to do. Outside text: shown, copied, never opened.
#[must_use]
pub fn address<'a>(entry: &Entry<'a>) -> Option<&'a str> {
    ADDRESSES.iter().find_map(|name| entry.annotation(name))
}

/// The names of the actions and runbooks that answer an alert, those that name it first.
#[must_use]
pub fn answers(model: &Model, entry: &Entry<'_>) -> Vec<Safe> {
    let spec = &model.actions.spec;
    let named = spec.answers.iter().filter(|(_, alerts)| alerts.contains(&entry.rule.name));
    let mut found: Vec<Safe> = named.map(|(action, _)| action.clone()).collect();
    let parts = address(entry).map(parts).unwrap_or_default();
    let is_meant = |name: &Safe| parts.contains(&plain(name.as_str()));
    for action in spec.own.iter().filter(|action| is_meant(&action.id) || is_meant(&action.title)) {
        if !found.contains(&action.id) {
            found.push(action.id.clone());
        }
    }
    let built_in = BUILT_IN.iter().map(|(name, _)| Safe::of(*name)).filter(|name| is_meant(name));
    for name in built_in {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// The alert that is open, selected or first on its page.
#[must_use]
pub fn entry(model: &Model) -> Option<Entry<'_>> {
    let (telemetry, now) = model.shown();
    listing::find(telemetry, selected(model)?, now)
}

/// The fingerprint of the alert that is open, selected or first on its page.
#[must_use]
pub fn selected(model: &Model) -> Option<u64> {
    let open = model.view.overlays.iter().rev().find_map(|overlay| match overlay {
        Overlay::Alert { key, .. } => Some(*key),
        _ => None,
    });
    open.or_else(|| match panes::meant_alert(model) {
        Some(RowKey::Alert(key)) if model.view.focused() == PaneId::Alerts => Some(key),
        _ => None,
    })
}

/// The last part of a path and the anchor, plain.
fn parts(address: &str) -> Vec<String> {
    let (path, anchor) = address.split_once('#').unwrap_or((address, ""));
    let path = path.split(['?', '&']).next().unwrap_or_default().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let last = last.strip_suffix(".md").or_else(|| last.strip_suffix(".html")).unwrap_or(last);
    [anchor, last].into_iter().map(plain).filter(|part| !part.is_empty()).collect()
}

/// Letters and digits alone: `Restart API` is `restart-api`.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_an_action_by_its_last_part_or_its_anchor() {
        assert_eq!(
            parts("https://wiki.example.com/ops/Restart-API.md#pool_exhausted"),
            ["poolexhausted", "restartapi"]
        );
        assert_eq!(parts("https://wiki.example.com/ops/restart-api/?x=1"), ["restartapi"]);
        assert_eq!(parts("docs/runbook.md#database-pool"), ["databasepool", "runbook"]);
        assert!(parts("").is_empty());
    }
}
