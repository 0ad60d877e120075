//! The pure program driven by data: files in `fixtures/scenarios` say what is watched, what happens over fake time, and what
//! must be shown then. And properties: no sequence of events panics or grows without end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

#[path = "scenarios/logs.rs"]
mod logs;
#[path = "scenarios/properties.rs"]
mod properties;
#[path = "scenarios/script.rs"]
mod script;
mod world;

use std::fs;
use std::path::Path;

fn play(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scenarios").join(format!("{name}.toml"));
    let text = fs::read_to_string(&file).unwrap();
    let script: script::Script = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let wrong = script::play(&script);
    assert!(wrong.is_empty(), "{name}: {}\n{}", script.about, wrong.join("\n"));
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[test] fn $name() { play(&stringify!($name).replace('_', "-")); })*

        #[test]
        fn every_file_is_played() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scenarios");
            let played = [$(stringify!($name).replace('_', "-")),*];
            for entry in fs::read_dir(folder).unwrap() {
                let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
                assert!(played.contains(&name), "{name} is never played");
            }
        }
    };
}

scenarios! {
    debounce
    stale
    limited
    version
    hit_ratio
    threshold
    database_restart
    database_gap
    database_failures
    freeze
    discovery
    logs
}

#[test]
fn a_wrong_expectation_fails() {
    let text = "about = \"x\"\nwatch = '''\n[[service]]\nname = \"api\"\nurl = \"http://127.0.0.1:1/health\"\n'''\n\
                [[step]]\nservice = { name = \"api\", status = 200 }\n[step.expect]\nshown.api = \"down\"\n\
                pane.services = \"off\"\ntext.services = [\"nowhere\"]\nabsent.services = [\"api\"]\n";
    assert_eq!(script::play(&toml::from_str(text).unwrap()).len(), 4);
}
