//! Upkeep of tables and indexes, as actions: of any that is named, of those that the server names as most in need, and of what
//! a cancelled reindex left behind.

use crate::app::pane::PaneId;
use crate::app::{Effect, Model};
use crate::config::resolved::DatabaseSpec;
use crate::domain::{Safe, Untrusted, figure};
use crate::remediation::action::{Action, Plan};
use crate::remediation::card::Preview;
use crate::remediation::upkeep::{self, DEADLINE, Upkeep, UpkeepVerb};

use super::catalogue;

/// Leftovers that are offered to be removed.
const LEFTOVERS: usize = 5;

/// What the server names as in need of something; as of when the menu was opened, or a reindex ended.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    /// Tables with many dead rows, of one database.
    pub needy: (usize, Vec<(Untrusted, i64)>),
    /// Invalid indexes of cancelled reindexes.
    pub leftovers: (usize, Vec<Untrusted>),
}

/// What can be done to anything that is named.
pub fn named(at: usize, spec: &DatabaseSpec) -> impl Iterator<Item = Action> {
    UpkeepVerb::ALL.into_iter().map(move |verb| of(at, spec, verb, String::new(), ""))
}

/// Whether an action has the name of one that can be asked for of any table.
pub fn is_built_in(action: &Action) -> bool {
    matches!(action.plan, Plan::Upkeep(_)) && UpkeepVerb::parse(action.id.as_str()).is_some()
}

/// What the server names as in need of something.
pub fn offered(model: &Model) -> Vec<Action> {
    let mut found = Vec::new();
    let Offers { needy, leftovers } = &model.actions.offers;
    let spec = |at: usize| model.live.databases.get(at).map(|database| &database.spec);
    // Names that are not UTF-8 cannot be bound as text.
    let text = |name: &Untrusted| String::from_utf8(name.as_bytes().to_vec()).ok();
    if let Some(spec) = spec(leftovers.0) {
        let names = leftovers.1.iter().filter_map(text).take(LEFTOVERS);
        found.extend(names.map(|name| of(leftovers.0, spec, UpkeepVerb::DropLeftover, name, "")));
    }
    if let Some(spec) = spec(needy.0).filter(|_| on_database_page(model)) {
        for (name, dead) in &needy.1 {
            let Some(name) = text(name) else { continue };
            let remark = format!(" ({} dead rows)", figure::count(*dead as f64));
            found.push(of(needy.0, spec, UpkeepVerb::VacuumAnalyse, name, &remark));
        }
    }
    found
}

fn on_database_page(model: &Model) -> bool {
    matches!(model.view.focused(), PaneId::Sessions | PaneId::Connections | PaneId::Database | PaneId::SlowQueries)
}

/// What the menu wants to know: asked when it is opened, never by itself.
pub fn wanted(model: &Model) -> Option<Effect> {
    let database = model.view.database;
    (on_database_page(model) && database < model.live.databases.len()).then_some(Effect::ReadNeedy { database })
}

/// A card that saw leftovers offers their removal.
pub fn note_leftovers(model: &mut Model, action: &Action, preview: &Preview) {
    let (Plan::Upkeep(upkeep), Some(database), Some(relation)) = (&action.plan, action.target.at, &preview.relation)
    else {
        return;
    };
    if upkeep.verb == UpkeepVerb::Reindex {
        model.actions.offers.leftovers = (database, relation.standing.leftovers.clone());
    }
}

/// Of what was typed, on the database that is shown.
///
/// # Errors
/// What is missing.
pub fn on_shown(model: &Model, verb: UpkeepVerb, typed: &str) -> Result<Action, Safe> {
    let at = model.view.database;
    let database = model.live.databases.get(at).ok_or_else(|| Safe::of("no database is watched"))?;
    if typed.trim().is_empty() {
        return Err(Safe::of(format!("name a table: {} public.orders", verb.word())));
    }
    Ok(of(at, &database.spec, verb, typed.trim().to_owned(), ""))
}

fn of(at: usize, spec: &DatabaseSpec, verb: UpkeepVerb, name: String, remark: &str) -> Action {
    let shown = if name.is_empty() { "what is named".to_owned() } else { name.clone() };
    let wanted = Upkeep { verb, name, lock_timeout: verb.usual_lock_timeout() };
    let title = format!("{} {shown}{remark}", verb.words());
    upkeep::action(Safe::of(verb.word()), Safe::of(title), catalogue::target(at, spec), wanted, DEADLINE)
}
