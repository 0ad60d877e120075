//! Loops that wait for something and go on as if it had come; and lifetime ratios read before and after.

use super::command::{Call, quoted};
use super::curl;
use super::lex::Joint;
use crate::doctor::code::Code;
use crate::doctor::finding::Findings;

/// Looks at every loop, and at ratios that are read twice.
pub fn check(lines: &[Call], to: &mut Findings) {
    for (at, line) in lines.iter().enumerate() {
        let counted = line.keyword("for") && bounded(&line.arguments);
        let Some(end) = counted.then(|| closing(lines, at)).flatten() else { continue };
        let body = lines.get(at + 1..end).unwrap_or_default();
        let waits = body.iter().any(|l| l.name == "sleep") && body.iter().any(|l| l.name == "break");
        let leaves = body.iter().any(|l| matches!(l.name.as_str(), "exit" | "return" | "false"));
        if waits && !leaves && !asked_after(lines, end, body) {
            let why = "when every attempt failed the loop just ends, and the script goes on as if it had succeeded, with exit status 0";
            let right = told(line, body);
            to.add(Code::LoopFallsThrough, line.line, why, right);
        }
    }
    lifetime(lines, to);
}

/// The same loop, which says how it ended.
fn told(line: &Call, body: &[Call]) -> String {
    let header = line.arguments.join(" ");
    let is_plain = line.arguments.get(1).is_some_and(|a| a == "in") && !header.contains('(');
    let header = if is_plain { header } else { "attempt in {1..30}".to_owned() };
    let asked =
        body.iter().find(|l| l.condition && !l.name.is_empty() && !matches!(l.name.as_str(), "[" | "[[" | "test"));
    let asked = match asked {
        Some(curl) if curl.name == "curl" => curl::mended(curl),
        Some(other) => other.written(),
        None => "curl --fail --max-time 5 http://localhost/health".to_owned(),
    };
    format!(
        "healthy=no\nfor {header}; do\n    if {asked} > /dev/null; then healthy=yes; break; fi\n    sleep 1\ndone\n\
         [ \"$healthy\" = yes ] || {{ echo 'never became healthy' >&2; exit 1; }}"
    )
}

/// A number of attempts: `in {1..30}`, `in $(seq 30)`, `((i=0; …))`, `in 1 2 3`.
fn bounded(arguments: &[String]) -> bool {
    let text = arguments.join(" ");
    let counts = arguments.iter().skip(2).all(|a| a.chars().all(|c| c.is_ascii_digit()));
    text.contains("..")
        || text.contains("seq")
        || text.is_empty()
        || text.contains("((")
        || arguments.len() > 2 && counts
}

/// The `done` of the loop that begins at `at`.
fn closing(lines: &[Call], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, line) in lines.iter().enumerate().skip(at) {
        for keyword in &line.keywords {
            match keyword.as_str() {
                "for" | "while" | "until" | "select" => depth += 1,
                "done" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if depth == 0 {
            return Some(place);
        }
    }
    None
}

/// Whether what follows asks how the loop ended: by `||`, by a test, or by a variable that was set in it.
fn asked_after(lines: &[Call], end: usize, body: &[Call]) -> bool {
    let joined = lines.get(end).is_some_and(|l| matches!(l.joint, Joint::Or | Joint::And));
    let set: Vec<String> = body.iter().flat_map(|l| &l.sets).map(|(name, _)| format!("${name}")).collect();
    let next = lines
        .get(end + 1)
        .is_some_and(|l| l.condition || matches!(l.name.as_str(), "[" | "[[" | "test") || l.is_proof());
    let later = lines.iter().skip(end + 1).any(|l| {
        let text = l.written();
        matches!(l.name.as_str(), "[" | "[[" | "test" | "((") && set.iter().any(|s| text.contains(s.as_str()))
    });
    joined || next || later
}

/// A hit rate since the start, a warm-up, and the same hit rate again.
fn lifetime(lines: &[Call], to: &mut Findings) {
    let reads = |l: &&Call| l.arguments.iter().any(|a| a.contains("hit_rate") || a.contains("hit_ratio"));
    let Some(first) = lines.iter().position(|l| reads(&l)) else { return };
    let warms = |l: &Call| l.name == "curl" && l.arguments.iter().any(|a| a.contains("warm"));
    let Some(warm) = lines.iter().skip(first).position(warms).map(|at| at + first) else { return };
    let Some(again) = lines.iter().skip(warm).find(reads) else { return };
    let why = "the hit rate is over everything since the cache was started and hardly moves in the seconds between: it is the same whether \
               the warm-up worked or not";
    let url = lines.iter().flat_map(|l| &l.words).find(|w| w.text().contains("/stats") && !w.text().contains('('));
    let url = url.map_or_else(|| "\"$STATS_URL\"".to_owned(), quoted);
    let right = format!(
        "counted() {{ curl -fsS --max-time 5 {url} | jq -r '\"\\(.hits) \\(.misses)\"'; }}\nread -r hits misses <<< \"$(counted)\"\n\
         # warm it, and let real requests pass\nread -r hits2 misses2 <<< \"$(counted)\"\n\
         echo \"since then: $((hits2 - hits)) hits, $((misses2 - misses)) misses\""
    );
    to.add(Code::LifetimeProof, again.line, why, right);
}
