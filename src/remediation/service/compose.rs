//! docker and podman compose: argument lists, what `ps --format json` prints in its several shapes, and what `inspect` of
//! the containers says. Identity comes from `inspect`, which both print alike; `ps` only says which containers there are.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::domain::{Cause, Safe};

use super::facts::{Instance, ServiceFacts, ServiceState};
use super::{ComposeProgram, ServiceVerb, check_name};

/// The label by which both mark a container with its service.
const LABEL: &str = "com.docker.compose.service";
/// The same of newer ones of podman, and how a container is marked that was only run once.
const PODMAN_LABEL: &str = "io.podman.compose.service";
const ONE_OFF: &str = "com.docker.compose.oneoff";
/// Containers of one service that are looked at; more is refused rather than half looked at.
const CONTAINERS: usize = 100;
/// Dependents that are listed.
const DEPENDENTS: usize = 20;

/// The argument list of a verb.
pub(super) fn argv(
    program: ComposeProgram,
    project: Option<&str>,
    file: Option<&str>,
    service: &str,
    verb: ServiceVerb,
) -> Result<Vec<String>, Cause> {
    check_name("service", service, ".-")?;
    let mut words = program.words().to_vec();
    if let Some(project) = project {
        check_name("project", project, "-")?;
        words.extend(["-p", project]);
    }
    if let Some(file) = file {
        if file.is_empty() || file.starts_with('-') {
            return Err(Cause::Misconfigured(Safe::of(format!("compose file {file:?} is no path"))));
        }
        words.extend(["-f", file]);
    }
    match verb {
        // Of the whole project: not every podman compose can be asked for one service.
        ServiceVerb::Status if program == ComposeProgram::Podman => words.extend(["ps", "--format", "json"]),
        // The programs of their own print ids alike, and JSON only some of them.
        ServiceVerb::Status if program == ComposeProgram::PodmanDash => words.extend(["ps", "-q"]),
        ServiceVerb::Status if program == ComposeProgram::DockerDash => words.extend(["ps", "--all", "-q", service]),
        ServiceVerb::Status => words.extend(["ps", "--all", "--format", "json", service]),
        ServiceVerb::Restart | ServiceVerb::Stop | ServiceVerb::Start => words.extend([verb.word(), service]),
    }
    Ok(words.into_iter().map(str::to_owned).collect())
}

/// The argument list that asks about containers.
pub(super) fn inspect_argv(program: ComposeProgram, containers: &[String]) -> Result<Vec<String>, Cause> {
    let mut words: Vec<String> = [program.word(), "inspect", "--type", "container"].map(str::to_owned).to_vec();
    for id in containers {
        check_name("container", id, ".-")?;
        words.push(id.clone());
    }
    Ok(words)
}

/// The argument list that prints the project, resolved.
pub(super) fn config_argv(
    program: ComposeProgram,
    project: Option<&str>,
    file: Option<&str>,
    service: &str,
) -> Result<Vec<String>, Cause> {
    if program == ComposeProgram::PodmanDash {
        return Err(Cause::Other(Safe::of("podman-compose does not print its project as JSON")));
    }
    let mut words = argv(program, project, file, service, ServiceVerb::Start)?;
    // The verb and its service are the last two.
    words.truncate(words.len() - 2);
    words.extend(["config", "--format", "json"].map(str::to_owned));
    Ok(words)
}

/// docker-compose 1 does not know `config --format json`, and tells its usage.
pub(super) fn dependents_unknown(program: ComposeProgram, cause: Cause) -> Cause {
    match cause {
        Cause::CommandFailed { code: Some(1), said } if program == ComposeProgram::DockerDash => {
            let usage = ["Usage:", "--hash", "--volumes"].iter().any(|word| said.as_str().contains(word));
            let why = "docker-compose 1 does not tell who depends on it";
            Cause::Other(if usage { Safe::of(why) } else { Safe::of(format!("{why}, nor did this one: {said}")) })
        }
        other => other,
    }
}

