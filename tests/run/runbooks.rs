//! Runbooks without a screen: what asks a person needs one, what fails without one is left as it is and told, and each end of
//! a step is in the audit.

use super::{Stage, code_in};

const STEPS: &str = r#"
[[runbook.step]]
title = "who is there"
query = "SELECT count(*) AS n FROM pg_stat_activity WHERE pid = pg_backend_pid()"
[[runbook.step]]
title = "drain"
command = ["echo", "drained; $(id)"]
[runbook.step.undo]
title = "fill again"
command = ["echo", "filled"]
"#;

fn configure(stage: &Stage, more: &str) {
    let runbook = "[[runbook]]\nname = \"book\"\ntarget = \"main\"\nlevel = \"L2\"\nwatch = \"connections main\"\nexpect = \"> 0\"";
    stage.configure("staging", &format!("allow = true\nheadless = [\"book\"]\n{runbook}\n{STEPS}\n{more}"));
}

#[tokio::test]
async fn all_steps_and_their_ends_on_disk() {
    let stage = Stage::new();
    configure(&stage, "");
    let card = stage.run(&["book", "--target", "main"]);
    assert_eq!(card.code, 0, "{card:?}");
    assert!(card.out.contains("undone by: fill again") && card.out.contains("read-only transaction"), "{}", card.out);
    let told = stage.run(&["book", "--target", "main", "--confirm", &code_in(&card.out)]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains(" n\n") && told.out.contains("drained; $(id)"), "{}", told.out);
    assert_eq!(stage.events(), ["intent", "step", "step", "outcome"]);
}

#[tokio::test]
async fn a_failure_without_a_person_is_left_as_it_is_and_told() {
    let stage = Stage::new();
    configure(&stage, "[[runbook.step]]\ntitle = \"break\"\ncommand = [\"false\"]\n");
    let card = stage.run(&["book", "--target", "main"]);
    let told = stage.run(&["book", "--target", "main", "--confirm", &code_in(&card.out)]);
    assert_eq!(told.code, 11, "{told:?}");
    assert!(told.out.contains("not compensated: drain") && !told.out.contains("undo of 2  fill"), "{}", told.out);
    assert_eq!(stage.events(), ["intent", "step", "step", "step", "step", "outcome"]);
}

#[tokio::test]
async fn what_asks_a_person_is_refused_up_front_without_one() {
    let stage = Stage::new();
    for gate in ["manual = \"turn the key\"", "ask = true\npause = \"1s\""] {
        configure(&stage, &format!("[[runbook.step]]\n{gate}\n"));
        stage.run(&["book", "--target", "main"]).refused("it needs a terminal to be answered on");
    }
}
