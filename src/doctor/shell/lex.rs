//! Shell text taken apart into commands: words with their quoting, what joins them, here-documents, the comment above. It knows
//! what the checks ask for and no more; it never fails, whatever it reads.

/// How a piece of a word is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    None,
    Single,
    Double,
}

/// A word: its pieces, and the commands that are substituted into it.
#[derive(Clone, Debug, Default)]
pub struct Word {
    pub pieces: Vec<(Quote, String)>,
    pub inner: Vec<Command>,
    pub line: usize,
}

impl Word {
    /// Its text without the quotes.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }

    fn push(&mut self, quote: Quote, c: char) {
        match self.pieces.last_mut() {
            Some((last, text)) if *last == quote => text.push(c),
            _ => self.pieces.push((quote, c.to_string())),
        }
    }
}

/// What stands behind a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Joint {
    /// The end of a line, `;` or `&`.
    #[default]
    End,
    Pipe,
    And,
    Or,
}

/// One simple command.
#[derive(Clone, Debug, Default)]
pub struct Command {
    pub words: Vec<Word>,
    pub line: usize,
    pub joint: Joint,
    /// Text on its standard input, and the line that it begins on.
    pub document: Option<(String, usize)>,
    /// Standard input is a file.
    pub reads_file: bool,
    /// As they are written.
    pub redirections: Vec<String>,
    /// The comment lines right above.
    pub comment: String,
}

/// A here-document that was announced and has not come yet.
struct Awaited {
    end: String,
    tabs: bool,
    command: usize,
}

/// Deepest nesting of substitutions.
const DEPTH: usize = 12;

/// The commands of a script that begins on `line`.
pub fn commands(text: &str, line: usize) -> Vec<Command> {
    let chars: Vec<char> = text.chars().collect();
    let mut lexer = Lexer {
        chars: &chars,
        at: 0,
        line,
        done: Vec::new(),
        now: Command::default(),
        word: None,
        awaited: Vec::new(),
        comment: String::new(),
        depth: 0,
    };
    lexer.run(None);
    lexer.done
}

