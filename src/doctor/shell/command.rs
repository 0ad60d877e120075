//! Commands as the checks see them: the name without what stands before it (keywords, assignments, sudo, env), its arguments,
//! and whether its success is taken for an answer.

use super::lex::{self, Command, Joint, Quote, Word};
use super::through;

/// One command of a script, those in substitutions too.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Keywords before it: `if`, `do`, `for` and the like.
    pub keywords: Vec<String>,
    /// Variables that it sets.
    pub sets: Vec<(String, String)>,
    /// The program; empty where only keywords or assignments stand.
    pub name: String,
    /// Without quotes.
    pub arguments: Vec<String>,
    /// The words of the arguments as they were quoted.
    pub words: Vec<Word>,
    pub line: usize,
    pub joint: Joint,
    /// Behind a pipe.
    pub piped_into: bool,
    /// What follows the whole pipeline that it is in.
    pub pipeline: Joint,
    pub document: Option<(String, usize)>,
    pub reads_file: bool,
    pub comment: String,
    /// Between `if`, `while`, `until` and their `then`, `do`.
    pub condition: bool,
    /// Inside of `$(…)`.
    pub substituted: bool,
    pub sudo_may_ask: bool,
    /// What stands between the first `sudo` and the program.
    pub behind_sudo: Vec<Word>,
    /// What stands before the program and says where it runs: a container, another host.
    pub through: Vec<Word>,
    /// Part of a script that another shell is handed as one word: its variables and functions are not of this one.
    pub embedded: bool,
    /// As they are written.
    pub redirections: Vec<String>,
}

