//! The one guard. It looks at a card, at the consent to it and at how things stand now, and gives the warrant without which
//! nothing runs, or the reasons why not. What is not known is never taken for true.

use std::time::Duration;

use unicode_normalization::UnicodeNormalization;

use crate::domain::figure;
use crate::domain::signal::SignalValue;
use crate::domain::target::{Environment, Provenance};
use crate::domain::{Moment, Safe};

use super::action::{Action, Plan};
use super::approval::{Demands, Granted, Policy, Spending};
use super::card::{Card, Digest, Identity, Preview};
use super::clock_trust::ClockTrust;
use super::level::Level;
use super::measure::{Evidence, Measure, Precondition};
use super::object::ObjectKey;
use super::step::Step;
use super::window::{self, Window, WindowRefusal};

/// A card may be consented to, and an action started, for so long after its preview, by the boot-time clock.
pub const CONSENT_LASTS: Duration = Duration::from_secs(60);

/// What is waited for before the first effect stretches the consent by so much in all: as long as somebody may still be taken
/// to have the screen, and what they agreed to, in mind. Beyond it a person is asked again.
pub const WAITS_ADD: Duration = Duration::from_secs(15 * 60);

/// How things stand when the guard is asked.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Now.
    pub now: Moment,
    /// Actions were allowed, and the permission has not lapsed.
    pub armed: bool,
    /// The screen stands still: what is on it is of before.
    pub frozen: bool,
    /// What is known of the target is older than it should be, in words.
    pub stale: Option<&'a Safe>,
    /// An action that runs in this program, in words.
    pub running: Option<&'a Safe>,
    /// The newest readings.
    pub readings: &'a [Evidence],
    /// Maintenance windows, for what destroys.
    pub windows: &'a [Window],
    /// Whether the wall clock may open one.
    pub clock: &'a ClockTrust,
    /// Of what a second person is asked, and what may break the glass.
    pub policy: &'a Policy,
    /// What a second person approved, if anything.
    pub approval: Option<&'a Granted>,
}

/// What a person agreed to. It cannot be copied: it is used once.
#[derive(Debug)]
pub struct Consent {
    /// Of the card that was shown.
    pub digest: Digest,
    /// What was typed to confirm.
    pub typed: String,
    /// Why, where that is asked for.
    pub reason: String,
    /// When.
    pub given_at: Moment,
}

/// Leave to run one action once. Only the guard makes it.
#[derive(Debug)]
pub struct Warrant {
    card: Card,
    digest: Digest,
    reason: Safe,
    expires: Moment,
    /// What waits added to that since a person last agreed, and what they would have beyond what they may.
    waited: Duration,
    beyond: Duration,
    /// What destroys is bound to these windows, by this clock; judged again at the moment of effect.
    windows: Option<Bound>,
    /// Who else approved it, where that was asked for.
    approval: Option<Granted>,
}

/// When what destroys may run, and by which clock.
#[derive(Debug)]
struct Bound {
    windows: Vec<Window>,
    /// Of policy: they have to be open as well.
    policy: Vec<Window>,
    clock: ClockTrust,
}

/// Leave to run one step of it now. Only a warrant makes it, and an execution asks for it when the intent is on disk.
#[derive(Clone, Debug)]
pub struct Approved {
    step: Step,
    identity: Identity,
    objects: Vec<ObjectKey>,
    not_after: Moment,
}

impl Warrant {
    /// The card that was consented to.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Why, in the operator's words.
    #[must_use]
    pub fn reason(&self) -> &Safe {
        &self.reason
    }

    /// Whether the consent still holds: the first byte may only be sent before this is over.
    #[must_use]
    pub fn is_good(&self, now: Moment) -> bool {
        now.boot <= self.expires.boot
    }

    /// The person answered what the action asked on its way: they are there, and want it to go on.
    pub(super) fn renew(&mut self, now: Moment) {
        let anew = now.plus(CONSENT_LASTS);
        if anew.boot > self.expires.boot {
            self.expires = anew;
        }
        (self.waited, self.beyond) = (Duration::ZERO, Duration::ZERO);
    }

    /// So long it waited as its card says it does: that was consented to, and takes nothing from the consent, up to a bound.
    pub(super) fn waited(&mut self, time: Duration) {
        let added = time.min(WAITS_ADD.saturating_sub(self.waited));
        self.waited += added;
        self.beyond += time.saturating_sub(added);
        self.expires = self.expires.plus(added);
    }

