//! The card of a backup: the database, the programs, the folder and the scratch server are looked at, and nothing is changed.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::adapters::act::Commands;
use crate::adapters::backup as files;
use crate::adapters::postgres::{Backed, PostgresSource, ScratchServer};
use crate::app::Event;
use crate::config::resolved::DatabaseSpec;
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe, Untrusted, figure};
use crate::remediation::backup::{Backup, SPACE, dump_argv, restore_argv, stem};
use crate::remediation::card::{Identity, Preview};
use crate::remediation::object::{Object, ObjectKey};
use crate::remediation::place::quoted;

use super::{MOST_TABLES, off, old, unfinished};
use crate::runtime::clock;
use crate::runtime::database_orders::DatabaseOrder;
use crate::runtime::inbox::Inbox;

/// What is looked at.
pub struct Looked {
    /// Its number, for the answer.
    pub id: u64,
    /// What is asked for.
    pub backup: Backup,
    /// What the database is called here.
    pub name: Safe,
    /// Orders to the database.
    pub kept: Option<mpsc::Sender<DatabaseOrder>>,
    /// Where it would be restored.
    pub scratch: Option<DatabaseSpec>,
}

/// Looks, and tells what was found.
pub async fn preview(looked: Looked, deadline: Duration, inbox: &Inbox) {
    let (begun, id) = (clock::now(), looked.id);
    let outcome = timeout(deadline, Box::pin(look(looked, deadline))).await;
    let outcome = outcome.unwrap_or(Err(Cause::Timeout { phase: Phase::Whole, after: deadline }));
    inbox.tell(Event::Previewed { id, outcome: Box::new(outcome), begun });
}

async fn look(looked: Looked, deadline: Duration) -> Result<Preview, Cause> {
    let Looked { backup, name, kept, scratch, .. } = looked;
    let unknown = || Cause::Other(Safe::of("no database of the configuration"));
    let (kept, scratch) = (kept.ok_or_else(unknown)?, scratch.ok_or_else(unknown)?);
    let commands = Commands::here();
    let mut server = PostgresSource::new(scratch);
    let folder = backup.folder.clone();
    // First, so that the kept connection has its place when those of the scratch server are counted, which may be the same.
    let backed = of_database(&kept, deadline).await?;
    let (versions, room, server) = tokio::join!(
        files::versions(&commands),
        off(move || files::look_at_folder(&folder)),
        server.look_at_scratch(deadline.mul_f64(0.8)),
    );
    let mut preview = backed.preview.clone();
    compared(&mut preview, &backed);
    programs(&mut preview, &backed, versions);
    space(&mut preview, &backed, &backup, room);
    match &server {
        Ok(server) => restored(&mut preview, &backed, server),
        Err(cause) => preview.obstacles.push(Safe::of(format!("the scratch server cannot be reached: {cause}"))),
    }
    preview.effect = effect(&backup, &name);
    old::on_card(&mut preview, &backup, &name).await;
    unfinished::on_card(&mut preview, &backup, &name, clock::now()).await;
    Ok(preview)
}

async fn of_database(kept: &mpsc::Sender<DatabaseOrder>, deadline: Duration) -> Result<Backed, Cause> {
    let (reply, answer) = oneshot::channel();
    let busy = || Cause::Other(Safe::of("the database is still busy with what was asked before"));
    kept.try_send(DatabaseOrder::LookAtBackup { reply, deadline: deadline.mul_f64(0.8) }).map_err(|_full| busy())?;
    answer.await.map_err(|_gone| busy())?
}

/// What proves the copy, and how far that goes.
fn compared(preview: &mut Preview, backed: &Backed) {
    if usize::try_from(backed.tables).is_ok_and(|tables| tables > MOST_TABLES) {
        preview.obstacles.push(Safe::of(format!(
            "it has {} tables, more than {MOST_TABLES}: not all could be compared, and nothing would be proved",
            backed.tables
        )));
    }
    preview
        .remarks
        .push(Safe::of("the copy is compared by the number of rows of every table, and not by what is in them"));
}

fn programs(preview: &mut Preview, backed: &Backed, versions: Result<(u32, u32), Cause>) {
    match versions {
        Err(cause) => preview.obstacles.push(Safe::of(format!("the programs of PostgreSQL: {cause}"))),
        Ok((dump, restore)) if dump < backed.major || restore < dump => preview.obstacles.push(Safe::of(format!(
            "pg_dump {dump} and pg_restore {restore} are here, and the server is {}: neither may be older",
            backed.major
        ))),
        Ok((dump, restore)) => {
            let words = format!("pg_dump {dump} and pg_restore {restore} for a server of version {}", backed.major);
            preview.remarks.push(Safe::of(words));
        }
    }
}

