//! One action without a screen: the same `update`, guard, audit and effects as the dashboard's, with another end. A dry run
//! prints the card and its code; a code that comes back is consent to that card, if a fresh preview still gives it.

mod watching;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::adapters::operator;
use crate::adapters::tickets::Tickets;
use crate::app::actions::approvals::SecondEvent;
use crate::app::actions::{against, evidence, headless, load, progress, question, record};
use crate::app::{Effect, Event, Model, job, update};
use crate::config::Resolved;
use crate::domain::Safe;
use crate::remediation::action::Action;
use crate::remediation::agreed::Agreed;
use crate::remediation::audit::{AuditEvent, Entry};
use crate::remediation::card::{Card, Digest};
use crate::remediation::execution::{Input, Phase};
use crate::remediation::outcome::Outcome;

use super::acting::Acting;
use super::asking::Person;
use super::inbox::Inbox;
use super::teller::Teller;
use super::watch::Watch;
use super::{clock, deadline, history, panic, signals};

pub use super::teller::Told;

/// The readings that an action looks at are awaited for so long.
const READINGS: Duration = Duration::from_secs(10);
/// What needs two readings gets the second after this.
const AGAIN: Duration = Duration::from_secs(2);
/// A preview keeps a deadline of its own; this is for what stands before it in the queue too.
const PREVIEW: Duration = Duration::from_secs(35);
/// The shared folder is looked at within this.
const FOLDER: Duration = Duration::from_secs(5);
/// Who else is attached to our tmux session is known within this, or that nobody can say.
const TMUX: Duration = Duration::from_secs(3);
/// A request stands on the disk within this.
const DISK: Duration = Duration::from_secs(20);
/// How long the loop sleeps at most.
const STEP: Duration = Duration::from_millis(200);

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Way {
    /// The card and a code; `again` is the command line without the code.
    DryRun {
        /// What a person types to run it.
        again: Safe,
        /// What it touches is chosen anew, whatever was approved.
        anew: bool,
    },
    /// Do it.
    Confirm {
        /// What the dry run printed.
        code: String,
        /// Why.
        reason: String,
        /// How long it is watched afterwards whether anything gets worse, if at all.
        watch: Option<Duration>,
    },
}

/// Makes the card of an action, or runs it. The exit status: that of its outcome, or of the signal that broke it off.
pub fn run(resolved: &Resolved, action: &Action, way: Way, print: fn(&Told)) -> std::io::Result<u8> {
    panic::install().map_err(std::io::Error::other)?;
    // Whatever comes of it, a code that was passed is used up from here on.
    let consent = match way {
        Way::DryRun { again, anew } => Ok(Consent::Asked { again, anew }),
        Way::Confirm { code, reason, watch } => {
            redeem(&code, action).map(|good| Consent::Given { good, reason, watch })
        }
    };
    let inbox = Arc::new(Inbox::default());
    let watch = Watch::start(Arc::clone(&inbox))?;
    signals::listen(watch.io(), &inbox)?;
    let acting = Acting::asked(&resolved.actions, Arc::clone(&inbox))?;
    let model = Model::new(resolved, clock::now(), clock::local_offset());
    let teller = Teller::start(print)?;
    let mut driver = Driver {
        model,
        watch,
        acting,
        inbox,
        teller,
        left: None,
        told: Safe::default(),
        audit_opened: false,
        tmux_answered: false,
        person: Person::new(),
        asked: None,
    };
    let status = match consent {
        Ok(consent) => driver.go(resolved, action, consent),
        Err(why) => {
            let why = Safe::of(format!("the code is refused: {why}"));
            driver.turn_away(AuditEvent::ConfirmationFailed, action, vec![why])
        }
    };
    Ok(driver.end(status))
}

/// Takes the ticket of a code, and judges it.
fn redeem(code: &str, action: &Action) -> Result<Good, Safe> {
    let ticket = Tickets::open()?.take(code)?;
    let now = operator::in_this_boot(clock::now());
    let (count, agreed) = (ticket.count(), Box::new(ticket.agreed().clone()));
    let digest = ticket.redeem(code, action.id.as_str(), action.target.name.as_str(), &now)?;
    Ok(Good { digest, count, agreed })
}

