//! The wall clock over the end of a program: a maintenance window goes by the time that the last program of this boot left
//! behind as well, and a clock that jumped in between locks it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::pty::Start;
use super::redis_server::RedisServer;
use super::{Told, code_in};

struct Host {
    home: TempDir,
    redis: RedisServer,
}

impl Host {
    fn new() -> Host {
        let host = Host { home: TempDir::with_prefix("quarterdeck-clock-").unwrap(), redis: RedisServer::start(&[]) };
        let text = format!(
            "[actions]\nallow = true\nheadless = [\"flush-redis\"]\nwindows = [\"daily 00:00-24:00 UTC\"]\n\
             [[cache]]\nname = \"shop\"\nredis = \"redis://127.0.0.1:{}/0\"\nenvironment = \"staging\"\n",
            host.redis.port
        );
        fs::write(host.config(), text).unwrap();
        host.redis.ask(&["SET", "key", "1"]);
        host
    }

    fn config(&self) -> PathBuf {
        self.home.path().join("quarterdeck.toml")
    }

    fn ask(&self, more: &[&str]) -> Told {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().env("HOME", self.home.path()).env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        command.arg("--config").arg(self.config()).args(["run", "flush-redis", "--target", "shop"]).args(more);
        Told::of(command.output().unwrap())
    }

    /// It is torn: what stands there cannot be read.
    fn tear_what_was_left(&self) {
        let folder = self.home.path().join(".local/state/quarterdeck/guards/clocks");
        let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    }

    /// What the last program left behind of the time, as if the wall clock had shown another one then.
    fn move_what_was_left(&self, by_seconds: i64) {
        let folder = self.home.path().join(".local/state/quarterdeck/guards/clocks");
        let files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [file] = files.as_slice() else { panic!("one record of the clock: {files:?}") };
        let mut record: serde_json::Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let wall = record["when"]["wall_us"].as_i64().unwrap();
        record["when"]["wall_us"] = (wall + by_seconds * 1_000_000).into();
        fs::write(file, format!("{record}\n")).unwrap();
    }
}

#[test]
fn a_clock_that_jumped_between_two_programs_locks_the_windows() {
    let host = Host::new();
    let card = host.ask(&[]);
    assert_eq!(card.code, 0, "{card:?}");
    let code = code_in(&card.out);
    host.move_what_was_left(3600);
    let told = host.ask(&["--confirm", &code]);
    told.refused("the wall clock jumped back by ");
    assert_eq!(host.redis.ask(&["DBSIZE"]), "1");
    host.ask(&[]).refused("look at the time and confirm it");
    // Looking at nothing and leaving does not vouch for it.
    let arguments = ["--config".to_owned(), host.config().display().to_string()];
    let home = host.home.path().display().to_string();
    let start = || Start::program(env!("CARGO_BIN_EXE_quarterdeck"), &arguments).variable("HOME", &home).size(120, 40);
    let mut seat = start().run();
    seat.wait_for("shop");
    seat.send(b"a");
    seat.wait_for("the wall clock jumped");
    seat.send(b"\x03");
    assert_eq!(seat.exit_code(), 0);
    host.ask(&[]).refused("look at the time and confirm it");
    // A person does.
    let mut seat = start().run();
    seat.wait_for("shop");
    seat.send(b"a");
    seat.wait_for("the wall clock jumped");
    seat.send(b"\x1b");
    seat.wait_gone("the wall clock jumped");
    seat.send(b":confirm-time\r");
    seat.wait_for("once more within a minute");
    seat.send(b":confirm-time\r");
    seat.wait_for("the time is confirmed");
    seat.send(b"q");
    assert_eq!(seat.exit_code(), 0);
    let card = host.ask(&[]);
    assert_eq!(card.code, 0, "{card:?}");
    let told = host.ask(&["--confirm", &code_in(&card.out)]);
    assert_eq!((told.code, host.redis.ask(&["DBSIZE"]).as_str()), (0, "0"), "{told:?}");
}

#[test]
fn a_clock_of_which_nothing_can_be_read_locks_the_windows() {
    let host = Host::new();
    let card = host.ask(&[]);
    assert_eq!(card.code, 0, "{card:?}");
    let code = code_in(&card.out);
    host.tear_what_was_left();
    let told = host.ask(&["--confirm", &code]);
    told.refused("what it showed before cannot be read");
    assert_eq!(host.redis.ask(&["DBSIZE"]), "1");
    host.ask(&[]).refused("look at the time and confirm it");
}