/// Who depends on a service, out of what `config --format json` printed: `depends_on` is a list of names, or an object with
/// how it depends on each.
pub fn dependents(printed: &[u8], service: &str) -> Result<Vec<Safe>, Cause> {
    let project: Value =
        serde_json::from_slice(printed).map_err(|e| Cause::NotJson(Safe::of(format!("compose config: {e}"))))?;
    let Some(services) = project.get("services").and_then(Value::as_object) else {
        return Err(Cause::Protocol(Safe::of("compose config names no services")));
    };
    let how = |declared: &Value| match declared.get("depends_on")? {
        Value::Array(names) => names.iter().any(|name| name == service).then_some("depends on it"),
        Value::Object(names) => {
            let restarted = names.get(service)?.get("restart").and_then(Value::as_bool) == Some(true);
            Some(if restarted { "is restarted with it" } else { "depends on it" })
        }
        _ => None,
    };
    let named = services.iter().filter_map(|(name, declared)| Some((name, how(declared)?)));
    let mut found: Vec<Safe> = named.map(|(name, how)| Safe::of(format!("{name} ({how})")).clipped(300)).collect();
    let more = found.len().saturating_sub(DEPENDENTS);
    if more > 0 {
        found.truncate(DEPENDENTS);
        found.push(Safe::of(format!("and {more} more")));
    }
    Ok(found)
}

/// The ids of a service's containers, out of what `ps --format json` printed: a list, or an object on each line, with the
/// member names of docker or of podman.
pub fn containers(printed: &[u8], service: &str) -> Result<Vec<String>, Cause> {
    let mut ids = Vec::new();
    for row in rows(printed)? {
        let Some(named) = service_of(&row) else {
            return Err(Cause::Protocol(Safe::of("compose ps does not say whose container this is")));
        };
        if named != service {
            continue;
        }
        let id = ["ID", "Id"].iter().find_map(|name| row.get(*name)?.as_str()).filter(|id| !id.is_empty());
        let Some(id) = id else {
            return Err(Cause::Protocol(Safe::of("compose ps names a container without its id")));
        };
        ids.push(id.to_owned());
    }
    if ids.len() > CONTAINERS {
        return Err(Cause::TooLarge { what: Safe::of("the service's list of containers"), limit: CONTAINERS as u64 });
    }
    Ok(ids)
}

/// The ids that `ps -q` printed, one a line; of the whole project where it cannot be asked for one service.
pub fn ids(program: ComposeProgram, printed: &[u8]) -> Result<Vec<String>, Cause> {
    let text = String::from_utf8_lossy(printed);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.filter(|line| program != ComposeProgram::PodmanDash || !is_its_own(line)).collect();
    let is_id = |line: &&&str| (12..=64).contains(&line.len()) && line.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(other) = lines.iter().find(|line| !is_id(line)) {
        let words = format!("compose ps -q prints {other:?}, which is no id of a container");
        return Err(Cause::Protocol(Safe::of(words).clipped(200)));
    }
    if lines.len() > CONTAINERS {
        return Err(Cause::TooLarge { what: Safe::of("the project's list of containers"), limit: CONTAINERS as u64 });
    }
    Ok(lines.into_iter().map(str::to_owned).collect())
}

/// What podman-compose tells of what it does, up to 1.0.3 on the output of what it runs.
fn is_its_own(line: &str) -> bool {
    let begins = ["['podman'", "using podman version: ", "podman ", "** excluding: "];
    begins.iter().any(|words| line.starts_with(words)) || line == "exit code: 0"
}

/// podman-compose ends well whatever podman says: how podman ended stands in its words.
#[must_use]
pub fn failed_after_all(program: ComposeProgram, said: &[Safe]) -> Option<Cause> {
    let code = |line: &Safe| line.as_str().trim().strip_prefix("exit code: ")?.parse::<i32>().ok();
    let code = said.iter().filter_map(code).find(|code| *code != 0);
    let code = code.filter(|_| program == ComposeProgram::PodmanDash)?;
    let own = |line: &&Safe| is_its_own(line.as_str()) || line.as_str().starts_with("exit code: ");
    let words: Vec<&str> = said.iter().filter(|line| !own(line)).map(Safe::as_str).collect();
    Some(Cause::CommandFailed { code: Some(code), said: Safe::of(words.join(" | ")).clipped(400) })
}

