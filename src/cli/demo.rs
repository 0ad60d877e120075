//! `quarterdeck demo`: the sample system as a child on a lifeline, and the dashboard on it.

use std::ffi::OsString;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode};
use std::time::{Duration, Instant};

use super::arguments::{self, Targets};
use super::{dashboard, load, say};
use crate::adapters::config_files;
use crate::config::{Arguments, Inputs, SourceFile, Variables, resolve};
use crate::demo::{self, DemoAddresses, DemoError, DemoOptions};
use crate::domain::threshold::parse_duration;
use crate::domain::{Safe, figure};
use crate::runtime::first_line::first_line;

/// What is watched of the sample.
const WATCHED: &str = include_str!("../../assets/demo.toml");
/// What is watched of its database, where it has one.
const WATCHED_DATABASE: &str = include_str!("../../assets/demo_database.toml");
/// What is watched of its Redis, where it has one.
const WATCHED_REDIS: &str = include_str!("../../assets/demo_redis.toml");
/// Its alert rules.
const RULES: &str = include_str!("../../assets/demo_rules.yml");
/// The sample is up and tells its addresses within this time or not at all; a slow disk makes a database slowly.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// How long we wait to see the sample gone. It ends by itself once the lifeline is let go, also when it takes longer.
const GONE_WITHIN: Duration = Duration::from_millis(1500);
/// What counts here of the person's own environment: what describes the terminal, and how they like the screen.
const OF_THE_SCREEN: [&str; 9] = [
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "SSH_CONNECTION",
    "QUARTERDECK_THEME",
    "QUARTERDECK_ASCII",
];
/// Longest line of addresses.
const LINE: u64 = 64 * 1024;

