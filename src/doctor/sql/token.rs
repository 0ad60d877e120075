//! SQL taken apart into tokens with their places: comments and quoted text are told from names. No grammar.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or keyword; `text` is in lower case unless it was quoted.
    Word,
    /// A quoted name.
    Quoted,
    /// A text in single quotes or dollars, without them.
    Text,
    /// A number.
    Number,
    /// A sign or operator.
    Sign,
    /// A comment, without its marks.
    Comment,
}

/// A token, its line and where it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub text: String,
    pub line: usize,
    pub at: usize,
    pub end: usize,
}

impl Token {
    /// Whether it is this word, not quoted.
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }

    /// Whether it is this sign.
    pub fn sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    /// A name of something: quoted or not.
    pub fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }
}

/// The tokens of a text that begins on `line`.
pub fn tokens(text: &str, line: usize) -> Vec<Token> {
    let mut scan = Scan { text, at: 0, line };
    let mut found = Vec::new();
    while let Some(token) = scan.token() {
        found.push(token);
    }
    found
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Scan<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        let end = (self.at + bytes).min(self.text.len());
        let passed = self.text.as_bytes().get(self.at..end).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count();
        self.at = end;
    }

    fn token(&mut self) -> Option<Token> {
        let blank = self.rest().len() - self.rest().trim_start().len();
        self.skip(blank);
        let (at, line) = (self.at, self.line);
        let first = self.rest().chars().next()?;
        let (kind, length, text) = self.read(first);
        self.skip(length.max(first.len_utf8()));
        Some(Token { kind, text, line, at, end: self.at })
    }

    fn read(&self, first: char) -> (Kind, usize, String) {
        let rest = self.rest();
        let after = |length: usize| rest.get(length..).unwrap_or_default();
        if rest.starts_with("--") {
            let length = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            return (Kind::Comment, length, rest.get(2..length).unwrap_or_default().trim().to_owned());
        }
        if rest.starts_with("/*") {
            let length = after(2).find("*/").map_or(rest.len(), |end| end + 4);
            return (
                Kind::Comment,
                length,
                rest.get(2..length).unwrap_or_default().trim_end_matches("*/").trim().to_owned(),
            );
        }
        match first {
            '\'' | '"' => {
                let (length, inner) = quoted(rest, first);
                (if first == '"' { Kind::Quoted } else { Kind::Text }, length, inner)
            }
            '$' => {
                if let Some((length, inner)) = dollars(rest) {
                    return (Kind::Text, length, inner);
                }
                // `$1`, and a variable of the shell around it.
                let name = after(1).chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8);
                (Kind::Sign, 1 + name.sum::<usize>(), "$".to_owned())
            }
            c if c.is_alphabetic() || c == '_' => {
                let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$')).collect();
                (Kind::Word, word.len(), word.to_lowercase())
            }
            c if c.is_ascii_digit() => {
                let number: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
                (Kind::Number, number.len(), number.clone())
            }
            c => {
                let pair =
                    rest.get(..2).filter(|p| matches!(*p, "::" | "<>" | "!=" | "<=" | ">=" | "||" | "->" | "=>"));
                let sign = pair.map_or_else(|| c.to_string(), str::to_owned);
                (Kind::Sign, sign.len(), sign)
            }
        }
    }
}

/// Up to the closing quote; a doubled one is part of the text.
fn quoted(rest: &str, quote: char) -> (usize, String) {
    let mut inner = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != quote {
            inner.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            inner.push(quote);
        } else {
            return (at + 1, inner);
        }
    }
    (rest.len(), inner)
}

/// `$tag$ … $tag$`
fn dollars(rest: &str) -> Option<(usize, String)> {
    let close = rest.get(1..)?.find('$')? + 2;
    let tag = rest.get(..close)?;
    let named = tag.trim_matches('$');
    let fits =
        named.chars().all(|c| c.is_alphanumeric() || c == '_') && !named.starts_with(|c: char| c.is_ascii_digit());
    let inner = rest.get(close..)?;
    let end = inner.find(tag).filter(|_| fits)?;
    Some((close + end + tag.len(), inner.get(..end)?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_name_and_lines_are_counted() {
        let found = tokens("SELECT 'it''s'\n-- max_conn\n\"Odd\", $1, $a$x;y$a$::text /* z */ FROM t<>1", 7);
        let told: Vec<(Kind, &str, usize)> = found.iter().map(|t| (t.kind, t.text.as_str(), t.line)).collect();
        assert_eq!(
            told,
            [
                (Kind::Word, "select", 7),
                (Kind::Text, "it's", 7),
                (Kind::Comment, "max_conn", 8),
                (Kind::Quoted, "Odd", 9),
                (Kind::Sign, ",", 9),
                (Kind::Sign, "$", 9),
                (Kind::Sign, ",", 9),
                (Kind::Text, "x;y", 9),
                (Kind::Sign, "::", 9),
                (Kind::Word, "text", 9),
                (Kind::Comment, "z", 9),
                (Kind::Word, "from", 9),
                (Kind::Word, "t", 9),
                (Kind::Sign, "<>", 9),
                (Kind::Number, "1", 9),
            ]
        );
        assert_eq!(tokens("'open", 1).len(), 1);
        assert_eq!(tokens("é'ü", 1).len(), 2);
    }
}
