//! Procedures of a team's own on a real server: values that are given, a backup and upkeep as steps of one guarded whole.

use std::fs;

use super::{Stage, code_in};

const TABLES: &str = "ALTER ROLE ops CREATEDB; GRANT pg_read_all_data TO ops; \
    CREATE TABLE webhooks (id int PRIMARY KEY, is_active bool NOT NULL); ALTER TABLE webhooks OWNER TO ops; \
    INSERT INTO webhooks SELECT g, true FROM generate_series(1, 5) AS g";

fn stage() -> Stage {
    let stage = Stage::new();
    stage.server.sql("postgres", TABLES);
    let folder = stage.home.path().join("dumps");
    fs::create_dir(&folder).unwrap();
    let folder = folder.display().to_string();
    stage.configure(
        "staging",
        &format!(
            r#"allow = true
headless = ["disable-webhook", "tidy"]
[[action]]
name = "nightly"
backup = "main"
folder = {folder:?}
scratch = "main"
[[action]]
name = "vacuum-webhooks"
vacuum = "public.webhooks"
[[runbook]]
name = "disable-webhook"
target = "main"
level = "L2"
watch = "connections main"
expect = "> 0"
[[runbook.parameter]]
name = "webhook"
type = "integer"
[[runbook.step]]
title = "disable webhook {{webhook}}"
statement = "UPDATE webhooks SET is_active = false WHERE id = $1 AND is_active"
binds = ["{{webhook}}"]
[[runbook]]
name = "tidy"
target = "main"
level = "L2"
watch = "connections main"
expect = "> 0"
[[runbook.step]]
action = "nightly"
[[runbook.step]]
action = "vacuum-webhooks"
"#
        ),
    );
    stage
}

#[test]
fn a_value_is_bound_and_stands_on_the_card_and_in_the_audit() {
    let stage = stage();
    let asked = ["disable-webhook", "--target", "main", "--param", "webhook=3"];
    let card = stage.run(&asked);
    assert_eq!(card.code, 0, "{card:?}");
    assert!(card.out.contains("$1 = 3") && card.out.contains("disable webhook 3"), "{}", card.out);
    let code = code_in(&card.out);
    // A code stands for its value and for no other.
    let other = ["disable-webhook", "--target", "main", "--param", "webhook=4", "--confirm", &code];
    assert_eq!(stage.run(&other).code, 10);
    let card = stage.run(&asked);
    let told = stage.run(&[&asked[..], &["--confirm", &code_in(&card.out)]].concat());
    assert_eq!(told.code, 0, "{told:?}");
    let seen = "SELECT string_agg(id::text, ',') FROM webhooks WHERE NOT is_active";
    assert_eq!(stage.server.sql("postgres", seen), "3");
    let intent = stage.audit().iter().map(ToString::to_string).find(|record| record.contains("\"intent\"")).unwrap();
    assert!(intent.contains("webhook 3"), "{intent}");
    for (given, why) in [("webhook=1 OR true", "it is a whole number"), ("webhook=", "webhook is empty")] {
        let refused = stage.run(&["disable-webhook", "--target", "main", "--param", given]);
        assert!(refused.code != 0 && refused.err.contains(why), "{given}: {refused:?}");
    }
    let refused = stage.run(&["disable-webhook", "--target", "main"]);
    assert!(refused.code != 0 && refused.err.contains("needs webhook"), "{refused:?}");
}

#[test]
fn back_up_then_vacuum_is_one_guarded_whole() {
    let stage = stage();
    let card = stage.run(&["tidy", "--target", "main"]);
    assert_eq!(card.code, 0, "{card:?}");
    assert!(card.out.contains("VACUUM public.webhooks") && card.out.contains("pg_dump"), "{}", card.out);
    let told = stage.run(&["tidy", "--target", "main", "--confirm", &code_in(&card.out)]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(stage.events(), ["intent", "step", "step", "outcome"]);
    let seen = "SELECT last_vacuum IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'webhooks'";
    assert_eq!(stage.server.sql("postgres", seen), "t");
    let dumps = fs::read_dir(stage.home.path().join("dumps")).unwrap().count();
    assert_eq!(dumps, 1, "a dump that was restored");
}
