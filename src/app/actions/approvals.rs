//! The second person in the program: what is asked of the folder that the operators share, what is found there, and how it
//! is said. Whether an approval counts is judged by the guard alone.

use std::collections::VecDeque;

use crate::app::Model;
use crate::app::document::{Document, Line, Span};
use crate::app::table::Tone;
use crate::domain::{Moment, Safe, figure};
use crate::remediation::action::Action;
use crate::remediation::agreed::Agreed;
use crate::remediation::approval::{Demands, Granted, Request, VALID, by_id_alone, left};
use crate::remediation::audit::{AuditEvent, Entry, Value};
use crate::remediation::card::Card;
use crate::remediation::guard::{self, Situation};
use crate::remediation::level::Level;
use crate::remediation::object::AgreedTo;

use super::{bound, card_text, forms, headless, record};

/// Actions that were asked for and are remembered, to make their card anew.
const REMEMBERED: usize = 8;
/// What stands beside an approval where it is so.
pub const BY_ID_ALONE: &str = "who logged in is not recorded here: user ids alone say that these are two people";
/// A broken glass stands on the screen for so long after its end.
const GLASS: std::time::Duration = std::time::Duration::from_secs(600);

/// What is to be done in the folder of the second person.
#[derive(Debug)]
pub enum SecondOrder {
    /// Ask for one.
    Ask(Box<Asking>),
    /// Find a request, to be looked at.
    Find {
        /// Which.
        id: String,
    },
    /// Approve a request as it was seen.
    Approve {
        /// What was seen.
        seen: Box<Request>,
        /// What was typed.
        typed: String,
    },
}

/// What a second person is asked.
#[derive(Debug)]
pub struct Asking {
    /// Digest of the card, in hexadecimal digits.
    pub digest: String,
    /// What is bound to the digest, line by line.
    pub bound: Vec<Safe>,
    /// The card, line by line.
    pub card: Vec<Safe>,
    /// How dangerous it is.
    pub level: Level,
    /// Which action.
    pub action: Safe,
    /// On what.
    pub target: Safe,
    /// What has to be typed.
    pub phrase: String,
    /// How much it destroys, where that is counted.
    pub count: Option<u64>,
    /// What it touches.
    pub agreed: Agreed,
    /// What is recorded before.
    pub entry: Entry,
}

/// What came of it.
#[derive(Debug)]
pub enum SecondEvent {
    /// The folder was looked at, and is not as it was.
    Looked(Look),
    /// A request stands in the folder, or why it does not.
    Asked(Result<Box<Request>, Safe>),
    /// A request that was looked for.
    Found(Result<Box<Found>, Safe>),
    /// A request was approved, or why it was not.
    Answered {
        /// Which.
        id: String,
        /// Why not.
        outcome: Result<(), Safe>,
    },
    /// Something was agreed to before: the next card is for it.
    Agreed {
        /// A number of keys, which it may stand for.
        count: Option<u64>,
        /// What it touches.
        agreed: Box<Agreed>,
    },
}

/// A request to be looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// It.
    pub request: Request,
    /// Why this person cannot approve it, whatever is typed.
    pub against: Option<Safe>,
    /// User ids alone tell this person and the requester apart.
    pub by_id_alone: bool,
}

/// What stands in the folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// Other people's requests, the oldest first.
    pub others: Vec<Waits>,
    /// One's own.
    pub own: Vec<Own>,
    /// So many could not be read, or are not to be trusted.
    pub unreadable: usize,
}

/// Somebody waits for a second person.
#[derive(Clone, Debug, PartialEq)]
pub struct Waits {
    /// What it is asked for by.
    pub id: String,
    /// Who.
    pub who: Safe,
    /// Which action.
    pub action: Safe,
    /// On what.
    pub target: Safe,
    /// Since when.
    pub asked_at: Moment,
    /// Why this person cannot approve it.
    pub against: Option<Safe>,
}

/// A request of one's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Own {
    /// It.
    pub request: Request,
    /// What became of it.
    pub answer: OwnAnswer,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnAnswer {
    /// Nobody answered.
    Waiting,
    /// Somebody approved.
    Granted(Box<Granted>),
    /// Somebody approved in a way that does not count.
    Void(Safe),
}

