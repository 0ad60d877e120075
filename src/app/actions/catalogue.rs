//! Which actions there are: the built-in ones of every database, the team's own, and what can be done to what is selected.

use std::time::Duration;

use crate::app::Model;
use crate::app::pane::PaneId;
use crate::app::table::RowKey;
use crate::app::telemetry::database::DatabaseState;
use crate::config::environments;
use crate::config::resolved::DatabaseSpec;
use crate::domain::session::{SessionId, SessionState};
use crate::domain::source::SourceKind;
use crate::domain::{Safe, figure};
use crate::remediation::action::{Action, Databases, Limits, Plan, SessionSelector, Target};
use crate::remediation::approval::Demands;
use crate::remediation::guard::{self, FROZEN, READ_ONLY, Situation, hindrance};
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, POOLS_RECONNECT, POOLS_SEEN, Proof, Trial};
use crate::remediation::parameter::Given;
use crate::remediation::step::SessionVerb;

use super::trouble::{self, Trouble, Want};

/// Whoever runs a statement for less is not offered by the menu.
const LONG: Duration = Duration::from_secs(5);

/// All actions of the menu: those that help against what is selected, or is wrong, first.
#[must_use]
pub fn all(model: &Model) -> Vec<Action> {
    let troubles = trouble::troubles(model);
    let mut found = offered(model);
    found.extend(of_culprits(model, &troubles, &found));
    ready(model, &troubles, found)
}

fn ready(model: &Model, troubles: &[Trouble], found: Vec<Action>) -> Vec<Action> {
    let bound = found.into_iter().map(|action| model.actions.spec.policy.bind(action)).collect();
    super::cure::ordered(model, troubles, bound)
}

fn offered(model: &Model) -> Vec<Action> {
    let mut found = Vec::new();
    let databases = &model.live.databases;
    let pane = model.view.focused();
    if let (PaneId::Sessions, Some(RowKey::Session(id))) = (pane, model.view.cursor(pane).selected)
        && let Some(database) = databases.get(model.view.database)
    {
        found.extend(of_session(model.view.database, &database.spec, id));
    }
    found.extend(super::explain::of_selected(model));
    let silencing = super::silencing::offered(model);
    let of_alerts = pane == PaneId::Alerts;
    if of_alerts {
        found.extend(silencing.iter().cloned());
    }
    let own = &model.actions.spec.own;
    let of_database = matches!(pane, PaneId::Sessions | PaneId::Connections | PaneId::Database | PaneId::SlowQueries);
    if !of_database {
        found.extend(own.iter().cloned());
    }
    for (at, database) in databases.iter().enumerate() {
        found.extend(of_database_at(model, at, &database.spec));
    }
    for (at, cache) in model.live.caches.iter().enumerate() {
        found.extend(super::flush::of_cache(model, at, &cache.spec));
    }
    if of_database {
        found.extend(own.iter().cloned());
    }
    found.extend(super::upkeep::offered(model));
    if !of_alerts {
        found.extend(silencing);
    }
    found
}

/// Where an alert asks for what is done to a single session, and none is selected: whoever has run one statement longest
/// without waiting for anybody, in each database.
fn of_culprits(model: &Model, troubles: &[Trouble], known: &[Action]) -> Vec<Action> {
    let wanted = |action: &Action| {
        let named = Want::Named(action.id.clone());
        troubles.iter().any(|trouble| trouble.wants.contains(&named))
    };
    let databases = model.live.databases.iter().enumerate();
    let culprits = databases.filter_map(|(at, database)| Some((at, &database.spec, longest(database)?)));
    let mut found: Vec<Action> = culprits.flat_map(|(at, spec, id)| of_session(at, spec, id)).collect();
    // Whoever selected a session means that one.
    found.retain(|action| wanted(action) && !known.iter().any(|other| other.id == action.id));
    found
}

fn longest(database: &DatabaseState) -> Option<SessionId> {
    let sessions = &database.sessions.value()?.list;
    let runs = sessions.iter().filter(|session| session.state == SessionState::Active && session.blocked_by.is_empty());
    let longest = runs.max_by_key(|session| session.query_age)?;
    longest.query_age.is_some_and(|age| age >= LONG).then_some(longest.id)
}

