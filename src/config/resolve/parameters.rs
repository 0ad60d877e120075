//! What an action of a team's own is given when it is asked for: held against where the names stand in it.

use super::super::layers::Item;
use super::super::nearest;
use super::super::resolved::Receivers;
use super::super::value::Value;
use super::builder::Builder;
use crate::domain::Safe;
use crate::domain::hidden::names_a_secret;
use crate::remediation::action::{Plan, Wanting};
use crate::remediation::parameter::{Gap, Otherwise, Parameter, Spot, filled};

impl Builder<'_> {
    /// The action of an entry becomes one that has to be given its values first, where it has parameters.
    pub(super) fn parameters(&mut self, item: &Item) {
        let parameters: &[Parameter] = match item.given("parameter").map(|given| &given.value) {
            Some(Value::Parameters(parameters)) => parameters,
            Some(_) => return,
            None => &[],
        };
        let own = &self.resolved.actions.own;
        let Some(at) = own.iter().position(|action| action.id.as_str() == item.name) else { return };
        let Some(plan) = own.get(at).map(|action| action.plan.clone()) else { return };
        let secret = parameters.iter().find(|parameter| names_a_secret(&parameter.name)).map(|parameter| {
            format!(
                "{} names a secret, and what is given stands on the card and in the audit: write the secret as a header or bearer of the entry",
                parameter.name
            )
        });
        let previews = self.resolved.actions.beside.iter().filter(|beside| beside.action.as_str() == item.name);
        let previews: Vec<&Receivers> = previews
            .flat_map(|beside| beside.receivers.iter().chain(beside.steps.iter().map(|(_, read)| read)))
            .collect();
        let named = parameters.iter().find(|parameter| previews.iter().any(|read| names(read, &parameter.name)));
        let named = named.map(|parameter| {
            format!(
                "{0} stands in a preview, as {{{0}}}: whom it reaches is read without what is given",
                parameter.name
            )
        });
        if let Some(words) = secret.or(named) {
            return self.wrong(item, "parameter", &words);
        }
        if let Some((spot, words)) = against(&plan, parameters) {
            return self.wrong_at(item, &spot, &words);
        }
        if parameters.is_empty() {
            return;
        }
        if let Some(action) = self.resolved.actions.own.get_mut(at) {
            action.plan = Plan::Wanting(Box::new(Wanting { parameters: parameters.to_vec(), plan }));
        }
    }
}

impl Builder<'_> {
    /// Told where it stands: at the step, by the key that was written.
    fn wrong_at(&mut self, item: &Item, spot: &Spot, words: &str) {
        let merged = self.merged;
        // The line end in the name of an entry does not pass the gate.
        let step = merged.of("runbook.step").find(|step| Safe::of(&step.name) == spot.entry);
        let item = step.unwrap_or(item);
        let written = [spot.key, "path", "origin", "manual"].into_iter().find(|key| item.given(key).is_some());
        self.wrong(item, written.filter(|_| !spot.key.is_empty()).unwrap_or("parameter"), words);
    }
}

/// Whether a preview has the name of a parameter in braces.
fn names(read: &Receivers, name: &str) -> bool {
    let mark = format!("{{{name}}}");
    match read {
        Receivers::Sql { sql, .. } => sql.contains(&mark),
        Receivers::Endpoint { request, pointer } => {
            let url = request.url.as_str().replace("%7B", "{").replace("%7D", "}");
            url.contains(&mark) || pointer.contains(&mark)
        }
    }
}

/// What makes no sense, if anything, and where: every name stands for a parameter, and every parameter stands somewhere.
fn against(plan: &Plan, parameters: &[Parameter]) -> Option<(Spot, String)> {
    let whole = |words: String| (Spot::default(), words);
    let sample: Vec<(String, String)> = parameters.iter().map(|p| (p.name.clone(), p.sample())).collect();
    let filled = match filled(plan, parameters, &sample, false) {
        Ok(filled) => filled,
        Err(Gap::Unknown(name, spot)) => {
            let hint = nearest::hint(&name, parameters.iter().map(|p| p.name.as_str()));
            let none = if parameters.is_empty() { "no parameter is declared" } else { "no such parameter is declared" };
            let words = format!("{{{name}}}: {none}{hint}; for the braces themselves write {{{{{name}}}}}");
            return Some((spot, words));
        }
        Err(Gap::Misplaced(why, spot)) => return Some((spot, why.to_string())),
        Err(Gap::Missing(name)) => return Some(whole(format!("{name} is missing"))),
    };
    if let Some(idle) = parameters.iter().find(|p| !filled.used.contains(&p.name)) {
        let name = &idle.name;
        return Some(whole(format!(
            "{name} means something only where it stands, and it stands nowhere: write {{{name}}} among the binds, as a segment of a path, in a JSON body or as a word of a command"
        )));
    }
    let leaves = |p: &&Parameter| p.otherwise == Otherwise::LeftOut && !matches!(plan, Plan::Runbook(_));
    let idle = parameters.iter().find(leaves)?;
    Some(whole(format!("{}: optional leaves out steps of a runbook; here it needs a default", idle.name)))
}
