//! Sessions whose user is what a person gave, under `--redact`: they are agreed to, by one person and by two, and are ended;
//! nothing that others can read has the name, and whose they are is held against it all the same.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tokio_postgres::NoTls;

use super::second_person::{Bastion, DAEMON, NOBODY};
use super::{Guest, Stage, Told, code_in};

const GIVEN: [&str; 6] = ["clear", "--target", "main", "--redact", "--param", "who=gracehopper"];
const BOOK: &str = r#"
[[runbook]]
name = "clear"
target = "main"
level = "L2"
watch = "connections main"
expect = "> 0"
parameter = [{ name = "who", type = "text" }]
[[runbook.step]]
title = "greet {who}"
command = ["echo", "hello {who}"]
[[runbook.step]]
title = "end them"
sessions = "terminate idle in transaction"
database = "main"
older_than = "1s"
"#;

/// A session of the user whose name is given, idle in a transaction for long enough.
async fn hers(stage: &Stage) -> Guest {
    let port = stage.server.port();
    let dsn = format!("host=127.0.0.1 port={port} user=gracehopper dbname=postgres application_name=of_gracehopper");
    let (client, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
    let driven = tokio::spawn(async move { drop(connection.await) });
    client.batch_execute("BEGIN; SELECT 1").await.unwrap();
    let idle = "SELECT bool_and(clock_timestamp() - state_change > '1.1 s') FROM pg_stat_activity \
                WHERE state = 'idle in transaction'";
    stage.until(idle).await;
    Guest { client, driven }
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.server.sql("postgres", "CREATE ROLE gracehopper LOGIN");
    stage
}

fn holds_none(text: &str) {
    assert!(!text.contains("grace") && !text.contains("hopper"), "{text}");
}

#[tokio::test]
async fn a_code_is_for_them_and_not_for_whoever_is_called_otherwise_by_now() {
    let stage = stage();
    stage.configure("staging", &format!("allow = true\nheadless = [\"clear\"]\n{BOOK}"));
    let guest = hers(&stage).await;
    let card = |more: &[&str]| stage.run(&[&GIVEN[..], more].concat());
    let code = code_in(&card(&[]).out);
    stage.server.sql("postgres", "ALTER ROLE gracehopper RENAME TO another");
    card(&["--confirm", &code]).refused("another's than was agreed to");
    stage.server.sql("postgres", "ALTER ROLE another RENAME TO gracehopper");
    let shown = card(&[]);
    assert!(shown.out.contains("***"), "{shown:?}");
    let told = card(&["--confirm", &code_in(&shown.out)]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("1  done") || told.out.contains("1 done"), "{told:?}");
    assert!(!guest.is_alive().await);
    for text in [&shown.out, &shown.err, &told.out, &told.err] {
        holds_none(text);
    }
}

/// Two operators, one database between them, and a runbook that asks for both.
struct Two {
    bastion: Bastion,
    stage: Stage,
}

impl Two {
    fn new() -> Option<Two> {
        let (bastion, stage) = (Bastion::new()?, stage());
        let config = bastion.path("config.toml");
        let text = format!(
            "[actions]\nallow = true\nheadless = [\"clear\"]\nshared = \"{}\"\nidle_in_transaction_older_than = \"1s\"\n\
             second_person = [\"clear\"]\n{BOOK}\n\
             [[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1:{}/postgres\"\nenvironment = \"staging\"\n",
            bastion.path("shared").display(),
            stage.server.port()
        );
        let policy = bastion.path("shared").join("policy.toml");
        for (path, text) in [(&config, text.as_str()), (&policy, "headless = [\"clear for daemon\"]\n")] {
            fs::write(path, text).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        }
        Some(Two { bastion, stage })
    }

    fn run(&self, more: &[&str]) -> Told {
        self.bastion.tell(DAEMON, &[&["run"], &GIVEN[..], more].concat())
    }

    #[track_caller]
    fn code(&self) -> (String, String) {
        let told = self.run(&[]);
        assert_eq!(told.code, 0, "{told:?}");
        (code_in(&told.out), told.out)
    }

    /// What stands on the card now is asked for, and approved.
    #[track_caller]
    fn approved(&self) {
        let (code, _) = self.code();
        let told = self.run(&["--confirm", &code]);
        assert_eq!(told.code, 10, "{told:?}");
        let id = told.out.split("quarterdeck approve ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
        let request = fs::read_to_string(self.bastion.path("shared").join("requests").join(id)).unwrap();
        assert!(request.contains("of user \\\"***\\\""), "{request}");
        holds_none(&request);
        let screen = self.bastion.approve(NOBODY, id, "main", 0);
        holds_none(&screen);
    }
}

#[tokio::test]
async fn what_another_person_approved_is_for_them_alone() {
    let Some(people) = Two::new() else { return };
    let (stays, leaves) = (hers(&people.stage).await, hers(&people.stage).await);
    people.approved();
    // Called otherwise than the second person was told, it is another's.
    people.stage.server.sql("postgres", "ALTER ROLE gracehopper RENAME TO another");
    people.run(&[]).refused("another's than was agreed to");
    people.stage.server.sql("postgres", "ALTER ROLE another RENAME TO gracehopper");
    // One leaves, and its words are those that were approved.
    let pid = leaves.pid().await;
    drop(leaves);
    people.stage.until(&format!("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})")).await;
    let comes = hers(&people.stage).await;
    let (code, shown) = people.code();
    assert!(shown.contains("nobody approved it"), "{shown}");
    let told = people.run(&["--confirm", &code]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(!stays.is_alive().await && comes.is_alive().await, "{told:?}");
    for record in people.bastion.audit(DAEMON).into_iter().chain(people.bastion.audit(NOBODY)) {
        holds_none(&record.to_string());
    }
}