/// All actions that can be asked for by name: those, and what is done to a single session that a parameter names.
#[must_use]
pub fn named(model: &Model) -> Vec<Action> {
    let mut found = ready(model, &trouble::troubles(model), offered(model));
    // What is offered has the names of what can be asked for of any table.
    found.retain(|action| !super::upkeep::is_built_in(action));
    let selected: Vec<Safe> = found.iter().map(|action| action.id.clone()).collect();
    for (at, database) in model.live.databases.iter().enumerate() {
        // What is selected on the screen is meant before a number is asked for.
        let explain = super::explain::named(model, at, &database.spec);
        let more = of_named_session(at, &database.spec)
            .into_iter()
            .chain([explain])
            .filter(|action| !selected.contains(&action.id));
        found.extend(more);
        found.extend(super::upkeep::named(at, &database.spec));
    }
    found
}

/// How things stand, for the guard. Readings are those that the action looks at; whoever judges adds how old its target's are.
#[must_use]
pub fn situation<'a>(
    model: &'a Model,
    running: Option<&'a Safe>,
    readings: &'a [crate::remediation::measure::Evidence],
) -> Situation<'a> {
    let actions = &model.actions;
    Situation {
        now: model.now,
        armed: actions.is_armed(),
        frozen: model.frozen.is_some(),
        stale: None,
        running,
        readings,
        windows: &actions.spec.windows,
        clock: &actions.clock,
        policy: &actions.spec.policy,
        approval: None,
    }
}

/// Why an action cannot be asked for now.
#[must_use]
pub fn reason_against(model: &Model, action: &Action) -> Option<Safe> {
    if let Some(why) = &model.actions.audit_failure {
        return Some(Safe::of(format!("the audit cannot be written: {why}")));
    }
    let readings = super::evidence::before(&model.live, action, model.now);
    let running = model.actions.running();
    let stale = super::against::stale(model, action);
    let situation = Situation { stale: stale.as_ref(), ..situation(model, running.as_ref(), &readings) };
    let hindrance = hindrance(action, &situation);
    let alone = guard::demands(action, &situation).second_person && model.actions.spec.shared.is_none();
    let hindrance = hindrance.map(|why| match why.as_str() {
        FROZEN => model.frozen_words(),
        READ_ONLY => Safe::of(model.actions.unarmed_words()),
        _ => why,
    });
    hindrance
        .or_else(|| super::against::reason(model, action))
        .or_else(|| super::standing::against(model, action))
        .or_else(|| alone.then(|| Safe::of("a second person needs the folder `shared` under [actions]")))
}

/// What policy asks of an action now, beside phrase and window.
#[must_use]
pub fn demands(model: &Model, action: &Action) -> Demands {
    guard::demands(action, &situation(model, None, &[]))
}

/// A database as a target.
pub fn target(at: usize, spec: &DatabaseSpec) -> Target {
    Target {
        kind: SourceKind::Database,
        at: Some(at),
        name: spec.name.clone(),
        environment: spec.environment.clone(),
        provenance: spec.provenance,
        on_loopback: environments::database_is_loopback(&spec.target),
    }
}

struct Draft {
    id: &'static str,
    title: String,
    selector: SessionSelector,
    verb: SessionVerb,
    trials: Vec<Trial>,
    settle: Duration,
    undo: &'static str,
    warning: &'static str,
}

fn made(at: usize, spec: &DatabaseSpec, cap: usize, draft: Draft) -> Action {
    let within = draft.settle + POOLS_SEEN;
    Action {
        id: Safe::of(draft.id),
        title: Safe::of(draft.title),
        level: Level::L2,
        target: target(at, spec),
        plan: Plan::Sessions { selector: draft.selector, verb: draft.verb },
        preconditions: Vec::new(),
        limits: Limits { cap, cool_down: Duration::from_secs(10), deadline: Duration::from_secs(10) },
        proof: Proof { trials: draft.trials, settle: draft.settle, within, stable: Duration::from_secs(2) },
        undo: Safe::of(draft.undo),
        warnings: if draft.warning.is_empty() { Vec::new() } else { vec![Safe::of(draft.warning)] },
        given: Given::default(),
    }
}

