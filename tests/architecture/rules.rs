//! The rules, each a pure function: where a file stands and its text in, what it breaks out.

use std::collections::BTreeMap;
use std::path::Path;

use crate::tokens::{Token, paths, shipped, tokens};

/// Most lines of a file.
const LINES: usize = 500;
/// Libraries of values and parsing, which the pure floors may use.
const PURE: &[&str] = &[
    "chrono",
    "chrono_tz",
    "memchr",
    "promql_parser",
    "regex",
    "saphyr_parser",
    "serde",
    "serde_json",
    "sha2",
    "toml",
    "unicode_normalization",
    "unicode_segmentation",
    "unicode_width",
    "url",
];
/// Floors up to this one are pure.
const PURE_FLOORS: u8 = 4;

/// Where a file stands.
pub struct Place {
    /// `src`, `tests` or `benches`.
    pub folder: String,
    /// Path from the root.
    pub name: String,
    /// Its module from the crate's root; empty for `lib.rs` and `main.rs`.
    pub module: Vec<String>,
}

impl Place {
    pub fn of(path: &Path) -> Place {
        let mut parts: Vec<String> = path.with_extension("").iter().map(|p| p.to_string_lossy().into_owned()).collect();
        let folder = parts.remove(0);
        if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            parts.pop();
        }
        Place { folder, name: path.to_string_lossy().into_owned(), module: parts }
    }

    fn floor(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }

    fn is_test(&self) -> bool {
        self.module.iter().any(|part| part == "tests")
    }

    fn is(&self, names: &[&str]) -> bool {
        names.iter().any(|n| self.name == *n || n.ends_with('/') && self.name.starts_with(n))
    }

    /// The paths of the code that ships.
    fn shipped_paths(&self, text: &str) -> Vec<Vec<String>> {
        if self.is_test() { Vec::new() } else { paths(&shipped(&tokens(text)), &self.module) }
    }
}

/// The floors of the map in `lib.rs`; the leaf has none.
pub struct Floors(BTreeMap<String, Option<u8>>);

impl Floors {
    pub fn of_map(text: &str) -> Floors {
        let mut floors = BTreeMap::new();
        for row in text.lines().filter_map(|l| l.strip_prefix("//! | ")) {
            let mut cells = row.split('|').map(str::trim);
            let (Some(number), Some(modules)) = (cells.next(), cells.next()) else { continue };
            let level = number.parse().ok();
            if level.is_none() && number != "-" {
                continue;
            }
            for name in modules.split("[`").skip(1).filter_map(|m| m.split('`').next()) {
                floors.insert(name.to_owned(), level);
            }
        }
        Floors(floors)
    }

    #[expect(clippy::option_option, reason = "a module that is not in the table, and the leaf, which has no number")]
    pub fn level(&self, module: &str) -> Option<Option<u8>> {
        self.0.get(module).copied()
    }

    fn may_import(&self, from: &str, to: &str) -> bool {
        match (self.level(from).flatten(), self.level(to)) {
            _ if from == to => true,
            // The leaf imports nothing; it is imported by the top alone.
            (None, _) | (_, None) => false,
            (Some(_), Some(None)) => from == "cli",
            (Some(from), Some(Some(to))) => from > to,
        }
    }
}

/// Floors import downwards only; siblings never meet; the leaf stands alone.
pub fn imports(floors: &Floors, place: &Place, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    for path in paths(&tokens(text), &place.module) {
        let inside = path.first().is_some_and(|p| p == "crate" || p == "quarterdeck");
        let Some(to) = path.get(1).filter(|_| inside) else { continue };
        let told = path.join("::");
        match place.floor() {
            None if place.name == "src/main.rs" && to != "cli" => broken.push(format!("main reaches for {told}")),
            None => {}
            Some(from) if !floors.may_import(from, to) => broken.push(format!("{from} imports {told}")),
            Some(_) => {}
        }
    }
    broken
}

/// Every dependency of the manifest that is no library of values.
pub fn forbidden_crates(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().expect("a manifest");
    let names = manifest["dependencies"].as_table().expect("a table").keys().map(|name| name.replace('-', "_"));
    names.filter(|name| !PURE.contains(&name.as_str())).collect()
}

/// Floors 0 to 4: no clock, no IO, no async, no terminal, nothing shared and mutable.
pub fn purity(floors: &Floors, crates: &[String], place: &Place, text: &str) -> Vec<String> {
    let level = place.floor().and_then(|f| floors.level(f)).flatten();
    if level.is_none_or(|l| l > PURE_FLOORS) || place.is_test() {
        return Vec::new();
    }
    let all = shipped(&tokens(text));
    let mut broken: Vec<String> = all
        .iter()
        .filter_map(|token| match token {
            Token::Word(w)
                if matches!(w.as_str(), "async" | "await" | "SystemTime" | "Mutex" | "RwLock" | "RefCell")
                    || w.starts_with("Atomic") =>
            {
                Some(w.clone())
            }
            _ => None,
        })
        .collect();
    for path in paths(&all, &place.module) {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let bad = match parts.as_slice() {
            [.., "Utc" | "Local" | "Instant", "now"] | [.., "time", "Instant"] | ["chrono", "Local", ..] => true,
            ["std", "time", "Instant" | "*", ..] => true,
            ["io", "stdout" | "stderr" | "stdin"] => true,
            ["std", "io", rest @ ..] => matches!(rest, ["stdout" | "stderr" | "stdin" | "*", ..]),
            ["std", "net", rest @ ..] => !rest.first().is_some_and(|r| r.contains("Addr") && *r != "ToSocketAddrs"),
            ["std", "fs" | "env" | "process" | "thread" | "os", ..] => true,
            ["fs" | "env" | "process" | "thread", next, ..] => next.chars().all(|c| c.is_lowercase() || c == '_'),
            [first, ..] => crates.iter().any(|c| c == first),
            [] => false,
        };
        if bad {
            broken.push(path.join("::"));
        }
    }
    broken.dedup();
    broken
}

