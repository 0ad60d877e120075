//! YAML as a tree with lines, built from the parser's events: bounded in depth and size, aliases too. What a rules file has
//! to look like is not known here.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser};

/// Deepest nesting.
const DEPTH: usize = 64;
/// Most nodes, those that aliases repeat counted each time.
const NODES: usize = 500_000;

/// A node and the line it begins on.
#[derive(Clone, Debug)]
pub struct Node {
    pub line: usize,
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Value {
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// Why a text is no YAML.
#[derive(Debug)]
pub struct Broken {
    pub line: usize,
    pub why: String,
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// What stands under a key, with the key.
    pub fn entry(&self, key: &str) -> Option<&(Node, Node)> {
        self.entries().iter().find(|(k, _)| k.text() == Some(key))
    }

    /// What stands under a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    fn size(&self) -> usize {
        let mut open = vec![self];
        let mut count = 0;
        while let Some(node) = open.pop() {
            count += 1;
            open.extend(node.items());
            open.extend(node.entries().iter().flat_map(|(k, v)| [k, v]));
        }
        count
    }
}

/// Every document of a text that begins on line `first` of its file.
pub fn parse(text: &str, first: usize) -> Result<Vec<Node>, Broken> {
    let mut tree = Tree { first, ..Tree::default() };
    let last = first + text.lines().count().saturating_sub(1);
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|e| Broken { line: tree.line(e.marker().line()).min(last), why: e.info().to_owned() })?;
        let line = tree.line(span.start.line());
        tree.take(event, line).map_err(|why| Broken { line, why: why.to_owned() })?;
    }
    Ok(tree.documents)
}

#[derive(Default)]
struct Tree {
    first: usize,
    documents: Vec<Node>,
    open: Vec<(Node, usize)>,
    /// The key that waits for its value, for each open map.
    keys: Vec<Option<Node>>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl Tree {
    fn line(&self, line: usize) -> usize {
        self.first + line.saturating_sub(1)
    }

    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, _, anchor, _) => {
                self.count(1)?;
                self.close(Node { line, value: Value::Scalar(text.into_owned()) }, anchor);
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else { return Err("an unknown alias") };
                self.count(size)?;
                self.close(node, 0);
            }
            Event::SequenceStart(anchor, _) => self.begin(Node { line, value: Value::List(Vec::new()) }, anchor)?,
            Event::MappingStart(anchor, _) => self.begin(Node { line, value: Value::Map(Vec::new()) }, anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                self.keys.pop();
                if let Some((node, anchor)) = self.open.pop() {
                    self.close(node, anchor);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, more: usize) -> Result<(), &'static str> {
        self.nodes += more;
        if self.nodes > NODES { Err("more nodes than are read") } else { Ok(()) }
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), &'static str> {
        self.count(1)?;
        if self.open.len() >= DEPTH {
            return Err("nested deeper than is read");
        }
        self.open.push((node, anchor));
        self.keys.push(None);
        Ok(())
    }

    fn close(&mut self, node: Node, anchor: usize) {
        if anchor > 0 {
            let size = node.size();
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some((parent, _)) = self.open.last_mut() else { return self.documents.push(node) };
        match &mut parent.value {
            Value::List(items) => items.push(node),
            Value::Map(entries) => {
                let Some(waiting) = self.keys.last_mut() else { return };
                match waiting.take() {
                    Some(key) => entries.push((key, node)),
                    None => *waiting = Some(node),
                }
            }
            Value::Scalar(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_file() {
        let found = parse("a:\n  - b: |\n      x\n      y\n    c: 'd'\n", 10).unwrap();
        let item = &found[0].get("a").unwrap().items()[0];
        assert_eq!(item.entry("b").map(|(k, v)| (k.line, v.text())), Some((11, Some("x\ny\n"))));
        assert_eq!(item.entry("c").unwrap().0.line, 14);
        assert_eq!(parse("a: [1,\nb: }", 10).unwrap_err().line, 11);
    }

    #[test]
    fn aliases_and_depth_are_bounded() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let before = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", ")));
        }
        assert!(parse(&bomb, 1).unwrap_err().why.contains("more nodes"));
        assert!(parse(&"[".repeat(10_000), 1).is_err());
        let steps = (0..100).map(|n| " ".repeat(n)).collect::<Vec<_>>().join("a:\n");
        assert!(parse(&steps, 1).unwrap_err().why.contains("deeper"));
    }
}
