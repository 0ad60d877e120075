//! The commands of a test file: `load`, `clear`, and `eval` with what it expects.

use regex::Regex;

use crate::figures::{duration, number};
use crate::notation::{Described, START, described, quoted};

#[derive(Debug)]
pub enum Command {
    Clear,
    /// Samples every `step` milliseconds from 0; `buckets` also makes native histograms of classic ones.
    Load {
        step: i64,
        series: Vec<Result<Described, String>>,
        buckets: bool,
    },
    Eval(Eval),
}

#[derive(Debug)]
pub struct Eval {
    pub query: String,
    pub when: When,
    pub expected: Expected,
}

#[derive(Clone, Copy, Debug)]
pub enum When {
    At(i64),
    Range { from: i64, to: i64, step: i64 },
}

/// What an evaluation is to give.
#[derive(Debug, Default)]
pub struct Expected {
    pub fail: bool,
    /// In which words.
    pub words: Option<Words>,
    /// Warnings or remarks, which are not made here.
    pub annotated: bool,
    pub ordered: bool,
    pub series: Vec<Described>,
    pub scalar: Option<f64>,
    pub text: Option<String>,
    /// A range vector, with samples at these steps.
    pub range_vector: Option<Steps>,
}

/// What a failure is to say.
#[derive(Debug)]
pub enum Words {
    These(String),
    Like(Regex),
}

impl Words {
    fn read(kind: &str, text: &str) -> Result<Words, String> {
        let text = text.trim();
        match kind {
            "msg" => Ok(Words::These(text.to_owned())),
            _ => Regex::new(text).map(Words::Like).map_err(|why| format!("a bad pattern {text:?}: {why}")),
        }
    }

    /// Whether this says so; blanks behind a semicolon are nothing that is said.
    pub fn say(&self, found: &str) -> bool {
        let found = found.replace("; ", ";");
        match self {
            Words::These(text) => text.replace("; ", ";") == found,
            Words::Like(pattern) => pattern.is_match(&found),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Steps {
    pub from: i64,
    pub to: i64,
    pub step: i64,
}

/// The commands of a text, each with the number of its first line.
pub fn commands(text: &str) -> Vec<(usize, Result<Command, String>)> {
    // A comment ends a block, as an empty line does.
    let lines: Vec<&str> =
        text.lines().map(str::trim).map(|line| if line.starts_with('#') { "" } else { line }).collect();
    let mut found = Vec::new();
    let mut at = 0;
    let mut ignored = false;
    while let Some(head) = lines.get(at) {
        let begin = at + 1;
        at += 1;
        let word = first_word(head);
        if matches!(word.as_str(), "ignore" | "resume") {
            ignored = word == "ignore";
        }
        if ignored || matches!(word.as_str(), "" | "resume") {
            continue;
        }
        let rest = lines.get(at..).unwrap_or_default();
        let block = rest.get(..length(&word, rest)).unwrap_or_default();
        at += block.len();
        found.push((begin, command(&word, head, block)));
    }
    found
}

fn first_word(line: &str) -> String {
    line.split_whitespace().next().unwrap_or_default().to_ascii_lowercase()
}

/// How many of the lines behind its first belong to a command: all up to an empty one, but a number or the message of a
/// failure is the last that an evaluation takes.
fn length(word: &str, rest: &[&str]) -> usize {
    if !word.starts_with("eval") && !word.starts_with("load") {
        return 0;
    }
    let all = rest.iter().position(|line| line.is_empty()).unwrap_or(rest.len());
    let ends = |line: &&str| number(line).is_some() || line.starts_with("expected_fail_");
    let last = rest.iter().take(all).position(|line| word.starts_with("eval") && ends(line));
    last.map_or(all, |last| last + 1)
}

fn command(word: &str, head: &str, block: &[&str]) -> Result<Command, String> {
    match word {
        "clear" => Ok(Command::Clear),
        "load" | "load_with_nhcb" => {
            let step = duration(head.split_whitespace().nth(1).ok_or("a load without a step")?)?;
            Ok(Command::Load { step, series: loaded(block), buckets: word != "load" })
        }
        _ if word.starts_with("eval") => eval(head, block).map(Command::Eval),
        _ => Err(format!("unknown command {word:?}")),
    }
}

/// The series of a load. Times of start on a line of their own are those of every series that follows.
fn loaded(block: &[&str]) -> Vec<Result<Described, String>> {
    let mut series = Vec::new();
    let mut start = None;
    for line in block {
        if first_word(line) == "@st" {
            start = Some(START);
            continue;
        }
        series.push(described(line).map(|found| Described { unread: found.unread.or(start), ..found }));
    }
    series
}

fn eval(head: &str, block: &[&str]) -> Result<Eval, String> {
    let instant = Regex::new(r"^(?i:eval)(?:_(\w+))?\s+instant\s+at\s+(\S+)\s+(.+)$").unwrap();
    let range =
        Regex::new(r"^(?i:eval)(?:_(\w+))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$").unwrap();
    let (mode, mut when, query) = if let Some(found) = instant.captures(head) {
        (found.get(1), When::At(duration(&found[2])?), found[3].to_owned())
    } else if let Some(found) = range.captures(head) {
        let when = When::Range { from: duration(&found[2])?, to: duration(&found[3])?, step: duration(&found[4])? };
        (found.get(1), when, found[5].to_owned())
    } else {
        return Err(format!("no evaluation: {head:?}"));
    };
    let mut expected = Expected::default();
    match mode.map_or("", |mode| mode.as_str()) {
        "fail" => expected.fail = true,
        "ordered" => expected.ordered = true,
        "warn" | "info" => expected.annotated = true,
        "" => {}
        mode => return Err(format!("unknown mode {mode:?}")),
    }
    for line in block {
        expectation(line, &mut expected)?;
    }
    if let (When::At(at), Some(steps)) = (&mut when, &expected.range_vector) {
        *at = steps.to;
    }
    Ok(Eval { query, when, expected })
}

fn expectation(line: &str, expected: &mut Expected) -> Result<(), String> {
    for (head, kind) in [("expected_fail_message", "msg"), ("expected_fail_regexp", "regex")] {
        if let Some(text) = line.strip_prefix(head) {
            (expected.fail, expected.words) = (true, Some(Words::read(kind, text)?));
            return Ok(());
        }
    }
    // A metric of this name is written with braces.
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["expect", words @ ..] = words.as_slice() else {
        if let Some(scalar) = number(line) {
            expected.scalar = Some(scalar);
        } else {
            let series = described(line)?;
            // Of two lines for one series the last stands.
            expected.series.retain(|known| known.labels != series.labels);
            expected.series.push(series);
        }
        return Ok(());
    };
    match words {
        ["fail", kind @ ("msg:" | "regex:"), ..] => {
            let (_, text) = line.split_once(kind).ok_or("no words")?;
            (expected.fail, expected.words) = (true, Some(Words::read(kind.trim_end_matches(':'), text)?));
        }
        ["fail"] => expected.fail = true,
        ["ordered"] => expected.ordered = true,
        ["no_warn" | "no_info"] => {}
        ["warn" | "info"] | ["warn" | "info", "msg:" | "regex:", ..] => expected.annotated = true,
        ["string", ..] => {
            let (_, text) = line.split_once("string").ok_or("no text")?;
            expected.text = Some(quoted(text.trim())?.0);
        }
        ["range", "vector", "from", from, "to", to, "step", step] => {
            let steps = Steps { from: duration(from)?, to: duration(to)?, step: duration(step)? };
            expected.range_vector = Some(steps);
        }
        _ => return Err(format!("unknown expectation {line:?}")),
    }
    Ok(())
}
