//! One silence of an Alertmanager, for whoever makes or ends it: what it is about and keeps back now, read for the card; the
//! request, sent only while it still is so; and what became of it, read again after an answer that leaves a doubt.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Alertmanager, silence};
use crate::adapters::http::change::change;
use crate::adapters::http::client::HttpClients;
use crate::adapters::leave::Leave;
use crate::adapters::prometheus::api::odd;
use crate::adapters::prometheus::rules::{instant, list, text};
use crate::config::resolved::{EndpointSpec, EngineSpec};
use crate::domain::served::{Pairs, RoutedSilence};
use crate::domain::target::Environment;
use crate::domain::{Cause, Safe};
use crate::remediation::object::{Fate, ObjectKey};
use crate::remediation::silencing::{self, Silencing, Wanted};
use crate::remediation::step::{HttpStep, StepEnd};

/// A look at it takes no longer than this, and never what comes after it needs.
const LOOK: Duration = Duration::from_secs(3);
/// What is kept of a step's time to read again what became of it.
const AFTER: Duration = Duration::from_secs(5);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// A silence that was asked for by its id.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// It.
    pub silence: RoutedSilence,
    /// It is over.
    pub expired: bool,
}

/// Whether what was asked for is there, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// None where that cannot be said.
    pub is_so: Option<bool>,
    /// How it stands.
    pub words: Safe,
}

impl Alertmanager {
    /// The one that a request goes to.
    #[must_use]
    pub fn of(request: &HttpStep, clients: &HttpClients) -> Alertmanager {
        let request = EndpointSpec {
            url: Silencing::base(request),
            headers: request.headers.clone(),
            bearer: request.bearer.clone(),
            ca_file: request.ca_file.clone(),
        };
        let (environment, interval) = (Environment::Production, Duration::ZERO);
        Alertmanager::new(EngineSpec { request, interval, deadline: LOOK, environment, on_loopback: false }, clients)
    }

    /// A silence by its id, over or not; none where it knows none.
    pub async fn find(&self, id: &str, deadline: Duration) -> Result<Option<Found>, Cause> {
        match self.api.json(&format!("/api/v2/silence/{id}"), &[], deadline).await {
            Ok(found) if found.get("id").is_some() => {
                let expired = found.pointer("/status/state").and_then(Value::as_str) == Some("expired");
                Ok(Some(Found { silence: silence(&found), expired }))
            }
            Ok(_) => Err(odd("it is no silence")),
            Err(Cause::HttpStatus { status: 404 }) => Ok(None),
            Err(cause) => Err(cause),
        }
    }

    /// Ids of silences that hold or will, and are just what is wanted.
    pub async fn like(&self, wanted: &Wanted, deadline: Duration) -> Result<Vec<String>, Cause> {
        let Value::Array(all) = self.api.json("/api/v2/silences", &[], deadline).await? else {
            return Err(odd("silences are no list"));
        };
        Ok(all.iter().filter(|silence| is_like(silence, wanted)).map(|silence| text(silence, "id")).collect())
    }

    /// What it says it is.
    pub async fn version(&self, deadline: Duration) -> Option<String> {
        let status = self.api.json("/api/v2/status", &[], deadline).await.ok()?;
        status.pointer("/versionInfo/version").and_then(Value::as_str).map(str::to_owned)
    }

    /// How what was asked for stands now; `made` is the id that was told.
    pub async fn seen(&self, silencing: &Silencing, made: Option<&str>, deadline: Duration) -> Seen {
        let seen = |is_so, words: String| Seen { is_so, words: Safe::one_line(words.as_bytes()) };
        let failed = |cause: Cause| seen(None, format!("not known: {cause}"));
        match (silencing, made) {
            // One that was ended stays readable: what is not found proves nothing.
            (Silencing::End(id), _) => match self.find(id, deadline).await {
                Err(cause) => failed(cause),
                Ok(found) => seen(found.as_ref().map(|found| found.expired), stands(found.as_ref())),
            },
            (Silencing::Make(_), Some(id)) => match self.find(id, deadline).await {
                Err(cause) => failed(cause),
                Ok(found) => seen(Some(found.as_ref().is_some_and(|found| !found.expired)), stands(found.as_ref())),
            },
            (Silencing::Make(wanted), None) => match self.like(wanted, deadline).await {
                Err(cause) => failed(cause),
                Ok(like) if like.is_empty() => seen(Some(false), "not there".to_owned()),
                Ok(_) => seen(None, "one like it is there; whether it is this one is not known".to_owned()),
            },
        }
    }
}

