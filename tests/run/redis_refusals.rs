//! What a real Redis refuses for a reason of its own, as `run` meets it: the reason in our words, an end that says that nothing
//! was done, and no key changed.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::redis_server::{RedisServer, free_port};
use super::waiting::until;
use super::{Told, code_in};

/// An operator with a runbook of one command, and the server that it goes to.
struct Host {
    home: TempDir,
    redis: RedisServer,
}

impl Host {
    fn of(redis: RedisServer) -> Host {
        let host = Host { home: TempDir::with_prefix("quarterdeck-refusals-").unwrap(), redis };
        let text = format!(
            "[actions]\nallow = true\nheadless = [\"set\"]\n[[cache]]\nname = \"shop\"\n\
             redis = \"redis://127.0.0.1:{}/0\"\nenvironment = \"staging\"\n[[runbook]]\nname = \"set\"\n\
             target = \"shop\"\nlevel = \"L2\"\nwatch = \"cache shop\"\nexpect = \"> 0\"\n\
             [[runbook.step]]\nredis = [\"SET\", \"a\", \"1\"]\n",
            host.redis.port
        );
        fs::write(host.home.path().join("quarterdeck.toml"), text).unwrap();
        host
    }

    fn start(options: &[&str]) -> Host {
        Host::of(RedisServer::start(options))
    }

    fn run(&self, more: &[&str]) -> Told {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().env("HOME", self.home.path()).env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        command.arg("--config").arg(self.home.path().join("quarterdeck.toml"));
        Told::of(command.args(["run", "set", "--target", "shop"]).args(more).output().unwrap())
    }

    #[track_caller]
    fn code(&self) -> String {
        let card = self.run(&[]);
        assert_eq!(card.code, 0, "{card:?}");
        code_in(&card.out)
    }

    /// It is sent, and the server does not do it: that failed, for this reason.
    #[track_caller]
    fn fails(&self, why: &str) {
        let told = self.run(&["--confirm", &self.code()]);
        assert_eq!(told.code, 11, "{told:?}");
        assert!(told.out.contains("failed") && told.out.contains(why), "{why} in\n{}\n{}", told.out, told.err);
        assert!(!told.out.contains("may have had its effect"), "{}", told.out);
    }

    /// Until the server answers so.
    fn answers(&self, argv: &[&str], words: &str) {
        until(words, || self.redis.ask(argv).contains(words).then_some(()));
    }
}

#[test]
fn a_replica_takes_no_writes() {
    let primary = RedisServer::start(&[]);
    let replica = Host::start(&["--replicaof", "127.0.0.1", &primary.port.to_string()]);
    replica.answers(&["INFO", "replication"], "master_link_status:up");
    replica.fails("READONLY: this is a replica");
    assert_eq!(primary.ask(&["DBSIZE"]), "0");
}

#[test]
fn a_server_that_is_full_takes_no_more() {
    let full = Host::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    full.fails("OOM: used memory is over maxmemory");
    assert_eq!(full.redis.ask(&["DBSIZE"]), "0");
}

#[test]
fn a_server_that_cannot_save_takes_no_writes() {
    let host = Host::start(&[]);
    assert_eq!(host.redis.ask(&["CONFIG", "SET", "save", "3600 1"]), "OK");
    // Where it would save to is not there any more.
    fs::remove_dir_all(host.redis.socket().parent().unwrap()).unwrap();
    host.redis.ask(&["BGSAVE"]);
    host.answers(&["INFO", "persistence"], "rdb_last_bgsave_status:err");
    host.fails("MISCONF: it cannot save its data to disk");
    assert_eq!(host.redis.ask(&["DBSIZE"]), "0");
}

#[test]
fn a_node_that_has_not_the_key_says_who_has_it() {
    // The bus of a cluster has a port of its own, which must be one.
    let node = |bus: &str| RedisServer::start(&["--cluster-enabled", "yes", "--cluster-port", bus]);
    let bus = free_port().to_string();
    let (here, there) = (Host::of(node(&free_port().to_string())), node(&bus));
    here.fails("the cluster is down");
    assert_eq!(there.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]), "OK");
    let port = there.port.to_string();
    assert_eq!(here.redis.ask(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]), "OK");
    here.answers(&["SET", "a", "1"], "MOVED");
    here.fails(&format!("MOVED: the key lives on 127.0.0.1:{port}"));
    assert_eq!(there.ask(&["DBSIZE"]), "0");
}

/// Before it is sent the server is asked who it is, and a script is in the way of that too: nothing was sent then.
#[test]
fn a_server_that_is_busy_with_a_script_is_not_asked_for_more() {
    let host = Host::start(&["--busy-reply-threshold", "1"]);
    let code = host.code();
    let mut busy = TcpStream::connect(("127.0.0.1", host.redis.port)).unwrap();
    busy.write_all(b"EVAL \"while true do end\" 0\r\n").unwrap();
    host.answers(&["PING"], "BUSY");
    for more in [&["--confirm", code.as_str()][..], &[]] {
        host.run(more).refused("BUSY: a script blocks the server");
    }
    host.redis.ask(&["SCRIPT", "KILL"]);
    let mut said = String::new();
    BufReader::new(busy).read_line(&mut said).unwrap();
    assert!(said.to_ascii_lowercase().contains("kill"), "{said}");
    assert_eq!(host.redis.ask(&["DBSIZE"]), "0");
}

#[test]
fn a_server_that_loads_its_data_is_not_asked_for_more() {
    let mut host = Host::start(&["--loading-process-events-interval-bytes", "1024"]);
    let code = host.code();
    host.redis.ask(&["EVAL", "for i = 1, 5000 do redis.call('SET', 'key' .. i, string.rep('x', 100)) end", "0"]);
    assert_eq!(host.redis.ask(&["SAVE"]), "OK");
    host.redis.stop();
    // A minute and more for all of them.
    host.redis.spawn(&["--key-load-delay", "20000"]);
    until("it listens", || TcpStream::connect(("127.0.0.1", host.redis.port)).ok().map(drop));
    host.answers(&["PING"], "LOADING");
    for more in [&["--confirm", code.as_str()][..], &[]] {
        host.run(more).refused("no preview: loading ");
    }
}
