//! Which names of a statement are columns of which relations: one scope for each SELECT, with the relations of its FROM. Where
//! a relation is not known in full nothing is said about unqualified names: silence is better than a false finding.

use super::catalogue;
use super::token::{Kind, Token};

/// A relation of a FROM clause, under the name by which it is referred to.
#[derive(Clone, Debug)]
struct Relation {
    alias: String,
    /// Its own name, when its columns are known.
    known: Option<String>,
}

/// Where one of these views stands in the statement, and under which name.
pub fn alias<'c>(code: &'c [Token], views: &[&str]) -> Option<(usize, &'c str)> {
    // `view.column` names a column.
    let is_view =
        |pair: &[Token]| matches!(pair, [view, next] if views.contains(&view.text.as_str()) && !next.sign("."));
    let at = code.windows(2).position(is_view);
    let at = at.or_else(|| {
        code.len().checked_sub(1).filter(|last| code.get(*last).is_some_and(|t| views.contains(&t.text.as_str())))
    })?;
    let behind = |place: usize| code.get(at + place);
    let named = if behind(1).is_some_and(|t| t.is("as")) { behind(2) } else { behind(1) };
    let is_alias = |t: &&Token| t.is_name() && !is_clause(&t.text);
    let name = named.filter(is_alias).or_else(|| behind(0))?;
    Some((at, name.text.as_str()))
}

/// A name that its relation does not have.
#[derive(Debug)]
pub struct Missing {
    pub column: Token,
    pub relation: String,
}

const CLAUSES: &[&str] = &[
    "where",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "window",
    "union",
    "intersect",
    "except",
    "for",
    "fetch",
    "returning",
];
const JOINS: &[&str] =
    &["join", "inner", "left", "right", "full", "outer", "cross", "natural", "lateral", "on", "using"];
/// Words that are no columns where they stand in an expression.
const WORDS: &[&str] = &[
    "select",
    "distinct",
    "all",
    "as",
    "and",
    "or",
    "not",
    "is",
    "null",
    "true",
    "false",
    "in",
    "like",
    "ilike",
    "similar",
    "between",
    "case",
    "when",
    "then",
    "else",
    "end",
    "asc",
    "desc",
    "nulls",
    "first",
    "last",
    "interval",
    "current_timestamp",
    "current_date",
    "current_time",
    "current_user",
    "session_user",
    "user",
    "localtimestamp",
    "any",
    "some",
    "exists",
    "by",
    "filter",
    "over",
    "partition",
    "rows",
    "range",
    "preceding",
    "following",
    "unbounded",
    "row",
    "at",
    "time",
    "zone",
    "from",
    "both",
    "leading",
    "trailing",
    "escape",
    "collate",
    "array",
    "extract",
    "epoch",
    "day",
    "hour",
    "minute",
    "second",
    "month",
    "year",
    "with",
    "ordinality",
    "only",
    "set",
    "cast",
    "default",
    "materialized",
    "timestamp",
    "timestamptz",
    "date",
    "ties",
    "within",
];

/// Longest statement that is looked into, in tokens.
const TOKENS: usize = 5_000;

/// Every name that cannot be.
pub fn missing(statement: &[Token]) -> Vec<Missing> {
    let tokens: Vec<&Token> = statement.iter().filter(|t| t.kind != Kind::Comment).collect();
    let mut found = Vec::new();
    if tokens.len() > TOKENS || tokens.iter().any(|t| t.is("with")) {
        // A CTE may shadow any name.
        return found;
    }
    select(&tokens, &[], &mut found, 0);
    found
}

/// Deepest nesting of queries that is looked into.
const DEPTH: usize = 16;

/// One query level; what stands in parentheses with a SELECT of its own is looked at with this level around it.
fn select(tokens: &[&Token], outer: &[Relation], found: &mut Vec<Missing>, depth: usize) -> bool {
    if depth > DEPTH || !tokens.first().is_some_and(|t| t.is("select")) {
        return false;
    }
    let (flat, nested) = levels(tokens);
    if flat.iter().any(|t| t.is("union") || t.is("intersect") || t.is("except")) {
        return false;
    }
    let relations = from(&flat, &nested);
    for (_, inner) in nested.iter().filter(|(_, inner)| !inner.is_empty()) {
        select(inner, &[outer, &relations].concat(), found, depth + 1);
    }
    names(&flat, &relations, outer, found);
    true
}

