//! Argument lists word by word, the managers' real answers, and the judging of restarts.

use std::time::Duration;

use proptest::prelude::*;

mod podman_compose;
mod stopping;
mod without_process;

use super::facts::{Instance, ServiceFacts, ServiceState};
use super::proof::{Steadiness, SteadyWatch, is_new_process};
use super::*;
use crate::domain::Moment;

fn systemd(unit: &str, user: bool) -> Manager {
    Manager::Systemd { unit: unit.to_owned(), user }
}

fn compose(program: ComposeProgram, project: Option<&str>, file: Option<&str>, service: &str) -> Manager {
    let own = |text: Option<&str>| text.map(str::to_owned);
    Manager::Compose { program, project: own(project), file: own(file), service: service.to_owned() }
}

fn line(manager: &Manager, verb: ServiceVerb) -> String {
    manager.argv(verb).unwrap().join(" ")
}

#[test]
fn systemctl_word_by_word() {
    let api = systemd("api.service", false);
    for (verb, expected) in [
        (ServiceVerb::Restart, "systemctl --no-ask-password restart -- api.service"),
        (ServiceVerb::Stop, "systemctl --no-ask-password stop -- api.service"),
        (ServiceVerb::Start, "systemctl --no-ask-password start -- api.service"),
    ] {
        assert_eq!(line(&api, verb), expected);
    }
    let own = line(&systemd("api@1.service", true), ServiceVerb::Restart);
    assert_eq!(own, "systemctl --user --no-ask-password restart -- api@1.service");
    let status = line(&api, ServiceVerb::Status);
    assert!(status.starts_with("systemctl --no-pager show -p ") && status.ends_with(" -- api.service"), "{status}");
    for property in ["MainPID", "InvocationID", "NRestarts", "RequiredBy", "BoundBy"] {
        assert!(status.contains(property), "{property}");
    }
}

#[test]
fn compose_word_by_word() {
    let plain = compose(ComposeProgram::Docker, None, None, "api");
    assert_eq!(line(&plain, ServiceVerb::Restart), "docker compose restart api");
    let full = compose(ComposeProgram::Docker, Some("shop"), Some("/srv/compose.yml"), "api");
    assert_eq!(line(&full, ServiceVerb::Stop), "docker compose -p shop -f /srv/compose.yml stop api");
    assert_eq!(
        line(&full, ServiceVerb::Status),
        "docker compose -p shop -f /srv/compose.yml ps --all --format json api"
    );
    let podman = compose(ComposeProgram::Podman, Some("shop"), None, "api");
    assert_eq!(line(&podman, ServiceVerb::Start), "podman compose -p shop start api");
    assert_eq!(line(&podman, ServiceVerb::Status), "podman compose -p shop ps --format json");
}

#[test]
fn the_programs_of_their_own_word_by_word() {
    let docker = compose(ComposeProgram::DockerDash, Some("shop"), Some("/srv/compose.yml"), "app");
    assert_eq!(line(&docker, ServiceVerb::Restart), "docker-compose -p shop -f /srv/compose.yml restart app");
    assert_eq!(line(&docker, ServiceVerb::Status), "docker-compose -p shop -f /srv/compose.yml ps --all -q app");
    assert_eq!(docker.words().as_str(), "docker-compose project shop file /srv/compose.yml");
    let podman = compose(ComposeProgram::PodmanDash, None, None, "api");
    assert_eq!(line(&podman, ServiceVerb::Stop), "podman-compose stop api");
    assert_eq!(line(&podman, ServiceVerb::Status), "podman-compose ps -q");
    let inspected = compose::inspect_argv(ComposeProgram::PodmanDash, &["aa".to_owned()]).unwrap();
    assert_eq!(inspected.join(" "), "podman inspect --type container aa");
}

