//! The card of sessions that were agreed to before: these and no others, each with what became of it since, and held against
//! what the action is for as if it was chosen now. Whoever left or changed stays on it, for the statement to answer; whoever
//! came since is not touched. A right that was lost, somebody who is spared by now, or whose it is not as was agreed to, or
//! whom the action would not choose, speaks against all of it. Only reads.

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
use super::preview::{self, Found};
use super::turn::{self, Key};
use super::{identity, late};
use crate::domain::{Cause, Safe};
use crate::remediation::action::SessionSelector;
use crate::remediation::card::Preview;
use crate::remediation::object::{AgreedTo, Excluded, Object, ObjectKey};
use crate::remediation::step::SessionVerb;
use crate::remediation::turn::Reach;

const AGREED: &str = include_str!("sql/agreed.sql");

impl PostgresSource {
    /// What would be sent to these sessions, which were agreed to before. Only reads. A kept connection that turns out to be
    /// broken is made anew, once.
    pub async fn preview_agreed(
        &mut self,
        kept: &[AgreedTo],
        selector: &SessionSelector,
        verb: SessionVerb,
        cap: usize,
        deadline: Duration,
    ) -> Result<Preview, Cause> {
        let until = Instant::now() + deadline;
        for connected in [self.session.is_some(), false] {
            let work = async {
                self.ready(until, patience(self.spec.deadline)).await?;
                let session = self.session.as_mut().ok_or_else(not_connected)?;
                let found = identity::read(session, verb, None).await?;
                let mut preview = look(session, kept, selector, verb, cap, &self.spared).await?;
                preview.identity = found.identity;
                preview.obstacles.splice(0..0, found.obstacles);
                Ok(preview)
            };
            let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(deadline)));
            self.settle(&outcome).await;
            if !self.is_worth_another(connected, &outcome) {
                return outcome;
            }
        }
        Err(not_connected())
    }
}

async fn look(
    session: &mut Session,
    kept: &[AgreedTo],
    selector: &SessionSelector,
    verb: SessionVerb,
    cap: usize,
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
    turn::look(session, Reach::of(selector)).await?.tell(&mut preview);
    let keys: Vec<ObjectKey> = kept.iter().map(|kept| kept.key.clone()).collect();
    let order = Order::new(&keys, verb)?;
    preview.effect = order.lines(Key::of(session));
    let most = if choice.root { cap.min(1) } else { cap };
    if kept.len() > most {
        preview.obstacles.push(Safe::of(format!("{} were agreed to, and it is for {most} at most", kept.len())));
    }
    // What became of them is asked last: of whoever is still as they were then, the first look tells the truth too.
    let pids: Vec<i32> = keys.iter().filter_map(pid).collect();
    let only = (!choice.root).then_some(pids.as_slice());
    let found = preview::choose(session, &choice, selector, keys.len(), only).await?;
    let became = became(session, &order, &choice).await?;
    let here = session.facts.database.one_line();
    let looked = Looked { kept, became, found: &found, root: choice.root };
    preview.objects = looked.objects();
    preview.lapsed = !kept.is_empty() && looked.still().next().is_none();
    looked.speak_against(&mut preview, session.facts.user.one_line().as_str());
    looked.tell(&mut preview, selector, verb, &here);
    looked.leave_alone(&mut preview, &choice);
    Ok(preview)
}

fn pid(key: &ObjectKey) -> Option<i32> {
    match key {
        ObjectKey::Session { id, .. } => Some(id.pid),
        ObjectKey::Named(_) => None,
    }
}

/// What became of each, by its key.
type Became = BTreeMap<ObjectKey, (&'static str, Object)>;

async fn became(session: &mut Session, order: &Order, choice: &Choice) -> Result<Became, Cause> {
    let [pids, starts, states, since] = order.parameters();
    let parameters = [
        pids,
        starts,
        states,
        since,
        (&APPLICATION as _, Type::TEXT),
        (&choice.except_users as _, Type::TEXT_ARRAY),
        (&choice.except_applications as _, Type::TEXT_ARRAY),
    ];
    let rows = session.link.query(AGREED, &parameters).await?;
    let here = session.facts.database.one_line();
    let mut became = BTreeMap::new();
    for row in &rows {
        let (class, object) = (class(get::<&str>(row, 0)?), preview::object(row, &here)?);
        became.insert(object.key.clone(), (class, object));
    }
    Ok(became)
}

/// The word that is known here; what is not is not taken for one that may be touched.
fn class(word: &str) -> &'static str {
    let known = ["session", "gone", "changed", "spared", "right", "hidden"];
    known.into_iter().find(|known| *known == word).unwrap_or("hidden")
}

/// Those who were agreed to, as they are now.
struct Looked<'a> {
    kept: &'a [AgreedTo],
    became: Became,
    /// What would be chosen now.
    found: &'a Found,
    root: bool,
}