/// What a code stands for.
struct Good {
    digest: Digest,
    count: Option<u64>,
    agreed: Box<Agreed>,
}

enum Consent {
    Asked { again: Safe, anew: bool },
    Given { good: Good, reason: String, watch: Option<Duration> },
}

struct Driver {
    model: Model,
    watch: Watch,
    acting: Acting,
    inbox: Arc<Inbox>,
    teller: Teller,
    /// The signal that asked to leave.
    left: Option<&'static str>,
    /// What was told last of how it stands.
    told: Safe,
    /// The audit was opened, or cannot be: runs of before whose end is not known were told by then.
    audit_opened: bool,
    /// Who else is attached to our tmux session was asked and answered.
    tmux_answered: bool,
    /// Who answers what a runbook asks, and what was asked last.
    person: Person,
    asked: Option<Phase>,
}

impl Driver {
    fn go(&mut self, resolved: &Resolved, action: &Action, consent: Consent) -> u8 {
        let (model, live, mut needed) = (&self.model, &self.model.live, Vec::new());
        for (kind, count) in [
            (crate::domain::source::SourceKind::Service, live.services.len()),
            (crate::domain::source::SourceKind::Database, live.databases.len()),
            (crate::domain::source::SourceKind::Cache, live.caches.len()),
            (crate::domain::source::SourceKind::Signal, live.signals.len()),
            (crate::domain::source::SourceKind::Alertmanager, usize::from(live.alertmanager.is_some())),
        ] {
            let ids = (0..count).map(|at| crate::domain::source::SourceId::new(kind, at));
            needed.extend(ids.filter(|id| evidence::needs(model, action, *id)));
        }
        let stays = match &consent {
            Consent::Given { watch, .. } => *watch,
            Consent::Asked { .. } => None,
        };
        self.watch.begin_only(resolved, |id| needed.contains(&id) || stays.is_some() && watching::watches(id));
        self.pump(PREVIEW, |d| d.audit_opened);
        self.await_readings(action);
        // What a second person approved already is for the card to stand for.
        let alone = resolved.actions.shared.is_none() || !resolved.actions.allow;
        self.pump(FOLDER, |d| alone || d.model.actions.second.looked);
        if let Consent::Given { good: Good { count, agreed, .. }, .. } = &consent {
            self.step(Event::Second(Box::new(SecondEvent::Agreed { count: *count, agreed: agreed.clone() })));
        }
        if stays.is_some() {
            self.look_before();
        }
        let asked = Box::new(action.clone());
        self.step(match &consent {
            Consent::Asked { anew: true, .. } => Event::FreshCardAsked(asked),
            _ => Event::CardAsked(asked),
        });
        self.pump(PREVIEW, |d| d.model.actions.asked.is_none());
        if let Some(signal) = self.left {
            return signals::exit_status(signal);
        }
        let Some(card) = headless::card(&self.model).cloned() else {
            if self.model.actions.asked.is_some() {
                return self.turn_away(
                    AuditEvent::Refused,
                    action,
                    vec![Safe::of("no card: the preview did not answer")],
                );
            }
            // That it was refused is recorded where that was found out.
            let said = self.model.view.message.as_ref().map(|message| message.text.clone());
            let why = vec![said.unwrap_or_else(|| Safe::of("no card"))];
            // Where nothing may be done the dashboard records nothing; but this was ordered.
            return if resolved.actions.allow {
                self.refuse(why)
            } else {
                self.turn_away(AuditEvent::Refused, action, why)
            };
        };
        match consent {
            Consent::Asked { again, .. } => {
                self.pump(TMUX, |d| d.tmux_answered);
                let lines = headless::lines(&self.model, &card);
                self.teller.tell(Told::Answer(lines));
                let hindered = headless::against(&self.model, &card);
                if !hindered.is_empty() {
                    return self.turn_card_away(&card, hindered);
                }
                match Tickets::open().and_then(|tickets| tickets.issue(&card, clock::now())) {
                    Ok(code) => {
                        let next = headless::second_person(&self.model, &card);
                        let offer = headless::offer(&card, &code, &again).into_iter().chain(next);
                        self.teller.tell(Told::Answer(offer.collect()));
                        0
                    }
                    Err(why) => self.turn_card_away(&card, vec![Safe::of(format!("no code could be made: {why}"))]),
                }
            }
            Consent::Given { good: Good { digest, .. }, reason, .. } => {
                self.step(Event::Consented { digest, reason });
                // Also where it waits already: whoever asks again is told for what.
                let second = &self.model.actions.second;
                if second.asking.is_some() || !second.told.is_empty() {
                    return self.ask_second_person(&card);
                }
                let status = self.see_through();
                if stays.is_none() {
                    self.tell_unwatched();
                }
                stays.map_or(status, |time| self.look_after(time, status))
            }
        }
    }

