//! Processes of the sample, started so that none outlives the rest. Services are our own executable and end when their
//! standard input closes, and by the kernel when the sample dies. Servers are started by `launch`, which asks the kernel to
//! end them with the sample and becomes the server. `keeper` lives in a session of its own: when the sample is gone, it
//! ends what is left and removes the folder.

pub mod account;
pub mod folder;
pub mod identity;
mod keeper;
pub mod launch;
pub mod lifeline;

use std::{
    ffi::OsString,
    os::unix::process::CommandExt,
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    error::DemoError,
    options::DemoOptions,
    services::{gateway, worker},
};

pub use account::Account;
pub use keeper::Keeper;

/// The keeper, to whom everyone who starts a process reports it.
pub type SharedKeeper = Arc<Mutex<Keeper>>;

/// The keeper, for a moment.
pub fn keeper(shared: &SharedKeeper) -> MutexGuard<'_, Keeper> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This executable, even if it was replaced on disk or lies in a folder that the account may not enter.
const OURSELVES: &str = "/proc/self/exe";

/// A process of the sample itself, as `account` where there is one.
pub fn part(account: Option<&Account>, name: &str) -> Command {
    let mut command = Command::new(OURSELVES);
    command.arg0("quarterdeck").args(["demo", "--part", name]);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
    command.current_dir("/");
    if name != "keeper" {
        // The keeper begins a session of its own, which only a process that leads no group may do.
        command.process_group(0);
    }
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// A foreign program that the kernel ends with `signal` (`KILL` or `QUIT`) when we die.
pub fn server(account: Option<&Account>, signal: &str, program: &std::path::Path) -> Command {
    let mut command = part(account, "launch");
    command.arg(signal).arg(std::process::id().to_string()).arg(program);
    command
}

/// How the dashboard starts its sample: standard input is the lifeline, standard output brings one line of addresses,
/// standard error the reason when it ends by itself.
pub fn child_command(options: &DemoOptions) -> Command {
    use std::process::Stdio;
    let mut command = Command::new(OURSELVES);
    command.arg0("quarterdeck").args(["demo", "--serve-only", "--lifeline"]);
    if let Some(scenario) = options.scenario {
        command.args(["--scenario", scenario.name()]);
    }
    command.args(["--scenario-after", &format!("{}s", options.scenario_after.as_secs())]);
    command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The body of `quarterdeck demo --part NAME …`, which only the sample itself calls.
pub fn run_part(name: &str, arguments: &[OsString]) -> Result<(), DemoError> {
    match name {
        "launch" => Err(launch::launch(arguments)),
        "keeper" => keeper::keep(),
        "api" => super::services::run(super::api::serve),
        "worker" => super::services::run(worker::serve),
        "gateway" => super::services::run(gateway::serve),
        other => Err(DemoError::new(format!("the sample has no part `{other}`"))),
    }
}
