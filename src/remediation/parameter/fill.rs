//! A plan with its values: in a bind, a segment of a path, a value of a JSON body, a word of an argument list. Each place takes
//! it whole, so that no value can end what it stands in.

use serde_json::Value as Json;
use url::Url;

use crate::domain::Safe;
use crate::domain::secret::{Secret, SecretRef};
use crate::remediation::action::{Plan, SessionSelector};
use crate::remediation::explain::Explained;
use crate::remediation::runbook::{Deed, Runbook, RunbookStep};
use crate::remediation::step::{HttpStep, Step, Work};

use super::{Otherwise, Parameter, ParameterKind};

/// Characters of a value that a title shows.
const IN_A_TITLE: usize = 40;

/// What is shown for a value that is hidden.
pub const HIDDEN: &str = "***";

/// A plan with its values.
#[derive(Debug)]
pub struct Filled {
    /// The plan, with the values as they are wherever they are sent.
    pub plan: Plan,
    /// The same as it is shown, where the values are hidden.
    pub shown: Option<Plan>,
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
    /// This name stands there, and there is no such parameter.
    Unknown(String, Spot),
    /// A value cannot stand where its name does.
    Misplaced(Safe, Spot),
}

/// Where in the configuration a name stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// Entry of the step; empty where there are no steps.
    pub entry: Safe,
    /// Key of the entry.
    pub key: &'static str,
}

/// The plan with values; each is one that [`Parameter::checked`] gave. Hidden values stand in nothing that is only read.
///
/// # Errors
/// Why it cannot be had.
pub fn filled(plan: &Plan, parameters: &[Parameter], given: &[(String, String)], hide: bool) -> Result<Filled, Gap> {
    let mut filled = filled_as(plan, parameters, given, if hide { Show::Sent } else { Show::All })?;
    if hide {
        filled.shown = Some(filled_as(plan, parameters, given, Show::Nothing)?.plan);
    }
    Ok(filled)
}

/// Where values stand as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    /// Everywhere.
    All,
    /// In what is sent, and not in what is only read.
    Sent,
    /// Nowhere.
    Nothing,
}

fn filled_as(plan: &Plan, parameters: &[Parameter], given: &[(String, String)], show: Show) -> Result<Filled, Gap> {
    for parameter in parameters.iter().filter(|parameter| parameter.otherwise == Otherwise::Refused) {
        if !given.iter().any(|(name, _)| *name == parameter.name) {
            return Err(Gap::Missing(parameter.name.clone()));
        }
    }
    let mut filler = Filler { parameters, given, used: Vec::new(), show, spot: Spot::default() };
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
    Ok(Filled { plan, shown: None, left_out, used: filler.used })
}

struct Filler<'a> {
    parameters: &'a [Parameter],
    given: &'a [(String, String)],
    used: Vec<String>,
    show: Show,
    /// Where it is now.
    spot: Spot,
}

