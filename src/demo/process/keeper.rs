//! The keeper: a process that only waits for the sample to be gone, then ends what is left of it and removes its
//! folder. It sits in a session of its own, where no signal of a terminal reaches it.

use std::{
    io::{BufRead, Write},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::{
    super::error::{DemoError, Doing},
    folder,
    identity::ProcessIdentity,
};

/// How long the keeper tries before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a server may take to end in order before it is killed.
const ORDERLY: Duration = Duration::from_secs(8);

/// What the keeper is told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Charge {
    Folder(PathBuf),
    Process(ProcessIdentity),
}

impl Charge {
    /// Whether the keeper still needs to know this; both ends forget the rest, so that neither list grows.
    fn stands(&self) -> bool {
        match self {
            Self::Folder(_) => true,
            Self::Process(process) => process.lives(),
        }
    }
}

/// The sample's end of the keeper.
#[derive(Debug)]
pub struct Keeper {
    child: Child,
    told: Vec<Charge>,
}

impl Keeper {
    /// Starts a keeper of this folder.
    pub fn start(folder: &Path) -> Result<Self, DemoError> {
        let mut keeper = Self { child: Self::spawn()?, told: Vec::new() };
        keeper.tell(Charge::Folder(folder.to_path_buf()))?;
        Ok(keeper)
    }

    fn spawn() -> Result<Child, DemoError> {
        let mut command = super::part(None, "keeper");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().doing("start the sample's keeper")
    }

    /// Puts one more process under the keeper.
    pub fn watch(&mut self, pid: u32) -> Result<(), DemoError> {
        ProcessIdentity::of(pid as i32).map_or(Ok(()), |process| self.tell(Charge::Process(process)))
    }

    fn tell(&mut self, charge: Charge) -> Result<(), DemoError> {
        let said = Self::say(&mut self.child, &charge);
        self.told.retain(Charge::stands);
        self.told.push(charge);
        said
    }

    fn say(child: &mut Child, charge: &Charge) -> Result<(), DemoError> {
        let line = serde_json::to_string(charge).doing("describe a process")? + "\n";
        let pipe = child.stdin.as_mut().ok_or_else(|| DemoError::new("the keeper has no pipe"))?;
        pipe.write_all(line.as_bytes()).doing("talk to the keeper")
    }

    /// Replaces a keeper that was killed.
    pub fn revive(&mut self) -> Result<(), DemoError> {
        if matches!(self.child.try_wait(), Ok(None)) {
            return Ok(());
        }
        self.child = Self::spawn()?;
        self.told.iter().try_for_each(|charge| Self::say(&mut self.child, charge))
    }

    /// Lets the keeper do its work and waits until it has.
    pub fn finish(&mut self) {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The keeper's own body.
pub fn keep() -> Result<(), DemoError> {
    // Fails only if this process leads a session already.
    let _ = rustix::process::setsid();
    let (mut root, mut processes) = (None, Vec::<ProcessIdentity>::new());
    for line in std::io::stdin().lock().lines() {
        // A pipe that cannot be read is a sample that is gone.
        let Ok(line) = line else { break };
        match serde_json::from_str(&line) {
            Ok(Charge::Folder(path)) => root = Some(path),
            Ok(Charge::Process(process)) => {
                processes.retain(|process| process.lives());
                processes.push(process);
            }
            Err(_) => {}
        }
    }
    clear(root.as_deref(), &processes)
}

fn clear(root: Option<&Path>, processes: &[ProcessIdentity]) -> Result<(), DemoError> {
    let began = Instant::now();
    // To PostgreSQL this means: stop at once, take your processes and shared memory with you.
    signal(processes, Signal::QUIT);
    while began.elapsed() < PATIENCE {
        if began.elapsed() > ORDERLY {
            signal(processes, Signal::KILL);
        }
        if !processes.iter().any(|process| process.lives()) && root.is_none_or(folder::remove) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err(DemoError::new("something of the sample is left"))
}

fn signal(processes: &[ProcessIdentity], signal: Signal) {
    for process in processes {
        process.signal(signal);
    }
}