/// How a silence stands.
fn stands(found: Option<&Found>) -> String {
    match found {
        None => "the Alertmanager knows no such silence".to_owned(),
        Some(found) if found.expired => format!("it ended at {}", silencing::time(found.silence.ends_at)),
        Some(found) => format!("it holds until {}", silencing::time(found.silence.ends_at)),
    }
}

fn is_like(silence: &Value, wanted: &Wanted) -> bool {
    let flag = |matcher: &Value, name: &str, otherwise| matcher.get(name).and_then(Value::as_bool).unwrap_or(otherwise);
    let pair = |matcher: &Value| {
        let equal = flag(matcher, "isEqual", true) && !flag(matcher, "isRegex", false);
        equal.then(|| (text(matcher, "name"), text(matcher, "value")))
    };
    let labels: Option<Pairs> = list(silence.get("matchers")).iter().map(pair).collect();
    let Some(mut labels) = labels else { return false };
    let mut meant = wanted.labels.clone();
    labels.sort();
    meant.sort();
    labels == meant
        && silence.pointer("/status/state").and_then(Value::as_str) != Some("expired")
        && instant(silence.get("endsAt")) == wanted.ends_at
        && (text(silence, "createdBy"), text(silence, "comment")) == (wanted.by.clone(), wanted.comment.clone())
}

/// Makes or ends it, once, if it still is what was agreed to; and says by what is read what became of it.
pub async fn run(clients: &HttpClients, request: &HttpStep, agreed: &[ObjectKey], leave: &Leave) -> StepEnd {
    let Some(silencing) = Silencing::of(request) else {
        return StepEnd::Failed(Cause::Misconfigured(Safe::of("this request is about no silence")));
    };
    let manager = Alertmanager::of(request, clients);
    let patience = LOOK.min(leave.left() / 3);
    let known = match &silencing {
        Silencing::End(id) => match manager.find(id, patience).await {
            Ok(found) => match other(id, found.as_ref(), agreed) {
                Some(other) => return StepEnd::OtherTarget(other),
                None => Vec::new(),
            },
            Err(cause) => return StepEnd::Failed(cause),
        },
        Silencing::Make(wanted) => match manager.like(wanted, patience).await {
            Ok(known) => known,
            Err(cause) => return StepEnd::Failed(cause),
        },
    };
    let whole = leave.clone();
    let sending = Leave::new(leave.left(), move || whole.left().saturating_sub(AFTER));
    let answer = match change(clients, request, &sending).await {
        StepEnd::Done { said, .. } => match &silencing {
            Silencing::Make(_) => {
                let made = said.iter().find_map(|line| made(line.as_str()));
                return done(made, said);
            }
            // That it was taken says nothing of how the silence stands.
            Silencing::End(_) => Answer { said: said.first().cloned().unwrap_or_default(), refused: false },
        },
        // What never left, and what was refused by a gate, had no effect.
        StepEnd::Failed(cause) if !matches!(cause, Cause::HttpStatus { .. }) => return StepEnd::Failed(cause),
        StepEnd::Failed(cause) | StepEnd::Unknown(cause) => Answer::of(&cause),
        end => return end,
    };
    looked_again(&manager, &silencing, agreed, &known, &answer, leave).await
}

