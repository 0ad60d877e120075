//! `quarterdeck approve`: what waits for a second person, and the card of one with its phrase, on a terminal.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use rustix::termios::{QueueSelector, tcflush};

use super::arguments::Targets;
use super::{load, say};
use crate::adapters::tmux;
use crate::app::actions::{approvals, approving, forms, sight};
use crate::config::resolved::ActionsSpec;
use crate::domain::Safe;
use crate::remediation::outcome::Outcome;
use crate::runtime::approve::Approver;
use crate::runtime::{clock, refusal};

/// EX_SOFTWARE of sysexits.
const FAILED: u8 = 70;
/// tmux answers within this, or is not asked further.
const TMUX: Duration = Duration::from_secs(2);
/// Longest line that is read.
const LONGEST: u64 = 4096;

pub fn run(id: Option<&str>, targets: Targets) -> ExitCode {
    let spec = match load::load(targets.into()) {
        Ok(resolution) => resolution.resolved.actions,
        Err(problems) => return load::refuse(&problems),
    };
    if spec.shared.is_none() {
        let why = "a second person is met in the folder `shared` under [actions], and none is configured";
        return turn_away(&spec, id, why);
    }
    if id.is_some() && !is_watched_by_a_person() {
        return turn_away(&spec, id, "it needs a terminal, on which somebody reads the card");
    }
    match Approver::start(&spec) {
        Ok(approver) => answer(approver, id),
        Err(error) => {
            say::complain(format!("nothing was approved: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

fn is_watched_by_a_person() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

fn answer(mut approver: Approver, id: Option<&str>) -> ExitCode {
    let done = match id {
        None => approver.list().map(|look| {
            say::out(&approvals::list(&look, clock::now()));
        }),
        Some(id) => approve(&mut approver, id),
    };
    let (head, notes) = approver.finish();
    say::err(&notes);
    say::out(head.as_slice());
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => refuse(why.as_str()),
    }
}

fn approve(approver: &mut Approver, id: &str) -> Result<(), Safe> {
    let found = approver.find(id).inspect_err(|why| approver.turn_away(id, why))?;
    let request = found.request.clone();
    say::out(&approving::lines(&found, clock::now()));
    let clients = tmux::clients(std::env::var_os("TMUX").as_deref(), TMUX);
    say::out(forms::crowd(clients).as_slice());
    // Nobody is asked for a phrase that would be refused; that it was tried is recorded.
    if found.against.is_some() {
        return approver.approve(request, String::new());
    }
    say::out(&[Safe::default(), Safe::of(format!("type {} to approve, or nothing to leave:", request.phrase))]);
    let typed = read_phrase();
    if typed.is_empty() {
        approver.leave(&request);
        return Err(Safe::of("left without approving"));
    }
    let id = request.id.clone();
    approver.approve(request, typed)?;
    say::out(&[Safe::of(format!("{id} is approved: whoever asked consents again and runs it, once"))]);
    Ok(())
}

/// What is typed from now on: what was typed before the card could be read is gone.
fn read_phrase() -> String {
    let _unflushed = std::io::stdout().flush();
    std::thread::sleep(sight::DEAF);
    let stdin = std::io::stdin();
    let _not_flushed = tcflush(&stdin, QueueSelector::IFlush);
    let mut line = String::new();
    let _unreadable = stdin.lock().take(LONGEST).read_line(&mut line);
    line.trim_end_matches(['\n', '\r']).to_owned()
}

/// What somebody would have approved is recorded where they get no further than this.
fn turn_away(spec: &ActionsSpec, id: Option<&str>, why: &str) -> ExitCode {
    let Some(id) = id else { return refuse(why) };
    let entry = approvals::of_nothing(id, &Safe::of(why), clock::now());
    for line in refusal::record(spec, entry, Outcome::Refused.exit_status()) {
        say::complain(line);
    }
    refuse(why)
}

fn refuse(why: &str) -> ExitCode {
    say::complain(format!("refused: {why}"));
    ExitCode::from(Outcome::Refused.exit_status())
}
