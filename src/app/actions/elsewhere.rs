//! Sessions in other databases of a server than the one that is watched: how careful one has to be with them. What the
//! configuration says of one database it does not say of those beside it.

use crate::app::Model;
use crate::config::resolved::DatabaseSpec;
use crate::domain::Safe;
use crate::domain::source::SourceKind;
use crate::domain::target::Environment;
use crate::remediation::action::{Action, Plan};
use crate::remediation::card::Preview;
use crate::remediation::object::Object;
use crate::remediation::runbook::Deed;

/// The database beside the watched one that asks for most care, with its environment; none where none asks for more than the
/// target of the action does.
#[must_use]
pub fn strictest(model: &Model, action: &Action, preview: &Preview) -> Option<(Safe, Environment)> {
    let all = touched(model, action, preview).into_iter();
    let others = all.flat_map(|(spec, objects)| objects.iter().map(move |object| (spec, &object.database)));
    let beside = others
        .filter(|(spec, database)| !database.as_str().is_empty() && database.as_str() != spec.target.database.as_str());
    let known = beside.map(|(spec, database)| (database.clone(), environment(model, spec, database)));
    known.max_by(|left, right| left.1.cmp(&right.1)).filter(|(_, found)| *found > action.target.environment)
}

/// The sessions of a card, with the database over which each is reached.
fn touched<'a>(model: &'a Model, action: &Action, preview: &'a Preview) -> Vec<(&'a DatabaseSpec, &'a [Object])> {
    let spec = |at: usize| Some(model.live.databases.get(at)?.spec.as_ref());
    if let Plan::Runbook(runbook) = &action.plan {
        let items = runbook.items();
        let of = |place: usize| {
            let (_, step) = items.iter().find(|(at, _)| *at == place)?;
            if let Deed::Sessions { database, .. } = &step.deed { spec(*database) } else { None }
        };
        return preview
            .parts
            .iter()
            .filter_map(|part| Some((of(part.place)?, part.found.objects.as_slice())))
            .collect();
    }
    let own = action.target.at.filter(|_| action.target.kind == SourceKind::Database).and_then(spec);
    own.into_iter().map(|spec| (spec, preview.objects.as_slice())).collect()
}

/// As the configuration says of that database of the same server, the strictest of what it says; else nobody declared it, which is
/// production unless all of the server is on this machine.
fn environment(model: &Model, beside: &DatabaseSpec, database: &Safe) -> Environment {
    let all = model.live.databases.iter().map(|known| known.spec.as_ref());
    let same = all.filter(|spec| spec.target.hosts.iter().any(|host| beside.target.hosts.contains(host)));
    let declared = same.filter(|spec| spec.target.database == database.as_str()).map(|spec| spec.environment.clone());
    let unknown = if beside.environment == Environment::Local { Environment::Local } else { Environment::Production };
    declared.max().unwrap_or(unknown)
}
