//! The second person is who owns the record: with real users of this system, as root.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

use quarterdeck::adapters::shared_folder::{Answer, ApproveError};
use quarterdeck::domain::Safe;
use quarterdeck::remediation::approval::{ApprovalRefusal, OsIdentity, Policy, Spending};
use serde_json::Value;

use super::child::{Other, now, request};
use super::{GROUP, Lab, root};

const DAEMON: u32 = 1;
const BIN: u32 = 2;
const SYS: u32 = 3;
const NOBODY: u32 = 65534;

/// A lab, and a copy of this program that every user may run; none without root.
fn lab() -> Option<(Lab, PathBuf)> {
    if !root() {
        crate::act::skipped("a second person", "two users need root");
        return None;
    }
    let lab = Lab::new();
    let program = lab.around.path().join("program");
    crate::support::program_copy::copied(std::env::current_exe().unwrap(), &program);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    Some((lab, program))
}

/// Of the card that was asked for, for the reason that was given.
fn spending(id: &str) -> Spending {
    let (id, terms) = (id.to_owned(), request(id).terms());
    Spending { id, digest: "d1".to_owned(), terms, reason: Safe::default() }
}

#[test]
fn a_really_different_user_approves() {
    let Some((lab, program)) = lab() else { return };
    let mut alice = Other::of_user(DAEMON, &program, &lab.path());
    let mut bob = Other::of_user(NOBODY, &program, &lab.path());
    assert_eq!(alice.ask("ask r001"), "done");
    assert!(alice.ask("ask r001").contains("is there already"));
    assert_eq!(bob.ask("pending"), "[\"r001\"] and 0");
    assert_eq!(alice.ask("approval r001 d1"), "waiting");
    assert!(alice.ask("approve r001 cache-812").contains("must be another one"));
    assert!(bob.ask("approve r001 cache-813").contains("not typed exactly"));
    let mut shared = Other::of_user(BIN, &program, &lab.path());
    assert!(shared.ask("approve r001 cache-812").contains("several people use"));
    assert_eq!(alice.ask("approval r001 d1"), "waiting");

    assert_eq!(bob.ask("approve r001 cache-812"), "approved");
    assert_eq!(alice.ask("approval r001 d1"), "approved by nobody");
    assert!(alice.ask("approval r001 d2").contains("another card"));
    let record = lab.path().join("approvals").join(format!("r001.{NOBODY}"));
    assert_eq!(fs::metadata(&record).unwrap().permissions().mode() & 0o7777, 0o640);
}

/// Whatever the requester writes under his own name, or into what another left open to his group, is no approval.
#[test]
fn a_forged_approval_is_none() {
    let Some((lab, program)) = lab() else { return };
    let mut alice = Other::of_user(DAEMON, &program, &lab.path());
    let mut bob = Other::of_user(NOBODY, &program, &lab.path());
    assert_eq!(alice.ask("ask r001"), "done");
    assert_eq!(bob.ask("approve r001 cache-812"), "approved");
    let record = lab.path().join("approvals").join(format!("r001.{NOBODY}"));

    // Bob's words in a file of Alice's.
    chown(&record, Some(DAEMON), Some(GROUP)).unwrap();
    assert!(alice.ask("approval r001 d1").contains("not what its name says"));
    chown(&record, Some(NOBODY), Some(GROUP)).unwrap();
    assert_eq!(alice.ask("approval r001 d1"), "approved by nobody");

    // A file of Bob's into which Alice may write, as a lock is.
    fs::set_permissions(&record, fs::Permissions::from_mode(0o660)).unwrap();
    assert!(alice.ask("approval r001 d1").contains("others than its owner"));
    fs::set_permissions(&record, fs::Permissions::from_mode(0o640)).unwrap();

    // The same file under another name.
    let link = lab.path().join("approvals").join("elsewhere");
    fs::hard_link(&record, &link).unwrap();
    assert!(alice.ask("approval r001 d1").contains("others than its owner"));
    fs::remove_file(&link).unwrap();
    assert_eq!(alice.ask("approval r001 d1"), "approved by nobody");

    // An approval of one request for another.
    assert_eq!(alice.ask("ask r002"), "done");
    fs::rename(&record, lab.path().join("approvals").join(format!("r002.{NOBODY}"))).unwrap();
    assert!(alice.ask("approval r002 d1").contains("not what its name says"));
    assert_eq!(alice.ask("approval r001 d1"), "waiting");
}

