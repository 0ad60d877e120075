//! A backup, killed anywhere: whatever bears the name of a proven dump is whole, and once there is one, there always is one.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Home, Kind, Wish, kill_all};
use crate::postgres_server::PostgresServer;

const FEW: u64 = 12;
const ROWS: &str = "2000";

/// Most of a run is its one step.
const WISHES: [Wish; 6] = [
    ("", 60_000, 1),
    ("writes its intent", 12_000, 1),
    ("runs step", 300_000, 4),
    ("runs step", 1_200_000, 5),
    ("waits for fresh", 150_000, 2),
    ("writes it to the audit", 8_000, 1),
];

/// A database, and the dumps of it that were seen under the name of a proven one, with the intents by then.
struct Dumps {
    server: PostgresServer,
    seen: BTreeMap<PathBuf, usize>,
}

impl Dumps {
    fn start() -> Dumps {
        let server = PostgresServer::start(&[]);
        server.sql(
            "postgres",
            &format!(
                "CREATE ROLE ops LOGIN CREATEDB; GRANT pg_read_all_data TO ops; CREATE TABLE orders (id int, note text); \
                 INSERT INTO orders SELECT g, md5(g::text) FROM generate_series(1, {ROWS}) g"
            ),
        );
        Dumps { server, seen: BTreeMap::new() }
    }

    fn files(home: &Home) -> Vec<PathBuf> {
        std::fs::read_dir(home.file("dumps")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    fn is_proven(path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "dump")
    }

    /// It can be restored, and is the same.
    fn is_whole(&self, dump: &Path) {
        self.server.sql("postgres", "DROP DATABASE IF EXISTS look");
        self.server.sql("postgres", "CREATE DATABASE look");
        let base = format!("host=127.0.0.1 port={} user=ops dbname=look", self.server.port());
        self.server.sql("look", "GRANT CREATE ON SCHEMA public TO ops");
        let told =
            Command::new("pg_restore").args(["--no-owner", "--no-privileges", "--dbname", &base]).arg(dump).output();
        let told = told.unwrap();
        assert!(told.status.success(), "{}: {}", dump.display(), String::from_utf8_lossy(&told.stderr));
        assert_eq!(self.server.sql("look", "SELECT count(*) FROM orders"), ROWS, "{}", dump.display());
    }
}

impl Kind for Dumps {
    fn action(&self) -> [&'static str; 2] {
        ["nightly", "main"]
    }

    fn configuration(&mut self, home: &Home) -> String {
        self.seen.clear();
        std::fs::create_dir(home.file("dumps")).unwrap();
        std::fs::create_dir(home.file("bin")).unwrap();
        std::fs::write(home.file("restored"), "").unwrap();
        // The real one, which notes what was restored whole.
        let script = format!(
            "#!/bin/sh\n/usr/bin/pg_restore \"$@\" || exit $?\ncase \"$*\" in *--dbname=*) echo \"$*\" >> {};; esac\n",
            home.file("restored").display()
        );
        std::fs::write(home.file("bin/pg_restore"), script).unwrap();
        std::fs::set_permissions(home.file("bin/pg_restore"), std::fs::Permissions::from_mode(0o755)).unwrap();
        format!(
            "[[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1:{}/postgres\"\nenvironment = \"local\"\n\
             [[action]]\nname = \"nightly\"\nbackup = \"main\"\nfolder = {:?}\nscratch = \"main\"\nkeep = 1\ncool_down = \"0s\"\n",
            self.server.port(),
            home.file("dumps").display().to_string()
        )
    }

    fn limits(&self) -> String {
        String::new()
    }

    /// What a killed run left is put away by hand, as its card asks for, once its sessions have gone.
    fn prepare(&mut self, home: &Home) {
        home.quiet();
        while self.server.sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE usename = 'ops'") != "0" {
            std::thread::yield_now();
        }
        let left = self
            .server
            .sql("postgres", "SELECT coalesce(string_agg(datname, ' '), '') FROM pg_database WHERE datname LIKE 'qd%'");
        for scratch in left.split(' ').filter(|name| !name.is_empty()) {
            self.server.sql("postgres", &format!("DROP DATABASE \"{scratch}\""));
        }
        for left in Dumps::files(home).iter().filter(|path| !Dumps::is_proven(path)) {
            std::fs::remove_file(left).unwrap();
        }
    }

    fn effects(&mut self, home: &Home) -> Vec<usize> {
        home.quiet();
        let intents = home.intents();
        let proven: Vec<PathBuf> = Dumps::files(home).into_iter().filter(|path| Dumps::is_proven(path)).collect();
        assert!(self.seen.is_empty() || !proven.is_empty(), "the old ones are gone, and there is no new one");
        for dump in proven {
            if !self.seen.contains_key(&dump) {
                let restored = std::fs::read_to_string(home.file("restored")).unwrap();
                let name = dump.file_name().unwrap().to_str().unwrap();
                assert!(restored.contains(name), "{name} was never restored: {restored}");
                self.is_whole(&dump);
                self.seen.insert(dump, intents);
            }
        }
        self.seen.values().copied().collect()
    }

    fn wishes(&self) -> &'static [Wish] {
        &WISHES
    }

    fn few(&self) -> u64 {
        FEW
    }
}

#[test]
fn a_backup() {
    kill_all("a backup", &mut Dumps::start());
}