fn gone(what: &str) -> Trial {
    Trial { measure: Measure::ObjectsLeft, expect: Expectation::None, name: Safe::of(what) }
}

/// What can be done to a single session that is named by a parameter.
fn of_named_session(at: usize, spec: &DatabaseSpec) -> [Action; 2] {
    of_one(at, spec, &SessionSelector::Pid(0), "a session")
}

fn of_session(at: usize, spec: &DatabaseSpec, id: SessionId) -> [Action; 2] {
    of_one(at, spec, &SessionSelector::One(id), &format!("session {}", id.pid))
}

fn of_one(at: usize, spec: &DatabaseSpec, selector: &SessionSelector, whom: &str) -> [Action; 2] {
    let draft = |id_word, title: String, verb, undo, warning| Draft {
        id: id_word,
        title,
        selector: selector.clone(),
        verb,
        trials: vec![gone("sessions still as on the card")],
        settle: Duration::ZERO,
        undo,
        warning,
    };
    let cancel = draft(
        "cancel-query",
        format!("cancel what {whom} runs"),
        SessionVerb::Cancel,
        "nothing: the statement is rolled back",
        "",
    );
    let terminate = draft(
        "terminate-session",
        format!("terminate {whom}"),
        SessionVerb::Terminate,
        "nothing: its transaction is rolled back and its client has to connect again",
        "uncommitted work of the session is rolled back",
    );
    [made(at, spec, 1, cancel), made(at, spec, 1, terminate)]
}

fn of_database_at(model: &Model, at: usize, spec: &DatabaseSpec) -> [Action; 4] {
    let limits = &model.actions.spec;
    let (idle, open) = (limits.idle_older_than, limits.idle_in_transaction_older_than);
    let blocked = Trial {
        measure: Measure::Blocked(at),
        expect: Expectation::Fell,
        name: Safe::of(format!("blocked sessions of {}", spec.name)),
    };
    let used = Trial {
        measure: Measure::UsedSlots(at),
        expect: Expectation::Fell,
        name: Safe::of(format!("connections in use of {}", spec.name)),
    };
    let in_transaction = Draft {
        id: "terminate-idle-in-transaction",
        title: format!("terminate sessions idle in transaction for {}", figure::span(open)),
        selector: SessionSelector::IdleInTransaction { older_than: open },
        verb: SessionVerb::Terminate,
        trials: vec![gone("sessions still as on the card")],
        settle: Duration::ZERO,
        undo: "nothing: their transactions are rolled back",
        warning: "uncommitted work of these sessions is rolled back",
    };
    let root = |id, title: &str, verb, undo, warning| Draft {
        id,
        title: title.to_owned(),
        selector: SessionSelector::RootBlocker,
        verb,
        trials: vec![gone("blockers still as on the card"), blocked.clone()],
        settle: Duration::ZERO,
        undo,
        warning,
    };
    let cancel_root = root(
        "cancel-root-blocker",
        "cancel what the root blocker runs",
        SessionVerb::Cancel,
        "nothing: the statement is rolled back, and with it the transaction that it is in",
        "",
    );
    let terminate_root = root(
        "terminate-root-blocker",
        "terminate the root blocker",
        SessionVerb::Terminate,
        "nothing: its transaction is rolled back",
        "uncommitted work of the blocker is rolled back",
    );
    let idle = Draft {
        id: "terminate-idle",
        title: format!("terminate sessions idle for {}", figure::span(idle)),
        selector: SessionSelector::Idle {
            older_than: idle,
            user: None,
            application: None,
            databases: Databases::Present,
            except_users: limits.except_users.clone(),
            except_applications: limits.except_applications.clone(),
        },
        verb: SessionVerb::Terminate,
        trials: vec![gone("sessions of the card still there"), used],
        settle: POOLS_RECONNECT,
        undo: "nothing: their clients have to connect again",
        warning: "",
    };
    let cap = limits.cap;
    [
        made(at, spec, cap, in_transaction),
        made(at, spec, 1, cancel_root),
        made(at, spec, 1, terminate_root),
        made(at, spec, cap, idle),
    ]
}
