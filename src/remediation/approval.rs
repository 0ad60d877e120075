//! The second person: who may approve what, and what an approval is worth. Judged by what the operating system says of the
//! two; what the environment says is a claim, kept for the record and never judged by.

use std::fmt;
use std::time::Duration;

use crate::domain::{Moment, Safe, figure};

use super::agreed::Agreed;
use super::card::{Card, Digest};
use super::cooldown::{BootId, BootMoment};
use super::guard;
use super::level::Level;

mod policy;

pub use policy::{Demands, NO_POLICY, Policy, grant_of, parts_of};

/// An approval, and a request for one, hold for so long.
pub const VALID: Duration = Duration::from_secs(600);

/// Who somebody is, by the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsIdentity {
    /// User id.
    pub uid: u32,
    /// The name that the system gives that id.
    pub user: Safe,
    /// Who logged in, kept over `su` and `sudo`; none where the system does not record it.
    pub loginuid: Option<u32>,
    /// The name that the system gives that id; none where it gives none.
    pub login: Option<Safe>,
    /// What the environment says, by name; worth nothing but the record.
    pub claims: Vec<(Safe, Safe)>,
}

/// An action that waits for a second person.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What it is asked for by.
    pub id: String,
    /// Digest of the card, in hexadecimal digits.
    pub digest: String,
    /// What is bound to the digest, line by line: the same lines whenever the card is made, and nothing that is only read.
    pub bound: Vec<Safe>,
    /// The card, line by line, as the requester saw it.
    pub card: Vec<Safe>,
    /// Who asks.
    pub requester: OsIdentity,
    /// Since when.
    pub asked_at: BootMoment,
    /// How dangerous the action is.
    pub level: Level,
    /// Which action, by its name.
    pub action: Safe,
    /// Its target.
    pub target: Safe,
    /// What the second person has to type.
    pub phrase: String,
    /// How much it destroys, where that is counted: a card that is made anew may stand for as much.
    pub count: Option<u64>,
    /// What it touches: a card that is made anew is for these.
    pub agreed: Agreed,
}

impl Request {
    /// A mark of everything that a second person is shown.
    #[must_use]
    pub fn shown(&self) -> String {
        mark(self.bound.iter().chain(&self.card))
    }

    /// A mark of what a second person agrees to: what is bound, what is typed for it, and what it is called in a list.
    #[must_use]
    pub fn terms(&self) -> String {
        terms(&self.bound, self.level, &self.action, &self.target, &self.phrase)
    }

    /// Why it is asked for, as it is bound; empty where no reason was given.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.bound.last().and_then(|line| line.as_str().strip_prefix(REASON)).unwrap_or_default()
    }

    /// Whether it is about the same action on the same target, of whatever card.
    #[must_use]
    pub fn is_about(&self, card: &Card) -> bool {
        (&self.action, &self.target) == (&card.action.id, &card.action.target.name)
    }
}

/// Somebody approved.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    /// Of which request.
    pub id: String,
    /// Of which card.
    pub digest: String,
    /// A mark of what was shown.
    pub shown: String,
    /// Who; the user id is the owner of the record.
    pub approver: OsIdentity,
    /// When.
    pub approved_at: BootMoment,
}

/// A request and its approval, as the system vouches for them. Whether it counts is judged each time anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Granted {
    /// What was asked.
    pub request: Request,
    /// What was answered.
    pub approval: Approval,
    /// In which boot this is; ages are told within one.
    pub boot: Option<BootId>,
}

impl Granted {
    /// Whether it lets the requester go on now with the card that has this digest.
    pub fn counts(&self, digest: &str, policy: &Policy, now: Moment) -> Result<(), ApprovalRefusal> {
        let now = BootMoment { boot: self.boot.clone(), at: now };
        counts(&self.request, &self.approval, digest, policy, &now)
    }

    /// Whether it is not too old by now.
    pub fn in_time(&self, now: Moment) -> Result<(), ApprovalRefusal> {
        in_time(&self.approval.approved_at, &BootMoment { boot: self.boot.clone(), at: now })
    }

    /// Who approved.
    #[must_use]
    pub fn by(&self) -> &Safe {
        &self.approval.approver.user
    }
}

/// What uses an approval up: which one, and for which card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spending {
    /// The request's id.
    pub id: String,
    /// Digest of the card that runs.
    pub digest: String,
    /// The terms of the card that runs: the second person agreed to the same.
    pub terms: String,
    /// The reason that it runs for.
    pub reason: Safe,
}

