//! Source text as flat tokens, and the paths in it. Tokens reach into macros and attributes, where a syntax tree ends.

use syn::buffer::Cursor;
use syn::parse::Parser;

/// One token; literals carry nothing that a rule asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Word(String),
    Sign(char),
    Open(char),
    Close(char),
    Literal,
}

/// All tokens of a file. Documentation is text, not code: it is left out.
pub fn tokens(text: &str) -> Vec<Token> {
    let parser = |input: syn::parse::ParseStream<'_>| {
        let mut out = Vec::new();
        flatten(input.cursor(), &mut out);
        while !input.is_empty() {
            input.step(|cursor| Ok(((), cursor.token_tree().map_or(*cursor, |(_, next)| next))))?;
        }
        Ok(out)
    };
    let flat = parser.parse_str(text).expect("a file of the house is Rust");
    without_documentation(&flat)
}

fn flatten(mut at: Cursor<'_>, out: &mut Vec<Token>) {
    while !at.eof() {
        if let Some((inside, kind, _, next)) = at.any_group() {
            let (open, close) = match format!("{kind:?}").as_str() {
                "Parenthesis" => ('(', ')'),
                "Brace" => ('{', '}'),
                "Bracket" => ('[', ']'),
                _ => (' ', ' '),
            };
            out.push(Token::Open(open));
            flatten(inside, out);
            out.push(Token::Close(close));
            at = next;
        } else if let Some((word, next)) = at.ident() {
            out.push(Token::Word(word.to_string()));
            at = next;
        } else if let Some((sign, next)) = at.punct() {
            out.push(Token::Sign(sign.as_char()));
            at = next;
        } else if let Some((_, next)) = at.lifetime() {
            at = next;
        } else if let Some((_, next)) = at.literal() {
            out.push(Token::Literal);
            at = next;
        } else {
            return;
        }
    }
}

fn without_documentation(flat: &[Token]) -> Vec<Token> {
    let is_doc = |at: usize| {
        flat.get(at) == Some(&Token::Open('['))
            && flat.get(at + 1) == Some(&Token::Word("doc".to_owned()))
            && flat.get(at + 4) == Some(&Token::Close(']'))
    };
    let mut out = Vec::with_capacity(flat.len());
    let mut at = 0;
    while let Some(token) = flat.get(at) {
        let bang = usize::from(flat.get(at + 1) == Some(&Token::Sign('!')));
        if *token == Token::Sign('#') && is_doc(at + 1 + bang) {
            at += 6 + bang;
        } else {
            out.push(token.clone());
            at += 1;
        }
    }
    out
}

/// The same without items under `#[cfg(test)]`.
pub fn shipped(all: &[Token]) -> Vec<Token> {
    let word = |w: &str| Token::Word(w.to_owned());
    let mark = [
        Token::Sign('#'),
        Token::Open('['),
        word("cfg"),
        Token::Open('('),
        word("test"),
        Token::Close(')'),
        Token::Close(']'),
    ];
    let mut out = Vec::with_capacity(all.len());
    let mut at = 0;
    while at < all.len() {
        if all[at..].starts_with(&mark) {
            at = end_of_item(all, at + mark.len());
        } else {
            out.push(all[at].clone());
            at += 1;
        }
    }
    out
}

/// Behind the item that starts at `at`: its first `;` or `{…}` outside other brackets.
fn end_of_item(all: &[Token], mut at: usize) -> usize {
    let mut depth = 0;
    while let Some(token) = all.get(at) {
        at += 1;
        match token {
            Token::Open(_) => depth += 1,
            Token::Close(kind) => {
                depth -= 1;
                if depth == 0 && *kind == '}' {
                    return at;
                }
            }
            Token::Sign(';') if depth == 0 => return at,
            _ => {}
        }
    }
    at
}

/// Every path of at least two parts, groups of `use` spread out, `super` resolved against where it stands.
/// `home` is the module of the file, from the crate's root.
pub fn paths(all: &[Token], home: &[String]) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    let mut modules: Vec<(usize, String)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < all.len() {
        match &all[at] {
            Token::Open(_) => depth += 1,
            Token::Close(_) => {
                modules.retain(|(inside, _)| *inside < depth);
                depth -= 1;
            }
            Token::Word(word) if word == "mod" => {
                if let (Some(Token::Word(name)), Some(Token::Open('{'))) = (all.get(at + 1), all.get(at + 2)) {
                    modules.push((depth + 1, name.clone()));
                }
            }
            Token::Word(_) => {
                let here: Vec<String> = home.iter().chain(modules.iter().map(|(_, name)| name)).cloned().collect();
                let mut found = Vec::new();
                let end = path(all, at, &mut Vec::new(), &mut found);
                out.extend(found.into_iter().filter(|p| p.len() > 1).map(|p| resolved(p, &here)));
                // A group of `use` may hold braces: they are balanced, so the depth stays.
                at = end.max(at + 1);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    out
}

/// Reads one path from `at` on behind `before`; returns where it ends.
fn path(all: &[Token], mut at: usize, before: &mut Vec<String>, out: &mut Vec<Vec<String>>) -> usize {
    let kept = before.len();
    loop {
        match all.get(at) {
            Some(Token::Word(word)) => {
                before.push(word.clone());
                at += 1;
            }
            Some(Token::Sign('*')) => {
                before.push("*".to_owned());
                at += 1;
                break;
            }
            Some(Token::Open('{')) if !before.is_empty() => {
                at = group(all, at + 1, before, out);
                before.truncate(kept);
                return at;
            }
            _ => break,
        }
        if all.get(at) == Some(&Token::Sign(':')) && all.get(at + 1) == Some(&Token::Sign(':')) {
            at += 2;
        } else {
            break;
        }
    }
    if before.len() > kept {
        out.push(before.clone());
    }
    before.truncate(kept);
    at
}

fn group(all: &[Token], mut at: usize, before: &mut Vec<String>, out: &mut Vec<Vec<String>>) -> usize {
    loop {
        match all.get(at) {
            None => return at,
            Some(Token::Close('}')) => return at + 1,
            Some(Token::Word(word)) if word == "as" => at += 2,
            Some(Token::Word(_) | Token::Sign('*')) => at = path(all, at, before, out),
            Some(_) => at += 1,
        }
    }
}

/// `super` and `self` become the module they mean: such a path then begins with `crate`.
fn resolved(path: Vec<String>, here: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|part| *part == "super" || *part == "self").count();
    if ups == 0 {
        return path;
    }
    let supers = path.iter().take(ups).filter(|part| *part == "super").count();
    let stay = here.len().saturating_sub(supers);
    let rest = path.into_iter().skip(ups);
    std::iter::once("crate".to_owned()).chain(here.iter().take(stay).cloned()).chain(rest).collect()
}
