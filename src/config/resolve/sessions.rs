//! Steps of a runbook that end sessions of a database, or ask it for a plan: whom they mean.

use std::time::Duration;

use super::super::layers::Item;
use super::builder::Builder;
use super::given::{flag, text, time};
use super::steps::{BRIEF, Drawn, Touched};
use crate::remediation::action::{Databases, SessionSelector};
use crate::remediation::explain::{Explained, KeptText, judge};
use crate::remediation::parameter::Parameter;
use crate::remediation::runbook::Deed;
use crate::remediation::step::SessionVerb;

impl Builder<'_> {
    pub(super) fn sessions(&mut self, item: &Item, words: &str, touched: &mut Touched) -> Option<Drawn> {
        let (database, name) = self.database_of(item, touched)?;
        let spec = &self.resolved.actions;
        let older = time(item, "older_than");
        // What was configured as the least age is never undercut.
        let least = |configured: Duration| older.unwrap_or(configured).max(configured);
        let named = |key| text(item, key).map(str::to_owned);
        if let Some(why) = whom_wrong(item, words) {
            self.wrong(item, why.0, &why.1);
            return None;
        }
        let selector = match words {
            "terminate idle" => SessionSelector::Idle {
                older_than: least(spec.idle_older_than),
                user: named("user"),
                application: named("application"),
                databases: in_databases(item),
                except_users: spec.except_users.clone(),
                except_applications: spec.except_applications.clone(),
            },
            "terminate idle in transaction" => {
                SessionSelector::IdleInTransaction { older_than: least(spec.idle_in_transaction_older_than) }
            }
            "cancel one" | "terminate one" => {
                SessionSelector::Given(text(item, "pid").unwrap_or_default().trim().to_owned())
            }
            _ => SessionSelector::RootBlocker,
        };
        let verb = if words.starts_with("cancel") { SessionVerb::Cancel } else { SessionVerb::Terminate };
        let one = matches!(selector, SessionSelector::RootBlocker | SessionSelector::Given(_));
        let cap = if one { 1 } else { spec.cap };
        let title = match &selector {
            SessionSelector::Given(pid) => format!("{} session {pid} of {name}", words.trim_end_matches(" one")),
            _ => format!("{words} of {name}"),
        };
        Some((Deed::Sessions { database, selector, verb, cap }, title, BRIEF))
    }

    pub(super) fn explain(&mut self, item: &Item, words: &str, touched: &mut Touched) -> Option<Drawn> {
        let of = Explained::written(words);
        // What stands in braces is the number of a statement, which is known once it is given.
        if let (Explained::Written(statement), false) = (&of, is_a_name(words))
            && let Err(why) = judge(&KeptText::whole(statement))
        {
            self.wrong(item, "explain", why.as_str());
            return None;
        }
        let (database, name) = self.database_of(item, touched)?;
        let redact = self.resolved.screen.redact;
        Some((Deed::Explain { database, of, redact }, format!("explain a statement of {name}"), BRIEF))
    }
}

/// Keys that say whose idle sessions are meant.
const WHOSE: [&str; 4] = ["user", "application", "in_database", "every_database"];

/// What makes no sense in whom a step with `sessions` means: the key, and why.
fn whom_wrong(item: &Item, words: &str) -> Option<(&'static str, String)> {
    let pid = text(item, "pid");
    if words.ends_with(" one") {
        let given = WHOSE.into_iter().chain(["older_than"]).find(|key| item.given(key).is_some());
        if let Some(key) = given {
            return Some((key, "means nothing beside pid: that says whose it is".to_owned()));
        }
        if !pid.is_some_and(is_a_name) {
            let why =
                "one session has to be named by a parameter, as pid = \"{pid}\": a number in a file is soon another's";
            return Some((if pid.is_some() { "pid" } else { "sessions" }, why.to_owned()));
        }
        return None;
    }
    if pid.is_some() {
        return Some(("pid", "only with sessions = \"cancel one\" or \"terminate one\"".to_owned()));
    }
    if words != "terminate idle" {
        let given = WHOSE.into_iter().find(|key| item.given(key).is_some())?;
        return Some((given, "only with sessions = \"terminate idle\"".to_owned()));
    }
    if text(item, "in_database").is_some_and(|name| name.trim() == "*") {
        return Some(("in_database", "names one database; every_database = true means every one".to_owned()));
    }
    let both = text(item, "in_database").is_some() && flag(item, "every_database");
    both.then(|| ("in_database", "contradicts every_database: say one of them".to_owned()))
}

fn in_databases(item: &Item) -> Databases {
    match text(item, "in_database") {
        Some(name) => Databases::Named(name.to_owned()),
        None if flag(item, "every_database") => Databases::Every,
        None => Databases::Present,
    }
}

/// The name of a parameter in braces, and nothing else.
fn is_a_name(text: &str) -> bool {
    let inner = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(Parameter::is_name)
}
