//! What podman really prints, where it is installed and can run a container.

use std::process::Command;

use quarterdeck::remediation::service::compose;
use quarterdeck::remediation::service::facts::ServiceState;

use super::skipped;

/// The container that the test started, removed with it.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("podman").args(["rm", "--force", "--time", "0", &self.0]).output();
    }
}

fn podman(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let out = Command::new("podman").args(arguments).output().map_err(|e| format!("podman: {e}"))?;
    let words = String::from_utf8_lossy(&out.stderr).trim().to_owned();
    if out.status.success() { Ok(out.stdout) } else { Err(words) }
}

/// Of the machine's own root folder, so that no image has to be fetched.
fn start() -> Result<Container, String> {
    podman(&["--version"])?;
    let common = ["run", "--detach", "--network", "host", "--ulimit", "nofile=1024:1024"];
    let labels = ["--label", "com.docker.compose.service=api", "--label", "com.docker.compose.project=lab"];
    let root = ["--rootfs", "/:O", "sleep", "1000"];
    let mut last = String::new();
    for runtime in ["runc", "crun"] {
        match podman(&[&["--runtime", runtime], &common[..], &labels[..], &root[..]].concat()) {
            Ok(id) => return Ok(Container(String::from_utf8_lossy(&id).trim().to_owned())),
            Err(words) => last = words,
        }
    }
    Err(last)
}

#[test]
fn a_container_of_podman_is_found_and_read() {
    let container = match start() {
        Ok(container) => container,
        Err(why) => return skipped("a container of podman", &why),
    };
    let filter = format!("id={}", container.0);
    let listed = podman(&["ps", "--all", "--filter", &filter, "--format", "json"]).unwrap();
    let found = compose::containers(&listed, "api").unwrap();
    assert_eq!(found, std::slice::from_ref(&container.0));
    assert_eq!(compose::containers(&listed, "other").unwrap(), Vec::<String>::new());
    let facts = compose::read(&podman(&["inspect", "--type", "container", &found[0]]).unwrap()).unwrap();
    assert_eq!(facts.state, ServiceState::Running);
    assert!(facts.main_pid().is_some() && facts.invocation().is_some(), "{facts:?}");
}