/// `ui` knows no network, `adapters` know no screen.
pub fn siblings(place: &Place, text: &str) -> Vec<String> {
    let forbidden: &[&str] = match place.floor() {
        Some("ui") => &["tokio", "reqwest", "hyper", "redis", "tokio_postgres", "rustix", "rustls", "crossterm"],
        Some("adapters") => &["ratatui", "crossterm", "tui_logger", "clap"],
        _ => return Vec::new(),
    };
    let all = paths(&tokens(text), &place.module);
    all.into_iter().filter(|p| forbidden.contains(&p[0].as_str())).map(|p| p.join("::")).collect()
}

/// Threads and tasks are begun by the runtime; the sample is a process of its own.
pub fn spawning(place: &Place, text: &str) -> Vec<String> {
    if place.is(&["src/runtime/", "src/demo/"]) {
        return Vec::new();
    }
    let all = place.shipped_paths(text).into_iter();
    all.filter(|path| {
        let tail: Vec<&str> = path.iter().rev().take(2).rev().map(String::as_str).collect();
        matches!(
            tail.as_slice(),
            ["thread", "spawn" | "Builder" | "scope"]
                | ["Builder", "new"]
                | ["tokio" | "task", "spawn"]
                | [_, "spawn_blocking" | "spawn_local" | "JoinSet"]
                | ["JoinSet", _]
        )
    })
    .filter(|path| {
        path.first()
            .is_some_and(|first| matches!(first.as_str(), "std" | "tokio" | "thread" | "task" | "Builder" | "JoinSet"))
    })
    .map(|path| path.join("::"))
    .collect()
}

/// No `unwrap`, no `expect`, no `panic!` in what ships.
pub fn panics(place: &Place, text: &str) -> Vec<String> {
    // Compiled only with debug assertions: it plays the defect that the terminal must survive.
    if place.name == "src/runtime/fault.rs" {
        return Vec::new();
    }
    if place.is_test() {
        return Vec::new();
    }
    let all = shipped(&tokens(text));
    let word = |at: usize, wanted: &[&str]| matches!(all.get(at), Some(Token::Word(w)) if wanted.contains(&w.as_str()));
    (0..all.len())
        .filter(|at| {
            let method = all[*at] == Token::Sign('.') && all.get(at + 2) == Some(&Token::Open('('));
            let shout = all.get(at + 1) == Some(&Token::Sign('!'));
            method && word(at + 1, &["unwrap", "expect", "unwrap_err", "expect_err"])
                || shout && word(*at, &["panic", "todo", "unimplemented", "dbg"])
        })
        .map(|at| format!("{:?} {:?}", all[at], all[at + 1]))
        .collect()
}

/// Cells are set by the painter, standard streams are written by `say` and the report of a panic.
pub fn output(place: &Place, text: &str) -> Vec<String> {
    let cells: &[&str] = &["src/ui/paint.rs"];
    let streams: &[&str] = &["src/cli/", "src/runtime/panic.rs", "src/demo/"];
    if place.is_test() {
        return Vec::new();
    }
    let all = shipped(&tokens(text));
    let mut broken = Vec::new();
    for (at, token) in all.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        let called = all.get(at + 1) == Some(&Token::Open('('));
        let shout = all.get(at + 1) == Some(&Token::Sign('!'));
        let sets = called
            && matches!(
                word.as_str(),
                "set_symbol" | "set_char" | "set_string" | "set_stringn" | "set_line" | "set_span"
            );
        // `.stdout(…)` and `.stderr(…)` describe a child.
        let own = at > 0 && all[at - 1] != Token::Sign('.');
        let writes = called && own && matches!(word.as_str(), "stdout" | "stderr")
            || shout && matches!(word.as_str(), "print" | "println" | "eprint" | "eprintln");
        if sets && !place.is(cells) || writes && !place.is(streams) {
            broken.push(word.clone());
        }
    }
    broken
}

/// Small files, a head that says what the file is for, names that say something.
pub fn shape(place: &Place, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let lines = text.lines().count();
    if lines > LINES {
        broken.push(format!("{lines} lines; {LINES} are too many"));
    }
    let head = text.lines().take_while(|l| l.starts_with("//!")).count();
    // The map of the house is as long as it is.
    if head == 0 || head > 5 && place.name != "src/lib.rs" {
        broken.push(format!("its head has {head} lines; one to five say what it is for and where its border is"));
    }
    if place.name == "src/main.rs" && lines >= 40 {
        broken.push(format!("main has {lines} lines; it only hands over"));
    }
    if let Some(part) =
        place.module.iter().find(|p| matches!(p.as_str(), "utils" | "util" | "common" | "helpers" | "types" | "misc"))
    {
        broken.push(format!("a module called {part}"));
    }
    let root = place.name == format!("src/{}/mod.rs", place.module.join("/")) && place.module.len() == 1;
    if root && place.folder == "src" {
        let code = shipped(&tokens(text)).iter().filter(|t| **t == Token::Word("impl".to_owned())).count();
        if code > 0 {
            broken.push("the face of a floor names its modules; what they do stands in files".to_owned());
        }
    }
    broken
}
