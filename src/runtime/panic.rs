//! A panic, anywhere: the terminal is restored first, then the report is told, through the gate like all text.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use color_eyre::config::{HookBuilder, Theme};

use crate::domain::Safe;

use super::deadline;
use super::terminal::modes;

/// Exit status after a panic, as the standard library has it.
const PANICKED: i32 = 101;

/// Of several threads that panic, the first one restores and reports; the others wait for the end here.
static REPORTING: Mutex<()> = Mutex::new(());

/// Installs the hook. Errors of people never look like this: only a defect does.
pub fn install() -> color_eyre::Result<()> {
    let (report, errors) = HookBuilder::new()
        .theme(Theme::new())
        .panic_section("This is a defect of quarterdeck, not of what it watches. The end of an action that was running is not known: the next start shows it.")
        .into_hooks();
    errors.install()?;
    std::panic::set_hook(Box::new(move |info| {
        let _first = REPORTING.lock().unwrap_or_else(PoisonError::into_inner);
        modes::leave();
        // The report may go to the terminal, and that may take no byte any more.
        let _deadline = deadline::start(PANICKED);
        let text = report.panic_report(info).to_string();
        let mut stderr = std::io::stderr().lock();
        for line in text.lines() {
            let _ = writeln!(stderr, "{}", Safe::of(line));
        }
        // A thread that is gone would leave a screen that looks alive and is not.
        std::process::exit(PANICKED);
    }));
    Ok(())
}
