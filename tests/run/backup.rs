//! A backup from the card to the proof, on a real server with the real programs; and with programs that lie, a disk that is
//! full and a copy that is not the same.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use quarterdeck::adapters::postgres::PostgresSource;
use quarterdeck::config::dsn;
use quarterdeck::config::resolved::DatabaseSpec;
use quarterdeck::domain::Untrusted;
use rustix::process::{Pid, Signal, kill_process};

use super::{Stage, Told, code_in};

const BRIEF: Duration = Duration::from_secs(20);
const ACTION: [&str; 3] = ["nightly", "--target", "main"];

pub struct Yard {
    pub stage: Stage,
    folder: PathBuf,
    fakes: PathBuf,
}

impl Yard {
    pub fn new(more: &str) -> Yard {
        let stage = Stage::new();
        stage.server.sql(
            "postgres",
            "ALTER ROLE ops CREATEDB; GRANT pg_read_all_data TO ops; CREATE TABLE orders (id int PRIMARY KEY, note text); \
             INSERT INTO orders SELECT g, md5(g::text) FROM generate_series(1, 3000) g; \
             CREATE TABLE \"we;ird\"\"name\" (a int); INSERT INTO \"we;ird\"\"name\" VALUES (1), (2)",
        );
        let (folder, fakes) = (stage.home.path().join("dumps"), stage.home.path().join("fakes"));
        fs::create_dir(&folder).unwrap();
        fs::create_dir(&fakes).unwrap();
        stage.configure("staging", "allow = true\nheadless = [\"nightly\"]");
        let yard = Yard { stage, folder, fakes };
        yard.declare(&yard.folder, more);
        yard
    }

    fn declare(&self, folder: &Path, more: &str) {
        let path = self.stage.config_path();
        let before = fs::read_to_string(&path).unwrap();
        let before = before.split("[[action]]").next().unwrap().to_owned();
        let action = format!(
            "[[action]]\nname = \"nightly\"\nbackup = \"main\"\nfolder = {:?}\nscratch = \"main\"\n{more}\n",
            folder.display().to_string()
        );
        fs::write(path, before + &action).unwrap();
    }

    /// A program that stands in the way of the real one; `$REAL` is the real one.
    pub fn fake(&self, program: &str, script: &str) {
        let real = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
        let real = String::from_utf8(real.stdout).unwrap();
        let path = self.fakes.join(program);
        let version = "case \"$1\" in --version|--list) exec \"$REAL\" \"$@\";; esac";
        let draft = self.fakes.join("draft");
        fs::write(&draft, format!("#!/bin/sh\nREAL={}\n{version}\n{script}\n", real.trim())).unwrap();
        crate::program_copy::copied(&draft, &path);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.stage.command(&[&ACTION, arguments].concat());
        command.env("PATH", format!("{}:/usr/bin:/bin", self.fakes.display()));
        command
    }

    fn run(&self, arguments: &[&str]) -> Told {
        Told::of(self.command(arguments).output().unwrap())
    }

    #[track_caller]
    pub fn card(&self) -> Told {
        let told = self.run(&["--dry-run"]);
        assert_eq!(told.code, 0, "{told:?}");
        told
    }

