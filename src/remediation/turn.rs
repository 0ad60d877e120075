//! The turn of a database: what an action has to have to itself, from its locks to its end, so that operators on other hosts
//! see it too. Which turns an action needs is told by its card; how one is taken is not known here.

use std::time::Duration;

use super::action::{Action, Databases, Plan, SessionSelector};
use super::card::Card;
use super::runbook::{Deed, Runbook};
use super::service::{Manager, ServiceVerb};
use super::step::Work;

/// One turn is had within this, or not at all: a reading may stand before it.
pub const ONE: Duration = Duration::from_secs(8);
/// Who runs this program is known within this, or not told.
pub const WHO: Duration = Duration::from_secs(3);

/// So many turns, one after the other, are had within this or not at all: two that want the same ones never have half each.
#[must_use]
pub fn had_within(turns: usize) -> Duration {
    match u32::try_from(turns).unwrap_or(u32::MAX) {
        0 => Duration::ZERO,
        turns => WHO + ONE.saturating_mul(turns),
    }
}

/// How far an action on a database reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Only what is in the database that we are connected to.
    Database,
    /// Sessions of any database of the server.
    Server,
}

/// A database whose turn is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Our number of it.
    pub database: usize,
    /// How far.
    pub reach: Reach,
}

impl Reach {
    /// Of the sessions that a selector may find.
    #[must_use]
    pub fn of(selector: &SessionSelector) -> Reach {
        match selector {
            SessionSelector::IdleInTransaction { .. } | SessionSelector::Idle { databases: Databases::Present, .. } => {
                Reach::Database
            }
            SessionSelector::One(_)
            | SessionSelector::Pid(_)
            | SessionSelector::Given(_)
            | SessionSelector::Idle { .. }
            | SessionSelector::RootBlocker => Reach::Server,
        }
    }
}

/// Every turn that is needed before the first byte, a database once. Of what could not be looked at for the card none is
/// asked for: whatever is sent there takes it by itself.
#[must_use]
pub fn of(card: &Card) -> Vec<Turn> {
    let mut all: Vec<Turn> = Vec::new();
    let wanted: Vec<Turn> = match &card.action.plan {
        Plan::Runbook(runbook) => of_runbook(card, runbook),
        plan => of_plan(&card.action, plan),
    };
    for turn in wanted {
        match all.iter_mut().find(|known| known.database == turn.database) {
            Some(known) => known.reach = known.reach.max(turn.reach),
            None => all.push(turn),
        }
    }
    all.sort_by_key(|turn| turn.database);
    all
}

fn of_plan(action: &Action, plan: &Plan) -> Vec<Turn> {
    let at = |reach| action.target.at.map(|database| Turn { database, reach }).into_iter().collect();
    match plan {
        Plan::Sessions { selector, .. } => at(Reach::of(selector)),
        Plan::Upkeep(_) | Plan::Backup(_) => at(Reach::Database),
        Plan::Steps(steps) => steps.iter().filter_map(|step| of_work(&step.work)).collect(),
        Plan::Service { .. } | Plan::Flush { .. } | Plan::Explain { .. } | Plan::Wanting(_) | Plan::Runbook(_) => {
            Vec::new()
        }
    }
}

fn of_runbook(card: &Card, runbook: &Runbook) -> Vec<Turn> {
    let known = |place: &usize| {
        card.barred(*place).is_none() && card.part(*place).is_some_and(|found| !found.identity.facts.is_empty())
    };
    let items = runbook.items().into_iter().filter(|(place, _)| known(place));
    items.filter_map(|(_, step)| of_deed(&step.deed)).collect()
}

fn of_deed(deed: &Deed) -> Option<Turn> {
    match deed {
        Deed::Sessions { database, selector, .. } => Some(Turn { database: *database, reach: Reach::of(selector) }),
        Deed::Upkeep { database, .. } | Deed::Backup { database, .. } => {
            Some(Turn { database: *database, reach: Reach::Database })
        }
        Deed::Work(work) => of_work(work),
        Deed::Service { .. } | Deed::Flush { .. } | Deed::Explain { .. } => None,
    }
}

fn of_work(work: &Work) -> Option<Turn> {
    match work {
        Work::Sql(sql) if !sql.read_only => Some(Turn { database: sql.database, reach: Reach::Database }),
        Work::Sessions(sessions) => Some(Turn { database: sessions.database, reach: Reach::Server }),
        _ => None,
    }
}

/// Whether a step is the one thing that may be done though it is not known whether other operators are kept out: a service or
/// a container is started or restarted. What is started can be the very server that does not answer, nothing that goes to
/// that server can make it answer again, and it is recoverable. Nothing else is: where connections are exhausted the kept one
/// still answers, and a program or a request whose effect nobody here knows is no cure.
#[must_use]
pub fn may_be_the_cure(work: &Work) -> bool {
    let Work::Service(service) = work else { return false };
    let known = !matches!(service.step.manager, Manager::Program { .. });
    known && matches!(service.step.verb, ServiceVerb::Start | ServiceVerb::Restart)
}
