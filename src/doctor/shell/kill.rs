//! Processes killed by a pattern: whatever has the words in its command line goes with them.

use super::command::Call;
use crate::doctor::code::Code;
use crate::doctor::finding::Findings;

/// Looks at pkill, killall, and kill over the output of pgrep or ps.
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
        to.add(
            Code::KillByPattern,
            line.line,
            why,
            format!("systemctl kill --signal={signal} {unit}.service   # only the processes of the unit"),
        );
    }
}

fn flag(arguments: &[String], short: char, long: &str) -> bool {
    let shorts = |a: &String| a.starts_with('-') && !a.starts_with("--") && a.contains(short);
    arguments.iter().any(|a| a == long || shorts(a))
}

/// `pgrep -f … | xargs kill`
fn piped(lines: &[Call], at: usize) -> bool {
    let Some(line) = lines.get(at) else { return false };
    let kills = line.name == "kill" || line.arguments.iter().any(|a| a == "kill");
    let before = at.checked_sub(1).and_then(|b| lines.get(b));
    line.piped_into && kills && before.is_some_and(|b| b.name == "pgrep" && flag(&b.arguments, 'f', "--full"))
}

/// The unit that the script stops or starts.
fn unit(line: &Call) -> Option<String> {
    let verb = line.arguments.first().is_some_and(|a| matches!(a.as_str(), "stop" | "restart" | "start"));
    (line.name == "systemctl" && verb)
        .then(|| line.arguments.get(1).map(|u| u.trim_end_matches(".service").to_owned()))
        .flatten()
}
