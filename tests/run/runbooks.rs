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

/// What no file can name is named when it is asked for.
const ONE: &str = r#"
[[runbook]]
name = "end-one"
target = "main"
level = "L2"
watch = "blocked main"
expect = "< 1"
parameter = [{ name = "pid", type = "integer" }]
[[runbook.step]]
sessions = "terminate one"
pid = "{pid}"
[[runbook.step]]
explain = "SELECT count(*) FROM pg_class WHERE oid = 5"
"#;

#[tokio::test]
async fn one_session_by_its_pid_and_a_plan() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\nheadless = [\"end-one\"]\n{ONE}"));
    let (one, other) = (stage.guest().await, stage.guest().await);
    let pid = one.pid().await;
    let given = format!("pid={pid}");
    let ask = ["end-one", "--target", "main", "--param", &given];
    let card = stage.run(&ask);
    assert_eq!(card.code, 0, "{card:?}");
    for said in [&format!("pid {pid} "), "pg_terminate_backend", "EXPLAIN (COSTS) SELECT count(*)", "not run"] {
        assert!(card.out.contains(said), "{said}: {}", card.out);
    }
    let told = stage.run(&[&ask[..], &["--confirm", &code_in(&card.out)]].concat());
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("Aggregate"), "the plan is shown: {}", told.out);
    assert!(!one.is_alive().await && other.is_alive().await);
    for (given, why) in [("pid=0", "number of a server process"), ("pid=x", "pid"), ("pid=", "empty")] {
        let told = stage.run(&["end-one", "--target", "main", "--param", given]);
        assert!(told.code != 0 && told.err.contains(why), "{given}: {told:?}");
    }
    let gone = stage.run(&ask);
    assert!(gone.code != 0 || gone.out.contains("nobody fits now"), "whoever has it now is not meant: {gone:?}");
}
