//! curl without --fail taken for proof: an HTTP 503 is a success to it.

use regex::Regex;

use super::command::{Call, quoted};
use super::lex::Joint;
use crate::doctor::code::Code;
use crate::doctor::finding::Findings;
use crate::doctor::pattern::Pattern;

static SUCCESS: Pattern = Pattern::new(|| {
    Regex::new(r"(?i)✓|✔|✅|\bsuccess|\bcomplete|\bready\b|\bstarted\b|\bhealthy\b|\b(?:is|are) (?:up|ok)\b|\bverified\b|\bdone\b").ok()
});
static FAILURE: Pattern = Pattern::new(|| Regex::new(r"(?i)✗|✘|❌|\bfail|\berror|\bnot\b").ok());

/// Looks at every call.
pub fn check(lines: &[Call], to: &mut Findings) {
    for (at, line) in lines.iter().enumerate() {
        if line.name != "curl" || line.substituted || fails(&line.arguments) {
            continue;
        }
        let judged_by_content = line.joint == Joint::Pipe && judged(lines, at);
        let told = announced(lines, at);
        let proof = line.is_proof() && line.joint != Joint::Pipe;
        if judged_by_content || !proof && !told {
            continue;
        }
        let how = if line.is_proof() {
            "its success decides what happens next"
        } else {
            "success is announced right after it"
        };
        let piped =
            if line.joint == Joint::Pipe { "; and the status is that of the last command of the pipe" } else { "" };
        let why = format!("curl without --fail succeeds on HTTP 503 and every other status, and {how}{piped}");
        to.add(Code::CurlWithoutFail, line.line, why, mended(line));
    }
}

/// `-f`, `--fail` or that the script looks at the status itself.
fn fails(arguments: &[String]) -> bool {
    arguments.iter().any(|a| {
        if a.starts_with("--") {
            return matches!(a.as_str(), "--fail" | "--fail-with-body" | "--write-out");
        }
        let Some(letters) = a.strip_prefix('-') else { return false };
        for letter in letters.chars() {
            match letter {
                'f' | 'w' => return true,
                // The rest is the value of this one.
                'A' | 'b' | 'c' | 'C' | 'd' | 'D' | 'e' | 'E' | 'F' | 'h' | 'H' | 'K' | 'm' | 'o' | 'P' | 'Q' | 'r'
                | 't' | 'T' | 'u' | 'U' | 'x' | 'X' | 'Y' | 'z' => return false,
                _ => {}
            }
        }
        false
    })
}

/// Whether something behind the pipe looks at what came: grep, jq -e, a test.
fn judged(lines: &[Call], at: usize) -> bool {
    lines.iter().skip(at + 1).take_while(|l| l.piped_into).any(|l| match l.name.as_str() {
        "grep" | "egrep" | "rg" | "awk" | "sed" | "python" | "perl" => !l.arguments.iter().any(|a| a == "json.tool"),
        "jq" => l
            .arguments
            .iter()
            .any(|a| a.starts_with('-') && !a.starts_with("--") && a.contains('e') || a == "--exit-status"),
        _ => false,
    })
}

/// Whether the next thing that happens whatever came is that success is announced.
fn announced(lines: &[Call], at: usize) -> bool {
    let mut after = lines.iter().skip(at + 1).skip_while(|l| l.piped_into);
    let Some(next) = after.next() else { return false };
    let fits = matches!(next.name.as_str(), "echo" | "printf") && next.keywords.is_empty() && !next.is_proof();
    let text = next.arguments.join(" ");
    let calm = lines.get(at).is_some_and(|l| l.pipeline == Joint::End && !l.condition);
    calm && fits && SUCCESS.is_match(&text) && !FAILURE.is_match(&text)
}

/// The same with a status that says what came.
pub fn mended(line: &Call) -> String {
    let shorts = line.arguments.iter().any(|a| a == "-s" || a == "-sS");
    // What fails already stays as it is.
    if fails(&line.arguments) {
        return line.written();
    }
    let kept = line.words.iter().zip(&line.arguments).filter(|(_, a)| *a != "-s" && *a != "-sS");
    let rest: Vec<String> = kept.map(|(word, _)| quoted(word)).collect();
    let quiet = if shorts { "-fsS" } else { "--fail" };
    let is_bounded = line.arguments.iter().any(|a| matches!(a.as_str(), "-m" | "--max-time"));
    let bound = if is_bounded { "" } else { "--max-time 5 " };
    format!("{}curl {quiet} {bound}{}", line.written_through(), rest.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_on_a_bad_status() {
        assert!(SUCCESS.reads() && FAILURE.reads());
        for yes in ["-f", "-sf", "-fsS", "--fail", "-w", "-so/dev/null -w", "--fail-with-body"] {
            assert!(fails(&yes.split(' ').map(str::to_owned).collect::<Vec<_>>()), "{yes}");
        }
        for no in ["-s", "-of", "-X", "--fail-early", "-Hf: x", "url-f"] {
            assert!(!fails(&[no.to_owned()]), "{no}");
        }
    }
}
