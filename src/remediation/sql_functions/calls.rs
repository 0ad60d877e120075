//! Which functions the code of a statement calls: a name before an opening bracket, where grammar does not say otherwise.
//! In doubt it is a call.

use crate::domain::Safe;

/// A function that is called.
pub struct Call {
    /// As the server knows it: in lower case unless it was quoted.
    pub name: String,
    schema: Option<String>,
    /// It is written in escapes, which are not read here.
    pub hides_its_name: bool,
}

impl Call {
    /// What cannot be read.
    pub fn in_doubt() -> Call {
        Call { name: "a text that can be read in two ways".to_owned(), schema: None, hides_its_name: false }
    }

    /// No other schema is named.
    pub fn is_the_server_s(&self) -> bool {
        self.schema.as_deref().is_none_or(|schema| schema == "pg_catalog")
    }

    /// Its name for people.
    pub fn named(&self) -> Safe {
        let schema = self.schema.iter().map(|schema| format!("{schema}."));
        Safe::of(schema.chain([self.name.clone()]).collect::<String>()).clipped(64)
    }
}

/// Words that no function can bear without quotes, and words of grammar that stand before a bracket; sorted.
const GRAMMAR: [&str; 66] = [
    "all",
    "and",
    "any",
    "array",
    "as",
    "between",
    "bit",
    "by",
    "case",
    "char",
    "character",
    "check",
    "coalesce",
    "dec",
    "decimal",
    "distinct",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "fetch",
    "filter",
    "float",
    "from",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "intersect",
    "interval",
    "into",
    "is",
    "join",
    "lateral",
    "least",
    "like",
    "limit",
    "not",
    "nullif",
    "numeric",
    "offset",
    "on",
    "or",
    "order",
    "over",
    "overlay",
    "position",
    "precision",
    "returning",
    "row",
    "select",
    "similar",
    "some",
    "substring",
    "then",
    "time",
    "timestamp",
    "treat",
    "trim",
    "union",
    "using",
    "values",
    "varchar",
];
const MORE_GRAMMAR: [&str; 8] = ["cast", "national", "nchar", "normalize", "varying", "when", "where", "within"];

enum Token {
    Word(String),
    Quoted(String),
    Sign(char),
}

impl Token {
    fn name(&self) -> Option<&str> {
        match self {
            Token::Word(name) | Token::Quoted(name) => Some(name),
            Token::Sign(_) => None,
        }
    }

    fn is(&self, sign: char) -> bool {
        matches!(self, Token::Sign(own) if *own == sign)
    }

    fn is_grammar(&self) -> bool {
        matches!(self, Token::Word(word)
            if GRAMMAR.binary_search(&word.as_str()).is_ok() || MORE_GRAMMAR.contains(&word.as_str()))
    }
}

/// Every call in code.
pub fn calls(code: &str) -> Vec<Call> {
    let tokens = tokens(code);
    let opened = tokens.iter().enumerate().filter(|(_, token)| token.is('('));
    opened.filter_map(|(at, _)| call(tokens.get(..at)?)).collect()
}

/// What is called by a bracket behind these.
fn call(before: &[Token]) -> Option<Call> {
    let (last, rest) = before.split_last()?;
    let name = last.name()?.to_owned();
    let (mut rest, mut schema) = (rest, None);
    while let [head @ .., owner, Token::Sign('.')] = rest
        && let Some(owner) = owner.name()
    {
        schema = schema.or_else(|| Some(owner.to_owned()));
        rest = head;
    }
    let grammar = schema.is_none() && last.is_grammar();
    let escaped = matches!(rest, [.., Token::Word(u), Token::Sign('&')] if u == "u");
    let hides_its_name = escaped && matches!(last, Token::Quoted(name) if name.contains('\\'));
    (!grammar && !is_no_call(&name, rest)).then_some(Call { name, schema, hides_its_name })
}

/// Whether what stands before says that a table with its columns, an alias, a type or a clause follows.
fn is_no_call(name: &str, before: &[Token]) -> bool {
    match before {
        [.., Token::Sign(':'), Token::Sign(':')] => true,
        [.., Token::Word(word)] if matches!(word.as_str(), "as" | "into") => true,
        [.., Token::Word(word)] if word == "on" => name == "conflict",
        [.., Token::Word(word)] if word == "update" => name == "set",
        // The table, or its alias.
        [.., last] if name == "set" => last.name().is_some() && !last.is_grammar(),
        _ => false,
    }
}

fn tokens(code: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = token(rest, first);
        found.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    found
}

fn token(rest: &str, first: char) -> (Token, usize) {
    let quoted = || {
        let mut end = 1;
        loop {
            end += rest.get(end..)?.find('"')?;
            if !rest.get(end + 1..)?.starts_with('"') {
                return Some((Token::Quoted(rest.get(1..end)?.replace("\"\"", "\"")), end + 1));
            }
            end += 2;
        }
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii();
    if first == '"' {
        quoted().unwrap_or((Token::Sign('"'), 1))
    } else if is_part(first) && first != '$' {
        let word: String = rest.chars().take_while(|c| is_part(*c)).collect();
        (Token::Word(word.to_ascii_lowercase()), word.len())
    } else {
        (Token::Sign(first), first.len_utf8())
    }
}