/// Everything about second persons that the program knows.
#[derive(Debug, Default)]
pub struct Second {
    /// What stands in the folder.
    pub look: Look,
    /// It was looked at.
    pub looked: bool,
    /// A request is being written.
    pub asking: Option<Action>,
    /// What was asked for from here, the newest last.
    pub asked: VecDeque<(String, Action)>,
    /// What was agreed to before, where the card that is asked for is to be for that; every other is chosen anew.
    pub stands: Option<Stands>,
    /// What was said of the newest request.
    pub told: Vec<Safe>,
}

/// Something was agreed to before, and a card is asked for that stands for it.
#[derive(Clone, Debug)]
pub struct Stands {
    /// A number of keys.
    pub count: Option<u64>,
    /// What it touches.
    pub agreed: Agreed,
    /// Where nothing of it is left, others are chosen.
    pub else_anew: bool,
}

impl Stands {
    /// What somebody approved.
    #[must_use]
    pub fn of(request: &Request) -> Stands {
        Stands { count: request.count, agreed: request.agreed.clone(), else_anew: false }
    }
}

impl Second {
    /// Remembers what was asked for.
    pub fn remember(&mut self, id: &str, action: Action) {
        self.asked.retain(|(known, _)| known != id);
        if self.asked.len() >= REMEMBERED {
            self.asked.pop_front();
        }
        self.asked.push_back((id.to_owned(), action));
    }

    /// Approvals of one's own requests, the newest first.
    pub fn granted(&self) -> impl Iterator<Item = &Granted> {
        self.look.own.iter().rev().filter_map(|own| match &own.answer {
            OwnAnswer::Granted(granted) => Some(&**granted),
            _ => None,
        })
    }

    /// One's own request for exactly this card, which nobody answered yet.
    #[must_use]
    pub fn waits_for(&self, card: &Card) -> Option<&Request> {
        let digest = card.digest().hex();
        let mut waiting = self.look.own.iter().filter(|own| own.answer == OwnAnswer::Waiting);
        waiting.find(|own| own.request.digest == digest).map(|own| &own.request)
    }

    /// Why what somebody left as an approval of exactly this card does not count.
    #[must_use]
    pub fn void(&self, card: &Card) -> Option<&Safe> {
        let digest = card.digest().hex();
        self.look.own.iter().find_map(|own| match &own.answer {
            OwnAnswer::Void(why) if own.request.digest == digest => Some(why),
            _ => None,
        })
    }

    /// The number of keys that a card of this action may stand for.
    #[must_use]
    pub fn agreed_count(&self, card: &Card) -> Option<u64> {
        self.stands_for(&card.action)?.count
    }

    /// What the card of this action is asked for to stand for; none where it is chosen anew.
    #[must_use]
    pub fn stands_for(&self, action: &Action) -> Option<&Stands> {
        self.stands.as_ref().filter(|stands| stands.agreed.is_for(action))
    }

    /// The objects of that; of a runbook, for the step at a place.
    #[must_use]
    pub fn agreed_for(&self, action: &Action, place: Option<usize>) -> Option<Vec<AgreedTo>> {
        self.stands_for(action)?.agreed.objects(place, &action.given)
    }

    /// What somebody approved for this action.
    #[must_use]
    pub fn approved_for(&self, action: &Action) -> Option<Stands> {
        let mut all = self.granted().map(|granted| &granted.request);
        all.find(|request| request.agreed.is_for(action)).map(Stands::of)
    }

    /// The approval for a card: the one of its digest, else one of another card of the same action, which the guard
    /// refuses with words.
    #[must_use]
    pub fn approval(&self, card: &Card) -> Option<&Granted> {
        let digest = card.digest().hex();
        let about = || self.granted().filter(|granted| granted.request.is_about(card));
        about().find(|granted| granted.request.digest == digest).or_else(|| about().next())
    }
}

/// What is asked of a second person about a card: the text as the requester saw it, without the literals of queries.
#[must_use]
pub fn asking(model: &Model, card: &Card, reason: &str) -> Asking {
    let mut lines = headless::plain(&forms::alone(model, card, true).0);
    let whole = headless::plain(&forms::alone(model, card, false).0);
    // The folder is read by others, and kept: whoever may see more looks where it is, and not here.
    if lines != whole {
        let words = "literals are hidden in this copy of the card, for others can read it; :act of the same action in \
                     your own dashboard shows them, and runs nothing by itself";
        lines.insert(1.min(lines.len()), Safe::of(words));
    }
    // The session is the requester's, not that of whoever reads it.
    if let Some(words) = forms::crowd_there(model.actions.tmux_clients) {
        lines.insert(1.min(lines.len()), words);
    }
    let reason = Safe::one_line(reason.as_bytes());
    if !reason.as_str().is_empty() {
        lines.insert(1.min(lines.len()), Safe::of(format!("{:<18} {reason}", "reason")));
    }
    let entry = record::of_card(AuditEvent::ApprovalAsked, card, &[], model.now);
    Asking {
        digest: card.digest().hex(),
        bound: bound::lines(card, &reason),
        card: lines,
        level: card.action.level,
        action: card.action.id.clone(),
        target: card.action.target.name.clone(),
        phrase: crate::remediation::approval::phrase(card),
        count: card.preview.count,
        agreed: Agreed::of(card),
        entry: entry.with("reason", reason).with("text", card_text::of(card)),
    }
}

