//! The folder of the second person, on the thread of the audit: requests go in, approvals are looked for, and whatever is
//! asked, given, refused or expires is recorded before it stands there.

use std::cell::OnceCell;
use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use crate::adapters::operator;
use crate::adapters::shared_folder::{Answer, Pending, SharedFolder};
use crate::app::actions::approvals::{
    Asking, Found, Look, Own, OwnAnswer, SecondEvent, SecondOrder, Waits, of_request,
};
use crate::config::resolved::ActionsSpec;
use crate::domain::{Cause, Moment, Safe};
use crate::remediation::approval::{
    Approval, ApprovalRefusal, Granted, OsIdentity, Policy, Request, VALID, by_id_alone, is_somebody, may_approve,
};
use crate::remediation::audit::AuditEvent;

use super::clock;

/// The folder is looked at so often.
const EVERY: Duration = Duration::from_secs(2);
/// Tries at a name that nobody has taken yet.
const TRIES: usize = 4;
/// Letters of a request's id: none that is taken for another when it is read out.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// How many of them.
const ID: usize = 8;

/// Writes to the audit; what it takes is on disk.
pub type Scribe<'a> = dyn FnMut(&crate::remediation::audit::Entry) -> Result<(), Safe> + 'a;

/// Deals with second persons for the one who runs this program.
pub struct SecondPerson {
    /// Found out when it is first needed: it may take a moment.
    me: OnceCell<OsIdentity>,
    policy: Policy,
    /// Whether there is a folder in which others could be met.
    shared: bool,
    told: Option<Look>,
    /// Approvals that do not count, and were recorded: of which request, and why.
    void: Vec<(String, Safe)>,
    due: Instant,
}

impl SecondPerson {
    /// For the one who runs this program.
    pub fn new(spec: &ActionsSpec) -> SecondPerson {
        SecondPerson {
            me: OnceCell::new(),
            policy: spec.policy.clone(),
            shared: spec.shared.is_some(),
            told: None,
            void: Vec::new(),
            due: Instant::now(),
        }
    }

    /// Who runs this program. May ask a directory service for a name, within 2 s.
    fn me(&self) -> &OsIdentity {
        self.me.get_or_init(operator::identity)
    }

    /// What stands in the folder, if it is time to look and it is not as it was.
    pub fn look(&mut self, folder: Result<&SharedFolder, Safe>, scribe: &mut Scribe<'_>) -> Option<Look> {
        let now = Instant::now();
        if now < self.due || !self.shared {
            return None;
        }
        self.due = now + EVERY;
        let look = match folder {
            Ok(folder) => self.survey(folder, clock::now(), scribe).unwrap_or_else(|cause| {
                tracing::warn!("the folder of the second person: {cause}");
                Look::default()
            }),
            Err(_told_at_the_start) => Look::default(),
        };
        self.record_void(&look, scribe);
        if self.told.as_ref() == Some(&look) {
            return None;
        }
        self.told = Some(look.clone());
        Some(look)
    }

    /// What somebody left as an approval and is none: that is refused here, and recorded once.
    fn record_void(&mut self, look: &Look, scribe: &mut Scribe<'_>) {
        let mut void = Vec::new();
        for own in &look.own {
            let OwnAnswer::Void(why) = &own.answer else { continue };
            let this = (own.request.id.clone(), why.clone());
            let why = Safe::of(format!("an approval does not count: {why}"));
            let entry = || of_request(AuditEvent::Refused, &own.request, std::slice::from_ref(&why), clock::now());
            if self.void.contains(&this) || scribe(&entry()).is_ok() {
                void.push(this);
            }
        }
        self.void = void;
    }

