//! A plan with its values: in a bind, a segment of a path, a value of a JSON body, a word of an argument list. Each place takes
//! it whole, so that no value can end what it stands in.

use serde_json::Value as Json;
use url::Url;

use crate::domain::Safe;
use crate::remediation::action::Plan;
use crate::remediation::runbook::{Deed, Runbook, RunbookStep};
use crate::remediation::step::{HttpStep, Step, Work};

use super::{Otherwise, Parameter, ParameterKind};

/// Characters of a value that a title shows.
const IN_A_TITLE: usize = 40;

/// A plan with its values.
#[derive(Debug)]
pub struct Filled {
    /// The plan.
    pub plan: Plan,
    /// Titles of the steps that are left out, each with the parameter that was not given.
    pub left_out: Vec<(Safe, String)>,
    /// Parameters that stand somewhere.
    pub used: Vec<String>,
}

/// Why a plan cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// This parameter is not given.
    Missing(String),
    /// This name stands somewhere, and there is no such parameter.
    Unknown(String),
    /// A value cannot stand where its name does.
    Misplaced(Safe),
}

/// The plan with values; each is one that [`Parameter::checked`] gave.
///
/// # Errors
/// Why it cannot be had.
pub fn filled(plan: &Plan, parameters: &[Parameter], given: &[(String, String)]) -> Result<Filled, Gap> {
    for parameter in parameters.iter().filter(|parameter| parameter.otherwise == Otherwise::Refused) {
        if !given.iter().any(|(name, _)| *name == parameter.name) {
            return Err(Gap::Missing(parameter.name.clone()));
        }
    }
    let mut filler = Filler { parameters, given, used: Vec::new() };
    let mut left_out = Vec::new();
    let plan = match plan {
        Plan::Steps(steps) => Plan::Steps(steps.iter().map(|step| filler.step(step)).collect::<Result<_, _>>()?),
        Plan::Runbook(runbook) => {
            let mut kept = Vec::new();
            for step in &runbook.steps {
                match filler.of_runbook(step) {
                    Ok(step) => kept.push(step),
                    Err(Gap::Missing(name)) => left_out.push((step.title.clone(), name)),
                    Err(gap) => return Err(gap),
                }
            }
            if let (true, Some((_, name))) = (kept.is_empty(), left_out.first()) {
                return Err(Gap::Missing(name.clone()));
            }
            Plan::Runbook(Box::new(Runbook { steps: kept, contacts: runbook.contacts.clone() }))
        }
        other => other.clone(),
    };
    Ok(Filled { plan, left_out, used: filler.used })
}

struct Filler<'a> {
    parameters: &'a [Parameter],
    given: &'a [(String, String)],
    used: Vec<String>,
}

