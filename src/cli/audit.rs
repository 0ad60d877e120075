//! `quarterdeck audit`: show, verify. It only reads; a file that cannot be read is counted and told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::arguments::{Audit, AuditFolder};
use super::{load, say};
use crate::adapters::audit_log::scan::{self, Judged};
use crate::adapters::audit_log::{Folder, Segment};
use crate::config::Arguments;
use crate::domain::Safe;
use crate::domain::figure::several;
use crate::remediation::audit::{Record, Verified, Verifier};
use crate::runtime::history;

mod unbegun;

use unbegun::Unbegun;

/// A record is bad.
const BAD: u8 = 1;
/// A file, or the folder, cannot be read.
const UNREADABLE: u8 = 3;
/// Most records that are kept for showing; the latest.
const SHOWN: usize = 100_000;

/// Runs it.
pub fn run(command: Audit) -> ExitCode {
    match command {
        Audit::Show { last: Some(0), .. } => {
            say::complain("--last 0 shows nothing: name how many records, such as --last 20");
            ExitCode::from(load::USAGE)
        }
        Audit::Show { folder, last, json } => with(folder, |folder, files| show(folder, files, last, json)),
        Audit::Verify { folder } => with(folder, verify),
    }
}

type Files = BTreeMap<String, Vec<Segment>>;

/// Opens the folder and finds the files of every operator.
fn with(asked: AuditFolder, then: impl FnOnce(&Folder, &Files) -> ExitCode) -> ExitCode {
    let path = match place(asked) {
        Ok(path) => path,
        Err(refused) => return refused,
    };
    let read = Folder::look(&path).and_then(|folder| folder.segments().map(|segments| (folder, segments)));
    let (folder, segments) = match read {
        Ok(read) => read,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return missing(&path),
        Err(error) => return unreadable(&path, &error),
    };
    let mut files = Files::new();
    for segment in segments {
        files.entry(segment.operator.clone()).or_default().push(segment);
    }
    if files.is_empty() {
        return empty(&path);
    }
    then(&folder, &files)
}

fn missing(path: &Path) -> ExitCode {
    let words = "nothing was ever recorded there, or it is kept elsewhere (--config, --folder)";
    say::complain(format!("there is no audit folder {}: {words}", path.display()));
    ExitCode::from(UNREADABLE)
}

fn empty(path: &Path) -> ExitCode {
    say::complain(format!("no audit file in {}: no action was ever recorded there", path.display()));
    ExitCode::from(UNREADABLE)
}