    /// Consent was good, and another person's is asked for: nothing was done yet.
    fn ask_second_person(&mut self, card: &Card) -> u8 {
        self.pump(DISK, |d| d.model.actions.second.asking.is_none());
        let second = &self.model.actions.second;
        if second.asking.is_some() {
            return self.refuse(vec![Safe::of("the disk of the shared folder does not answer")]);
        }
        let lines = headless::asked(second);
        if second.asked.is_empty() {
            return self.refuse(lines);
        }
        self.teller.tell(Told::Answer(lines));
        let void = headless::void(&self.model, card);
        self.refuse(void.into_iter().chain([Safe::of("a second person has to approve it first")]).collect())
    }

    /// Waits for what the action looks at, and for no longer than it may take.
    fn await_readings(&mut self, action: &Action) {
        let complete = |d: &Driver| {
            let live = &d.model.live;
            evidence::is_complete(live, action, d.model.now)
                && load::is_told(&d.model, action)
                && against::is_told(live, action)
        };
        let until = Instant::now() + READINGS;
        self.pump(AGAIN, complete);
        if !complete(self) {
            self.watch.refresh_all();
        }
        self.pump(until.saturating_duration_since(Instant::now()), complete);
    }

    /// From the consent to the record of the end.
    fn see_through(&mut self) -> u8 {
        if self.model.actions.current.is_none() {
            let why = headless::refused(&self.model);
            return self.refuse(why);
        }
        while self.model.actions.running().is_some() {
            for event in self.inbox.take_all(STEP) {
                self.step(event);
                self.tell_standing();
            }
            self.step(Event::TimePassed);
            self.tell_standing();
            self.ask();
        }
        let Some(current) = &self.model.actions.current else { return Outcome::Unknown.exit_status() };
        let report = headless::plain(&progress::document(&current.execution, self.model.now));
        self.teller.tell(Told::Answer(std::iter::once(Safe::default()).chain(report).collect()));
        match current.execution.phase() {
            // What nobody can look up later is no success.
            Phase::Ended { outcome: Outcome::Verified, recorded: false } => Outcome::Failed.exit_status(),
            Phase::Ended { outcome, .. } => outcome.exit_status(),
            _ => Outcome::Unknown.exit_status(),
        }
    }

    /// What a runbook asks is asked here, and what is typed is its answer. Nobody at the terminal is no answer.
    fn ask(&mut self) {
        let Some(current) = &self.model.actions.current else { return };
        let Some(asked) = current.execution.question() else {
            self.asked = None;
            return;
        };
        let (run, phase) = (current.id, current.execution.phase());
        let is_new = self.asked != Some(phase);
        let words = || question::words(&asked, &current.execution, &self.model.live, self.model.now);
        let mut lines = if is_new { words() } else { Vec::new() };
        let typed = if is_new { None } else { self.person.line() };
        let answer = typed.as_ref().and_then(|line| question::typed(&asked, line));
        if is_new || typed.is_some() && answer.is_none() {
            lines.push(Safe::of(question::choices(&asked)));
        }
        if is_new {
            self.asked = Some(phase);
            self.person.listen();
        }
        if !lines.is_empty() {
            self.teller.tell(Told::Answer(lines));
        }
        let answer = if Person::is_there() { answer } else { Some(Input::NobodyThere) };
        if let Some(input) = answer {
            self.happened(Event::ActionHappened { run, input: Box::new(input) });
        }
    }

