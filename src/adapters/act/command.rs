//! Runs a program once: words, never a shell; a minimal environment; a session of its own without a terminal; its output
//! bounded and never in its way; one deadline, after which nobody claims to know what it did.

use std::ffi::OsString;
use std::pin::pin;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::Child;
use tokio::time::{Instant, timeout, timeout_at};

use super::client_log::ClientLog;
use super::heard::{Heard, hear};
use super::listener::Listener;
use super::session;
use super::ssh::{self, Reached};
use crate::adapters::operator;
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe};
use crate::remediation::command::CommandStep;
use crate::remediation::place::Place;
use crate::remediation::rights::{self, Refused};
use crate::remediation::step::StepEnd;

/// After the program ended: how long what it left running may still hold its output open.
const GRACE: Duration = Duration::from_millis(100);
/// The client says whom it is to reach within this.
const ASKING: Duration = Duration::from_secs(3);
/// Lines of its output that are kept for people, and of its last words when it failed.
const SAID: usize = 40;
const LAST_WORDS: usize = 4;
/// What every program gets of our environment, beside the language of its messages. No SUDO_ASKPASS and no SSH_ASKPASS:
/// nothing may ask.
const ALWAYS: [&str; 5] = ["PATH", "HOME", "USER", "LOGNAME", "TZ"];
/// What only some need.
const FOR_SSH: [&str; 1] = ["SSH_AUTH_SOCK"];
const FOR_USER_MANAGER: [&str; 2] = ["XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];
const FOR_CONTAINERS: [&str; 8] = [
    "XDG_RUNTIME_DIR",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "CONTAINER_HOST",
    "CONTAINERS_CONF",
];
/// Where programs are looked for when our own environment does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a program needs to know of our environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    UserManager,
    Containers,
}

/// Runs commands with what the environment says of paths and sockets.
#[derive(Clone, Debug)]
pub struct Commands {
    variables: Vec<(OsString, OsString)>,
}

impl Commands {
    /// In the environment of this process.
    #[must_use]
    pub fn here() -> Commands {
        Commands::within(std::env::vars_os())
    }

