//! The turn of a database that is lost in the middle with its connection: what follows has it again and says so, or stops
//! where another has it by then. And one database by two names.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Guest, Stage, Told, code_in};

/// Only a failure reaches it.
const PATIENCE: Duration = Duration::from_secs(60);
const LOCK: &str =
    "pg_try_advisory_lock(1902404459, (SELECT oid::int8::int4 FROM pg_database WHERE datname = current_database()))";

/// Waits for what a step of the program makes.
pub(super) async fn there(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < PATIENCE, "{} never came", path.display());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Cuts off whoever has the turn; with `taken` somebody else has it afterwards.
async fn cut_off(stage: &Stage, taken: bool) -> Guest {
    let other = stage.guest().await;
    let own = other.pid().await;
    let cut =
        format!("SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND pid <> {own}");
    let begun = Instant::now();
    loop {
        stage.server.sql("postgres", &cut);
        // Who watches may have taken it again already.
        if !taken || other.client.query_one(&format!("SELECT {LOCK}"), &[]).await.unwrap().get::<_, bool>(0) {
            return other;
        }
        assert!(begun.elapsed() < PATIENCE, "the lock is not to be had");
    }
}

pub(super) fn begun(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// A runbook that changes a row, waits in a program, and makes a file.
fn with_a_runbook(stage: &Stage) {
    let home = stage.home.path().display();
    let waits = format!("touch {home}/here; while [ ! -e {home}/go ]; do sleep 0.05; done");
    stage
        .server
        .sql("postgres", "CREATE TABLE flags (id int); INSERT INTO flags VALUES (1); GRANT ALL ON flags TO ops");
    let book = format!(
        "[[runbook]]\nname = \"book\"\ntarget = \"main\"\nlevel = \"L2\"\nwatch = \"connections main\"\nexpect = \"> 0\"\n\
         [[runbook.step]]\ntitle = \"flag\"\nstatement = \"UPDATE flags SET id = 2\"\n\
         [[runbook.step]]\ntitle = \"wait\"\ncommand = [\"sh\", \"-c\", \"{waits}\"]\ndeadline = \"2m\"\n\
         [[runbook.step]]\ntitle = \"after\"\ncommand = [\"touch\", \"{home}/after\"]\n"
    );
    stage.configure("staging", &format!("allow = true\nheadless = [\"book\"]\n{book}"));
}

#[tokio::test]
async fn a_runbook_has_it_again_or_stops() {
    for taken in [true, false] {
        let stage = Stage::new();
        with_a_runbook(&stage);
        let at = |name: &str| stage.home.path().join(name);
        let code = code_in(&stage.run(&["book", "--target", "main"]).out);
        let child = begun(&mut stage.command(&["book", "--target", "main", "--confirm", &code]));
        there(&at("here")).await;
        let _other = cut_off(&stage, taken).await;
        std::fs::write(at("go"), "").unwrap();
        let told = Told::of(tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap());
        let all = format!("{}{}", told.out, told.err);
        if taken {
            assert!(told.code != 0 && !at("after").exists(), "{all}");
            assert!(all.contains("meanwhile it is held by another operator: app with shop"), "{all}");
        } else {
            assert!(told.code == 0 && at("after").exists(), "{} {all}", told.code);
            assert!(all.contains("it was taken again"), "{all}");
        }
    }
}

#[tokio::test]
async fn a_runbook_over_one_database_by_two_names_is_done() {
    let stage = Stage::new();
    stage
        .server
        .sql("postgres", "CREATE TABLE flags (id int); INSERT INTO flags VALUES (1); GRANT ALL ON flags TO ops");
    let book = "[[runbook]]\nname = \"book\"\ntarget = \"main\"\nlevel = \"L2\"\nwatch = \"connections main\"\nexpect = \"> 0\"\n\
                [[runbook.step]]\ntitle = \"one\"\nstatement = \"UPDATE flags SET id = 2\"\ndatabase = \"main\"\n\
                [[runbook.step]]\ntitle = \"two\"\nstatement = \"UPDATE flags SET id = 3\"\ndatabase = \"twin\"\n";
    let twin = format!(
        "[[database]]\nname = \"twin\"\nurl = \"postgresql://ops@127.0.0.1:{}/postgres\"\nenvironment = \"staging\"\n",
        stage.server.port()
    );
    stage.configure("staging", &format!("allow = true\nheadless = [\"book\"]\n{book}{twin}"));
    let card = stage.run(&["book", "--target", "main"]);
    assert_eq!(card.code, 0, "{card:?}");
    let told = stage.run(&["book", "--target", "main", "--confirm", &code_in(&card.out)]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(stage.server.sql("postgres", "SELECT id FROM flags"), "3");
}

#[tokio::test]
async fn a_backup_stops_where_another_has_it() {
    let yard = super::backup::Yard::new("");
    let at = |name: &str| yard.stage.home.path().join(name);
    let (here, go) = (at("here"), at("go"));
    let script = format!(
        "\"$REAL\" \"$@\" || exit 1; touch {}; while [ ! -e {} ]; do sleep 0.05; done",
        here.display(),
        go.display()
    );
    yard.fake("pg_dump", &script);
    let code = code_in(&yard.card().out);
    let child = begun(&mut yard.command(&["--confirm", &code]));
    there(&here).await;
    let _other = cut_off(&yard.stage, true).await;
    std::fs::write(&go, "").unwrap();
    let told = Told::of(tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap());
    let all = format!("{}{}", told.out, told.err);
    assert!(told.code != 0 && all.contains("is not to be had again: held by another operator: app"), "{all}");
    assert!(!all.contains("restored into"), "{all}");
    yard.is_clean();
}