#[test]
fn ids_are_ids_and_only_the_service_s_own_containers_count() {
    let id = "aa11223344556677";
    let ids = |text: &str| compose::ids(ComposeProgram::DockerDash, text.as_bytes());
    assert_eq!(ids(&format!("{id}\n\n{id}\n")), Ok(vec![id.to_owned(), id.to_owned()]));
    assert_eq!(ids(""), Ok(Vec::new()));
    for other in ["using podman version 4", "Name   Command   State", "--help", "aa"] {
        assert!(matches!(ids(other), Err(Cause::Protocol(_))), "{other}");
    }
    let row = |labels: &str, pid: u32| {
        format!(r#"{{"Id":"{id}","State":{{"Status":"running","Pid":{pid}}},"Config":{{"Labels":{{{labels}}}}}}}"#)
    };
    let api = row(r#""com.docker.compose.service":"api""#, 7);
    let other = row(r#""io.podman.compose.service":"db""#, 8);
    let once = row(r#""com.docker.compose.service":"api","com.docker.compose.oneoff":"True""#, 9);
    let facts = compose::read_of(format!("[{api},{other},{once}]").as_bytes(), "api").unwrap();
    assert_eq!((facts.instances.len(), facts.main_pid()), (1, Some(7)));
    assert_eq!(compose::read_of(format!("[{other}]").as_bytes(), "api").unwrap(), compose::no_container());
    assert!(compose::read_of(format!("[{}]", row("", 1)).as_bytes(), "api").is_err(), "whose it is must be known");
}

#[test]
fn a_compose_that_is_missing_or_too_old_is_said_with_what_helps() {
    let failed = |said: &str| Cause::CommandFailed { code: Some(1), said: Safe::of(said) };
    let told = |program, cause: Cause| compose::mended(program, cause).to_string();
    let missing = told(ComposeProgram::Docker, failed("docker: 'compose' is not a docker command."));
    assert!(missing.contains("compose_program = \"docker-compose\""), "{missing}");
    let old = told(ComposeProgram::Docker, failed("unknown flag: --all"));
    assert!(old.contains("this docker compose is too old"), "{old}");
    let other = failed("no configuration file provided: not found");
    assert_eq!(compose::mended(ComposeProgram::Docker, other.clone()), other);
}

#[test]
fn a_name_is_a_name() {
    for unit in
        ["", "-x.service", "--force", "api", "*.service", "a?.service", "a b.service", "/etc/a.service", ".service"]
    {
        assert!(systemd(unit, false).argv(ServiceVerb::Restart).is_err(), "{unit:?}");
    }
    for service in ["", "-d", "--all", "a b", "a/b", "a;b", "$(id)"] {
        let manager = compose(ComposeProgram::Docker, None, None, service);
        assert!(manager.argv(ServiceVerb::Restart).is_err(), "{service:?}");
    }
    assert!(compose(ComposeProgram::Docker, Some("-x"), None, "api").argv(ServiceVerb::Restart).is_err());
    assert!(compose(ComposeProgram::Docker, None, Some("-x"), "api").argv(ServiceVerb::Restart).is_err());
    assert!(compose::inspect_argv(ComposeProgram::Docker, &["--help".to_owned()]).is_err());
}

const SHOWN: &str = "MainPID=33\nNRestarts=2\nResult=success\nRequiredBy=web.service\nWantedBy=multi-user.target\n\
BoundBy=web.service jobs.service\nConsistsOf=\nId=api.service\nLoadState=loaded\nActiveState=active\nSubState=running\n\
FragmentPath=/etc/systemd/system/api.service\nActiveEnterTimestampMonotonic=93212\n\
InvocationID=76bb7b5acd3a488bb61098e2a8d1907a\n";

#[test]
fn a_unit_is_read() {
    let facts = systemd::read(SHOWN.as_bytes()).unwrap();
    assert_eq!((facts.state, facts.main_pid(), facts.restarts), (ServiceState::Running, Some(33), Some(2)));
    assert_eq!(facts.invocation().unwrap().as_str(), "76bb7b5acd3a488bb61098e2a8d1907a");
    let words: Vec<&str> = facts.required_by.iter().map(Safe::as_str).collect();
    let expected = ["web.service (requires it)", "jobs.service (is bound to it)", "multi-user.target (wants it)"];
    assert_eq!(words, expected);
}

#[test]
fn states_of_units() {
    for (active, sub, expected) in [
        ("active", "running", ServiceState::Running),
        ("inactive", "dead", ServiceState::Stopped),
        ("failed", "failed", ServiceState::Failed),
        ("activating", "auto-restart", ServiceState::Starting),
        ("deactivating", "stop-sigterm", ServiceState::Stopping),
        ("maintenance", "", ServiceState::Unknown),
    ] {
        let shown = format!("LoadState=loaded\nActiveState={active}\nSubState={sub}\nMainPID=0\nInvocationID=\n");
        let facts = systemd::read(shown.as_bytes()).unwrap();
        assert_eq!((facts.state, facts.instances.len()), (expected, 0), "{active}");
    }
    let missing = systemd::read(b"LoadState=not-found\nActiveState=inactive\nId=nix.service\n");
    assert!(
        matches!(&missing, Err(Cause::Misconfigured(words)) if words.as_str().contains("not-found")),
        "{missing:?}"
    );
    assert!(matches!(systemd::read(b""), Err(Cause::Protocol(_))));
}

#[test]
fn a_declared_manager_is_read() {
    let said =
        br#"{"ok":true,"state":"running","pid":7,"started_at":"2026-01-02T12:00:00.000Z","restarts":0,"port":1}"#;
    let facts = program::read(said).unwrap();
    assert_eq!((facts.state, facts.main_pid(), facts.restarts), (ServiceState::Running, Some(7), Some(0)));
    assert_eq!(facts.invocation().unwrap().as_str(), "7 of 2026-01-02T12:00:00.000Z");
    let down = program::read(br#"{"state":"failed: exit status: 1","pid":null,"restarts":3}"#).unwrap();
    assert_eq!((down.state, down.instances.len()), (ServiceState::Failed, 0));
    assert!(matches!(program::read(b"[]"), Err(Cause::Protocol(_))));
    assert!(matches!(program::read(b"no"), Err(Cause::NotJson(_))));
}

const DOCKER_PS: &str = r#"{"Command":"\"sleep 1\"","ID":"aa11","Labels":"x=1,com.docker.compose.service=api","Name":"shop-api-1","Project":"shop","Service":"api","State":"running","Health":"","ExitCode":0}
{"ID":"bb22","Name":"shop-db-1","Service":"db","State":"running"}
"#;
const PODMAN_PS: &str = r#"[{"Id":"cc33","Names":["shop_api_1"],"State":"running","StartedAt":1767355200,"Pid":77,"Restarts":0,"Labels":{"com.docker.compose.service":"api","io.podman.compose.project":"shop"}},
{"Id":"dd44","Names":["shop_db_1"],"State":"exited","Labels":{"com.docker.compose.service":"db"}}]"#;

#[test]
fn containers_of_both_kinds_are_found() {
    assert_eq!(compose::containers(DOCKER_PS.as_bytes(), "api"), Ok(vec!["aa11".to_owned()]));
    assert_eq!(compose::containers(PODMAN_PS.as_bytes(), "api"), Ok(vec!["cc33".to_owned()]));
    let as_list = format!("[{}]", DOCKER_PS.trim_end().replace('\n', ","));
    assert_eq!(compose::containers(as_list.as_bytes(), "db"), Ok(vec!["bb22".to_owned()]));
    for empty in ["", "[]", "null", "\n"] {
        assert_eq!(compose::containers(empty.as_bytes(), "api"), Ok(Vec::new()), "{empty:?}");
    }
    // Whose it is must be known: another service's container is never taken for this one's.
    assert!(compose::containers(br#"[{"Id":"ee55","State":"running"}]"#, "api").is_err());
    assert!(compose::containers(b"no json", "api").is_err());
}

#[test]
fn a_container_is_read() {
    let inspected = br#"[{"Id":"aa11223344556677","State":{"Status":"running","Running":true,"Pid":912,"ExitCode":0,
        "StartedAt":"2026-01-02T12:00:00.1Z"},"RestartCount":1}]"#;
    let facts = compose::read(inspected).unwrap();
    assert_eq!((facts.state, facts.main_pid(), facts.restarts), (ServiceState::Running, Some(912), Some(1)));
    assert_eq!(facts.invocation().unwrap().as_str(), "aa1122334455 of 2026-01-02T12:00:00.1Z");
    for (state, expected) in [
        (r#"{"Status":"exited","ExitCode":1,"Pid":0}"#, ServiceState::Failed),
        (r#"{"Status":"exited","ExitCode":0,"Pid":0}"#, ServiceState::Stopped),
        (r#"{"Status":"restarting","ExitCode":1,"Pid":0}"#, ServiceState::Starting),
        (r#"{"Status":"running","Pid":1,"Health":{"Status":"unhealthy"}}"#, ServiceState::Failed),
        (r#"{"Status":"paused","Pid":1}"#, ServiceState::Unknown),
    ] {
        let facts = compose::read(format!(r#"[{{"Id":"aa","State":{state}}}]"#).as_bytes()).unwrap();
        assert_eq!(facts.state, expected, "{state}");
    }
    assert_eq!(compose::read(b"[]").unwrap().state, ServiceState::Stopped);
    assert!(compose::read(br#"[{"State":{}}]"#).is_err());
}

fn running(pid: u32, invocation: &str, restarts: u64) -> ServiceFacts {
    let instance = Instance { pid: Some(pid), invocation: Some(Safe::of(invocation)) };
    let state = ServiceState::Running;
    ServiceFacts {
        state,
        instances: vec![instance],
        restarts: Some(restarts),
        required_by: Vec::new(),
        words: "up".into(),
        ..ServiceFacts::default()
    }
}

fn down(state: ServiceState) -> ServiceFacts {
    ServiceFacts { state, instances: Vec::new(), ..running(1, "a", 0) }
}

#[test]
fn both_number_and_invocation_are_new() {
    let before = running(10, "a", 0);
    assert!(is_new_process(&before, &running(11, "b", 0)));
    assert!(is_new_process(&down(ServiceState::Failed), &running(11, "b", 0)));
    assert!(!is_new_process(&before, &running(10, "b", 0)), "the same number");
    assert!(!is_new_process(&before, &running(11, "a", 0)), "the same run");
    assert!(!is_new_process(&before, &before));
    assert!(!is_new_process(&before, &down(ServiceState::Running)), "nothing is not new");
    assert!(!is_new_process(&before, &ServiceFacts { state: ServiceState::Starting, ..running(11, "b", 0) }));
    let mut nameless = running(11, "b", 0);
    nameless.instances[0].invocation = None;
    assert!(!is_new_process(&before, &nameless), "unknown is not new");
    let mut half = running(11, "b", 0);
    half.instances.push(before.instances[0].clone());
    assert!(!is_new_process(&before, &half), "one of two is the old one");
}

const STABLE: Duration = Duration::from_secs(5);

#[test]
fn steady_is_new_and_unchanged_for_the_declared_time() {
    let mut watch = SteadyWatch::new(ServiceVerb::Restart, running(10, "a", 0), STABLE);
    assert!(matches!(watch.read(&running(10, "a", 0), Moment::fixed(0.0)), Steadiness::NotYet(_)));
    assert!(matches!(watch.read(&running(11, "b", 0), Moment::fixed(1.0)), Steadiness::NotYet(_)));
    assert!(matches!(watch.read(&running(11, "b", 0), Moment::fixed(5.9)), Steadiness::NotYet(_)));
    assert_eq!(watch.read(&running(11, "b", 0), Moment::fixed(6.0)), Steadiness::Steady);
}

#[test]
fn what_falls_over_later_was_not_restarted() {
    let later = [running(12, "c", 1), running(11, "b", 1), down(ServiceState::Failed), down(ServiceState::Starting)];
    for then in later {
        let mut watch = SteadyWatch::new(ServiceVerb::Restart, running(10, "a", 0), STABLE);
        watch.read(&running(11, "b", 0), Moment::fixed(1.0));
        assert!(matches!(watch.read(&then, Moment::fixed(4.0)), Steadiness::Broken(_)), "{then:?}");
        let again = watch.read(&running(11, "b", 0), Moment::fixed(60.0));
        assert!(matches!(again, Steadiness::Broken(_)), "broken stays broken");
    }
    let mut watch = SteadyWatch::new(ServiceVerb::Restart, running(10, "a", 0), STABLE);
    assert!(matches!(watch.read(&running(12, "c", 1), Moment::fixed(1.0)), Steadiness::Broken(_)));
}

proptest! {
    #[test]
    fn never_steady_on_anything_but_one_new_run(
        readings in prop::collection::vec((0u32..4, 0usize..4, 0u64..2, 0usize..4, 0.0f64..4.0), 1..12),
    ) {
        let states = [ServiceState::Running, ServiceState::Running, ServiceState::Failed, ServiceState::Starting];
        let mut watch = SteadyWatch::new(ServiceVerb::Restart, running(1, "r1", 0), STABLE);
        let mut at = 0.0;
        let mut seen: Vec<(f64, ServiceFacts)> = Vec::new();
        for (pid, run, restarts, state, pause) in readings {
            at += pause;
            let facts = ServiceFacts { state: states[state], ..running(pid, &format!("r{run}"), restarts) };
            seen.push((at, facts.clone()));
            if watch.read(&facts, Moment::fixed(at)) == Steadiness::Steady {
                let (last, _) = seen[seen.len() - 1];
                let same = |f: &ServiceFacts| f.instances == facts.instances && f.state == ServiceState::Running;
                let unbroken = seen.iter().rev().take_while(|(_, f)| same(f)).last().unwrap().0;
                prop_assert!(last - unbroken >= STABLE.as_secs_f64() - 1e-6);
                prop_assert!(pid != 1 && run != 1);
            }
        }
    }

    #[test]
    fn no_answer_of_a_manager_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = (systemd::read(&bytes), program::read(&bytes), compose::read(&bytes), compose::containers(&bytes, "api"));
    }
}

#[test]
fn who_depends_on_a_service_of_compose() {
    let printed = br#"{"services": {
        "web": {"depends_on": {"api": {"condition": "service_healthy", "restart": true, "required": true}}},
        "worker": {"depends_on": ["db", "api"]}, "db": {"depends_on": {}}, "api": {"depends_on": {"db": {}}}}}"#;
    let found = compose::dependents(printed, "api").unwrap();
    let found: Vec<&str> = found.iter().map(Safe::as_str).collect();
    assert_eq!(found, ["web (is restarted with it)", "worker (depends on it)"]);
    assert!(compose::dependents(printed, "web").unwrap().is_empty());
    assert!(compose::dependents(b"services:\n  api:\n", "api").is_err(), "not every podman compose prints JSON");
    assert!(compose::dependents(b"{}", "api").is_err());
    let failed = |said: &str| Cause::CommandFailed { code: Some(1), said: Safe::of(said) };
    let old = compose::dependents_unknown(ComposeProgram::DockerDash, failed("--volumes  Print the volume names"));
    assert_eq!(old.to_string(), "docker-compose 1 does not tell who depends on it");
    let other = compose::dependents_unknown(ComposeProgram::DockerDash, failed("no such file")).to_string();
    assert!(other.ends_with("no such file"), "{other}");
    assert_eq!(compose::dependents_unknown(ComposeProgram::Docker, failed("x")), failed("x"));
    let services: Vec<String> = (0..99).map(|n| format!(r#""s{n}": {{"depends_on": ["api"]}}"#)).collect();
    let many = format!(r#"{{"services": {{{}}}}}"#, services.join(","));
    assert_eq!(compose::dependents(many.as_bytes(), "api").unwrap().len(), 21, "bounded, and the rest is counted");
}

#[test]
fn the_project_is_asked_in_the_same_words_as_its_service() {
    let step = ServiceStep {
        manager: Manager::Compose {
            program: ComposeProgram::Docker,
            project: Some("shop".to_owned()),
            file: Some("compose.yaml".to_owned()),
            service: "api".to_owned(),
        },
        verb: ServiceVerb::Restart,
        place: Place::Local,
        become_argv: None,
    };
    let argv = step.dependents().unwrap().unwrap().argv;
    assert_eq!(argv, ["docker", "compose", "-p", "shop", "-f", "compose.yaml", "config", "--format", "json"]);
}

#[test]
fn a_unit_that_does_not_stay_up_is_bound_by_its_file_and_no_process() {
    let shown = |active: &str, sub: &str, pid: u32| {
        let text = format!(
            "LoadState=loaded\nActiveState={active}\nSubState={sub}\nMainPID={pid}\nInvocationID=r{pid}\nNRestarts=4\n\
             FragmentPath=/etc/systemd/system/api.service\nActiveEnterTimestampMonotonic=5000000\n"
        );
        systemd::read(text.as_bytes()).unwrap()
    };
    for (active, sub, looping) in [
        ("activating", "auto-restart", true),
        ("activating", "auto-restart-queued", true),
        ("failed", "failed", true),
        ("activating", "start", false),
        ("active", "running", false),
        ("inactive", "dead", false),
    ] {
        assert_eq!(shown(active, sub, 7).looping, looping, "{active} {sub}");
    }
    let (then, now) = (shown("activating", "auto-restart", 0), shown("active", "running", 9));
    assert!(then.is_bound_to(&now), "the same unit");
    assert!(!now.is_bound_to(&shown("active", "running", 10)), "a process that stays is bound to itself");
    assert!(!then.is_bound_to(&ServiceFacts { anchor: "/run/systemd/system/api.service".into(), ..now.clone() }));
    assert_eq!(then.bound().as_str(), "no process that stays; bound to /etc/systemd/system/api.service");
    assert_eq!(now.bound(), now.identity());
    // It came up five seconds after the start of the machine.
    assert!(now.is_young(Duration::from_secs(64)) && !now.is_young(Duration::from_secs(66)));
    assert!(!ServiceFacts { restarts: Some(0), ..now }.is_young(Duration::from_secs(6)), "nobody restarted it");
}

#[test]
fn containers_that_are_restarted_again_and_again_are_bound_by_their_ids() {
    let row = |id: &str, status: &str, code: i64, pid: u32| {
        format!(
            r#"{{"Id":"{id}","RestartCount":5,"State":{{"Status":"{status}","ExitCode":{code},"Pid":{pid},"StartedAt":"2026-01-0{}T00:00:00Z"}}}}"#,
            pid + 1
        )
    };
    let read = |rows: &[String]| compose::read(format!("[{}]", rows.join(",")).as_bytes()).unwrap();
    let then = read(&[row("bbbbbbbbbbbbbb", "restarting", 1, 0), row("aaaaaaaaaaaaaa", "running", 0, 5)]);
    assert!(then.looping);
    assert_eq!(then.bound().as_str(), "no process that stays; bound to aaaaaaaaaaaa, bbbbbbbbbbbb");
    let now = read(&[row("aaaaaaaaaaaaaa", "running", 0, 6), row("bbbbbbbbbbbbbb", "running", 0, 7)]);
    assert!(!now.looping && then.is_bound_to(&now));
    assert!(!then.is_bound_to(&read(&[row("cccccccccccccc", "restarting", 1, 0)])), "others");
    assert!(read(&[row("a", "exited", 1, 0)]).looping && !read(&[row("a", "exited", 143, 0)]).looping);
}

#[test]
fn in_a_loop_the_new_process_is_one_that_stays_from_here_on() {
    let before = ServiceFacts { looping: true, ..running(10, "a", 3) };
    let mut watch = SteadyWatch::new(ServiceVerb::Restart, before.clone(), Duration::from_secs(2));
    assert!(
        matches!(watch.read(&running(12, "c", 4), Moment::fixed(0.0)), Steadiness::NotYet(_)),
        "not broken at once"
    );
    assert_eq!(watch.read(&running(12, "c", 4), Moment::fixed(2.0)), Steadiness::Steady);
    let mut watch = SteadyWatch::new(ServiceVerb::Restart, before, Duration::from_secs(2));
    watch.read(&running(12, "c", 4), Moment::fixed(0.0));
    assert!(matches!(watch.read(&running(13, "d", 5), Moment::fixed(1.0)), Steadiness::Broken(_)));
}

#[test]
fn a_machine_is_read_as_far_as_it_tells() {
    use machine::Machine;
    let id = "0123456789abcdef0123456789abcdef";
    let both = machine::read(format!("{id}\n350735.47 234388.90\n").as_bytes());
    assert_eq!(both, Machine { id: Some(id.into()), uptime: Some(Duration::from_secs_f64(350_735.47)) });
    assert_eq!(machine::read(b"12.5 3.0\n"), Machine { id: None, uptime: Some(Duration::from_millis(12_500)) });
    for nothing in [&b""[..], b"uninitialized\n", b"-1 2\n", b"x y\n", b"inf 1\n", b"\xff\xff"] {
        assert_eq!(machine::read(nothing), Machine::default());
    }
}

#[test]
fn that_nobody_tells_who_needs_it_is_said() {
    let step = |manager: &Manager, verb| ServiceStep {
        place: Place::Local,
        become_argv: None,
        manager: manager.clone(),
        verb,
    };
    let own = Manager::Program {
        service: "api".to_owned(),
        status: Vec::new(),
        restart: Vec::new(),
        stop: Vec::new(),
        start: Vec::new(),
    };
    let said = |manager: &Manager, verb, names: &[&str]| {
        let required_by = names.iter().map(Safe::of).collect();
        let facts = ServiceFacts { required_by, ..ServiceFacts::default() };
        facts::reach(&step(manager, verb), &facts).map(|words| words.to_string())
    };
    let unit = systemd("api.service", false);
    for verb in [ServiceVerb::Restart, ServiceVerb::Stop] {
        assert!(said(&own, verb, &[]).unwrap().contains("is not known"));
        assert!(said(&unit, verb, &[]).unwrap().starts_with("nothing goes with it"));
        assert_eq!(said(&unit, verb, &["a", "b"]).unwrap(), "it goes with it, or needs it: a, b");
    }
    assert_eq!(said(&own, ServiceVerb::Start, &[]), None, "what is started breaks nothing");
}
