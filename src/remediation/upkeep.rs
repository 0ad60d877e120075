//! Upkeep of tables and indexes, as data: what is asked for, what the server found under that name, and what shows that it was
//! done. The statement itself is composed and quoted by the server; nothing here puts a name into one.

mod action;

use std::time::Duration;

use crate::domain::{Safe, Untrusted, figure};

pub use action::{DEADLINE, action};

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpkeepVerb {
    /// `ANALYZE`
    Analyse,
    /// `VACUUM`; never FULL.
    Vacuum,
    /// `VACUUM (ANALYZE)`
    VacuumAnalyse,
    /// `REINDEX … CONCURRENTLY`
    Reindex,
    /// `DROP INDEX` of what a cancelled reindex left.
    DropLeftover,
}

impl UpkeepVerb {
    /// All.
    pub const ALL: [UpkeepVerb; 5] = [
        UpkeepVerb::Analyse,
        UpkeepVerb::Vacuum,
        UpkeepVerb::VacuumAnalyse,
        UpkeepVerb::Reindex,
        UpkeepVerb::DropLeftover,
    ];

    /// As menu, audit and command line name it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            UpkeepVerb::Analyse => "analyse",
            UpkeepVerb::Vacuum => "vacuum",
            UpkeepVerb::VacuumAnalyse => "vacuum-analyse",
            UpkeepVerb::Reindex => "reindex",
            UpkeepVerb::DropLeftover => "drop-leftover",
        }
    }

    /// The verb of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<UpkeepVerb> {
        UpkeepVerb::ALL.into_iter().find(|verb| verb.word() == word)
    }

    /// In words, before a name.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            UpkeepVerb::Analyse => "analyse",
            UpkeepVerb::Vacuum => "vacuum",
            UpkeepVerb::VacuumAnalyse => "vacuum and analyse",
            UpkeepVerb::Reindex => "reindex concurrently",
            UpkeepVerb::DropLeftover => "drop the leftover index",
        }
    }

    /// What is to be seen afterwards, in words.
    #[must_use]
    pub fn proof_words(self) -> &'static str {
        match self {
            UpkeepVerb::Analyse => "a newer ANALYZE of",
            UpkeepVerb::Vacuum => "a newer VACUUM of",
            UpkeepVerb::VacuumAnalyse => "a newer VACUUM and ANALYZE of",
            UpkeepVerb::Reindex => "new valid index files of",
            UpkeepVerb::DropLeftover => "the absence of",
        }
    }

    /// How long it waits for a lock where nothing is said. A reindex waits for every transaction that is older than it.
    #[must_use]
    pub fn usual_lock_timeout(self) -> Duration {
        match self {
            UpkeepVerb::Reindex => Duration::from_secs(60),
            // Whoever waits to have a table to himself keeps all others waiting.
            UpkeepVerb::DropLeftover => Duration::from_secs(3),
            _ => Duration::from_secs(10),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upkeep {
    /// What is done.
    pub verb: UpkeepVerb,
    /// To what: a name as PostgreSQL reads it, bound and resolved by the server.
    pub name: String,
    /// It waits for a lock no longer than this.
    pub lock_timeout: Duration,
}

/// What the server found under the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// Its number.
    pub oid: u32,
    /// Its whole name, quoted by the server.
    pub name: Untrusted,
    /// What will be sent, composed by the server.
    pub command: Untrusted,
    /// How it stood.
    pub standing: Standing,
}

/// What upkeep changes, as the server tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// It is there.
    pub exists: bool,
    /// The last ANALYZE that somebody asked for, microseconds since 1970.
    pub analysed_us: Option<i64>,
    /// The last VACUUM that somebody asked for.
    pub vacuumed_us: Option<i64>,
    /// Files of the indexes, those that are valid.
    pub files: Vec<i64>,
    /// Invalid indexes that a cancelled reindex left on the table, quoted by the server.
    pub leftovers: Vec<Untrusted>,
}

/// The step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpkeepStep {
    /// Which database of the configuration.
    pub database: usize,
    /// What is done.
    pub verb: UpkeepVerb,
    /// It waits for a lock no longer than this.
    pub lock_timeout: Duration,
    /// To what, as on the card.
    pub on: Relation,
    /// Its result is looked for so long afterwards.
    pub within: Duration,
}

