//! `quarterdeck doctor`: reads the files that are named and says what is wrong in them. It writes nothing and asks nobody.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::arguments::Doctor;
use super::{load, say};
use crate::doctor::{Code, Kind, Options, Source, examine};
use crate::domain::Safe;
use crate::domain::threshold::parse_duration;

/// Something is to be mended.
const FOUND: u8 = 1;
/// A file cannot be read.
const UNREADABLE: u8 = 3;
/// Longest file, in bytes.
const FILE: u64 = 8 * 1024 * 1024;
/// Most files of one call.
const FILES: usize = 2_000;

/// Runs it.
pub fn run(asked: &Doctor) -> ExitCode {
    if asked.codes {
        return say::print(&codes());
    }
    let scrape = match asked.scrape.as_deref().map(|text| (text, parse_duration(text))) {
        None => None,
        Some((_, Some(time))) if !time.is_zero() => Some(time),
        Some((text, _)) => return refuse(format!("--scrape {text:?}: write a time such as 15s")),
    };
    let named: Vec<(&PathBuf, Option<Kind>)> = asked
        .files
        .iter()
        .map(|path| (path, None))
        .chain(asked.rules.iter().chain(&asked.alertmanager).map(|path| (path, Some(Kind::Yaml))))
        .collect();
    if named.is_empty() {
        return refuse(
            "name files to look at: quarterdeck doctor RUNBOOK.md; see quarterdeck doctor --help".to_owned(),
        );
    }
    if named.len() > FILES {
        return refuse(format!("{} files are more than the {FILES} that one call looks at", named.len()));
    }
    let (mut sources, mut unread) = (Vec::new(), false);
    for (path, kind) in named {
        match source(path, kind) {
            Ok(source) => sources.push(source),
            Err(Refused::Usage(why)) => return refuse(why),
            Err(Refused::Unread(why)) => {
                say::complain(why);
                unread = true;
            }
        }
    }
    let report = examine(&sources, Options { scrape });
    let lines = if asked.json { vec![report.json()] } else { report.words() };
    let printed = say::print(&lines);
    match (unread, report.fails()) {
        (true, _) => ExitCode::from(UNREADABLE),
        (false, true) => ExitCode::from(FOUND),
        (false, false) => printed,
    }
}

fn refuse(why: String) -> ExitCode {
    say::complain(why);
    ExitCode::from(load::USAGE)
}

fn codes() -> Vec<Safe> {
    let line = |code: &Code| format!("{}  {:<8} {}", code.id(), code.severity().word(), code.about());
    Code::ALL.iter().map(|code| Safe::of(line(code))).collect()
}

enum Refused {
    Usage(String),
    Unread(String),
}

fn source(path: &Path, kind: Option<Kind>) -> Result<Source, Refused> {
    let input = path.as_os_str() == "-";
    let name = if input { "standard input".into() } else { path.display().to_string() };
    let bytes = if input { bounded(io::stdin().lock()) } else { opened(path).and_then(bounded) };
    let bytes = bytes.map_err(|e| Refused::Unread(format!("{name} cannot be read: {e}")))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let kind = kind.or(if input { Some(Kind::Markdown) } else { Kind::of(&name, &text) });
    let Some(kind) = kind else {
        let ways = "its name ends in none of .md .yml .yaml .rules .sql .sh .bash; say --rules or --alertmanager for such a file";
        return Err(Refused::Usage(format!("{name}: {ways}")));
    };
    Ok(Source { name: Safe::of(name), text, kind })
}

/// A file, and nothing that waits for a writer or never ends.
fn opened(path: &Path) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    File::open(path)
}

fn bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE { Err(io::Error::other(format!("it is longer than {FILE} bytes"))) } else { Ok(bytes) }
}
