//! Numbers printed by commands and figures of the host, against the real system.

use std::fs;
use std::time::{Duration, Instant};

use quarterdeck::adapters::command::CommandSignal;
use quarterdeck::adapters::host::HostSignal;
use quarterdeck::config::resolved::SignalSource;
use quarterdeck::domain::cause::Phase;
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::domain::{Cause, Safe};
use rustix::process::{Pid, Signal, kill_process};

const DEADLINE: Duration = Duration::from_secs(20);

fn shell(script: &str, arguments: &[&str]) -> CommandSignal {
    let argv = ["sh", "-c", script, "sh"].into_iter().chain(arguments.iter().copied());
    CommandSignal::new(argv.map(str::to_owned).collect())
}

async fn read(script: &str) -> Result<SignalValue, Cause> {
    shell(script, &[]).read(DEADLINE).await
}

/// Whether a process runs; a dead one that nobody has reaped yet does not.
fn runs(pid: i32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn wait_until_gone(pid: i32) {
    let until = Instant::now() + Duration::from_secs(20);
    while runs(pid) {
        assert!(Instant::now() < until, "process {pid} lives on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The process ids that a script wrote, one per line, once there are `count`.
fn written(path: &std::path::Path, count: usize) -> Vec<i32> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        let pids: Vec<i32> = text.lines().filter_map(|l| l.parse().ok()).collect();
        if pids.len() >= count && text.ends_with('\n') {
            return pids;
        }
        assert!(Instant::now() < until, "the script wrote only {text:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test]
async fn a_number_is_read_from_the_first_line() {
    assert_eq!(read("echo 42; echo 43").await, Ok(SignalValue::Number(42.0)));
    assert_eq!(read("printf '\\n  used: 91%%\\n'").await, Ok(SignalValue::Ratio(0.91)));
    let none = read("echo nothing to see").await.unwrap_err();
    assert!(matches!(&none, Cause::NoSuchFigure { pointer } if pointer.as_str().contains("nothing")), "{none}");
    assert!(matches!(read("true").await, Err(Cause::NoSuchFigure { .. })));
}

#[tokio::test]
async fn failure_is_told_with_what_the_program_said() {
    let failed = read("echo 42; printf 'no \\033[2Jroute\\n' >&2; exit 3").await;
    assert_eq!(failed, Err(Cause::CommandFailed { code: Some(3), said: "no \\x1b[2Jroute".into() }));
    let killed = read("kill -9 $$").await;
    assert_eq!(killed, Err(Cause::CommandFailed { code: None, said: "it said nothing".into() }));
    let missing = CommandSignal::new(vec!["quarterdeck-no-such-program".into()]).read(DEADLINE).await;
    assert_eq!(missing, Err(Cause::CommandMissing("quarterdeck-no-such-program".into())));
    let forbidden = CommandSignal::new(vec!["/etc/passwd".into()]).read(DEADLINE).await;
    assert_eq!(forbidden, Err(Cause::PermissionDenied("/etc/passwd".into())));
    assert!(matches!(CommandSignal::new(vec![]).read(DEADLINE).await, Err(Cause::Misconfigured(_))));
}

#[tokio::test]
async fn argv_is_never_read_by_a_shell() {
    let signal = CommandSignal::new(["echo", "7", "; echo", "$(id)", "`id`"].map(str::to_owned).to_vec());
    assert_eq!(signal.read(DEADLINE).await, Ok(SignalValue::Number(7.0)));
}

#[tokio::test]
async fn the_environment_is_minimal_and_nothing_can_be_asked() {
    assert!(std::env::vars_os().count() > 5, "there is something that must not be handed on");
    // What the shell itself adds is not ours.
    let foreign = "env | cut -d= -f1 | grep -cvxE 'PATH|HOME|TZ|LANG|PWD|OLDPWD|SHLVL|_'; test \"$LANG\" = C";
    assert_eq!(read(foreign).await, Ok(SignalValue::Number(0.0)));
    assert_eq!(read("read answer; echo 5${answer}").await, Ok(SignalValue::Number(5.0)));
}

#[tokio::test]
async fn a_hanging_program_is_killed_with_all_its_descendants() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let script = "trap '' TERM HUP; echo $$ >> \"$1\"; (sleep 1000 & echo $! >> \"$1\"; wait) & sleep 1000";
    let signal = shell(script, &[file.to_str().unwrap()]);
    let deadline = Duration::from_millis(700);
    assert_eq!(signal.read(deadline).await, Err(Cause::Timeout { phase: Phase::Whole, after: deadline }));
    for pid in written(&file, 2) {
        wait_until_gone(pid);
    }
}

#[tokio::test]
async fn a_reading_that_is_given_up_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let signal = shell("sleep 1000 & echo $! >> \"$1\"; echo $$ >> \"$1\"; wait", &[file.to_str().unwrap()]);
    let pids = tokio::select! {
        early = signal.read(DEADLINE) => panic!("{early:?}"),
        pids = tokio::task::spawn_blocking({ let file = file.clone(); move || written(&file, 2) }) => pids.unwrap(),
    };
    for pid in pids {
        wait_until_gone(pid);
    }
}

#[tokio::test]
async fn a_detached_descendant_does_not_hold_the_reading_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let script =
        "setsid sh -c 'echo $$ >> \"$1\"; exec sleep 1000' sh \"$1\" & while ! test -s \"$1\"; do :; done; echo 42";
    let value = shell(script, &[file.to_str().unwrap()]).read(DEADLINE).await;
    let detached = written(&file, 1)[0];
    let alive = runs(detached);
    kill_process(Pid::from_raw(detached).unwrap(), Signal::KILL).unwrap();
    assert_eq!((value, alive), (Ok(SignalValue::Number(42.0)), true));
}

#[tokio::test]
async fn much_output_is_drained_and_endless_output_is_stopped() {
    let much = read("echo 42; head -c 500000 /dev/zero; head -c 500000 /dev/zero >&2").await;
    assert_eq!(much, Ok(SignalValue::Number(42.0)));
    let what: Safe = "output of the command".into();
    for script in ["yes", "yes >&2"] {
        assert_eq!(read(script).await, Err(Cause::TooLarge { what: what.clone(), limit: 1024 * 1024 }));
    }
}

#[test]
fn disk_agrees_with_df() {
    // Both look at a living file system: what others write in between shifts the figure a little.
    let shown = std::process::Command::new("df").args(["--output=pcent", "/"]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let percent: f64 = shown.lines().nth(1).unwrap().trim().trim_end_matches('%').parse().unwrap();
    let Ok(SignalValue::Ratio(ours)) = HostSignal::new(SignalSource::Disk { path: "/".into() }).read() else {
        panic!()
    };
    assert!((ours * 100.0 - percent).abs() <= 1.5, "{ours} against {percent}%");
}

#[test]
fn memory_and_load_are_plausible() {
    let Ok(SignalValue::Ratio(memory)) = HostSignal::new(SignalSource::Memory).read() else { panic!() };
    assert!(memory > 0.0 && memory < 1.0, "{memory}");
    let Ok(SignalValue::Number(load)) = HostSignal::new(SignalSource::Load).read() else { panic!() };
    let text = fs::read_to_string("/proc/loadavg").unwrap();
    let one_minute: f64 = text.split(' ').next().unwrap().parse().unwrap();
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap().matches("processor\t").count().max(1);
    assert!((load * processors as f64 - one_minute).abs() < 1.0, "{load} on {processors} against {one_minute}");
}
