//! The rules of the house that a machine can check, read from the tokens of every file: floors, clocks, threads, sizes.
//! Each rule is a pure function of a source text, proved by texts that break it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

#[path = "architecture/breaking.rs"]
mod breaking;
#[path = "architecture/rules.rs"]
mod rules;
#[path = "support/skipped.rs"]
mod skipped;
#[path = "architecture/tokens.rs"]
mod tokens;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rules::{Floors, Place};
use skipped::skipped;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the folders, with its path from the root and its text.
fn files(folders: &[&str]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|f| root().join(f)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// Asks a rule of every file; fails with everything that breaks it.
fn hold(folders: &[&str], rule: impl Fn(&Place, &str) -> Vec<String>) {
    let broken: Vec<String> = files(folders)
        .iter()
        .flat_map(|(name, text)| {
            let place = Place::of(Path::new(name));
            rule(&place, text).into_iter().map(move |why| format!("{name}: {why}"))
        })
        .collect();
    assert!(broken.is_empty(), "the house is broken:\n{}", broken.join("\n"));
}

fn floors() -> Floors {
    Floors::of_map(&fs::read_to_string(root().join("src/lib.rs")).unwrap())
}

#[test]
fn the_map_names_every_floor() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let floors = Floors::of_map(&text);
    let modules: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert!(modules.len() > 10, "{modules:?}");
    for module in modules {
        assert!(floors.level(module).is_some(), "{module} is not in the map of lib.rs");
    }
}

#[test]
fn floors_import_downwards_only() {
    let floors = floors();
    hold(&["src"], |place, text| rules::imports(&floors, place, text));
}

#[test]
fn lower_floors_hold_no_clock_no_io_no_async_no_terminal() {
    let floors = floors();
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let crates = rules::forbidden_crates(&manifest);
    hold(&["src"], |place, text| rules::purity(&floors, &crates, place, text));
}

#[test]
fn ui_and_adapters_keep_to_their_libraries() {
    hold(&["src"], rules::siblings);
}

#[test]
fn only_the_runtime_spawns() {
    hold(&["src"], rules::spawning);
}

#[test]
fn nothing_panics_on_purpose() {
    hold(&["src"], rules::panics);
}

#[test]
fn the_outside_is_written_to_in_few_places() {
    hold(&["src"], rules::output);
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    hold(&["src", "tests", "benches"], rules::shape);
}

#[test]
fn a_module_has_one_home() {
    let all = files(&["src"]);
    let twice: Vec<&String> = all.keys().filter(|name| all.contains_key(&name.replace(".rs", "/mod.rs"))).collect();
    assert!(twice.is_empty(), "{twice:?} stand beside a folder of the same name with a mod.rs");
}

#[test]
fn test_modules_are_declared_as_tests() {
    let all = files(&["src"]);
    for name in all.keys().filter(|n| n.ends_with("/tests.rs") || n.ends_with("/tests/mod.rs")) {
        let folder = name.trim_end_matches("/mod.rs").trim_end_matches(".rs").trim_end_matches("/tests");
        let parent = [format!("{folder}.rs"), format!("{folder}/mod.rs")].into_iter().find_map(|p| all.get(&p));
        let declared = parent.is_some_and(|text| text.contains("#[cfg(test)]\nmod tests;"));
        assert!(declared, "{name} is compiled outside tests");
    }
}

/// What a test cannot run goes through one place, which fails where nothing may be skipped; and `.ci/run` says that.
#[test]
fn nothing_is_skipped_in_silence() {
    let place = "tests/support/skipped.rs";
    let files = files(&["tests"]);
    let said: Vec<&String> =
        files.iter().filter(|(_, text)| text.contains("\"SKIPPED ")).map(|(name, _)| name).collect();
    assert_eq!(said, [place, "tests/architecture.rs"].map(str::to_owned).iter().rev().collect::<Vec<_>>());
    let text = &files[place];
    let variable = text.split('"').find(|part| part.starts_with("QUARTERDECK_")).unwrap();
    let run = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(run.contains(&format!("export {variable}=1")), "{run}");
}

/// All binaries run though one fails, what was not run is told last, and a failure stays one.
#[test]
fn all_tests_run_and_what_was_not_run_is_told_last() {
    use std::os::unix::fs::PermissionsExt as _;
    if Command::new("make").arg("--version").output().is_err() {
        return skipped("the file that make reads", "make is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at(".ci")).unwrap();
    fs::copy(root().join("Makefile"), at("Makefile")).unwrap();
    for (name, script) in [
        (".ci/setup", "exit 0"),
        (
            "cargo",
            "[ \"$1\" = test ] || exit 0; echo \"ran $*\"; echo 'SKIPPED podman: none' >> \"$QUARTERDECK_SKIPPED\"; exit 101",
        ),
    ] {
        fs::write(at(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let make = || {
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let told =
            Command::new("make").arg("test").current_dir(folder.path()).env_clear().env("PATH", path).output().unwrap();
        (told.status.success(), String::from_utf8_lossy(&told.stdout).into_owned())
    };
    for _ in 0..2 {
        let (well, told) = make();
        assert!(!well && told.contains("ran test --locked --no-fail-fast"), "{told}");
        let last: Vec<&str> = told.lines().rev().take(2).collect();
        assert_eq!(last, ["SKIPPED podman: none", "not run on this machine:"], "{told}");
    }
}
