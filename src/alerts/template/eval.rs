//! Runs a template: blocks, pipes, variables. Every step is counted, and every text it makes is measured.

use std::sync::Arc;

use super::parse::{Act, Node, Operand, Pipe, Template};
use super::value::{Struct, Value};
use super::{Data, MOST_BYTES, Query, format, functions};

/// Most parts, commands and turns of one template.
const MOST_STEPS: usize = 20_000;
/// Most questions of one template.
const MOST_QUERIES: usize = 32;
/// Deepest nesting of templates that call one another.
const MOST_CALLS: usize = 32;

/// How a list of parts ended.
#[derive(Clone, Copy, PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// The text that a template makes, or the line and what went wrong.
pub fn run(template: &Template, data: &Data<'_>, query: Query<'_>) -> Result<String, String> {
    let labels = Value::Labels(data.labels.clone());
    let external = Value::Labels(data.external_labels.clone());
    let url = Value::text(data.external_url);
    let value = Value::Float(data.value);
    let fields = vec![
        ("Labels", labels.clone()),
        ("ExternalLabels", external.clone()),
        ("ExternalURL", url.clone()),
        ("Value", value.clone()),
    ];
    let root = Value::Struct(Arc::new(Struct { kind: "struct", fields }));
    let variables =
        [("", root.clone()), ("labels", labels), ("externalLabels", external), ("externalURL", url), ("value", value)]
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec();
    let mut run = Run { template, data, query, out: String::new(), variables, steps: 0, queries: 0, calls: 0, line: 1 };
    match run.nodes(&template.body, &root) {
        Ok(_) => Ok(run.out),
        Err(why) => Err(format!("{}: {why}", run.line)),
    }
}

struct Run<'a> {
    template: &'a Template,
    data: &'a Data<'a>,
    query: Query<'a>,
    out: String,
    variables: Vec<(String, Value)>,
    steps: usize,
    queries: usize,
    calls: usize,
    line: usize,
}

