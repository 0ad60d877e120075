//! Commands and orders to a service over a real sshd.

use std::ffi::OsString;
use std::fs;
use std::process::Command;
use std::time::Duration;

use quarterdeck::adapters::act::Commands;
use quarterdeck::domain::Cause;
use quarterdeck::domain::cause::Phase;
use quarterdeck::remediation::command::CommandStep;
use quarterdeck::remediation::place::Place;
use quarterdeck::remediation::service::facts::ServiceState;
use quarterdeck::remediation::service::{Manager, ServiceStep, ServiceVerb};
use quarterdeck::remediation::step::StepEnd;

use super::sshd_server::Sshd;
use super::{DEADLINE, skipped, until, words};

impl Sshd {
    /// In our environment, with the client's stand-in first.
    fn commands(&self) -> Commands {
        let path = std::env::join_paths(
            [self.at("bin")].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let path: (OsString, OsString) = ("PATH".into(), path.unwrap());
        Commands::within(std::env::vars_os().filter(|(name, _)| name != "PATH").chain([path]))
    }

    async fn run(&self, host: &str, argv: &[&str], deadline: Duration) -> StepEnd {
        let step = far(host, argv);
        self.commands().run_command(&step, deadline).await.step_end(&step)
    }
}

fn far(host: &str, argv: &[&str]) -> CommandStep {
    let place = Place::Ssh { host: host.to_owned() };
    CommandStep { argv: words(argv), place, become_argv: None, expected_exit: Vec::new(), reads: false }
}

fn sshd() -> Option<Sshd> {
    Sshd::start().map_err(|why| skipped("a real sshd", &why)).ok()
}

#[tokio::test]
async fn words_arrive_on_the_far_side_as_they_are() {
    let Some(sshd) = sshd() else { return };
    let hostile = ["it's", "$(id)", "`id`", "; echo x", "a\nb", "", "-n", "--", "*", "\\", "\"", "é\u{202e}", "~"];
    let step = far("lab", &[&["printf", "%s\\0"], &hostile[..]].concat());
    let end = sshd.commands().run_command(&step, DEADLINE).await;
    let expected: Vec<u8> = hostile.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect();
    assert_eq!(end.output.whole(), Some(expected.as_slice()), "{}", end.last_words());
    let called = fs::read_to_string(sshd.at("called")).unwrap();
    let ours = "-a\n-x\n-T\n-oBatchMode=yes\n-oClearAllForwardings=yes\n-oControlPath=none\n-E\n";
    let rest = called.strip_prefix(ours).unwrap_or_else(|| panic!("{called}"));
    let (log, rest) = rest.split_once('\n').unwrap();
    assert!(rest.starts_with("--\nlab\n'printf' "), "{called}");
    assert!(log.starts_with(&format!("/proc/{}/fd/", std::process::id())), "{log} is on no disk");
}

#[tokio::test]
async fn a_far_command_ends_as_it_says() {
    let Some(sshd) = sshd() else { return };
    let end = sshd.run("lab", &["sh", "-c", "echo out; echo err >&2"], DEADLINE).await;
    assert!(matches!(&end, StepEnd::Done { said, .. } if said.len() == 2), "{end:?}");
    let end = sshd.run("lab", &["sh", "-c", "echo no >&2; exit 3"], DEADLINE).await;
    assert_eq!(end, StepEnd::Failed(Cause::CommandFailed { code: Some(3), said: "no".into() }));
    let end = sshd.run("lab", &["sh", "-c", "exit 255"], DEADLINE).await;
    assert!(matches!(end, StepEnd::Unknown(Cause::ConnectionLost(_))), "its own 255 or the client's? {end:?}");
    // It may use ssh itself over there, and end as that does.
    for words in [
        "ssh: connect to host 10.9.8.7 port 22: Connection refused",
        "root@10.9.8.7: Permission denied (publickey).",
        "Host key verification failed.",
    ] {
        let mark = sshd.at("mark");
        let script = "touch \"$1\"; echo \"$2\" >&2; exit 255";
        let end = sshd.run("lab", &["sh", "-c", script, "sh", mark.to_str().unwrap(), words], DEADLINE).await;
        assert!(mark.exists() && matches!(end, StepEnd::Unknown(_)), "{words}: something was done: {end:?}");
    }
    // No terminal on the far side either, and nothing to read.
    let end = sshd.run("lab", &["sh", "-c", "if read x; then exit 4; fi; ! (: </dev/tty) 2>/dev/null"], DEADLINE).await;
    assert!(matches!(end, StepEnd::Done { .. }), "{end:?}");
}

#[tokio::test]
async fn who_never_got_in_did_nothing() {
    let Some(sshd) = sshd() else { return };
    for (host, words) in [
        ("stranger", "Host key verification failed"),
        ("changed", "Host key verification failed"),
        ("uninvited", "Permission denied"),
        ("closed", "Connection refused"),
    ] {
        let mark = sshd.at("mark");
        let end = sshd.run(host, &["touch", mark.to_str().unwrap()], DEADLINE).await;
        let StepEnd::Failed(Cause::Unreachable(said)) = &end else { panic!("{host}: {end:?}") };
        assert!(said.as_str().contains(words), "{host}: {said}");
        assert!(!mark.exists());
    }
    assert!(!sshd.at("nobody").exists(), "no key is ever learned by the way");
    let end = sshd.run("-oProxyCommand=id", &["true"], DEADLINE).await;
    assert!(matches!(end, StepEnd::Failed(Cause::Misconfigured(_))), "{end:?}");
}

#[tokio::test]
async fn done_and_the_answer_lost_is_unknown() {
    let Some(sshd) = sshd() else { return };
    let mark = sshd.at("mark");
    let script = "touch \"$1\"; kill -9 $PPID";
    // The parent is the session's server.
    let end = sshd.run("lab", &["sh", "-c", script, "sh", mark.to_str().unwrap()], DEADLINE).await;
    assert!(mark.exists());
    assert!(matches!(end, StepEnd::Unknown(Cause::ConnectionLost(_))), "{end:?}");
}

#[tokio::test]
async fn at_the_local_deadline_nobody_knows() {
    let Some(sshd) = sshd() else { return };
    let gate = sshd.at("gate");
    assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let mark = sshd.at("mark");
    let script = "read x < \"$1\"; touch \"$2\"";
    let argv = ["sh", "-c", script, "sh", gate.to_str().unwrap(), mark.to_str().unwrap()];
    let deadline = Duration::from_secs(2);
    let end = sshd.run("lab", &argv, deadline).await;
    assert_eq!(end, StepEnd::Unknown(Cause::Timeout { phase: Phase::Whole, after: deadline }));
    // And rightly so: it goes on over there.
    assert!(!mark.exists());
    fs::write(&gate, "go\n").unwrap();
    until("the far side has done it", || mark.exists().then_some(()));
}

#[tokio::test]
async fn a_service_is_asked_over_there() {
    let Some(sshd) = sshd() else { return };
    let say = |words: &str| super::words(&["sh", "-c", &format!("echo {words}")]);
    let answer = say("'{\"state\":\"running\",\"pid\":7,\"started_at\":\"then\",\"restarts\":0}'");
    let [restart, stop, start] = ["restarted", "stopped", "started"].map(say);
    let manager = Manager::Program { service: "api".to_owned(), status: answer, restart, stop, start };
    let place = Place::Ssh { host: "lab".to_owned() };
    let become_argv = Some(words(&["env", "A=b c"]));
    let api = ServiceStep { manager, verb: ServiceVerb::Restart, place, become_argv };
    let facts = sshd.commands().service_facts(&api, DEADLINE).await.unwrap();
    assert_eq!((facts.state, facts.main_pid()), (ServiceState::Running, Some(7)));
    let end = sshd.commands().run_service(&api, DEADLINE).await;
    assert!(matches!(&end, StepEnd::Done { said, .. } if said[0].as_str() == "restarted"), "{end:?}");
}

/// A program over there that itself goes to the very same host and port, and is turned away there: it says the same words as
/// the client does here, and something was done before it.
#[tokio::test]
async fn an_inner_client_that_is_turned_away_by_the_same_host_is_no_proof() {
    let Some(sshd) = sshd() else { return };
    let port = fs::read_to_string(sshd.at("sshd_config")).unwrap();
    let port = port.lines().find_map(|line| line.strip_prefix("Port ")).unwrap().to_owned();
    let known = |file: &str| format!("-oUserKnownHostsFile={}", sshd.at(file).display());
    let key = |file: &str| sshd.at(file).display().to_string();
    for (case, known, key) in [("key", known("changed"), key("mine")), ("login", known("known"), key("other"))] {
        let mark = sshd.at(case);
        let inner = [
            "ssh",
            "-F",
            "/dev/null",
            "-oBatchMode=yes",
            "-oIdentitiesOnly=yes",
            "-oIdentityAgent=none",
            "-i",
            &key,
            &known,
            "-p",
            &port,
            "127.0.0.1",
            "true",
        ];
        let script = "touch \"$1\"; shift; exec \"$@\"";
        let argv = [&["sh", "-c", script, "sh", mark.to_str().unwrap()][..], &inner].concat();
        let step = far("lab", &argv);
        let end = sshd.commands().run_command(&step, DEADLINE).await;
        let words = end.last_words();
        let told = ["Host key verification failed.", "127.0.0.1: Permission denied (publickey)."];
        assert!(told.iter().any(|told| words.as_str().contains(told)), "{case}: it was to be turned away: {words}");
        let end = end.step_end(&step);
        assert!(mark.exists() && matches!(end, StepEnd::Unknown(_)), "{case}: something was done: {end:?}");
    }
    // Word for word, where nothing listens.
    let mark = sshd.at("mark");
    let closed = fs::read_to_string(sshd.at("config")).unwrap();
    let closed = closed.split("Host closed").nth(1).and_then(|rest| rest.split(" Port ").nth(1)).unwrap();
    let words = format!("ssh: connect to host 127.0.0.1 port {}: Connection refused", closed.lines().next().unwrap());
    for port in [port.as_str(), closed.lines().next().unwrap()] {
        let words = words.replace(closed.lines().next().unwrap(), port);
        let script = "touch \"$1\"; echo \"$2\" >&2; exit 255";
        let end = sshd.run("lab", &["sh", "-c", script, "sh", mark.to_str().unwrap(), &words], DEADLINE).await;
        assert!(mark.exists() && matches!(end, StepEnd::Unknown(_)), "{words}: something was done: {end:?}");
    }
}
