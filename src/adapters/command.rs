//! A signal that a program prints: argv, never a shell; a minimal environment; its own process group, which never
//! outlives the reading. Only the first line of what it prints is looked at.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use chrono::DateTime;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout, timeout_at};

use crate::domain::cause::Phase;
use crate::domain::signal::SignalValue;
use crate::domain::signal::Unit;
use crate::domain::threshold::{Threshold, parse_bound};
use crate::domain::{Cause, Safe};

/// What is kept of standard output and of standard error.
const KEPT_OUTPUT: usize = 4 * 1024;
const KEPT_ERRORS: usize = 1024;
/// A program that prints more than this is stopped: it prints something else than a number.
const OUTPUT_LIMIT: u64 = 1024 * 1024;
/// After the program ended: how long a detached descendant may still hold its output open.
const GRACE: Duration = Duration::from_millis(100);
/// What the program gets of our environment; nothing else, because secrets live there.
const ENVIRONMENT: [&str; 3] = ["PATH", "HOME", "TZ"];

/// A program that prints a number.
#[derive(Clone, Debug)]
pub struct CommandSignal {
    argv: Vec<String>,
    unit: Unit,
}

impl CommandSignal {
    /// Program and arguments.
    pub fn new(argv: Vec<String>) -> CommandSignal {
        CommandSignal { argv, unit: Unit::default() }
    }

    /// The unit in which a figure that is printed with a unit of its own is wanted.
    #[must_use]
    pub fn in_unit(self, unit: Unit) -> CommandSignal {
        CommandSignal { unit, ..self }
    }

    /// Runs the program once. At the deadline it is killed with all its descendants that did not leave its group;
    /// the same happens when the reading is given up midway.
    pub async fn read(&self, deadline: Duration) -> Result<SignalValue, Cause> {
        let until = Instant::now() + deadline;
        let (mut child, mut group) = self.start()?;
        let mut said = Said::default();
        let ended = timeout_at(until, said.listen(&mut child, &mut group)).await;
        drop(group);
        let Ok(ended) = ended else {
            let _reaped = timeout(GRACE, child.wait()).await;
            return Err(Cause::Timeout { phase: Phase::Whole, after: deadline });
        };
        said.judge(ended?, &self.unit)
    }

    fn start(&self) -> Result<(Child, Group), Cause> {
        let Some((program, arguments)) = self.argv.split_first() else {
            return Err(Cause::Misconfigured(Safe::of("the command is empty")));
        };
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("LANG", "C").process_group(0).kill_on_drop(true);
        command.envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => Cause::CommandMissing(Safe::of(program)),
            io::ErrorKind::PermissionDenied => Cause::PermissionDenied(Safe::of(program)),
            _ => Cause::CommandFailed { code: None, said: Safe::of(format!("{program}: {e}")) },
        })?;
        let leader = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        Ok((child, Group { leader }))
    }
}

/// The process group of a child that is still to be killed. The group's number is that of a child just started or
/// reaped this very moment: as long as a descendant lives in the group nobody else can be given that number.
struct Group {
    leader: Option<Pid>,
}

