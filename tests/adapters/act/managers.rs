//! A small declared manager, which really starts and stops a process.

use std::path::Path;

use quarterdeck::adapters::act::Commands;
use quarterdeck::domain::Cause;
use quarterdeck::remediation::object::Fate;
use quarterdeck::remediation::place::Place;
use quarterdeck::remediation::service::facts::ServiceState;
use quarterdeck::remediation::service::proof::is_new_process;
use quarterdeck::remediation::service::{Manager, ServiceStep, ServiceVerb};
use quarterdeck::remediation::step::StepEnd;

use super::{DEADLINE, words};

const SCRIPT: &str = r#"
folder=$1; verb=$2; pid=$(cat "$folder/pid" 2>/dev/null)
stop() { if [ -n "$pid" ]; then kill "$pid"; rm "$folder/pid"; pid=; fi; }
start() {
  if [ -e "$folder/broken" ]; then echo "it does not come up" >&2; exit 7; fi
  sleep 1000 >/dev/null 2>&1 & pid=$!; echo $pid > "$folder/pid"
}
case $verb in stop) stop ;; start) start ;; restart) stop; start ;; esac
if [ -n "$pid" ]; then echo "{\"state\":\"running\",\"pid\":$pid,\"started_at\":\"$(stat -c %Y.%y "$folder/pid")\",\"restarts\":0}"
else echo '{"state":"stopped","pid":null,"started_at":null,"restarts":0}'; fi
"#;

fn service(folder: &Path) -> ServiceStep {
    let call = |verb: &str| words(&["sh", "-c", SCRIPT, "manager", folder.to_str().unwrap(), verb]);
    let manager = Manager::Program {
        service: "api".to_owned(),
        status: call("status"),
        restart: call("restart"),
        stop: call("stop"),
        start: call("start"),
    };
    ServiceStep { manager, verb: ServiceVerb::Status, place: Place::Local, become_argv: None }
}

/// Ends what the manager started, also when the test fails.
struct Ended<'a>(&'a ServiceStep);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let stop = ServiceStep { verb: ServiceVerb::Stop, ..self.0.clone() }.command().unwrap();
        let _ = std::process::Command::new(&stop.argv[0]).args(&stop.argv[1..]).output();
    }
}

#[tokio::test]
async fn start_restart_stop() {
    let folder = tempfile::tempdir().unwrap();
    let step = service(folder.path());
    let _ended = Ended(&step);
    let commands = Commands::here();
    let order = async |verb| commands.run_service(&ServiceStep { verb, ..step.clone() }, DEADLINE).await;
    let facts = async || commands.service_facts(&step, DEADLINE).await.unwrap();

    assert_eq!(facts().await.state, ServiceState::Stopped);
    assert!(matches!(order(ServiceVerb::Start).await, StepEnd::Done { .. }));
    let before = facts().await;
    assert_eq!(before.state, ServiceState::Running);
    assert!(!is_new_process(&before, &facts().await));

    let StepEnd::Done { fates, .. } = order(ServiceVerb::Restart).await else { panic!("not restarted") };
    assert_eq!(fates, [(step.object(), Fate::Done)]);
    let after = facts().await;
    assert!(is_new_process(&before, &after), "{before:?} {after:?}");

    let looked = order(ServiceVerb::Status).await;
    let StepEnd::Done { fates, said } = looked else { panic!("{looked:?}") };
    assert!(fates.is_empty() && said[0].as_str().starts_with("running"), "{said:?}");

    assert!(matches!(order(ServiceVerb::Stop).await, StepEnd::Done { .. }));
    assert_eq!(facts().await.state, ServiceState::Stopped);
}

#[tokio::test]
async fn a_restart_that_leaves_the_service_stopped_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let step = service(folder.path());
    let _ended = Ended(&step);
    let commands = Commands::here();
    commands.run_service(&ServiceStep { verb: ServiceVerb::Start, ..step.clone() }, DEADLINE).await;
    std::fs::write(folder.path().join("broken"), "").unwrap();
    let end = commands.run_service(&ServiceStep { verb: ServiceVerb::Restart, ..step.clone() }, DEADLINE).await;
    let StepEnd::Failed(Cause::CommandFailed { code: Some(7), said }) = end else { panic!("{end:?}") };
    assert!(said.as_str().contains("it does not come up; now stopped"), "{said}");
}
