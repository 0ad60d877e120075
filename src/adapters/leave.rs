//! How long an effect may still begin: asked again directly before the first byte that can change anything, since an order
//! may have waited, a name may have hung, and a machine may have slept in between.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::Cause;
use crate::domain::cause::Phase;

/// Says how much time is left, each time it is asked. The clock behind it counts suspend.
#[derive(Clone)]
pub struct Leave {
    given: Duration,
    left: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Leave {
    /// By this clock; `given` is what the whole of it may take, for the words.
    pub fn new(given: Duration, left: impl Fn() -> Duration + Send + Sync + 'static) -> Leave {
        Leave { given, left: Arc::new(left) }
    }

    /// What is left of it now.
    #[must_use]
    pub fn left(&self) -> Duration {
        (self.left)()
    }

    /// What is left of it now.
    ///
    /// # Errors
    /// Nothing is left: nothing is to be sent.
    pub fn ask(&self) -> Result<Duration, Cause> {
        match self.left() {
            Duration::ZERO => Err(Cause::Timeout { phase: Phase::Connect, after: self.given }),
            left => Ok(left),
        }
    }
}

impl fmt::Debug for Leave {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} of {:?}", self.left(), self.given)
    }
}