impl Filler<'_> {
    fn step(&mut self, step: &Step) -> Result<Step, Gap> {
        let title = Safe::of(self.text(step.title.as_str(), &in_a_title)?);
        Ok(Step { title, work: self.work(&step.work)?, deadline: step.deadline })
    }

    fn of_runbook(&mut self, step: &RunbookStep) -> Result<RunbookStep, Gap> {
        let undo = match &step.undo {
            Some(undo) => Some(Box::new(self.of_runbook(undo)?)),
            None => None,
        };
        let deed = match &step.deed {
            Deed::Work(work) => Deed::Work(self.work(work)?),
            other => other.clone(),
        };
        let title = Safe::of(self.text(step.title.as_str(), &in_a_title)?);
        Ok(RunbookStep { title, deed, undo, ..step.clone() })
    }

    fn work(&mut self, work: &Work) -> Result<Work, Gap> {
        let mut work = work.clone();
        match &mut work {
            Work::Sql(sql) => {
                if names(&sql.sql).any(|name| self.declares(name)) {
                    return misplaced(
                        "never stands in the text of a statement: write $1 there, and it among the binds",
                    );
                }
                for bind in &mut sql.binds {
                    *bind = self.text(bind, &str::to_owned)?;
                }
            }
            Work::Http(http) => self.request(http)?,
            Work::Command(command) => self.words(&mut command.argv)?,
            Work::Redis(redis) => {
                self.words(&mut redis.argv)?;
                if let Some(why) = redis.objection() {
                    return Err(Gap::Misplaced(why));
                }
            }
            Work::Manual(manual) => {
                manual.instruction = Safe::of(self.text(manual.instruction.as_str(), &str::to_owned)?);
            }
            _ => {}
        }
        Ok(work)
    }

    /// An argument list: a value is one word, and never an option, unless behind `--`.
    fn words(&mut self, argv: &mut [String]) -> Result<(), Gap> {
        let mut options_end = false;
        for (at, word) in argv.iter_mut().enumerate() {
            if at == 0 && names(word).next().is_some() {
                return misplaced("never names what is run");
            }
            let whole = self.text(word, &str::to_owned)?;
            if whole.starts_with('-') && !word.starts_with('-') && !options_end {
                return misplaced("would be read as an option: a value here does not begin with -");
            }
            options_end |= word == "--";
            *word = whole;
        }
        Ok(())
    }

    fn request(&mut self, http: &mut HttpStep) -> Result<(), Gap> {
        let mut segments = Vec::new();
        for segment in http.url.path().split('/').skip(1) {
            // The reader of URLs encoded the braces.
            let template = segment.replace("%7B", "{").replace("%7D", "}");
            if names(&template).next().is_none() {
                segments.push(segment.to_owned());
                continue;
            }
            let whole = names(&template).next().is_some_and(|name| template.len() == name.len() + 2);
            if !whole {
                return misplaced("is a whole segment of a path, between two /");
            }
            let value = self.text(&template, &str::to_owned)?;
            if value == "." || value == ".." {
                return misplaced("would mean another path: . and .. are no segments");
            }
            segments.push(encoded(&value));
        }
        let path = format!("/{}", segments.join("/"));
        let query = match http.url.query() {
            Some(query) => Some(self.text(query, &encoded)?),
            None => None,
        };
        set(&mut http.url, &path, query.as_deref())?;
        if let Some(body) = http.body.as_ref().filter(|body| names(body).any(|name| self.declares(name))) {
            let Ok(mut json) = serde_json::from_str::<Json>(body) else {
                return misplaced("stands only in a body that is JSON, as a value of its own");
            };
            self.json(&mut json)?;
            http.body = Some(json.to_string());
        }
        Ok(())
    }

    fn json(&mut self, value: &mut Json) -> Result<(), Gap> {
        match value {
            Json::String(text) => {
                let only = names(text).next().filter(|name| text.len() == name.len() + 2).map(str::to_owned);
                let whole = self.text(text, &str::to_owned)?;
                let number = only.filter(|name| self.is_integer(name)).and_then(|_| whole.parse::<i64>().ok());
                *value = number.map_or(Json::String(whole), Json::from);
            }
            Json::Array(values) => values.iter_mut().try_for_each(|value| self.json(value))?,
            Json::Object(fields) => fields.values_mut().try_for_each(|value| self.json(value))?,
            _ => {}
        }
        Ok(())
    }

    /// A text with the values where their names stand.
    fn text(&mut self, template: &str, write: &dyn Fn(&str) -> String) -> Result<String, Gap> {
        let mut whole = String::new();
        let mut rest = template;
        while let Some(name) = names(rest).next() {
            let mark = format!("{{{name}}}");
            let Some((before, after)) = rest.split_once(&mark) else { break };
            whole.push_str(before);
            whole.push_str(&write(&self.value(name)?));
            rest = after;
        }
        whole.push_str(rest);
        Ok(whole)
    }

    fn value(&mut self, name: &str) -> Result<String, Gap> {
        let Some(parameter) = self.parameters.iter().find(|parameter| parameter.name == name) else {
            return Err(Gap::Unknown(name.to_owned()));
        };
        if !self.used.iter().any(|used| used == name) {
            self.used.push(name.to_owned());
        }
        let given = self.given.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
        match (given, &parameter.otherwise) {
            (Some(value), _) => Ok(value),
            (None, Otherwise::Value(value)) => Ok(value.clone()),
            (None, _) => Err(Gap::Missing(name.to_owned())),
        }
    }

    fn declares(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == name)
    }

    fn is_integer(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| p.name == name && p.kind == ParameterKind::Integer)
    }
}

/// A value within a title: short enough that the rest of the title is still read.
#[must_use]
pub fn in_a_title(value: &str) -> String {
    Safe::of(value).clipped(IN_A_TITLE).to_string()
}

fn misplaced<T>(why: &str) -> Result<T, Gap> {
    Err(Gap::Misplaced(Safe::of(format!("a parameter {why}"))))
}

/// Sets path and query, and holds that the URL is read back as it was written.
fn set(url: &mut Url, path: &str, query: Option<&str>) -> Result<(), Gap> {
    if path == url.path() && query == url.query() {
        return Ok(());
    }
    url.set_path(path);
    url.set_query(query);
    if url.path() == path && url.query() == query { Ok(()) } else { misplaced("would mean another path") }
}

/// Every byte that could mean something in a URL, percent-encoded.
fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Names in braces, in their order.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let inside = |part: &'_ str| part.split_once('}').map(|(name, _)| name.len());
    text.split('{').skip(1).filter_map(move |part| part.get(..inside(part)?)).filter(|name| Parameter::is_name(name))
}

#[cfg(test)]
mod tests;
