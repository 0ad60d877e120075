//! Requests for a second person, and approvals, as files: who owns one made it, and nobody else may write into it, so the
//! owner that the system names is the proof. Whether an approval counts is judged in `remediation::approval`.

use std::fmt;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::adapters::operator;
use crate::domain::{Cause, Moment, Safe};
use crate::remediation::agreed::Agreed;
use crate::remediation::approval::{
    Approval, ApprovalRefusal, OsIdentity, Policy, Request, Spending, VALID, counts, may_approve, two_people,
};
use crate::remediation::cooldown::BootMoment;
use crate::remediation::level::Level;

use super::place::{LARGEST, Place};
use super::record::{self, When, Who};
use super::{SharedFolder, Shelf, fault, owner_alone_writes};

/// Most requests that are shown.
const MOST: usize = 256;
/// One's own records are removed after a day.
const KEPT_SECS: i64 = 86_400;

/// Requests that wait for a second person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pending {
    /// The oldest first.
    pub requests: Vec<Request>,
    /// So many more could not be read, or are not to be trusted.
    pub unreadable: usize,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nobody has approved it yet.
    Waiting,
    /// Somebody has, and it counts.
    Approved(Approval),
    /// Somebody has, and it does not count.
    Refused(ApprovalRefusal),
}

/// Why an approval was not given.
#[derive(Clone, Debug, PartialEq)]
pub enum ApproveError {
    /// By the rules.
    Refused(ApprovalRefusal),
    /// There is no such request any more.
    Gone,
    /// It could not be read or written.
    Fault(Cause),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
enum Record {
    Request {
        id: String,
        digest: String,
        bound: Vec<String>,
        card: Vec<String>,
        who: Who,
        when: When,
        level: String,
        action: String,
        target: String,
        phrase: String,
        count: Option<u64>,
        agreed: Agreed,
    },
    Approval {
        id: String,
        digest: String,
        shown: String,
        who: Who,
        when: When,
    },
}

impl SharedFolder {
    /// Asks for a second person.
    pub fn ask(&self, request: &Request) -> Result<(), Cause> {
        if self.covers_only_you() {
            return Err(Cause::Misconfigured(Safe::of("a second person needs a shared folder: guards cover only you")));
        }
        let place = self.shelf(Shelf::Requests)?;
        self.tidy(request.asked_at.at);
        let record = Record::Request {
            id: checked(&request.id)?.to_owned(),
            digest: request.digest.clone(),
            bound: request.bound.iter().map(|line| line.as_str().to_owned()).collect(),
            card: request.card.iter().map(|line| line.as_str().to_owned()).collect(),
            who: Who::of(&request.requester),
            when: When::of(&request.asked_at),
            level: request.level.word().to_owned(),
            action: request.action.as_str().to_owned(),
            target: request.target.as_str().to_owned(),
            phrase: request.phrase.clone(),
            count: request.count,
            agreed: request.agreed.clone(),
        };
        put(&place, &request.id, &record, request.requester.uid)
    }

    /// What waits for a second person now.
    pub fn pending(&self, now: Moment) -> Result<Pending, Cause> {
        let mut pending = self.requests()?;
        let now = operator::in_this_boot(now);
        pending.requests.retain(|request| is_fresh(request, &now));
        Ok(pending)
    }

    /// Every request, also what waited for too long: whoever asked takes it back.
    pub fn requests(&self) -> Result<Pending, Cause> {
        let place = self.shelf(Shelf::Requests)?;
        let names = place.names("").map_err(|errno| fault(place.path(), errno))?;
        let mut pending = Pending { unreadable: names.len().saturating_sub(MOST), ..Pending::default() };
        for name in names.iter().take(MOST) {
            match read_request(&place, name) {
                Ok(Some(request)) => pending.requests.push(request),
                Ok(None) => {}
                Err(_untrusted) => pending.unreadable += 1,
            }
        }
        pending.requests.sort_by_key(|request| request.asked_at.at.boot);
        Ok(pending)
    }

