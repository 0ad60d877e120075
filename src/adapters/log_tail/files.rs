//! One log of files: a path or a pattern, looked at again every few seconds, with one follower for each path; and the
//! register of files, so that a file that is reached by two paths or renamed within the pattern is read once.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::cause::Cause;
use crate::domain::moment::Moment;
use crate::domain::safe::Safe;
use crate::logs::{Reload, Stream};

use super::file::{Identity, OpenFile};
use super::follower::{self, Follower};
use super::glob;
use super::outlet::Outlet;
use super::pace::{Pace, QUICK};
use super::reload::Reloaded;
use super::{LogEvent, LogState, Options};

/// Pause between looks at a pattern.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
/// Most files remembered.
const REMEMBERED: usize = 256;

/// A log of files.
pub struct FilesSource {
    log: u16,
    pattern: String,
    options: Options,
    followers: Vec<(usize, Follower)>,
    next_owner: usize,
    registry: Registry,
    next_look: Option<Moment>,
    left_out: usize,
    state: Option<LogState>,
    pace: Pace,
}

impl FilesSource {
    /// Prepares to follow a path or a pattern.
    pub fn new(log: u16, pattern: &str, options: Options) -> FilesSource {
        let mut source = FilesSource {
            log,
            pattern: pattern.to_owned(),
            options,
            followers: Vec::new(),
            next_owner: 0,
            registry: Registry::default(),
            next_look: None,
            left_out: 0,
            state: None,
            pace: Pace::default(),
        };
        if !glob::is_pattern(pattern) {
            source.follow(PathBuf::from(pattern), true);
        }
        source
    }

    /// One turn; gives the pause that suits it.
    pub fn poll(&mut self, out: &mut Outlet<'_>) -> Duration {
        out.stirred = false;
        if glob::is_pattern(&self.pattern) && self.next_look.is_none_or(|at| out.now >= at) {
            self.next_look = Some(out.now.plus(LOOK_AGAIN));
            self.look_again(out);
        }
        let mut more = false;
        // Begin with another file each turn, so that a loud one cannot keep the others out.
        if self.followers.len() > 1 {
            self.followers.rotate_left(1);
        }
        for (owner, follower) in &mut self.followers {
            more |= follower.poll(out, &mut self.registry, *owner);
        }
        let state = self.current_state();
        if self.state.as_ref() != Some(&state) {
            self.state = Some(state.clone());
            out.emit(LogEvent::State { log: self.log, state });
        }
        // An unfinished line makes no segment, but who wrote it goes on writing.
        if out.stirred || self.followers.iter().any(|(_, follower)| follower.is_fed(out.now)) {
            self.pace.stir(out.now);
        }
        if more {
            return Duration::ZERO;
        }
        let pause = self.pace.pause(out.now);
        let unattended = self.followers.iter().any(|(_, follower)| follower.has_unattended_fifo());
        if unattended { pause.min(QUICK) } else { pause }
    }

    /// Reads older lines of one of the files again.
    pub fn reload(&self, wanted: &Reload, buffer: &mut [u8], now: Moment) -> Option<Reloaded> {
        let of = |(_, follower): &&(usize, Follower)| follower.stream() == wanted.gap.stream;
        self.followers.iter().find(of)?.1.reload(wanted, buffer, now)
    }

    /// FIFOs that somebody has open for writing and that are empty.
    pub fn awaited(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.followers.iter().flat_map(|(_, follower)| follower.awaited())
    }

    fn follow(&mut self, path: PathBuf, named: bool) {
        // After 65 536 files two share a stream: their lines stand as they arrived.
        let stream = Stream { log: self.log, file: self.next_owner as u16 };
        let follower = Follower::new(path, stream, self.options, named);
        self.followers.push((self.next_owner, follower));
        self.next_owner += 1;
    }

    fn look_again(&mut self, out: &mut Outlet<'_>) {
        let (paths, left_out) = glob::expand(&self.pattern);
        self.left_out = left_out;
        // A path that is gone keeps its follower until its file fell silent.
        let registry = &mut self.registry;
        self.followers.retain_mut(|(owner, follower)| {
            let stays = paths.iter().any(|path| path == follower.path());
            if !stays && !follower.is_idle() && follower.path().exists() {
                follower.close(out, registry, *owner);
            }
            stays || !follower.is_idle()
        });
        for path in paths {
            if !self.followers.iter().any(|(_, follower)| follower.path() == path) {
                self.follow(path, false);
            }
        }
    }

    fn current_state(&self) -> LogState {
        let trouble = self.followers.iter().find_map(|(_, f)| f.trouble.as_ref().map(|cause| (f, cause)));
        let files = self.followers.iter().filter(|(_, f)| f.is_reading()).count();
        match trouble {
            Some((follower, Cause::FileMissing(_))) if files == 0 => {
                LogState::Waiting(follower::waiting_for(follower.path()))
            }
            Some((_, cause)) if !matches!(cause, Cause::FileMissing(_)) => {
                LogState::Failed { cause: cause.clone(), retry_in: follower::RETRY }
            }
            _ if files == 0 => LogState::Waiting(Safe::of(format!("no file matches {}", self.pattern))),
            _ => LogState::Reading { files, left_out: self.left_out },
        }
    }
}

/// Which files were read, how far, and by the follower of which path.
#[derive(Debug, Default)]
pub struct Registry {
    known: VecDeque<Known>,
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Past {
    /// Never seen.
    New,
    /// The follower of another path reads it.
    ReadElsewhere,
    /// It was read up to here.
    ReadTo(u64),
}

#[derive(Debug)]
struct Known {
    identity: Identity,
    head: Vec<u8>,
    position: u64,
    owner: usize,
    open: bool,
}

impl Registry {
    /// Remembers how far a file was read.
    pub fn note(&mut self, file: &OpenFile, owner: usize, open: bool) {
        if let Some(known) = self.known.iter_mut().find(|k| k.identity == file.identity) {
            known.position = file.position;
            known.owner = owner;
            known.open = open;
            if known.head != file.head() {
                known.head = file.head().to_vec();
            }
            return;
        }
        if self.known.len() >= REMEMBERED {
            let oldest = self.known.iter().position(|k| !k.open).unwrap_or(0);
            self.known.remove(oldest);
        }
        let head = file.head().to_vec();
        self.known.push_back(Known { identity: file.identity, head, position: file.position, owner, open });
    }

    /// What is known of a file that was just opened. An inode that was used again for other contents is a new file.
    pub fn find(&self, file: &OpenFile, owner: usize) -> Past {
        let Some(known) = self.known.iter().find(|k| k.identity == file.identity && !file.is_fifo) else {
            return Past::New;
        };
        if known.open && known.owner != owner {
            return Past::ReadElsewhere;
        }
        let mut beginning = vec![0; known.head.len()];
        let read = file.read_at(0, &mut beginning).unwrap_or(0);
        let same = read == beginning.len() && read > 0 && beginning == known.head && file.size() >= known.position;
        if same { Past::ReadTo(known.position) } else { Past::New }
    }
}
