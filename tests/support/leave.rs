//! Leave for an effect: as long as one likes, or over after having been asked so often.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quarterdeck::adapters::leave::Leave;

/// Always the whole of it.
pub fn whole(of: Duration) -> Leave {
    Leave::new(of, move || of)
}

/// The machine slept after it was asked so often.
pub fn over_after(asked: usize, of: Duration) -> Leave {
    let times = AtomicUsize::new(0);
    Leave::new(of, move || if times.fetch_add(1, Ordering::SeqCst) < asked { of } else { Duration::ZERO })
}
