//! Rules that a server evaluates by its queries: a group that is due asks for all that its cycle needs, in rounds (expressions,
//! then what templates ask and whether there is anything of what found nothing), and goes through the same cycle as any other
//! when the answers are there. Nothing is asked here: questions go out, answers come in.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use super::answer_room::Room;
use super::presence::Presence;
use super::unread::unread;
use super::world::World;
use crate::alerts::lifecycle::group::Member;
use crate::alerts::lifecycle::{self, Alert, Basis, Book, Change, Evaluation, Failure, Group, Outcome, World as _};
use crate::alerts::sides;
use crate::domain::Safe;
use crate::metrics::labels::{Labels, NAME};
use crate::metrics::promql::{self, Read};

/// Rounds of questions of one cycle.
const ROUNDS: u32 = 6;
/// Questions of one cycle.
const QUESTIONS: usize = 5_000;
/// The shortest and the longest that the questions of one round may take.
const WITHIN: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));
/// Whoever asks answers in time, with a failure if need be; this is for when it cannot.
const SPARE: i64 = 10_000;
/// Costs are told per minute.
const MINUTE: i64 = 60_000;
/// How the question begins which metrics there are.
const NAMES: &str = "count by (__name__) ";
/// What this program writes by itself.
const OWN: [&str; 2] = ["ALERTS", "ALERTS_FOR_STATE"];

/// An expression at a time, in milliseconds.
pub type Question = (String, i64);

/// What a server is to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Its number, which the answer bears.
    pub id: u64,
    /// Expressions, each at a time of the wall clock.
    pub questions: Vec<Question>,
    /// For all of them together.
    pub within: Duration,
    /// What the answers may be together.
    pub room: Room,
}

/// What asking costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Questions a minute.
    pub per_minute: usize,
}

/// A cycle that waits for answers.
#[derive(Debug)]
struct Waiting {
    group: usize,
    at: i64,
    /// When it began: what was known then, and what was answered since, counts to its end.
    begun: i64,
    /// Then it waits no longer.
    until: i64,
    round: u32,
    open: Vec<Question>,
    answers: Answers,
    /// For what is still to be answered.
    room: Room,
}

/// What the server said of expressions at times of the line.
type Answers = HashMap<Question, Outcome>;

/// Cycles under way, and what is known of the server.
#[derive(Debug, Default)]
pub struct ByServer {
    waiting: BTreeMap<u64, Waiting>,
    last_id: u64,
    /// Metrics that the files record, with what each expression of the files asks for.
    recorded: BTreeSet<String>,
    /// Those of them that nothing reads.
    unread: BTreeSet<String>,
    reads: HashMap<String, Vec<Read>>,
    /// What the conditions of each of them have before them, where that is simple.
    judged: HashMap<String, String>,
    /// Those of them that the server has as well.
    served: BTreeSet<String>,
    presence: Presence,
    /// The question for traffic of each expression that may be 0 of 0.
    traffic: HashMap<String, String>,
    asked: VecDeque<(i64, usize)>,
}

