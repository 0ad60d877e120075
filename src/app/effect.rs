//! What the program wants done, as data. Only `RunAction` may change anything that is watched, and what it carries only the
//! guard can make.

use std::sync::Arc;
use std::time::Duration;

use crate::app::actions::approvals::SecondOrder;
use crate::app::actions::standing::Wanted;
use crate::app::alerts::Kept;
use crate::app::job::Job;
use crate::config::resolved::{CacheSpec, MetricsSpec, Receivers, ServiceSpec};
use crate::domain::source::SourceId;
use crate::domain::{Moment, Safe};
use crate::engine::Question;
use crate::logs::Reload;
use crate::remediation::action::SessionSelector;
use crate::remediation::approval::Spending;
use crate::remediation::audit::Entry;
use crate::remediation::backup::Backup;
use crate::remediation::card::Identity;
use crate::remediation::explain::Explained;
use crate::remediation::guard::Approved;
use crate::remediation::object::{AgreedTo, ObjectKey};
use crate::remediation::query::{RedisStep, SqlStep};
use crate::remediation::service::ServiceStep;
use crate::remediation::step::{HttpStep, SessionVerb};
use crate::remediation::turn::Turn;
use crate::remediation::upkeep::Upkeep;

/// An order to the runtime.
#[derive(Debug)]
pub enum Effect {
    /// Read every source now.
    RefreshAll,
    /// Begin to watch a service that was discovered.
    WatchService(SourceId, Arc<ServiceSpec>),
    /// Begin to watch a cache that was discovered.
    WatchCache(SourceId, Arc<CacheSpec>),
    /// Compute this off the loop.
    Compute(Job),
    /// Read older lines of a log again.
    ReloadLog(Reload),
    /// The pause between telemetry frames.
    SetPause(Duration),
    /// Use this theme.
    SetTheme(String),
    /// Ask the terminal for reports of its mouse, or no more.
    SetMouse(bool),
    /// Put these lines on the terminal's clipboard.
    Copy(Vec<Safe>),
    /// Read the program's own log for the overlay.
    ReadDiagnostics,
    /// Read what an action would touch; only read.
    Preview(Box<PreviewOrder>),
    /// Count who else is attached to the tmux session that we stand in: whoever is can type here too.
    CountTmuxClients,
    /// Take the locks of a target, and note that the cool-down of the action begins.
    Hold {
        /// For which run.
        run: u64,
        /// The target's identity, hashed.
        key: String,
        /// The same of other targets that it touches.
        beside: Vec<String>,
        /// Which action.
        action: Safe,
        /// Its target, for words.
        target: Safe,
        /// Not again before.
        cool_down: Duration,
        /// The approval that it uses up.
        spending: Option<Spending>,
        /// The turns of databases that it needs until its end.
        turns: Vec<Turn>,
    },
    /// Write to the audit, and say so when it is on disk; nobody waits for it without a run.
    Record {
        /// For which run.
        run: Option<u64>,
        /// Which of the run's records, so that nobody takes what became of it for what became of another.
        number: u64,
        /// What.
        entry: Box<Entry>,
    },
    /// Do this, once. Emitted only when the intent is on disk.
    RunAction {
        /// Of which run.
        run: u64,
        /// Which step.
        step: usize,
        /// What, on what.
        approved: Box<Approved>,
        /// Where whom a request reaches is read once more before it is sent, if that is declared.
        receivers: Option<Receivers>,
    },
    /// Count the sessions that are still as the card shows them.
    ReadObjects {
        /// For which run.
        run: u64,
        /// Of which database.
        database: usize,
        /// Which server it must be.
        identity: Identity,
        /// Which.
        objects: Vec<ObjectKey>,
        /// What was done to them.
        verb: SessionVerb,
    },
    /// Count the keys of a cache's database.
    CountKeys {
        /// For which run.
        run: u64,
        /// Of which cache.
        cache: usize,
        /// Which server it must be.
        identity: Identity,
    },
    /// Stop the step of a run in the middle, as far as it can be.
    Interrupt {
        /// Of which run.
        run: u64,
    },
    /// Ask a database which tables are most in need of upkeep.
    ReadNeedy {
        /// Which.
        database: usize,
    },
    /// Let the locks go.
    Release {
        /// Of which run.
        run: u64,
        /// Nothing was done: what was noted of its start is taken back.
        unused: Option<Unused>,
    },
    /// Read what the audit tells of other operators and of earlier times; only read.
    ReadHistory,
    /// Ask the shared folder who holds these targets and what cools down there; only look.
    LookAtGuards {
        /// Number of the question.
        id: u64,
        /// Which.
        wanted: Vec<Wanted>,
    },
    /// Forget what the terminal shows and draw everything.
    RedrawAll,
    /// Stop as a job of the shell.
    Suspend,
    /// Leave.
    Quit,
    /// Ask the metrics engine; the answer bears the number.
    AskEngine {
        /// The number.
        id: u64,
        /// What.
        question: Question,
    },
    /// Read the rules files again.
    ReadRules,
    /// Something for a second person, in the folder that operators share.
    Second(Box<SecondOrder>),
    /// Begin to scrape an endpoint that was discovered; its place.
    WatchMetrics(usize, Arc<MetricsSpec>),
    /// Keep what a person said about alerts over a restart.
    KeepAlerts(Box<Kept>),
    /// Alerts began to fire: ring, or let the terminal notify; the words are our own.
    Ring {
        /// The terminal's bell.
        bell: bool,
        /// What a notification says.
        notify: Option<Safe>,
    },
    /// Take down what the wall clock shows, for the next program: it is trusted.
    KeepClock(Moment),
    /// Ask the server with Prometheus' query API; the answer comes as the engine's.
    AskServer {
        /// The number.
        id: u64,
        /// What.
        question: Question,
    },
    /// Read the files that the doctor looks at.
    ReadDocuments {
        /// Number of the look.
        id: u64,
        /// Programs whose files are looked for beside them.
        programs: Vec<String>,
    },
    /// See whether the silence of an action is as it should be.
    ReadSilence {
        /// For which run.
        run: u64,
        /// What was sent.
        request: Box<HttpStep>,
        /// The id of the one that was made, where it was told.
        made: Option<String>,
    },
}

