//! No prompt ever reaches the terminal: the test runs once more in a real pseudo-terminal of its own, where `/dev/tty` can
//! be opened by us and not by what we start.

use std::io::Read;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use quarterdeck::adapters::act::Commands;
use quarterdeck::domain::Cause;
use quarterdeck::remediation::step::StepEnd;

use super::{DEADLINE, local, words};

const INSIDE: &str = "QUARTERDECK_TEST_INSIDE_A_TERMINAL";
const NAME: &str = "act::terminal::a_prompt_never_reaches_the_terminal";

#[test]
fn a_prompt_never_reaches_the_terminal() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let pty = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", NAME, "--nocapture"]);
    command.env(INSIDE, "1");
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader().unwrap();
    let mut shown = Vec::new();
    // Ends with an error when the last of them is gone.
    let _ = reader.read_to_end(&mut shown);
    let status = child.wait().unwrap();
    let shown = String::from_utf8_lossy(&shown);
    assert!(status.success(), "{shown}");
    assert!(shown.contains("a terminal is here") && !shown.contains("assword"), "{shown}");
}

#[expect(clippy::print_stdout, reason = "the outer test reads it")]
fn inside() {
    std::fs::File::options().read(true).write(true).open("/dev/tty").expect("this process has a terminal");
    println!("a terminal is here");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // What sudo, ssh and polkit's agent do when they ask.
        let ask = "printf 'Password: ' > /dev/tty && read answer < /dev/tty";
        let mut step = local(&["true"]);
        step.become_argv = Some(words(&["sh", "-c", ask, "sh"]));
        let end = Commands::here().run_command(&step, DEADLINE).await.step_end(&step);
        let StepEnd::Failed(Cause::CommandFailed { said, .. }) = end else { panic!("{end:?}") };
        assert!(said.as_str().contains("/dev/tty"), "{said}");
    });
}