/// What was answered, if anything.
struct Answer {
    said: Safe,
    /// The server itself says that it did not do it. A gateway says nothing of what is behind it, and what was not answered may
    /// still come.
    refused: bool,
}

impl Answer {
    fn of(cause: &Cause) -> Answer {
        let refused = matches!(cause, Cause::HttpStatus { status: 400..=501 | 505..=599 });
        Answer { said: Safe::of(cause.to_string()), refused }
    }
}

/// Why the silence is not the one that was agreed to any more.
fn other(id: &str, found: Option<&Found>, agreed: &[ObjectKey]) -> Option<Safe> {
    let words = match found {
        Some(found) if !found.expired && agreed.contains(&silencing::object(&found.silence).key) => return None,
        Some(found) if !found.expired => {
            let until = silencing::time(found.silence.ends_at);
            format!("silence {id} is about {} until {until} now", found.silence.matchers)
        }
        found => format!("silence {id}: {}", stands(found)),
    };
    Some(Safe::one_line(words.as_bytes()))
}

/// The id of the silence that was made, as it is answered.
fn made(line: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(line).ok()?;
    let id = answer.get("silenceID")?.as_str()?;
    (!id.is_empty() && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_alphanumeric())).then(|| id.to_owned())
}

fn done(made: Option<String>, said: Vec<Safe>) -> StepEnd {
    let fates = made.map(|id| (ObjectKey::Named(id.as_str().into()), Fate::Done)).into_iter().collect();
    StepEnd::Done { fates, said }
}

/// Whose end it was, of a silence that is over after a request that was not refused: one that still has the end that was agreed
/// to came to it by itself.
fn ended_by(found: &Found, agreed: &[ObjectKey]) -> Fate {
    if agreed.contains(&silencing::object(&found.silence).key) { Fate::Gone } else { Fate::Done }
}

/// What became of it, whatever was answered, if anything was: what is read tells, as far as it can.
async fn looked_again(
    manager: &Alertmanager,
    silencing: &Silencing,
    agreed: &[ObjectKey],
    known: &[String],
    answer: &Answer,
    leave: &Leave,
) -> StepEnd {
    let Answer { said, refused } = answer;
    let until = Instant::now() + leave.left();
    let mut last = String::from("it could not be read again");
    loop {
        let patience = LOOK.min(until.saturating_duration_since(Instant::now()));
        if patience.is_zero() {
            return StepEnd::Unknown(Cause::Other(Safe::of(format!("{said}; {last}"))));
        }
        let again = |words: &str| Safe::one_line(format!("{said}; read again: {words}").as_bytes());
        match silencing {
            Silencing::End(id) => match manager.find(id, patience).await {
                Ok(Some(found)) if found.expired => {
                    let fate = if *refused { Fate::Gone } else { ended_by(&found, agreed) };
                    let fates = agreed.iter().map(|key| (key.clone(), fate)).collect();
                    return StepEnd::Done { fates, said: vec![again(&stands(Some(&found)))] };
                }
                Ok(Some(found)) if *refused => return StepEnd::Failed(Cause::Other(again(&stands(Some(&found))))),
                // One that was ended stays readable: what is not found may hold all the same, where another server knows it.
                Ok(None) if *refused => return StepEnd::Unknown(Cause::Other(again(&stands(None)))),
                Ok(found) => last = format!("read again: {}", stands(found.as_ref())),
                Err(failed) => last = format!("read again: {failed}"),
            },
            Silencing::Make(wanted) => match manager.like(wanted, patience).await {
                Ok(like) => match like.into_iter().find(|id| !known.contains(id)) {
                    Some(id) => return done(Some(id), vec![again("it is there")]),
                    None if *refused => return StepEnd::Failed(Cause::Other(again("it is not there"))),
                    None => "read again: it is not there".clone_into(&mut last),
                },
                Err(failed) => last = format!("read again: {failed}"),
            },
        }
        sleep(PAUSE.min(until.saturating_duration_since(Instant::now()))).await;
    }
}
