//! Proof that each rule can fail: texts that break it, beside texts that only look so.

use std::path::Path;

use crate::rules::{self, Floors, Place};

const MAP: &str = "//! | 7 | [`cli`] | x |\n//! | 5 | [`ui`], [`adapters`] | x |\n//! | 4 | [`app`] | x |\n\
                   //! | 1 | [`metrics`], [`logs`] | x |\n//! | 0 | [`domain`] | x |\n//! | - | [`demo`] | x |\n";

fn imports(name: &str, text: &str) -> Vec<String> {
    rules::imports(&Floors::of_map(MAP), &Place::of(Path::new(name)), text)
}

fn purity(text: &str) -> Vec<String> {
    let crates = rules::forbidden_crates("[dependencies]\ntokio = \"1\"\nserde = \"1\"\ntokio-postgres = \"0\"\n");
    rules::purity(&Floors::of_map(MAP), &crates, &Place::of(Path::new("src/app/x.rs")), text)
}

fn breaks(rule: fn(&Place, &str) -> Vec<String>, name: &str, text: &str) -> bool {
    !rule(&Place::of(Path::new(name)), text).is_empty()
}

#[test]
fn upward_and_sideward_imports_are_seen_wherever_they_stand() {
    for (name, text) in [
        ("src/app/x.rs", "use crate::ui::paint;"),
        ("src/app/x.rs", "fn f() { crate::cli::say::err(); }"),
        ("src/app/x.rs", "fn f() -> Option<crate::adapters::Http> { None }"),
        ("src/app/x.rs", "use crate::{domain::Safe, ui::{self, paint}};"),
        ("src/app/x.rs", "fn f() { vec![crate::ui::draw()]; }"),
        ("src/app/x.rs", "#[cfg(test)] mod tests { use crate::ui::draw; }"),
        ("src/app/x.rs", "use super::super::ui::draw;"),
        ("src/app/deep/x.rs", "use super::super::super::ui::draw;"),
        ("src/app/x.rs", "mod inner { use super::super::super::ui::draw; }"),
        ("src/app/x.rs", "macro_rules! m { () => { $crate::ui::draw() } }"),
        ("src/app/x.rs", "use crate::*;"),
        ("src/ui/x.rs", "use crate::adapters::http;"),
        ("src/adapters/x.rs", "use crate::ui::theme;"),
        ("src/metrics/x.rs", "use crate::logs::Level;"),
        ("src/domain/x.rs", "pub(in crate::app) fn f() {}"),
        ("src/app/x.rs", "use crate::demo::Options;"),
        ("src/demo/x.rs", "use crate::domain::Safe;"),
        ("src/app/x.rs", "use quarterdeck::ui::draw;"),
        ("src/main.rs", "fn main() { quarterdeck::runtime::run(); }"),
    ] {
        assert!(!imports(name, text).is_empty(), "{name}: {text}");
    }
}

#[test]
fn downward_imports_are_fine() {
    for (name, text) in [
        ("src/app/x.rs", "use crate::{domain::{Safe, Cause}, metrics, logs::*};"),
        ("src/app/deep/x.rs", "use super::super::model::Model; mod m { use super::super::x; }"),
        ("src/app/mod.rs", "use super::domain::Safe; use self::model::Model;"),
        ("src/cli/x.rs", "use crate::demo; use crate::ui::draw;"),
        ("src/ui/x.rs", "/// See crate::adapters::http.\nuse crate::app::Model; // crate::cli"),
        ("src/app/x.rs", "const TEXT: &str = \"crate::ui::draw\";"),
        ("src/main.rs", "fn main() { quarterdeck::cli::main(); }"),
    ] {
        assert_eq!(imports(name, text), Vec::<String>::new(), "{name}: {text}");
    }
}