    /// In this environment. Of it programs get only what they need.
    #[must_use]
    pub fn within(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Commands {
        Commands { variables: variables.into_iter().collect() }
    }

    /// Runs a command once and tells how it ended.
    pub async fn run_command(&self, step: &CommandStep, deadline: Duration) -> CommandEnd {
        self.run(step, Needs::Nothing, deadline).await
    }

    /// The same, with more variables than every program gets: what must not stand in an argument list.
    pub async fn run_with(
        &self,
        step: &CommandStep,
        variables: &[(OsString, OsString)],
        deadline: Duration,
    ) -> CommandEnd {
        let mut all = self.environment(&step.place, Needs::Nothing);
        all.extend(variables.iter().cloned());
        run_within(step, &all, deadline).await
    }

    pub(super) async fn run(&self, step: &CommandStep, needs: Needs, deadline: Duration) -> CommandEnd {
        run_within(step, &self.environment(&step.place, needs), deadline).await
    }

    fn environment(&self, place: &Place, needs: Needs) -> Vec<(OsString, OsString)> {
        let beside: &[&str] = match (place, needs) {
            (Place::Ssh { .. }, _) => &FOR_SSH,
            (Place::Local, Needs::Nothing) => &[],
            (Place::Local, Needs::UserManager) => &FOR_USER_MANAGER,
            (Place::Local, Needs::Containers) => &FOR_CONTAINERS,
        };
        let wanted = |name: &OsString| ALWAYS.iter().chain(beside).any(|wanted| name == *wanted);
        let mut kept: Vec<_> = self.variables.iter().filter(|(name, _)| wanted(name)).cloned().collect();
        if !kept.iter().any(|(name, _)| name == "PATH") {
            kept.push(("PATH".into(), PATH.into()));
        }
        // What programs say is judged and shown, so it is said in one language.
        kept.push(("LANG".into(), "C".into()));
        kept.push(("SYSTEMD_COLORS".into(), "0".into()));
        kept
    }
}

/// Starts it in exactly this environment, and sees it to its end.
async fn run_within(step: &CommandStep, variables: &[(OsString, OsString)], deadline: Duration) -> CommandEnd {
    if deadline.is_zero() {
        // Not even begun: it certainly had no effect.
        return CommandEnd::of(Ending::NotStarted(Cause::Timeout { phase: Phase::Whole, after: deadline }));
    }
    let until = Instant::now() + deadline;
    let log = ClientLog::of(&step.place);
    let whole = step.whole().map(|argv| match &log {
        Some(log) => log.told_to(argv),
        None => argv,
    });
    let started = whole.and_then(|argv| session::start(&argv, variables));
    let (mut child, session) = match started {
        Ok(started) => started,
        Err(cause) => return CommandEnd::of(Ending::NotStarted(cause)),
    };
    // What only reads may stop anywhere.
    let _listener = (!step.reads).then(|| Listener::to(&child, variables)).flatten();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (mut output, mut errors) = (Heard::default(), Heard::default());
    let ending = {
        let pipes = async {
            tokio::join!(hear(stdout, &mut output), hear(stderr, &mut errors));
        };
        watch(&mut child, session, pipes, until, deadline).await
    };
    let client = log.map(|log| log.heard()).unwrap_or_default();
    let mut ended = CommandEnd { ending, output, errors, client, reached: None };
    if ended.is_doubtful(step) {
        ended.reached = Box::pin(reached(&step.place, &ended.client, variables, until)).await;
    }
    ended
}

/// Whom the client was to reach, by what it says itself. Only where it does not say whose key it did not take, it is seen
/// whether it takes it now; nothing is run over there.
async fn reached(place: &Place, client: &Heard, variables: &[(OsString, OsString)], until: Instant) -> Option<Reached> {
    let Place::Ssh { host } = place else { return None };
    let ask =
        |argv| CommandStep { argv, place: Place::Local, become_argv: None, expected_exit: Vec::new(), reads: true };
    let left = || until.saturating_duration_since(Instant::now()).min(ASKING);
    let told = run_within(&ask(["ssh", "-G", "--", host].map(str::to_owned).to_vec()), variables, left()).await;
    let reached = match told.ending {
        Ending::Exited(0) => Reached::read(told.output.whole()?),
        Ending::Exited(255) => Some(Reached::Nowhere),
        _ => None,
    };
    match reached {
        Some(Reached::At { host, port, .. }) if ssh::says_only_that_a_key_failed(client) => {
            let knock = run_within(&ask(place.knock()?), variables, left()).await;
            let again = knock.ending == Ending::Exited(255) && ssh::says_only_that_a_key_failed(&knock.errors);
            Some(Reached::At { host, port, unknown_key: again })
        }
        reached => reached,
    }
}

/// Waits until the program ended, its output taken all the while; ends it at the deadline.
async fn watch(
    child: &mut Child,
    mut session: session::Session,
    pipes: impl Future<Output = ()>,
    until: Instant,
    deadline: Duration,
) -> Ending {
    let mut pipes = pin!(pipes);
    let mut open = true;
    let ended = async {
        loop {
            tokio::select! {
                () = &mut pipes, if open => open = false,
                status = child.wait() => return status,
            }
        }
    };
    let Ok(status) = timeout_at(until, ended).await else {
        let rest = async {
            if open {
                pipes.await;
            }
        };
        session.end(child, rest).await;
        return Ending::Deadline(deadline);
    };
    session.release();
    if open {
        // What it left running may hold the pipes; that is not waited for.
        let _ = timeout(GRACE, pipes).await;
    }
    status.map_or_else(|e| Ending::Lost(Safe::of(e.to_string())), Ending::of)
}

/// How a command ended, and what it printed.
#[derive(Clone, Debug)]
pub struct CommandEnd {
    /// How.
    pub ending: Ending,
    /// Its standard output.
    pub output: Heard,
    /// Its standard error; of a far one, without what the client says itself.
    pub errors: Heard,
    /// What the client said itself.
    client: Heard,
    /// Whom the client was to reach, where that was asked.
    reached: Option<Reached>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It was never started.
    NotStarted(Cause),
    /// With this exit status.
    Exited(i32),
    /// A signal ended it.
    Signalled,
    /// The deadline passed, and it was ended.
    Deadline(Duration),
    /// The system does not say.
    Lost(Safe),
}

impl Ending {
    fn of(status: ExitStatus) -> Ending {
        status.code().map_or(Ending::Signalled, Ending::Exited)
    }
}

/// Who asks, where that is known: on another machine it is somebody else. Whose rights count, whatever the environment says.
pub(super) fn asker(place: &Place) -> Option<String> {
    let here = *place == Place::Local;
    here.then(|| operator::user_name(rustix::process::geteuid().as_raw())).flatten().map(|name| name.to_string())
}

impl CommandEnd {
    fn of(ending: Ending) -> CommandEnd {
        CommandEnd::with(ending, Heard::default(), Heard::default())
    }