    /// How long it waited, where only that made the consent old: a person can be asked again.
    pub(super) fn overslept(&self, now: Moment) -> Option<Duration> {
        let only_by_waiting = !self.is_good(now) && now.boot <= self.expires.plus(self.beyond).boot;
        only_by_waiting.then_some(self.waited + self.beyond)
    }

    /// Why what a second person approved does not count any more, if so.
    pub(super) fn approval_ran_out(&self, now: Moment) -> Option<Safe> {
        let granted = self.approval.as_ref()?;
        let refusal = granted.in_time(now).err()?;
        Some(Safe::of(format!("what {} approved does not count any more: {refusal}", granted.by())))
    }

    /// Who else approved it; always there where the card asks for it.
    #[must_use]
    pub fn approval(&self) -> Option<&Granted> {
        self.approval.as_ref()
    }

    /// What has to be used up before anything is sent; `terms` makes the mark of what it binds, with the reason.
    #[must_use]
    pub fn spending(&self, terms: impl FnOnce(&Card, &Safe) -> String) -> Option<Spending> {
        let id = self.approval.as_ref()?.request.id.clone();
        let terms = terms(&self.card, &self.reason);
        Some(Spending { id, digest: self.digest.hex(), terms, reason: self.card.action.given.veil(&self.reason) })
    }

    /// Takes a reading of both clocks in: a jump in the middle locks the windows.
    pub(super) fn see(&mut self, now: Moment) {
        if let Some(bound) = &mut self.windows {
            bound.clock.see(now);
        }
    }

    /// Why what takes so long may not begin now, though it was allowed: its maintenance window.
    pub(super) fn shut(&self, now: Moment, needs: Duration) -> Option<WindowRefusal> {
        let Bound { windows, policy, clock } = self.windows.as_ref()?;
        let shut = judge(windows, policy, now, needs, clock).err();
        shut.filter(|shut| !self.card.demands.break_glass || !may_be_broken(shut))
    }

    /// Leave for one step. One of a runbook is bound to what the card shows for that step alone.
    pub(super) fn approve(&self, step: &Step, part: Option<usize>, now: Moment) -> Approved {
        let nothing = Preview::default();
        let found = match part {
            None => &self.card.preview,
            Some(place) => self.card.part(place).unwrap_or(&nothing),
        };
        Approved {
            step: step.clone(),
            identity: found.identity.clone(),
            objects: found.objects.iter().map(|object| object.key.clone()).collect(),
            not_after: now.plus(step.deadline),
        }
    }
}

impl Approved {
    /// What is to be done.
    #[must_use]
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// What the target must say it is, read in the same connection just before.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How much time is left for it: nothing is sent when there is none, however long the order waited.
    #[must_use]
    pub fn left(&self, now: Moment) -> Duration {
        self.not_after.since(now)
    }

    /// Until when its effect may begin.
    #[must_use]
    pub fn not_after(&self) -> Moment {
        self.not_after
    }

    /// The most that may be touched.
    #[must_use]
    pub fn objects(&self) -> &[ObjectKey] {
        &self.objects
    }
}

/// What a person has to type: the target's name, and with what destroys the count too. `None`: a chord is enough.
#[must_use]
pub fn phrase(card: &Card) -> Option<String> {
    let name = card.action.target.name.as_str();
    match card.action.level {
        Level::L0 | Level::L1 => None,
        Level::L2 => Some(name.to_owned()),
        Level::L3 => Some(format!("{name} {}", card.count())),
    }
}

/// Whether the operator has to say why.
#[must_use]
pub fn needs_reason(card: &Card) -> bool {
    let action = &card.action;
    card.demands.break_glass || action.level >= Level::L2 && action.target.environment == Environment::Production
}

/// What policy asks for beside phrase and window, as things stand now. Whatever breaks the glass needs a second person,
/// also where none is asked for within the window.
#[must_use]
pub fn demands(action: &Action, situation: &Situation<'_>) -> Demands {
    let policy = situation.policy;
    let break_glass =
        policy.grants_breaking(action) && shut(action, situation).is_some_and(|shut| may_be_broken(&shut));
    let second_person = break_glass || policy.wants_second_person(action);
    Demands { second_person, break_glass, policy: policy.mark }
}

