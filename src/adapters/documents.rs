//! Reads the files that the doctor looks at: rules, documents, routing, configurations. Bounded one by one and together, and
//! nothing that waits for a writer or never ends; what cannot be read is told with its name.

use std::path::Path;

use super::rules_files::{paths, text};
use crate::config::resolved::KnowSpec;
use crate::doctor::{Kind, Source};
use crate::domain::Safe;

/// Bytes of all files together.
const BYTES: usize = 48 << 20;
/// What is taken by its ending.
const ENDINGS: &str = "its name ends in none of .md .yml .yaml .rules .sql .sh .bash .toml, so nobody knows what it is";

/// Each file: its name, and its text or why there is none.
pub type Read = (Safe, Result<Source, Safe>);

/// Reads all of them, each once.
#[must_use]
pub fn read(know: &KnowSpec) -> Vec<Read> {
    let spec = &know.doctor;
    let configurations: Vec<String> =
        spec.configurations.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let lists = [
        (&know.rules, Some(Kind::Yaml)),
        (&spec.alertmanager, Some(Kind::Yaml)),
        (&spec.documents, None),
        (&configurations, Some(Kind::Toml)),
    ];
    let mut files: Vec<Read> = Vec::new();
    let mut bytes = 0;
    for (patterns, kind) in lists {
        for path in paths(patterns) {
            let name = Safe::of(path.to_string_lossy());
            if files.iter().all(|(known, _)| *known != name) {
                let file = source(&path, &name, kind, BYTES.saturating_sub(bytes));
                bytes += file.as_ref().map_or(0, |source| source.text.len());
                files.push((name, file));
            }
        }
    }
    files
}

fn source(path: &Path, name: &Safe, kind: Option<Kind>, room: usize) -> Result<Source, Safe> {
    let text = text(path)?;
    if text.len() > room {
        return Err(Safe::of(format!("is more than is read at a time: all files together may have {BYTES} bytes")));
    }
    let kind = kind.or_else(|| Kind::of(name.as_str(), &text)).ok_or_else(|| Safe::of(ENDINGS))?;
    Ok(Source { name: name.clone(), text, kind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::resolved::DoctorSpec;

    #[test]
    fn each_file_is_read_once_and_taken_for_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        for (name, text) in
            [("rules.txt", "groups: []\n"), ("a.md", "# A\n"), ("b.md", "# B\n"), ("x.bin", "?"), ("q.toml", "")]
        {
            std::fs::write(at(name), text).unwrap();
        }
        let doctor = DoctorSpec {
            documents: vec![at("*.md"), at("a.md"), at("x.bin"), at("gone.md")],
            alertmanager: vec![at("rules.txt")],
            configurations: vec![at("q.toml").into()],
            scrape: None,
        };
        let know = KnowSpec { rules: vec![at("rules.txt")], doctor, ..KnowSpec::default() };
        let told: Vec<(String, Result<Kind, String>)> = read(&know)
            .into_iter()
            .map(|(name, read)| {
                let name = name.as_str().rsplit('/').next().unwrap().to_owned();
                (name, read.map(|source| source.kind).map_err(|why| why.to_string()))
            })
            .collect();
        let kind = |at: usize| (told[at].0.as_str(), told[at].1.clone());
        assert_eq!(kind(0), ("rules.txt", Ok(Kind::Yaml)));
        assert_eq!(kind(1), ("a.md", Ok(Kind::Markdown)));
        assert_eq!(kind(2), ("b.md", Ok(Kind::Markdown)));
        assert_eq!(kind(3), ("x.bin", Err(ENDINGS.to_owned())));
        assert!(kind(4).0 == "gone.md" && kind(4).1.unwrap_err().contains("cannot be read"));
        assert_eq!(kind(5), ("q.toml", Ok(Kind::Toml)));
        assert_eq!(told.len(), 6);
    }
}
