//! Services of real compose projects, the whole way through the program: podman-compose, and docker-compose on podman's
//! socket. The image is made of a few of this machine's own files, so that none has to be fetched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::{Told, code_in, skipped, until};

/// Nothing of this machine's limits, networks and managers is needed.
const SETTINGS: &str = "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n\
                        [engine]\nruntime = \"runc\"\nevents_logger = \"file\"\n";
/// Ends at once when it is told to. Where there is a file `loop`, it falls over again and again.
const SCRIPT: &str = "if test -e /lab/loop; then sleep 0.5; exit 1; fi; trap 'exit 0' TERM; sleep 1000 & wait";
/// The order that is used, by the name of its action.
const VERBS: [&str; 3] = ["restart", "stop", "start"];

/// A project with two services, `api` and `web`, which runs.
struct Project {
    /// Whose compose.
    program: &'static str,
    name: String,
    home: TempDir,
    /// podman behind docker's interface.
    engine: Option<Child>,
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = self.compose(&["down", "--timeout", "0"]);
        for service in ["api", "web"] {
            let _ = self.podman(&["rm", "--force", "--time", "0", &self.container(service)]);
        }
        let _ = self.podman(&["network", "rm", "--force", &format!("{}_default", self.name)]);
        let _ = self.podman(&["rmi", "--force", &self.image()]);
        if let Some(mut engine) = self.engine.take() {
            let _ = engine.kill();
            let _ = engine.wait();
        }
    }
}

impl Project {
    /// One that runs; what keeps this machine from running it is said.
    fn up(program: &'static str) -> Option<Project> {
        Project::try_up(program).map_err(|why| skipped(&format!("a service of {program}"), &why)).ok()
    }

    fn try_up(program: &'static str) -> Result<Project, String> {
        let of_docker = program == "docker-compose";
        for wanted in if of_docker { vec!["podman", program, "docker"] } else { vec!["podman", program] } {
            if !std::env::split_paths(&path()).any(|folder| folder.join(wanted).is_file()) {
                return Err(format!("{wanted} is not installed"));
            }
        }
        if !rustix::process::geteuid().is_root() {
            return Err("only root's podman is known to run here".to_owned());
        }
        let home = TempDir::with_prefix("quarterdeck-run-").unwrap();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("quarterdeck{}x{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut project = Project { program, name, home, engine: None };
        fs::create_dir(project.at("lab")).unwrap();
        fs::write(project.at("containers.conf"), SETTINGS).unwrap();
        project.make_image()?;
        if of_docker {
            let engine =
                project.command("podman").args(["system", "service", "--time", "0", &project.socket()]).spawn();
            project.engine = Some(engine.map_err(|e| e.to_string())?);
            until("the socket", || project.at("podman.sock").exists().then_some(()));
        }
        // podman-compose gives every container a network of the project besides.
        let network = if of_docker { "network_mode: host" } else { "tty: false" };
        let lab = project.at("lab");
        let service = |name: &str| {
            let image = project.image();
            format!(
                "  {name}:\n    image: {image}\n    command: [\"/bin/sh\", \"-c\", {SCRIPT:?}]\n    {network}\n    \
                 restart: always\n    volumes: [\"{}:/lab\"]\n",
                lab.display()
            )
        };
        let text = format!("version: \"3\"\nservices:\n{}{}", service("api"), service("web"));
        fs::write(project.at("compose.yaml"), text).unwrap();
        project.configure(40);
        let up = project.compose(&["up", "-d"]);
        let runs = |service| project.state(service).is_some_and(|state| state["Running"] == true);
        if runs("api") && runs("web") { Ok(project) } else { Err(format!("no container runs: {up:?}")) }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn socket(&self) -> String {
        format!("unix://{}", self.at("podman.sock").display())
    }

    fn image(&self) -> String {
        format!("localhost/{}:1", self.name)
    }

    fn container(&self, service: &str) -> String {
        format!("{}_{service}_1", self.name)
    }

    /// A shell, `sleep` and what they are linked with.
    fn make_image(&self) -> Result<(), String> {
        let root = self.at("root");
        let mut files = vec!["/bin/sh".to_owned(), "/bin/sleep".to_owned()];
        let linked = Command::new("ldd").args(&files).output().map_err(|e| format!("ldd: {e}"))?;
        let linked = String::from_utf8_lossy(&linked.stdout).into_owned();
        files.extend(
            linked.split_whitespace().filter(|word| word.starts_with('/') && !word.ends_with(':')).map(str::to_owned),
        );
        for file in files {
            let to = root.join(file.trim_start_matches('/'));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&file, &to).map_err(|e| format!("{file}: {e}"))?;
        }
        for folder in ["lab", "tmp", "proc", "sys", "dev", "etc"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let tar = self.at("root.tar");
        let packed = Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&tar).arg(".").status();
        assert!(packed.unwrap().success());
        let imported = self.podman(&["import", tar.to_str().unwrap(), &self.image()]);
        if imported.status.success() { Ok(()) } else { Err(format!("no image: {imported:?}")) }
    }

    /// How long it is looked at after an order: a machine that has much to do needs more than it takes usually.
    fn configure(&self, within: u32) {
        let (program, project, home) = (self.program, &self.name, self.home.path().display());
        let mut text = format!("[actions]\nallow = true\naudit = \"{home}/audit\"\nheadless = {VERBS:?}\n");
        for verb in VERBS {
            text += &format!(
                "[[action]]\nname = {verb:?}\ncompose = \"api\"\ncompose_program = {program:?}\nproject = {project:?}\n\
                 compose_file = \"{home}/compose.yaml\"\nverb = {verb:?}\nstable = \"2s\"\nwithin = \"{within}s\"\n\
                 environment = \"staging\"\ncool_down = \"0s\"\n"
            );
        }
        fs::write(self.at("quarterdeck.toml"), text).unwrap();
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.home.path()).env("PATH", path()).current_dir(self.home.path());
        command.env("CONTAINERS_CONF", self.at("containers.conf")).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        if self.program == "docker-compose" {
            command.env("DOCKER_HOST", self.socket());
        }
        command
    }

