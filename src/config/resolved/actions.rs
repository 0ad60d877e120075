//! Guarded actions after all layers were merged and checked.

use std::path::PathBuf;
use std::time::Duration;

use super::{DatabaseSpec, DatabaseTarget};
use crate::config::policy::PolicyFile;
use crate::domain::Safe;
use crate::domain::target::{Environment, Provenance};
use crate::remediation::action::Action;
use crate::remediation::approval::Policy;
use crate::remediation::window::Window;

use super::EndpointSpec;

/// What may be done, and within which limits.
#[derive(Clone, Debug)]
pub struct ActionsSpec {
    /// Actions may be run.
    pub allow: bool,
    /// Folder of the audit; the user's state folder where none is given.
    pub audit: Option<PathBuf>,
    /// Folder that the operators of this host share.
    pub shared: Option<PathBuf>,
    /// Sessions idle for so long are offered for termination.
    pub idle_older_than: Duration,
    /// The same for sessions that hold a transaction open.
    pub idle_in_transaction_older_than: Duration,
    /// Sessions that one action touches at most.
    pub cap: usize,
    /// Users whose sessions are never touched.
    pub except_users: Vec<String>,
    /// Applications whose sessions are never touched.
    pub except_applications: Vec<String>,
    /// Actions that may be run where no terminal is.
    pub headless: Vec<String>,
    /// Maintenance windows: only in them anything may be destroyed.
    pub windows: Vec<Window>,
    /// The head of the audit goes to journald after every outcome.
    pub journal: bool,
    /// By how much the keys of a cache may have changed between card and effect, as a share.
    pub flush_tolerance: f64,
    /// Servers that only backups name, for their scratch databases.
    pub scratch_servers: Vec<DatabaseTarget>,
    /// The team's own actions.
    pub own: Vec<Action>,
    /// Of what a second person is asked, and what may run outside every window.
    pub policy: Policy,
    /// The shared policy as it was read: nothing runs any more when it is another.
    pub policy_file: Option<PolicyFile>,
    /// What stands on their cards beside what they do.
    pub beside: Vec<Beside>,
    /// Which alerts each of them answers, by the names of the alerts.
    pub answers: Vec<(Safe, Vec<String>)>,
}

/// What stands on a card beside what its action does.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Of which action, by its name.
    pub action: Safe,
    /// Whom it reaches.
    pub receivers: Option<Receivers>,
    /// The signal that tells requests per second, by its place.
    pub requests: Option<usize>,
    /// The signal that tells the share or number of errors.
    pub errors: Option<usize>,
    /// Whom requests of a runbook reach, by the entries of its steps.
    pub steps: Vec<(Safe, Receivers)>,
}

/// Where the receivers of an action are read, each with how much waits for it.
#[derive(Clone, Debug)]
pub enum Receivers {
    /// Rows of a name and a count.
    Sql {
        /// Of which database, by its place.
        database: usize,
        /// One statement that only reads.
        sql: String,
    },
    /// An object of names with their counts, or a list of objects with `name` and `count`.
    Endpoint {
        /// How it is asked.
        request: EndpointSpec,
        /// Where in the answer it stands (RFC 6901).
        pointer: String,
    },
}

impl Default for ActionsSpec {
    fn default() -> ActionsSpec {
        ActionsSpec {
            allow: false,
            audit: None,
            shared: None,
            idle_older_than: Duration::from_secs(600),
            idle_in_transaction_older_than: Duration::from_secs(300),
            cap: 50,
            except_users: Vec::new(),
            except_applications: Vec::new(),
            headless: Vec::new(),
            windows: Vec::new(),
            journal: false,
            flush_tolerance: 0.1,
            scratch_servers: Vec::new(),
            own: Vec::new(),
            policy: Policy::default(),
            policy_file: None,
            beside: Vec::new(),
            answers: Vec::new(),
        }
    }
}

impl DatabaseSpec {
    /// Of a server that is not watched.
    #[must_use]
    pub fn bare(target: DatabaseTarget) -> DatabaseSpec {
        DatabaseSpec {
            name: Safe::of("scratch"),
            target,
            interval: Duration::from_secs(2),
            deadline: Duration::from_secs(5),
            statements_interval: Duration::from_secs(10),
            scalars: Vec::new(),
            hit_target: None,
            environment: Environment::Production,
            provenance: Provenance::Configured,
        }
    }
}
