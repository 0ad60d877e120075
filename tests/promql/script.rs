//! The commands of a test file: `load`, `clear`, and `eval` with what it expects.

use regex::Regex;

use crate::notation::{Described, described, duration, quoted};

#[derive(Debug)]
pub enum Command {
    Clear,
    /// Samples every `step` milliseconds from 0; `buckets` also makes native histograms of classic ones.
    Load {
        step: i64,
        series: Vec<Described>,
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
    pub ordered: bool,
    pub series: Vec<Described>,
    pub scalar: Option<f64>,
    pub text: Option<String>,
    /// A range vector, with samples at the steps from the first to the second.
    pub range_vector: Option<(i64, i64)>,
}

/// The commands of a text, each with the number of its first line.
pub fn commands(text: &str) -> Vec<(usize, Result<Command, String>)> {
    let lines: Vec<&str> =
        text.lines().map(str::trim).map(|line| if line.starts_with('#') { "" } else { line }).collect();
    let mut found = Vec::new();
    let mut at = 0;
    let mut ignored = false;
    while let Some(head) = lines.get(at) {
        let begin = at + 1;
        at += 1;
        if head.is_empty() {
            continue;
        }
        if matches!(*head, "ignore" | "resume") {
            ignored = *head == "ignore";
            continue;
        }
        let alone = *head == "clear";
        let block: Vec<&str> = lines.iter().skip(at).take_while(|line| !alone && !line.is_empty()).copied().collect();
        at += block.len();
        if !ignored {
            found.push((begin, command(head, &block)));
        }
    }
    found
}

fn command(head: &str, block: &[&str]) -> Result<Command, String> {
    let mut words = head.split_whitespace();
    match words.next().unwrap_or_default() {
        "clear" => Ok(Command::Clear),
        word @ ("load" | "load_with_nhcb") => {
            let step = duration(words.next().ok_or("a load without a step")?)?;
            let series = block.iter().map(|line| described(line)).collect::<Result<_, _>>()?;
            Ok(Command::Load { step, series, buckets: word == "load_with_nhcb" })
        }
        word if word.starts_with("eval") => eval(head, block).map(Command::Eval),
        word => Err(format!("unknown command {word:?}")),
    }
}

fn eval(head: &str, block: &[&str]) -> Result<Eval, String> {
    let instant = Regex::new(r"^eval(?:_(\w+))?\s+instant\s+at\s+(\S+)\s+(.+)$").unwrap();
    let range = Regex::new(r"^eval(?:_(\w+))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$").unwrap();
    let (mode, when, query) = if let Some(found) = instant.captures(head) {
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
        "" | "warn" | "info" => {}
        mode => return Err(format!("unknown mode {mode:?}")),
    }
    for line in block {
        expectation(line, &mut expected)?;
    }
    Ok(Eval { query, when, expected })
}

fn expectation(line: &str, expected: &mut Expected) -> Result<(), String> {
    if line.starts_with("expected_fail_message") || line.starts_with("expected_fail_regexp") {
        expected.fail = true;
        return Ok(());
    }
    let Some(wanted) = line.strip_prefix("expect ").map(str::trim) else {
        match line.parse::<f64>() {
            Ok(scalar) => expected.scalar = Some(scalar),
            Err(_) => expected.series.push(described(line)?),
        }
        return Ok(());
    };
    let words: Vec<&str> = wanted.split_whitespace().collect();
    match words.as_slice() {
        ["fail", ..] => expected.fail = true,
        ["ordered", ..] => expected.ordered = true,
        ["warn" | "no_warn" | "info" | "no_info", ..] => {}
        ["string", ..] => expected.text = Some(quoted(wanted.split_at("string".len()).1.trim_start())?.0),
        ["range", "vector", "from", from, "to", _, "step", step] => {
            expected.range_vector = Some((duration(from)?, duration(step)?));
        }
        _ => return Err(format!("unknown expectation {line:?}")),
    }
    Ok(())
}
