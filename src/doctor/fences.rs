//! Fenced blocks of a Markdown document with their lines, by CommonMark's rule for fences. Only the fences matter here, and
//! the document's own line numbers do: so no Markdown library, which would give a tree of everything else.

use super::source::{Block, Language};

/// Every fenced block; one that is never closed ends with the document.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let (mut heading, mut sentence) = (String::new(), String::new());
    let mut open: Option<(Fence, Block)> = None;
    for (at, line) in text.lines().enumerate() {
        match open.take() {
            Some((fence, block)) if fence.is_closed_by(line) => found.push(block),
            Some((fence, mut block)) => {
                block.text.push_str(without_indent(line, fence.indent));
                block.text.push('\n');
                open = Some((fence, block));
            }
            None => {
                if let Some((fence, word)) = Fence::opened_by(line) {
                    let about = format!("{heading}\n{sentence}");
                    let block = Block { language: Language::of(word), text: String::new(), line: at + 2, about };
                    open = Some((fence, block));
                } else if line.starts_with('#') {
                    line.trim_start_matches('#').trim().clone_into(&mut heading);
                    sentence.clear();
                } else if !line.trim().is_empty() {
                    line.trim().clone_into(&mut sentence);
                }
            }
        }
    }
    found.extend(open.map(|(_, block)| block));
    found
}

/// Lines outside of fenced blocks, with their numbers.
pub fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut open: Option<Fence> = None;
    for (at, line) in text.lines().enumerate() {
        match open.take() {
            Some(fence) if fence.is_closed_by(line) => {}
            Some(fence) => open = Some(fence),
            None => match Fence::opened_by(line) {
                Some((fence, _)) => open = Some(fence),
                None => found.push((at + 1, line)),
            },
        }
    }
    found
}

struct Fence {
    mark: char,
    length: usize,
    indent: usize,
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
        let word = info.split([' ', ',', '{', '\t']).next().unwrap_or_default();
        Some((Fence { mark, length, indent: line.len() - inner.len() }, word))
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
}
