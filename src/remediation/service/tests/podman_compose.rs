//! podman-compose 1.0.3, as it really answers: it tells what it runs on the output of that, and ends well whatever becomes of it.

use super::*;

const LISTED: &str = "['podman', '--version', '']\nusing podman version: 4.3.1\n\
    podman ps -a --format {{.ID}} --filter label=io.podman.compose.project=lab\n757e2c037650\nexit code: 0\n";

#[test]
fn its_own_words_are_no_containers() {
    let ids = |text: &str| compose::ids(ComposeProgram::PodmanDash, text.as_bytes());
    assert_eq!(ids(LISTED), Ok(vec!["757e2c037650".to_owned()]));
    assert_eq!(ids("757e2c037650\n"), Ok(vec!["757e2c037650".to_owned()]), "newer ones tell it elsewhere");
    assert!(ids(&LISTED.replace("code: 0", "code: 125")).is_err(), "podman failed, and nothing was listed");
    assert!(ids(&LISTED.replace("757e2c037650", "757e2c037650 x")).is_err());
    assert!(compose::ids(ComposeProgram::DockerDash, LISTED.as_bytes()).is_err());
}

#[test]
fn a_failure_of_podman_is_one_though_it_ends_well() {
    let said = |lines: &[&str]| lines.iter().map(Safe::of).collect::<Vec<_>>();
    let missing = "Error: no container with name or ID \"lab_api_1\" found: no such container";
    let failed = ["using podman version: 4.3.1", "podman restart -t 10 lab_api_1", "exit code: 125", missing];
    let cause = compose::failed_after_all(ComposeProgram::PodmanDash, &said(&failed));
    assert_eq!(cause, Some(Cause::CommandFailed { code: Some(125), said: missing.into() }));
    let fine = ["using podman version: 4.3.1", "podman restart -t 10 lab_api_1", "lab_api_1", "exit code: 0"];
    assert_eq!(compose::failed_after_all(ComposeProgram::PodmanDash, &said(&fine)), None);
    // Of two containers one.
    let half = [&fine[..], &failed].concat();
    assert!(compose::failed_after_all(ComposeProgram::PodmanDash, &said(&half)).is_some());
    assert_eq!(compose::failed_after_all(ComposeProgram::Podman, &said(&failed)), None);
}

/// Between two falls it looks like one that runs well.
#[test]
fn what_was_started_again_just_now_may_be_in_a_loop() {
    let facts = |restarts: u32, started: &str| {
        let state = format!(r#"{{"Status":"running","Pid":7,"StartedAt":"{started}"}}"#);
        compose::read(format!(r#"[{{"Id":"aa","RestartCount":{restarts},"State":{state}}}]"#).as_bytes()).unwrap()
    };
    let now = chrono::DateTime::from_timestamp(1_767_355_200, 0).unwrap();
    let young = |restarts, started| facts(restarts, started).is_young_at(now);
    assert!(young(1, "2026-01-02T11:59:01.5Z") && young(1, "2026-01-02T12:59:01.123456789+01:00"));
    assert!(young(1, "2026-01-02T12:00:03Z"), "the engine's clock goes before ours");
    assert!(!young(1, "2026-01-02T11:58:59Z"), "it stayed");
    assert!(!young(0, "2026-01-02T11:59:59Z"), "nobody started it again");
    assert!(!young(1, "0001-01-01T00:00:00Z") && !young(1, "x"));
}

/// podman has no word for it: `stopped` is what was not cleaned up yet, `exited` what was.
#[test]
fn what_podman_will_start_again_is_restarting() {
    let read = |status: &str, policy: &str| {
        let row = format!(
            r#"[{{"Id":"aa","State":{{"Status":"{status}","ExitCode":1,"Pid":0}},"RestartCount":3,
            "HostConfig":{{"RestartPolicy":{{"Name":"{policy}"}}}}}}]"#
        );
        let facts = compose::read(row.as_bytes()).unwrap();
        (facts.state, facts.looping, facts.restarts, facts.words.to_string())
    };
    let again = (ServiceState::Starting, true, Some(3), "restarting".to_owned());
    assert_eq!(read("stopped", "always"), again);
    assert_eq!(read("restarting", "always"), again, "as docker calls it");
    for (status, policy) in [("stopped", "no"), ("stopped", ""), ("exited", "always")] {
        let (state, _, _, words) = read(status, policy);
        assert_eq!((state, words), (ServiceState::Failed, format!("{status} (1)")), "{status} {policy}");
    }
}
