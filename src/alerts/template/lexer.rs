//! From text to tokens: what stands outside braces, and words, literals and signs within them, as Go's templates have them.

/// One token and the line it begins on.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Within the template, from 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Text outside braces.
    Text(String),
    /// `{{`.
    Open,
    /// `}}`.
    Close,
    /// `.name`.
    Field(String),
    /// `$` and a name, which may be empty.
    Variable(String),
    /// A function or keyword.
    Word(String),
    /// A number, as written.
    Number(String),
    /// Quoted text, read.
    Quoted(String),
    /// A quoted character.
    Char(char),
    /// `.` alone.
    Dot,
    /// White space within braces: it separates arguments.
    Space,
    /// `|`, `(`, `)`, `,`, `=`.
    Sign(char),
    /// `:=`.
    Declare,
}

/// The tokens, or the line and what is wrong.
pub fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut lexer = Lexer { rest: text, line: 1, found: Vec::new() };
    lexer.run().map_err(|why| format!("{}: {why}", lexer.line))?;
    Ok(lexer.found)
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    found: Vec<Token>,
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

impl<'a> Lexer<'a> {
    fn push(&mut self, kind: Kind) {
        self.found.push(Token { line: self.line, kind });
    }

    /// Takes so many bytes, which end at the border of a character.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn run(&mut self) -> Result<(), String> {
        let mut trim = false;
        loop {
            let Some(open) = self.rest.find("{{") else {
                let text = if trim { self.rest.trim_start_matches(SPACE) } else { self.rest };
                if !text.is_empty() {
                    self.push(Kind::Text(text.to_owned()));
                }
                return Ok(());
            };
            let line = self.line;
            let mut text = self.take(open);
            if trim {
                text = text.trim_start_matches(SPACE);
            }
            self.take(2);
            let mut left = self.rest.chars();
            if left.next() == Some('-') && left.next().is_some_and(|c| SPACE.contains(&c)) {
                text = text.trim_end_matches(SPACE);
                self.take(1);
            }
            if !text.is_empty() {
                self.found.push(Token { line, kind: Kind::Text(text.to_owned()) });
            }
            trim = if self.rest.trim_start_matches(SPACE).starts_with("/*") { self.comment()? } else { self.action()? };
        }
    }

    /// A comment; whether the text behind it is trimmed.
    fn comment(&mut self) -> Result<bool, String> {
        let Some(end) = self.rest.find("*/") else { return Err("unclosed comment".to_owned()) };
        self.take(end + 2);
        if self.rest.starts_with("}}") {
            self.take(2);
            return Ok(false);
        }
        let spaces = self.rest.len() - self.rest.trim_start_matches(SPACE).len();
        if spaces > 0 && self.rest.trim_start_matches(SPACE).starts_with("-}}") {
            self.take(spaces + 3);
            return Ok(true);
        }
        Err("comment ends before closing delimiter".to_owned())
    }

    /// What stands in braces; whether the text behind it is trimmed.
    fn action(&mut self) -> Result<bool, String> {
        self.push(Kind::Open);
        let mut depth = 0_usize;
        loop {
            let after = self.rest.trim_start_matches(SPACE);
            let spaces = self.rest.len() - after.len();
            if spaces > 0 && after.starts_with("-}}") {
                return self.close(spaces + 3, depth, true);
            }
            if self.rest.starts_with("}}") {
                return self.close(2, depth, false);
            }
            if spaces > 0 {
                self.push(Kind::Space);
                self.take(spaces);
                continue;
            }
            let Some(first) = self.rest.chars().next() else { return Err("unclosed action".to_owned()) };
            match first {
                '(' => depth += 1,
                ')' => depth = depth.checked_sub(1).ok_or("unexpected right paren")?,
                _ => {}
            }
            self.token(first)?;
        }
    }

    fn close(&mut self, bytes: usize, depth: usize, trim: bool) -> Result<bool, String> {
        if depth > 0 {
            return Err("unclosed left paren".to_owned());
        }
        self.push(Kind::Close);
        self.take(bytes);
        Ok(trim)
    }

    fn token(&mut self, first: char) -> Result<(), String> {
        let second = self.rest.chars().nth(1);
        match first {
            '|' | '(' | ')' | ',' | '=' => {
                self.push(Kind::Sign(first));
                self.take(1);
            }
            ':' if second == Some('=') => {
                self.push(Kind::Declare);
                self.take(2);
            }
            ':' => return Err("expected :=".to_owned()),
            '"' | '`' | '\'' => self.quoted(first)?,
            '$' => {
                let name = self.word(1)?;
                self.push(Kind::Variable(name.to_owned()));
            }
            '.' if second.is_some_and(is_word) && !second.is_some_and(|c| c.is_ascii_digit()) => {
                let name = self.word(1)?;
                self.push(Kind::Field(name.to_owned()));
            }
            '.' if !second.is_some_and(|c| c.is_ascii_digit()) => {
                self.push(Kind::Dot);
                self.take(1);
            }
            '+' | '-' | '.' | '0'..='9' => self.number()?,
            first if is_word(first) => {
                let word = self.word(0)?;
                self.push(Kind::Word(word.to_owned()));
            }
            first if first.is_ascii_graphic() => return Err(format!("unexpected {first:?} in command")),
            first => return Err(format!("unrecognized character in action: U+{:04X}", u32::from(first))),
        }
        Ok(())
    }

    /// A word behind so many signs; it ends where a word may end.
    fn word(&mut self, signs: usize) -> Result<&'a str, String> {
        self.take(signs);
        let length = self.rest.find(|c: char| !is_word(c)).unwrap_or(self.rest.len());
        let word = self.take(length);
        match self.rest.chars().next() {
            Some(next) if !SPACE.contains(&next) && !".,|:)(=}".contains(next) => {
                Err(format!("bad character U+{:04X} {next:?}", u32::from(next)))
            }
            _ => Ok(word),
        }
    }

    fn number(&mut self) -> Result<(), String> {
        let mut before = ' ';
        let mut length = 0;
        for (at, c) in self.rest.char_indices() {
            let signed = matches!(c, '+' | '-') && (at == 0 || matches!(before, 'e' | 'E' | 'p' | 'P'));
            if !(signed || c == '.' || c == '_' || c.is_ascii_alphanumeric()) {
                break;
            }
            before = c;
            length = at + c.len_utf8();
        }
        let text = self.take(length);
        if !text.contains(|c: char| c.is_ascii_digit()) {
            return Err(format!("bad number syntax: {text:?}"));
        }
        self.push(Kind::Number(text.to_owned()));
        Ok(())
    }

    fn quoted(&mut self, quote: char) -> Result<(), String> {
        self.take(1);
        let mut escaped = false;
        let mut end = None;
        for (at, c) in self.rest.char_indices() {
            if quote != '`' && c == '\n' {
                break;
            }
            if c == quote && !escaped {
                end = Some(at);
                break;
            }
            escaped = c == '\\' && !escaped && quote != '`';
        }
        let what = match quote {
            '\'' => "unterminated character constant",
            '`' => "unterminated raw quoted string",
            _ => "unterminated quoted string",
        };
        let Some(end) = end else { return Err(what.to_owned()) };
        let line = self.line;
        let body = self.take(end);
        self.take(1);
        let text = if quote == '`' { Some(body.to_owned()) } else { unescaped(body) };
        let text = text.ok_or("invalid syntax")?;
        let kind = match (quote, text.chars().next()) {
            ('\'', Some(c)) if c.len_utf8() == text.len() => Kind::Char(c),
            ('\'', _) => return Err("malformed character constant".to_owned()),
            _ => Kind::Quoted(text),
        };
        self.found.push(Token { line, kind });
        Ok(())
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Go's escapes; what is no text in the end is refused.
fn unescaped(body: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let escape = rest.next()?;
        let mut digits = |count: usize, base: u32| {
            (0..count).try_fold(0_u32, |sum, _| sum.checked_mul(base)?.checked_add(rest.next()?.to_digit(base)?))
        };
        match escape {
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            'r' => bytes.push(b'\r'),
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'f' => bytes.push(12),
            'v' => bytes.push(11),
            '\\' | '\'' | '"' => bytes.push(escape as u8),
            'x' => bytes.push(u8::try_from(digits(2, 16)?).ok()?),
            'u' | 'U' => {
                let c = char::from_u32(digits(if escape == 'u' { 4 } else { 8 }, 16)?)?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            '0'..='7' => {
                let sum = escape.to_digit(8)? * 64 + digits(2, 8)?;
                bytes.push(u8::try_from(sum).ok()?);
            }
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}
