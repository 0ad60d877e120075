//! Backing a database up and proving that the backup can be restored, as data: what is asked for, the programs that are run,
//! how files are called, and what makes two copies the same.

mod action;

use std::path::{Path, PathBuf};

use crate::domain::{Moment, Safe, Untrusted};

use super::object::ObjectKey;

pub use action::{DEADLINE, action};

/// What scratch databases are called before their number.
pub const SCRATCH: &str = "qd_restore_";
/// So many old dumps are deleted by one run at most, the oldest first.
pub const OLD_AT_ONCE: usize = 20;
/// As much free space as this times the database's size is wanted: a dump is compressed, but nobody knows how well.
pub const SPACE: f64 = 1.1;

/// Where a scratch database may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scratch {
    /// On the server of this database of the configuration.
    Watched(usize),
    /// On this one of the servers that only actions name.
    Declared(usize),
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Where dumps are kept.
    pub folder: PathBuf,
    /// Where it is restored, to see whether it can be.
    pub scratch: Scratch,
    /// So many proven dumps of this database are kept, the newest; older ones are on the card, and only those of the card
    /// are deleted. None is where nothing is said.
    pub keep: Option<usize>,
}

/// The step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupStep {
    /// Which database of the configuration.
    pub database: usize,
    /// Its name there: part of the files' names.
    pub name: Safe,
    /// What is asked for.
    pub backup: Backup,
}

/// A proven dump that a newer one makes superfluous.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldDump {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, seconds since 1970.
    pub modified: i64,
}

impl OldDump {
    /// What is consented to: this very file, as it is now.
    #[must_use]
    pub fn key(&self) -> ObjectKey {
        let words = format!("{}, {} bytes, written at {}", self.path.display(), self.size, self.modified);
        ObjectKey::Named(Untrusted::from(words))
    }
}

/// Rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Whole name, quoted by the server.
    pub table: Untrusted,
    /// Rows.
    pub rows: i64,
}

/// What differs between a database and its restored copy, in words; nothing: they are the same.
#[must_use]
pub fn differences(source: &[Count], copy: &[Count]) -> Vec<Safe> {
    let rows = |counts: &[Count], table: &Untrusted| counts.iter().find(|c| c.table == *table).map(|c| c.rows);
    let word = |rows: Option<i64>| rows.map_or_else(|| "missing".to_owned(), |rows| rows.to_string());
    let known = source.iter().map(|count| &count.table);
    let more = copy.iter().map(|count| &count.table).filter(|table| rows(source, table).is_none());
    known
        .chain(more)
        .filter_map(|table| {
            let (one, other) = (rows(source, table), rows(copy, table));
            (one != other).then(|| Safe::of(format!("{}: {} -> {}", table.one_line(), word(one), word(other))))
        })
        .collect()
}

/// What a dump of a database is called, without its folder: `orders-20260102T030405Z.dump`.
#[must_use]
pub fn file_name(database: &Safe, at: Moment) -> String {
    format!("{}-{}.dump", stem(database), at.wall.format("%Y%m%dT%H%M%SZ"))
}

/// Whether a file is a proven dump of a database, by its name.
#[must_use]
pub fn is_dump_of(database: &Safe, name: &str) -> bool {
    let rest = name.strip_prefix(&format!("{}-", stem(database)));
    let Some(when) = rest.and_then(|rest| rest.strip_suffix(".dump")) else { return false };
    when.len() == 16
        && when.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}

/// A name with nothing in it that means anything to a file system.
#[must_use]
pub fn stem(database: &Safe) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') { c } else { '_' };
    let stem: String = database.as_str().chars().take(60).map(plain).collect();
    stem.trim_start_matches('.').to_owned()
}

/// A name for a scratch database that nobody else has: it ends in sixteen digits of chance.
#[must_use]
pub fn scratch_name(at: Moment, chance: &str) -> String {
    format!("{SCRATCH}{}_{chance}", at.wall.format("%Y%m%d%H%M%S"))
}

/// The dump: into a file that is there already, with its rights.
#[must_use]
pub fn dump_argv(snapshot: &str, file: &Path) -> Vec<String> {
    let words = ["pg_dump", "--format=custom", "--no-password", "--lock-wait-timeout=60s"];
    let mut argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    argv.push(format!("--snapshot={snapshot}"));
    argv.push(format!("--file={}", file.display()));
    argv
}

/// The table of contents of a dump.
#[must_use]
pub fn list_argv(file: &Path) -> Vec<String> {
    vec!["pg_restore".to_owned(), "--list".to_owned(), file.display().to_string()]
}

/// The restore into a scratch database.
#[must_use]
pub fn restore_argv(database: &str, file: &Path) -> Vec<String> {
    let words =
        ["pg_restore", "--no-owner", "--no-privileges", "--no-subscriptions", "--exit-on-error", "--no-password"];
    let mut argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    argv.push(format!("--dbname={database}"));
    argv.push(file.display().to_string());
    argv
}

/// The major version that a program of PostgreSQL says it is of: `pg_dump (PostgreSQL) 15.18 (Debian …)`.
#[must_use]
pub fn major(said: &str) -> Option<u32> {
    let version = said.split(") ").nth(1)?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(all: &[(&str, i64)]) -> Vec<Count> {
        all.iter().map(|(table, rows)| Count { table: Untrusted::from(*table), rows: *rows }).collect()
    }

    #[test]
    fn copies_are_the_same_table_by_table_or_the_difference_is_named() {
        let source = counts(&[("public.a", 1), ("public.b", 0)]);
        assert!(differences(&source, &source).is_empty());
        let told = |copy: &[(&str, i64)]| {
            differences(&source, &counts(copy)).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(told(&[("public.a", 2), ("public.b", 0)]), "public.a: 1 -> 2");
        assert_eq!(told(&[("public.a", 1)]), "public.b: 0 -> missing");
        assert_eq!(told(&[("public.a", 1), ("public.b", 0), ("public.c", 5)]), "public.c: missing -> 5");
    }

    #[test]
    fn a_file_s_name_holds_nothing_that_leads_anywhere() {
        let at = Moment::fixed(0.0);
        for name in ["orders", "../../etc/passwd", ".hidden", "we;ird name\u{1b}", ""] {
            let name = Safe::of(name);
            let file = file_name(&name, at);
            assert!(!file.contains('/') && !file.starts_with('.') && file.is_ascii(), "{file}");
            assert!(is_dump_of(&name, &file), "{file}");
        }
        let orders = Safe::of("orders");
        for other in [
            "orders-x.dump",
            "orders-20260102T030405Z.dump.unproven",
            "orders2-20260102T030405Z.dump",
            "orders-2026010AT030405Z.dump",
        ] {
            assert!(!is_dump_of(&orders, other), "{other}");
        }
    }

    #[test]
    fn versions_are_read_from_what_programs_say() {
        assert_eq!(major("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("pg_restore (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("pg_dump 15"), None);
    }

    #[test]
    fn no_password_and_no_shell_is_in_what_is_run() {
        let file = Path::new("/backups/a b.dump");
        let dump = dump_argv("00000003-0000001B-1", file);
        assert!(
            dump.contains(&"--snapshot=00000003-0000001B-1".to_owned())
                && dump.contains(&"--file=/backups/a b.dump".to_owned())
        );
        let restore = restore_argv("qd_restore_1", file);
        for word in ["--no-owner", "--no-subscriptions", "--exit-on-error", "--dbname=qd_restore_1"] {
            assert!(restore.iter().any(|w| w == word), "{restore:?}");
        }
    }
}
