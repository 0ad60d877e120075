//! What the program wants done, as data. Nothing here writes to the outside world that is watched.

use std::sync::Arc;
use std::time::Duration;

use crate::app::job::Job;
use crate::config::resolved::{CacheSpec, ServiceSpec};
use crate::domain::Safe;
use crate::domain::source::SourceId;
use crate::logs::Reload;

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
    /// Forget what the terminal shows and draw everything.
    RedrawAll,
    /// Stop as a job of the shell.
    Suspend,
    /// Leave.
    Quit,
}
