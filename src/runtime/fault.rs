//! Faults that tests ask for, to see the terminal restored after a defect. Not in the released program.

use std::path::Path;
use std::sync::{Arc, Barrier};

/// Which fault: `loop`, `thread`, `threads`, or a place that waits for [`NOW`]: `draw`, `source`.
const VARIABLE: &str = "QUARTERDECK_FAULT";
/// A file in the current folder: from when it is there, a place that is reached has its fault.
const NOW: &str = "fault-now";

/// Panics where it was asked to.
pub fn set_off_if_asked() {
    let threads = match std::env::var(VARIABLE).as_deref() {
        Ok("loop") => set_off(),
        Ok("thread") => 1,
        Ok("threads") => 4,
        _ => return,
    };
    let together = Arc::new(Barrier::new(threads));
    for _ in 0..threads {
        let together = Arc::clone(&together);
        std::thread::spawn(move || {
            together.wait();
            set_off();
        });
    }
}

/// Panics if this is the place, and it is time.
pub fn reached(place: &str) {
    if std::env::var(VARIABLE).is_ok_and(|asked| asked == place) && Path::new(NOW).exists() {
        set_off();
    }
}

#[expect(clippy::panic, reason = "a defect is what it plays")]
fn set_off() -> ! {
    panic!("a fault was asked for: \u{1b}[2J\u{202e}")
}
