//! From tokens to a tree. As in Go, a function or variable that does not exist is found here, before anything runs.

use std::collections::BTreeMap;

use super::lexer::{self, Kind, Token};
use super::value::Value;
use super::{MOST_BYTES, functions, number};

/// Deepest nesting of blocks and parentheses.
const MOST_DEPTH: usize = 50;
/// What Prometheus declares before every template.
const DECLARED: [&str; 4] = ["labels", "externalLabels", "externalURL", "value"];

/// A template that was read.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// What it does.
    pub body: Vec<Node>,
    /// What it defines, by name.
    pub defined: BTreeMap<String, Vec<Node>>,
}

/// One part, with its line.
#[derive(Clone, Debug)]
pub struct Node {
    /// Within the template, from 1.
    pub line: usize,
    /// What it does.
    pub act: Act,
}

/// What a part does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Text as it stands.
    Text(String),
    /// Prints what a pipe gives.
    Print(Pipe),
    /// `if`.
    If(Pipe, Vec<Node>, Vec<Node>),
    /// `with`.
    With(Pipe, Vec<Node>, Vec<Node>),
    /// `range`.
    Range(Pipe, Vec<Node>, Vec<Node>),
    /// `template`.
    Call(String, Option<Pipe>),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
}

/// Commands, each handing its value to the next, and the variables that take the last.
#[derive(Clone, Debug)]
pub struct Pipe {
    /// The variables.
    pub variables: Vec<String>,
    /// Whether they are new.
    pub declares: bool,
    /// The commands.
    pub commands: Vec<Vec<Operand>>,
}

/// What a command is made of.
#[derive(Clone, Debug)]
pub enum Operand {
    /// `.`.
    Dot,
    /// `nil`.
    Nil,
    /// A literal.
    Literal(Value),
    /// `.a.b`.
    Field(Vec<String>),
    /// `$x.a.b`.
    Variable(String, Vec<String>),
    /// A function.
    Function(String),
    /// A pipe in parentheses and fields of what it gives.
    Inner(Box<Pipe>, Vec<String>),
}

/// How a list of parts ended.
#[derive(PartialEq)]
enum Stop {
    Eof,
    End,
    Else,
    ElseIf,
    ElseWith,
}

/// Reads a template, or says on which line what is wrong.
pub fn parse(text: &str) -> Result<Template, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("1: longer than {MOST_BYTES} bytes"));
    }
    let tokens = lexer::tokens(text)?;
    let variables = DECLARED.iter().map(|name| (*name).to_owned()).chain([String::new()]).collect();
    let mut parser = Parser { tokens, at: 0, variables, depth: 0, loops: 0, line: 1, defined: BTreeMap::new() };
    let parsed = parser.nodes().and_then(|(body, end)| match end {
        Stop::Eof => Ok(body),
        Stop::End => Err("unexpected {{end}}".to_owned()),
        _ => Err("unexpected {{else}}".to_owned()),
    });
    match parsed {
        Ok(body) => Ok(Template { body, defined: parser.defined }),
        Err(why) => Err(format!("{}: {why}", parser.line)),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    variables: Vec<String>,
    depth: usize,
    loops: usize,
    line: usize,
    defined: BTreeMap<String, Vec<Node>>,
}

impl Parser {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn next(&mut self) -> Option<Kind> {
        let token = self.tokens.get(self.at)?;
        self.line = token.line;
        self.at += 1;
        Some(token.kind.clone())
    }

    fn spaces(&mut self) {
        while self.peek() == Some(&Kind::Space) {
            self.at += 1;
        }
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > MOST_DEPTH { Err(format!("nested deeper than {MOST_DEPTH} levels")) } else { Ok(()) }
    }

    fn nodes(&mut self) -> Result<(Vec<Node>, Stop), String> {
        self.deeper()?;
        let mut nodes = Vec::new();
        while let Some(kind) = self.next() {
            let line = self.line;
            match kind {
                Kind::Text(text) => nodes.push(Node { line, act: Act::Text(text) }),
                _ => match self.action()? {
                    Ok(Some(act)) => nodes.push(Node { line, act }),
                    Ok(None) => {}
                    Err(end) => {
                        self.depth -= 1;
                        return Ok((nodes, end));
                    }
                },
            }
        }
        self.depth -= 1;
        Ok((nodes, Stop::Eof))
    }

