//! What was agreed to is the most that is touched, also where the card is made anew for it: who left or changed is reported, who
//! came is not touched; a right that is lost, another role and another policy void it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::second_person::{Bastion, DAEMON, NOBODY};
use super::{ACTION, Guest, HEADLESS, Stage, Told, code_in};

async fn two(stage: &Stage) -> (Guest, Guest) {
    (stage.idle_in_transaction().await, stage.idle_in_transaction().await)
}

/// One of the card leaves, and another comes.
async fn churn(stage: &Stage, leaves: Guest) -> Guest {
    let pid = leaves.pid().await;
    drop(leaves);
    stage.until(&format!("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})")).await;
    stage.idle_in_transaction().await
}

#[tokio::test]
async fn a_code_is_for_those_of_its_card_and_for_nobody_who_came() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\n{HEADLESS}"));
    let (stays, leaves) = two(&stage).await;
    let (_, code) = stage.dry_run();
    let comes = churn(&stage, leaves).await;
    let told = stage.confirm(&code, &[]);
    assert_eq!(told.code, 0, "{told:?}");
    for words in ["1  done", "1  already gone", "2 -> 0"] {
        assert!(told.out.contains(words), "{words:?} in\n{}", told.out);
    }
    assert!(!stays.is_alive().await && comes.is_alive().await);
    assert_eq!(stage.events(), ["intent", "outcome"]);
    let outcome = stage.audit()[1].to_string();
    assert!(outcome.contains("already gone"), "{outcome}");
}

#[tokio::test]
async fn who_does_something_else_by_now_is_reported_and_left_alone() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\n{HEADLESS}"));
    let (stays, changes) = two(&stage).await;
    let (_, code) = stage.dry_run();
    changes.client.batch_execute("COMMIT; BEGIN; SELECT 2").await.unwrap();
    let told = stage.confirm(&code, &[]);
    assert!(told.out.contains("1  done") && told.out.contains("1  changed, left alone"), "{told:?}");
    // Nobody is still as on the card: that one is not any more.
    assert_eq!(told.code, 0, "{told:?}");
    for words in ["1 of 2 changed since the card, and was left alone", "still as on the card: 2 -> 0"] {
        assert!(told.out.contains(words), "{words:?} in\n{}", told.out);
    }
    assert!(!stays.is_alive().await && changes.is_alive().await);
}

#[tokio::test]
async fn of_whom_nothing_is_left_nothing_is_done() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\n{HEADLESS}"));
    let first = stage.idle_in_transaction().await;
    let (_, code) = stage.dry_run();
    first.client.batch_execute("COMMIT; BEGIN; SELECT 2").await.unwrap();
    let comes = stage.idle_in_transaction().await;
    stage.confirm(&code, &[]).refused("all that was agreed to are gone, or changed");
    assert!(first.is_alive().await && comes.is_alive().await);
    assert_eq!(stage.events(), ["refused"]);
}

#[tokio::test]
async fn a_right_a_role_or_a_policy_that_changed_voids_a_code() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\n{HEADLESS}"));
    let guest = stage.idle_in_transaction().await;
    let (_, code) = stage.dry_run();
    stage.server.sql("postgres", "REVOKE pg_signal_backend FROM ops");
    stage.confirm(&code, &[]).refused("pg_signal_backend");
    stage.server.sql("postgres", "GRANT pg_signal_backend TO ops");
    let (_, code) = stage.dry_run();
    stage.server.sql("postgres", "ALTER ROLE app SUPERUSER");
    stage.confirm(&code, &[]).refused("must be left alone by now");
    stage.server.sql("postgres", "ALTER ROLE app NOSUPERUSER");
    let (_, code) = stage.dry_run();
    stage.server.sql("postgres", "CREATE ROLE other LOGIN; GRANT pg_signal_backend, pg_read_all_stats TO other");
    let config = fs::read_to_string(stage.config_path()).unwrap();
    fs::write(stage.config_path(), config.replace("//ops@", "//other@")).unwrap();
    stage.confirm(&code, &[]).refused("what was confirmed is not what would be done");
    assert!(guest.is_alive().await);
}

/// Two operators, one database between them, and an action that asks for both.
struct Two {
    bastion: Bastion,
    stage: Stage,
}

