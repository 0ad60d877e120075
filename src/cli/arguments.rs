//! What can be written on the command line, and its help.

mod doctor;

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Arguments;
use crate::demo::Scenario;

pub use doctor::Doctor;

const EXAMPLES: &str = "\
Examples:
  Look at an origin; health, cache and metrics paths are discovered:
    quarterdeck http://localhost:8000
  Probe exactly this URL, and watch a database and a log:
    quarterdeck https://api.example.com/health/ready \\
        --db postgresql://monitor@db/shop --log '/var/log/shop/*.log'
  A known system, at this origin:
    quarterdeck --profile pggit http://localhost:8000
  No system at hand? Watch a sample one:
    quarterdeck demo
  One look, no screen:
    quarterdeck check --json http://localhost:8000

Configuration is read from --config, the user's configuration folder or
/etc/quarterdeck, never from the current folder. A documented one:
    quarterdeck config example

Exit status: 0 done, 64 wrong usage, 78 wrong configuration.";

const RUN: &str = "\
Runs one guarded action without a screen: the same actions, guards, audit and verdicts as behind the key a of the dashboard.

Without --confirm nothing is changed: the action's card is made by a real, read-only preview and printed (what the target says it \
is, whom the action touches and whom it leaves alone, what will be sent, what undoes it, how success will be shown), with a code. \
The code is good for 60 seconds and once, and only for that card: --confirm makes the card anew, and where it is not the same any \
more nothing is done.

It needs a terminal, on which somebody reads the card, unless headless under [actions] names the action; and leave to act: allow = \
true there, or --allow-actions. A signal cancels it before the first byte is sent; after that it goes on to its end and is recorded.";

const RUN_EXAMPLES: &str = "\
Examples:
  What there is, how dangerous, and why not:
    quarterdeck run --list
  The card, and its code:
    quarterdeck run terminate-idle-in-transaction --target main --param older_than=15m
  Run what that card shows; in production with a reason:
    quarterdeck run terminate-idle-in-transaction --target main --param older_than=15m \\
        --confirm 5f0c1e22a9b4-77ab01c3 --reason 'INC-7: pool is full'
  The same, and stay to see whether anything gets worse after it:
    quarterdeck run restart-api --target api.service --confirm 5f0c1e22a9b4-77ab01c3 --watch 5m

Exit status: 0 verified (or the card was printed), 10 refused: nothing was done, 11 failed, 12 not verified, or worse
(also what --watch saw), 13 unknown, 64 wrong usage, 78 wrong configuration; 128 and the signal's number where one came before it began.";

const APPROVE: &str = "\
Where policy asks for a second person (second_person and break_glass under [actions]), whoever wants to act files a request in the \
folder that the operators of this host share. This shows the card as the requester saw it, and approves it after its phrase was \
typed on this terminal. The requester then consents once more, to a card that has to be the same, and runs it once.

Who somebody is, the operating system says: who owns the file, and who logged in (loginuid). Nobody approves a request of their own, \
by su and sudo neither; accounts under shared_accounts and root of whom nobody knows who logged in approve nothing. Everything is \
recorded in the approver's own audit.";

const APPROVE_EXAMPLES: &str = "\
Examples:
  What waits: id, who, what, target, age:
    quarterdeck approve
  Read the card of one and approve it:
    quarterdeck approve k7m2qd9x

Exit status: 0 listed or approved, 10 refused, 64 wrong usage, 78 wrong configuration.";

/// The program.
#[derive(Debug, Parser)]
#[command(
    name = "quarterdeck",
    version,
    about = "A full-screen terminal dashboard for operating a service.",
    long_about = "A full-screen terminal dashboard for operating a service: health, PostgreSQL, caches, signals and logs on one \
                  screen, over SSH, from one binary. Nothing is written to what is watched.",
    after_help = EXAMPLES,
    disable_help_subcommand = true
)]
pub struct CommandLine {
    /// What to do instead of showing the dashboard
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What the dashboard watches
    #[command(flatten)]
    pub targets: Targets,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a sample system on loopback, and the dashboard on it
    Demo(Demo),
    /// One look, no screen: words or JSON
    #[command(
        long_about = "One look at everything, no screen. Two readings are taken, --sample apart, so that rates and hit ratios are \
                      those of now. Results are raw, not debounced.",
        after_help = "Exit status: 0 ok, 1 degraded, 2 down, 3 unknown, 64 wrong usage, 78 wrong configuration."
    )]
    Check(Check),
    /// Check, show or print configuration
    #[command(subcommand)]
    Config(Config),
    /// Run one guarded action without a screen: first its card and a code, then the code
    #[command(long_about = RUN, after_help = RUN_EXAMPLES)]
    Run(Box<Run>),
    /// Show or verify the record of actions
    #[command(subcommand)]
    Audit(Audit),
    /// Approve what somebody else wants to run: the second person
    #[command(long_about = APPROVE, after_help = APPROVE_EXAMPLES)]
    Approve(Approve),
    /// Say what is wrong in rules, SQL, scripts, runbooks and what they are about, and what to write instead
    #[command(long_about = doctor::ABOUT, after_help = doctor::EXAMPLES)]
    Doctor(Box<Doctor>),
}

