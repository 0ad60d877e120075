//! The server stops answering in the middle of a runbook, so that nobody knows whether other operators are still kept out:
//! nothing more is sent, but for what may be what makes the server answer again.

use super::lost_turns::{begun, there};
use super::systemd_lab::Lab;
use super::{Stage, Told, code_in, skipped};

/// A runbook that changes a row, and then waits while the server goes away; what its last step made, with all that was said.
async fn after_the_server_went(stage: &Stage, last: &str) -> Told {
    let home = stage.home.path().display();
    let waits = format!("touch {home}/here; while [ ! -e {home}/go ]; do sleep 0.05; done");
    stage
        .server
        .sql("postgres", "CREATE TABLE flags (id int); INSERT INTO flags VALUES (1); GRANT ALL ON flags TO ops");
    let book = format!(
        "[[runbook]]\nname = \"book\"\ntarget = \"main\"\nlevel = \"L2\"\nwatch = \"connections main\"\nexpect = \"> 0\"\n\
         within = \"5s\"\n\
         [[runbook.step]]\ntitle = \"flag\"\nstatement = \"UPDATE flags SET id = 2\"\n\
         [[runbook.step]]\ntitle = \"wait\"\ncommand = [\"sh\", \"-c\", \"{waits}\"]\ndeadline = \"2m\"\n\
         [[runbook.step]]\ntitle = \"last\"\n{last}\n"
    );
    stage.configure("staging", &format!("allow = true\nheadless = [\"book\"]\n{book}"));
    let path = std::env::var("PATH").unwrap();
    let card = Told::of(stage.command(&["book", "--target", "main"]).env("PATH", &path).output().unwrap());
    assert_eq!(card.code, 0, "{card:?}");
    let code = code_in(&card.out);
    let child = begun(stage.command(&["book", "--target", "main", "--confirm", &code]).env("PATH", &path));
    there(&stage.home.path().join("here")).await;
    stage.server.stop();
    std::fs::write(stage.home.path().join("go"), "").unwrap();
    Told::of(tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap())
}

#[tokio::test]
async fn nothing_more_is_sent() {
    let stage = Stage::new();
    let after = stage.home.path().join("after");
    let told = after_the_server_went(&stage, &format!("command = [\"touch\", \"{}\"]", after.display())).await;
    let all = format!("{}{}", told.out, told.err);
    assert!(told.code == 11 && !after.exists(), "{} {all}", told.code);
    assert!(all.contains("is NOT KNOWN, and nothing more is sent: "), "{all}");
}

#[tokio::test]
async fn but_a_unit_is_restarted_that_may_be_the_cure() {
    let lab = match Lab::boot() {
        Ok(lab) => lab,
        Err(why) => return skipped("a runbook that restarts a unit of a real systemd", &why),
    };
    let stage = Stage::new();
    let process = || lab.ask(&["show", "api.service", "--property=MainPID,InvocationID"]);
    let before = process();
    let way: Vec<String> = lab.way_in().iter().map(|word| format!("{word:?}")).collect();
    let last = format!("unit = \"api.service\"\nstable = \"1s\"\nbecome = [{}]", way.join(", "));
    let told = after_the_server_went(&stage, &last).await;
    let all = format!("{}{}", told.out, told.err);
    assert_ne!(process(), before, "{all}");
    assert!(all.contains("is NOT KNOWN (") && all.contains("it goes on, for it may make that answer again"), "{all}");
}
