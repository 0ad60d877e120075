//! A real sshd on loopback with throwaway keys, reached through the real client. A program called `ssh` that stands first
//! on the path (`at("bin")`) gives the client a configuration of its own; every other word it gets is ours.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{until, words};

const KEEPER: &str = "\"$@\" </dev/null & child=$!; echo $child; read -r _; kill -KILL $child; wait $child 2>/dev/null";
/// As root: in a namespace that takes everything with it, and with the folder that sshd wants.
const PRIVATE: &str = "mount -t tmpfs tmpfs /run && mkdir -p /run/sshd && exec \"$@\"";

/// It listens until it is dropped.
pub struct Sshd {
    keeper: Child,
    folder: TempDir,
}

impl Sshd {
    /// Starts one, or says why this machine cannot.
    pub fn start() -> Result<Sshd, String> {
        let spaces = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];
        let root = rustix::process::geteuid().is_root();
        let private = [&spaces[..], &["sh", "-c", PRIVATE, "sh"]].concat();
        Sshd::start_behind(&if root { words(&private) } else { Vec::new() })
    }

    /// The same within other namespaces: `way` leads into them, and they end with whoever made them.
    pub fn start_within(way: &[String]) -> Result<Sshd, String> {
        let within = words(&["sh", "-c", "mkdir -p /run/sshd && exec \"$@\"", "sh"]);
        Sshd::start_behind(&[way, &within].concat())
    }

    fn start_behind(before: &[String]) -> Result<Sshd, String> {
        let server = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/opt/homebrew/sbin/sshd"];
        let server = server.into_iter().find(|file| Path::new(file).exists()).ok_or("sshd is not installed")?;
        let folder = TempDir::with_prefix_in("quarterdeck-ssh-", env!("CARGO_TARGET_TMPDIR")).unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for key in ["host", "mine", "other"] {
            let arguments = ["-q", "-t", "ed25519", "-N", "", "-f", &at(key)];
            let made = Command::new("ssh-keygen").args(arguments).status().map_err(|e| format!("ssh-keygen: {e}"))?;
            assert!(made.success());
        }
        fs::copy(at("mine.pub"), at("allowed")).unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n",
            at("host"),
            at("allowed")
        );
        fs::write(at("sshd_config"), settings).unwrap();
        write_client(folder.path(), port);
        let serve = [server, "-D", "-e", "-f", &at("sshd_config")].map(str::to_owned);
        let log = fs::File::create(at("log")).unwrap();
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .args(before)
            .args(serve)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut child = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut child).unwrap();
        let sshd = Sshd { keeper, folder };
        until("sshd listens", || {
            let log = fs::read_to_string(sshd.at("log")).unwrap();
            assert!(!log.contains("fatal"), "{log}");
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Ok(sshd)
    }

    /// A file of its folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The client's configuration, and the program that hands it over.
fn write_client(folder: &Path, port: u16) {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let host = fs::read_to_string(at("host.pub")).unwrap();
    let other = fs::read_to_string(at("other.pub")).unwrap();
    fs::write(at("known"), format!("[127.0.0.1]:{port} {host}")).unwrap();
    fs::write(at("changed"), format!("[127.0.0.1]:{port} {other}")).unwrap();
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let alias = |name: &str, port: u16, key: &str, known: &str| {
        let (key, known) = (at(key), at(known));
        format!(
            "Host {name}\n HostName 127.0.0.1\n Port {port}\n IdentityFile {key}\n IdentitiesOnly yes\n \
             UserKnownHostsFile {known}\n GlobalKnownHostsFile /dev/null\n IdentityAgent none\n"
        )
    };
    let aliases = [
        alias("lab", port, "mine", "known"),
        alias("stranger", port, "mine", "nobody"),
        alias("changed", port, "mine", "changed"),
        alias("uninvited", port, "other", "known"),
        alias("closed", closed, "mine", "known"),
    ];
    fs::write(at("config"), aliases.concat()).unwrap();
    fs::create_dir(at("bin")).unwrap();
    let real = std::env::split_paths(&std::env::var_os("PATH").unwrap()).map(|f| f.join("ssh")).find(|f| f.exists());
    let real = real.expect("the client is installed").display().to_string();
    // What it was called with is kept, a word a line.
    let script =
        format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > {}\nexec {real} -F {} \"$@\"\n", at("called"), at("config"));
    fs::write(at("bin/ssh"), script).unwrap();
    fs::set_permissions(at("bin/ssh"), fs::Permissions::from_mode(0o755)).unwrap();
}