/// What a preview is to find out.
#[derive(Clone, Debug)]
pub struct PreviewOrder {
    /// Its number, for the answer.
    pub id: u64,
    /// Of what.
    pub of: PreviewOf,
    /// Within this.
    pub deadline: Duration,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub enum PreviewOf {
    /// Sessions of a database.
    Sessions {
        /// Which database.
        database: usize,
        /// Which sessions.
        selector: SessionSelector,
        /// What would be done to them.
        verb: SessionVerb,
        /// At most so many.
        cap: usize,
        /// Only these, which were agreed to before: who came since is not looked for.
        agreed: Option<Vec<AgreedTo>>,
    },
    /// Whom a request reaches.
    Receivers(Receivers),
    /// A service.
    Service(Box<ServiceStep>),
    /// The database of a cache.
    Flush {
        /// Which cache.
        cache: usize,
    },
    /// A statement, and whether it can be planned.
    Explain {
        /// Of which database.
        database: usize,
        /// Which.
        of: Explained,
    },
    /// A table or an index.
    Upkeep {
        /// Of which database.
        database: usize,
        /// What would be done to it.
        upkeep: Upkeep,
        /// It would have to end within this.
        limit: Duration,
    },
    /// The database that a statement goes to.
    Sql(Box<SqlStep>),
    /// The Redis that a command goes to.
    Redis(Box<RedisStep>),
    /// A database that is to be backed up, and where to.
    Backup {
        /// Which database.
        database: usize,
        /// What is asked for.
        backup: Backup,
        /// What it is called here.
        name: Safe,
    },
    /// A silence of an Alertmanager that this request would make or end.
    Silence(Box<HttpStep>),
}

/// An action that took its locks and did nothing: it does not cool down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Which.
    pub action: Safe,
    /// The targets, as they were locked.
    pub keys: Vec<String>,
}