    /// What stands behind `{{`: a part, nothing (a definition), or the end of the list of parts.
    fn action(&mut self) -> Result<Result<Option<Act>, Stop>, String> {
        self.spaces();
        let Some(Kind::Word(word)) = self.peek().cloned() else {
            return Ok(Ok(Some(Act::Print(self.whole("command")?))));
        };
        if !matches!(
            word.as_str(),
            "if" | "with" | "range" | "end" | "else" | "break" | "continue" | "template" | "define" | "block"
        ) {
            return Ok(Ok(Some(Act::Print(self.whole("command")?))));
        }
        self.next();
        let act = match word.as_str() {
            "if" | "with" | "range" => self.control(&word)?,
            "end" => {
                self.close("end")?;
                return Ok(Err(Stop::End));
            }
            "else" => {
                self.spaces();
                let end = match self.peek() {
                    Some(Kind::Word(word)) if word == "if" => Stop::ElseIf,
                    Some(Kind::Word(word)) if word == "with" => Stop::ElseWith,
                    _ => Stop::Else,
                };
                if end == Stop::Else {
                    self.close("else")?;
                } else {
                    drop(self.next());
                }
                return Ok(Err(end));
            }
            "break" | "continue" => {
                if self.loops == 0 {
                    return Err(format!("{{{{{word}}}}} outside {{{{range}}}}"));
                }
                self.close(&word)?;
                if word == "break" { Act::Break } else { Act::Continue }
            }
            "template" => {
                let name = self.quoted("template clause")?;
                self.spaces();
                let data = if self.peek() == Some(&Kind::Close) { None } else { Some(self.pipe("template clause")?) };
                self.close("template clause")?;
                Act::Call(name, data)
            }
            _ => return self.definition(&word),
        };
        Ok(Ok(Some(act)))
    }

    /// `define` and `block`.
    fn definition(&mut self, word: &str) -> Result<Result<Option<Act>, Stop>, String> {
        let name = self.quoted(word)?;
        self.spaces();
        let data = if word == "block" { Some(self.pipe(word)?) } else { None };
        self.close(word)?;
        let outer = std::mem::replace(&mut self.variables, vec![String::new()]);
        let loops = std::mem::take(&mut self.loops);
        let (body, end) = self.nodes()?;
        self.variables = outer;
        self.loops = loops;
        if end != Stop::End {
            return Err(format!("unexpected end of {{{{{word}}}}}"));
        }
        self.defined.insert(name.clone(), body);
        Ok(Ok(data.map(|data| Act::Call(name, Some(data)))))
    }

    fn quoted(&mut self, context: &str) -> Result<String, String> {
        self.spaces();
        match self.next() {
            Some(Kind::Quoted(text)) => Ok(text),
            _ => Err(format!("a quoted name is wanted in {context}")),
        }
    }

    /// `if`, `with` and `range`, with what follows on `else`.
    fn control(&mut self, word: &str) -> Result<Act, String> {
        let known = self.variables.len();
        let pipe = self.whole(word)?;
        self.loops += usize::from(word == "range");
        let (body, end) = self.nodes()?;
        self.loops -= usize::from(word == "range");
        let otherwise = match end {
            Stop::End => Vec::new(),
            Stop::Else => {
                let (nodes, end) = self.nodes()?;
                if end != Stop::End {
                    return Err("expected end; found {{else}}".to_owned());
                }
                nodes
            }
            Stop::ElseIf | Stop::ElseWith => {
                self.deeper()?;
                let line = self.line;
                let act = self.control(if end == Stop::ElseIf { "if" } else { "with" })?;
                self.depth -= 1;
                vec![Node { line, act }]
            }
            Stop::Eof => return Err("unexpected EOF".to_owned()),
        };
        self.variables.truncate(known);
        Ok(match word {
            "if" => Act::If(pipe, body, otherwise),
            "with" => Act::With(pipe, body, otherwise),
            _ => Act::Range(pipe, body, otherwise),
        })
    }

    fn close(&mut self, context: &str) -> Result<(), String> {
        self.spaces();
        match self.next() {
            Some(Kind::Close) => Ok(()),
            _ => Err(format!("unexpected text in {context}")),
        }
    }

    /// A pipe up to the closing braces.
    fn whole(&mut self, context: &str) -> Result<Pipe, String> {
        let pipe = self.pipe(context)?;
        self.close(context)?;
        Ok(pipe)
    }

