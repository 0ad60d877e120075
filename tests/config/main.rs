//! Configuration: what is refused and in which words, layers, profiles, trust, and what is shown.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod acting;
mod backups;
mod binary;
mod engines;
mod files;
mod guards;
mod layers;
mod metrics;
mod naming;
mod parameters;
mod policy;
mod profiles;
mod programs;
mod reader;
mod runbooks;
mod shared_policy;
mod show;
mod watched;

use std::collections::BTreeMap;
use std::path::PathBuf;

use quarterdeck::config::{Arguments, Inputs, Resolution, SourceFile, Variables, resolve};

/// A fixture, as a file of `/etc/shop`.
fn fixture(name: &str) -> SourceFile {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    SourceFile { path: PathBuf::from("/etc/shop/config.toml"), text }
}

/// A text, as a file of `/etc/shop`.
fn file(text: &str) -> Inputs {
    let file = SourceFile { path: PathBuf::from("/etc/shop/config.toml"), text: text.to_owned() };
    Inputs { file: Some(file), home: Some(PathBuf::from("/home/me")), ..Inputs::default() }
}

fn variables(pairs: &[(&str, &str)]) -> Variables {
    Variables::new(map(pairs), None)
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn urls(urls: &[&str]) -> Arguments {
    Arguments { urls: urls.iter().map(|u| (*u).to_owned()).collect(), ..Arguments::default() }
}

fn profile(name: &str) -> Arguments {
    Arguments { profile: Some(name.to_owned()), ..Arguments::default() }
}

fn resolved(inputs: &Inputs) -> Resolution {
    resolve(inputs).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(|p| p.line().to_string()).collect();
        panic!("{}", lines.join("\n"))
    })
}

fn refused(inputs: &Inputs) -> Vec<String> {
    resolve(inputs).expect_err("nothing was refused").iter().map(|p| p.line().to_string()).collect()
}
