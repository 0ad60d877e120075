//! A program that is killed in the middle of an order over ssh leaves nothing of its own on the disk.

use std::fs;
use std::io::Write;
use std::process::Command;

use super::sshd::Sshd;
use super::{Stage, code_in, skipped, until};

#[tokio::test]
async fn nothing_of_the_client_is_left_behind_by_a_kill() {
    let sshd = match Sshd::start() {
        Ok(sshd) => sshd,
        Err(why) => return skipped("a kill in the middle of an order over ssh", &why),
    };
    let stage = Stage::new();
    let (begun, gate, temporary) = (sshd.at("begun"), sshd.at("gate"), sshd.at("temporary"));
    fs::create_dir(&temporary).unwrap();
    assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
    // Over there it says that it runs, and waits for the gate.
    stage.configure(
        "staging",
        &format!(
            "allow = true\nheadless = [\"far\"]\n[[runbook]]\nname = \"far\"\ntarget = \"main\"\nlevel = \"L2\"\n\
             watch = \"connections main\"\nexpect = \"> 0\"\n[[runbook.step]]\ntitle = \"wait\"\ndeadline = \"5m\"\n\
             command = [\"sh\", \"-c\", \"touch {} && cat {}\"]\nssh = \"lab\"\n",
            begun.display(),
            gate.display()
        ),
    );
    let path = format!("{}:/usr/bin:/bin", sshd.at("bin").display());
    let program = |arguments: &[&str]| {
        let mut command = stage.command(arguments);
        command.env("PATH", &path).env("TMPDIR", &temporary);
        command
    };
    let card = program(&["far", "--target", "main"]).output().unwrap();
    let card = String::from_utf8(card.stdout).unwrap();
    let arguments = ["far", "--target", "main", "--reason", "a drill", "--confirm", &code_in(&card)];
    let told = fs::File::create(sshd.at("told")).unwrap();
    let mut killed = program(&arguments).stdout(told.try_clone().unwrap()).stderr(told).spawn().unwrap();
    until("it runs over there", || {
        let ended = killed.try_wait().unwrap();
        assert!(ended.is_none(), "{ended:?} {}", fs::read_to_string(sshd.at("told")).unwrap());
        begun.exists().then_some(())
    });
    killed.kill().unwrap();
    killed.wait().unwrap();
    let left: Vec<_> = fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
    let mut opened = fs::OpenOptions::new().write(true).open(&gate).unwrap();
    opened.write_all(b"over\n").unwrap();
}
