//! Silences of an Alertmanager as actions: one is made for the alert that is selected, or for all of a name, and one is ended.
//! Who is not called any more does not come: that disrupts, and has a card and a record like everything that does.

use std::time::Duration;

use chrono::{DurationRound, SecondsFormat, TimeDelta};
use serde_json::{Value, json};
use url::Url;

use crate::alerts::matcher::Matcher;
use crate::app::Model;
use crate::app::alerts::{links, listing, muting};
use crate::app::pane::PaneId;
use crate::app::panes;
use crate::app::telemetry::engines::EngineState;
use crate::domain::source::SourceKind;
use crate::domain::target::Provenance;
use crate::domain::{Safe, figure};
use crate::metrics::labels::Labels;
use crate::remediation::action::{Action, Limits, Plan, Target, Wanting};
use crate::remediation::card::Preview;
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, Proof, Trial};
use crate::remediation::parameter::{Given, Otherwise, Parameter, ParameterKind, as_it_stands};
use crate::remediation::silencing::Silencing;
use crate::remediation::step::{HttpStep, Step, Work, WritingMethod};

/// The names of the two.
const SILENCE: &str = "silence-alert";
const EXPIRE: &str = "expire-silence";
/// Labels of an alert that a silence is bound to.
const MATCHERS: usize = 64;
/// A silence ends so many hours after the hour that has begun, where nobody says otherwise.
const HOURS: i64 = 3;
/// A look, the request, and a look at what became of it where the answer leaves a doubt.
const DEADLINE: Duration = Duration::from_secs(15);
/// It is seen in readings within this.
const WITHIN: Duration = Duration::from_secs(30);
/// One that lasts longer than this is mostly a slip.
const LONG: Duration = Duration::from_hours(24);

/// Both, where an Alertmanager is named: for what is selected, else for what is named when they are asked for.
pub fn offered(model: &Model) -> Vec<Action> {
    let Some(engine) = &model.live.alertmanager else { return Vec::new() };
    vec![silence(model, engine), expire(model, engine)]
}

/// The request, where steps are about a silence.
#[must_use]
pub fn request(steps: &[Step]) -> Option<&HttpStep> {
    match steps {
        [Step { work: Work::Silence(request), .. }] => Some(request),
        _ => None,
    }
}

/// What was read for the card, with what this program knows beside it: its own alerts, and how long a silence may last.
#[must_use]
pub fn held(model: &Model, steps: &[Step], mut preview: Preview) -> Preview {
    let Some(Silencing::Make(wanted)) = request(steps).and_then(Silencing::of) else { return preview };
    let labels = wanted.labels.iter().map(|(name, value)| Matcher::equal(name, value));
    if let Ok(matchers) = labels.collect::<Result<Vec<Matcher>, _>>() {
        let all = listing::all(&model.live, model.now).filter(listing::Entry::is_active).count();
        let these = muting::muted(model, &matchers).len();
        if all > 0 {
            let words = format!("{these} of {all} alerts that this program shows have these labels");
            preview.told.push(("here", Safe::of(words)));
        }
    }
    let Some(lasts) = wanted.ends_at.map(|end| end.saturating_sub(model.now.wall.timestamp_millis())) else {
        return preview;
    };
    let lasts = Duration::from_millis(u64::try_from(lasts).unwrap_or(0));
    let longest = model.alerts.spec.longest_alertmanager_silence;
    if lasts > longest {
        let (lasts, most) = (figure::span(lasts), figure::span(longest));
        let words =
            format!("it would last {lasts}; {most} is the longest (longest_alertmanager_silence under [alerts])");
        preview.obstacles.push(Safe::of(words));
    } else if lasts > LONG {
        preview.warnings.push(Safe::of(format!("it lasts {}: longer than a day", figure::span(lasts))));
    }
    preview
}

fn silence(model: &Model, engine: &EngineState) -> Action {
    let selected = selected_alert(model);
    let matcher = |name: &str, value: &str| json!({"name": name, "value": value, "isRegex": false, "isEqual": true});
    let (matchers, title): (Vec<Value>, String) = match &selected {
        // What an alert says of itself is outside text: nothing in it is a parameter of ours.
        Some(labels) => {
            let all = labels.iter().take(MATCHERS);
            let title = format!("silence {} in the Alertmanager", labels.get("alertname"));
            (all.map(|(name, value)| matcher(&as_it_stands(name), &as_it_stands(value))).collect(), title)
        }
        None => (vec![matcher("alertname", "{alert}")], "silence all alerts of a name in the Alertmanager".to_owned()),
    };
    let operator = &model.alerts.operator;
    let by = if operator.as_str().is_empty() { "quarterdeck" } else { operator.as_str() };
    let body = json!({
        "matchers": matchers,
        // What lies in the past begins at once.
        "startsAt": "1970-01-01T00:00:00Z",
        "endsAt": "{until}",
        "createdBy": as_it_stands(by),
        "comment": "{comment}",
    });
    let mut parameters = vec![
        parameter("comment", "why, for whoever finds it there", Otherwise::Refused),
        parameter("until", "when it ends, as 2026-01-02T15:00:00Z", Otherwise::Value(until(model))),
    ];
    if selected.is_none() {
        parameters.insert(0, parameter("alert", "the name of the alert", Otherwise::Refused));
    }
    let warnings = vec![Safe::of("nobody is called for what it keeps back, until it ends")];
    let request = asked(engine, WritingMethod::Post, "/api/v2/silences", Some(body.to_string()));
    let plan = Plan::Wanting(Box::new(Wanting { parameters, plan: steps(&title, request) }));
    Action { warnings, ..made(engine, SILENCE, &title, plan, "the silence", "expire-silence ends it") }
}