impl Group {
    /// Once only: later the number may be somebody else's.
    fn kill(&mut self) {
        if let Some(leader) = self.leader.take() {
            let _nobody_left = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

#[derive(Default)]
struct Said {
    output: Vec<u8>,
    errors: Vec<u8>,
    too_much: bool,
}

impl Said {
    /// Listens until the program ended, and to what is left in its pipes then.
    async fn listen(&mut self, child: &mut Child, group: &mut Group) -> Result<ExitStatus, Cause> {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let failed = |e: io::Error| Cause::CommandFailed { code: None, said: Safe::of(e.to_string()) };
        let (output, errors) = (&mut self.output, &mut self.errors);
        let mut pipes = std::pin::pin!(async {
            tokio::join!(drain(stdout, output, KEPT_OUTPUT), drain(stderr, errors, KEPT_ERRORS))
        });
        let mut heard = None;
        let status = tokio::select! {
            both = &mut pipes => {
                heard = Some(both);
                if both.0 && both.1 { child.wait().await } else { Err(io::ErrorKind::FileTooLarge.into()) }
            }
            status = child.wait() => status,
        };
        group.kill();
        if heard.is_none() {
            // A descendant that left the group may hold the pipes open; it is not waited for.
            heard = timeout(GRACE, pipes).await.ok();
        }
        self.too_much = heard.is_some_and(|(output, errors)| !(output && errors));
        if self.too_much {
            let _reaped = timeout(GRACE, child.wait()).await;
            return Err(Cause::TooLarge { what: Safe::of("output of the command"), limit: OUTPUT_LIMIT });
        }
        status.map_err(failed)
    }

    fn judge(&self, status: ExitStatus, unit: &Unit) -> Result<SignalValue, Cause> {
        if !status.success() {
            let words = if self.errors.is_empty() { &self.output } else { &self.errors };
            let said = if words.is_empty() { Safe::of("it said nothing") } else { Safe::one_line(words).clipped(200) };
            return Err(Cause::CommandFailed { code: status.code(), said });
        }
        let line = self.output.split(|b| *b == b'\n').find(|l| !l.trim_ascii().is_empty()).unwrap_or_default();
        figure(line, unit)
            .ok_or_else(|| Cause::NoSuchFigure { pointer: Safe::of(format!("{:?}", Safe::one_line(line).clipped(60))) })
    }
}

/// Reads a pipe to its end and keeps its beginning. False: more than the limit came, and the rest was not read.
async fn drain(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>, most: usize) -> bool {
    let Some(mut pipe) = pipe else { return true };
    let mut piece = [0u8; 4096];
    let mut total = 0u64;
    while let Ok(count @ 1..) = pipe.read(&mut piece).await {
        total += count as u64;
        if total > OUTPUT_LIMIT {
            return false;
        }
        let room = most.saturating_sub(kept.len()).min(count);
        kept.extend_from_slice(piece.get(..room).unwrap_or_default());
    }
    true
}

/// The first figure of a line: a number with or without a unit (`42`, `91%`, `1.5 GiB`, `12ms`), also after `name=`,
/// or an instant as RFC 3339 writes it. A word that begins with a digit and is no figure (`12:04:31`, `1.5X`) makes
/// the line unreadable: a wrong figure is worse than none.
pub fn figure(line: &[u8], unit: &Unit) -> Option<SignalValue> {
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).peekable();
    while let Some(word) = words.next() {
        let word = word.rsplit_once('=').map_or(word, |(_, value)| value);
        if let Ok(instant) = DateTime::parse_from_rfc3339(word) {
            return Some(SignalValue::Instant(instant.timestamp_micros() as f64 / 1e6));
        }
        let word = after_name(word).trim_end_matches([':', '.']);
        if !begins_with_digit(word) {
            continue;
        }
        // Units of one letter are too easily words of their own to be taken from a distance.
        let apart =
            words.peek().filter(|next| **next == "%" || (next.len() > 1 && parse_bound(&format!("1{next}")).is_ok()));
        let bare = word.ends_with(|c: char| c.is_ascii_digit());
        let whole = apart.filter(|_| bare).map_or_else(|| word.to_owned(), |unit| format!("{word}{unit}"));
        if whole.ends_with('%') {
            return parse_bound(&whole).ok().map(SignalValue::Ratio);
        }
        let bare = whole.ends_with(|c: char| c.is_ascii_digit() || c == '.');
        let number = if bare { parse_bound(&whole).ok()? } else { in_unit(&whole, unit)? };
        return Some(SignalValue::Number(number));
    }
    None
}

/// `12ms` as a number of the wanted unit; where that is none, in base units. Bounds are read and converted by the same
/// rules, so this is done as if it were one.
fn in_unit(measure: &str, unit: &Unit) -> Option<f64> {
    Some(Threshold::parse(&format!("== {measure}")).ok()?.in_unit(unit).ok()?.bound)
}

/// `queue:42` is a name and its figure; `12:04:31` is not.
fn after_name(word: &str) -> &str {
    match word.split_once(':') {
        Some((name, value)) if !begins_with_digit(name) => value,
        _ => word,
    }
}

fn begins_with_digit(word: &str) -> bool {
    let unsigned = word.strip_prefix(['-', '+']).unwrap_or(word);
    unsigned.strip_prefix('.').unwrap_or(unsigned).starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_figure_of_a_line() {
        let number = |n| Some(SignalValue::Number(n));
        for (line, expected) in [
            ("42", number(42.0)),
            ("  -3.5 degrees", number(-3.5)),
            ("91%", Some(SignalValue::Ratio(0.91))),
            ("used 91 % of it", Some(SignalValue::Ratio(0.91))),
            ("1.5 GiB", number(1_610_612_736.0)),
            ("12ms", number(0.012)),
            ("3 jobs, 2 late", number(3.0)),
            ("queue=42", number(42.0)),
            ("queue: 42", number(42.0)),
            ("queue:42", number(42.0)),
            ("load (1m): 0.25.", number(0.25)),
            ("1e3", number(1000.0)),
            ("3 s", number(3.0)),
            ("1970-01-01T00:01:00Z", Some(SignalValue::Instant(60.0))),
            ("last=1970-01-01T00:01:00Z", Some(SignalValue::Instant(60.0))),
        ] {
            assert_eq!(figure(line.as_bytes(), &Unit::default()), expected, "{line}");
        }
    }

    #[test]
    fn a_printed_unit_becomes_the_wanted_one() {
        let figure = |line: &str, unit: &str| super::figure(line.as_bytes(), &Unit(Safe::of(unit)));
        assert_eq!(figure("12ms", "ms"), Some(SignalValue::Number(12.0)));
        assert_eq!(figure("2 min", "s"), Some(SignalValue::Number(120.0)));
        assert_eq!(figure("1.5 GiB", "MiB"), Some(SignalValue::Number(1536.0)));
        assert_eq!(figure("12", "ms"), Some(SignalValue::Number(12.0)));
        assert_eq!(figure("12ms", "%"), None, "no share is a time");
    }

    #[test]
    fn a_wrong_figure_is_worse_than_none() {
        for line in ["", "none", "12:04:31 42", "1.5X", "2024-01-02", "1.2.3", "1e999", "NaN", "inf", "-"] {
            assert_eq!(figure(line.as_bytes(), &Unit::default()), None, "{line}");
        }
        assert_eq!(figure(b"\xff 42", &Unit::default()), None);
    }

    proptest! {
        #[test]
        fn never_panics_and_is_finite(line in prop::collection::vec(any::<u8>(), 0..80), text in "[-+.0-9eE%:=GiBms ]{0,20}") {
            for found in [figure(&line, &Unit::default()), figure(text.as_bytes(), &Unit::default())].into_iter().flatten() {
                prop_assert!(found.number().is_finite());
            }
        }
    }
}