struct Lexer<'a> {
    chars: &'a [char],
    at: usize,
    line: usize,
    done: Vec<Command>,
    now: Command,
    word: Option<Word>,
    awaited: Vec<Awaited>,
    comment: String,
    depth: usize,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    /// Up to the end, or up to the parenthesis or back-quote that closes a substitution.
    fn run(&mut self, close: Option<char>) {
        let mut open = 0_usize;
        while let Some(c) = self.peek(0) {
            if close == Some(c) && open == 0 {
                self.at += 1;
                break;
            }
            match c {
                '\\' => self.escape(),
                '\'' | '"' => self.quoted(),
                '$' | '`' => self.dollar(Quote::None),
                '#' if self.word.is_none() => self.hash(),
                '\n' => {
                    self.next();
                    self.end(Joint::End);
                    self.documents();
                }
                ' ' | '\t' | '\r' => {
                    self.at += 1;
                    self.end_word();
                }
                '(' if self.word.as_ref().is_some_and(|w| w.text().ends_with('=')) => self.array(),
                ')' if open == 0 => self.pattern(),
                ';' | '&' | '|' | '(' | ')' => {
                    open = match c {
                        '(' => open + 1,
                        ')' => open.saturating_sub(1),
                        _ => open,
                    };
                    self.operator(c);
                }
                '<' | '>' => self.redirect(),
                _ => {
                    self.at += 1;
                    self.push(Quote::None, c);
                }
            }
        }
        self.end(Joint::End);
    }

    fn push(&mut self, quote: Quote, c: char) {
        let line = self.line;
        self.word.get_or_insert_with(|| Word { line, ..Word::default() }).push(quote, c);
    }

    fn end_word(&mut self) {
        if let Some(word) = self.word.take() {
            if self.now.words.is_empty() {
                self.now.line = word.line;
                self.now.comment = std::mem::take(&mut self.comment);
            }
            self.now.words.push(word);
        }
    }

    fn end(&mut self, joint: Joint) {
        self.end_word();
        let mut command = std::mem::take(&mut self.now);
        if !command.words.is_empty() {
            command.joint = joint;
            self.done.push(command);
        } else if joint == Joint::End && self.peek(0) == Some('\n') {
            // An empty line parts a comment from what follows.
            self.comment.clear();
        }
    }

    fn escape(&mut self) {
        self.at += 1;
        match self.next() {
            None | Some('\n') => {}
            Some(c) => self.push(Quote::Double, c),
        }
    }

    /// `name=(a b c)`: values, no commands.
    fn array(&mut self) {
        while let Some(c) = self.next() {
            self.push(Quote::None, c);
            if c == ')' {
                break;
            }
        }
    }

    /// `a|b)` of a case: no command either.
    fn pattern(&mut self) {
        self.at += 1;
        self.word = None;
        self.now = Command::default();
        while self.done.last().is_some_and(|c| c.joint == Joint::Pipe && c.words.len() == 1) {
            self.done.pop();
        }
    }

    fn hash(&mut self) {
        let from = self.at + 1;
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.at += 1;
        }
        let text: String = self.chars.get(from..self.at).unwrap_or_default().iter().collect();
        if self.now.words.is_empty() {
            self.comment.push_str(text.trim());
            self.comment.push('\n');
        }
    }

    fn quoted(&mut self) {
        let quote = if self.next() == Some('\'') { Quote::Single } else { Quote::Double };
        let line = self.line;
        let word = self.word.get_or_insert_with(|| Word { line, ..Word::default() });
        word.pieces.push((quote, String::new()));
        while let Some(c) = self.peek(0) {
            match (quote, c) {
                (Quote::Single, '\'') | (Quote::Double, '"') => {
                    self.at += 1;
                    break;
                }
                (Quote::Double, '\\') => {
                    self.at += 1;
                    if let Some(c) = self.next().filter(|c| *c != '\n') {
                        self.push(quote, c);
                    }
                }
                (Quote::Double, '$' | '`') => self.dollar(quote),
                _ => {
                    self.next();
                    self.push(quote, c);
                }
            }
        }
        // Two quoted pieces that touch stay two.
        if let Some(word) = &mut self.word {
            word.pieces.push((Quote::None, String::new()));
        }
    }

    /// `$(…)` and back-quotes are read as commands; `${…}` and `$name` stay text.
    fn dollar(&mut self, quote: Quote) {
        let first = self.next().unwrap_or('$');
        let substitution = first == '`' || self.peek(0) == Some('(') && self.peek(1) != Some('(');
        if substitution && self.depth < DEPTH {
            let close = if first == '`' { '`' } else { ')' };
            if first == '$' {
                self.at += 1;
            }
            let from = self.at;
            let mut inner = Lexer {
                chars: self.chars,
                at: self.at,
                line: self.line,
                done: Vec::new(),
                now: Command::default(),
                word: None,
                awaited: Vec::new(),
                comment: String::new(),
                depth: self.depth + 1,
            };
            inner.run(Some(close));
            let text: String = self.chars.get(from..inner.at).unwrap_or_default().iter().collect();
            let (at, line, done) = (inner.at, inner.line, inner.done);
            for c in "$(".chars().chain(text.chars().filter(|c| *c != '`')) {
                self.push(quote, c);
            }
            self.at = at;
            self.line = line;
            if let Some(word) = &mut self.word {
                word.inner.extend(done);
            }
            return;
        }
        self.push(quote, first);
        if self.peek(0) == Some('{') {
            while let Some(c) = self.next() {
                self.push(quote, c);
                if c == '}' {
                    break;
                }
            }
        }
    }

    fn operator(&mut self, c: char) {
        self.at += 1;
        let double = self.peek(0) == Some(c);
        let joint = match c {
            '&' if self.peek(0) == Some('>') => {
                self.end_word();
                return;
            }
            '&' if double => Joint::And,
            '|' if double => Joint::Or,
            '|' => Joint::Pipe,
            _ => Joint::End,
        };
        if double && matches!(c, '&' | '|' | ';') || c == '|' && self.peek(0) == Some('&') {
            self.at += 1;
        }
        // `name()` is a definition: the name stays visible as one.
        if c == '(' && self.peek(0) == Some(')') && (self.word.is_some() || self.now.words.len() == 1) {
            self.at += 1;
            self.end_word();
            let line = self.line;
            self.now.words.push(Word { pieces: vec![(Quote::None, "()".to_owned())], line, ..Word::default() });
        }
        self.end(joint);
        if matches!(joint, Joint::And | Joint::Or | Joint::Pipe) {
            self.blank();
        }
    }

    /// A line may end behind a joint.
    fn blank(&mut self) {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.next();
        }
    }

    fn redirect(&mut self) {
        let mut from = self.at;
        // A number right before it is part of it.
        if self.word.as_ref().is_some_and(|w| w.text().chars().all(|c| c.is_ascii_digit())) {
            from -= self.word.take().map_or(0, |number| number.text().len());
        }
        self.end_word();
        let mut sign = String::new();
        while let Some(c) = self.peek(0).filter(|c| matches!(c, '<' | '>' | '&' | '|' | '-')) {
            sign.push(c);
            self.at += 1;
        }
        while self.peek(0).is_some_and(|c| matches!(c, ' ' | '\t')) {
            self.at += 1;
        }
        let target = self.target();
        self.now.redirections.push(self.chars.get(from..self.at).unwrap_or_default().iter().collect());
        match sign.as_str() {
            "<<" | "<<-" => {
                let command = self.done.len();
                self.awaited.push(Awaited { end: target, tabs: sign.ends_with('-'), command });
            }
            "<<<" => self.now.document = Some((target, self.line)),
            "<" => self.now.reads_file = true,
            _ => {}
        }
    }

    /// The word behind a redirection; it is no argument.
    fn target(&mut self) -> String {
        let held = self.word.take();
        while let Some(c) = self.peek(0) {
            match c {
                '\'' | '"' => self.quoted(),
                '$' | '`' => self.dollar(Quote::None),
                '\\' => self.escape(),
                c if c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>') => break,
                _ => {
                    self.at += 1;
                    self.push(Quote::None, c);
                }
            }
        }
        std::mem::replace(&mut self.word, held).map(|w| w.text()).unwrap_or_default()
    }

    /// Reads the here-documents that were announced on the line that ended.
    fn documents(&mut self) {
        for awaited in std::mem::take(&mut self.awaited) {
            let (mut body, from) = (String::new(), self.line);
            while self.peek(0).is_some() {
                let mut line = String::new();
                while let Some(c) = self.next().filter(|c| *c != '\n') {
                    line.push(c);
                }
                let told = if awaited.tabs { line.trim_start_matches('\t') } else { line.as_str() };
                if told.trim_end_matches('\r') == awaited.end {
                    break;
                }
                body.push_str(told);
                body.push('\n');
            }
            if let Some(command) = self.done.get_mut(awaited.command) {
                command.document = Some((body, from));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, Joint)> {
        let words = |c: &Command| c.words.iter().map(Word::text).collect::<Vec<_>>().join(" ");
        commands(text, 1).iter().map(|c| (words(c), c.joint)).collect()
    }

    #[test]
    fn commands_and_joints() {
        assert_eq!(
            told("if curl -s \"$A/x\" > /dev/null 2>&1; then\n  a | b && \\\n c || d # e\nfi"),
            [
                ("if curl -s $A/x".to_owned(), Joint::End),
                ("then".to_owned(), Joint::End),
                ("a".to_owned(), Joint::Pipe),
                ("b".to_owned(), Joint::And),
                ("c".to_owned(), Joint::Or),
                ("d".to_owned(), Joint::End),
                ("fi".to_owned(), Joint::End),
            ]
        );
        assert_eq!(told("f() { x; }")[0].0, "f ()");
    }

    #[test]
    fn documents_and_substitutions_keep_their_lines() {
        let found = commands("# why\npsql a << 'EOF'\nSELECT 1;\nEOF\nx=$(get_it \"$b\")/y\n", 10);
        assert_eq!(found[0].document, Some(("SELECT 1;\n".to_owned(), 12)));
        assert_eq!((found[0].comment.as_str(), found[0].line), ("why\n", 11));
        assert_eq!((found[1].words[0].inner[0].words[0].text(), found[1].line), ("get_it".to_owned(), 14));
        assert_eq!(found[1].words[0].text(), "x=$(get_it \"$b\")/y");
    }

    #[test]
    fn anything_is_read_to_its_end() {
        for text in ["'", "\"$(", "`", "<<", "<<E", "${", "\\", "((((", "a <<-'E", "$($($($(", "&>", "|&", "é\"ü"] {
            let _ = commands(text, 1);
        }
        let _ = commands(&"$(".repeat(50_000), 1);
        let _ = commands(&"\"$(".repeat(50_000), 1);
    }
}
