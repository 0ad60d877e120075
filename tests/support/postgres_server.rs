//! A throwaway PostgreSQL on a free port and a socket of its own. A shell holds it by a pipe: when the pipe closes,
//! because the server was dropped or the tests died however, the server stops and its folder goes away.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::{Mutex, OnceLock};

/// Runs `"$@"` in the background until standard input ends; then stops it and removes `$1`.
const KEEPER: &str = r#"
folder=$1; shift
"$@" >"$folder/server.log" 2>&1 &
server=$!
echo started
read -r word
if [ "$word" = stop ]; then kill -INT $server; else kill -QUIT $server; fi
wait $server
if [ "$word" != stop ]; then rm -rf "$folder"; fi
"#;

/// The superuser of every throwaway server.
pub const SUPERUSER: &str = "admin";

/// A server and its folder.
pub struct PostgresServer {
    folder: PathBuf,
    port: u16,
    running: Mutex<Option<Keeper>>,
}

struct Keeper {
    shell: Child,
    pipe: ChildStdin,
}

impl PostgresServer {
    /// The server that tests share which change nothing of the whole server.
    pub fn shared() -> &'static PostgresServer {
        static SHARED: OnceLock<PostgresServer> = OnceLock::new();
        SHARED.get_or_init(|| PostgresServer::start(&[]))
    }

    /// A new server with `pg_stat_statements` preloaded; `settings` are further lines of its configuration.
    pub fn start(settings: &[&str]) -> PostgresServer {
        let server = PostgresServer { folder: scratch_folder("qd-pg-"), port: free_port(), running: Mutex::new(None) };
        let data = server.data();
        let data = data.to_str().unwrap();
        server.must("initdb", &["-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        server.configure("shared_preload_libraries = 'pg_stat_statements'\nfsync = off\nshared_buffers = 16MB\n");
        server.configure(&settings.join("\n"));
        server.launch();
        server
    }

    /// A streaming standby of this server.
    pub fn standby(&self) -> PostgresServer {
        let standby = PostgresServer { folder: scratch_folder("qd-pg-"), port: free_port(), running: Mutex::new(None) };
        let data = standby.data();
        let port = self.port.to_string();
        let arguments =
            ["-D", data.to_str().unwrap(), "-R", "-c", "fast", "-h", "127.0.0.1", "-p", &port, "-U", SUPERUSER];
        standby.must("pg_basebackup", &arguments);
        standby.launch();
        standby
    }

    /// Adds lines to the configuration; a restart makes them count.
    pub fn configure(&self, lines: &str) {
        let path = self.data().join("postgresql.conf");
        let before = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{before}\n{lines}\n")).unwrap();
    }

    /// The folder with the server's files.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder of its socket.
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// What it wrote about itself.
    #[allow(dead_code, reason = "not every test binary reads it")]
    pub fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts a server that was stopped.
    pub fn launch(&self) {
        let (port, folder) = (self.port.to_string(), self.folder.to_str().unwrap());
        let program = bin_folder().join("postgres");
        let mut shell = unprivileged("sh")
            .args(["-c", KEEPER, "keeper", folder, program.to_str().unwrap(), "-D", self.data().to_str().unwrap()])
            .args(["-p", &port, "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_permissions=0777"])
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pipe = shell.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        *self.running.lock().unwrap() = Some(Keeper { shell, pipe });
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        let port = self.port.to_string();
        // By its own socket: nobody else answers there.
        let arguments = ["-q", "-t", "1", "-h", self.folder.to_str().unwrap(), "-p", &port];
        // Each look waits for an answer itself; the pause only keeps a start from being a busy loop.
        for _ in 0..600 {
            if self.tool("pg_isready", &arguments).status.success() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        panic!("the throwaway PostgreSQL did not start:\n{log}");
    }

    /// Stops the server and keeps its files.
    pub fn stop(&self) {
        self.end("stop\n");
    }

    fn end(&self, word: &str) {
        use std::io::Write as _;
        let keeper = self.running.lock().map(|mut running| running.take()).unwrap_or_default();
        if let Some(Keeper { mut shell, mut pipe }) = keeper {
            let _ = pipe.write_all(word.as_bytes());
            drop(pipe);
            let _ = shell.wait();
        }
    }

    /// Stops and starts it.
    pub fn restart(&self) {
        self.stop();
        self.launch();
    }

    /// Runs SQL as the superuser; what it printed.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let port = self.port.to_string();
        let arguments = [
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            SUPERUSER,
            "-d",
            database,
            "-c",
            sql,
        ];
        let output = self.tool("psql", &arguments);
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn must(&self, program: &str, arguments: &[&str]) {
        let output = self.tool(program, arguments);
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn tool(&self, program: &str, arguments: &[&str]) -> Output {
        let path = bin_folder().join(program);
        let mut command = unprivileged(path.to_str().unwrap());
        for variable in
            ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGSSLMODE", "PGOPTIONS", "PGSERVICE"]
        {
            command.env_remove(variable);
        }
        command.args(arguments).current_dir(&self.folder).env("HOME", &self.folder).output().unwrap()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.end("");
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A folder that the unprivileged user owns; short, because a socket's path may not be long.
pub fn scratch_folder(prefix: &str) -> PathBuf {
    let folder = tempfile::Builder::new().prefix(prefix).tempdir_in("/tmp").unwrap().keep();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    give_away(&folder);
    folder
}

/// Makes a file or folder the unprivileged user's.
pub fn give_away(path: &Path) {
    if let Some((uid, gid)) = unprivileged_ids() {
        chown(path, Some(uid), Some(gid)).unwrap();
    }
}

/// A command that does not run as root.
pub fn unprivileged(program: &str) -> Command {
    let mut command = Command::new(program);
    if let Some((uid, gid)) = unprivileged_ids() {
        command.uid(uid).gid(gid);
    }
    command
}

/// Whom servers run as when we are root, because they refuse to run as root.
pub fn unprivileged_ids() -> Option<(u32, u32)> {
    static IDS: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *IDS.get_or_init(|| {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap();
        let of = |name: &str| {
            let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
            let mut fields = line.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        };
        Some(of("postgres").or_else(|| of("nobody")).expect("a user \"postgres\" or \"nobody\" to run PostgreSQL as"))
    })
}

/// A port that nobody listens on at this moment.
pub fn free_port() -> u16 {
    // Each is given out once: whoever got it needs a while until something listens there.
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap();
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if given.insert(port) {
            return port;
        }
    }
}

/// Where the server's programs are. Distributions keep them off the path.
pub fn bin_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let mut candidates: Vec<PathBuf> = Vec::new();
        if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
            candidates.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        }
        for root in ["/usr/lib/postgresql", "/opt/homebrew/opt"] {
            let mut found: Vec<PathBuf> =
                fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path().join("bin")).collect();
            found.sort();
            candidates.extend(found.into_iter().rev());
        }
        candidates
            .into_iter()
            .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
            .expect("PostgreSQL's server is not installed: install the package postgresql-15 (or another version)")
    })
}

/// Reads what a child said, for the words of a failed test.
#[allow(dead_code, reason = "not every test binary starts a pooler")]
pub fn said(child: &mut Child) -> String {
    let mut text = String::new();
    if let Some(stderr) = child.stderr.as_mut() {
        let _ = stderr.read_to_string(&mut text);
    }
    text
}