fn space(preview: &mut Preview, backed: &Backed, backup: &Backup, room: Result<u64, Cause>) {
    let folder = backup.folder.display();
    let size = backed.size.and_then(|size| u64::try_from(size).ok());
    match (room, size) {
        (Err(cause), _) => preview.obstacles.push(Safe::of(format!("the folder {folder}: {cause}"))),
        (Ok(_), None) => preview.obstacles.push(Safe::of("how large the database is may not be asked: GRANT CONNECT")),
        (Ok(free), Some(size)) => {
            let wanted = (size as f64 * SPACE) as u64;
            let words = format!(
                "{} free in {folder}, {} wanted: the database's {} times {SPACE}",
                figure::bytes(free),
                figure::bytes(wanted),
                figure::bytes(size)
            );
            let list = if free < wanted { &mut preview.obstacles } else { &mut preview.remarks };
            list.push(Safe::of(words));
        }
    }
}

fn restored(preview: &mut Preview, backed: &Backed, server: &ScratchServer) {
    preview.obstacles.extend(server.obstacles.iter().cloned());
    if server.major < backed.major {
        preview.obstacles.push(Safe::of(format!(
            "the scratch server is of version {}, older than {}: it could not read all of the dump",
            server.major, backed.major
        )));
    }
    let is_same = same_server(&backed.preview.identity, &server.identity);
    match server.logins(is_same) {
        Ok(words) => preview.remarks.push(Safe::of(format!("on the scratch server {words}"))),
        Err(why) => preview.obstacles.push(Safe::of(format!("on the scratch server {why}"))),
    }
    let size = backed.size.and_then(|size| u64::try_from(size).ok()).map(figure::bytes);
    let size = size.unwrap_or_else(|| "the database's size".to_owned());
    // No server tells how full its disk is.
    let not_known = "how much is free there is not known";
    if is_same {
        let words = format!(
            "WARNING: the scratch server is the server of the database itself: its own disk fills by {size} or more while \
             the copy is there, and {not_known}"
        );
        preview.remarks.insert(0, Safe::of(words));
    } else {
        let words = format!("the copy takes {size} or more of the disk of the scratch server: {not_known}");
        preview.remarks.push(Safe::of(words));
    }
    for name in &server.left {
        preview.remarks.push(Safe::of(format!("a scratch database of another run is still there: {name}")));
    }
    preview.objects.push(Object {
        key: key(server),
        label: Safe::of(format!("a scratch database on {}", server.which.one_line())),
        query: Untrusted::default(),
        user: Safe::default(),
        application: Safe::of("scratch"),
        client: Safe::of(format!("{} tables of the database", backed.tables)),
        database: Safe::default(),
        age: None,
        remark: Safe::default(),
    });
}

/// Where no system identifier may be read, by the address.
fn same_server(source: &Identity, scratch: &Identity) -> bool {
    let fact = |identity: &Identity, wanted: &str| {
        identity.facts.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone())
    };
    let readable = |value: &Option<Untrusted>| value.as_ref().is_some_and(|value| value.as_bytes() != b"not readable");
    let (one, other) = (fact(source, "system identifier"), fact(scratch, "system identifier"));
    if readable(&one) && readable(&other) {
        return one == other;
    }
    fact(source, "server") == fact(scratch, "server")
}

/// The server where it is restored is consented to as well.
pub fn key(server: &ScratchServer) -> ObjectKey {
    let mut bytes = b"scratch on ".to_vec();
    bytes.extend_from_slice(server.which.as_bytes());
    ObjectKey::Named(Untrusted::new(bytes))
}

/// What is run, with the time and the numbers that only then are known left open.
fn effect(backup: &Backup, name: &Safe) -> Vec<Untrusted> {
    let file = backup.folder.join(format!("{}-TIME.dump", stem(name)));
    let lines = [
        "BEGIN … REPEATABLE READ, READ ONLY; SELECT pg_export_snapshot(); SELECT count(*) of each table".to_owned(),
        quoted(&dump_argv("SNAPSHOT", &file)),
        "CREATE DATABASE qd_restore_TIME_CHANCE TEMPLATE template0 (on the scratch server)".to_owned(),
        quoted(&restore_argv("qd_restore_TIME_CHANCE", &file)),
        "SELECT count(*) of each table of the copy; DROP DATABASE qd_restore_TIME_CHANCE".to_owned(),
    ];
    lines.into_iter().map(Untrusted::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_tables_than_can_be_compared_are_refused_on_the_card() {
        let of = |tables: i64| {
            let backed = Backed { preview: Preview::default(), major: 15, size: Some(1), tables };
            let mut preview = Preview::default();
            compared(&mut preview, &backed);
            assert!(
                preview.remarks[0].as_str().contains("the number of rows of every table"),
                "how far the proof goes"
            );
            preview.obstacles
        };
        assert!(of(20_000).is_empty());
        assert!(of(20_001)[0].as_str().starts_with("it has 20001 tables, more than 20000"));
    }
}
