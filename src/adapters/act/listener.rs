//! Somebody who listens to a program when this one is killed: a pipe that nobody reads ends whoever writes into it, and what
//! changes things would stop half-way at its next line. While this program lives the listener waits and takes nothing.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::process::Stdio;

use tokio::process::Child;

use super::session;

/// It waits for the end of its input, which is ours to hold open, and then takes whatever comes through both pipes.
const WAITS: &str = "read -r never; cat <&1 >/dev/null & exec cat <&2 >/dev/null";

/// The listener; it goes when it is dropped.
pub struct Listener {
    _listening: Child,
}

impl Listener {
    /// Of a program that was just started. Without one the program runs all the same.
    pub fn to(program: &Child, variables: &[(OsString, OsString)]) -> Option<Listener> {
        let output = again(program.stdout.as_ref()?)?;
        let errors = again(program.stderr.as_ref()?)?;
        let argv = ["sh", "-c", WAITS].map(str::to_owned);
        let listening = session::detached(&argv, variables, Stdio::piped(), output, errors).ok()?;
        Some(Listener { _listening: listening })
    }
}

/// The same pipe opened once more: ours does not wait, and whoever shared it would not either.
fn again(pipe: &(impl AsFd + ?Sized)) -> Option<Stdio> {
    let path = format!("/proc/self/fd/{}", pipe.as_fd().as_raw_fd());
    File::open(path).ok().map(Stdio::from)
}
