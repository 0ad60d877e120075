//! The card of sessions that were agreed to before: these and no others, each with what became of it since. Whoever left or
//! changed stays on it, for the statement to answer; whoever came since is not looked for. A right that was lost, or somebody
//! who is spared by now, speaks against all of it. Only reads.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::types::Type;

use super::super::cause::quoted;
use super::super::column::get;
use super::super::connect::APPLICATION;
use super::super::{PostgresSource, Session, not_connected, patience};
use super::choice::Choice;
use super::order::Order;
use super::turn::{self, Key};
use super::{identity, late, preview};
use crate::domain::{Cause, Safe};
use crate::remediation::action::SessionSelector;
use crate::remediation::card::Preview;
use crate::remediation::object::{Object, ObjectKey};
use crate::remediation::step::SessionVerb;
use crate::remediation::turn::Reach;

const AGREED: &str = include_str!("sql/agreed.sql");

impl PostgresSource {
    /// What would be sent to these sessions, which were agreed to before. Only reads. A kept connection that turns out to be
    /// broken is made anew, once.
    pub async fn preview_agreed(
        &mut self,
        keys: &[ObjectKey],
        selector: &SessionSelector,
        verb: SessionVerb,
        deadline: Duration,
    ) -> Result<Preview, Cause> {
        let until = Instant::now() + deadline;
        for kept in [self.session.is_some(), false] {
            let work = async {
                self.ready(until, patience(self.spec.deadline)).await?;
                let session = self.session.as_mut().ok_or_else(not_connected)?;
                let found = identity::read(session, verb, None).await?;
                let mut preview = look(session, keys, selector, verb, &self.spared).await?;
                preview.identity = found.identity;
                preview.obstacles.splice(0..0, found.obstacles);
                Ok(preview)
            };
            let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(deadline)));
            self.settle(&outcome).await;
            if !self.is_worth_another(kept, &outcome) {
                return outcome;
            }
        }
        Err(not_connected())
    }
}

async fn look(
    session: &mut Session,
    keys: &[ObjectKey],
    selector: &SessionSelector,
    verb: SessionVerb,
    (users, applications): &(Vec<String>, Vec<String>),
) -> Result<Preview, Cause> {
    let mut preview = Preview::default();
    let choice = match Choice::new(selector, verb) {
        Ok(choice) => choice.sparing(users, applications),
        Err(why) => {
            preview.obstacles.push(why);
            return Ok(preview);
        }
    };
    if let Some(holder) = turn::holder(session, Reach::of(selector)).await? {
        preview.obstacles.push(Safe::of(format!("held by another operator: {holder}")));
    }
    let order = Order::new(keys, verb)?;
    preview.effect = order.lines(Key::of(session));
    let [pids, starts, states, since] = order.parameters();
    let parameters = [
        pids,
        starts,
        states,
        since,
        (&APPLICATION as _, Type::TEXT),
        (&choice.except_users as _, Type::TEXT_ARRAY),
        (&choice.except_applications as _, Type::TEXT_ARRAY),
        (&session.facts.database_oid as _, Type::OID),
    ];
    let rows = session.link.query(AGREED, &parameters).await?;
    let mut became: BTreeMap<&'static str, usize> = BTreeMap::new();
    for row in &rows {
        let class = class(get::<&str>(row, 0)?);
        *became.entry(class).or_default() += 1;
        preview.objects.push(told(preview::object(row)?, class));
    }
    let of = |class: &str| became.get(class).copied().unwrap_or(0);
    let user = session.facts.user.one_line();
    for (class, words) in [
        ("spared", "must be left alone by now: ask for the card anew".to_owned()),
        ("right", format!("may not be signalled: GRANT pg_signal_backend TO {};", quoted(user.as_str()))),
        ("hidden", "cannot be seen any more: no right".to_owned()),
    ] {
        if of(class) > 0 {
            preview.obstacles.push(Safe::of(format!("{} of those agreed to {words}", of(class))));
        }
    }
    preview.lapsed = !rows.is_empty() && of("gone") + of("changed") == rows.len();
    preview.remarks.push(Safe::of("for those who were agreed to, and for nobody who came since"));
    for (class, words) in [("gone", "gone already"), ("changed", "changed since, and will be left alone")] {
        if of(class) > 0 {
            preview.remarks.push(Safe::of(format!("{} of them {words}", of(class))));
        }
    }
    Ok(preview)
}

/// The word that is known here; what is not is not taken for one that may be touched.
fn class(word: &str) -> &'static str {
    let known = ["session", "gone", "changed", "spared", "right", "hidden"];
    known.into_iter().find(|known| *known == word).unwrap_or("hidden")
}

/// With what became of it.
fn told(object: Object, class: &'static str) -> Object {
    let remark = match class {
        "gone" => Safe::of("gone already"),
        "changed" => Safe::of("changed since: it will be left alone"),
        _ => return object,
    };
    Object { remark, ..object }
}