/// Reads what `inspect` printed of containers of a project: those of the service count, by their labels. One that was only
/// run once beside it does not.
pub fn read_of(printed: &[u8], service: &str) -> Result<ServiceFacts, Cause> {
    let mut own = Vec::new();
    for row in rows(printed)? {
        let label = |name: &str| row.pointer("/Config/Labels").and_then(|labels| labels.get(name)?.as_str());
        let Some(named) = label(LABEL).or_else(|| label(PODMAN_LABEL)) else {
            return Err(Cause::Protocol(Safe::of("inspect does not say whose container this is")));
        };
        if named == service && !label(ONE_OFF).is_some_and(|once| once.eq_ignore_ascii_case("true")) {
            own.push(row);
        }
    }
    of_rows(&own)
}

/// Why a compose program could not be asked, where it is the wrong one or too old: with what was run and what helps.
#[must_use]
pub fn mended(program: ComposeProgram, cause: Cause) -> Cause {
    let run = program.words().join(" ");
    let said = match &cause {
        Cause::CommandFailed { said, .. } => said.as_str().to_lowercase(),
        Cause::CommandMissing(_) => {
            let words = format!("{run} is not installed here: install it, or name the one that is by compose_program");
            return Cause::Misconfigured(Safe::of(words));
        }
        _ => return cause,
    };
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["is not a docker command", "unknown command \"compose\"", "looking up compose provider"])
        || (has(&["unrecognized command", "unknown shorthand flag"]) && program.words().len() > 1)
    {
        let own = format!("{}-compose", program.word());
        return Cause::Misconfigured(Safe::of(format!(
            "{run} is not there: install its plugin, or say compose_program = \"{own}\" where that program is ({said})"
        )));
    }
    if has(&["unknown flag", "no such option", "unrecognized arguments", "unknown option"]) {
        return Cause::Misconfigured(Safe::of(format!(
            "this {run} is too old for what is asked of it: install a newer one, or name another by compose_program ({said})"
        )));
    }
    cause
}

fn rows(printed: &[u8]) -> Result<Vec<Value>, Cause> {
    let mut rows = Vec::new();
    for value in serde_json::Deserializer::from_slice(printed).into_iter::<Value>() {
        match value.map_err(|e| Cause::NotJson(Safe::of(format!("compose ps: {e}"))))? {
            Value::Array(list) => rows.extend(list),
            Value::Null => {}
            row => rows.push(row),
        }
    }
    Ok(rows)
}

/// docker has a member for it; podman has labels as an object, older dockers as text.
fn service_of(row: &Value) -> Option<String> {
    if let Some(service) = row.get("Service").and_then(Value::as_str) {
        return Some(service.to_owned());
    }
    match row.get("Labels")? {
        Value::Object(labels) => Some(labels.get(LABEL)?.as_str()?.to_owned()),
        Value::String(labels) => {
            let mut pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
            pairs.find(|(name, _)| *name == LABEL).map(|(_, value)| value.to_owned())
        }
        _ => None,
    }
}

/// What nobody runs: compose knows no container of this service.
#[must_use]
pub fn no_container() -> ServiceFacts {
    ServiceFacts {
        state: ServiceState::Stopped,
        instances: Vec::new(),
        restarts: None,
        required_by: Vec::new(),
        words: Safe::of("no container"),
        ..ServiceFacts::default()
    }
}

/// Reads what `inspect` printed: a list with an object for each container.
pub fn read(printed: &[u8]) -> Result<ServiceFacts, Cause> {
    of_rows(&rows(printed)?)
}

