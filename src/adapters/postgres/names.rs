//! Names of roles and databases by their oid: asked once, so that no reading joins catalogues for them.

use std::collections::HashMap;

use tokio_postgres::types::Type;

use super::column::{Bytes, get};
use super::link::{Failure, Link};
use crate::domain::{Cause, Untrusted};

const NAMES: &str = include_str!("sql/names.sql");
/// Most names kept; past it all are asked anew.
const MOST: usize = 4096;

/// What is known.
#[derive(Default)]
pub struct Names {
    roles: HashMap<u32, Untrusted>,
    databases: HashMap<u32, Untrusted>,
}

impl Names {
    /// A role's name; its oid while it is not known.
    pub fn role(&self, oid: Option<u32>) -> Untrusted {
        Self::of(&self.roles, oid)
    }

    /// A database's name.
    pub fn database(&self, oid: Option<u32>) -> Untrusted {
        Self::of(&self.databases, oid)
    }

    fn of(known: &HashMap<u32, Untrusted>, oid: Option<u32>) -> Untrusted {
        let Some(oid) = oid else { return Untrusted::default() };
        known.get(&oid).cloned().unwrap_or_else(|| Untrusted::from(format!("oid {oid}")))
    }

    /// Asks for those that are not known yet. One statement, and only when somebody new came.
    pub async fn learn(&mut self, link: &mut Link, roles: &[u32], databases: &[u32]) -> Result<(), Failure> {
        let roles = missing(&self.roles, roles);
        let databases = missing(&self.databases, databases);
        if roles.is_empty() && databases.is_empty() {
            return Ok(());
        }
        if self.roles.len() + self.databases.len() > MOST {
            *self = Names::default();
        }
        for oid in &roles {
            self.roles.insert(*oid, Untrusted::from(format!("oid {oid}")));
        }
        for row in link.query(NAMES, &[(&roles, Type::OID_ARRAY), (&databases, Type::OID_ARRAY)]).await? {
            let read =
                || Ok::<_, Cause>((get::<bool>(&row, 0)?, get::<u32>(&row, 1)?, get::<Bytes<'_>>(&row, 2)?.keep()));
            if let Ok((is_role, oid, name)) = read() {
                if is_role {
                    self.roles.insert(oid, name)
                } else {
                    self.databases.insert(oid, name)
                };
            }
        }
        Ok(())
    }
}

fn missing(known: &HashMap<u32, Untrusted>, wanted: &[u32]) -> Vec<u32> {
    let mut missing: Vec<u32> = wanted.iter().copied().filter(|oid| !known.contains_key(oid)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing.truncate(500);
    missing
}
