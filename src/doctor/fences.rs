//! Fenced blocks of a Markdown document with their lines, by CommonMark's rule for fences. Only the fences matter here, and
//! the document's own line numbers do: so no Markdown library, which would give a tree of everything else.

use super::session;
use super::source::{Block, Language};

/// Every fenced block; one that is never closed ends with the document.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let (mut heading, mut sentence) = (String::new(), String::new());
    let mut open: Option<Block> = None;
    walk(text, |at, part| match part {
        Part::Opened(word) => {
            let about = format!("{heading}\n{sentence}");
            found.extend(open.replace(Block {
                language: Language::of(word),
                text: String::new(),
                line: at + 2,
                about,
            }));
        }
        Part::Inside(line) => {
            if let Some(block) = &mut open {
                block.text.push_str(line);
                block.text.push('\n');
            }
        }
        Part::Closed => found.extend(open.take()),
        Part::Prose(line) if line.starts_with('#') => {
            line.trim_start_matches('#').trim().clone_into(&mut heading);
            sentence.clear();
        }
        Part::Prose(line) if !line.trim().is_empty() => line.trim().clone_into(&mut sentence),
        Part::Prose(_) => {}
    });
    found.extend(open);
    for block in found.iter_mut().filter(|block| block.language == Language::Shell) {
        if let Some(typed) = session::typed(&block.text) {
            block.text = typed;
        }
    }
    found
}

/// Lines outside of fenced blocks, with their numbers.
pub fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    walk(text, |at, part| {
        if let Part::Prose(line) = part {
            found.push((at + 1, line));
        }
    });
    found
}

/// What a line is.
enum Part<'a> {
    /// It opens a block of that language.
    Opened(&'a str),
    /// It stands in a block, without the indent of its fence.
    Inside(&'a str),
    Closed,
    Prose(&'a str),
}

/// Tells of every line, with its place, what it is. What an HTML comment hides is not told.
fn walk<'a>(text: &'a str, mut tell: impl FnMut(usize, Part<'a>)) {
    let mut open: Option<Fence> = None;
    let mut hidden = false;
    for (at, line) in text.lines().enumerate() {
        if let Some(fence) = open.take() {
            let own = if fence.quoted { unquoted(line) } else { Some(line) };
            match own {
                // With its quotation a block ends too.
                None => tell(at, Part::Closed),
                Some(own) if fence.is_closed_by(own) => {
                    tell(at, Part::Closed);
                    continue;
                }
                Some(own) => {
                    tell(at, Part::Inside(without_indent(own, fence.indent)));
                    open = Some(fence);
                    continue;
                }
            }
        }
        if hidden || line.trim_start().starts_with("<!--") {
            hidden = !line.contains("-->");
            continue;
        }
        let quoted = unquoted(line);
        match Fence::opened_by(quoted.unwrap_or(line)) {
            Some((fence, word)) => {
                tell(at, Part::Opened(word));
                open = Some(Fence { quoted: quoted.is_some(), ..fence });
            }
            None => tell(at, Part::Prose(line)),
        }
    }
}

/// What stands behind the mark of a quotation.
fn unquoted(line: &str) -> Option<&str> {
    let inner = line.trim_start().strip_prefix('>')?;
    Some(inner.strip_prefix(' ').unwrap_or(inner))
}

struct Fence {
    mark: char,
    length: usize,
    indent: usize,
    quoted: bool,
}

impl Fence {
    fn opened_by(line: &str) -> Option<(Fence, &str)> {
        let inner = line.trim_start();
        let mark = inner.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = inner.chars().take_while(|c| *c == mark).count();
        let info = inner.trim_start_matches(mark).trim();
        if length < 3 || mark == '`' && info.contains('`') {
            return None;
        }
        // `{.bash}` is how some name it.
        let info = info.trim_start_matches(['{', '.']);
        let word = info.split([' ', ',', '{', '}', '\t']).next().unwrap_or_default();
        Some((Fence { mark, length, indent: line.len() - inner.len(), quoted: false }, word))
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let inner = line.trim();
        inner.len() >= self.length && inner.chars().all(|c| c == self.mark)
    }
}

fn without_indent(line: &str, indent: usize) -> &str {
    let spaces = line.bytes().take(indent).take_while(u8::is_ascii_whitespace).count();
    line.get(spaces..).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_keep_the_lines_of_the_document() {
        let text = "# Pool\n\nLook here:\n1. a\n   ```bash\n   echo `x`\n     two\n   ```\n~~~sql\nSELECT 1;\n```\n~~~\n```yaml\nopen: 1";
        let found = blocks(text);
        let told: Vec<(usize, Language, &str)> = found.iter().map(|b| (b.line, b.language, b.text.as_str())).collect();
        assert_eq!(
            told,
            [
                (6, Language::Shell, "echo `x`\n  two\n"),
                (10, Language::Sql, "SELECT 1;\n```\n"),
                (14, Language::Yaml, "open: 1\n")
            ]
        );
        assert_eq!(found[0].about, "Pool\n1. a");
        assert_eq!(prose(text).len(), 4);
    }

    #[test]
    fn quotations_comments_and_braces() {
        let text = "> ```{.sh}\n> a\n> ```\n> b\n<!--\n```sh\nc\n```\n-->\n> ~~~sh\n> d\ne\n````md\n```sh\nf\n```\n````\n<!-- g -->\nh";
        let found = blocks(text);
        let told: Vec<(usize, Language, &str)> = found.iter().map(|b| (b.line, b.language, b.text.as_str())).collect();
        let quoted = "```sh\nf\n```\n";
        assert_eq!(told, [(2, Language::Shell, "a\n"), (11, Language::Shell, "d\n"), (14, Language::Other, quoted)]);
        assert_eq!(prose(text).iter().map(|(at, _)| *at).collect::<Vec<_>>(), [4, 12, 19]);
    }
}
