//! Processes killed by a pattern: whatever has the words in its command line goes with them.

use super::command::Call;
use super::lex::{Joint, Word};
use crate::doctor::code::Code;
use crate::doctor::finding::Findings;

/// Looks at pkill, and at kill over the output of pgrep or ps.
pub fn check(lines: &[Call], to: &mut Findings) {
    let unit = lines.iter().find_map(unit);
    let unit = unit.as_deref().unwrap_or("the-service");
    for (at, line) in lines.iter().enumerate() {
        let by_pattern = match line.name.as_str() {
            "pkill" => flag(&line.arguments, 'f', "--full"),
            "kill" | "xargs" => {
                line.arguments.iter().any(|a| a.contains("pgrep -f") || a.contains("$(ps ")) || piped(lines, at)
            }
            _ => false,
        };
        if !by_pattern {
            continue;
        }
        let hard = line.arguments.iter().any(|a| matches!(a.as_str(), "-9" | "-KILL" | "-SIGKILL"));
        let why = format!(
            "{} goes by a pattern of the command line: an editor with such a file open, a backup of it, another instance are killed too{}",
            line.name,
            if hard { "; with -9 nothing is finished or written" } else { "" }
        );
        let signal = if hard { "SIGKILL" } else { "SIGTERM" };
        let right = match line.through.first().map(Word::text).as_deref() {
            None | Some("ssh") => format!(
                "{}systemctl kill --signal={signal} {unit}.service   # only the processes of the unit",
                line.written_through()
            ),
            _ => "# restart the container itself: what it runs ends with it, and comes back".to_owned(),
        };
        to.add(Code::KillByPattern, line.line, why, right);
    }
}

fn flag(arguments: &[String], short: char, long: &str) -> bool {
    let shorts = |a: &String| a.starts_with('-') && !a.starts_with("--") && a.contains(short);
    arguments.iter().any(|a| a == long || shorts(a))
}

/// `pgrep -f … | xargs kill`, `ps … | grep … | awk … | xargs kill`.
fn piped(lines: &[Call], at: usize) -> bool {
    let Some(line) = lines.get(at) else { return false };
    let kills = line.name == "kill" || line.arguments.iter().any(|a| a == "kill");
    let before = || lines.get(..at).unwrap_or_default().iter().rev().take_while(|b| b.joint == Joint::Pipe);
    let by_name = before().any(|b| b.name == "pgrep" && flag(&b.arguments, 'f', "--full"));
    let picks = |b: &Call| match b.name.as_str() {
        "grep" | "egrep" | "fgrep" | "rg" => true,
        "awk" => b.arguments.iter().any(|a| a.contains('/')),
        _ => false,
    };
    line.piped_into && kills && (by_name || before().any(|b| b.name == "ps") && before().any(picks))
}

/// The unit that the script stops or starts.
fn unit(line: &Call) -> Option<String> {
    let verb = line.arguments.first().is_some_and(|a| matches!(a.as_str(), "stop" | "restart" | "start"));
    (line.name == "systemctl" && verb)
        .then(|| line.arguments.get(1).map(|u| u.trim_end_matches(".service").to_owned()))
        .flatten()
}