impl ByServer {
    /// Takes the place of what was known: the expressions of all rules, with the metric that each records, if it does. Cycles under
    /// way belong to rules that are gone.
    pub fn learn<'r>(&mut self, rules: impl Iterator<Item = (&'r str, Option<&'r str>)> + Clone) {
        self.waiting.clear();
        self.recorded = OWN.iter().map(|name| (*name).to_owned()).collect();
        self.reads.clear();
        self.judged.clear();
        self.traffic.clear();
        for (expr, metric) in rules.clone() {
            self.recorded.extend(metric.map(str::to_owned));
            self.reads.entry(expr.to_owned()).or_insert_with(|| promql::reads(expr).unwrap_or_default());
            self.judged.extend(sides::judged(expr).map(|judged| (expr.to_owned(), judged)));
            self.traffic.extend(sides::traffic(expr).map(|question| (expr.to_owned(), question)));
        }
        self.unread = unread(rules, &self.reads);
    }

    /// Whether a group waits for answers.
    pub fn waits(&self, group: usize) -> bool {
        self.waiting.values().any(|waiting| waiting.group == group)
    }

    /// When the first cycle waits no longer.
    pub fn until(&self) -> Option<i64> {
        self.waiting.values().map(|waiting| waiting.until).min()
    }

    /// What asking costs: as often as was asked in the last minute, and at least what the rules need.
    pub fn cost(&self, groups: &[Group]) -> Cost {
        let measured: usize = self.asked.iter().map(|(_, count)| count).sum();
        let least: f64 =
            groups.iter().map(|group| group.members.len() as f64 / group.schedule.interval().as_secs_f64()).sum();
        Cost { per_minute: measured.max((least * 60.0).ceil() as usize) }
    }

    /// A slot of a group has come: what is to be asked for it.
    pub fn begin(&mut self, group: usize, at: i64, now: i64) -> u64 {
        self.last_id += 1;
        let waiting = Waiting {
            group,
            at,
            begun: now,
            until: now,
            round: 0,
            open: Vec::new(),
            answers: Answers::new(),
            room: Room::default(),
        };
        self.waiting.insert(self.last_id, waiting);
        self.last_id
    }

    /// Goes on with a cycle: what is to be asked next, or what happened in it.
    pub fn go_on(&mut self, id: u64, book: &mut Book, now: i64, world: &mut World<'_>) -> Result<Ask, Vec<Change>> {
        let Some(mut waiting) = self.waiting.remove(&id) else { return Err(Vec::new()) };
        let Some(group) = book.groups().get(waiting.group) else { return Err(Vec::new()) };
        let (mut wanted, unasked) = self.wanted(group, &waiting, now, world);
        wanted.truncate(QUESTIONS.saturating_sub(waiting.answers.len()));
        if waiting.round < ROUNDS && !wanted.is_empty() {
            let within = group.schedule.interval().clamp(WITHIN.0, WITHIN.1);
            waiting.round += 1;
            waiting.until = now.saturating_add(milliseconds(within)).saturating_add(SPARE);
            waiting.open.clone_from(&wanted);
            let room = waiting.room;
            self.count(wanted.len(), now);
            self.waiting.insert(id, waiting);
            let ahead = world.ahead();
            let questions = wanted.into_iter().map(|(expr, at)| (expr, at.saturating_add(ahead))).collect();
            return Ok(Ask { id, questions, within, room });
        }
        let seen_at = waiting.at.saturating_sub(milliseconds(group.query_offset));
        let now = waiting.begun;
        let mut served = Served { by: self, answers: &waiting.answers, wanted: None, unasked, world, now, seen_at };
        Err(book.cycle(waiting.group, waiting.at, &mut served))
    }

    /// Takes answers, in the order of the questions; whether anybody waits for them.
    pub fn take(&mut self, id: u64, answers: Vec<Outcome>) -> bool {
        let Some(waiting) = self.waiting.get_mut(&id) else { return false };
        let missing = || Err(Failure::NotEvaluated(Safe::of("the server gave no answer")));
        let mut answers = answers.into_iter();
        for question in std::mem::take(&mut waiting.open) {
            let answer = waiting.room.take(answers.next().unwrap_or_else(missing));
            waiting.answers.insert(question, answer);
        }
        true
    }

    /// Cycles that have waited long enough: their questions are taken for unanswered.
    pub fn expire(&mut self, now: i64) -> Vec<u64> {
        let over = self.waiting.iter().filter(|(_, waiting)| waiting.until <= now);
        let over: Vec<u64> = over.map(|(id, _)| *id).collect();
        for id in &over {
            self.take(*id, Vec::new());
        }
        over
    }

    /// The machine slept: what was asked before is not waited for.
    pub fn slept(&mut self) {
        self.waiting.clear();
        self.presence = Presence::default();
    }

    fn count(&mut self, questions: usize, now: i64) {
        self.asked.push_back((now, questions));
        while self.asked.front().is_some_and(|(at, _)| now.saturating_sub(*at) >= MINUTE) {
            self.asked.pop_front();
        }
    }

    /// What a cycle needs and has not asked, and the expressions of which nothing is known without that.
    fn wanted(
        &mut self,
        group: &Group,
        waiting: &Waiting,
        now: i64,
        world: &mut World<'_>,
    ) -> (Vec<Question>, BTreeSet<String>) {
        let seen_at = waiting.at.saturating_sub(milliseconds(group.query_offset));
        self.presence.learn(&waiting.answers, now);
        let now = waiting.begun;
        let mut unasked = BTreeSet::new();
        let mut wanted = Wanted { known: &waiting.answers, questions: Vec::new(), there: BTreeSet::new() };
        if let Some(names) = self.names(group) {
            match waiting.answers.get(&(names.clone(), seen_at)) {
                Some(Ok(found)) => {
                    self.served.extend(found.elements.iter().map(|(labels, _)| labels.metric().to_owned()));
                }
                Some(Err(_)) => {}
                None => wanted.ask(names, seen_at),
            }
        }
        for member in &group.members {
            let expr = &member.rule().expr;
            if !self.is_of_use(member) || self.unknown(expr).is_some() {
                continue;
            }
            let Some(outcome) = waiting.answers.get(&(expr.clone(), seen_at)) else {
                wanted.ask(expr.clone(), seen_at);
                continue;
            };
            let (Ok(evaluation), Member::Alert(rule)) = (outcome, member) else { continue };
            let known = wanted.questions.len();
            // Whether what fires and is gone from the result is right again only this tells.
            if let Some(judged) = self.judged.get(expr).filter(|_| rule.alerts().any(Alert::is_active)) {
                wanted.ask(judged.clone(), seen_at);
            }
            if evaluation.elements.is_empty() {
                // What would resolve is looked at anew.
                let fresh = if rule.alerts().any(Alert::is_active) { Some(waiting.at) } else { None };
                let missing = self.presence.wanted(expr, seen_at, fresh, now, world.known());
                for expr in missing {
                    wanted.ask(expr, seen_at);
                }
                if let Some(question) = self.traffic.get(expr) {
                    if let Some(found) = waiting.answers.get(&(question.clone(), seen_at)) {
                        self.presence.learn_traffic(question, seen_at, found, now);
                    } else if self.presence.wants_traffic(question, seen_at, fresh, now) {
                        wanted.ask(question.clone(), seen_at);
                    }
                }
            }
            if wanted.questions.len() > known {
                unasked.insert(expr.clone());
            }
            if !evaluation.elements.is_empty() {
                let mut served = Served {
                    by: &*self,
                    answers: &waiting.answers,
                    wanted: Some(&mut wanted),
                    unasked: BTreeSet::new(),
                    world: &mut *world,
                    now,
                    seen_at,
                };
                rule.ask(&evaluation.elements, waiting.at, &mut served);
            }
        }
        (wanted.questions, unasked)
    }

    /// A question for those metrics that a group reads, that the files record, and that the server is not known to have.
    fn names(&self, group: &Group) -> Option<String> {
        let used = group.members.iter().filter(|member| self.is_of_use(member));
        let exprs = used.filter_map(|member| self.reads.get(&member.rule().expr));
        let reads: Vec<&Read> = exprs.flatten().collect();
        let unknown = self.recorded.difference(&self.served);
        let asked: Vec<&str> =
            unknown.filter(|name| reads.iter().any(|read| is_meant(read, name))).map(String::as_str).collect();
        (!asked.is_empty()).then(|| format!("{NAMES}({{{NAME}=~{:?}}})", asked.join("|")))
    }

    /// What nothing reads is not asked for.
    fn is_of_use(&self, member: &Member) -> bool {
        !matches!(member, Member::Record(of) if self.unread.contains(&of.rule.name))
    }

    fn is_idle(&self, expr: &str, at: i64, now: i64) -> bool {
        self.traffic.get(expr).is_some_and(|question| self.presence.is_idle(question, at, now))
    }

    /// A metric that an expression reads, that only the files record.
    fn unknown(&self, expr: &str) -> Option<&str> {
        let of_template =
            if self.reads.contains_key(expr) { Vec::new() } else { promql::reads(expr).unwrap_or_default() };
        let reads = self.reads.get(expr).unwrap_or(&of_template);
        let mut unknown = self.recorded.difference(&self.served);
        unknown.find(|name| reads.iter().any(|read| is_meant(read, name))).map(String::as_str)
    }
}