    /// Approves a request as it was seen; if it has become another meanwhile, it is not approved.
    pub fn approve(
        &self,
        seen: &Request,
        approver: &OsIdentity,
        typed: &str,
        policy: &Policy,
        now: Moment,
    ) -> Result<(), ApproveError> {
        let present = self.request(&seen.id).map_err(ApproveError::Fault)?.ok_or(ApproveError::Gone)?;
        if present != *seen {
            return Err(ApproveError::Refused(ApprovalRefusal::OtherDigest));
        }
        let now = operator::in_this_boot(now);
        may_approve(&present, approver, typed, policy, &now).map_err(ApproveError::Refused)?;
        let place = self.shelf(Shelf::Approvals).map_err(ApproveError::Fault)?;
        self.tidy(now.at);
        let record = Record::Approval {
            id: present.id.clone(),
            shown: present.shown(),
            digest: present.digest,
            who: Who::of(approver),
            when: When::of(&now),
        };
        // A name for each approver: nobody can be in another's way.
        put(&place, &format!("{}.{}", present.id, approver.uid), &record, approver.uid).map_err(ApproveError::Fault)
    }

    /// Whether a request was approved in a way that counts for the card that has this digest now, and for the one who would run
    /// it: of several approvals the first that does.
    pub fn approval(
        &self,
        id: &str,
        digest: &str,
        by: &OsIdentity,
        policy: &Policy,
        now: Moment,
    ) -> Result<Answer, Cause> {
        let Some(request) = self.request(id)? else {
            return Err(Cause::FileMissing(Safe::of(format!("request {id}"))));
        };
        let place = self.shelf(Shelf::Approvals)?;
        let names = place.names(&format!("{id}.")).map_err(|errno| fault(place.path(), errno))?;
        let now = operator::in_this_boot(now);
        let (mut answer, mut broken) = (Answer::Waiting, None);
        for name in names.iter().take(MOST) {
            let approval = match read_approval(&place, name) {
                Ok(Some(approval)) => approval,
                Ok(None) => continue,
                Err(cause) => {
                    broken = Some(cause);
                    continue;
                }
            };
            // Whoever runs it may have come to that user in another way than when it was asked for.
            let judged = counts(&request, &approval, digest, policy, &now)
                .and_then(|()| two_people(by, &approval.approver, policy));
            match judged {
                Ok(()) => return Ok(Answer::Approved(approval)),
                Err(refusal) => answer = Answer::Refused(refusal),
            }
        }
        match (answer, broken) {
            (Answer::Waiting, Some(cause)) => Err(cause),
            (answer, _) => Ok(answer),
        }
    }

    /// A request, by its id.
    pub fn request(&self, id: &str) -> Result<Option<Request>, Cause> {
        read_request(&self.shelf(Shelf::Requests)?, checked(id)?)
    }

    /// Takes one's own request back: an approval without its request counts for nothing. `false` when it was gone already:
    /// of several who take it, one does.
    pub fn withdraw(&self, id: &str) -> Result<bool, Cause> {
        let place = self.shelf(Shelf::Requests)?;
        match place.remove(checked(id)?) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(fault(&place.path().join(id), errno)),
        }
    }

    /// Uses an approval up, on the disk before this returns: it is looked at once more as it stands here, for the card that
    /// runs and for the one who runs it. Nothing runs on it again, whatever becomes of this process.
    pub fn spend(
        &self,
        spending: &Spending,
        by: &OsIdentity,
        policy: &Policy,
        now: Moment,
    ) -> Result<Approval, ApproveError> {
        let Spending { id, digest, terms, reason } = spending;
        let request = self.request(id).map_err(ApproveError::Fault)?.ok_or(ApproveError::Gone)?;
        if request.requester.uid != by.uid {
            return Err(ApproveError::Refused(ApprovalRefusal::OtherRequest));
        }
        // A request can be written by hand: what it says to others is held against what runs.
        if request.terms() != *terms {
            let shown = request.reason();
            if !shown.is_empty() && shown != reason.as_str() {
                return Err(ApproveError::Refused(ApprovalRefusal::OtherReason(Safe::of(shown))));
            }
            return Err(ApproveError::Refused(ApprovalRefusal::OtherText));
        }
        let answer = self.approval(id, digest, by, policy, now).map_err(ApproveError::Fault)?;
        let approval = match answer {
            Answer::Approved(approval) => approval,
            Answer::Refused(refusal) => return Err(ApproveError::Refused(refusal)),
            Answer::Waiting => return Err(ApproveError::Gone),
        };
        if self.withdraw(id).map_err(ApproveError::Fault)? { Ok(approval) } else { Err(ApproveError::Gone) }
    }

    fn tidy(&self, now: Moment) {
        let before = now.wall.timestamp() - KEPT_SECS;
        for shelf in [Shelf::Requests, Shelf::Approvals] {
            if let Ok(place) = self.shelf(shelf) {
                place.sweep(rustix::process::geteuid().as_raw(), before);
            }
        }
    }
}