    /// Does what is ordered; the folder is looked at anew after it.
    pub fn obey(
        &mut self,
        order: SecondOrder,
        folder: Result<&SharedFolder, Safe>,
        scribe: &mut Scribe<'_>,
    ) -> SecondEvent {
        self.due = Instant::now();
        match order {
            SecondOrder::Ask(asking) => SecondEvent::Asked(self.ask(*asking, folder, scribe).map(Box::new)),
            SecondOrder::Find { id } => SecondEvent::Found(folder.and_then(|f| self.find(&id, f)).map(Box::new)),
            SecondOrder::Approve { seen, typed } => {
                let outcome = folder.and_then(|folder| self.approve(&seen, &typed, folder, clock::now(), scribe));
                SecondEvent::Answered { id: seen.id.clone(), outcome }
            }
        }
    }

    fn ask(
        &self,
        asking: Asking,
        folder: Result<&SharedFolder, Safe>,
        scribe: &mut Scribe<'_>,
    ) -> Result<Request, Safe> {
        let mut request = Request {
            id: String::new(),
            digest: asking.digest,
            bound: asking.bound,
            card: asking.card,
            requester: self.me().clone(),
            asked_at: operator::in_this_boot(clock::now()),
            level: asking.level,
            action: asking.action,
            target: asking.target,
            phrase: asking.phrase,
            count: asking.count,
            agreed: asking.agreed,
        };
        let folder = match folder {
            Ok(folder) => folder,
            Err(why) => return Err(refused(&request, &why, scribe)),
        };
        if folder.covers_only_you() {
            let why = "a second person needs the folder `shared` under [actions], where others are met";
            return Err(refused(&request, &Safe::of(why), scribe));
        }
        // Nobody could approve it: that is said at once, not after ten minutes.
        if let Err(refusal) = is_somebody(self.me(), &self.policy) {
            return Err(refused(&request, &Safe::of(refusal.to_string()), scribe));
        }
        for _ in 0..TRIES {
            request.id = chance().map_err(|error| Safe::of(format!("no id could be made: {error}")))?;
            if folder.request(&request.id).map_err(|cause| words(&cause))?.is_none() {
                break;
            }
        }
        // No record, no request.
        scribe(&asking.entry.with("request", request.id.as_str()))?;
        match folder.ask(&request) {
            Ok(()) => Ok(request),
            Err(cause) => Err(refused(&request, &words(&cause), scribe)),
        }
    }

    fn find(&self, id: &str, folder: &SharedFolder) -> Result<Found, Safe> {
        let request = folder
            .request(id)
            .map_err(|cause| words(&cause))?
            .ok_or_else(|| Safe::of(format!("nothing that is called {id:?} waits for a second person")))?;
        let against = self.against(&request, clock::now());
        let by_id_alone = by_id_alone(self.me(), &request.requester);
        Ok(Found { request, against, by_id_alone })
    }

    /// Why this person cannot approve a request, whatever is typed.
    fn against(&self, request: &Request, now: Moment) -> Option<Safe> {
        let now = operator::in_this_boot(now);
        let judged = may_approve(request, self.me(), &request.phrase, &self.policy, &now);
        judged.err().map(|refusal| Safe::of(refusal.to_string()))
    }

    fn approve(
        &self,
        seen: &Request,
        typed: &str,
        folder: &SharedFolder,
        now: Moment,
        scribe: &mut Scribe<'_>,
    ) -> Result<(), Safe> {
        let judged = may_approve(seen, self.me(), typed, &self.policy, &operator::in_this_boot(now));
        if let Err(refusal) = judged {
            let why = Safe::of(refusal.to_string());
            let event = match refusal {
                ApprovalRefusal::WrongPhrase => AuditEvent::ConfirmationFailed,
                ApprovalRefusal::Expired(_) => AuditEvent::ApprovalExpired,
                _ => AuditEvent::Refused,
            };
            scribe(&of_request(event, seen, std::slice::from_ref(&why), now))?;
            return Err(why);
        }
        // No record, no approval.
        scribe(&of_request(AuditEvent::Approving, seen, &[], now))?;
        match folder.approve(seen, self.me(), typed, &self.policy, now) {
            Ok(()) => {
                // That it was about to be approved is on disk already.
                if let Err(why) = scribe(&of_request(AuditEvent::Approved, seen, &[], clock::now())) {
                    tracing::error!("an approval could not be recorded: {why}");
                }
                Ok(())
            }
            Err(error) => Err(refused(seen, &Safe::of(error.to_string()), scribe)),
        }
    }

