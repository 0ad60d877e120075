//! Dumps behind a pipe, restores that are believed, and the SQL that a script hands to psql.

use super::command::Call;
use super::lex::Joint;
use crate::doctor::code::Code;
use crate::doctor::finding::Findings;
use crate::doctor::sql;

const DUMPS: &[&str] = &["pg_dump", "pg_dumpall", "pg_basebackup", "mysqldump", "mariadb-dump", "mongodump"];

/// Looks at every call of the database's programs.
pub fn check(lines: &[Call], about: &str, to: &mut Findings) {
    let pipefail = lines.iter().position(|l| l.name == "set" && l.arguments.iter().any(|a| a.contains("pipefail")));
    for (at, line) in lines.iter().enumerate() {
        if DUMPS.contains(&line.name.as_str()) && line.joint == Joint::Pipe && pipefail.is_none_or(|set| set > at) {
            dump(line, to);
        }
        if line.name == "psql" {
            restore(lines, at, to);
            statements(line, at.checked_sub(1).and_then(|b| lines.get(b)), about, to);
        }
    }
}

fn dump(line: &Call, to: &mut Findings) {
    let why = format!(
        "the status of a pipe is that of its last command: when {} fails there is still a file, short or empty, and the script goes on",
        line.name
    );
    let right = if line.embedded {
        format!(
            "set -o pipefail   # first, in the shell that runs this pipe\n{} | gzip > \"$BACKUP_FILE\"",
            line.written()
        )
    } else if line.name == "pg_dump" && line.through.is_empty() {
        format!(
            "pg_dump --format=custom --file=\"$BACKUP_FILE.partial\" {} &&\n    pg_restore --list \"$BACKUP_FILE.partial\" > /dev/null &&\n    mv \"$BACKUP_FILE.partial\" \"$BACKUP_FILE\"",
            line.written_arguments()
        )
    } else {
        format!("set -o pipefail\n{} | gzip > \"$BACKUP_FILE\"", line.written())
    };
    to.add(Code::PipeHidesDump, line.line, why, right);
}

/// psql goes on after an error and ends with 0, unless told to stop.
fn restore(lines: &[Call], at: usize, to: &mut Findings) {
    let Some(line) = lines.get(at) else { return };
    let fed = line.piped_into || line.reads_file || line.document.is_some() || option(line, 'f', "--file").is_some();
    let stops = line.arguments.iter().any(|a| a.contains("ON_ERROR_STOP"));
    if !fed || stops || !line.is_proof() {
        return;
    }
    let why = "psql that reads a script goes on after an error and ends with status 0, so success here says only that it could connect";
    let (through, arguments) = (line.written_through(), line.written_arguments());
    let right = format!("{through}psql -v ON_ERROR_STOP=1 --single-transaction {arguments}");
    to.add(Code::PsqlWithoutStop, line.line, why, right);
}

/// The value of an option, also where it ends a cluster (`-tAc …`) or stands in the same word (`--command=…`).
fn option<'a>(line: &'a Call, short: char, long: &str) -> Option<(&'a str, usize)> {
    for (at, (text, word)) in line.arguments.iter().zip(&line.words).enumerate() {
        if let Some(value) = text.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')) {
            return Some((value, word.line));
        }
        let cluster = text.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        let plain = |rest: &str| rest.chars().all(|c| "aAbEeHlnqsStwWxXz1".contains(c));
        let ends = cluster.and_then(|rest| rest.strip_suffix(short)).is_some_and(plain);
        if ends || text == long {
            let next = line.words.get(at + 1)?;
            return line.arguments.get(at + 1).map(|text| (text.as_str(), next.line));
        }
    }
    None
}

fn statements(line: &Call, before: Option<&Call>, about: &str, to: &mut Findings) {
    let about = format!("{about}\n{}", line.comment);
    let handed = before.filter(|b| line.piped_into && b.name == "cat").and_then(|b| b.document.as_ref());
    for (text, from) in line.document.iter().chain(handed) {
        sql::text(text, *from, &about, to);
    }
    let said = before.filter(|b| line.piped_into && matches!(b.name.as_str(), "echo" | "printf"));
    if let Some((text, word)) = said.and_then(|b| b.arguments.last().zip(b.words.last())) {
        sql::text(text, word.line, &about, to);
    }
    if let Some((text, from)) = option(line, 'c', "--command") {
        sql::text(text, from, &about, to);
    }
}
