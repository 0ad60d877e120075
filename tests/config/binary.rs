//! The real binary: exit statuses, where it prints, and a reader that leaves.

use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The binary in a world of its own: no configuration, no variables, an empty current folder.
fn quarterdeck(world: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.args(arguments).env_clear().env("HOME", world.path()).current_dir(world.path()).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let world = TempDir::new().unwrap();
    told(&quarterdeck(&world, arguments).output().unwrap())
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn help_is_worth_reading_and_no_failure() {
    for arguments in [
        &["--help"][..],
        &["check", "--help"],
        &["demo", "--help"],
        &["config", "--help"],
        &["config", "show", "--help"],
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        assert!(out.contains("Usage: quarterdeck"), "{out}");
    }
    let (_, out, _) = run(&["--help"]);
    for wanted in ["Examples:", "--db", "--redact", "config example", "64 wrong usage"] {
        assert!(out.contains(wanted), "{wanted}\n{out}");
    }
}

#[test]
fn wrong_usage_exits_64_on_stderr_without_control_characters() {
    for arguments in [
        &["--colour"][..],
        &["config"],
        &["config", "chek"],
        &["demo", "--scenario", "\u{1b}[2Jx"],
        &["config", "check", "ftp://x/y"],
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (64, ""), "{arguments:?}: {err}");
        assert!(!err.is_empty() && !err.chars().any(|c| c.is_control() && c != '\n'), "{err:?}");
    }
}

#[test]
fn a_wrong_configuration_exits_78_and_says_all() {
    let world = TempDir::new().unwrap();
    let folder = world.path().join(".config/quarterdeck");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), "nmae = \"x\"\n[screen]\ntheme = \"drak\"\n").unwrap();
    let (code, out, err) = told(&quarterdeck(&world, &["config", "check"]).output().unwrap());
    assert_eq!((code, out.as_str()), (78, ""), "{err}");
    assert!(err.contains("config.toml:1: nmae: no such key") && err.contains("config.toml:3: screen.theme"), "{err}");
}

#[test]
fn a_mistyped_or_misplaced_subcommand_is_named() {
    for (arguments, wanted) in [
        (&["chek"][..], "did you mean quarterdeck check?"),
        (&["help"], "quarterdeck --help"),
        (&["dmeo"], "did you mean quarterdeck demo?"),
        (&["http://localhost:1", "check"], "check is a subcommand and comes before URLs"),
        (&["check", "localhost"], "did you mean \"http://localhost\"?"),
        (&["--db", "postgresql://a@b/c", "demo"], "what stands before demo"),
        (&["--profile", "pgit", "config", "check"], "--profile: there is no profile \"pgit\""),
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (64, ""), "{arguments:?}: {err}");
        assert!(err.contains(wanted), "{arguments:?}: {err}");
    }
}

#[test]
fn options_may_stand_before_the_subcommand() {
    let (code, out, err) = run(&["--profile", "kinexus", "config", "check"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("kinexus: no problem;"), "{out}");
}

#[test]
fn nothing_to_watch_is_wrong_usage_and_no_verdict() {
    for arguments in [&["check"][..], &["check", "--json"], &["check", "--rules", "none.yml"], &[]] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (64, ""), "{arguments:?}: {err}");
        assert!(err.contains("nothing to watch: name a URL"), "{err}");
    }
    let (_, out, _) = run(&["--help"]);
    assert!(!out.contains("not read by this version") && out.contains("--rules <FILE>"), "{out}");
}

#[test]
fn a_configuration_that_others_may_write_is_a_wrong_configuration() {
    use std::os::unix::fs::PermissionsExt;
    let world = TempDir::new().unwrap();
    let file = world.path().join("open.toml");
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let (code, _, err) = told(&quarterdeck(&world, &["--config", file.to_str().unwrap(), "check"]).output().unwrap());
    assert_eq!(code, 78, "{err}");
    assert!(err.contains("--config") && err.contains("may be written by others"), "{err}");
    let (code, _, err) = told(&quarterdeck(&world, &["check", "--config", "gone.toml"]).output().unwrap());
    assert_eq!(code, 64, "{err}");
}

#[test]
fn check_show_and_example_print_and_succeed() {
    let (code, out, err) = run(&["config", "check", "--profile", "kinexus"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.starts_with("kinexus: no problem; services 0,") && out.contains("off: service api: set its URL"),
        "{out}"
    );
    let (code, out, _) = run(&["config", "show", "http://u:s3cret@localhost:8000/health"]);
    assert!(code == 0 && out.contains("***") && !out.contains("s3cret"), "{out}");
    let (code, out, _) = run(&["config", "example"]);
    assert!(code == 0 && out.contains("[[service]]"), "{out}");
}

#[test]
fn a_reader_that_leaves_is_no_failure_and_a_full_device_is_one() {
    let world = TempDir::new().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = quarterdeck(&world, &["config", "example"]).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(quarterdeck(&world, &["config", "example"]).stdout(full).status().unwrap().code(), Some(74));
}