fn expire(model: &Model, engine: &EngineState) -> Action {
    let selected = selected_silence(model);
    let id = selected.as_deref().unwrap_or("{silence}");
    let request = asked(engine, WritingMethod::Delete, &format!("/api/v2/silence/{id}"), None);
    let title = match &selected {
        Some(id) => format!("end the silence {id} of the Alertmanager"),
        None => "end a silence of the Alertmanager".to_owned(),
    };
    let mut plan = steps(&title, request);
    if selected.is_none() {
        let text = parameter("silence", "the id of the silence", Otherwise::Refused);
        let parameters = vec![Parameter { kind: ParameterKind::Uuid, ..text }];
        plan = Plan::Wanting(Box::new(Wanting { parameters, plan }));
    }
    let warnings = vec![Safe::of("whoever is called for what it keeps back is called again")];
    Action { warnings, ..made(engine, EXPIRE, &title, plan, "the end of the silence", "silence-alert makes another") }
}

fn made(engine: &EngineState, id: &str, title: &str, plan: Plan, shown: &str, undo: &str) -> Action {
    let spec = &engine.spec;
    let trial = Trial { measure: Measure::Result, expect: Expectation::Seen, name: Safe::of(shown) };
    Action {
        id: Safe::of(id),
        title: Safe::of(title),
        level: Level::L2,
        target: Target {
            kind: SourceKind::Alertmanager,
            at: Some(0),
            name: Safe::of("alertmanager"),
            environment: spec.environment.clone(),
            provenance: Provenance::Configured,
            on_loopback: spec.on_loopback,
        },
        plan,
        preconditions: Vec::new(),
        limits: Limits { cap: 1, cool_down: Duration::ZERO, deadline: DEADLINE + Duration::from_secs(5) },
        proof: Proof { trials: vec![trial], settle: Duration::ZERO, within: WITHIN, stable: Duration::ZERO },
        undo: Safe::of(undo),
        warnings: Vec::new(),
        given: Given::default(),
    }
}

fn parameter(name: &str, doc: &str, otherwise: Otherwise) -> Parameter {
    Parameter { name: name.to_owned(), kind: ParameterKind::Text(200), doc: Safe::of(doc), otherwise }
}

fn steps(title: &str, request: HttpStep) -> Plan {
    Plan::Steps(vec![Step { title: Safe::of(title), work: Work::Silence(Box::new(request)), deadline: DEADLINE }])
}

fn asked(engine: &EngineState, method: WritingMethod, path: &str, body: Option<String>) -> HttpStep {
    let asked = &engine.spec.request;
    HttpStep {
        method,
        url: behind(&asked.url, path),
        headers: asked.headers.clone(),
        bearer: asked.bearer.clone(),
        body,
        ca_file: asked.ca_file.clone(),
        expected_status: Vec::new(),
    }
}

fn behind(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

/// Whole hours from now: a card that is agreed to a little later is still the same one.
fn until(model: &Model) -> String {
    let hour = model.now.wall.duration_trunc(TimeDelta::hours(1)).unwrap_or(model.now.wall);
    let end = hour.checked_add_signed(TimeDelta::hours(HOURS)).unwrap_or(hour);
    end.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The labels of the alert that is open or selected.
fn selected_alert(model: &Model) -> Option<Labels> {
    let key = links::selected(model)?;
    let (telemetry, now) = model.shown();
    listing::find(telemetry, key, now)?.alert.map(|alert| alert.labels.clone())
}

/// The id of the Alertmanager's silence that is selected. It goes into a path: what is no id is nothing.
fn selected_silence(model: &Model) -> Option<String> {
    if model.view.focused() != PaneId::Alerts {
        return None;
    }
    let id = panes::silence_there(&panes::meant_alert(model)?)?;
    let uuid = parameter("silence", "", Otherwise::Refused);
    Parameter { kind: ParameterKind::Uuid, ..uuid }.checked(&id).ok()
}
