//! Logs: files and the output of programs.

use super::super::layers::Item;
use super::super::problem::Layer;
use super::super::resolved::{LogSource, LogSpec, OffKind};
use super::super::words::in_quotes;
use super::builder::Builder;
use super::given::{text, texts, turn_on};
use crate::domain::Safe;

/// A profile's relative path means the service's folder, never the one that we were started in.
fn in_a_folder_unknown(item: &Item, pattern: &str) -> bool {
    item.place_of("files").layer == Layer::Profile && !pattern.starts_with(['/', '~'])
}

impl Builder<'_> {
    pub fn logs(&mut self) {
        let merged = self.merged;
        for item in merged.of("log") {
            if self.switched_off(OffKind::Log, item) {
                continue;
            }
            let (source, key) = match (text(item, "files"), texts(item, "command")) {
                (Some(pattern), _) if in_a_folder_unknown(item, pattern) => {
                    let files = in_quotes(&format!("/FOLDER/{pattern}"));
                    let why = format!("{pattern} is in the folder of the service, which the profile does not know");
                    self.off(OffKind::Log, item, why, turn_on(item, "files", &files));
                    continue;
                }
                (Some(pattern), _) => (LogSource::Files { pattern: self.under_home(pattern) }, "files"),
                (None, Some(argv)) => (LogSource::Command { argv }, "command"),
                (None, None) if item.place.layer == Layer::Profile => {
                    self.off(OffKind::Log, item, "set its files or command", turn_on(item, "files", "\"PATH\""));
                    continue;
                }
                (None, None) => {
                    self.missing(item, "files", "missing: files or command say where the lines come from");
                    continue;
                }
            };
            if !self.is_about_another_machine(OffKind::Log, item, key) {
                self.resolved.logs.push(LogSpec { name: Safe::of(&item.name), source });
            }
        }
    }

    fn under_home(&self, pattern: &str) -> String {
        match (pattern.strip_prefix("~/"), &self.inputs.home) {
            (Some(rest), Some(home)) => home.join(rest).to_string_lossy().into_owned(),
            _ => pattern.to_owned(),
        }
    }
}