pub fn run(asked: arguments::Demo) -> ExitCode {
    let outcome = match (&asked.part, &asked.control) {
        (Some(part), _) => demo::run_part(part, &asked.rest),
        (None, Some(folder)) => control(folder, &asked.rest),
        (None, None) if asked.serve_only => options(&asked).and_then(|options| demo::run_serve(&options)),
        (None, None) => match options(&asked) {
            Ok(options) => return watch(&options, asked),
            Err(error) => Err(error),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::complain(error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn options(asked: &arguments::Demo) -> Result<DemoOptions, DemoError> {
    let mut options = DemoOptions { lifeline: asked.lifeline, scenario: asked.scenario, ..DemoOptions::default() };
    if let Some(after) = asked.scenario_after.as_deref() {
        options.scenario_after = parse_duration(after)
            .ok_or_else(|| DemoError::new(format!("--scenario-after {after:?}: a time such as 15s is wanted")))?;
    }
    Ok(options)
}

fn control(folder: &std::path::Path, rest: &[OsString]) -> Result<(), DemoError> {
    let words: Vec<&str> = rest.iter().filter_map(|word| word.to_str()).collect();
    let (verb, service) = match words.as_slice() {
        [verb, service] => (*verb, *service),
        _ => ("", ""),
    };
    let answer = demo::control(folder, verb, service)?;
    say::out(&[Safe::of(answer)]);
    Ok(())
}

/// Starts the sample, shows it, and waits until it left nothing behind.
fn watch(options: &DemoOptions, asked: arguments::Demo) -> ExitCode {
    let mut child = match demo::child_command(options).spawn() {
        Ok(child) => child,
        Err(error) => {
            say::complain(format!("the sample system could not be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    say::err([&Safe::of(
        "Starting a sample system: PostgreSQL, Redis, an API, a worker and a gateway, all on loopback …",
    )]);
    let shown = match addresses(&mut child).and_then(|a| watched(&a, options, asked)) {
        Ok(resolved) => dashboard::show(&resolved),
        Err(failed) => failed,
    };
    end(child);
    shown
}

/// The one line that the sample prints when all of it is up.
fn addresses(child: &mut Child) -> Result<DemoAddresses, ExitCode> {
    let refuse = |why: String| {
        say::complain(format!("the sample system did not start: {why}"));
        ExitCode::FAILURE
    };
    let Some(stdout) = child.stdout.take() else { return Err(refuse("it has no output".to_owned())) };
    match first_line(stdout, LINE, READY_WITHIN) {
        Ok(line) if !line.is_empty() => DemoAddresses::from_line(line.trim_end()).map_err(|e| refuse(e.to_string())),
        Ok(_) => Err(refuse(last_words(child))),
        Err(error) => Err(refuse(error.to_string())),
    }
}

/// Why the sample ended before it was up, as it said itself.
fn last_words(child: &mut Child) -> String {
    let said = child.stderr.take().map(|stderr| first_line(stderr, LINE, GONE_WITHIN));
    match said {
        Some(Ok(line)) if !line.trim().is_empty() => {
            let line = line.trim();
            Safe::of(line.strip_prefix("quarterdeck: ").unwrap_or(line)).to_string()
        }
        _ => "it ended and did not say why; 'quarterdeck demo --serve-only' may".to_owned(),
    }
}

/// A connection URL without its password, and the password.
fn without_password(url: &str) -> (String, String) {
    let Ok(mut parsed) = url::Url::parse(url) else { return (url.to_owned(), String::new()) };
    let password = parsed.password().unwrap_or_default().to_owned();
    let _ = parsed.set_password(None);
    (parsed.to_string(), password)
}

fn watched(
    addresses: &DemoAddresses,
    options: &DemoOptions,
    asked: arguments::Demo,
) -> Result<crate::config::Resolved, ExitCode> {
    let text = WATCHED
        .replace("\"MANAGER\"", &addresses.manager.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", "))
        .replace("\"RULES\"", &quoted(&rules(addresses)))
        .replace("\"API\"", &quoted(&addresses.api_url))
        .replace("\"WORKER/health\"", &quoted(&format!("{}/health", addresses.worker_url)))
        .replace("\"GATEWAY/health\"", &quoted(&format!("{}/health", addresses.gateway_url)))
        .replace("\"LOG\"", &quoted(&addresses.log_path.to_string_lossy()))
        .replace("\"WORKER_LOG\"", &quoted(&addresses.worker_log_path.to_string_lossy()));
    // A password does not stand in a configuration: it goes beside it.
    let (database, password) = addresses.database_url.as_deref().map(without_password).unzip();
    let text = match &database {
        Some(url) => text + "\n" + &WATCHED_DATABASE.replace("\"DATABASE\"", &quoted(url)),
        None => text,
    };
    let text = match &addresses.redis_url {
        Some(url) => text + "\n" + &redis(addresses, url),
        None => text,
    };
    let targets = Targets { theme: asked.theme, ascii: asked.ascii, ..Targets::default() };
    let own = config_files::variables().into_iter().filter(|(name, _)| OF_THE_SCREEN.contains(&name.as_str()));
    let variables = own.chain(password.map(|password| ("PGPASSWORD".to_owned(), password))).collect();
    let inputs = Inputs {
        arguments: Arguments::from(targets),
        variables: Variables::new(variables, None),
        file: Some(SourceFile { path: PathBuf::from("sample"), text }),
        ..Inputs::default()
    };
    let mut resolved = resolve(&inputs).map_err(|problems| load::refuse(&problems))?.resolved;
    for database in &mut resolved.databases {
        database.statements_interval = Duration::from_secs(5);
    }
    // It was never a file.
    resolved.know.doctor.configurations.clear();
    resolved.actions.audit = Some(own_folder(addresses, "audit", 0o700));
    resolved.know.state = Some(own_folder(addresses, "state", 0o700));
    resolved.actions.shared = Some(own_folder(addresses, "guards", 0o3770));
    for package in &addresses.missing {
        resolved.notes.push(Safe::of(format!("not installed, so its panes are off: {package}")));
        resolved.off.push(absent(package));
    }
    if let Some(scenario) = &addresses.scenario {
        let after = figure::span(options.scenario_after);
        resolved.notes.push(Safe::of(format!("scenario {scenario} begins {after} after the start")));
    }
    Ok(resolved)
}

/// Audit and locks of the sample go with the sample: in its folder, which is ours, and not in that of its logs, which may be
/// handed to another account.
fn own_folder(addresses: &DemoAddresses, name: &str, mode: u32) -> PathBuf {
    let sample = addresses.log_path.parent().and_then(Path::parent);
    let folder = sample.map_or_else(std::env::temp_dir, |sample| sample.join(name));
    // The mode is set again behind its making: a mask must not take bits away.
    let created = std::fs::DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .and_then(|()| std::fs::set_permissions(&folder, Permissions::from_mode(mode)));
    if let Err(error) = created {
        say::complain(format!("no action will run here: {}: {error}", folder.display()));
    }
    folder
}

/// The rules lie in the sample's folder as a team's would: whoever changes them sees them read again.
fn rules(addresses: &DemoAddresses) -> String {
    let file = own_folder(addresses, "rules", 0o700).join("prometheus-rules.yml");
    if let Err(error) = std::fs::write(&file, RULES) {
        say::complain(format!("there are no alert rules: {}: {error}", file.display()));
    }
    file.to_string_lossy().into_owned()
}

/// Its Redis: the password lies in a file of the sample's folder, where only its owner reads it.
fn redis(addresses: &DemoAddresses, url: &str) -> String {
    let (url, password) = without_password(url);
    let file = own_folder(addresses, "secrets", 0o700).join("redis");
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&file)
        .and_then(|mut open| open.write_all(password.as_bytes()));
    if let Err(error) = written {
        say::complain(format!("its Redis will want a password: {}: {error}", file.display()));
    }
    let secret = quoted(&format!("file:{}", file.to_string_lossy()));
    WATCHED_REDIS.replace("\"REDIS\"", &quoted(&url)).replace("\"PASSWORD\"", &secret)
}

fn absent(package: &str) -> crate::config::resolved::OffSpec {
    use crate::config::resolved::{OffKind, OffSpec};
    let kind = if package == "postgresql" { OffKind::Database } else { OffKind::Cache };
    OffSpec {
        kind,
        name: Safe::of(package),
        why: Safe::of("not installed"),
        turn_on: Safe::of(format!("install the package {package}, then start the demo again")),
    }
}

/// A TOML string. The addresses are ours, but a folder may hold any character.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Lets go of the lifeline and waits until nothing is left.
fn end(mut child: Child) {
    drop(child.stdin.take());
    let deadline = Instant::now() + GONE_WITHIN;
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Ok(Some(_)) | Err(_) => return,
        }
    }
}