impl Filler<'_> {
    fn step(&mut self, step: &Step) -> Result<Step, Gap> {
        let work = self.work(&step.work)?;
        Ok(Step { title: self.title(&step.title)?, work, deadline: step.deadline })
    }

    fn of_runbook(&mut self, step: &RunbookStep) -> Result<RunbookStep, Gap> {
        let undo = match &step.undo {
            Some(undo) => Some(Box::new(self.of_runbook(undo)?)),
            None => None,
        };
        self.spot.entry = step.entry.clone();
        let deed = match &step.deed {
            Deed::Work(work) => Deed::Work(self.work(work)?),
            Deed::Sessions { database, selector, verb, cap } => {
                Deed::Sessions { database: *database, selector: self.selector(selector)?, verb: *verb, cap: *cap }
            }
            Deed::Explain { database, of, redact } => {
                Deed::Explain { database: *database, of: self.explained(of)?, redact: *redact }
            }
            other => other.clone(),
        };
        let title = self.title(&step.title)?;
        Ok(RunbookStep { title, deed, undo, ..step.clone() })
    }

    /// Whose process id is given.
    fn selector(&mut self, selector: &SessionSelector) -> Result<SessionSelector, Gap> {
        let SessionSelector::Given(template) = selector else { return Ok(selector.clone()) };
        self.spot.key = "pid";
        let whole = self.text(template, &str::to_owned)?;
        if self.show == Show::Nothing {
            return Ok(SessionSelector::Given(whole));
        }
        match whole.parse() {
            Ok(pid) if pid > 0 => Ok(SessionSelector::Pid(pid)),
            _ => self.misplaced("that stands for a pid is the number of a server process"),
        }
    }

    /// The statement whose number is given. What is written out is sent as it stands.
    fn explained(&mut self, of: &Explained) -> Result<Explained, Gap> {
        let Explained::Written(text) = of else { return Ok(of.clone()) };
        self.spot.key = "explain";
        if !names(text).any(|name| self.declares(name)) {
            return Ok(of.clone());
        }
        let whole = self.text(text, &str::to_owned)?;
        if self.show == Show::Nothing {
            return Ok(Explained::Written(whole));
        }
        match Explained::written(&whole) {
            Explained::Written(_) => {
                self.misplaced("stands alone here, for the queryid of pg_stat_statements: a number")
            }
            number => Ok(number),
        }
    }

    fn title(&mut self, title: &Safe) -> Result<Safe, Gap> {
        self.spot.key = "title";
        Ok(Safe::of(self.read(title.as_str(), &in_a_title)?))
    }

    fn work(&mut self, work: &Work) -> Result<Work, Gap> {
        let mut work = work.clone();
        match &mut work {
            Work::Sql(sql) => {
                self.spot.key = if sql.read_only { "query" } else { "statement" };
                if names(&sql.sql).any(|name| self.declares(name)) {
                    return self
                        .misplaced("never stands in the text of a statement: write $1 there, and it among the binds");
                }
                self.spot.key = "binds";
                for bind in &mut sql.binds {
                    *bind = self.text(bind, &str::to_owned)?;
                }
            }
            Work::Http(http) | Work::Silence(http) => self.request(http)?,
            Work::Command(command) => {
                self.spot.key = "command";
                self.words(&mut command.argv)?;
            }
            Work::Redis(redis) => {
                self.spot.key = "redis";
                self.words(&mut redis.argv)?;
                if let Some(why) = redis.objection() {
                    return Err(Gap::Misplaced(why, self.spot.clone()));
                }
            }
            Work::Manual(manual) => {
                self.spot.key = "manual";
                manual.instruction = Safe::of(self.read(manual.instruction.as_str(), &str::to_owned)?);
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
                return self.misplaced("never names what is run");
            }
            let whole = self.text(word, &str::to_owned)?;
            if whole.starts_with('-') && !word.starts_with('-') && !options_end {
                return self.misplaced("would be read as an option: a value here does not begin with -");
            }
            options_end |= word == "--";
            *word = whole;
        }
        Ok(())
    }

    fn request(&mut self, http: &mut HttpStep) -> Result<(), Gap> {
        self.spot.key = "url";
        let mut segments = Vec::new();
        for segment in http.url.path().split('/').skip(1) {
            // The reader of URLs encoded the braces.
            let template = segment.replace("%7B", "{").replace("%7D", "}");
            if names(&template).next().is_none() {
                // Braces that stand for themselves go out as the reader of URLs writes them.
                let plain = self.text(&template, &str::to_owned)?.replace('{', "%7B").replace('}', "%7D");
                segments.push(if has_braces(&template) { plain } else { segment.to_owned() });
                continue;
            }
            let whole = names(&template).next().is_some_and(|name| template.len() == name.len() + 2);
            if !whole {
                return self.misplaced("is a whole segment of a path, between two /");
            }
            let value = self.text(&template, &str::to_owned)?;
            if value == "." || value == ".." {
                return self.misplaced("would mean another path: . and .. are no segments");
            }
            segments.push(encoded(&value));
        }
        let path = format!("/{}", segments.join("/"));
        let query = match http.url.query() {
            Some(query) => Some(self.text(query, &encoded)?),
            None => None,
        };
        if !set(&mut http.url, &path, query.as_deref()) {
            return self.misplaced("would mean another path");
        }
        self.spot.key = "headers";
        for (_, value) in &mut http.headers {
            // What is read from elsewhere is nobody's text.
            let SecretRef::Inline(text) = value else { continue };
            let whole = self.text(text.expose(), &str::to_owned)?;
            if whole != text.expose() && !whole.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
                return self.misplaced("in a header holds only letters, digits and signs of ASCII");
            }
            *value = SecretRef::Inline(Secret::new(whole));
        }
        self.spot.key = "body";
        // What names nothing stays byte for byte as it was written.
        if let Some(body) = http.body.as_ref().filter(|body| names(body).next().is_some() || has_braces(body)) {
            let Ok(mut json) = serde_json::from_str::<Json>(body) else {
                if names(body).all(|name| !self.declares(name)) {
                    http.body = Some(self.text(body, &str::to_owned)?);
                    return Ok(());
                }
                return self.misplaced("stands only in a body that is JSON, as a value of its own");
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
            Json::Object(fields) => {
                if let Some(name) = fields.keys().find_map(|key| names(key).next().map(str::to_owned)) {
                    if self.declares(&name) {
                        return self.misplaced("is a value of a JSON body, and never the name of one");
                    }
                    return Err(Gap::Unknown(name, self.spot.clone()));
                }
                fields.values_mut().try_for_each(|value| self.json(value))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A text that is only read.
    fn read(&mut self, template: &str, write: &dyn Fn(&str) -> String) -> Result<String, Gap> {
        let show = self.show;
        if show == Show::Sent {
            self.show = Show::Nothing;
        }
        let whole = self.text(template, write);
        self.show = show;
        whole
    }

    /// A text with the values where their names stand; `{{name}}` is `{name}` as it stands.
    fn text(&mut self, template: &str, write: &dyn Fn(&str) -> String) -> Result<String, Gap> {
        let mut whole = String::new();
        for piece in pieces(template) {
            match piece {
                Piece::Text(text) => whole.push_str(text),
                Piece::Braces(name) => whole.push_str(&format!("{{{name}}}")),
                Piece::Name(name) => whole.push_str(&write(&self.value(name)?)),
            }
        }
        Ok(whole)
    }

    fn value(&mut self, name: &str) -> Result<String, Gap> {
        let Some(parameter) = self.parameters.iter().find(|parameter| parameter.name == name) else {
            return Err(Gap::Unknown(name.to_owned(), self.spot.clone()));
        };
        if !self.used.iter().any(|used| used == name) {
            self.used.push(name.to_owned());
        }
        let given = self.given.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
        match (given, &parameter.otherwise) {
            (Some(_), _) if self.show == Show::Nothing => Ok(HIDDEN.to_owned()),
            (Some(value), _) => Ok(value),
            (None, Otherwise::Value(value)) => Ok(value.clone()),
            (None, _) => Err(Gap::Missing(name.to_owned())),
        }
    }

    fn misplaced<T>(&self, why: &str) -> Result<T, Gap> {
        Err(Gap::Misplaced(Safe::of(format!("a parameter {why}")), self.spot.clone()))
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

/// Sets path and query; whether the URL is read back as it was written.
fn set(url: &mut Url, path: &str, query: Option<&str>) -> bool {
    if path == url.path() && query == url.query() {
        return true;
    }
    url.set_path(path);
    url.set_query(query);
    url.path() == path && url.query() == query
}

/// Every byte that could mean something in a URL, percent-encoded.
fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'*');
    value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A piece of a text in which names may stand.
enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// A name in double braces: the name in single ones, as they stand.
    Braces(&'a str),
    /// A name in braces: its value.
    Name(&'a str),
}

/// The pieces of a text. What is in braces and can be no name is text like any other.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut begin, mut from) = (0, 0);
    while let Some(open) = text.get(from..).and_then(|rest| rest.find('{')).map(|at| from + at) {
        from = open + 1;
        let Some(name) = text.get(from..).and_then(|rest| rest.split_once('}')).map(|(name, _)| name) else { break };
        let close = from + name.len() + 1;
        if !Parameter::is_name(name) {
            continue;
        }
        let before = text.get(begin..open).unwrap_or_default();
        let doubled = text.get(close..).unwrap_or_default().starts_with('}');
        if let Some(before) = before.strip_suffix('{').filter(|_| doubled) {
            pieces.extend([Piece::Text(before), Piece::Braces(name)]);
            begin = close + 1;
        } else {
            pieces.extend([Piece::Text(before), Piece::Name(name)]);
            begin = close;
        }
        from = begin;
    }
    pieces.push(Piece::Text(text.get(begin..).unwrap_or_default()));
    pieces
}

/// A text in which nothing is a name: it comes out of the filling as it is.
#[must_use]
pub fn as_it_stands(text: &str) -> String {
    let piece = |piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Name(name) => format!("{{{{{name}}}}}"),
        Piece::Braces(name) => format!("{{{{{{{name}}}}}}}"),
    };
    pieces(text).into_iter().map(piece).collect()
}

/// Names in braces, in their order.
fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).into_iter().filter_map(|piece| if let Piece::Name(name) = piece { Some(name) } else { None })
}

/// Whether names in double braces stand in it.
fn has_braces(text: &str) -> bool {
    pieces(text).iter().any(|piece| matches!(piece, Piece::Braces(_)))
}

#[cfg(test)]
mod tests;