    fn pipe(&mut self, context: &str) -> Result<Pipe, String> {
        self.deeper()?;
        let (variables, declares) = self.declaration(context)?;
        let mut commands = Vec::new();
        loop {
            commands.push(self.command(context)?);
            if self.peek() != Some(&Kind::Sign('|')) {
                break;
            }
            self.next();
        }
        for command in commands.iter().skip(1) {
            if !matches!(
                command.first(),
                Some(Operand::Function(_) | Operand::Field(_) | Operand::Variable(..) | Operand::Inner(..))
            ) {
                return Err("non executable command in pipeline".to_owned());
            }
        }
        if declares {
            self.variables.extend(variables.iter().cloned());
        }
        self.depth -= 1;
        Ok(Pipe { variables, declares, commands })
    }

    /// `$x :=`, `$x =`, `$i, $x :=`.
    fn declaration(&mut self, context: &str) -> Result<(Vec<String>, bool), String> {
        self.spaces();
        let begin = self.at;
        let mut names = Vec::new();
        while let Some(Kind::Variable(name)) = self.peek().cloned() {
            self.next();
            self.spaces();
            names.push(name);
            match self.peek() {
                Some(Kind::Sign(',')) if context == "range" && names.len() < 2 => {
                    self.next();
                    self.spaces();
                }
                Some(Kind::Declare) => {
                    self.next();
                    return Ok((names, true));
                }
                Some(Kind::Sign('=')) => {
                    self.next();
                    if let Some(unknown) = names.iter().find(|name| !self.variables.contains(name)) {
                        return Err(format!("undefined variable \"${unknown}\""));
                    }
                    return Ok((names, false));
                }
                _ => break,
            }
        }
        self.at = begin;
        Ok((Vec::new(), false))
    }

    fn command(&mut self, context: &str) -> Result<Vec<Operand>, String> {
        let mut operands = Vec::new();
        loop {
            self.spaces();
            match self.peek() {
                None => return Err("unclosed action".to_owned()),
                Some(Kind::Close | Kind::Sign('|' | ')')) => break,
                Some(_) => operands.push(self.operand()?),
            }
            // Only white space separates operands.
            if !matches!(self.peek(), Some(Kind::Space | Kind::Close | Kind::Sign('|' | ')'))) {
                return Err(format!("unexpected {} in operand", self.told()));
            }
        }
        if operands.is_empty() { Err(format!("missing value for {context}")) } else { Ok(operands) }
    }

    fn told(&self) -> String {
        match self.peek() {
            Some(Kind::Sign(sign)) => format!("<{sign}>"),
            Some(Kind::Word(word) | Kind::Number(word)) => format!("<{word}>"),
            Some(Kind::Field(name)) => format!("<.{name}>"),
            Some(Kind::Variable(name)) => format!("<${name}>"),
            Some(Kind::Declare) => "\":=\"".to_owned(),
            _ => "text".to_owned(),
        }
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let operand = match self.next() {
            Some(Kind::Dot) => Operand::Dot,
            Some(Kind::Field(name)) => {
                let mut path = vec![name];
                path.extend(self.fields());
                return Ok(Operand::Field(path));
            }
            Some(Kind::Variable(name)) => {
                if !self.variables.contains(&name) {
                    return Err(format!("undefined variable \"${name}\""));
                }
                let path = self.fields();
                return Ok(Operand::Variable(name, path));
            }
            Some(Kind::Word(word)) => match word.as_str() {
                "true" | "false" => Operand::Literal(Value::Bool(word == "true")),
                "nil" => Operand::Nil,
                name if functions::exists(name) => Operand::Function(word),
                name => return Err(format!("function {name:?} not defined")),
            },
            Some(Kind::Number(text)) => {
                Operand::Literal(number::literal(&text).ok_or_else(|| format!("bad number syntax: {text:?}"))?)
            }
            Some(Kind::Quoted(text)) => Operand::Literal(Value::text(text)),
            Some(Kind::Char(c)) => Operand::Literal(Value::Int(i64::from(u32::from(c)))),
            Some(Kind::Sign('(')) => {
                let inner = self.pipe("parenthesized pipeline")?;
                self.spaces();
                if self.next() != Some(Kind::Sign(')')) {
                    return Err("unclosed left paren".to_owned());
                }
                return Ok(Operand::Inner(Box::new(inner), self.fields()));
            }
            _ => {
                self.at = self.at.saturating_sub(1);
                return Err(format!("unexpected {} in command", self.told()));
            }
        };
        if matches!(self.peek(), Some(Kind::Field(_))) {
            return Err(format!("unexpected {} after term", self.told()));
        }
        Ok(operand)
    }

    fn fields(&mut self) -> Vec<String> {
        let mut path = Vec::new();
        while let Some(Kind::Field(name)) = self.peek().cloned() {
            self.next();
            path.push(name);
        }
        path
    }
}