    /// Looks at every request: others' that wait, one's own and what became of them. What waited for too long is taken back.
    fn survey(&self, folder: &SharedFolder, now: Moment, scribe: &mut Scribe<'_>) -> Result<Look, Cause> {
        let Pending { requests, unreadable } = folder.requests()?;
        let mut look = Look { unreadable, ..Look::default() };
        for request in requests {
            if request.requester.uid != self.me().uid {
                let is_over = is_over(&request, now);
                look.others.extend((!is_over).then(|| self.waits(&request, now)));
                continue;
            }
            match self.answer(&request, folder, now) {
                Some(answer) => look.own.push(Own { request, answer }),
                None => expire(&request, folder, now, scribe)?,
            }
        }
        Ok(look)
    }

    fn waits(&self, request: &Request, now: Moment) -> Waits {
        Waits {
            id: request.id.clone(),
            who: request.requester.user.clone(),
            action: request.action.clone(),
            target: request.target.clone(),
            asked_at: request.asked_at.at,
            against: self.against(request, now),
        }
    }

    /// What became of one's own request; nothing any more when it waited for too long.
    fn answer(&self, request: &Request, folder: &SharedFolder, now: Moment) -> Option<OwnAnswer> {
        let over = is_over(request, now);
        match folder.approval(&request.id, &request.digest, self.me(), &self.policy, now) {
            Ok(Answer::Approved(approval)) => Some(granted(request, approval)),
            Ok(Answer::Waiting) => (!over).then_some(OwnAnswer::Waiting),
            Ok(Answer::Refused(ApprovalRefusal::Expired(_))) => None,
            Ok(Answer::Refused(refusal)) => (!over).then(|| OwnAnswer::Void(Safe::of(refusal.to_string()))),
            Err(cause) => (!over).then(|| OwnAnswer::Void(words(&cause))),
        }
    }
}

fn granted(request: &Request, approval: Approval) -> OwnAnswer {
    OwnAnswer::Granted(Box::new(Granted { request: request.clone(), approval, boot: operator::boot_id() }))
}

/// Of another boot, or too old for anybody to approve it.
fn is_over(request: &Request, now: Moment) -> bool {
    let now = operator::in_this_boot(now);
    request.asked_at.boot != now.boot || now.at.since(request.asked_at.at) >= VALID
}

/// Whoever takes it out of the folder records it: of several programs of one person, one.
fn expire(request: &Request, folder: &SharedFolder, now: Moment, scribe: &mut Scribe<'_>) -> Result<(), Cause> {
    if folder.withdraw(&request.id)? {
        let why = [Safe::of("nobody approved it in time, or it was not used in time")];
        if let Err(why) = scribe(&of_request(AuditEvent::ApprovalExpired, request, &why, now)) {
            tracing::error!("an expired request could not be recorded: {why}");
        }
    }
    Ok(())
}

/// Recorded as refused; where that cannot be recorded either, that is told too.
fn refused(request: &Request, why: &Safe, scribe: &mut Scribe<'_>) -> Safe {
    match scribe(&of_request(AuditEvent::Refused, request, std::slice::from_ref(why), clock::now())) {
        Ok(()) => why.clone(),
        Err(unwritten) => Safe::of(format!("{why}; and the audit cannot be written: {unwritten}")),
    }
}

fn words(cause: &Cause) -> Safe {
    Safe::of(cause.to_string())
}

/// An id from the kernel's chance. It is no secret: who approves is known by other means.
fn chance() -> std::io::Result<String> {
    let mut bytes = [0; ID];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let letter = |byte: u8| LETTERS.get(usize::from(byte) % LETTERS.len()).copied().map_or('a', char::from);
    Ok(bytes.into_iter().map(letter).collect())
}

#[cfg(test)]
mod tests;