impl Looked<'_> {
    /// What became of one: also whether it is somebody else's than was agreed to, or none that would be chosen.
    fn class(&self, kept: &AgreedTo) -> &'static str {
        let Some((class, now)) = self.became.get(&kept.key) else { return "hidden" };
        let whose = now.whose();
        match *class {
            "gone" | "hidden" => class,
            _ if kept.whose.is_anothers(&whose) => "other",
            "session" if kept.whose != whose => "other",
            "session" if self.chosen(kept).is_none() => "misfit",
            _ => class,
        }
    }

    fn of(&self, class: &str) -> usize {
        self.kept.iter().filter(|kept| self.class(kept) == class).count()
    }

    /// Those who are not gone, and not changed.
    fn still(&self) -> impl Iterator<Item = &AgreedTo> {
        self.kept.iter().filter(|kept| !matches!(self.class(kept), "gone" | "changed"))
    }

    /// One as it would be chosen now.
    fn chosen(&self, kept: &AgreedTo) -> Option<&Object> {
        self.found.sessions.iter().find(|object| object.key == kept.key)
    }

    /// All of them, as they were agreed to, each with what there is to say of it now.
    fn objects(&self) -> Vec<Object> {
        let object = |kept: &AgreedTo| {
            let (_, now) = self.became.get(&kept.key)?;
            let chosen = self.chosen(kept).map(|object| self.found.with_blocked(object).1);
            let object = chosen.unwrap_or_else(|| now.clone());
            let remark = match self.class(kept) {
                "gone" => Safe::of("gone already"),
                "changed" => Safe::of("changed since: it will be left alone"),
                _ => object.remark.clone(),
            };
            let whose = kept.whose.clone();
            let (user, application, client, database) = (whose.user, whose.application, whose.client, whose.database);
            Some(Object { user, application, client, database, remark, ..object })
        };
        self.kept.iter().filter_map(object).collect()
    }

    fn speak_against(&self, preview: &mut Preview, user: &str) {
        for (class, words) in [
            ("other", "are another's than was agreed to: user, application, client or database".to_owned()),
            ("spared", "must be left alone by now: ask for the card anew".to_owned()),
            ("right", format!("may not be signalled: GRANT pg_signal_backend TO {};", quoted(user))),
            ("hidden", "cannot be seen any more: no right".to_owned()),
        ] {
            if self.of(class) > 0 {
                preview.obstacles.push(Safe::of(format!("{} of those agreed to {words}", self.of(class))));
            }
        }
        if self.root {
            self.speak_against_root(preview, user);
        } else if self.of("misfit") > 0 {
            let words = "of those agreed to are none that this is for: ask for the card anew";
            preview.obstacles.push(Safe::of(format!("{} {words}", self.of("misfit"))));
        }
    }

    /// Who is at the root is asked as for a card that is made anew.
    fn speak_against_root(&self, preview: &mut Preview, user: &str) {
        let Some(kept) = self.still().next() else { return };
        let Some(own) = pid(&kept.key) else { return };
        let waiting = self.found.kept_waiting(own);
        if self.class(kept) == "misfit" {
            preview.obstacles.push(Safe::of(if waiting == 0 {
                format!("nobody waits for pid {own} any more")
            } else {
                format!("pid {own} waits for another itself by now, or runs nothing: ask for the card anew")
            }));
            return;
        }
        preview.obstacles.extend(self.found.hidden(user));
        preview.obstacles.extend(self.found.not_all_asked());
        let others = self.found.sessions.iter().filter_map(|object| pid(&object.key));
        let greatest = others.map(|pid| (self.found.kept_waiting(pid), pid)).max();
        if let Some((more, other)) = greatest.filter(|(more, _)| *more > waiting) {
            let words = "keeps more waiting by now than who was agreed to";
            preview.obstacles.push(Safe::of(format!("pid {other} {words}: {more}; ask for the card anew")));
        }
        preview.warnings.extend(self.found.greater_root(self.chosen(kept)));
    }

    /// What else a person should know, as on a card that is made anew.
    fn tell(&self, preview: &mut Preview, selector: &SessionSelector, verb: SessionVerb, here: &Safe) {
        let still: Vec<Object> = self.still().filter_map(|kept| self.chosen(kept)).cloned().collect();
        preview.warnings.extend(preview::spread(selector, &preview.objects));
        preview.remarks.extend(preview::looked_in(selector, here));
        preview.remarks.extend(self.found.freed(&still));
        preview.remarks.extend(self.found.prepared());
        preview.remarks.extend(preview::rolled_back(&still, verb));
        preview.remarks.push(Safe::of("for those who were agreed to, and for nobody who came since"));
        for (class, words) in [("gone", "gone already"), ("changed", "changed since, and will be left alone")] {
            if self.of(class) > 0 {
                preview.remarks.push(Safe::of(format!("{} of them {words}", self.of(class))));
            }
        }
    }

    fn leave_alone(&self, preview: &mut Preview, choice: &Choice) {
        let chosen = self.kept.iter().filter(|kept| self.chosen(kept).is_some()).count();
        let count = self.found.of("fits").saturating_sub(chosen);
        if count > 0 {
            let does = if self.root { "block others" } else { "fit" };
            preview.excluded.push(Excluded { count, why: Safe::of(format!("{does} too, and were not agreed to")) });
        }
        self.found.leave_alone(preview, choice);
    }
}
