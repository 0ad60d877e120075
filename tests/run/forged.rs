//! What is no approval of a second person, whoever wrote it and however: the real program of the requester says why, records it
//! and runs nothing. Two real users of this system, and a real Redis that is flushed outside every window.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::pty::Start;
use super::second_person::{Bastion, DAEMON, KEYS, NOBODY, answer, to_its_end};
use super::{Told, code_in, not_to_be_had};

/// Somebody else of this system.
const BIN: u32 = 2;
const FLUSH: [&str; 4] = ["run", "flush-redis", "--target", "shop"];

impl Bastion {
    /// The card and its code are refused for these words, they are in the audit, and every key is there.
    #[track_caller]
    fn refuses(&self, words: &str) {
        let (card, code) = self.card();
        assert!(card.contains("does not count") && card.contains(words), "{words:?} in\n{card}");
        let told = self.confirm(&code);
        told.refused(words);
        assert!(told.err.contains("a second person has to approve it first"), "{told:?}");
        assert_eq!(self.keys(), KEYS.to_string());
        let audit = self.audit(DAEMON);
        let is_told =
            |record: &&Value| record["event"] == "refused" && record["fields"]["why"].to_string().contains(words);
        assert!(audit.iter().any(|record| is_told(&record)), "{words:?} in {audit:?}");
        assert!(audit.iter().all(|record| record["event"] != "intent"), "{audit:?}");
    }

    fn approval(&self, id: &str, of: u32) -> std::path::PathBuf {
        self.path("shared").join("approvals").join(format!("{id}.{of}"))
    }

    /// Writes as a user of this system, where that user may.
    #[track_caller]
    fn write_as(&self, uid: u32, path: &std::path::Path, text: &str) {
        let draft = self.path("draft");
        fs::write(&draft, text).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o644)).unwrap();
        let ids = [format!("--reuid={uid}"), "--regid=100".to_owned(), "--clear-groups".to_owned()];
        let mut command = Command::new("setpriv");
        command.args(ids).args(["install", "-m", "640"]).args([&draft, path]);
        assert!(command.status().unwrap().success(), "{} may not write {}", uid, path.display());
    }

    /// The words before the arguments, to be another user who logged in as somebody.
    fn logged_in(&self, login: u32, uid: u32) -> Vec<String> {
        let script = format!("echo {login} > /proc/self/loginuid && exec setpriv \"$@\"");
        ["-c".to_owned(), script, "sh".to_owned()].into_iter().chain(self.as_user(uid)).collect()
    }

    fn tell_logged_in(&self, login: u32, uid: u32, arguments: &[&str]) -> Told {
        let mut command = Command::new("sh");
        command.env_clear().env("PATH", "/usr/bin:/bin").args(self.logged_in(login, uid)).args(arguments);
        Told::of(command.stdin(Stdio::null()).output().unwrap())
    }

    #[track_caller]
    fn approve_logged_in(&self, login: u32, uid: u32, id: &str, code: u32) -> String {
        let words: Vec<String> =
            self.logged_in(login, uid).into_iter().chain(["approve".to_owned(), id.to_owned()]).collect();
        answer(Start::program("sh", &words).size(120, 60).run(), "shop 40", code)
    }
}

/// An approval as the second person gave it, taken out of the folder again.
fn given(bastion: &Bastion, id: &str) -> String {
    bastion.approve(NOBODY, id, "shop 40", 0);
    let path = bastion.approval(id, NOBODY);
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    text
}

#[test]
fn what_the_requester_writes_by_hand_is_no_approval() {
    let Some(bastion) = Bastion::new() else { return };
    let id = bastion.request();
    let text = given(&bastion, &id);
    // The very words of the other, in a file of one's own.
    bastion.write_as(DAEMON, &bastion.approval(&id, NOBODY), &text);
    bastion.refuses("is not what its name says");
    let listed = bastion.tell(DAEMON, &["approve"]);
    assert!(listed.out.contains("an approval does not count"), "{listed:?}");
    fs::remove_file(bastion.approval(&id, NOBODY)).unwrap();
    // Under one's own name.
    let id = bastion.request();
    let mut own: Value = serde_json::from_str(&text).unwrap();
    (own["id"], own["who"]["uid"], own["who"]["user"]) = (id.as_str().into(), DAEMON.into(), "daemon".into());
    let request: Value =
        serde_json::from_slice(&fs::read(bastion.path("shared").join("requests").join(&id)).unwrap()).unwrap();
    (own["digest"], own["when"]) = (request["digest"].clone(), request["when"].clone());
    bastion.write_as(DAEMON, &bastion.approval(&id, DAEMON), &format!("{own}\n"));
    let told = bastion.tell(DAEMON, &FLUSH);
    assert!(told.out.contains("does not count"), "{told:?}");
    assert_eq!(bastion.keys(), KEYS.to_string());
    let told = bastion.confirm(&code_in(&told.out));
    assert_eq!((told.code, bastion.keys()), (10, KEYS.to_string()), "{told:?}");
}