/// The reason's line, of those that are bound.
const REASON: &str = "reason: ";

/// What is bound beside the card: what a second person types, and why it is asked for.
#[must_use]
pub fn beside(card: &Card, reason: &Safe) -> Vec<Safe> {
    let typed = Safe::of(format!("the second person types: {}", phrase(card)));
    let reason = Safe::of(format!("{REASON}{reason}"));
    std::iter::once(typed).chain((reason.as_str().len() > REASON.len()).then_some(reason)).collect()
}

/// A mark of what is agreed to.
#[must_use]
pub fn terms(bound: &[Safe], level: Level, action: &Safe, target: &Safe, phrase: &str) -> String {
    let called = [Safe::of(level.word()), action.clone(), target.clone(), Safe::of(phrase)];
    mark(bound.iter().chain(&called))
}

/// How long a request, or an approval, of that time still holds.
#[must_use]
pub fn left(begun: Moment, now: Moment) -> Duration {
    VALID.saturating_sub(now.since(begun))
}

/// Whether user ids alone tell these two apart, since the system does not record who logged in.
#[must_use]
pub fn by_id_alone(one: &OsIdentity, other: &OsIdentity) -> bool {
    one.loginuid.is_none() || other.loginuid.is_none()
}

/// A mark that no other lines have.
#[must_use]
pub fn mark<'a>(lines: impl IntoIterator<Item = &'a Safe>) -> String {
    let lines: Vec<String> = lines.into_iter().map(|line| format!("{} {line}\n", line.as_str().len())).collect();
    Digest::of(&lines.concat()).hex()
}

/// What a second person types: what the requester typed, or the target's name where a chord was enough.
#[must_use]
pub fn phrase(card: &Card) -> String {
    guard::phrase(card).unwrap_or_else(|| card.action.target.name.to_string())
}

/// Why an approval is refused, or does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApprovalRefusal {
    /// One cannot approve oneself, by whatever way one came to be another user.
    Yourself,
    /// An account that several people use says nothing about who it was.
    SharedAccount(Safe),
    /// Root, and the system does not record who logged in.
    NobodyKnowsWho(Safe),
    /// It is for another card.
    OtherDigest,
    /// It is for another request.
    OtherRequest,
    /// It is too old, or from another boot.
    Expired(Option<Duration>),
    /// Its time lies ahead.
    FromTheFuture,
    /// The phrase was not typed exactly.
    WrongPhrase,
    /// The system has no name for who logged in, and some accounts are shared ones.
    NamelessLogin(Safe, u32),
    /// What was shown is not what this card says.
    OtherText,
    /// It was agreed to for this reason, and not for the one that it would run for.
    OtherReason(Safe),
    /// Somebody logged in as this user id, and is another user by now.
    NotTheirLogin(Safe, u32),
    /// Policy asks for a login, and the system does not record who logged in.
    NoLogin(Safe),
}

/// Whether somebody may approve a request now, having typed a phrase.
pub fn may_approve(
    request: &Request,
    approver: &OsIdentity,
    typed: &str,
    policy: &Policy,
    now: &BootMoment,
) -> Result<(), ApprovalRefusal> {
    two_people(&request.requester, approver, policy)?;
    own_login(approver)?;
    in_time(&request.asked_at, now)?;
    // An empty phrase asks for nothing, so it is never fulfilled.
    if request.phrase.is_empty() || !guard::is_typed(Some(&request.phrase), typed) {
        Err(ApprovalRefusal::WrongPhrase)
    } else {
        Ok(())
    }
}

/// Whether an approval lets the requester go on with the card that has this digest now.
pub fn counts(
    request: &Request,
    approval: &Approval,
    digest: &str,
    policy: &Policy,
    now: &BootMoment,
) -> Result<(), ApprovalRefusal> {
    if approval.id != request.id {
        return Err(ApprovalRefusal::OtherRequest);
    }
    if digest.is_empty() || approval.digest != digest || request.digest != digest {
        return Err(ApprovalRefusal::OtherDigest);
    }
    if approval.shown != request.shown() {
        return Err(ApprovalRefusal::OtherText);
    }
    two_people(&request.requester, &approval.approver, policy)?;
    own_login(&approval.approver)?;
    // An approval of an earlier request that bore the same id.
    if approval.approved_at.at.boot < request.asked_at.at.boot {
        return Err(ApprovalRefusal::OtherRequest);
    }
    in_time(&approval.approved_at, now)
}

