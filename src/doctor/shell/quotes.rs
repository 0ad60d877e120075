//! Single quotes inside of single quotes: they close early, and what stood in them loses its quotes.

use super::command::{Call, quoted};
use super::lex::{Quote, Word};
use crate::doctor::code::Code;
use crate::doctor::finding::Findings;

/// Looks at the arguments of every command.
pub fn check(lines: &[Call], to: &mut Findings) {
    for line in lines {
        for word in &line.words {
            if let Some(bare) = closed_early(word) {
                let why = format!(
                    "the single quotes close before {bare} and open again after it, so {} gets {bare} without quotes: SQL takes it for a column",
                    line.name
                );
                to.add(Code::QuotesCloseEarly, line.line, why, mended(line, word));
            }
        }
    }
}

/// `'… = 'pending'; …'`: a quoted piece that ends where a value begins, a bare one, and quoted again.
fn closed_early(word: &Word) -> Option<&str> {
    let pieces: Vec<&(Quote, String)> =
        word.pieces.iter().filter(|(q, t)| *q != Quote::None || !t.is_empty()).collect();
    pieces.windows(3).find_map(|w| match w {
        [(Quote::Single, before), (Quote::None, bare), (Quote::Single, _)] => {
            let begins = before.ends_with([' ', '=', '(', ',', '<', '>']);
            let plain = bare.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '%' | '.' | ':'));
            (begins && plain).then_some(bare.as_str())
        }
        _ => None,
    })
}

fn mended(line: &Call, word: &Word) -> String {
    let whole: String = word
        .pieces
        .iter()
        .map(|(q, t)| if *q == Quote::None && !t.is_empty() { format!("'\\''{t}'\\''") } else { t.clone() })
        .collect();
    let before = line.words.iter().take_while(|w| !std::ptr::eq(*w, word)).map(quoted);
    let after = line.words.iter().skip_while(|w| !std::ptr::eq(*w, word)).skip(1).map(quoted);
    let all: Vec<String> =
        [line.name.clone()].into_iter().chain(before).chain([format!("'{whole}'")]).chain(after).collect();
    all.join(" ")
}
