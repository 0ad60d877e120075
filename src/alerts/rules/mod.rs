//! Rules files, from text to values: strict, as Prometheus reads them, and every problem at once with file, line and key.
//! Expressions stay text here; what cannot be compiled is told by the one who compiles.

mod duration;
mod name;
mod problem;
mod read;
mod yaml;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use duration::parse as parse_duration;
pub use problem::Problem;

use crate::domain::Safe;

/// Most rules of all files together.
pub const MOST_RULES: usize = 10_000;

/// Who evaluates them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// We, over what is scraped here.
    #[default]
    Scrape,
    /// A server with Prometheus' query API.
    Server,
}

impl By {
    /// The word of the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            By::Scrape => "scrape",
            By::Server => "prometheus",
        }
    }
}

/// Rules that are evaluated together, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The file it stands in, as it was named.
    pub file: String,
    /// Its name, unique in its file.
    pub name: String,
    /// The line it begins on.
    pub line: usize,
    /// How often; where nothing is said, the reader's default.
    pub interval: Option<Duration>,
    /// Most alerts or series that a rule may give; 0 is no limit.
    pub limit: usize,
    /// How far back in time the rules look.
    pub query_offset: Option<Duration>,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The alert, or the metric that is recorded.
    pub name: String,
    /// The expression, in PromQL.
    pub expr: String,
    /// The line the rule begins on.
    pub line: usize,
    /// The line its expression begins on.
    pub expr_line: usize,
    /// Labels that it gives, those of the group among them; an alert's are templates. By name.
    pub labels: Vec<(String, String)>,
    /// What it is.
    pub kind: Kind,
}

/// What a rule is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It records what its expression gives.
    Record,
    /// It alerts for every element that its expression gives.
    Alert(Alerting),
}

/// What only a rule that alerts has.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Alerting {
    /// How long before it fires.
    pub hold: Duration,
    /// How long it goes on firing after its element has gone.
    pub keep_firing: Duration,
    /// Templates for people. By name.
    pub annotations: Vec<(String, String)>,
}

/// What was read of all files.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Loaded {
    /// The groups that are in force.
    pub groups: Vec<Group>,
    /// Why what was read last is not in force; empty when it is.
    pub problems: Vec<Problem>,
    /// What is in force and still deserves a look.
    pub remarks: Vec<Problem>,
}

/// A file as it was found: its name, and its text or why there is none.
pub type File<'a> = (&'a str, Result<&'a str, Safe>);

impl Loaded {
    /// Reads files. Nothing is in force if anything is wrong with any of them.
    #[must_use]
    pub fn of(files: &[File<'_>]) -> Loaded {
        let mut loaded = Loaded::default();
        for (file, text) in files {
            match text {
                Ok(text) => read::read(file, text, &mut loaded),
                Err(why) => loaded.problems.push(Problem::new(file, 0, "", why.as_str())),
            }
        }
        let rules: usize = loaded.groups.iter().map(|group| group.rules.len()).sum();
        if rules > MOST_RULES {
            let words = format!("{rules} rules in all files; {MOST_RULES} are the most");
            loaded.problems.push(Problem::new(files.first().map_or("", |(file, _)| file), 0, "", words));
        }
        if !loaded.problems.is_empty() {
            loaded.groups.clear();
        }
        loaded
    }

    /// Reads files anew: the old rules stay in force, with the new problems beside them, if anything is wrong.
    #[must_use]
    pub fn again(&self, files: &[File<'_>]) -> Loaded {
        let new = Loaded::of(files);
        if new.problems.is_empty() { new } else { Loaded { groups: self.groups.clone(), ..new } }
    }
}
