//! `quarterdeck doctor`: reads the files that are named and says what is wrong in them; with `--live` it also takes one look at
//! what is configured. It changes nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::arguments::{Doctor, Targets};
use super::{load, say};
use crate::config::resolved::DoctorSpec;
use crate::config::{Layer, Problem, Resolved};
use crate::doctor::{Code, Finding, Kind, Options, Report, Source, examine};
use crate::domain::Safe;
use crate::domain::threshold::parse_duration;
use crate::runtime::headless;

/// Something is to be mended.
const FOUND: u8 = 1;
/// A file cannot be read.
const UNREADABLE: u8 = 3;
/// Longest file, in bytes.
const FILE: u64 = 8 * 1024 * 1024;
/// Most files of one call.
const FILES: usize = 2_000;

/// Between the two readings of a look.
const SAMPLE: Duration = Duration::from_secs(1);

/// Runs it; `before` stood before the subcommand.
pub fn run(asked: &Doctor, before: Targets) -> ExitCode {
    if asked.codes {
        return say::print(&codes());
    }
    let scrape = match asked.scrape.as_deref().map(|text| (text, parse_duration(text))) {
        None => None,
        Some((_, Some(time))) if !time.is_zero() => Some(time),
        Some((text, _)) => return refuse(format!("--scrape {text:?}: write a time such as 15s")),
    };
    if asked.live {
        return live(asked, before, scrape);
    }
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
    tell(&examine(&sources, Options { scrape }), asked.json, unread)
}

fn tell(report: &Report, json: bool, unread: bool) -> ExitCode {
    let lines = if json { vec![report.json()] } else { report.words() };
    let printed = say::print(&lines);
    match (unread, report.fails()) {
        (true, _) => ExitCode::from(UNREADABLE),
        (false, true) => ExitCode::from(FOUND),
        (false, false) => printed,
    }
}

/// Files and what they are about.
fn live(asked: &Doctor, before: Targets, scrape: Option<Duration>) -> ExitCode {
    let is_url =
        |path: &&PathBuf| path.to_str().is_some_and(|text| text.starts_with("http://") || text.starts_with("https://"));
    let words = |paths: &[PathBuf]| paths.iter().map(|path| path.to_string_lossy().into_owned()).collect::<Vec<_>>();
    let (urls, files): (Vec<&PathBuf>, Vec<&PathBuf>) = asked.files.iter().partition(is_url);
    let targets = Targets {
        urls: urls.into_iter().map(|url| url.to_string_lossy().into_owned()).collect(),
        config: asked.config.clone(),
        profile: asked.profile.clone(),
        databases: asked.databases.clone(),
        redis: asked.redis.clone(),
        metrics: asked.metrics.clone(),
        rules: words(&asked.rules),
        ..Targets::default()
    };
    let mut resolved = match load::load(targets.after(before).into()) {
        Ok(resolution) => resolution.resolved,
        Err(problems) if problems.iter().all(|problem| problem.place.layer == Layer::CommandLine) => {
            return load::refuse(&problems);
        }
        Err(problems) => return tell(&refused(&problems), asked.json, false),
    };
    let doctor = &mut resolved.know.doctor;
    doctor.documents.extend(files.into_iter().map(|path| path.to_string_lossy().into_owned()));
    doctor.alertmanager = words(&asked.alertmanager);
    doctor.scrape = scrape;
    let nothing = resolved.is_empty() && doctor_is_idle(&resolved);
    if nothing {
        return load::nothing_to_watch(&resolved);
    }
    match headless::examine(&resolved, SAMPLE) {
        Ok(report) => {
            let unread = report.findings.iter().any(|finding| finding.code == Code::FileUnread);
            tell(&report, asked.json, unread)
        }
        Err(error) => {
            say::complain(format!("the look could not be taken: {error}"));
            ExitCode::from(UNREADABLE)
        }
    }
}

fn doctor_is_idle(resolved: &Resolved) -> bool {
    let DoctorSpec { documents, alertmanager, configurations, .. } = &resolved.know.doctor;
    documents.is_empty() && alertmanager.is_empty() && configurations.is_empty() && resolved.know.rules.is_empty()
}

/// A configuration that is refused is what there is to mend before anything can be looked at.
fn refused(problems: &[Problem]) -> Report {
    let finding = |problem: &Problem| {
        let place = &problem.place;
        let key = if problem.key.as_str().is_empty() { String::new() } else { format!("{}: ", problem.key) };
        let why = format!("{key}{}", problem.words);
        Finding::new(Code::ConfigurationRefused, place.origin.clone(), place.line.unwrap_or(0), why, "")
    };
    let left = vec![Safe::of("everything else: nothing is known without a configuration that holds")];
    Report { findings: problems.iter().map(finding).collect(), files: 1, left, ..Report::default() }
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
        let ways = "its name ends in none of .md .yml .yaml .rules .sql .sh .bash .toml; say --rules or --alertmanager for such a file";
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
