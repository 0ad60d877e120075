//! Becomes a server that cannot outlive the sample. The kernel forgets a death signal when the user changes, so this
//! runs as the server's user already, asks for the signal, and only then turns into the server.

use std::{ffi::OsString, os::unix::process::CommandExt, process::Command};

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use super::super::error::DemoError;

/// Ends this process with `signal` when its parent dies, which must still be `parent`.
pub fn die_with(parent: i32, signal: Signal) -> Result<(), DemoError> {
    set_parent_process_death_signal(Some(signal))
        .map_err(|error| DemoError::new(format!("cannot tie this process to the sample: {error}")))?;
    if getppid().map(|pid| pid.as_raw_nonzero().get()) == Some(parent) {
        Ok(())
    } else {
        Err(DemoError::new("the sample is gone"))
    }
}

/// `SIGNAL PARENT PROGRAM ARGUMENTS…`; returns only when it failed.
pub fn launch(arguments: &[OsString]) -> DemoError {
    let [signal, parent, program, rest @ ..] = arguments else {
        return DemoError::new("launch needs a signal, a parent and a program");
    };
    let signal = if signal == "QUIT" { Signal::QUIT } else { Signal::KILL };
    let Some(parent) = parent.to_str().and_then(|text| text.parse().ok()) else {
        return DemoError::new("launch needs the parent's process id");
    };
    if let Err(error) = die_with(parent, signal) {
        return error;
    }
    let error = Command::new(program).args(rest).exec();
    DemoError::new(format!("cannot start {}: {error}", program.to_string_lossy()))
}
