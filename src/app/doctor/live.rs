//! What stands wrong right now in what is watched: targets that do not answer and why, rights that are missing with the lines
//! that give them, rules that are not in force. From the model alone, so it is as fresh as what the panes show.

use crate::app::Model;
use crate::app::telemetry::Telemetry;
use crate::config::show::kind;
use crate::doctor::{Code, Finding};
use crate::domain::{Cause, Moment, PaneState, Safe};
use crate::remediation::action::Plan;
use crate::remediation::rights;
use crate::remediation::runbook::Deed;
use crate::remediation::service::ServiceStep;

use super::failing;

/// Most that are told of one kind.
pub(super) const MOST: usize = 500;

/// Everything, in the order in which it is watched.
#[must_use]
pub fn findings(model: &Model) -> Vec<Finding> {
    let (telemetry, now) = model.shown();
    let mut found = Vec::new();
    targets(telemetry, now, &mut found);
    failing::rules(telemetry, &mut found);
    if model.actions.spec.allow {
        signals(telemetry, &mut found);
    }
    orders(model, &mut found);
    let off = model.off.iter().take(MOST).map(|off| {
        let name = Safe::of(format!("{} {}", kind(off.kind), off.name));
        Finding::new(Code::NamedAndOff, name, 0, format!("it is named and off: {}", off.why), off.turn_on.as_str())
    });
    found.extend(off);
    found
}

fn joined(lines: &[Safe]) -> String {
    lines.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n")
}

/// What does not answer, and what may not be read.
fn targets(telemetry: &Telemetry, now: Moment, to: &mut Vec<Finding>) {
    for (name, state) in super::sources::states(telemetry, now).into_iter().take(MOST) {
        let finding = match state {
            PaneState::Denied { missing, fix } => Finding::new(Code::GrantMissing, name, 0, missing, joined(&fix)),
            PaneState::Error { cause: Cause::NoPermission { command, fix }, .. } => {
                let why = format!("the ACL of this user forbids {command}");
                Finding::new(Code::GrantMissing, name, 0, why, fix.as_str())
            }
            PaneState::Error { cause, .. } => {
                let meanwhile = if name.as_str().starts_with("metrics ") { "; rules over it have no data" } else { "" };
                Finding::new(Code::TargetFails, name, 0, format!("{cause}{meanwhile}"), joined(&cause.advice()))
            }
            _ => continue,
        };
        to.push(finding);
    }
}

/// Databases whose sessions this role may not signal, where actions are allowed.
fn signals(telemetry: &Telemetry, to: &mut Vec<Finding>) {
    for database in &telemetry.databases {
        let Some(server) = database.server.value().filter(|server| !server.pooler && !server.may_signal) else {
            continue;
        };
        let user = server.user.one_line();
        let role = format!("\"{}\"", user.as_str().replace('"', "\"\""));
        let name = Safe::of(format!("database {}", database.spec.name));
        let why = format!("{user} may not cancel or terminate sessions of others: those actions are refused");
        to.push(Finding::new(Code::GrantMissing, name, 0, why, format!("GRANT pg_signal_backend TO {role};")));
    }
}

/// What the configured orders to services need, each limited to its one unit and verb.
fn orders(model: &Model, to: &mut Vec<Finding>) {
    let operator = model.alerts.operator.as_str();
    // Who may do anything is asked nothing.
    if operator == "root" {
        return;
    }
    let operator = Some(operator).filter(|name| !name.is_empty());
    for action in model.actions.spec.own.iter().take(MOST) {
        for step in steps(&action.plan) {
            let whole_path = |name: &str| model.live.doctor.whole_paths.get(name).cloned();
            let Some((where_to, lines)) = rights::granting(step, operator, whole_path) else { continue };
            let name = Safe::of(format!("action {}", action.id));
            let why = format!(
                "{} of {} is refused where nobody may be asked for a password; whether it would be is only known when it is \
                 tried; this lets it, {where_to}, and nothing else",
                step.verb.word(),
                step.name()
            );
            let finding = Finding::new(Code::RightOfAction, name, 0, why, lines.join("\n"));
            if !to.contains(&finding) {
                to.push(finding);
            }
        }
    }
}

/// Programs of orders that sudo would be asked to run by a bare name: lines of sudoers name whole paths.
#[must_use]
pub fn programs(model: &Model) -> Vec<String> {
    let all = model.actions.spec.own.iter().take(MOST).flat_map(|action| steps(&action.plan));
    let mut found: Vec<String> = all.filter_map(rights::sought).collect();
    found.sort();
    found.dedup();
    found
}

fn steps(plan: &Plan) -> Vec<&ServiceStep> {
    match plan {
        Plan::Service { step, .. } => vec![step],
        Plan::Runbook(runbook) => {
            let deeds = runbook.items().into_iter().map(|(_, step)| &step.deed);
            deeds.filter_map(|deed| if let Deed::Service { step, .. } = deed { Some(&**step) } else { None }).collect()
        }
        Plan::Wanting(wanting) => steps(&wanting.plan),
        _ => Vec::new(),
    }
}

/// How many targets are looked at.
#[must_use]
pub fn count(telemetry: &Telemetry) -> usize {
    telemetry.services.len()
        + telemetry.databases.len()
        + telemetry.caches.len()
        + telemetry.signals.len()
        + telemetry.metrics.targets.len()
        + telemetry.logs.names.len()
        + usize::from(telemetry.prometheus.is_some())
        + usize::from(telemetry.alertmanager.is_some())
}

/// Whether what is to be scraped was not all looked at even once: soon it will be.
#[must_use]
pub fn is_still_loading(model: &Model) -> bool {
    let is_loading = |state: PaneState| matches!(state, PaneState::Loading { .. });
    let targets = &model.live.metrics.targets;
    model.discovering > 0 || targets.iter().any(|target| is_loading(target.state(model.now)))
}

/// Why what is scraped is not all there is to rules; `None` where it is.
#[must_use]
pub fn incomplete(model: &Model) -> Option<Safe> {
    let (telemetry, now) = (&model.live, model.now);
    let metrics = &telemetry.metrics;
    if model.discovering > 0 {
        return Some(Safe::of("what there is to scrape is still looked for"));
    }
    if let Some(server) = telemetry.prometheus.as_ref().filter(|server| !server.state(now).is_fresh()) {
        return Some(Safe::of(format!("the server {} does not answer", server.address)));
    }
    if metrics.targets.is_empty() && telemetry.prometheus.is_none() {
        return Some(Safe::of("nothing is scraped; name it with --metrics URL"));
    }
    for target in &metrics.targets {
        match target.state(now) {
            state if state.is_fresh() => {}
            PaneState::Loading { .. } => return Some(Safe::of(format!("{} was not scraped yet", target.name))),
            PaneState::Error { cause, .. } => {
                return Some(Safe::of(format!("{} is not scraped ({})", target.name, cause.short())));
            }
            state => return Some(Safe::of(format!("{} is not scraped ({})", target.name, state.words()))),
        }
    }
    let dropped = metrics.store.is_some_and(|store| store.dropped > 0) || metrics.behind > 0;
    dropped.then(|| Safe::of("series were dropped: metrics_bytes is too small"))
}
