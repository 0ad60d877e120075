//! What podman really prints before and after a restart, where it is installed and can run a container.

use std::process::Command;

use quarterdeck::remediation::service::compose;
use quarterdeck::remediation::service::facts::{ServiceFacts, ServiceState};
use quarterdeck::remediation::service::proof::is_new_process;

use super::skipped;

/// A container that the test started, removed with it.
struct Container {
    name: String,
    id: String,
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = podman(&["rm", "--force", "--time", "0", &self.name]);
    }
}

fn podman(arguments: &[&str]) -> Result<String, String> {
    let out = Command::new("podman").args(arguments).output().map_err(|e| format!("podman: {e}"))?;
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if out.status.success() { Ok(words(&out.stdout)) } else { Err(words(&out.stderr)) }
}

/// Of the machine's own files, so that no image has to be fetched.
fn start() -> Result<Container, String> {
    podman(&["--version"])?;
    let mut container = Container { name: format!("quarterdeck-test-{}", std::process::id()), id: String::new() };
    let mut last = String::new();
    for runtime in ["runc", "crun"] {
        let argv = [
            &["--runtime", runtime, "run", "--detach", "--replace", "--name", &container.name, "--network", "host"][..],
            &["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"],
            &["--label", "com.docker.compose.service=api", "--label", "com.docker.compose.project=lab"],
            &["--rootfs", "/:O", "sleep", "1000"],
        ];
        match podman(&argv.concat()) {
            Ok(id) => {
                container.id = id;
                return Ok(container);
            }
            Err(words) => last = words,
        }
    }
    Err(last)
}

fn facts(container: &Container) -> ServiceFacts {
    let filter = format!("id={}", container.id);
    let listed = podman(&["ps", "--all", "--filter", &filter, "--format", "json"]).unwrap();
    let found = compose::containers(listed.as_bytes(), "api").unwrap();
    assert_eq!(found, std::slice::from_ref(&container.id));
    assert_eq!(compose::containers(listed.as_bytes(), "other").unwrap(), Vec::<String>::new());
    compose::read(podman(&["inspect", "--type", "container", &found[0]]).unwrap().as_bytes()).unwrap()
}

#[test]
fn a_container_of_podman_is_found_and_told_from_its_next_run() {
    let container = match start() {
        Ok(container) => container,
        Err(why) => return skipped("a container of podman", &why),
    };
    let before = facts(&container);
    assert_eq!(before.state, ServiceState::Running);
    assert!(before.main_pid().is_some() && before.invocation().is_some(), "{before:?}");
    podman(&["restart", "--time", "0", &container.name]).unwrap();
    let after = facts(&container);
    assert!(is_new_process(&before, &after), "{before:?} {after:?}");
    podman(&["stop", "--time", "0", &container.name]).unwrap();
    let stopped = facts(&container);
    assert_eq!((stopped.state, stopped.instances.len()), (ServiceState::Stopped, 0), "{stopped:?}");
}