    /// Of a program that printed this. Whether a far one was reached is not known of it.
    #[must_use]
    pub fn with(ending: Ending, output: Heard, errors: Heard) -> CommandEnd {
        CommandEnd { ending, output, errors, client: Heard::default(), reached: None }
    }

    /// The client's own status, and it may be that nothing was run.
    fn is_doubtful(&self, step: &CommandStep) -> bool {
        let far = matches!(step.place, Place::Ssh { .. });
        far && self.ending == Ending::Exited(255) && ssh::may_not_have_got_in(&self.output, &self.client)
    }

    /// What became of the step. What was started and did not say how it went may have had its effect.
    #[must_use]
    pub fn step_end(&self, step: &CommandStep) -> StepEnd {
        let far = matches!(step.place, Place::Ssh { .. });
        match &self.ending {
            Ending::NotStarted(cause) => StepEnd::Failed(cause.clone()),
            Ending::Exited(255) if far && ssh::never_got_in(&self.output, &self.client, self.reached.as_ref()) => {
                StepEnd::Failed(Cause::Unreachable(self.why_it_ended()))
            }
            // The client's own status and a program's cannot be told apart: it may have been run.
            Ending::Exited(255) if far => StepEnd::Unknown(Cause::ConnectionLost(self.why_it_ended())),
            Ending::Exited(code) if step.expects(*code) => StepEnd::Done { fates: Vec::new(), said: self.said() },
            Ending::Exited(code) => match self.refused(step, *code) {
                Some(Refused { cause, surely: true }) => StepEnd::Failed(cause),
                Some(Refused { cause, surely: false }) => StepEnd::Miscarried(cause),
                None => StepEnd::Failed(Cause::CommandFailed { code: Some(*code), said: self.last_words() }),
            },
            Ending::Signalled => StepEnd::Unknown(Cause::CommandFailed { code: None, said: self.last_words() }),
            Ending::Deadline(after) => StepEnd::Unknown(Cause::Timeout { phase: Phase::Whole, after: *after }),
            Ending::Lost(words) => StepEnd::Unknown(Cause::Other(words.clone())),
        }
    }

    /// sudo itself ended, and ran nothing.
    fn refused(&self, step: &CommandStep, code: i32) -> Option<Refused> {
        let said = if self.output.is_empty() { self.errors.said(SAID) } else { return None };
        rights::of_sudo(step, || asker(&step.place), session::of_root, code, &said)
    }

    /// What it printed, for people: bounded in lines and length.
    #[must_use]
    pub fn said(&self) -> Vec<Safe> {
        let mut said = self.output.said(SAID);
        said.extend(self.errors.said(SAID));
        said.extend(self.client.said(SAID));
        said
    }

    /// The last that the client said; before it, a host may have shown its banner, which says nothing of that.
    fn why_it_ended(&self) -> Safe {
        let said = self.client.last_words(LAST_WORDS);
        if said.as_str().is_empty() { self.last_words() } else { said }
    }

    /// The last it said of what went wrong.
    #[must_use]
    pub fn last_words(&self) -> Safe {
        [&self.errors, &self.client, &self.output]
            .into_iter()
            .map(|heard| heard.last_words(LAST_WORDS))
            .find(|words| !words.as_str().is_empty())
            .unwrap_or_else(|| Safe::of("it said nothing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_banner_the_client_still_says_why_it_ended() {
        let heard = |words: &[u8]| {
            let mut heard = Heard::default();
            heard.take(words);
            heard
        };
        let of = |client: &[u8]| CommandEnd {
            client: heard(client),
            ..CommandEnd::with(Ending::Exited(255), Heard::default(), heard(b"Authorized use only.\n"))
        };
        let step = CommandStep {
            argv: vec!["true".to_owned()],
            place: Place::Ssh { host: "db".to_owned() },
            become_argv: None,
            expected_exit: Vec::new(),
            reads: false,
        };
        let told = |end: StepEnd| match end {
            StepEnd::Unknown(cause) => cause.to_string(),
            other => panic!("{other:?}"),
        };
        let words = told(of(b"Connection to db closed by remote host.\n").step_end(&step));
        assert!(words.contains("closed by remote host") && !words.contains("Authorized"), "{words}");
        assert!(told(of(b"").step_end(&step)).contains("Authorized use only"), "it is all that was said");
    }
}
