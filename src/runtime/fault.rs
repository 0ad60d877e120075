//! Faults that tests ask for, to see the terminal restored after a defect. Not in the released program.

use std::sync::{Arc, Barrier};

/// Which fault: `loop`, `thread` or `threads`.
const VARIABLE: &str = "QUARTERDECK_FAULT";

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

#[expect(clippy::panic, reason = "a defect is what it plays")]
fn set_off() -> ! {
    panic!("a fault was asked for: \u{1b}[2J\u{202e}")
}