    fn backed_up(&self) -> Told {
        let code = code_in(&self.card().out);
        self.run(&["--confirm", &code])
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// No scratch database is left.
    #[track_caller]
    pub fn is_clean(&self) {
        let left = self
            .stage
            .server
            .sql("postgres", "SELECT string_agg(datname, ' ') FROM pg_database WHERE datname LIKE 'qd%'");
        assert_eq!(left, "", "a scratch database is left");
        assert!(!self.files().iter().any(|name| name.contains(".part")), "{:?}", self.files());
    }
}

#[test]
fn dumped_restored_compared_and_the_file_is_in_the_audit() {
    let yard = Yard::new("keep = 1");
    fs::write(yard.folder.join("main-20200102T030405Z.dump"), "old").unwrap();
    fs::write(yard.folder.join("other-20200102T030405Z.dump"), "of somebody else").unwrap();
    // An old dump that comes after the card: it was never listed.
    let late = yard.folder.join("main-20190102T030405Z.dump");
    yard.fake("pg_dump", &format!("echo late > {}; exec \"$REAL\" \"$@\"", late.display()));
    let card = yard.card().out;
    for words in [
        "pg_dump 1",
        "free in",
        "times 1.1",
        "2 tables",
        "'--snapshot=SNAPSHOT'",
        "'--no-subscriptions'",
        "2 logins of its own can succeed",
        "the newest 1 of its dumps are kept: 1 old ones",
        "main-20200102T030405Z.dump",
        "cannot be brought back",
        "WARNING: the scratch server is the server of the database itself",
    ] {
        assert!(card.contains(words), "{words:?} in\n{card}");
    }
    assert!(!card.contains("other-2020"), "{card}");
    let told = yard.backed_up();
    assert_eq!(told.code, 0, "{told:?}");
    for words in ["verified", "3002 rows in 2 tables, its SHA-256 as written", "SHA-256 ", "old dump deleted: "] {
        assert!(told.out.contains(words), "{words:?} in\n{}", told.out);
    }
    let files = yard.files();
    assert_eq!(files.len(), 3, "{files:?}");
    assert!(late.exists() && !files.contains(&"main-20200102T030405Z.dump".to_owned()), "{files:?}");
    let dump = yard.folder.join(files.iter().rfind(|name| name.starts_with("main-")).unwrap());
    assert!(dump.extension().is_some_and(|extension| extension == "dump") && dump != late, "{files:?}");
    assert_eq!(fs::metadata(&dump).unwrap().permissions().mode() & 0o777, 0o600, "only its owner reads it");
    let sum = Command::new("sha256sum").arg(&dump).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    let outcome = yard.stage.audit().pop().unwrap().to_string();
    assert!(outcome.contains(sum.split(' ').next().unwrap()), "{outcome}");
    assert!(outcome.contains(&format!("{} bytes", fs::metadata(&dump).unwrap().len())), "{outcome}");
    yard.is_clean();
}

#[test]
fn a_dump_that_was_cut_off_is_no_backup_however_its_program_ended() {
    let yard = Yard::new("");
    // It writes half, and says that all is well.
    yard.fake(
        "pg_dump",
        "\"$REAL\" \"$@\" || exit 1\nfor word; do case $word in --file=*) file=${word#--file=};; esac; done\n\
         size=$(stat -c %s \"$file\")\ntruncate -s $((size * 8 / 10)) \"$file\"\nexit 0",
    );
    let told = yard.backed_up();
    assert_eq!(told.code, 11, "{told:?}");
    assert!(told.out.contains("failed") && told.out.contains("pg_restore"), "{told:?}");
    let files = yard.files();
    assert!(files.len() == 1 && files[0].ends_with(".dump.unproven"), "{files:?}");
    assert!(told.out.contains(&files[0]), "it is named: {told:?}");
    yard.is_clean();
    // Nothing at all, and that all is well.
    yard.fake("pg_dump", "exit 0");
    let told = yard.run_again();
    assert_eq!(told.code, 11, "{told:?}");
    assert!(yard.files().is_empty(), "what cannot be listed never bears a name");
    yard.fake("pg_dump", "echo 'pg_dump: error: it broke' >&2; exit 1");
    let told = yard.run_again();
    assert!(told.code == 11 && told.out.contains("it broke"), "{told:?}");
    yard.is_clean();
}

impl Yard {
    /// Once more, without waiting for the cool-down. What lies there goes: a dump is named by its second, and this may be the
    /// same one.
    fn run_again(&self) -> Told {
        for file in fs::read_dir(&self.folder).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        self.declare(&self.folder, "cool_down = \"0s\"");
        self.backed_up()
    }
}

#[test]
fn a_copy_that_is_not_the_same_is_a_failure() {
    let yard = Yard::new("");
    yard.fake(
        "pg_restore",
        "\"$REAL\" \"$@\" || exit 1\nfor word; do case $word in --dbname=*) base=${word#--dbname=};; esac; done\n\
         psql -X -q -d \"$base\" -c 'DELETE FROM orders WHERE id < 4'",
    );
    let told = yard.backed_up();
    assert_eq!(told.code, 11, "{told:?}");
    assert!(told.out.contains("1 tables differ in the restored copy: public.orders: 3000 -> 2997"), "{}", told.out);
    assert!(told.out.contains("it was begun, and did not come to its end"), "{}", told.out);
    assert!(!told.out.contains("nothing was done"), "{}", told.out);
    assert!(yard.files()[0].ends_with(".unproven"), "{:?}", yard.files());
    yard.is_clean();
}

#[test]
fn what_cannot_be_done_is_on_the_card() {
    let yard = Yard::new("");
    yard.fake("pg_dump", "true");
    fs::write(yard.fakes.join("pg_dump"), "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n").unwrap();
    yard.run(&["--dry-run"]).refused("neither may be older");
    fs::remove_file(yard.fakes.join("pg_dump")).unwrap();
    yard.declare(&yard.folder.join("nowhere"), "");
    yard.run(&["--dry-run"]).refused("nowhere");
    yard.declare(&yard.folder, "");
    yard.stage.server.sql("postgres", "ALTER ROLE ops NOCREATEDB; REVOKE pg_read_all_data FROM ops");
    let told = yard.run(&["--dry-run"]);
    told.refused("ALTER ROLE \"ops\" CREATEDB;");
    told.refused("may not read 2 of the tables");
    assert!(yard.files().is_empty());
}

/// The connection that watches, the snapshot's, the one that makes the scratch database, the program that restores, and what
/// was connected before it.
#[test]
fn on_one_server_as_many_logins_are_asked_for_as_are_there_at_once() {
    let yard = Yard::new("");
    yard.stage.server.sql("postgres", "ALTER ROLE ops CONNECTION LIMIT 4");
    let told = yard.run(&["--dry-run"]);
    let card = told.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = "on the scratch server it needs 3 logins of its own, and this role's 4 connections";
    assert!(told.code == 10 && card.contains(why), "{told:?}");
    yard.stage.server.sql("postgres", "ALTER ROLE ops CONNECTION LIMIT 5");
    let card = yard.card().out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(card.contains("on the scratch server 3 logins of its own can succeed"), "{card}");
    assert!(card.contains("while the copy is there, and how much is free there is not known"), "{card}");
    let told = yard.backed_up();
    assert_eq!(told.code, 0, "{told:?}");
}

#[test]
fn a_full_disk_keeps_nothing_and_says_so() {
    if !Command::new("unshare").args(["-m", "true"]).output().is_ok_and(|told| told.status.success()) {
        return super::skipped("a full disk", "a private mount namespace wants root and unshare");
    }
    let yard = Yard::new("");
    // What is in the way comes after the card: the disk is filled by the time the dump is written.
    yard.fake(
        "pg_dump",
        "head -c 200m /dev/zero > \"$(dirname \"$0\")/../dumps/filler\" 2>/dev/null; exec \"$REAL\" \"$@\"",
    );
    let script = "mount -t tmpfs -o size=24m none \"$1\" && shift && \"$@\" --dry-run > \"$OUT\" && \
                  \"$@\" --confirm \"$(sed -n 's/^code *//p' \"$OUT\")\"; status=$?; ls -A \"$DUMPS\"; exit $status";
    let inner = yard.command(&[]);
    let mut outer = Command::new("unshare");
    outer.args(["-m", "sh", "-c", script, "sh"]).arg(&yard.folder).arg(inner.get_program()).args(inner.get_args());
    outer.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.env("OUT", yard.stage.home.path().join("card")).env("DUMPS", &yard.folder).stdin(Stdio::null());
    let told = Told::of(outer.output().unwrap());
    assert_eq!(told.code, 11, "{told:?}");
    assert!(told.out.contains("No space left"), "{told:?}");
    assert!(told.out.trim_end().ends_with("filler"), "nothing else is in the folder: {told:?}");
    yard.is_clean();
    // And where the card sees it, it is not begun at all.
    let small = "mount -t tmpfs -o size=1m none \"$1\" && shift && \"$@\" --dry-run";
    let mut outer = Command::new("unshare");
    outer.args(["-m", "sh", "-c", small, "sh"]).arg(&yard.folder).arg(inner.get_program()).args(inner.get_args());
    outer.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    Told::of(outer.output().unwrap()).refused("free in");
}

#[test]
fn stopped_in_the_middle_it_leaves_nothing_behind() {
    let yard = Yard::new("");
    let mark = yard.stage.home.path().join("restoring");
    yard.fake("pg_restore", &format!("\"$REAL\" \"$@\"; : > {}; sleep 300 & wait", mark.display()));
    let code = code_in(&yard.card().out);
    let child = yard.command(&["--confirm", &code]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !mark.exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = Pid::from_raw(child.id() as i32).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let told = Told::of(child.wait_with_output().unwrap());
    assert_eq!(told.code, 11, "{told:?}");
    assert!(told.out.contains("no proven dump was kept"), "{told:?}");
    assert!(told.out.contains("cancelled") && told.err.contains("can be stopped in the middle"), "{told:?}");
    yard.is_clean();
    assert!(yard.files().iter().all(|name| name.ends_with(".unproven")), "{:?}", yard.files());
    assert_eq!(yard.stage.events(), ["intent", "outcome"]);
}

#[test]
fn killed_before_the_proof_no_dump_counts_as_proven_and_no_old_one_is_gone() {
    let yard = Yard::new("keep = 1");
    let old = "main-20200102T030405Z.dump";
    fs::write(yard.folder.join(old), "old").unwrap();
    let (mark, go) = (yard.stage.home.path().join("restoring"), yard.stage.home.path().join("go"));
    let wait = format!("until [ -e {} ]; do sleep 0.02; done", go.display());
    yard.fake("pg_restore", &format!(": > {}; {wait}; exit 1", mark.display()));
    let code = code_in(&yard.card().out);
    let mut child = yard.command(&["--confirm", &code]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !mark.exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(go, "").unwrap();
    let files = yard.files();
    assert!(files.len() == 2 && files[0] == old && files[1].ends_with(".dump.unproven"), "{files:?}");
    // What the killed program left is on the next card, and is not dropped by it.
    fs::remove_file(yard.fakes.join("pg_restore")).unwrap();
    let card = yard.card().out;
    assert!(card.contains("a scratch database of another run is still there: qd_restore_"), "{card}");
    let goes = |line: &&str| line.contains("old dump") && line.contains("unproven");
    assert!(card.contains("1 old ones on this card") && card.lines().find(goes).is_none(), "{card}");
    assert!(card.contains("left by a backup that did not end") && card.contains(".dump.unproven"), "{card}");
}

/// A source on the server where scratch databases are made, and what the card would say of it.
async fn scratch_server(yard: &Yard) -> (PostgresSource, Untrusted) {
    let url = format!("postgresql://ops@127.0.0.1:{}/postgres", yard.stage.server.port());
    let mut source = PostgresSource::new(DatabaseSpec::bare(dsn::parse(&url, &|_| None, None).unwrap().0));
    let which = source.look_at_scratch(BRIEF).await.unwrap().which;
    (source, which)
}

fn databases(yard: &Yard) -> String {
    yard.stage.server.sql("postgres", "SELECT string_agg(datname, ' ') FROM pg_database WHERE datname LIKE 'qd%'")
}

#[tokio::test]
async fn a_scratch_database_that_was_there_before_is_not_ours() {
    let yard = Yard::new("");
    let (mut source, which) = scratch_server(&yard).await;
    source.make_scratch("qd_restore_1", "UTF8", &which, BRIEF).await.unwrap();
    let not = source.make_scratch("qd_restore_1", "UTF8", &which, BRIEF).await.unwrap_err();
    assert!(!not.may_be_there, "{not:?}");
    source.drop_scratch("qd_restore_1", &which, BRIEF).await.unwrap();
    assert_eq!(databases(&yard), "");
}

#[tokio::test]
async fn nothing_is_made_or_dropped_on_a_server_that_the_card_does_not_name() {
    let yard = Yard::new("");
    let (mut source, which) = scratch_server(&yard).await;
    let other = Untrusted::from("system identifier 1, server 127.0.0.1:1, user ops");
    let not = source.make_scratch("qd_restore_1", "UTF8", &other, BRIEF).await.unwrap_err();
    assert!(!not.may_be_there && not.cause.to_string().contains("nothing was done there"), "{not:?}");
    assert_eq!(databases(&yard), "");
    source.make_scratch("qd_restore_1", "UTF8", &which, BRIEF).await.unwrap();
    source.drop_scratch("qd_restore_1", &other, BRIEF).await.unwrap_err();
    assert_eq!(databases(&yard), "qd_restore_1", "it is somebody else's");
}

#[test]
fn what_a_killed_backup_left_is_named_by_the_next_card_and_left_alone() {
    let yard = Yard::new("");
    let part = ".main-20260102T030405Z.dump.part";
    let unproven = "main-20260103T030405Z.dump.unproven";
    fs::write(yard.folder.join(part), vec![0; 5000]).unwrap();
    fs::write(yard.folder.join(unproven), "x").unwrap();
    let old = std::time::SystemTime::now() - Duration::from_secs(2 * 3600 + 60);
    fs::File::options().append(true).open(yard.folder.join(part)).unwrap().set_modified(old).unwrap();
    for other in [".other-20260102T030405Z.dump.part", ".main-x.dump.part", "main.part"] {
        fs::write(yard.folder.join(other), "x").unwrap();
    }
    let card = yard.card().out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(card.matches("left by a backup that did not end").count(), 2, "{card}");
    for words in [part, unproven, "4.88 KiB", "2h", "can be deleted by hand"] {
        assert!(card.contains(words), "{words:?} in {card}");
    }
    let told = yard.backed_up();
    assert_eq!(told.code, 0, "{told:?}");
    assert!(yard.folder.join(part).exists() && yard.folder.join(unproven).exists());
}