/// A nested query is replaced by its opening parenthesis; its tokens stand beside, by the place of that parenthesis.
type Nested<'a> = Vec<(usize, Vec<&'a Token>)>;

fn levels<'a>(tokens: &[&'a Token]) -> (Vec<&'a Token>, Nested<'a>) {
    let (mut flat, mut nested): (Vec<&Token>, Nested<'_>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        flat.push(token);
        at += 1;
        if token.sign("(") && tokens.get(at).is_some_and(|t| t.is("select")) {
            let mut open = 1;
            let mut inner = Vec::new();
            while let Some(next) = tokens.get(at) {
                open += usize::from(next.sign("("));
                open -= usize::from(next.sign(")"));
                at += 1;
                if open == 0 {
                    flat.push(next);
                    break;
                }
                inner.push(*next);
            }
            nested.push((token.at, inner));
        }
    }
    (flat, nested)
}

fn from(flat: &[&Token], nested: &Nested<'_>) -> Vec<Relation> {
    let mut relations = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    let mut inside = false;
    while let Some(token) = flat.get(at) {
        at += 1;
        if token.sign("(") {
            depth += 1;
        } else if token.sign(")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && token.is("from") {
            inside = true;
            at = relation(flat, at, nested, &mut relations);
        } else if depth == 0 && inside && (token.is("join") || token.sign(",")) {
            at = relation(flat, at, nested, &mut relations);
        } else if depth == 0 && token.kind == Kind::Word && CLAUSES.contains(&token.text.as_str()) {
            inside = false;
        }
    }
    relations
}

/// Reads one relation from `at`; gives where it ends.
fn relation(flat: &[&Token], mut at: usize, nested: &Nested<'_>, into: &mut Vec<Relation>) -> usize {
    while flat.get(at).is_some_and(|t| t.is("only") || t.is("lateral")) {
        at += 1;
    }
    let Some(first) = flat.get(at) else { return at };
    let (mut name, known);
    if first.sign("(") {
        // A derived table is known when it is all of one known relation.
        let inner =
            nested.iter().find(|(place, _)| *place == first.at).map(|(_, inner)| inner.as_slice()).unwrap_or_default();
        known = passed_through(inner);
        name = String::new();
        at = closing(flat, at) + 1;
    } else {
        name = first.text.clone();
        at += 1;
        while flat.get(at).is_some_and(|t| t.sign(".")) {
            name = flat.get(at + 1).map(|t| t.text.clone()).unwrap_or_default();
            at += 2;
        }
        known = catalogue::columns(&name).map(|_| name.clone());
        if flat.get(at).is_some_and(|t| t.sign("(")) {
            at = closing(flat, at) + 1;
        }
    }
    if flat.get(at).is_some_and(|t| t.is("as")) {
        at += 1;
    }
    let mut known = known;
    if let Some(alias) = flat.get(at).filter(|t| is_alias(t)) {
        name.clone_from(&alias.text);
        at += 1;
        if flat.get(at).is_some_and(|t| t.sign("(")) {
            // Its columns are named anew.
            known = None;
            at = closing(flat, at) + 1;
        }
    }
    into.push(Relation { alias: name, known });
    at
}

/// Whether a word begins or joins clauses, so it is no alias.
pub fn is_clause(word: &str) -> bool {
    CLAUSES.contains(&word) || JOINS.contains(&word)
}

fn is_alias(token: &Token) -> bool {
    let word = token.text.as_str();
    token.kind == Kind::Quoted
        || token.kind == Kind::Word && !CLAUSES.contains(&word) && !JOINS.contains(&word) && !WORDS.contains(&word)
}

/// `SELECT * FROM known`, and nothing else.
fn passed_through(inner: &[&Token]) -> Option<String> {
    let star = inner.get(1).is_some_and(|t| t.sign("*")) && inner.get(2).is_some_and(|t| t.is("from"));
    let name = inner.get(3).filter(|_| star)?;
    catalogue::columns(&name.text).map(|_| name.text.clone())
}