/// What a second person does leaves this in the audit of that person.
#[must_use]
pub fn of_request(event: AuditEvent, request: &Request, why: &[Safe], now: Moment) -> Entry {
    Entry::new(event, record::run_id(0, now))
        .with("action", &request.action)
        .with("level", request.level.word())
        .with("target", &request.target)
        .with("digest", request.digest.as_str())
        .with("request", request.id.as_str())
        .with("requester", &request.requester.user)
        .with("requester_uid", i64::from(request.requester.uid))
        .with("why", Value::List(why.iter().map(|line| Value::Text(line.clone())).collect()))
}

/// Somebody would have approved what they were not shown.
#[must_use]
pub fn of_nothing(id: &str, why: &Safe, now: Moment) -> Entry {
    let why = Value::List(vec![Value::Text(why.clone())]);
    Entry::new(AuditEvent::Refused, record::run_id(0, now)).with("request", id).with("why", why)
}

/// What an action that can be asked for will ask for in its turn.
#[must_use]
pub fn asks(demands: Demands) -> Option<&'static str> {
    match demands {
        Demands { break_glass: true, .. } => Some("BREAK GLASS: outside its window, with a reason and a second person"),
        Demands { second_person: true, .. } => Some("with a second person"),
        Demands { .. } => None,
    }
}

/// What stands on a card about breaking the glass and the second person.
pub fn on_card(out: &mut Document, card: &Card, situation: &Situation<'_>) {
    if card.demands.break_glass {
        out.line("BREAK GLASS: it runs OUTSIDE EVERY MAINTENANCE WINDOW", Tone::Bad);
    }
    let (words, tone) = match guard::second_person(card, card.digest(), situation) {
        Ok(None) => return,
        Ok(Some(granted)) => {
            let given = granted.approval.approved_at.at;
            let (ago, left) = (figure::age(situation.now.since(given)), figure::age(left(given, situation.now)));
            if by_id_alone(&granted.request.requester, &granted.approval.approver) {
                out.field("warning", BY_ID_ALONE, Tone::Warn);
            }
            (format!("{} approved it {ago} ago, once; {left} left", granted.by()), Tone::Ok)
        }
        Err(_) if situation.approval.is_none() => ("somebody else has to approve it first".to_owned(), Tone::Warn),
        Err(why) => (why.to_string(), Tone::Bad),
    };
    out.field("second person", words, tone);
}

/// What the requester is told once a request stands.
#[must_use]
pub fn waits(request: &Request, now: Moment) -> Vec<Safe> {
    let (id, asked) = (&request.id, request.asked_at.at);
    let until = (asked.wall + VALID).format("%H:%M:%SZ");
    let left = figure::age(left(asked, now));
    [
        format!("{} on {} waits for a second person; nothing was done yet.", request.action, request.target),
        String::new(),
        format!("Within {left} (until {until}) somebody else, under a login of their own"),
        "on this host, reads the same card and approves it:".to_owned(),
        format!("    quarterdeck approve {id}"),
        format!("    :approve {id}  (in their dashboard)"),
        String::new(),
        "Then you consent again, to a card that is made anew and has to be the same:".to_owned(),
    ]
    .into_iter()
    .map(Safe::of)
    .collect()
}

/// The same as a text to read.
#[must_use]
pub fn waiting_document(request: &Request, now: Moment) -> Document {
    let mut out = Document::new("Waits for a second person");
    for line in waits(request, now) {
        out.line(line, Tone::Plain);
    }
    out.line("    :consent  (the last line of the screen says when)", Tone::Plain);
    out
}

