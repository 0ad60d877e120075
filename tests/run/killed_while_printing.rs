//! A program that is killed in the middle of an order: what it started and what still prints goes on to its own end, and is not
//! ended by its next line.

use std::fs;
use std::io::Write;
use std::process::Command;

use super::{Stage, code_in, until};

/// More than a pipe holds, so that somebody has to take it.
const LINES: usize = 20_000;

#[tokio::test]
async fn what_still_prints_goes_on_to_its_own_end() {
    let stage = Stage::new();
    let home = stage.home.path();
    let (begun, gate, done) = (home.join("begun"), home.join("gate"), home.join("done"));
    assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let script = format!(
        "touch {}; read -r go < {}; i=0; while [ $i -lt {LINES} ]; do echo line $i; echo oops $i >&2; i=$((i+1)); done; \
         touch {}",
        begun.display(),
        gate.display(),
        done.display()
    );
    stage.configure(
        "staging",
        &format!(
            "allow = true\nheadless = [\"prints\"]\n[[runbook]]\nname = \"prints\"\ntarget = \"main\"\nlevel = \"L2\"\n\
             watch = \"connections main\"\nexpect = \"> 0\"\n[[runbook.step]]\ntitle = \"print\"\ndeadline = \"5m\"\n\
             command = [\"sh\", \"-c\", {script:?}]\n"
        ),
    );
    let card = stage.command(&["prints", "--target", "main"]).output().unwrap();
    let card = String::from_utf8(card.stdout).unwrap();
    let arguments = ["prints", "--target", "main", "--reason", "a drill", "--confirm", &code_in(&card)];
    let told = fs::File::create(home.join("told")).unwrap();
    let mut killed = stage.command(&arguments).stdout(told.try_clone().unwrap()).stderr(told).spawn().unwrap();
    until("it runs", || {
        let ended = killed.try_wait().unwrap();
        assert!(ended.is_none(), "{ended:?} {}", fs::read_to_string(home.join("told")).unwrap());
        begun.exists().then_some(())
    });
    killed.kill().unwrap();
    killed.wait().unwrap();
    fs::OpenOptions::new().write(true).open(&gate).unwrap().write_all(b"go\n").unwrap();
    until("the script came to its end", || done.exists().then_some(()));
}