fn is_fresh(request: &Request, now: &BootMoment) -> bool {
    request.asked_at.boot == now.boot && now.at.since(request.asked_at.at) < VALID
}

/// An id becomes the name of a file.
fn checked(id: &str) -> Result<&str, Cause> {
    let fits = (4..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let words = || Safe::of(format!("{id:?} is no id of a request: small letters and digits, 4 to 32"));
    fits.then_some(id).ok_or_else(|| Cause::Misconfigured(words()))
}

/// Writes a record, and makes sure that the system names as its owner who it says made it.
fn put(place: &Place, name: &str, record: &Record, uid: u32) -> Result<(), Cause> {
    let path = place.path().join(name);
    if rustix::process::geteuid().as_raw() != uid {
        return Err(Cause::Misconfigured(Safe::of("a record is made by the one whom it names")));
    }
    let bytes = record::write(record);
    if bytes.len() as u64 > LARGEST {
        return Err(Cause::Other(Safe::of("it is too long for a record that others read")));
    }
    match place.write(name, &bytes, true) {
        Err(Errno::EXIST) => Err(Cause::Other(Safe::of(format!("{} is there already", path.display())))),
        other => other.map_err(|errno| fault(&path, errno)),
    }?;
    match place.read(name) {
        Ok(Some((_, stat))) if stat.st_uid == uid => Ok(()),
        Ok(_) => {
            let _gone = place.remove(name);
            Err(Cause::Misconfigured(Safe::of(format!("{}: its file system keeps no owners", path.display()))))
        }
        Err(errno) => Err(fault(&path, errno)),
    }
}

/// A record whose owner, and nobody else, can have written it.
fn vouched(place: &Place, name: &str) -> Result<Option<(Record, u32, Safe)>, Cause> {
    let path = place.path().join(name);
    let untrusted = |why: &str| Cause::Other(Safe::of(format!("{} is not to be trusted: {why}", path.display())));
    let Some((bytes, stat)) = place.read(name).map_err(|errno| fault(&path, errno))? else { return Ok(None) };
    if !owner_alone_writes(&stat) {
        return Err(untrusted("others than its owner can have written it"));
    }
    let record = record::read(&bytes).ok_or_else(|| untrusted("it is broken"))?;
    let user = operator::user_name(stat.st_uid).ok_or_else(|| untrusted("its owner has no name"))?;
    Ok(Some((record, stat.st_uid, user)))
}

fn read_request(place: &Place, name: &str) -> Result<Option<Request>, Cause> {
    let Some((record, uid, user)) = vouched(place, name)? else { return Ok(None) };
    let wrong = || Cause::Other(Safe::of(format!("{} is not what its name says", place.path().join(name).display())));
    let Record::Request { id, digest, bound, card, who, when, level, action, target, phrase, count, agreed } = record
    else {
        return Err(wrong());
    };
    if id != name || who.uid != uid {
        return Err(wrong());
    }
    Ok(Some(Request {
        id,
        digest,
        bound: bound.iter().map(Safe::of).collect(),
        card: card.iter().map(Safe::of).collect(),
        requester: who.vouched(uid, user),
        asked_at: when.read().ok_or_else(wrong)?,
        level: Level::parse(&level),
        action: Safe::of(action),
        target: Safe::of(target),
        phrase,
        count,
        agreed,
    }))
}

fn read_approval(place: &Place, name: &str) -> Result<Option<Approval>, Cause> {
    let Some((record, uid, user)) = vouched(place, name)? else { return Ok(None) };
    let wrong = || Cause::Other(Safe::of(format!("{} is not what its name says", place.path().join(name).display())));
    let Record::Approval { id, digest, shown, who, when } = record else { return Err(wrong()) };
    if format!("{id}.{uid}") != name || who.uid != uid {
        return Err(wrong());
    }
    let approved_at = when.read().ok_or_else(wrong)?;
    Ok(Some(Approval { id, digest, shown, approver: who.vouched(uid, user), approved_at }))
}

impl fmt::Display for ApproveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApproveError::Refused(refusal) => write!(f, "{refusal}"),
            ApproveError::Gone => f.write_str("there is no such request any more: it was used, or taken back"),
            ApproveError::Fault(cause) => write!(f, "{cause}"),
        }
    }
}
