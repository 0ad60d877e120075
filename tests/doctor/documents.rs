//! Whole documents of the kind that teams have, with their defects among what is right: exactly those are found, each on its line.

use std::path::Path;

use serde_json::Value;

use crate::{doctor, folder, told};

/// The documents.
pub const DOCUMENTS: [&str; 5] = ["parcels.md", "library.md", "assistant.md", "documents.md", "hub.md"];

/// Their names and texts.
pub fn fixtures() -> Vec<(&'static str, String)> {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/doctor");
    DOCUMENTS.iter().map(|name| (*name, std::fs::read_to_string(at.join(name)).unwrap())).collect()
}

/// Everything that is wrong in them.
const WRONG: &[(&str, u64, &str)] = &[
    ("parcels.md", 29, "QD-R002"),
    ("parcels.md", 29, "QD-R003"),
    ("parcels.md", 42, "QD-R005"),
    ("parcels.md", 57, "QD-R012"),
    ("parcels.md", 63, "QD-R012"),
    ("parcels.md", 70, "QD-R009"),
    ("parcels.md", 72, "QD-R008"),
    ("parcels.md", 89, "QD-A001"),
    ("parcels.md", 100, "QD-A005"),
    ("parcels.md", 112, "QD-S001"),
    ("parcels.md", 123, "QD-S004"),
    ("parcels.md", 124, "QD-S007"),
    ("parcels.md", 140, "QD-S003"),
    ("parcels.md", 143, "QD-S002"),
    ("parcels.md", 154, "QD-S008"),
    ("parcels.md", 162, "QD-S001"),
    ("parcels.md", 164, "QD-S005"),
    ("parcels.md", 164, "QD-S006"),
    ("parcels.md", 180, "QD-S001"),
    ("parcels.md", 189, "QD-H005"),
    ("parcels.md", 197, "QD-H010"),
    ("parcels.md", 200, "QD-H003"),
    ("parcels.md", 204, "QD-H002"),
    ("parcels.md", 205, "QD-H001"),
    ("parcels.md", 222, "QD-H008"),
    ("parcels.md", 230, "QD-H004"),
    ("parcels.md", 231, "QD-H009"),
    ("library.md", 32, "QD-R007"),
    ("assistant.md", 53, "QD-H007"),
    ("documents.md", 6, "QD-D001"),
    ("documents.md", 20, "QD-H011"),
    ("hub.md", 20, "QD-H006"),
    ("hub.md", 46, "QD-H006"),
];

fn found(files: &[(&str, &str)]) -> Vec<(String, u64, String)> {
    let folder = folder(files);
    let mut arguments = vec!["--json"];
    arguments.extend(files.iter().map(|(name, _)| *name));
    let (code, out, err) = told(&doctor(folder.path(), &arguments));
    assert!(code < 2 && err.is_empty(), "{code} {err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let one = |f: &Value| (text(f, "file"), f["line"].as_u64().unwrap(), text(f, "code"));
    report["findings"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn exactly_what_is_wrong_in_whole_documents_is_found() {
    let documents = fixtures();
    let wanted: Vec<(String, u64, String)> =
        WRONG.iter().map(|(file, line, code)| ((*file).to_owned(), *line, (*code).to_owned())).collect();
    let files: Vec<(&str, &str)> = documents.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(found(&files), wanted);
    // Another machine ends its lines otherwise.
    let returned: Vec<(&str, String)> = documents.iter().map(|(n, t)| (*n, t.replace('\n', "\r\n"))).collect();
    let files: Vec<(&str, &str)> = returned.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(found(&files), wanted, "with CRLF");
}