impl Run<'_> {
    fn step(&mut self) -> Result<(), String> {
        self.steps += 1;
        if self.steps > MOST_STEPS { Err(format!("more than {MOST_STEPS} steps")) } else { Ok(()) }
    }

    fn print(&mut self, text: &str) -> Result<(), String> {
        if self.out.len() + text.len() > MOST_BYTES {
            return Err(format!("more than {MOST_BYTES} bytes of text"));
        }
        self.out.push_str(text);
        Ok(())
    }

    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        for node in nodes {
            self.line = node.line;
            let flow = self.act(&node.act, dot)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn act(&mut self, act: &Act, dot: &Value) -> Result<Flow, String> {
        self.step()?;
        match act {
            Act::Text(text) => self.print(text)?,
            Act::Print(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    self.print(&format::shown(&value))?;
                }
            }
            Act::If(pipe, body, otherwise) | Act::With(pipe, body, otherwise) => {
                let known = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                let flow = match (value.truth(), matches!(act, Act::With(..))) {
                    (true, true) => self.nodes(body, &value),
                    (true, false) => self.nodes(body, dot),
                    (false, _) => self.nodes(otherwise, dot),
                };
                self.variables.truncate(known);
                return flow;
            }
            Act::Range(pipe, body, otherwise) => {
                let known = self.variables.len();
                self.range(pipe, body, otherwise, dot)?;
                self.variables.truncate(known);
            }
            Act::Call(name, data) => self.call(name, data.as_ref(), dot)?,
            Act::Break => return Ok(Flow::Break),
            Act::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn call(&mut self, name: &str, data: Option<&Pipe>, dot: &Value) -> Result<(), String> {
        let dot = data.map_or(Ok(Value::Nil), |pipe| self.pipe(pipe, dot))?;
        let template = self.template;
        let Some(body) = template.defined.get(name) else { return Err(format!("template {name:?} not defined")) };
        self.calls += 1;
        if self.calls > MOST_CALLS {
            return Err(format!("templates call one another more than {MOST_CALLS} deep"));
        }
        let outer = std::mem::replace(&mut self.variables, vec![(String::new(), dot.clone())]);
        self.nodes(body, &dot)?;
        self.variables = outer;
        self.calls -= 1;
        Ok(())
    }

    fn range(&mut self, pipe: &Pipe, body: &[Node], otherwise: &[Node], dot: &Value) -> Result<(), String> {
        let over = self.value(pipe, dot)?;
        let turns: Vec<(Value, Value)> = match &over {
            Value::List(items) => {
                items.iter().enumerate().map(|(at, item)| (Value::Int(at as i64), item.clone())).collect()
            }
            Value::Labels(labels) => labels.iter().map(|(name, text)| (Value::text(name), Value::text(text))).collect(),
            Value::Map(map) => map.iter().map(|(name, item)| (Value::text(name.as_str()), item.clone())).collect(),
            Value::Int(count) if usize::try_from(*count).is_ok_and(|count| count <= MOST_STEPS) => {
                (0..*count).map(|at| (Value::Int(at), Value::Int(at))).collect()
            }
            Value::Nil | Value::Missing => Vec::new(),
            other => return Err(format!("range can't iterate over {}", format::shown(other))),
        };
        if turns.is_empty() {
            return self.nodes(otherwise, dot).map(|_| ());
        }
        let known = self.variables.len();
        for (key, item) in turns {
            self.step()?;
            let taken = match pipe.variables.as_slice() {
                [one] => vec![(one, item.clone())],
                [first, second, ..] => vec![(first, key), (second, item.clone())],
                [] => Vec::new(),
            };
            for (name, value) in taken {
                if pipe.declares { self.variables.push((name.clone(), value)) } else { self.assign(name, value)? }
            }
            let flow = self.nodes(body, &item)?;
            self.variables.truncate(known);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Value) -> Result<(), String> {
        let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
        *known.map(|(_, value)| value).ok_or_else(|| format!("undefined variable: ${name}"))? = value;
        Ok(())
    }

    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, String> {
        let value = self.value(pipe, dot)?;
        for name in &pipe.variables {
            if pipe.declares {
                self.variables.push((name.clone(), value.clone()));
            } else {
                self.assign(name, value.clone())?;
            }
        }
        Ok(value)
    }

    fn value(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, String> {
        let mut last: Option<Value> = None;
        for command in &pipe.commands {
            self.step()?;
            let value = self.command(command, last.take(), dot)?;
            if matches!(&value, Value::Text(text) if text.len() > MOST_BYTES) {
                return Err(format!("a text of more than {MOST_BYTES} bytes"));
            }
            last = Some(value);
        }
        last.ok_or_else(|| "missing value".to_owned())
    }

    fn command(&mut self, command: &[Operand], last: Option<Value>, dot: &Value) -> Result<Value, String> {
        let Some((first, rest)) = command.split_first() else { return Err("missing value".to_owned()) };
        if let Operand::Function(name) = first {
            return self.function(name, rest, last, dot);
        }
        if !rest.is_empty() || last.is_some() {
            return Err("can't give argument to non-function".to_owned());
        }
        if matches!(first, Operand::Nil) {
            return Err("nil is not a command".to_owned());
        }
        self.operand(first, dot)
    }

    fn function(&mut self, name: &str, args: &[Operand], last: Option<Value>, dot: &Value) -> Result<Value, String> {
        let called = |why: String| format!("error calling {name}: {why}");
        if matches!(name, "and" | "or") {
            // The first that decides; what stands behind it is not looked at.
            let mut value = Value::Nil;
            for arg in args {
                value = self.operand(arg, dot)?;
                if value.truth() == (name == "or") {
                    return Ok(value);
                }
            }
            return match last {
                Some(last) => Ok(last),
                None if args.is_empty() => Err(format!("wrong number of args for {name}: want at least 1 got 0")),
                None => Ok(value),
            };
        }
        let mut values = Vec::with_capacity(args.len() + 1);
        for arg in args {
            values.push(self.operand(arg, dot)?);
        }
        values.extend(last);
        if name != "query" {
            return functions::call(name, &values, self.data).map_err(called);
        }
        let [Value::Text(expr)] = values.as_slice() else {
            return Err(called("one expression is wanted, as text".to_owned()));
        };
        self.queries += 1;
        if self.queries > MOST_QUERIES {
            return Err(called(format!("more than {MOST_QUERIES} queries")));
        }
        let found = (self.query)(expr).map_err(called)?;
        Ok(Value::List(found.into_iter().map(|(labels, value)| Value::sample(labels, value)).collect()))
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, String> {
        let walk = |value: Value, path: &[String]| path.iter().try_fold(value, |value, name| value.field(name));
        match operand {
            Operand::Dot => Ok(dot.clone()),
            Operand::Nil => Ok(Value::Nil),
            Operand::Literal(value) => Ok(value.clone()),
            Operand::Field(path) => walk(dot.clone(), path),
            Operand::Variable(name, path) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                let value = known.map(|(_, value)| value.clone());
                walk(value.ok_or_else(|| format!("undefined variable: ${name}"))?, path)
            }
            Operand::Function(name) => self.function(name, &[], None, dot),
            Operand::Inner(pipe, path) => {
                self.step()?;
                let value = self.pipe(pipe, dot)?;
                walk(value, path)
            }
        }
    }
}