const KEYWORDS: &[&str] = &[
    "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "for", "select", "case", "esac", "in", "{",
    "}", "!", "function", "time",
];

/// Scripts in scripts that are looked into.
const NESTED: usize = 3;

impl Call {
    /// Whether a keyword stands before it.
    pub fn keyword(&self, word: &str) -> bool {
        self.keywords.iter().any(|k| k == word)
    }

    /// Whether its exit status decides what happens next.
    pub fn is_proof(&self) -> bool {
        self.condition || matches!(self.pipeline, Joint::And | Joint::Or)
    }

    /// The whole of it, with the quotes that it needs.
    pub fn written(&self) -> String {
        format!("{}{} {}", self.written_through(), self.name, self.written_arguments()).trim_end().to_owned()
    }

    /// What it is sent through, with a space behind it.
    pub fn written_through(&self) -> String {
        self.through.iter().flat_map(|word| [quoted(word), " ".to_owned()]).collect()
    }

    /// Its arguments, with the quotes that they need.
    pub fn written_arguments(&self) -> String {
        self.words.iter().map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// Every command of a script in the order of its text; what is substituted comes before what it is substituted into.
pub fn calls(text: &str, line: usize) -> Vec<Call> {
    let mut found = Vec::new();
    add(&lex::commands(text, line), false, 0, &mut found);
    found
}

fn add(commands: &[Command], substituted: bool, depth: usize, to: &mut Vec<Call>) {
    let mut condition = false;
    for (at, command) in commands.iter().enumerate() {
        for word in &command.words {
            add(&word.inner, true, depth, to);
        }
        let mut line = one(command);
        line.substituted = substituted;
        for keyword in &line.keywords {
            match keyword.as_str() {
                "if" | "elif" | "while" | "until" => condition = true,
                "then" | "do" => condition = false,
                _ => {}
            }
        }
        line.condition = condition;
        line.piped_into = at > 0 && commands.get(at - 1).is_some_and(|before| before.joint == Joint::Pipe);
        let last = commands.get(at..).unwrap_or_default().iter().find(|c| c.joint != Joint::Pipe);
        line.pipeline = last.map_or(Joint::End, |c| c.joint);
        let inner = through::script(&line).map(|word| embedded(word, &line, depth)).unwrap_or_default();
        to.push(line);
        to.extend(inner);
    }
}

/// The commands of a script in one word. What follows the shell that runs it follows its last command.
fn embedded(word: &Word, around: &Call, depth: usize) -> Vec<Call> {
    let mut found = Vec::new();
    if depth < NESTED {
        add(&lex::commands(&word.text(), word.line), around.substituted, depth + 1, &mut found);
    }
    for call in &mut found {
        call.embedded = true;
    }
    let (before, last) = (found.len().saturating_sub(1), found.len());
    let begins = found.iter().take(before).rposition(|call| call.joint != Joint::Pipe).map_or(0, |at| at + 1);
    for call in found.iter_mut().take(last).skip(begins) {
        (call.pipeline, call.condition) = (around.pipeline, call.condition || around.condition);
    }
    if let Some(last) = found.last_mut() {
        last.joint = around.joint;
    }
    found
}

fn one(command: &Command) -> Call {
    let mut line = Call {
        line: command.line,
        joint: command.joint,
        document: command.document.clone(),
        reads_file: command.reads_file,
        redirections: command.redirections.clone(),
        comment: command.comment.clone(),
        ..Call::default()
    };
    let mut words = command.words.iter().peekable();
    while let Some(word) = words.next_if(|w| KEYWORDS.contains(&w.text().as_str())) {
        let keyword = word.text();
        let header = matches!(keyword.as_str(), "for" | "select" | "case" | "function");
        line.keywords.push(keyword);
        if header {
            line.arguments = words.map(Word::text).collect();
            return line;
        }
    }
    while let Some((name, value)) = words.peek().and_then(|w| assignment(w)) {
        line.sets.push((name, value));
        words.next();
    }
    wrappers(&mut words, &mut line);
    let rest: Vec<&Word> = words.collect();
    let (through, mut rest) = rest.split_at(through::taken(&rest));
    if !through.is_empty() {
        line.through = through.iter().map(|word| (*word).clone()).collect();
        // Whoever asks for a password there asks in what runs there.
        let mut inner = Call::default();
        let mut words = rest.iter().copied().peekable();
        wrappers(&mut words, &mut inner);
        rest = rest.get(rest.len() - words.count()..).unwrap_or_default();
    }
    if let Some((name, words)) = rest.split_first() {
        line.name = name.text();
        line.words = words.iter().map(|word| (*word).clone()).collect();
        line.arguments = line.words.iter().map(Word::text).collect();
    }
    if matches!(line.name.as_str(), "export" | "local" | "declare" | "readonly") {
        line.sets.extend(line.words.iter().filter_map(assignment));
    }
    line
}

fn assignment(word: &Word) -> Option<(String, String)> {
    let text = word.text();
    let (name, value) = text.split_once('=')?;
    let name = name.trim_end_matches('+');
    let fits = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    fits.then(|| (name.to_owned(), value.to_owned()))
}

/// `sudo -u x`, `env A=b`, `nohup`, `timeout 5` and the like.
fn wrappers<'a>(words: &mut std::iter::Peekable<impl Iterator<Item = &'a Word>>, line: &mut Call) {
    let mut is_behind = false;
    while let Some(word) = words.next_if(|w| {
        matches!(w.text().as_str(), "sudo" | "env" | "nohup" | "exec" | "command" | "timeout" | "nice" | "!")
    }) {
        let wrapper = word.text();
        let mut taken = Vec::new();
        let mut asks = wrapper == "sudo";
        while let Some(option) =
            words.next_if(|w| w.text().starts_with('-') || wrapper == "env" && assignment(w).is_some())
        {
            let text = option.text();
            taken.push(option);
            asks &= text != "-n" && text != "--non-interactive";
            if wrapper == "sudo" && matches!(text.as_str(), "-u" | "-g" | "-h" | "-p")
                || wrapper == "timeout" && text == "-k"
            {
                taken.extend(words.next());
            }
        }
        if wrapper == "timeout" {
            taken.extend(words.next());
        }
        if is_behind {
            line.behind_sudo.push(word.clone());
        }
        is_behind |= wrapper == "sudo";
        if is_behind {
            line.behind_sudo.extend(taken.into_iter().cloned());
        }
        line.sudo_may_ask |= asks;
    }
}

/// A word as it would be written: in double quotes where a variable stands in it, in single ones where it needs some. What the
/// shell makes something of where it stands without quotes stays without them.
pub fn quoted(word: &Word) -> String {
    let is_made = |text: &str| text.replace("${", "").contains(['~', '[', '*', '?', '{', '!']);
    if word.pieces.iter().any(|(quote, text)| *quote == Quote::None && is_made(text)) {
        return word.pieces.iter().map(piece).collect();
    }
    let text = word.text();
    let needs = text.contains(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '"' | '\'' | ';' | '&' | '|' | '*' | '?' | '{' | '(' | ')' | '<' | '>' | '[' | '\\' | '!' | '~' | '#'
            )
    });
    // What stood in single quotes is put in nowhere.
    let single = word.pieces.iter().any(|(quote, text)| *quote == Quote::Single && text.contains(['$', '`', '"']));
    if text.contains(['$', '`']) && !text.contains('"') && !single {
        format!("\"{text}\"")
    } else if needs || single || text.is_empty() {
        format!("'{}'", text.replace('\'', "'\\''"))
    } else {
        text
    }
}

fn piece((quote, text): &(Quote, String)) -> String {
    match quote {
        Quote::None => text.clone(),
        _ if text.is_empty() => String::new(),
        Quote::Double if text.contains(['$', '`']) => format!("\"{}\"", text.replace('"', "\\\"")),
        Quote::Single | Quote::Double => format!("'{}'", text.replace('\'', "'\\''")),
    }
}