/// Whether break-glass gets past this. Not past a clock that nobody vouches for: whether a window is open is not known
/// then, the record would bear a time that may be wrong, and looking at the clock (`:confirm-time`) takes seconds.
fn may_be_broken(shut: &WindowRefusal) -> bool {
    !matches!(shut, WindowRefusal::ClockLocked(_))
}

/// Whether what was typed is the phrase: exactly, composed alike, nothing trimmed.
#[must_use]
pub fn is_typed(phrase: Option<&str>, typed: &str) -> bool {
    phrase.is_none_or(|phrase| phrase.nfc().eq(typed.nfc()))
}

/// How acting is allowed.
pub const READ_ONLY: &str = "read-only: start with --allow-actions, or allow = true under [actions]";

/// Nobody acts on what was so before. How it goes on is for the screen to say.
pub const FROZEN: &str = "FROZEN: what is shown is of before";

/// Why an action cannot be asked for now; the first reason. What does not depend on a card.
#[must_use]
pub fn hindrance(action: &Action, situation: &Situation<'_>) -> Option<Safe> {
    if let Some(why) = situation.policy.against(action) {
        return Some(why);
    }
    if !situation.armed && action.level > Level::L0 {
        return Some(Safe::of(READ_ONLY));
    }
    if situation.frozen {
        return Some(Safe::of(FROZEN));
    }
    let target = &action.target;
    if target.provenance == Provenance::Discovered && !target.on_loopback {
        return Some(Safe::of("discovered, not configured: it can be watched, not acted on"));
    }
    if let Some(stale) = situation.stale {
        return Some(stale.clone());
    }
    if let Some(shut) = shut(action, situation)
        && !demands(action, situation).break_glass
    {
        return Some(Safe::of(shut.to_string()));
    }
    if let Some(running) = situation.running {
        return Some(Safe::of(format!("{running} is running")));
    }
    action.preconditions.iter().find_map(|wanted| unmet(wanted, situation))
}

/// Why no maintenance window lets an action begin now; what does not destroy needs none.
#[must_use]
pub fn shut(action: &Action, situation: &Situation<'_>) -> Option<WindowRefusal> {
    if action.level < Level::L3 {
        return None;
    }
    let needs = action.limits.deadline;
    judge(situation.windows, &situation.policy.windows, situation.now, needs, situation.clock).err()
}

/// In one of the windows, and in one of policy's where it has any.
fn judge(
    windows: &[Window],
    policy: &[Window],
    now: Moment,
    needs: Duration,
    clock: &ClockTrust,
) -> Result<(), WindowRefusal> {
    window::judge(windows, now, needs, clock)?;
    if policy.is_empty() { Ok(()) } else { window::judge(policy, now, needs, clock) }
}

/// Why a precondition does not hold, if so. A reading that is missing, failed or too old does not hold.
#[must_use]
pub fn unmet(wanted: &Precondition, situation: &Situation<'_>) -> Option<Safe> {
    unmet_in(wanted, situation.readings, situation.now)
}

/// The same in these readings.
pub(super) fn unmet_in(wanted: &Precondition, readings: &[Evidence], now: Moment) -> Option<Safe> {
    let name = &wanted.name;
    let Some(reading) = readings.iter().find(|reading| reading.measure == wanted.measure) else {
        return Some(Safe::of(format!("{name} is not known")));
    };
    let age = now.since(reading.at);
    if age > wanted.fresh {
        return Some(Safe::of(format!("{name} was read {} ago", figure::age(age))));
    }
    let value = reading.value.map(SignalValue::Number);
    match value.and_then(|value| wanted.threshold.holds(&value, now)) {
        Some(true) => None,
        Some(false) => Some(Safe::of(format!("{name} is {}, and must be {}", reading.words, wanted.threshold))),
        // Of few look-ups it is told that they are few.
        None if reading.value.is_none() && matches!(reading.measure, Measure::HitRatio(_)) => {
            Some(Safe::of(format!("{name} is {}, and must be {}", reading.words, wanted.threshold)))
        }
        None => Some(Safe::of(format!("{name} is not known"))),
    }
}