    fn tell_standing(&mut self) {
        let Some(current) = &self.model.actions.current else { return };
        let (words, _tone) = progress::standing(&current.execution);
        if words != self.told {
            let line = Safe::of(format!("{}  {words}", self.model.now.wall.format("%H:%M:%SZ")));
            self.told = words;
            self.teller.tell(Told::Answer(vec![line]));
        }
    }

    /// Nothing was done.
    fn refuse(&mut self, why: Vec<Safe>) -> u8 {
        let lines = why.into_iter().map(|why| Safe::of(format!("refused: {why}"))).collect();
        self.teller.tell(Told::Trouble(lines));
        Outcome::Refused.exit_status()
    }

    /// Nothing was done, and that it was asked for is recorded.
    fn turn_away(&mut self, event: AuditEvent, action: &Action, why: Vec<Safe>) -> u8 {
        let entry: Entry = record::of_order(event, action, &why, clock::now());
        self.acting.obey(&self.watch, Effect::Record { run: None, number: 0, entry: Box::new(entry) });
        self.refuse(why)
    }

    /// The same of what got as far as a card.
    fn turn_card_away(&mut self, card: &Card, why: Vec<Safe>) -> u8 {
        let entry = record::of_card(AuditEvent::Refused, card, &why, clock::now());
        self.acting.obey(&self.watch, Effect::Record { run: None, number: 0, entry: Box::new(entry) });
        self.refuse(why)
    }

    /// Takes what comes until it is enough, the time is over, or we are asked to leave.
    fn pump(&mut self, patience: Duration, enough: impl Fn(&Driver) -> bool) {
        let until = Instant::now() + patience;
        while !enough(self) && self.left.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            for event in self.inbox.take_all(left.min(STEP)) {
                self.step(event);
            }
        }
    }

    fn step(&mut self, event: Event) {
        self.audit_opened |= matches!(event, Event::AuditStands(_));
        self.tmux_answered |= matches!(event, Event::TmuxClientsCounted(_));
        match event {
            Event::AskedToLeave(signal) => self.asked_to_leave(signal),
            // They are told at once; over the card they would lie in its way.
            event @ Event::RunsRecovered(_) => self.teller.tell(Told::Trouble(history::unfinished(event))),
            event => self.happened(event),
        }
    }

    fn happened(&mut self, event: Event) {
        for effect in update(&mut self.model, event, clock::now()) {
            match effect {
                Effect::Compute(job) => self.happened(Event::JobFinished(Box::new(job::run(job)))),
                Effect::RefreshAll => self.watch.refresh_all(),
                effect => self.acting.obey(&self.watch, effect),
            }
        }
    }

    /// Before the first byte it is cancelled; after it, it goes on to its end and is recorded.
    fn asked_to_leave(&mut self, signal: &'static str) {
        self.left = Some(signal);
        let Some(current) = self.model.actions.current.as_ref() else { return };
        let words = Safe::of(format!("{signal}: {}", current.execution.cancel_words()));
        let run = current.id;
        self.teller.tell(Told::Trouble(vec![words]));
        self.happened(Event::ActionHappened { run, input: Box::new(Input::CancelAsked) });
    }

    /// Lets go of everything; what was told is seen out, unless we are asked to leave.
    fn end(self, status: u8) -> u8 {
        let Driver { acting, watch, inbox, mut teller, .. } = self;
        let letting_go = deadline::start(i32::from(status));
        let head = acting.finish();
        drop(letting_go);
        // Nobody waited for the audit where an order was turned away at once; what it found is told to no other program.
        let (mut asked, mut late) = (false, Vec::new());
        for event in inbox.wait(Duration::ZERO, false) {
            asked |= matches!(event, Event::AskedToLeave(_));
            late.extend(history::unfinished(event));
        }
        if !late.is_empty() {
            teller.tell(Told::Trouble(late));
        }
        if let Some(head) = head {
            teller.tell(Told::Answer(vec![head]));
        }
        teller.close();
        while !asked && !teller.is_done() {
            asked = inbox.take_all(STEP / 10).iter().any(|event| matches!(event, Event::AskedToLeave(_)));
        }
        drop(watch);
        status
    }
}
