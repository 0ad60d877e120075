//! What can be written behind `doctor`, and its help.

use std::path::PathBuf;

use clap::Args;

pub(super) const ABOUT: &str = "\
Reads a team's own files and says what in them cannot do what it says, why, and what to write instead: alerts that can never fire \
or always do, ratios that divide each series by itself, a severity that routing needs and no rule sets, columns that PostgreSQL \
does not have, a curl whose success proves nothing, a pipe that hides a failed dump. Without --live it looks at nothing but these files.

A file is taken by its ending: rules and Alertmanager configurations (.yml, .yaml, .rules), Markdown documents with fenced blocks \
(.md), SQL (.sql), shell (.sh, .bash, or a first line that names a shell), configurations of this program (.toml: the SQL and the \
commands in it). --rules and --alertmanager say what a file is whatever \
it is called; - reads standard input as Markdown. In a document, alerts are held against the routing that stands in it.

With --live it also takes one look at what is configured, as check does, and changes nothing there: a metric that a rule names and \
that nothing scraped has, with its nearest name; missing rights with the exact GRANT, sudoers or polkit line, limited to the one unit; \
targets that do not answer and why; rules that are not in force. The files are then those that are named here and those of the \
configuration (rules, documents, and itself); an argument that begins with http:// or https:// is a target.

Each finding has a code that never changes its meaning, file and line or the name of a target, one sentence why, and the mended text. \
Errors cannot do what they say, warnings go wrong in cases that come, notes are worth knowing.";

pub(super) const EXAMPLES: &str = "\
Examples:
  A runbook, with the rules, SQL and scripts that it quotes:
    quarterdeck doctor RUNBOOK.md
  Rules against the routing that they go through, scraped every 15 s:
    quarterdeck doctor --rules prometheus-rules.yml --alertmanager alertmanager.yml --scrape 15s
  In a build: every file, as JSON:
    quarterdeck doctor --json ops/*.md ops/*.sql ops/*.sh
  Everything that is configured, and rules against what is scraped:
    quarterdeck doctor --live
    quarterdeck doctor --live --rules prometheus-rules.yml --metrics http://localhost:8000/metrics
  What a code stands for:
    quarterdeck doctor --codes

Exit status: 0 no error and no warning (notes may be), 1 something to mend, 3 a file cannot be read, 64 wrong usage; with --live, a
configuration that is refused is something to mend.";

/// `doctor`
#[derive(Clone, Debug, Args)]
pub struct Doctor {
    /// Files to look at, each taken by its ending; with --live, URLs to look at too
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A rules file of Prometheus, whatever it is called (may be repeated); with --live in place of the configuration's
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// An Alertmanager configuration, whatever it is called: rules are held against its routes (may be repeated)
    #[arg(long, value_name = "FILE")]
    pub alertmanager: Vec<PathBuf>,
    /// How often targets are scraped, such as 15s: ranges that cannot hold two samples are told
    #[arg(long, value_name = "TIME")]
    pub scrape: Option<String>,
    /// Look at what is configured too: what answers, what is scraped, which rights are missing
    #[arg(long)]
    pub live: bool,
    /// Configuration file
    #[arg(long, value_name = "FILE", requires = "live")]
    pub config: Option<PathBuf>,
    /// Profile
    #[arg(long, value_name = "NAME", requires = "live")]
    pub profile: Option<String>,
    /// PostgreSQL URL or key-value DSN (may be repeated)
    #[arg(long = "db", value_name = "URL", requires = "live")]
    pub databases: Vec<String>,
    /// Redis URL (may be repeated)
    #[arg(long, value_name = "URL", requires = "live")]
    pub redis: Vec<String>,
    /// Prometheus endpoint to scrape (may be repeated)
    #[arg(long, value_name = "URL", requires = "live")]
    pub metrics: Vec<String>,
    /// JSON, schema 1
    #[arg(long)]
    pub json: bool,
    /// List every code, how bad it is and what it stands for
    #[arg(long, conflicts_with_all = ["files", "rules", "alertmanager", "scrape", "json", "live"])]
    pub codes: bool,
}