/// What is watched and how it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Targets {
    /// URLs: with a path it is probed as it stands, bare it is discovered
    #[arg(value_name = "URL")]
    pub urls: Vec<String>,
    /// Configuration file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Profile: codebook, ecosystem, kinexus, orchestrator, pggit, or one of your profiles folder
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// PostgreSQL URL or key-value DSN (may be repeated)
    #[arg(long = "db", value_name = "URL")]
    pub databases: Vec<String>,
    /// Redis URL (may be repeated)
    #[arg(long, value_name = "URL")]
    pub redis: Vec<String>,
    /// Prometheus endpoint to scrape (may be repeated)
    #[arg(long, value_name = "URL")]
    pub metrics: Vec<String>,
    /// Log file or glob (may be repeated)
    #[arg(long = "log", value_name = "PATH")]
    pub logs: Vec<String>,
    /// Environment at least: production, staging, dev or local; it only makes stricter
    #[arg(long = "env", value_name = "NAME")]
    pub environment: Option<String>,
    /// Pause between frames of fresh figures, such as 10s on a slow line
    #[arg(long, value_name = "TIME")]
    pub every: Option<String>,
    /// Theme: dark, light, high-contrast, colour-blind or monochrome
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// Hide literals and comments in queries
    #[arg(long)]
    pub redact: bool,
    /// Allow guarded actions; without it nothing here can write
    #[arg(long)]
    pub allow_actions: bool,
    /// Rules file of Prometheus, or a glob (may be repeated); in place of the configuration's
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<String>,
}

impl Targets {
    /// Whether nothing to watch is named, so that only configuration and environment can.
    #[must_use]
    pub fn names_nothing(&self) -> bool {
        self.urls.is_empty()
            && self.databases.is_empty()
            && self.redis.is_empty()
            && self.logs.is_empty()
            && self.metrics.is_empty()
            && self.profile.is_none()
            && self.config.is_none()
    }

    /// These, with what was written before the subcommand: `quarterdeck --config FILE check`.
    #[must_use]
    pub fn after(self, before: Targets) -> Targets {
        let both = |mut first: Vec<String>, then: Vec<String>| {
            first.extend(then);
            first
        };
        Targets {
            urls: both(before.urls, self.urls),
            config: self.config.or(before.config),
            profile: self.profile.or(before.profile),
            databases: both(before.databases, self.databases),
            redis: both(before.redis, self.redis),
            metrics: both(before.metrics, self.metrics),
            logs: both(before.logs, self.logs),
            environment: self.environment.or(before.environment),
            every: self.every.or(before.every),
            theme: self.theme.or(before.theme),
            ascii: self.ascii || before.ascii,
            redact: self.redact || before.redact,
            allow_actions: self.allow_actions || before.allow_actions,
            rules: both(before.rules, self.rules),
        }
    }
}

impl From<Targets> for Arguments {
    fn from(t: Targets) -> Arguments {
        Arguments {
            urls: t.urls,
            config: t.config,
            profile: t.profile,
            databases: t.databases,
            redis: t.redis,
            metrics: t.metrics,
            logs: t.logs,
            environment: t.environment,
            every: t.every,
            theme: t.theme,
            ascii: t.ascii,
            redact: t.redact,
            allow_actions: t.allow_actions,
            rules: t.rules,
        }
    }
}

impl ValueEnum for Scenario {
    fn value_variants<'a>() -> &'a [Scenario] {
        &Scenario::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.happens()))
    }
}

/// `demo`
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// Trouble that begins after 15 seconds
    #[arg(long, value_enum, value_name = "NAME")]
    pub scenario: Option<Scenario>,
    /// Print the addresses and serve, without a dashboard
    #[arg(long)]
    pub serve_only: bool,
    /// When the trouble begins, counted from the moment the sample is under load
    #[arg(long, value_name = "TIME", hide = true)]
    pub scenario_after: Option<String>,
    /// Ends when standard input is closed
    #[arg(long, hide = true)]
    pub lifeline: bool,
    /// A process of the sample itself
    #[arg(long, value_name = "NAME", hide = true)]
    pub part: Option<String>,
    /// The process manager of the sample in this folder
    #[arg(long, value_name = "FOLDER", hide = true)]
    pub control: Option<PathBuf>,
    /// What a part or the manager is told
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub rest: Vec<std::ffi::OsString>,
    /// Theme of the dashboard
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
}

/// `check`
#[derive(Clone, Debug, Args)]
pub struct Check {
    /// What is looked at
    #[command(flatten)]
    pub targets: Targets,
    /// JSON, schema 1
    #[arg(long)]
    pub json: bool,
    /// Time between the two readings
    #[arg(long, value_name = "TIME", default_value = "2s")]
    pub sample: String,
}

