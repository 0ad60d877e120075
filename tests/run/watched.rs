//! What an action looks at beside the few figures that all know: required before it, waited for in it and shown after it, in
//! fresh readings of a real server.

use super::{Stage, code_in};

fn configured(stage: &Stage, requires: &str) {
    stage.server.sql("postgres", "CREATE TABLE IF NOT EXISTS done (n int); GRANT ALL ON done TO ops");
    stage.configure(
        "dev",
        &format!(
            r#"allow = true
headless = ["tidy"]
[[runbook]]
name = "tidy"
target = "main"
level = "L2"
cool_down = "0s"
requires = ["{requires}"]
watch = "role main"
expect = "primary"
[[runbook.step]]
look = "open transactions main"
[[runbook.step]]
wait = "database main ok"
[[runbook.step]]
wait = "longest query main < 1h"
[[runbook.step]]
title = "note it"
statement = "INSERT INTO done VALUES (1)"
"#
        ),
    );
}

#[tokio::test]
async fn required_waited_for_and_shown() {
    let stage = Stage::new();
    configured(&stage, "open transactions main < 1");
    let guest = stage.idle_in_transaction().await;
    let asked = ["tidy", "--target", "main"];
    stage.run(&asked).refused("sessions idle in transaction of main is 1, and must be < 1");
    assert_eq!(stage.server.sql("postgres", "SELECT count(*) FROM done"), "0");
    guest.client.batch_execute("ROLLBACK").await.unwrap();
    let card = stage.run(&asked);
    assert_eq!(card.code, 0, "{card:?}");
    let told = stage.run(&[&asked[..], &["--confirm", &code_in(&card.out)]].concat());
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(stage.server.sql("postgres", "SELECT count(*) FROM done"), "1", "{told:?}");
    for words in ["database main", "longest query of main", "role of main"] {
        assert!(card.out.contains(words), "{words}\n{}", card.out);
    }
}
