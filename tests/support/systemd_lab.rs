//! A real systemd in namespaces of its own, with private folders for all that it writes. A shell holds it by a pipe: when
//! the test ends, however, the pipe closes and everything in the namespaces is killed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::{until, words};

/// Runs `"$@"` until standard input ends, then kills it; what it started dies with its namespace.
const KEEPER: &str = r#"
"$@" </dev/null & child=$!
echo $child
read -r _
kill -KILL $child
wait $child 2>/dev/null
"#;

/// Mounts what systemd would otherwise share with this machine, writes the units and becomes systemd.
const BOOT: &str = r#"
set -e
mount --make-rprivate /
exec 3< "$2"
for folder in /run /tmp /var/tmp /var/log/journal /etc/systemd/system; do
  if [ -d $folder ]; then mount -t tmpfs tmpfs $folder; fi
done
mkdir -p /run/lock /run/lab
# The tests' own files may lie below one of these.
if [ ! -d "$2" ]; then mkdir -p "$2"; mount -c --bind /proc/self/fd/3 "$2"; fi
exec 3<&-
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd /etc/systemd/system
unit() { { echo "[Unit]"; echo "DefaultDependencies=no"; cat; } > "$1"; }
unit lab.target <<'END'
Wants=api.service web.service
END
unit api.service <<'END'
[Service]
ExecStart=/bin/sleep infinity
END
unit web.service <<'END'
Requires=api.service
After=api.service
[Service]
ExecStart=/bin/sleep infinity
END
unit looping.service <<'END'
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh -c 'if test -e /run/lab/loop; then sleep 0.5; exit 1; fi; exec sleep infinity'
Restart=always
RestartSec=100ms
# A stop that meets the moment between two processes can wait for one that is gone, for as long as this.
TimeoutStopSec=2s
END
unit stubborn.service <<'END'
[Service]
ExecStart=/bin/sh -c 'trap "" TERM; touch /run/lab/stubborn; while :; do sleep 1; done'
ExecStartPost=/bin/sh -c 'until test -e /run/lab/stubborn; do sleep 0.01; done'
SendSIGKILL=no
TimeoutStopSec=infinity
END
unit broken.service <<'END'
[Service]
Type=oneshot
ExecStart=/bin/false
END
cd /
container=lab exec "$1" --unit=lab.target
"#;

/// A booted systemd.
pub struct Lab {
    keeper: Child,
    init: u32,
}

impl Lab {
    /// Boots one, or says why this machine cannot.
    pub fn boot() -> Result<Lab, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("only root may make the namespaces".to_owned());
        }
        let systemd = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];
        let Some(systemd) = systemd.into_iter().find(|file| fs::metadata(file).is_ok()) else {
            return Err("systemd is not installed".to_owned());
        };
        let spaces = ["--mount", "--pid", "--fork", "--uts", "--ipc", "--cgroup", "--mount-proc", "--kill-child"];
        let unshared =
            Command::new("unshare").args(spaces).args(["sh", "-c", "mount -t cgroup2 c /sys/fs/cgroup"]).output();
        let unshared = unshared.map_err(|e| format!("unshare: {e}"))?;
        if !unshared.status.success() {
            return Err(format!("no namespaces here: {}", String::from_utf8_lossy(&unshared.stderr).trim()));
        }
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", "unshare"])
            .args(spaces)
            .args(["sh", "-c", BOOT, "boot", systemd, env!("CARGO_TARGET_TMPDIR")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let unshare = line.trim().to_owned();
        let mut lab = Lab { keeper, init: 0 };
        lab.init = until("systemd's process", || {
            let children = fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children")).ok()?;
            children.trim().parse().ok()
        });
        until("systemd has booted", || (lab.ask(&["is-active", "lab.target"]) == "active").then_some(()));
        Ok(lab)
    }

    /// Its first process, as this machine numbers it.
    pub fn init(&self) -> u32 {
        self.init
    }

    /// What leads into it: put before a command as what gives it rights.
    pub fn way_in(&self) -> Vec<String> {
        words(&["nsenter", "-t", &self.init.to_string(), "-a"])
    }

    /// Runs a program in it.
    pub fn run(&self, argv: &[&str]) -> std::process::Output {
        let way = self.way_in();
        Command::new(&way[0]).args(&way[1..]).args(argv).stdin(Stdio::null()).output().unwrap()
    }

    /// What `systemctl` prints, trimmed.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let out = self.run(&[&["systemctl"], arguments].concat());
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
