//! What refuses, with exit status 10 and nothing done; and wrong names.

use super::{ACTION, Command, HEADLESS, Stage, Stdio, Told, skipped};

#[tokio::test]
async fn without_leave_without_a_terminal_and_without_a_reason_nothing_is_done() {
    let stage = Stage::new();
    stage.configure("production", HEADLESS);
    let guest = stage.idle_in_transaction().await;
    stage.run(&[ACTION, "--target", "main"]).refused("read-only");
    stage.configure("production", "allow = true");
    stage.run(&[ACTION, "--target", "main"]).refused("needs a terminal");
    stage.confirm("000000000000-00000000", &[]).refused("needs a terminal");
    stage.configure("production", &format!("allow = true\n{HEADLESS}"));
    let (card, code) = stage.dry_run();
    assert!(card.contains("main in PRODUCTION") && card.contains("--reason 'WHY'"), "{card}");
    stage.confirm(&code, &[]).refused("in production a reason is asked for");
    stage.confirm(&code, &["--reason", "INC-7"]).refused("used already");
    // Read-only meanwhile.
    let (_, code) = stage.dry_run();
    stage.configure("production", HEADLESS);
    stage.confirm(&code, &["--reason", "INC-7"]).refused("read-only");
    assert!(guest.is_alive().await);
    assert_eq!(stage.open_transactions(), "1");
    let refused = ["refused"; 4];
    assert_eq!(stage.events(), [&refused[..], &["confirmation-failed", "refused"]].concat());
    let audit = stage.audit();
    let why = |at: usize| audit[at]["fields"]["why"][0].as_str().unwrap();
    assert!(why(0).contains("read-only") && why(1).contains("needs a terminal"), "{audit:?}");
    assert!(why(2).contains("needs a terminal") && why(5).contains("read-only"), "{audit:?}");
    assert!(
        audit.iter().all(|record| record["fields"]["action"] == ACTION && record["fields"]["target"] == "main"),
        "{audit:?}"
    );
}

/// Who asks for what asks a person on its way, where nobody is, is recorded; and who would approve where nothing can be.
#[test]
fn what_needs_a_person_is_refused_and_recorded() {
    let stage = Stage::new();
    let book = "[[runbook]]\nname = \"book\"\ntarget = \"main\"\nlevel = \"L1\"\n\
                [[runbook.step]]\ntitle = \"look\"\nask = true\nlook = \"connections main\"\n";
    stage.configure("staging", &format!("allow = true\nheadless = [\"book\"]\n{book}"));
    stage.run(&["book", "--target", "main"]).refused("asks a person on its way");
    let approve = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().env("HOME", stage.home.path()).arg("--config").arg(stage.config_path());
        super::Told::of(command.args(arguments).stdin(std::process::Stdio::null()).output().unwrap())
    };
    approve(&["approve", "abcd2345"]).refused("none is configured");
    let shared = stage.home.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::set_permissions(&shared, std::os::unix::fs::PermissionsExt::from_mode(0o3770)).unwrap();
    stage.configure("staging", &format!("shared = {shared:?}"));
    approve(&["approve", "abcd2345"]).refused("needs a terminal");
    approve(&["approve"]);
    let audit = stage.audit();
    assert_eq!(stage.events(), ["refused"; 3], "{audit:?}");
    let why = |at: usize| audit[at]["fields"]["why"][0].as_str().unwrap();
    assert!(audit[0]["fields"]["action"] == "book" && why(0).contains("asks a person"), "{audit:?}");
    assert!(audit[2]["fields"]["request"] == "abcd2345" && why(2).contains("terminal"), "{audit:?}");
}

#[tokio::test]
async fn a_code_is_of_one_order_and_whoever_guesses_uses_it_up() {
    let stage = Stage::new();
    stage.configure("staging", "allow = true\nheadless = [\"terminate-idle-in-transaction\", \"terminate-idle\"]");
    let guest = stage.idle_in_transaction().await;
    let (_, code) = stage.dry_run();
    let wrong = format!("{}-00000000", code.split('-').next().unwrap());
    stage.confirm(&wrong, &[]).refused("not the code that was printed");
    stage.confirm(&code, &[]).refused("used already");
    let (_, code) = stage.dry_run();
    let told = stage.run(&["terminate-idle", "--target", "main", "--confirm", &code]);
    told.refused("it is of terminate-idle-in-transaction on main");
    stage.confirm("../../../../etc/passwd-00000000", &[]).refused("does not look like a code");
    assert!(guest.is_alive().await);
}