fn of_rows(rows: &[Value]) -> Result<ServiceFacts, Cause> {
    if rows.is_empty() {
        return Ok(no_container());
    }
    let containers = rows.iter().map(Container::read).collect::<Result<Vec<_>, Cause>>()?;
    let mut words: Vec<String> = containers.iter().map(|container| container.words.clone()).collect();
    words.dedup();
    let mut ids: Vec<&str> = containers.iter().map(|container| container.id.as_str()).collect();
    ids.sort_unstable();
    Ok(ServiceFacts {
        anchor: Safe::of(ids.join(", ")).clipped(300),
        looping: containers.iter().any(|container| container.looping),
        state: ServiceState::worst(containers.iter().map(|container| container.state)),
        restarts: containers.iter().map(|container| container.restarts).sum(),
        started: containers.iter().filter_map(|container| container.started).max(),
        instances: containers.into_iter().filter_map(|container| container.instance).collect(),
        required_by: Vec::new(),
        words: Safe::of(words.join(", ")).clipped(200),
        ..ServiceFacts::default()
    })
}

struct Container {
    id: String,
    /// It is started again and again, or gave up.
    looping: bool,
    state: ServiceState,
    instance: Option<Instance>,
    restarts: Option<u64>,
    started: Option<DateTime<Utc>>,
    words: String,
}

impl Container {
    fn read(row: &Value) -> Result<Container, Cause> {
        let text = |pointer: &str| row.pointer(pointer).and_then(Value::as_str);
        let (Some(id), Some(status)) = (text("/Id"), text("/State/Status")) else {
            return Err(Cause::Protocol(Safe::of("inspect of a container lacks its id or its state")));
        };
        let code = row.pointer("/State/ExitCode").and_then(Value::as_i64);
        // docker calls it Health, podman before 5 Healthcheck.
        let health = ["/State/Health/Status", "/State/Healthcheck/Status"].iter().find_map(|p| text(p));
        let health = health.filter(|health| !matches!(*health, "" | "none"));
        // podman has no word for the pause before it starts one again: it is stopped, and was not cleaned up.
        let again = text("/HostConfig/RestartPolicy/Name").is_some_and(|policy| !matches!(policy, "" | "no"));
        let status = if status == "stopped" && again { "restarting" } else { status };
        let state = match (status, health, code) {
            ("running", Some("starting"), _) => ServiceState::Starting,
            ("running", Some("unhealthy"), _) => ServiceState::Failed,
            ("running", _, _) => ServiceState::Running,
            ("created" | "configured" | "initialized", _, _) => ServiceState::Stopped,
            ("restarting", _, _) => ServiceState::Starting,
            ("stopping" | "removing", _, _) => ServiceState::Stopping,
            // 143 and 137: it was told to end.
            ("exited" | "stopped", _, Some(0 | 137 | 143)) => ServiceState::Stopped,
            ("exited" | "stopped" | "dead", _, _) => ServiceState::Failed,
            _ => ServiceState::Unknown,
        };
        let pid = row.pointer("/State/Pid").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok());
        let up = matches!(state, ServiceState::Running | ServiceState::Starting) || status == "running";
        let started = text("/State/StartedAt").filter(|at| !at.is_empty() && !at.starts_with("0001-"));
        let short: String = id.chars().take(12).collect();
        let instance = up.then(|| Instance {
            pid: pid.filter(|pid| *pid != 0),
            invocation: started.map(|at| Safe::of(format!("{short} of {at}")).clipped(100)),
        });
        let mut words = status.to_owned();
        if let Some(code) = code.filter(|_| !up) {
            words.push_str(&format!(" ({code})"));
        }
        if let Some(health) = health {
            words.push_str(&format!(", {health}"));
        }
        let looping = status == "restarting" || (state == ServiceState::Failed && !up);
        Ok(Container {
            id: short,
            looping,
            state,
            instance,
            restarts: row.get("RestartCount").and_then(Value::as_u64),
            started: started.and_then(|at| Some(DateTime::parse_from_rfc3339(at).ok()?.to_utc())),
            words,
        })
    }
}