#[test]
fn a_forged_request_is_not_shown() {
    let Some((lab, program)) = lab() else { return };
    let mut alice = Other::of_user(DAEMON, &program, &lab.path());
    let mut bob = Other::of_user(NOBODY, &program, &lab.path());
    assert_eq!(alice.ask("ask r001"), "done");
    let record = lab.path().join("requests/r001");
    chown(&record, Some(NOBODY), Some(GROUP)).unwrap();
    assert_eq!(bob.ask("pending"), "[] and 1", "it names Alice and is Bob's");
    chown(&record, Some(DAEMON), Some(GROUP)).unwrap();
    assert_eq!(bob.ask("pending"), "[\"r001\"] and 0");
}

#[test]
fn nobody_removes_what_is_anothers() {
    let Some((lab, program)) = lab() else { return };
    lab.open();
    let mut alice = Other::of_user(DAEMON, &program, &lab.path());
    assert_eq!(alice.ask("start flush"), "done");
    let record = super::only_file(&lab.path().join("cool-downs"));
    let as_bob = |argv: &[&str]| {
        let mut command = std::process::Command::new("setpriv");
        command.args([format!("--reuid={NOBODY}"), format!("--regid={GROUP}"), "--clear-groups".to_owned()]);
        command.args(argv).status().unwrap().success()
    };
    let path = record.to_str().unwrap();
    assert!(as_bob(&["cat", path]));
    assert!(!as_bob(&["rm", "-f", path]));
    assert!(!as_bob(&["sh", "-c", &format!(": > {path}")]));
    let mut bob = Other::of_user(NOBODY, &program, &lab.path());
    assert_eq!(bob.ask("start flush"), "done", "each has a record of his own");
    assert_eq!(lab.open().last_starts("flush", "cache").map(|starts| starts.len()), Ok(2));
    assert_eq!(alice.ask("hold cache"), "won");
    assert!(bob.ask("hold cache").contains("daemon"));
    alice.ask("release");
    assert_eq!(bob.ask("hold cache"), "won", "another user takes the same lock over");
}

/// Of several programs of one person, and whatever becomes of them, one runs on an approval, for its card, once.
#[test]
fn an_approval_is_used_once() {
    let Some((lab, program)) = lab() else { return };
    let mut alice = Other::of_user(DAEMON, &program, &lab.path());
    let mut too = Other::of_user(DAEMON, &program, &lab.path());
    let mut bob = Other::of_user(NOBODY, &program, &lab.path());
    assert_eq!(alice.ask("ask r001"), "done");
    assert!(alice.ask("spend r001 d1").contains("no such request"), "nobody approved it");
    assert_eq!(bob.ask("approve r001 cache-812"), "approved");
    assert!(bob.ask("spend r001 d1").contains("another request"), "it was given to another one");
    assert!(alice.ask("spend r001 d2").contains("another card"));
    alice.tell("spend r001 d1");
    too.tell("spend r001 d1");
    let mut said = [alice.answer(), too.answer()];
    said.sort();
    assert!(said[0].starts_with("refused ") && said[1] == "spent nobody", "{said:?}");
    // The answer still lies there; without its request it is worth nothing, to no other program either.
    assert!(lab.path().join("approvals").join(format!("r001.{NOBODY}")).exists());
    too.kill();
    let mut again = Other::of_user(DAEMON, &program, &lab.path());
    assert!(again.ask("spend r001 d1").contains("no such request"));
    // Nor does the old answer fit a request that is put in its place.
    assert_eq!(again.ask("ask r001"), "done");
    assert!(again.ask("spend r001 d1").contains("another request"));
}