impl Two {
    fn new() -> Option<Two> {
        let bastion = Bastion::new()?;
        let stage = Stage::new();
        let config = bastion.path("config.toml");
        let text = format!(
            "[actions]\nallow = true\n{HEADLESS}\nidle_in_transaction_older_than = \"1s\"\nshared = \"{}\"\n\
             second_person = [\"{ACTION}\"]\n\
             [[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1:{}/postgres\"\nenvironment = \"staging\"\n",
            bastion.path("shared").display(),
            stage.server.port()
        );
        fs::write(&config, text).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o644)).unwrap();
        // Where operators share a folder, its policy grants what runs without a terminal.
        let policy = bastion.path("shared").join("policy.toml");
        fs::write(&policy, format!("headless = [\"{ACTION} for daemon\"]\n")).unwrap();
        fs::set_permissions(&policy, fs::Permissions::from_mode(0o644)).unwrap();
        Some(Two { bastion, stage })
    }

    /// The code of the card, and the card.
    #[track_caller]
    fn card(&self) -> (String, String) {
        self.card_with(&[])
    }

    #[track_caller]
    fn card_with(&self, more: &[&str]) -> (String, String) {
        let told = self.bastion.tell(DAEMON, &[&["run", ACTION, "--target", "main"], more].concat());
        assert_eq!(told.code, 0, "{told:?}");
        (code_in(&told.out), told.out)
    }

    fn confirm(&self, code: &str) -> Told {
        self.bastion.tell(DAEMON, &["run", ACTION, "--target", "main", "--confirm", code])
    }

    /// What stands on the card now is asked for, and approved.
    #[track_caller]
    fn approved(&self) -> String {
        let id = self.asked();
        self.bastion.approve(NOBODY, &id, "main", 0);
        id
    }

    /// What stands on the card now is asked for.
    #[track_caller]
    fn asked(&self) -> String {
        let (code, _) = self.card_with(&["--anew"]);
        let told = self.confirm(&code);
        assert_eq!(told.code, 10, "{told:?}");
        let id = told.out.split("quarterdeck approve ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let request = self.bastion.path("shared").join("requests").join(id.unwrap());
        let bound = fs::read_to_string(request).unwrap();
        assert!(bound.contains(r#"of user \"app\", application"#), "whose they are is bound: {bound}");
        id.unwrap().to_owned()
    }
}

/// What was approved counts under churn too: for those of the card that was approved.
#[tokio::test]
async fn an_approval_is_for_those_of_its_card_and_for_nobody_who_came() {
    let Some(people) = Two::new() else { return };
    let (stays, leaves) = two(&people.stage).await;
    people.approved();
    let comes = churn(&people.stage, leaves).await;
    let (code, shown) = people.card();
    assert!(shown.contains("nobody approved it") && shown.contains("nobody who came since"), "{shown}");
    let told = people.confirm(&code);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("1  done") && told.out.contains("1  already gone"), "{told:?}");
    assert!(!stays.is_alive().await);
    // It was used up: what is asked for now is chosen anew.
    let (_, shown) = people.card();
    assert!(shown.contains("What it touches: 1") && shown.contains("somebody else has to approve it"), "{shown}");
    assert!(comes.is_alive().await);
}

/// An approval of which all are gone holds nobody up: others are chosen, whom somebody else has to approve.
#[tokio::test]
async fn of_an_approval_of_which_all_are_gone_nothing_runs() {
    let Some(people) = Two::new() else { return };
    let (first, second) = two(&people.stage).await;
    people.approved();
    let comes = churn(&people.stage, first).await;
    let again = churn(&people.stage, second).await;
    let (code, shown) = people.card();
    assert!(shown.contains("What it touches: 2") && !shown.contains("were agreed to"), "{shown}");
    assert!(shown.contains("the approval is for another card"), "{shown}");
    let told = people.confirm(&code);
    assert_eq!(told.code, 10, "{told:?}");
    assert!(told.out.contains("waits for a second person"), "{told:?}");
    assert!(comes.is_alive().await && again.is_alive().await);
}

/// As Ctrl-R in the dashboard: what fits now, which nobody approved. The approval stays good for what it is of.
#[tokio::test]
async fn a_fresh_card_is_to_be_had_while_an_approval_stands() {
    let Some(people) = Two::new() else { return };
    let (one, two) = two(&people.stage).await;
    people.approved();
    let comes = people.stage.idle_in_transaction().await;
    let (code, shown) = people.card_with(&["--dry-run", "--anew"]);
    assert!(shown.contains("What it touches: 3") && !shown.contains("were agreed to"), "{shown}");
    assert!(shown.contains("the approval is for another card"), "{shown}");
    let told = people.confirm(&code);
    assert_eq!(told.code, 10, "{told:?}");
    assert!(told.out.contains("waits for a second person"), "{told:?}");
    let with = people.bastion.tell(DAEMON, &["run", ACTION, "--target", "main", "--anew", "--confirm", &code]);
    assert_eq!(with.code, 64, "a code is for the card that it was printed with: {with:?}");
    let (code, shown) = people.card();
    assert!(shown.contains("What it touches: 2") && shown.contains("nobody approved it"), "{shown}");
    let told = people.confirm(&code);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(!one.is_alive().await && !two.is_alive().await && comes.is_alive().await);
}

/// Who asked writes somebody else into the list once it was approved: the card is another one, and is not approved.
#[tokio::test]
async fn a_list_that_is_changed_once_it_was_approved_runs_nothing() {
    let Some(people) = Two::new() else { return };
    let guest = people.stage.idle_in_transaction().await;
    let id = people.approved();
    let (approved, _) = people.card();
    let comes = people.stage.idle_in_transaction().await;
    let other = people.asked();
    let requests = people.bastion.path("shared").join("requests");
    let wanted: serde_json::Value = serde_json::from_slice(&fs::read(requests.join(&other)).unwrap()).unwrap();
    people.bastion.change("requests", &id, |request| request["agreed"] = wanted["agreed"].clone());
    let (code, shown) = people.card();
    assert!(shown.contains("What it touches: 2") && shown.contains("the approval is for another card"), "{shown}");
    let told = people.confirm(&code);
    assert_eq!(told.code, 10, "{told:?}");
    assert!(told.err.contains("a second person has to approve it first"), "{told:?}");
    // Whoever is asked whether they live is not as they were any more.
    assert_eq!(people.stage.open_transactions(), "2");
    // A list is no consent: what was approved runs for those of its card still, by the code of that card.
    let told = people.confirm(&approved);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(!guest.is_alive().await && comes.is_alive().await);
}