impl Standing {
    /// Whether it shows that a verb was done since `before`.
    #[must_use]
    pub fn shows(&self, verb: UpkeepVerb, before: &Standing) -> bool {
        let newer = |now: Option<i64>, before: Option<i64>| now.is_some() && now > before;
        let analysed = newer(self.analysed_us, before.analysed_us);
        let vacuumed = newer(self.vacuumed_us, before.vacuumed_us);
        match verb {
            UpkeepVerb::Analyse => self.exists && analysed,
            UpkeepVerb::Vacuum => self.exists && vacuumed,
            UpkeepVerb::VacuumAnalyse => self.exists && analysed && vacuumed,
            UpkeepVerb::Reindex => {
                let anew = !self.files.is_empty() && !self.files.iter().any(|file| before.files.contains(file));
                self.exists && anew && self.files.len() >= before.files.len() && self.new_leftovers(before).is_empty()
            }
            UpkeepVerb::DropLeftover => before.exists && !self.exists,
        }
    }

    /// Leftovers that were not there before.
    #[must_use]
    pub fn new_leftovers(&self, before: &Standing) -> Vec<Untrusted> {
        self.leftovers.iter().filter(|name| !before.leftovers.contains(name)).cloned().collect()
    }

    /// In words, as far as a verb is concerned.
    #[must_use]
    pub fn words(&self, verb: UpkeepVerb) -> Safe {
        let at = |us: Option<i64>| {
            us.and_then(chrono::DateTime::from_timestamp_micros)
                .map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%SZ").to_string())
        };
        if !self.exists {
            return Safe::of("it is not there");
        }
        Safe::of(match verb {
            UpkeepVerb::Analyse => at(self.analysed_us),
            UpkeepVerb::Vacuum => at(self.vacuumed_us),
            UpkeepVerb::VacuumAnalyse => format!("{}, {}", at(self.vacuumed_us), at(self.analysed_us)),
            UpkeepVerb::Reindex => {
                let files: Vec<String> = self.files.iter().take(4).map(ToString::to_string).collect();
                let more = if self.files.len() > 4 { ", …" } else { "" };
                let left = match self.leftovers.len() {
                    0 => String::new(),
                    count => format!(", {} left over", figure::count(count as f64)),
                };
                format!("{} of {}{more}{left}", self.files.len(), files.join(", "))
            }
            UpkeepVerb::DropLeftover => "it is there".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing() -> Standing {
        Standing {
            exists: true,
            analysed_us: Some(5),
            vacuumed_us: None,
            files: vec![1, 2],
            leftovers: vec!["public.i_ccnew".into()],
        }
    }

    #[test]
    fn only_what_is_newer_shows_that_it_was_done() {
        let before = standing();
        for verb in UpkeepVerb::ALL {
            assert!(!before.shows(verb, &before), "{verb:?}: nothing changed");
            assert!(!Standing { exists: false, ..before.clone() }.shows(verb, &Standing::default()), "{verb:?}");
            assert_eq!(UpkeepVerb::parse(verb.word()), Some(verb));
        }
        let analysed = Standing { analysed_us: Some(6), ..before.clone() };
        assert!(analysed.shows(UpkeepVerb::Analyse, &before) && !analysed.shows(UpkeepVerb::VacuumAnalyse, &before));
        let vacuumed = Standing { vacuumed_us: Some(1), ..before.clone() };
        assert!(vacuumed.shows(UpkeepVerb::Vacuum, &before) && !vacuumed.shows(UpkeepVerb::Analyse, &before));
        let reset = Standing { analysed_us: None, ..before.clone() };
        assert!(!reset.shows(UpkeepVerb::Analyse, &before), "statistics that were reset show nothing");
        let gone = Standing { exists: false, ..before.clone() };
        assert!(gone.shows(UpkeepVerb::DropLeftover, &before) && !gone.shows(UpkeepVerb::Vacuum, &before));
    }

    #[test]
    fn a_reindex_makes_every_file_anew_and_leaves_nothing() {
        let before = standing();
        let after = |files: &[i64], leftovers: &[&str]| Standing {
            files: files.to_vec(),
            leftovers: leftovers.iter().map(|name| Untrusted::from(*name)).collect(),
            ..before.clone()
        };
        let shows = |now: Standing| now.shows(UpkeepVerb::Reindex, &before);
        assert!(shows(after(&[3, 4], &["public.i_ccnew"])), "what was left before is not of this one");
        assert!(!shows(after(&[3, 2], &[])), "one is as it was");
        assert!(!shows(after(&[3], &[])), "one is missing");
        assert!(!shows(after(&[], &[])));
        assert!(!shows(after(&[3, 4], &["public.i_ccnew1"])), "it left something");
    }
}