/// `run`
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// Which action, by its name in the list
    #[arg(required_unless_present = "list", requires = "target")]
    pub action: Option<String>,
    /// What it is aimed at, by its name in the configuration
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// List all actions: level, name, target, what each does, and why not
    #[arg(long, conflicts_with_all = ["action", "target", "dry_run", "anew", "confirm", "reason", "parameters"])]
    pub list: bool,
    /// Print the card and a code, and change nothing; so it is without --confirm
    #[arg(long, conflicts_with = "confirm")]
    pub dry_run: bool,
    /// Print a fresh card, of what fits now, also while an approval of an earlier one stands
    ///
    /// Without it the card stands for what was approved, as long as any of that is left. An approval that is passed over like this
    /// stays good: the same command line without --anew comes back to it.
    #[arg(long, conflicts_with = "confirm")]
    pub anew: bool,
    /// Run what the card of this code shows
    #[arg(long, value_name = "CODE")]
    pub confirm: Option<String>,
    /// Why, for the audit; in production it has to be said
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Stay for so long afterwards, 1s to 5m, and say when anything gets worse: failing or slow probes, connections, blocked sessions
    ///
    /// Every service and database of the configuration is read five times before the action (10 s and more), so that what is seen
    /// after it can be held against that. At the first figure that got clearly worse it says so on standard error and exits with
    /// 12; figures that were read too seldom are told as not known, and where all were it exits with 13. Give it at least five
    /// intervals of what is watched. Without --watch it exits as soon as the outcome is recorded.
    #[arg(long, value_name = "TIME", requires = "confirm")]
    pub watch: Option<String>,
    /// Narrows the action, such as older_than=10m, user=web or pid=4711; the list says what each takes
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// Where it is
    #[command(flatten)]
    pub targets: Targets,
}

/// `approve`
#[derive(Clone, Debug, Args)]
pub struct Approve {
    /// Which request; without it, all that wait are listed
    pub id: Option<String>,
    /// Configuration file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Profile
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// `config`
#[derive(Clone, Debug, Subcommand)]
pub enum Config {
    /// Say every problem of the configuration, with file, line and key
    #[command(after_help = "Exit status: 0 no problem, 64 wrong usage, 78 problems.")]
    Check(Targets),
    /// Say what was resolved, and which layer gave each value; secrets are ***
    Show(Targets),
    /// Print a documented configuration with every key and its default
    Example {
        /// Print policy.toml instead: what everyone who uses a shared folder is bound to
        #[arg(long)]
        policy: bool,
    },
}

/// `audit`
#[derive(Clone, Debug, Subcommand)]
pub enum Audit {
    /// Show the records of all operators by time
    #[command(after_help = "Exit status: 0 done, 1 a record is bad, 3 a file cannot be read, 64 wrong usage.")]
    Show {
        /// Where it is kept
        #[command(flatten)]
        folder: AuditFolder,
        /// JSON lines, schema 1
        #[arg(long)]
        json: bool,
        /// The latest N records only
        #[arg(long, value_name = "N")]
        last: Option<usize>,
    },
    /// Verify every file: its records and the hash of the last, or the first record that is bad
    #[command(
        long_about = "Verifies every file: how many records it has and the hash of the last, or the first record that is \
                      bad. Hold the hash against the one that was printed on leaving: a chain alone cannot prove that it \
                      was not rewritten whole.",
        after_help = "Exit status: 0 every record holds, 1 a record is bad, 3 a file cannot be read or is missing out of the middle, \
                      64 wrong usage. An outcome or step without an intent is named and changes it not: its record holds."
    )]
    Verify {
        /// Where it is kept
        #[command(flatten)]
        folder: AuditFolder,
    },
}

/// Where the audit is kept.
#[derive(Clone, Debug, Args)]
pub struct AuditFolder {
    /// Folder of the audit; without it, the one that the configuration names, or that of this user
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Configuration file that names the folder (`audit` under [actions])
    #[arg(long, value_name = "FILE", conflicts_with = "folder")]
    pub config: Option<PathBuf>,
    /// Profile that names it
    #[arg(long, value_name = "NAME", conflicts_with = "folder")]
    pub profile: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn a_mistyped_subcommand_is_known_as_one() {
        for command in CommandLine::command().get_subcommands() {
            assert!(crate::config::COMMANDS.contains(&command.get_name()), "{}", command.get_name());
        }
    }

    #[test]
    fn options_may_stand_before_the_subcommand() {
        let line =
            CommandLine::try_parse_from(["quarterdeck", "--config", "a", "--db", "x", "check", "--db", "y", "--json"]);
        let line = line.unwrap();
        let Some(Command::Check(check)) = line.command else { panic!("no check") };
        let targets = check.targets.after(line.targets);
        assert_eq!((targets.config, targets.databases), (Some("a".into()), vec!["x".to_owned(), "y".to_owned()]));
    }
}
