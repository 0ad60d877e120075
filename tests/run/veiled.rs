//! Values that an action is given, under `--redact`: neither the card, nor what a real server answers, nor a record has them.

use super::{Stage, code_in};

const BOOK: &str = r#"
[[runbook]]
name = "book"
target = "main"
level = "L2"
watch = "connections main"
expect = "> 0"
parameter = [{ name = "who", type = "text" }]
[[runbook.step]]
title = "greet {who}"
command = ["echo", "hello {who}"]
[[runbook.step]]
title = "break"
statement = "UPDATE pg_class SET relname = relname WHERE oid = $1::int"
binds = ["{who}"]
"#;

fn audit(stage: &Stage) -> String {
    stage.audit().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn no_line_and_no_record_has_them() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\nheadless = [\"book\"]\n{BOOK}"));
    let given = ["book", "--target", "main", "--redact", "--param", "who=grace hopper"];
    let card = stage.run(&given);
    assert_eq!(card.code, 0, "{card:?}");
    assert!(card.out.contains("'hello ***'") && card.out.contains("$1 = ***"), "{}", card.out);
    assert!(card.out.contains("--param who=***"), "{}", card.out);
    assert!(card.out.contains(" --redact (with what was given for ***)"), "{}", card.out);
    let told = stage.run(&[&given[..], &["--confirm", &code_in(&card.out)]].concat());
    assert_eq!(told.code, 11, "{told:?}");
    assert!(told.out.contains("hello ***") && told.out.contains("invalid input syntax"), "{told:?}");
    let records = audit(&stage);
    assert!(records.contains("hello ***"), "{records}");
    for text in [&card.out, &card.err, &told.out, &told.err, &records] {
        assert!(!text.contains("grace") && !text.contains("hopper"), "{text}");
    }
}

#[tokio::test]
async fn another_value_is_another_consent() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\nheadless = [\"book\"]\n{BOOK}"));
    let run = |who: &str, more: &[&str]| {
        let given = format!("who={who}");
        stage.run(&[&["book", "--target", "main", "--redact", "--param", &given][..], more].concat())
    };
    let code = code_in(&run("ada", &[]).out);
    run("grace", &["--confirm", &code]).refused("what was confirmed is not what would be done");
}