/// A selector of anything whatever means no recorded metric in particular.
fn is_meant(read: &Read, name: &str) -> bool {
    !matches!(read, Read::Any) && read.means(name)
}

/// Questions of a round, each once.
struct Wanted<'a> {
    known: &'a Answers,
    questions: Vec<Question>,
    there: BTreeSet<Question>,
}

impl Wanted<'_> {
    fn ask(&mut self, expr: String, at: i64) {
        let question = (expr, at);
        if !self.known.contains_key(&question) && self.there.insert(question.clone()) {
            self.questions.push(question);
        }
    }
}

/// What rules look at: what the server said.
struct Served<'s, 'w, 'e> {
    by: &'s ByServer,
    answers: &'s Answers,
    /// Where what was not asked is asked for; else it is told as not evaluated.
    wanted: Option<&'s mut Wanted<'w>>,
    /// Expressions of which too little was asked: there was no room or no time.
    unasked: BTreeSet<String>,
    world: &'s mut World<'e>,
    /// When the cycle began.
    now: i64,
    /// The time that it looks at.
    seen_at: i64,
}

impl lifecycle::World for Served<'_, '_, '_> {
    fn evaluate(&mut self, expr: &str, at: i64) -> Outcome {
        if let Some(metric) = self.by.unknown(expr) {
            let who = if OWN.contains(&metric) { "written by this program" } else { "recorded by these files" };
            let words = match self.names_failed() {
                Some(why) => format!("{metric} is {who}, and whether the server has it is not known: {why}"),
                None => format!("{metric} is {who}, and the server that is asked does not have it"),
            };
            return Err(Failure::NotEvaluated(Safe::of(words)));
        }
        let Some(outcome) = self.answers.get(&(expr.to_owned(), at)) else {
            if let Some(wanted) = &mut self.wanted {
                wanted.ask(expr.to_owned(), at);
            }
            return Err(Failure::NotEvaluated(Safe::of("the server was not asked for it: too many questions at once")));
        };
        let evaluation = outcome.clone()?;
        if self.unasked.contains(expr) {
            return Err(Failure::NotEvaluated(Safe::of(
                "the server was asked too little for it: too many questions at once",
            )));
        }
        // What it cannot be held against resolves nothing.
        if let Some(Err(failure)) = self.by.judged.get(expr).and_then(|judged| self.answers.get(&(judged.clone(), at)))
        {
            return Err(failure.clone());
        }
        if !evaluation.elements.is_empty() {
            return Ok(evaluation);
        }
        let basis = match self.by.presence.basis(expr, at, self.now, self.world.known()) {
            Basis::Complete if self.by.is_idle(expr, at, self.now) => Basis::NoTraffic,
            basis => basis,
        };
        Ok(Evaluation { basis, ..evaluation })
    }

    fn judged(&mut self, expr: &str, at: i64) -> Option<Vec<Labels>> {
        // Of times before nobody asks any more.
        let judged = self.by.judged.get(expr).filter(|_| at == self.seen_at)?;
        let evaluation = self.answers.get(&(judged.clone(), at))?.as_ref().ok()?;
        Some(evaluation.elements.iter().map(|(labels, _)| labels.clone()).collect())
    }

    fn is_recorded(&self, metric: &str) -> bool {
        !self.by.unread.contains(metric)
    }

    fn append(&mut self, series: &Labels, at: i64, value: f64) {
        self.world.append(series, at, value);
    }

    fn ahead(&self) -> i64 {
        self.world.ahead()
    }

    fn external_labels(&self) -> Labels {
        self.world.external_labels()
    }
}

impl Served<'_, '_, '_> {
    /// Why the server did not say which recorded metrics it has, where it did not.
    fn names_failed(&self) -> Option<Safe> {
        let mut asked = self.answers.iter().filter(|((expr, _), _)| expr.starts_with(NAMES));
        asked.find_map(|(_, outcome)| outcome.as_ref().err().map(|failure| failure.words().clone()))
    }
}

fn milliseconds(long: Duration) -> i64 {
    i64::try_from(long.as_millis()).unwrap_or(i64::MAX)
}