#[test]
fn the_approval_of_one_request_is_none_of_another() {
    let Some(bastion) = Bastion::new() else { return };
    let first = bastion.request();
    let text = given(&bastion, &first);
    bastion.write_as(NOBODY, &bastion.approval(&first, NOBODY), &text);
    // Far more keys: another card, which nobody approved.
    bastion.fill(2 * KEYS);
    let second = bastion.request();
    assert_ne!(first, second);
    bastion.fill(KEYS);
    let third = {
        fs::remove_file(bastion.path("shared").join("requests").join(&first)).unwrap();
        bastion.request()
    };
    assert!(third != first && third != second);
    // Copied by the requester, and the same as if the second person had copied it themself.
    for owner in [DAEMON, NOBODY] {
        bastion.write_as(owner, &bastion.approval(&third, NOBODY), &text);
        bastion.refuses("is not what its name says");
        fs::remove_file(bastion.approval(&third, NOBODY)).unwrap();
    }
    // With the id of the other written into it, it is older than what it is to approve.
    bastion.write_as(NOBODY, &bastion.approval(&third, NOBODY), &text.replace(&first, &third));
    bastion.refuses("the approval is for another request");
}

/// Who logged in stands in a record as its writer says it: it may name nobody but the owner, whom the system names.
#[test]
fn whoever_is_somebody_else_by_su_approves_nothing() {
    let Some(bastion) = Bastion::new() else { return };
    let id = bastion.request();
    let text = given(&bastion, &id);
    for (login, words) in [(DAEMON, "must be another one"), (BIN, "is not who logged in (user id 2)")] {
        let mut record: Value = serde_json::from_str(&text).unwrap();
        record["who"]["loginuid"] = login.into();
        let path = bastion.approval(&id, NOBODY);
        let _older = fs::remove_file(&path);
        bastion.write_as(NOBODY, &path, &format!("{record}\n"));
        assert_eq!(fs::metadata(&path).map(|stat| std::os::unix::fs::MetadataExt::uid(&stat)).unwrap(), NOBODY);
        bastion.refuses(words);
    }
    // What the other really gave counts.
    let id = bastion.request();
    bastion.approve(NOBODY, &id, "shop 40", 0);
    let (card, code) = bastion.card();
    assert!(card.contains("nobody approved it"), "{card}");
    let told = bastion.confirm(&code);
    assert_eq!((told.code, bastion.keys()), (0, "0".to_owned()), "{told:?}");
}

/// The same by the programs themselves, where the kernel records who logged in.
#[test]
fn who_logged_in_is_who_approves() {
    let Some(bastion) = Bastion::new() else { return };
    let set =
        Command::new("sh").args(["-c", "echo 1 > /proc/self/loginuid && cat /proc/self/loginuid"]).output().unwrap();
    if set.stdout != b"1" {
        return not_to_be_had("somebody who logged in", "the kernel keeps who did, or does not record it");
    }
    bastion.configure("break_glass = [\"flush-redis\"]\nrequire_login = true");
    let card = || {
        let told = bastion.tell_logged_in(DAEMON, DAEMON, &FLUSH);
        assert_eq!(told.code, 0, "{told:?}");
        (code_in(&told.out), told.out)
    };
    let confirm = |code: &str| {
        bastion.tell_logged_in(DAEMON, DAEMON, &[&FLUSH[..], &["--confirm", code, "--reason", "INC-7"]].concat())
    };
    let told = confirm(&card().0);
    assert_eq!(told.code, 10, "{told:?}");
    let id = told.out.split("quarterdeck approve ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    // The requester, as another user.
    let said = bastion.approve_logged_in(DAEMON, NOBODY, &id, 10);
    assert!(said.contains("must be another one") && said.contains("su and sudo change nothing"), "{said}");
    let said = bastion.approve_logged_in(BIN, NOBODY, &id, 10);
    assert!(said.contains("is not who logged in (user id 2)"), "{said}");
    // In a dashboard it is the same.
    let mut dashboard = Start::program("sh", &bastion.logged_in(DAEMON, NOBODY)).size(120, 40).run();
    dashboard.wait_for("? help");
    dashboard.press(":", "the mosaic of all panes");
    dashboard.send(format!("approve {id}\r"));
    dashboard.wait_until("a dialog that listens", |seen| seen.shows("must be another one"));
    to_its_end(&mut dashboard);
    dashboard.send("shop 40");
    dashboard.press("\x14", "refused: the second person must be another one");
    dashboard.send("\x1b");
    dashboard.wait_gone("daemon asks");
    dashboard.send("q");
    assert_eq!(dashboard.exit_code(), 0);
    assert!(!bastion.approval(&id, NOBODY).exists());
    bastion.approve_logged_in(NOBODY, NOBODY, &id, 0);
    let (code, shown) = card();
    assert!(shown.contains("nobody approved it"), "{shown}");
    // One who came to be the requester by su is the second person themself.
    let order = [&FLUSH[..], &["--confirm", &code, "--reason", "INC-7"]].concat();
    let told = bastion.tell_logged_in(NOBODY, DAEMON, &order);
    assert_eq!((told.code, bastion.keys()), (10, KEYS.to_string()), "{told:?}");
    let told = confirm(&card().0);
    assert_eq!((told.code, bastion.keys()), (0, "0".to_owned()), "{told:?}");
    assert_eq!(bastion.events(NOBODY), ["refused", "refused", "refused", "cancelled", "approving", "approved"]);
}