    fn podman(&self, arguments: &[&str]) -> Output {
        let mut command = self.command("podman");
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
    }

    fn compose(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(self.program);
        command.args(["-p", &self.name, "-f", "compose.yaml"]).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
    }

    /// What podman says of a service's container.
    fn inspect(&self, service: &str) -> Option<Value> {
        let out = self.podman(&["inspect", "--type", "container", &self.container(service)]);
        serde_json::from_slice::<Value>(&out.stdout).ok()?.as_array()?.first().cloned()
    }

    fn state(&self, service: &str) -> Option<Value> {
        Some(self.inspect(service)?["State"].clone())
    }

    fn started(&self, service: &str) -> String {
        self.state(service).unwrap()["StartedAt"].as_str().unwrap().to_owned()
    }

    fn run(&self, verb: &str, more: &[&str]) -> Told {
        let mut command = self.command(env!("CARGO_BIN_EXE_quarterdeck"));
        command.arg("--config").arg(self.at("quarterdeck.toml")).args(["run", verb, "--target", "api"]).args(more);
        Told::of(command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap())
    }

    fn order(&self, verb: &str) -> (Told, Told) {
        let card = self.run(verb, &["--dry-run"]);
        assert_eq!(card.code, 0, "{card:?}");
        let ended = self.run(verb, &["--confirm", &code_in(&card.out)]);
        (card, ended)
    }

    /// A service that falls over again and again, seen to have been started twice.
    fn falls_over(&self) {
        fs::write(self.at("lab/loop"), "").unwrap();
        // By podman it would be stopped by somebody, and stay so.
        let pid = self.state("api").unwrap()["Pid"].as_i64().unwrap();
        kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::KILL).unwrap();
        until("it was restarted twice", || (self.inspect("api")?["RestartCount"].as_u64()? >= 2).then_some(()));
    }
}

fn path() -> std::ffi::OsString {
    let own = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&own).chain([Path::new("/usr/bin").into(), "/bin".into()])).unwrap()
}

/// Restarted, stopped and started, and its neighbour left alone.
fn ordered(project: &Project) {
    let (api, web) = (project.started("api"), project.started("web"));
    let (card, ended) = project.order("restart");
    for words in ["\napi is running", "'restart' 'api'", "STAGING"] {
        assert!(card.out.contains(words), "{words:?} in\n{}", card.out);
    }
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.contains("a new process that stays"), "{ended:?}");
    let again = project.started("api");
    assert!(again > api, "{again} after {api}");

    let (_, ended) = project.order("stop");
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(project.state("api").unwrap()["Running"], false);
    let (card, ended) = project.order("start");
    assert!(card.out.contains("nothing runs"), "{}", card.out);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(project.started("api") > again);
    assert_eq!(project.started("web"), web, "the other service was left alone");

    // One that compose does not know any more.
    project.podman(&["rm", "--force", "--time", "0", &project.container("api")]);
    let (card, ended) = project.order("restart");
    assert!(card.out.contains("no container"), "{}", card.out);
    assert_ne!(ended.code, 0, "{ended:?}");
    let said = format!("{}{}", ended.out, ended.err);
    assert!(said.contains("no such container") || said.contains("No containers to restart"), "{said}");
}

#[test]
fn a_service_of_podman_compose() {
    let Some(project) = Project::up("podman-compose") else { return };
    ordered(&project);
}

#[test]
fn a_service_of_docker_compose() {
    let Some(project) = Project::up("docker-compose") else { return };
    ordered(&project);
}

#[test]
fn a_container_in_a_restart_loop_is_restarted_whatever_process_it_has() {
    let Some(project) = Project::up("podman-compose") else { return };
    project.falls_over();
    let card = project.run("restart", &["--dry-run"]);
    assert_eq!(card.code, 0, "{card:?}");
    for words in ["stay up", "times by its manager", "bound to the service", "no process that stays"] {
        assert!(card.out.contains(words), "{words:?} in\n{}", card.out);
    }
    let then = project.started("api");
    until("another process", || (project.started("api") != then).then_some(()));
    // What made it crash was mended, and it is started anew.
    fs::remove_file(project.at("lab/loop")).unwrap();
    let ended = project.run("restart", &["--confirm", &code_in(&card.out)]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.contains("a new process that stays"), "{ended:?}");
}

#[test]
fn a_container_whose_loop_goes_on_is_not_verified() {
    let Some(project) = Project::up("podman-compose") else { return };
    project.falls_over();
    project.configure(10);
    let (_, ended) = project.order("restart");
    assert_eq!(ended.code, 12, "{ended:?}");
    assert!(ended.out.contains("did not stay") || ended.out.contains("does not run"), "{ended:?}");
}