#[test]
fn an_id_leads_nowhere_else() {
    let lab = Lab::new();
    let folder = lab.open();
    for id in ["", "abc", "../../etc", "ABCD", "ab.cd", "a/bc", &"a".repeat(33)] {
        assert!(folder.request(id).is_err(), "{id:?}");
        assert!(folder.withdraw(id).is_err(), "{id:?}");
    }
    assert_eq!(folder.request("abcd"), Ok(None));
    folder.ask(&request("abcd")).expect("asked");
    assert!(folder.request("abcd").is_ok_and(|request| request.is_some_and(|request| request.phrase == "cache-812")));
    folder.withdraw("abcd").expect("withdrawn");
    assert_eq!(folder.request("abcd"), Ok(None));
}

/// Of several approvals one may be void, by policy or by how its giver and the requester came to be who they are: it hides none
/// that counts, and is not the one that is used.
#[test]
fn a_void_approval_hides_none_that_counts() {
    let Some((lab, program)) = lab() else { return };
    let mut alice = Other::of_user(DAEMON, &program, &lab.path());
    let logged_in = |record: &str, login: Option<u32>| {
        let path = lab.path().join(record);
        let mut text: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        text["who"]["loginuid"] = login.into();
        // The same file: its owner stays.
        let mut file = fs::OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
        file.write_all(format!("{text}\n").as_bytes()).unwrap();
    };
    let as_daemon = |login: u32| OsIdentity {
        uid: DAEMON,
        user: "daemon".into(),
        loginuid: Some(login),
        login: Some("somebody".into()),
        claims: Vec::new(),
    };
    let required = Policy { require_login: true, ..Policy::default() };
    let folder = lab.open();
    let both = [SYS, NOBODY];
    for (void, id) in both.into_iter().zip(["r001", "r002"]) {
        assert_eq!(alice.ask(&format!("ask {id}")), "done");
        logged_in(&format!("requests/{id}"), Some(DAEMON));
        for uid in both {
            assert_eq!(Other::of_user(uid, &program, &lab.path()).ask(&format!("approve {id} cache-812")), "approved");
            logged_in(&format!("approvals/{id}.{uid}"), (uid != void).then_some(uid));
        }
        let counts = |by: &OsIdentity| match folder.approval(id, "d1", by, &required, now()) {
            Ok(Answer::Approved(approval)) => approval.approver.uid,
            other => panic!("{other:?}"),
        };
        let valid = both[usize::from(void == SYS)];
        assert_eq!(counts(&as_daemon(DAEMON)), valid, "{void} has no login");
        let spending = spending(id);
        logged_in(&format!("approvals/{id}.{void}"), Some(void));
        assert_eq!(counts(&as_daemon(void)), valid, "the one who runs it is {void}");
        let spent = folder.spend(&spending, &as_daemon(void), &required, now()).expect("one counts");
        assert_eq!(spent.approver.uid, valid);
    }
    // Where none counts it is said why.
    assert_eq!(alice.ask("ask r003"), "done");
    logged_in("requests/r003", Some(DAEMON));
    assert_eq!(Other::of_user(SYS, &program, &lab.path()).ask("approve r003 cache-812"), "approved");
    logged_in(&format!("approvals/r003.{SYS}"), None);
    let refused = ApprovalRefusal::NoLogin("sys".into());
    let answer = folder.approval("r003", "d1", &as_daemon(DAEMON), &required, now());
    assert_eq!(answer, Ok(Answer::Refused(refused.clone())));
    let spending = spending("r003");
    let spent = folder.spend(&spending, &as_daemon(DAEMON), &required, now());
    assert_eq!(spent, Err(ApproveError::Refused(refused)));
}