/// The folder that is named, or the one that the dashboard writes to by the same configuration.
fn place(asked: AuditFolder) -> Result<PathBuf, ExitCode> {
    if let Some(folder) = asked.folder {
        return Ok(folder);
    }
    let arguments = Arguments { config: asked.config, profile: asked.profile, ..Arguments::default() };
    let spec = match load::load(arguments) {
        Ok(resolution) => resolution.resolved.actions,
        Err(problems) => {
            let refused = load::refuse(&problems);
            say::complain("where the audit is kept is not known before that is mended: or name it with --folder");
            return Err(refused);
        }
    };
    let folder = history::place(&spec).map(|place| place.path);
    folder.ok_or_else(|| {
        say::complain("there is no home folder: name the audit folder with --folder");
        ExitCode::from(load::USAGE)
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> ExitCode {
    say::complain(format!("the audit folder {} cannot be read: {error}", path.display()));
    ExitCode::from(UNREADABLE)
}

/// What is wrong, counted.
#[derive(Default)]
struct Trouble {
    bad: Vec<Safe>,
    unreadable: Vec<Safe>,
}

impl Trouble {
    fn note(&mut self, file: &Safe, judged: &Judged) {
        match judged {
            Judged::Good(_) => {}
            Judged::Bad(bad) => self.bad.push(Safe::of(format!("{file}: {bad}"))),
            Judged::Unreadable(error) => self.unreadable.push(Safe::of(format!("{file}: cannot be read: {error}"))),
        }
    }

    fn status(&self) -> u8 {
        match (self.bad.is_empty(), self.unreadable.is_empty()) {
            (false, _) => BAD,
            (true, false) => UNREADABLE,
            (true, true) => 0,
        }
    }
}

fn verify(folder: &Folder, files: &Files) -> ExitCode {
    let (mut lines, mut trouble) = (Vec::new(), Trouble::default());
    for segments in files.values() {
        let mut unbegun = Unbegun::default();
        let mut strange = BTreeMap::new();
        let chain = scan::chain(folder, segments, &mut |segment, record| {
            unbegun.see(segment, record);
            strange.entry(segment.name()).or_insert_with(|| stranger(folder, &segment.name(), record));
        });
        let unbegun = unbegun.lines(&chain);
        let here = |name: &Safe| segments.iter().any(|segment| segment.name() == name.as_str());
        let gone_on_from: Vec<Safe> = chain.iter().filter_map(|(_, v, _)| Some(v.continues()?.file.clone())).collect();
        for (segment, verifier, judged) in chain {
            let file = Safe::of(segment.name());
            trouble.note(&file, &judged);
            let absent = verifier.continues().filter(|old| !here(&old.file));
            // The first files of a chain may have been moved away; one out of its middle is missing.
            if let (Some(old), true) = (absent, segments.first() != Some(&segment)) {
                trouble.unreadable.push(Safe::of(format!("{}: is not here, and {file} goes on from it", old.file)));
            }
            match judged {
                Judged::Good(good) => {
                    lines.extend(held(&file, &good, absent.is_some()));
                    lines.extend(vouched(folder, &file, &good, gone_on_from.contains(&file), &verifier));
                }
                Judged::Bad(_) => lines.push(up_to(&file, &verifier)),
                Judged::Unreadable(_) => {}
            }
        }
        lines.extend(unbegun);
        lines.extend(strange.into_values().flatten());
    }
    let printed = say::out(&lines);
    say::err(trouble.bad.iter().chain(&trouble.unreadable));
    if printed { ExitCode::from(trouble.status()) } else { say::print(&[]) }
}

fn held(file: &Safe, good: &Verified, is_absent: bool) -> Vec<Safe> {
    let head = match good.records {
        0 => "no record".to_owned(),
        1 => format!("1 record, head {} {}", good.chain.seq(), good.chain.head().hex()),
        n => format!("{}, head {} {}", several(n, "record"), good.chain.seq(), good.chain.head().hex()),
    };
    let mut lines = vec![Safe::of(format!("{file}: {head}"))];
    if let Some(old) = &good.continues {
        let absent = if is_absent { ", which is not here" } else { "" };
        lines.push(Safe::of(format!("  goes on from {}, record {}{absent}", old.file, old.seq)));
    }
    if let Some(bytes) = good.torn {
        lines.push(Safe::of(format!("  ends in a line that was never ended ({bytes} bytes): it is no record")));
    }
    lines
}

/// In a folder that several share whoever writes there can make a file in another's name; whose it is the system tells.
fn stranger(folder: &Folder, file: &str, record: &Record) -> Option<Safe> {
    let (owner, writer) = (folder.owner(file)?, &record.writer);
    let words = || {
        let says = format!("its records say that {} (user {}) wrote them", writer.user, writer.uid);
        Safe::of(format!("{file}: belongs to user {owner}, and {says}: it was copied, or another made it"))
    };
    (owner != writer.uid).then(words)
}

/// What of a file is not vouched for.
fn vouched(folder: &Folder, file: &Safe, good: &Verified, is_gone_on_from: bool, verifier: &Verifier) -> Option<Safe> {
    let words = match good.beyond {
        0 if !is_gone_on_from && verifier.until().is_none() && folder.is_closed(file.as_str()) => {
            "  closed, and no file goes on from it: its last record may not be on disk".to_owned()
        }
        0 => return None,
        bytes if is_gone_on_from => {
            format!("  {bytes} bytes behind the record from which the next file goes on: no records")
        }
        bytes => format!(
            "  {bytes} bytes behind record {} may not be on disk, their fsync failed: no records, nobody vouches for them",
            good.chain.seq()
        ),
    };
    Some(Safe::of(words))
}

fn up_to(file: &Safe, verifier: &Verifier) -> Safe {
    let chain = verifier.chain();
    match verifier.records() {
        0 => Safe::of(format!("{file}: no record holds")),
        n => Safe::of(format!("{file}: {} hold, up to {} {}", several(n, "record"), chain.seq(), chain.head().hex())),
    }
}

/// What is kept of a record until all are sorted.
struct Shown {
    at: Safe,
    operator: usize,
    seq: u64,
    line: Safe,
}

fn show(folder: &Folder, files: &Files, last: Option<usize>, json: bool) -> ExitCode {
    let wanted = last.unwrap_or(SHOWN).min(SHOWN);
    let (mut shown, mut trouble, mut left_out) = (Vec::new(), Trouble::default(), 0);
    for (operator, segments) in files.values().enumerate() {
        // A clock that was set back does not change what came after what in a chain.
        let mut latest = Safe::default();
        let mut seen = |_: &Segment, record: &Record| {
            let line = if json { record.json() } else { record.words() };
            if record.at.as_str() > latest.as_str() {
                latest = record.at.clone();
            }
            shown.push(Shown { at: latest.clone(), operator, seq: record.seq, line });
            if shown.len() > wanted.saturating_mul(2) {
                left_out += keep_latest(&mut shown, wanted);
            }
        };
        for (segment, _, judged) in scan::chain(folder, segments, &mut seen) {
            trouble.note(&Safe::of(segment.name()), &judged);
        }
    }
    left_out += keep_latest(&mut shown, wanted);
    let printed = say::out(shown.iter().map(|record| &record.line));
    if last.is_none() && left_out > 0 {
        say::complain(format!("{left_out} older records are not shown"));
    }
    say::err(trouble.bad.iter().chain(&trouble.unreadable));
    if !trouble.unreadable.is_empty() {
        say::complain(format!("{} files could not be read", trouble.unreadable.len()));
    }
    if printed { ExitCode::from(trouble.status()) } else { say::print(&[]) }
}

/// By time, and always in the order of an operator's chain; how many had to go.
fn keep_latest(shown: &mut Vec<Shown>, wanted: usize) -> usize {
    shown.sort_by(|a, b| (&a.at, a.operator, a.seq).cmp(&(&b.at, b.operator, b.seq)));
    let surplus = shown.len().saturating_sub(wanted);
    shown.drain(..surplus);
    surplus
}