#[tokio::test]
async fn nothing_that_fits_is_nothing_to_do() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\n{HEADLESS}"));
    let told = stage.run(&[ACTION, "--target", "main"]);
    told.refused("nobody fits");
    assert!(!told.out.contains("--confirm"), "no code for it: {told:?}");
    let guest = stage.idle_in_transaction().await;
    stage.run(&[ACTION, "--target", "main", "--param", "older_than=1h"]).refused("nobody fits");
    assert!(guest.is_alive().await);
    assert_eq!(stage.events(), ["refused", "refused"], "what was only looked at is recorded too");
}

#[test]
fn wrong_names_are_told_with_the_right_ones() {
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\n{HEADLESS}"));
    for (arguments, words) in [
        (&["terminate-idel", "--target", "main"][..], "did you mean \"terminate-idle\"?"),
        (&[ACTION, "--target", "mian"], "did you mean \"main\"?"),
        (&[ACTION, "--target", "main", "--param", "older_than=soon"], "such as 10m"),
        (&["terminate-idle", "--target", "main", "--param", "older_than=1m"], "only tightens"),
        (
            &["cancel-root-blocker", "--target", "main", "--param", "older_than=1h"],
            "means nothing to cancel-root-blocker",
        ),
        (&["terminate-idle", "--target", "main", "--param", "user="], "never everybody"),
        (&["terminate-idle", "--target", "main", "--param", "usre=web"], "did you mean \"user\"?"),
        (&["terminate-idle", "--target", "main", "--param", "web"], "write name=value"),
        (&["terminate-session", "--target", "main", "--param", "pid=all"], "number of a server process"),
        (&[ACTION], "--target"),
        (&[], "ACTION"),
    ] {
        let told = stage.run(arguments);
        assert_eq!(told.code, 64, "{arguments:?} {told:?}");
        assert!(told.err.contains(words), "{words:?} {told:?}");
    }
    let told = stage.run(&["--list"]);
    assert_eq!(told.code, 0);
    let line = told.out.lines().find(|line| line.contains(ACTION)).unwrap();
    assert!(line.starts_with("L2  ") && line.contains(" main ") && !line.contains("read-only"), "{line}");
    stage.configure("staging", "");
    let told = stage.run(&["--list"]);
    assert!(told.out.lines().all(|line| line.contains("read-only")), "{told:?}");
}

/// The disk of the audit is full to the last byte: nothing is done, the words say what to do, and watching goes on.
#[tokio::test]
async fn a_full_disk_of_the_audit_refuses_and_says_what_to_do() {
    let can = Command::new("unshare").args(["-m", "true"]).output().is_ok_and(|told| told.status.success());
    if !can {
        return skipped("a full disk under the program", "a private mount namespace wants root and unshare");
    }
    let stage = Stage::new();
    stage.configure("staging", &format!("allow = true\n{HEADLESS}"));
    let guest = stage.idle_in_transaction().await;
    let (_, code) = stage.dry_run();
    let on_a_full_disk = |arguments: &[&str]| {
        let script = "mount -t tmpfs -o size=256k,mode=700 none \"$0\" || exit 99\n\
                      dd if=/dev/zero of=\"$0/filler\" bs=512 2>/dev/null && exit 98\n\
                      exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", script]).arg(stage.home.path().join("audit"));
        command.arg(env!("CARGO_BIN_EXE_quarterdeck")).arg("--config").arg(stage.config_path()).args(arguments);
        command
            .env_clear()
            .env("HOME", stage.home.path())
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null());
        Told::of(command.output().unwrap())
    };
    let told = on_a_full_disk(&["run", ACTION, "--target", "main", "--confirm", &code]);
    assert_eq!(told.code, 10, "{told:?}");
    assert!(told.out.contains("there is no space for the record and the outcome; make room"), "{told:?}");
    assert!(guest.is_alive().await, "nothing was done");
    let looked = on_a_full_disk(&["check"]);
    assert!(looked.code == 0 && looked.out.contains("main"), "{looked:?}");
    // With room the same runs, by a card of its own.
    let (_, code) = stage.dry_run();
    let told = stage.confirm(&code, &[]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(stage.events(), ["intent", "outcome"]);
}