fn closing(flat: &[&Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in flat.iter().enumerate().skip(open) {
        depth += usize::from(token.sign("("));
        if token.sign(")") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at;
            }
        }
    }
    flat.len()
}

fn has(relation: &Relation, column: &str) -> bool {
    relation.known.as_deref().and_then(catalogue::columns).is_none_or(|columns| columns.contains(&column))
}

fn names(flat: &[&Token], relations: &[Relation], outer: &[Relation], found: &mut Vec<Missing>) {
    let all_known = !relations.is_empty() && relations.iter().chain(outer).all(|r| r.known.is_some());
    let aliases: Vec<&str> = outputs(flat);
    for (at, token) in flat.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|b| flat.get(b));
        let after = flat.get(at + 1);
        let dotted = after.is_some_and(|t| t.sign("."));
        if !token.is_name() || after.is_some_and(|t| t.sign("(")) || dotted || in_from(flat, at) {
            continue;
        }
        if before.is_some_and(|t| t.sign(".")) {
            let owner = at.checked_sub(2).and_then(|o| flat.get(o)).map(|t| t.text.as_str()).unwrap_or_default();
            let scope = relations.iter().chain(outer.iter().rev()).find(|r| r.alias == owner);
            if let Some(relation) = scope.filter(|r| !has(r, &token.text)) {
                found.push(Missing { column: (*token).clone(), relation: relation.known.clone().unwrap_or_default() });
            }
            continue;
        }
        let word = token.kind == Kind::Word;
        let is_keyword = word && [WORDS, CLAUSES, JOINS].iter().any(|list| list.contains(&token.text.as_str()));
        let is_type = before.is_some_and(|t| t.sign("::"));
        let is_bind = before.is_some_and(|t| t.sign("$") || t.sign(":"));
        let is_prefix = after.is_some_and(|t| t.kind == Kind::Text);
        if !all_known
            || is_keyword
            || is_type
            || is_bind
            || is_prefix
            || names_output(flat, at)
            || aliases.contains(&token.text.as_str())
        {
            continue;
        }
        if relations.iter().chain(outer).any(|r| has(r, &token.text) || r.alias == token.text) {
            continue;
        }
        let relation = relations.first().and_then(|r| r.known.clone()).unwrap_or_default();
        found.push(Missing { column: (*token).clone(), relation });
    }
}

/// Whether a name is given to what stands before it: `expression AS name`, `expression name`.
fn names_output(flat: &[&Token], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|b| flat.get(b)) else { return false };
    let keyword = before.kind == Kind::Word
        && WORDS.contains(&before.text.as_str())
        && !matches!(before.text.as_str(), "end" | "null" | "true" | "false");
    let clause = before.kind == Kind::Word && [CLAUSES, JOINS].iter().any(|l| l.contains(&before.text.as_str()));
    before.is("as")
        || before.sign(")")
        || !keyword && !clause && matches!(before.kind, Kind::Word | Kind::Quoted | Kind::Number | Kind::Text)
}

fn outputs<'a>(flat: &[&'a Token]) -> Vec<&'a str> {
    let named = flat.iter().enumerate().filter(|(at, t)| t.is_name() && names_output(flat, *at));
    named.map(|(_, t)| t.text.as_str()).collect()
}

/// Whether it stands where relations are named.
fn in_from(flat: &[&Token], at: usize) -> bool {
    let mut depth = 0_i32;
    for token in flat.get(..at).unwrap_or_default().iter().rev() {
        depth += i32::from(token.sign(")"));
        depth -= i32::from(token.sign("("));
        if depth < 0 {
            // Inside of parentheses: arguments, not relations. Those of a function in FROM are no columns either.
            depth = 0;
        }
        if token.kind != Kind::Word || depth != 0 {
            continue;
        }
        match token.text.as_str() {
            "from" | "join" => return true,
            "on" | "using" | "select" => return false,
            word if CLAUSES.contains(&word) => return false,
            _ => {}
        }
    }
    false
}
