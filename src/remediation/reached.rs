//! What a plan reaches beside its target: databases and caches of the configuration that its steps change, requests that it
//! sends, and programs that it runs. What only reads reaches nothing.

use crate::domain::source::SourceKind;

use super::action::Plan;
use super::command::CommandStep;
use super::runbook::Deed;
use super::step::{HttpStep, Work};

impl Deed {
    /// What is written down whole.
    #[must_use]
    pub fn work(&self) -> Option<&Work> {
        if let Deed::Work(work) = self { Some(work) } else { None }
    }

    fn reached(&self) -> Option<(SourceKind, usize)> {
        match self {
            Deed::Sessions { database, .. } | Deed::Upkeep { database, .. } | Deed::Backup { database, .. } => {
                Some((SourceKind::Database, *database))
            }
            Deed::Flush { cache, .. } => Some((SourceKind::Cache, *cache)),
            Deed::Work(work) => work.reached(),
            Deed::Service { .. } | Deed::Explain { .. } => None,
        }
    }
}

impl Work {
    fn reached(&self) -> Option<(SourceKind, usize)> {
        match self {
            Work::Sql(sql) if !sql.read_only => Some((SourceKind::Database, sql.database)),
            Work::Sessions(sessions) => Some((SourceKind::Database, sessions.database)),
            Work::Upkeep(upkeep) => Some((SourceKind::Database, upkeep.database)),
            Work::Backup(backup) => Some((SourceKind::Database, backup.database)),
            Work::Redis(redis) => Some((SourceKind::Cache, redis.cache)),
            Work::Flush(flush) => Some((SourceKind::Cache, flush.cache)),
            _ => None,
        }
    }
}

impl Plan {
    /// Databases and caches that its steps change, by our numbers of them.
    #[must_use]
    pub fn reached(&self) -> Vec<(SourceKind, usize)> {
        match self {
            Plan::Steps(steps) => steps.iter().filter_map(|step| step.work.reached()).collect(),
            Plan::Runbook(runbook) => runbook.items().iter().filter_map(|(_, step)| step.deed.reached()).collect(),
            _ => Vec::new(),
        }
    }

    /// Programs that may change something.
    #[must_use]
    pub fn programs(&self) -> Vec<&CommandStep> {
        let programs = self.works().into_iter().filter_map(|work| match work {
            Work::Command(command) if !command.reads => Some(&**command),
            _ => None,
        });
        programs.collect()
    }

    /// Requests that it sends.
    #[must_use]
    pub fn requests(&self) -> Vec<&HttpStep> {
        let requests = self.works().into_iter().filter_map(|work| match work {
            Work::Http(http) => Some(&**http),
            _ => None,
        });
        requests.collect()
    }

    /// What is written down whole, what undoes it among it.
    fn works(&self) -> Vec<&Work> {
        match self {
            Plan::Steps(steps) => steps.iter().map(|step| &step.work).collect(),
            Plan::Runbook(runbook) => runbook.items().into_iter().filter_map(|(_, step)| step.deed.work()).collect(),
            _ => Vec::new(),
        }
    }
}
