//! Findings in shell scripts: what is taken for proof and proves nothing, who is killed, what a pipe hides; and the SQL that
//! a script hands to psql, which has checks of its own.

mod command;
mod curl;
mod database;
mod kill;
mod lex;
mod names;
mod quotes;
mod retry;
mod through;

use super::code::Code;
use super::finding::Findings;
use super::prose;
use super::source::Block;
use command::{Call, quoted};
pub use names::Known;

/// Longest script, in bytes.
const LONGEST: usize = 1024 * 1024;

/// What the scripts of one document define; `None` when they read others, which nobody knows here.
pub fn known<'a>(blocks: impl Iterator<Item = &'a Block>) -> Option<Known> {
    let mut all = Known::default();
    for block in blocks.filter(|b| b.text.len() <= LONGEST) {
        all.take(&command::calls(&block.text, block.line))?;
    }
    Some(all)
}

/// Looks at one script.
pub fn check(block: &Block, known: Option<&Known>, to: &mut Findings) {
    if block.text.len() > LONGEST {
        return;
    }
    let lines = command::calls(&block.text, block.line);
    curl::check(&lines, to);
    retry::check(&lines, to);
    kill::check(&lines, to);
    database::check(&lines, &block.about, to);
    // What another shell is handed has its own quotes, variables and functions.
    let own: Vec<Call> = lines.iter().filter(|line| !line.embedded).cloned().collect();
    quotes::check(&own, to);
    if let Some(known) = known {
        names::check(&own, known, to);
    }
    if block.text.starts_with("#!") {
        sudo(&lines, to);
    }
    for line in lines.iter().filter(|l| l.name == "redis-cli") {
        let flush = line.arguments.iter().find(|a| ["FLUSHALL", "FLUSHDB"].contains(&a.to_uppercase().as_str()));
        if let Some(flush) = flush {
            prose::flush(&flush.to_uppercase(), line.line, to);
        }
    }
}

/// The same, as the same user, and where it asks it fails.
fn without_asking(call: &Call) -> String {
    let behind = call.behind_sudo.iter().map(quoted);
    let words = ["sudo".to_owned(), "-n".to_owned()].into_iter().chain(behind).chain([call.written()]);
    words.chain(call.redirections.iter().cloned()).collect::<Vec<_>>().join(" ")
}

/// In a script that says which shell runs it: nobody may be there to type a password.
fn sudo(lines: &[Call], to: &mut Findings) {
    let asking: Vec<&Call> = lines.iter().filter(|l| l.sudo_may_ask && !l.embedded).collect();
    let Some(first) = asking.first() else { return };
    let why = format!(
        "sudo may stop and ask for a password, and a script that nobody watches then hangs{}",
        if asking.len() > 1 { format!("; {} places", asking.len()) } else { String::new() }
    );
    to.add(Code::SudoMayAsk, first.line, why, without_asking(first));
}
