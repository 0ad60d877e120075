//! YAML with lines: events of the parser become a tree that is bounded in bytes, nodes and depth; aliases are counted as
//! what they stand for, so that a few lines cannot become millions.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// Most bytes of a file.
pub const MOST_BYTES: usize = 4 << 20;
/// Most nodes, those that aliases stand for included.
const MOST_NODES: usize = 200_000;
/// Deepest nesting.
const MOST_DEPTH: usize = 32;

/// A node and the line it begins on.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// From 1.
    pub line: usize,
    /// It stands in quotes, or is called text: never a number.
    pub quoted: bool,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value: `~`, `null`, or nothing.
    Null,
    /// Text, as written.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in order, repeats included.
    Map(Vec<(Node, Node)>),
}

/// Why a text is not taken: the line and words.
pub type Refusal = (usize, String);

/// The first document of a text; none where it is empty.
pub fn parse(text: &str) -> Result<Option<Node>, Refusal> {
    if text.len() > MOST_BYTES {
        return Err((0, format!("{} bytes; {MOST_BYTES} are the most", text.len())));
    }
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| (error.marker().line(), format!("not YAML: {}", error.info())))?;
        tree.take(event, span)?;
    }
    Ok(tree.root)
}

/// A node under construction.
struct Open {
    line: usize,
    anchor: usize,
    is_map: bool,
    children: Vec<Node>,
}

#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Refusal> {
        let line = span.start.line();
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err((
                        line,
                        "a second document: only the first would be read; put everything into one".into(),
                    ));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, line)?;
                let text_tag = tag.is_some_and(|tag| tag.suffix == "str");
                let plain = style == ScalarStyle::Plain && !text_tag;
                let null = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null { Value::Null } else { Value::Text(text.into_owned()) };
                self.done(Node { line, quoted: !plain, value }, anchor, 1)
            }
            Event::SequenceStart(anchor, _) => self.begin(line, anchor, false),
            Event::MappingStart(anchor, _) => self.begin(line, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err((line, "an alias of what is not complete".into()));
                };
                self.count(size, line)?;
                self.done(node, 0, size)
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn count(&mut self, nodes: usize, line: usize) -> Result<(), Refusal> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MOST_NODES {
            return Err((line, format!("more than {MOST_NODES} values, with what aliases stand for")));
        }
        Ok(())
    }

    fn begin(&mut self, line: usize, anchor: usize, is_map: bool) -> Result<(), Refusal> {
        self.count(1, line)?;
        if self.open.len() >= MOST_DEPTH {
            return Err((line, format!("nested deeper than {MOST_DEPTH} levels")));
        }
        self.open.push(Open { line, anchor, is_map, children: Vec::new() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refusal> {
        let Some(Open { line, anchor, is_map, children }) = self.open.pop() else { return Ok(()) };
        let value = if is_map { Value::Map(paired(children)) } else { Value::List(children) };
        let node = Node { line, quoted: false, value };
        let size = if anchor == 0 { 0 } else { node.size() };
        self.done(node, anchor, size)
    }

    fn done(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Refusal> {
        if anchor != 0 {
            // The copy that the anchor keeps is memory too.
            self.count(size, node.line)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }
}

/// Keys with their values; what `<<` merges stands behind what is written.
fn paired(children: Vec<Node>) -> Vec<(Node, Node)> {
    let mut pairs: Vec<(Node, Node)> = Vec::with_capacity(children.len() / 2);
    let mut merged = Vec::new();
    let mut rest = children.into_iter();
    while let (Some(key), Some(value)) = (rest.next(), rest.next()) {
        match (&key.value, value.value) {
            (Value::Text(word), Value::Map(from)) if word == "<<" => merged.extend(from),
            (Value::Text(word), Value::List(several)) if word == "<<" => {
                merged.extend(several.into_iter().filter_map(Node::into_pairs).flatten());
            }
            (_, whole) => pairs.push((key, Node { line: value.line, quoted: value.quoted, value: whole })),
        }
    }
    for (key, value) in merged {
        if !pairs.iter().any(|(known, _)| known.value == key.value) {
            pairs.push((key, value));
        }
    }
    pairs
}

impl Node {
    fn into_pairs(self) -> Option<Vec<(Node, Node)>> {
        if let Value::Map(pairs) = self.value { Some(pairs) } else { None }
    }

    fn size(&self) -> usize {
        match &self.value {
            Value::Null | Value::Text(_) => 1,
            Value::List(items) => 1 + items.iter().map(Node::size).sum::<usize>(),
            Value::Map(pairs) => 1 + pairs.iter().map(|(key, value)| key.size() + value.size()).sum::<usize>(),
        }
    }

    /// What it is, for people.
    pub fn word(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "keys with values",
        }
    }
}
