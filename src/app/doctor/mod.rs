//! The doctor in the program: a look at the team's files and at what is scraped, under way or last done; what stands wrong right
//! now in what is watched; and the list of both. Files are read by `runtime`, and judged on the compute thread.

mod failing;
pub mod listing;
pub mod live;
pub mod sources;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Resolved;
use crate::config::resolved::DoctorSpec;
use crate::doctor::{Code, Finding, Report, Source};
use crate::domain::{Cause, Moment, PaneState, Readout, Safe};

/// While its page is open it looks again this often.
pub const AGAIN: Duration = Duration::from_secs(30);
/// The same while not everything that is scraped was read yet.
pub const SOON: Duration = Duration::from_secs(3);
/// A look that is not done by then was lost: a file system hangs, or a job was dropped.
pub const LOST: Duration = Duration::from_secs(20);
/// Most names of metrics that rules are held against.
pub const NAMES: usize = 20_000;

/// A file as it was read: its name, and its text or why there is none.
pub type FileRead = (Safe, Result<Source, Safe>);
/// Names of programs, and the files that sudo would run by them; those that nobody but root could put another in place of.
pub type WholePaths = BTreeMap<String, String>;
/// Names of metrics and how many there are, or why they are not known.
pub type NamesTold = Result<(Vec<String>, usize), Safe>;

/// What the doctor knows.
#[derive(Clone, Debug)]
pub struct DoctorState {
    /// Files are named that it looks at.
    pub is_given: bool,
    /// How often targets are scraped elsewhere, where somebody said so.
    pub scrape: Option<Duration>,
    /// The configurations that were read, for words.
    pub configuration: Option<Safe>,
    /// Of programs of orders, as of the last look.
    pub whole_paths: WholePaths,
    /// What was found last.
    pub looked: Readout<Arc<Report>>,
    /// The look that is under way.
    looking: Option<Looking>,
    /// Something was not told because not everything was scraped yet.
    pub wants_more: bool,
}

#[derive(Clone, Debug)]
struct Looking {
    id: u64,
    since: Moment,
    files: Option<Vec<FileRead>>,
    /// Questions for the names of metrics that wait; none where there is nothing to hold against them.
    questions: Vec<u64>,
    names: Option<NamesTold>,
    /// Findings of files that could not be read, for the report.
    unread: Vec<Finding>,
}

/// Everything that a look needs is there.
pub struct Ready {
    /// Its number.
    pub id: u64,
    /// The files.
    pub sources: Vec<Source>,
    /// Names of metrics, where they were asked for.
    pub names: Option<NamesTold>,
}

impl DoctorState {
    /// Nothing was looked at yet.
    #[must_use]
    pub fn new(resolved: &Resolved, now: Moment) -> DoctorState {
        let know = &resolved.know;
        let DoctorSpec { documents, alertmanager, configurations, scrape } = &know.doctor;
        let lists = [&know.rules, documents, alertmanager];
        DoctorState {
            is_given: lists.iter().any(|list| !list.is_empty()) || !configurations.is_empty(),
            scrape: *scrape,
            configuration: configurations.last().map(|path| Safe::of(path.to_string_lossy())),
            whole_paths: WholePaths::new(),
            looked: Readout::loading(now),
            looking: None,
            wants_more: false,
        }
    }

    /// Whether a look is under way.
    #[must_use]
    pub fn is_looking(&self, now: Moment) -> bool {
        self.looking.as_ref().is_some_and(|looking| now.since(looking.since) < LOST)
    }

    /// Whether it is time for another one, for whoever looks on.
    #[must_use]
    pub fn is_due(&self, now: Moment) -> bool {
        let pause = if self.wants_more { SOON } else { AGAIN };
        !self.is_looking(now) && self.looked.last().is_none_or(|(_, at)| now.since(at) >= pause)
    }

    /// Begins a look.
    pub fn begin(&mut self, id: u64, questions: Vec<u64>, now: Moment) {
        if self.looking.is_some() {
            // The one before never came to its end.
            self.looked.fail(Cause::Timeout { phase: crate::domain::cause::Phase::Whole, after: LOST }, now, LOST);
        }
        self.looking = Some(Looking { id, since: now, files: None, questions, names: None, unread: Vec::new() });
    }

    /// The files were read; what an old look asked for is thrown away.
    pub fn take_files(&mut self, id: u64, files: Vec<FileRead>) {
        if let Some(looking) = self.looking.as_mut().filter(|looking| looking.id == id) {
            looking.files = Some(files);
        }
    }

    /// The names of metrics were told; whether they were asked for here. Who else was asked adds theirs.
    pub fn take_names(&mut self, id: u64, told: NamesTold) -> bool {
        let is_asked = |looking: &&mut Looking| looking.questions.contains(&id);
        let Some(looking) = self.looking.as_mut().filter(is_asked) else { return false };
        looking.questions.retain(|question| *question != id);
        looking.names = Some(match (looking.names.take(), told) {
            (None, told) => told,
            (Some(Ok((mut names, in_all))), Ok((more, in_more))) => {
                names.extend(more);
                names.sort_unstable();
                names.dedup();
                // Of two whole lists the union is whole; where one was cut, so is this.
                let cut = in_all.max(in_more) > NAMES;
                let in_all = if cut { names.len() + in_all.max(in_more) - NAMES } else { names.len() };
                Ok((names, in_all))
            }
            (Some(Err(why)), _) | (Some(Ok(_)), Err(why)) => Err(why),
        });
        true
    }

    /// What can be judged now, once.
    pub fn ready(&mut self) -> Option<Ready> {
        let looking = self.looking.as_mut()?;
        if !looking.questions.is_empty() {
            return None;
        }
        let mut sources = Vec::new();
        for (name, read) in looking.files.take()? {
            match read {
                Ok(source) => sources.push(source),
                Err(why) => looking.unread.push(unread(name, &why)),
            }
        }
        Some(Ready { id: looking.id, sources, names: looking.names.take() })
    }

    /// The look is done.
    pub fn finish(&mut self, id: u64, mut report: Report, now: Moment) {
        let Some(looking) = self.looking.take_if(|looking| looking.id == id) else { return };
        report.findings.splice(0..0, looking.unread);
        self.looked.set(Arc::new(report), now);
    }

    /// The one state of what was looked at.
    #[must_use]
    pub fn state(&self, now: Moment) -> PaneState {
        match self.looked.value() {
            Some(report) if report.files == 0 => denied(report).unwrap_or_else(|| self.looked.state(now, AGAIN)),
            _ => self.looked.state(now, AGAIN),
        }
    }
}

fn is_denied(why: &str) -> bool {
    why.to_lowercase().contains("permission denied")
}

/// A file that could not be read, and what lets it be read where that is what is wrong.
fn unread(name: Safe, why: &Safe) -> Finding {
    let instead = if is_denied(why.as_str()) { format!("chmod o+r {name}") } else { String::new() };
    Finding::new(Code::FileUnread, name, 0, format!("nothing in it was looked at: it {why}"), instead)
}

/// Nothing could be read, for want of a right.
fn denied(report: &Report) -> Option<PaneState> {
    let is_it = |finding: &&Finding| finding.code == Code::FileUnread && is_denied(finding.why.as_str());
    let finding = report.findings.iter().find(is_it)?;
    let missing = Safe::of(format!("the right to read {}", finding.file));
    Some(PaneState::Denied { missing, fix: finding.instead.clone() })
}