/// Whether somebody is who they logged in as. Only who owns a record is vouched for by the system: who logged in is its writer's
/// word, and may say nothing else than that.
fn own_login(approver: &OsIdentity) -> Result<(), ApprovalRefusal> {
    match approver.loginuid {
        Some(login) if login != approver.uid => Err(ApprovalRefusal::NotTheirLogin(approver.user.clone(), login)),
        _ => Ok(()),
    }
}

/// Whether two identities are surely two people.
pub fn two_people(one: &OsIdentity, other: &OsIdentity, policy: &Policy) -> Result<(), ApprovalRefusal> {
    let ids = |who: &OsIdentity| [Some(who.uid), who.loginuid];
    if ids(one).into_iter().flatten().any(|id| ids(other).contains(&Some(id))) {
        return Err(ApprovalRefusal::Yourself);
    }
    is_somebody(one, policy).and_then(|()| is_somebody(other, policy))
}

/// Whether an identity says who it is: whoever it does not say it of neither asks nor approves.
pub fn is_somebody(who: &OsIdentity, policy: &Policy) -> Result<(), ApprovalRefusal> {
    let is_shared = |name: &&Safe| policy.shared_accounts.iter().any(|shared| shared == name.as_str());
    // Whoever logged in as one and became another by sudo is still anybody.
    if let Some(name) = std::iter::once(&who.user).chain(&who.login).find(is_shared) {
        return Err(ApprovalRefusal::SharedAccount(name.clone()));
    }
    // Whether it is a shared one is not known.
    if let (Some(id), None, false) = (who.loginuid, &who.login, policy.shared_accounts.is_empty()) {
        return Err(ApprovalRefusal::NamelessLogin(who.user.clone(), id));
    }
    // Without a login `sudo -u` makes two people of one.
    if policy.require_login && who.loginuid.is_none() {
        return Err(ApprovalRefusal::NoLogin(who.user.clone()));
    }
    if who.uid == 0 && who.loginuid.is_none() {
        return Err(ApprovalRefusal::NobodyKnowsWho(who.user.clone()));
    }
    Ok(())
}

fn in_time(begun: &BootMoment, now: &BootMoment) -> Result<(), ApprovalRefusal> {
    if begun.boot.is_none() || begun.boot != now.boot {
        return Err(ApprovalRefusal::Expired(None));
    }
    match now.at.boot.checked_sub(begun.at.boot) {
        None => Err(ApprovalRefusal::FromTheFuture),
        Some(age) if age >= VALID => Err(ApprovalRefusal::Expired(Some(age))),
        Some(_) => Ok(()),
    }
}

impl fmt::Display for ApprovalRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApprovalRefusal::Yourself => f.write_str(
                "the second person must be another one than the requester; su and sudo change nothing in that",
            ),
            ApprovalRefusal::SharedAccount(user) => {
                write!(f, "{user} is an account that several people use: it cannot tell two of them apart")
            }
            ApprovalRefusal::NobodyKnowsWho(user) => {
                write!(f, "{user} may be anybody and the system does not record who logged in: use a login of your own")
            }
            ApprovalRefusal::OtherDigest => f.write_str("the approval is for another card: ask for it again"),
            ApprovalRefusal::OtherRequest => f.write_str("the approval is for another request"),
            ApprovalRefusal::Expired(Some(age)) => {
                write!(f, "{} old; it holds for {}", figure::age(*age), figure::span(VALID))
            }
            ApprovalRefusal::Expired(None) => f.write_str("it is from before the machine was started"),
            ApprovalRefusal::FromTheFuture => f.write_str("its time lies ahead of the clock"),
            ApprovalRefusal::NamelessLogin(user, id) => write!(
                f,
                "user id {id} logged in as {user}, and the system has no name for it: whether several people use it is not known"
            ),
            ApprovalRefusal::OtherText => {
                f.write_str("the second person was shown another text than that of this card: ask for it again")
            }
            ApprovalRefusal::OtherReason(shown) => {
                write!(f, "the second person was shown another reason: give the same ({shown}), or ask for it again")
            }
            ApprovalRefusal::NotTheirLogin(user, id) => write!(
                f,
                "{user} is not who logged in (user id {id}): a second person approves under a login of their own, not by su or sudo or in a container that another user started"
            ),
            ApprovalRefusal::NoLogin(user) => {
                write!(f, "the system does not record who logged in as {user}, and require_login asks for that")
            }
            ApprovalRefusal::WrongPhrase => f.write_str("the phrase was not typed exactly"),
        }
    }
}

#[cfg(test)]
mod tests;