/// Everything that waits for a second person, as a text to read.
#[must_use]
pub fn list_document(model: &Model) -> Document {
    let mut out = Document::new("Waits for a second person");
    for line in list(&model.actions.second.look, model.now) {
        out.line(line, Tone::Plain);
    }
    out
}

/// Everything that waits: id, who, what, on what, since when.
#[must_use]
pub fn list(look: &Look, now: Moment) -> Vec<Safe> {
    let line = |id: &str, who: &Safe, action: &Safe, target: &Safe, asked: Moment, words: &str| {
        let age = figure::age(now.since(asked));
        Safe::of(format!("{id}  {who:<12}  {action} on {target}  {age} ago{words}"))
    };
    let left = |asked: Moment| format!(", {} left", figure::age(left(asked, now)));
    let mut lines: Vec<Safe> = Vec::new();
    for waits in &look.others {
        let against = waits.against.as_ref().map_or_else(String::new, |why| format!("  not for you: {why}"));
        let words = left(waits.asked_at) + &against;
        lines.push(line(&waits.id, &waits.who, &waits.action, &waits.target, waits.asked_at, &words));
    }
    for own in &look.own {
        let words = match &own.answer {
            OwnAnswer::Waiting => left(own.request.asked_at.at) + "  yours: somebody else has to approve it",
            OwnAnswer::Granted(granted) => {
                format!("  yours: {} approved it{}", granted.by(), left(granted.approval.approved_at.at))
            }
            OwnAnswer::Void(why) => format!("  yours: an approval does not count: {why}"),
        };
        let request = &own.request;
        let who = &request.requester.user;
        lines.push(line(&request.id, who, &request.action, &request.target, request.asked_at.at, &words));
    }
    if lines.is_empty() {
        lines.push(Safe::of("nothing waits for a second person"));
    }
    if look.unreadable > 0 {
        lines.push(Safe::of(format!("{} more cannot be read, or are not to be trusted", look.unreadable)));
    }
    lines
}

/// The line at the bottom that stands as long as there is reason for it, what is typed first: on a narrow screen its end is
/// cut. A request of somebody else never does more.
#[must_use]
pub fn notice(model: &Model) -> Line {
    let one = |text: String, tone| vec![Span { text: Safe::of(text), tone }];
    if let Some(words) = broken_glass(model) {
        return one(words, Tone::Bad);
    }
    let second = &model.actions.second;
    let left = |begun: Moment| figure::age(left(begun, model.now));
    if let Some(granted) = second.granted().next() {
        let (action, target) = (&granted.request.action, &granted.request.target);
        let left = left(granted.approval.approved_at.at);
        return one(format!(":consent: {} approved {action} on {target}, {left} left", granted.by()), Tone::Ok);
    }
    let void = second.look.own.iter().find_map(|own| match &own.answer {
        OwnAnswer::Void(why) => Some((&own.request, why)),
        _ => None,
    });
    if let Some((request, why)) = void {
        return one(
            format!("an approval of {} on {} does not count: {why}", request.action, request.target),
            Tone::Bad,
        );
    }
    let mut mine = second.look.others.iter().filter(|waits| waits.against.is_none());
    match (mine.next(), mine.count()) {
        (None, _) => {}
        (Some(waits), 0) => {
            let left = left(waits.asked_at);
            return one(format!(":approve {}: 1 action waits for a second person, {left} left", waits.id), Tone::Warn);
        }
        (Some(_), more) => {
            return one(format!(":approve: {} actions wait for a second person", more + 1), Tone::Warn);
        }
    }
    // Of one's own there is nothing to do but to wait, or to ask somebody.
    second.look.own.last().map_or_else(Line::new, |Own { request, .. }| {
        let (action, target) = (&request.action, &request.target);
        let left = left(request.asked_at.at);
        one(format!("waits {left} more for a second person: {action} on {target}"), Tone::Dim)
    })
}

/// An action that runs outside every window, or ran a short while ago.
fn broken_glass(model: &Model) -> Option<String> {
    let current = model.actions.current.as_ref()?;
    let card = current.execution.warrant().card();
    let lasted = current.execution.lasted(model.now);
    let is_over = super::is_over(&current.execution);
    let ended = model.now.since(current.execution.began()).saturating_sub(lasted);
    if !card.demands.break_glass || is_over && ended > GLASS {
        return None;
    }
    let runs = if is_over { "ran" } else { "RUNS" };
    Some(format!("BREAK GLASS: {} on {} {runs} outside its window", card.action.id, card.action.target.name))
}
