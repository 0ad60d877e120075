//! Findings in the sentences of a document, not in its blocks.

use regex::Regex;

use super::code::Code;
use super::fences;
use super::finding::Findings;
use super::pattern::Pattern;

static STUB: Pattern = Pattern::new(|| {
    Regex::new(concat!(
        r"(?i)`(?:GET |HEAD )?(/[^`\s]*)`.*\breturn(?:s|ing)?\b[^.`]*",
        r"\b(?:stub|dummy|placeholder|hard-?coded|made-up|fake|mock(?:ed)?)\b[^.`]*\bdata\b"
    ))
    .ok()
});
static FLUSH: Pattern = Pattern::new(|| Regex::new(r"`[^`]*\b(FLUSHALL|FLUSHDB)\b[^`]*`").ok());

/// Looks at every sentence.
pub fn check(text: &str, to: &mut Findings) {
    for (line, sentence) in fences::prose(text) {
        for path in STUB.firsts(sentence) {
            let why =
                format!("{path} returns made-up data, by these words: whoever watches it sees green whatever happens");
            to.add(
                Code::StubEndpoint,
                line,
                why,
                "watch an endpoint that really looks (database, cache, queue), or take this one out until it does",
            );
        }
        for command in FLUSH.firsts(sentence) {
            flush(command, line, to);
        }
    }
}

/// What to say of a flush, in prose and in a script.
pub fn flush(command: &str, line: usize, to: &mut Findings) {
    let scope =
        if command.eq_ignore_ascii_case("FLUSHALL") { "every database of the instance" } else { "the whole database" };
    let why = format!(
        "{command} empties {scope}, whoever else keeps keys there (sessions, queues, locks), and cannot be taken back"
    );
    let right =
        "redis-cli --scan --pattern 'cache:*' | xargs -r -n 500 redis-cli UNLINK   # only the keys of the cache";
    to.add(Code::FlushesCache, line, why, right);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stub_is_found_by_its_words() {
        assert!(STUB.reads() && FLUSH.reads());
        let yes = "- `GET /status/all`: a snapshot (for now returns stub data)";
        assert_eq!(STUB.firsts(yes), ["/status/all"]);
        assert!(!STUB.is_match("- fall back to `/mock` responses, which return data of yesterday"));
    }
}
