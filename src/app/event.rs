//! Everything that can happen to the program, as past facts. Whoever saw it puts it in; `update` alone decides.

use std::sync::Arc;

use crate::app::actions::approvals::SecondEvent;
use crate::app::actions::standing::Standing;
use crate::app::alerts::Kept;
use crate::app::doctor::{FileRead, WholePaths};
use crate::app::geometry::Geometry;
use crate::app::job::JobResult;
use crate::app::timeline::History;
use crate::config::resolved::{CacheSpec, MetricsSpec, ServiceSpec};
use crate::domain::source::SourceId;
use crate::domain::{Arrival, Cause, Moment, Safe, Untrusted};
use crate::engine::Output;
use crate::input::{Key, Mouse};
use crate::logs::{BlockSummary, Segment, Stream};
use crate::remediation::action::Action;
use crate::remediation::card::{Digest, Preview};
use crate::remediation::execution::Input;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The screen is there, and everything behind it.
    Began,
    /// A key was pressed.
    KeyPressed(Key),
    /// The mouse did something.
    Moused(Mouse),
    /// Text was pasted; already through the gate.
    Pasted(Safe),
    /// The terminal has another size now.
    Resized,
    /// A frame slot came round.
    TimePassed,
    /// A source gave or failed.
    ReadingArrived(Box<Arrival>),
    /// A newer reading displaced one that nobody had looked at.
    ReadingDisplaced(SourceId),
    /// Looking at a bare origin ended.
    OriginDiscovered(Box<Discovered>),
    /// Something of the logs.
    LogHappened(LogEvent),
    /// The compute thread is done with a job.
    JobFinished(Box<JobResult>),
    /// A frame went to the terminal, laid out like this.
    FrameDrawn(Geometry),
    /// The terminal took the frame: a person can see it.
    FrameTaken,
    /// Bytes that went to the terminal so far.
    BytesWritten(u64),
    /// The program's own log, asked for by the overlay: newest lines last.
    DiagnosticsRead(Vec<Safe>),
    /// The card of an action was asked for, where no screen has a menu.
    CardAsked(Box<Action>),
    /// The card was consented to with the code that stands for its phrase.
    Consented {
        /// The digest that the code is bound to.
        digest: Digest,
        /// Why.
        reason: String,
    },
    /// A preview ended.
    Previewed {
        /// Of which order.
        id: u64,
        /// What it found.
        outcome: Box<Result<Preview, Cause>>,
        /// When it was begun.
        begun: Moment,
    },
    /// Something happened to an action that runs.
    ActionHappened {
        /// Which run.
        run: u64,
        /// What.
        input: Box<Input>,
    },
    /// A step that runs says how far it is.
    StepTold {
        /// Of which run.
        run: u64,
        /// In a few lines.
        lines: Vec<Safe>,
    },
    /// Invalid indexes that a cancelled reindex left, as far as was looked: all that are there now.
    LeftoversFound {
        /// Of which database.
        database: usize,
        /// Whole names, quoted by the server.
        names: Vec<Untrusted>,
    },
    /// The tables that are most in need of upkeep, and their dead rows.
    NeedyFound {
        /// Of which database.
        database: usize,
        /// Whole names, quoted by the server.
        tables: Vec<(Untrusted, i64)>,
    },
    /// The audit can be written again, or cannot any more, and why.
    AuditStands(Result<(), Safe>),
    /// Runs of before that never came to an end: nobody knows whether they had their effect.
    RunsRecovered(Vec<Safe>),
    /// What the audit tells of other operators and of earlier times.
    HistoryRead(Box<History>),
    /// The shared folder told who holds what, and what cools down.
    GuardsSeen {
        /// Of which question.
        id: u64,
        /// What it told.
        seen: Vec<Standing>,
    },
    /// So many clients are attached to the tmux session that we stand in, where tmux says it; without tmux there are none.
    TmuxClientsCounted(Option<usize>),
    /// Whom the guards cover, when that is less than all.
    GuardsCover(Safe),
    /// Somebody else asked us to stop as a job of the shell.
    AskedToSuspend,
    /// We were stopped, by ourselves or by others, and go on now.
    Continued,
    /// A signal asked us to leave; its name.
    AskedToLeave(&'static str),
    /// Something of second persons.
    Second(Box<SecondEvent>),
    /// The metrics engine told something.
    EngineTold(Vec<Output>),
    /// What an earlier run kept of alerts, or that it could not be read; and who operates.
    AlertsKept {
        /// What was kept; nothing where nothing was.
        kept: Option<Box<Kept>>,
        /// What went wrong, in words.
        trouble: Option<Safe>,
        /// Who operates.
        operator: Safe,
    },
    /// The shared policy is not any more the one that this program was started under.
    PolicyChanged(Safe),
    /// What both clocks showed when an earlier program of this boot trusted them last, if there was one.
    ClockRemembered(Result<Option<Moment>, Safe>),
    /// Another window of this user kept something else of alerts.
    AlertsShared {
        /// What all of them keep.
        kept: Box<Kept>,
        /// What this one gave to it, which may be older than what it gave last.
        given: Box<Kept>,
    },
    /// The files that the doctor looks at were read.
    DocumentsRead {
        /// Of which look.
        id: u64,
        /// Each.
        files: Vec<FileRead>,
        /// Files of programs that were looked for beside them.
        whole_paths: WholePaths,
    },
    /// Everything is to be looked at by the doctor, where no screen has a page for it.
    DoctorAsked,
    /// The same of an action whose objects are chosen anew, whatever was approved.
    FreshCardAsked(Box<Action>),
}

/// What was found at a bare origin.
#[derive(Clone, Debug)]
pub struct Discovered {
    /// Which of the resolved origins.
    pub origin: usize,
    /// Services to watch.
    pub services: Vec<ServiceSpec>,
    /// A cache to watch.
    pub caches: Vec<CacheSpec>,
    /// Pages of metrics to scrape.
    pub metrics: Vec<MetricsSpec>,
    /// What was asked and found, a line each.
    pub told: Vec<Safe>,
}

/// What happened to a log; `log` is its place in the configuration.
#[derive(Clone, Debug)]
pub enum LogEvent {
    /// New lines, parsed and sealed.
    Lines(Arc<Segment>),
    /// A block of the old part of a big file was counted.
    Counted {
        /// Which log.
        log: u16,
        /// What was counted.
        block: BlockSummary,
    },
    /// So many bytes at the beginning of a file are only counted; they can be read again. 0: not any more.
    OldPart {
        /// Which file.
        stream: Stream,
        /// Where it ends.
        until: u64,
    },
    /// A stretch of the old part was read again.
    Reloaded {
        /// Which file.
        stream: Stream,
        /// Which of its bytes.
        bytes: (u64, u64),
        /// The lines.
        segments: Vec<Arc<Segment>>,
    },
    /// Lines or bytes that could not be taken.
    Lost {
        /// Which log.
        log: u16,
        /// Lines, as far as they could be counted.
        lines: u64,
        /// Bytes.
        bytes: u64,
        /// Why.
        why: Safe,
    },
    /// It can be read, or why not.
    State {
        /// Which log.
        log: u16,
        /// Whether it can be read.
        state: Result<(), Cause>,
    },
}
