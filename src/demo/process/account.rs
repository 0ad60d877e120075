//! Whom servers and services run as: PostgreSQL refuses to run as root, and the rest need not either.

use std::fs;

use super::super::error::{DemoError, Doing};

/// An unprivileged account of this machine.
#[derive(Debug, Clone)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl Account {
    /// The account to change to; none when we are unprivileged already.
    pub fn to_drop_to() -> Result<Option<Self>, DemoError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").doing("read /etc/passwd")?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::named(&accounts, name))
            .map(Some)
            .ok_or_else(|| DemoError::new("run by root, the sample needs the account `postgres` or `nobody`"))
    }

    fn named(accounts: &str, name: &str) -> Option<Self> {
        let fields: Vec<_> = accounts
            .lines()
            .map(|line| line.split(':'))
            .find_map(|mut fields| (fields.next() == Some(name)).then(|| fields.collect()))?;
        let number = |at: usize| fields.get(at).and_then(|text: &&str| text.parse::<u32>().ok());
        let (uid, gid) = (number(1)?, number(2)?);
        (uid != 0).then_some(Self { uid, gid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_read_by_name_and_is_never_root() {
        let accounts = "root:x:0:0::/root:/bin/sh\npostgres:x:101:104:db:/var:/bin/sh\nnobody:x:0:0::/:/bin/false\n";
        let postgres = Account::named(accounts, "postgres").unwrap();
        assert_eq!((postgres.uid, postgres.gid), (101, 104));
        assert!(Account::named(accounts, "nobody").is_none());
        assert!(Account::named(accounts, "post").is_none());
    }
}