#[test]
fn clocks_io_and_async_are_seen() {
    for text in [
        "fn f() { let now = std::time::Instant::now(); }",
        "use std::time::{Duration, Instant};",
        "fn f() { chrono::Utc::now(); }",
        "use chrono::Utc; fn f() { Utc::now(); }",
        "use std::time::SystemTime;",
        "use std::{fs, collections::BTreeMap};",
        "use std::net::TcpStream;",
        "use std::net::ToSocketAddrs;",
        "fn f() { std::env::var(\"HOME\"); }",
        "fn f() { std::process::exit(1); }",
        "use std::io; fn f() { io::stdout(); }",
        "async fn f() {}",
        "use tokio::time;",
        "use tokio_postgres::Client;",
        "use std::sync::Mutex;",
        "static COUNT: AtomicU64 = AtomicU64::new(0);",
    ] {
        assert!(!purity(text).is_empty(), "{text}");
    }
    for text in [
        "fn f() -> SignalValue { SignalValue::Instant(1.0) }",
        "use std::net::IpAddr; use std::time::Duration; use std::io::{self, Write};",
        "use serde::Serialize; use chrono::{DateTime, Utc};",
        "#[cfg(test)] mod tests { use std::fs; fn f() { std::time::Instant::now(); } }",
        "//! Instant::now\nfn f() { let word = \"tokio::spawn\"; }",
    ] {
        assert_eq!(purity(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn spawning_is_seen() {
    for text in [
        "fn f() { std::thread::spawn(|| {}); }",
        "use std::thread; fn f() { thread::spawn(|| {}); }",
        "fn f() { tokio::spawn(async {}); }",
        "fn f() { tokio::task::spawn_blocking(|| {}); }",
        "use tokio::task::JoinSet;",
        "fn f() { std::thread::Builder::new(); }",
    ] {
        assert!(breaks(rules::spawning, "src/adapters/x.rs", text), "{text}");
        assert!(!breaks(rules::spawning, "src/runtime/x.rs", text), "{text}");
    }
    assert!(!breaks(rules::spawning, "src/adapters/x.rs", "fn f() { command.spawn(); SegmentBuilder::new(); }"));
}

#[test]
fn panics_output_and_shape_are_seen() {
    assert!(breaks(rules::panics, "src/app/x.rs", "fn f() { x.unwrap(); }"));
    assert!(breaks(rules::panics, "src/app/x.rs", "fn f() { x.expect(\"y\"); }"));
    assert!(breaks(rules::panics, "src/app/x.rs", "fn f() { panic!(); }"));
    assert!(!breaks(
        rules::panics,
        "src/app/x.rs",
        "fn f() { x.unwrap_or(1); }\n#[cfg(test)]\nmod t { fn f() { x.unwrap(); } }"
    ));
    assert!(breaks(rules::output, "src/ui/draw.rs", "fn f() { cell.set_symbol(\"x\"); }"));
    assert!(!breaks(rules::output, "src/ui/paint.rs", "fn f() { cell.set_symbol(\"x\"); }"));
    assert!(breaks(rules::output, "src/runtime/x.rs", "fn f() { std::io::stdout(); }"));
    assert!(breaks(rules::output, "src/app/x.rs", "fn f() { eprintln!(); }"));
    assert!(!breaks(rules::output, "src/adapters/x.rs", "fn f() { command.stdout(Stdio::piped()); }"));
    assert!(breaks(rules::siblings, "src/ui/x.rs", "use tokio::time;"));
    assert!(breaks(rules::siblings, "src/adapters/x.rs", "use ratatui::buffer::Buffer;"));
    assert!(breaks(rules::shape, "src/app/x.rs", "fn f() {}"));
    assert!(breaks(rules::shape, "src/app/x.rs", &"//! x\n".repeat(6)));
    assert!(breaks(rules::shape, "src/app/utils.rs", "//! x\n"));
    assert!(breaks(rules::shape, "src/app/helpers/x.rs", "//! x\n"));
    assert!(breaks(rules::shape, "src/app/x.rs", &format!("//! x\n{}", "\n".repeat(500))));
    assert!(breaks(rules::shape, "src/main.rs", &format!("//! x\n{}", "\n".repeat(40))));
    assert!(breaks(rules::shape, "src/app/mod.rs", "//! x\nimpl Model {}"));
    assert!(!breaks(rules::shape, "src/app/x.rs", "//! x\nfn f() {}"));
}