/// The decision. Every reason is told that card and consent give; of what hinders the action whatever its card says, the first.
///
/// # Errors
/// The reasons why it must not run.
pub fn review(card: Card, consent: Consent, situation: &Situation<'_>) -> Result<Warrant, Vec<Safe>> {
    let mut reasons = reasons_against(&card, &consent, situation);
    let digest = card.digest();
    let approval = second_person(&card, digest, situation).map_err(|why| reasons.push(why)).ok().flatten();
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let bound = card.action.level >= Level::L3;
    let windows = bound.then(|| Bound {
        windows: situation.windows.to_vec(),
        policy: situation.policy.windows.clone(),
        clock: situation.clock.clone(),
    });
    // Here it is used up.
    let Consent { reason, .. } = consent;
    let (reason, expires) = (Safe::one_line(reason.as_bytes()), card.read_at.plus(CONSENT_LASTS));
    Ok(Warrant { card, digest, reason, expires, waited: Duration::ZERO, beyond: Duration::ZERO, windows, approval })
}

/// Whether a second person may be asked: only an approval is missing, and nothing else.
///
/// # Errors
/// The other reasons why it must not run.
pub fn may_ask(card: &Card, consent: &Consent, situation: &Situation<'_>) -> Result<(), Vec<Safe>> {
    let reasons = reasons_against(card, consent, situation);
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

/// Whether an approval counts for a card now; without one that is asked for there is none to count.
///
/// # Errors
/// Why it does not.
pub fn second_person(card: &Card, digest: Digest, situation: &Situation<'_>) -> Result<Option<Granted>, Safe> {
    if !card.demands.second_person {
        return Ok(None);
    }
    let Some(granted) = situation.approval else {
        return Err(Safe::of("a second person has to approve it"));
    };
    match granted.counts(&digest.hex(), situation.policy, situation.now) {
        Ok(()) => Ok(Some(granted.clone())),
        Err(refusal) => Err(Safe::of(format!("what {} approved does not count: {refusal}", granted.by()))),
    }
}

/// Every reason but that of the second person.
fn reasons_against(card: &Card, consent: &Consent, situation: &Situation<'_>) -> Vec<Safe> {
    let Consent { digest: agreed, typed, reason, given_at } = consent;
    let action = &card.action;
    let mut reasons: Vec<Safe> = hindrance(action, situation).into_iter().collect();
    reasons.extend(card.preview.obstacles.iter().cloned());
    let asked = demands(action, situation);
    let says_less = (asked.second_person && !card.demands.second_person)
        || (asked.break_glass && !card.demands.break_glass)
        // Breaking the glass is for policy to grant, and never without another person.
        || (card.demands.break_glass && !(situation.policy.grants_breaking(action) && card.demands.second_person))
        || asked.policy != card.demands.policy
        || action.limits.cool_down < situation.policy.cool_down;
    if says_less {
        reasons.push(Safe::of("policy or the maintenance window is not what it was when the card was made"));
    }
    if *agreed != card.digest() {
        reasons.push(Safe::of("what was confirmed is not what would be done"));
    }
    let expires = card.read_at.plus(CONSENT_LASTS);
    if situation.now.boot > expires.boot || given_at.boot > expires.boot {
        reasons.push(Safe::of(format!("the card is {} old", figure::age(situation.now.since(card.read_at)))));
    }
    if given_at.boot < card.read_at.boot {
        reasons.push(Safe::of("it was confirmed before the card was made"));
    }
    if !is_typed(phrase(card).as_deref(), typed) {
        reasons.push(Safe::of("what was typed is not the phrase that is asked for"));
    }
    if needs_reason(card) && !says_why(reason) {
        let whence = if card.demands.break_glass { "to break the glass" } else { "in production" };
        reasons.push(Safe::of(format!("{whence} a reason is asked for")));
    }
    let count = card.preview.objects.len();
    if matches!(action.plan, Plan::Sessions { .. }) && count == 0 {
        reasons.push(Safe::of("there is nothing to act on; nothing is not everything"));
    }
    if count > action.limits.cap {
        reasons.push(Safe::of(format!("{count} objects are more than the {} allowed", action.limits.cap)));
    }
    reasons
}

/// Whether a reason says anything.
#[must_use]
pub fn says_why(reason: &str) -> bool {
    reason.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests;
