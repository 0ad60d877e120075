//! Fault 47: the hostile corpus through every channel, against the oracle of `escapes`.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use crate::escapes::{leaks, leaks_of_text};
use crate::fake_http::{FakeHttp, Step, json};
use crate::hostile::{corpus, names, texts};
use crate::postgres_server::{PostgresServer, SUPERUSER};
use crate::pty::{BINARY, Session, Start};

const SIZE: (u16, u16) = (250, 120);

/// A TOML or JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// `GET /N/…` answers with the text number N in every place that an answer has.
fn hostile_http() -> FakeHttp {
    FakeHttp::start(|head| {
        let mut parts = head.split(' ').nth(1).unwrap_or_default().split('/').skip(1);
        let number: usize = parts.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let texts = texts();
        let text = &texts[number % texts.len()];
        let word = quoted(text);
        match parts.next() {
            Some("raw") => {
                let bytes = corpus()[number % corpus().len()].clone();
                let mut answer = b"HTTP/1.1 200 ".to_vec();
                answer.extend(bytes.iter().take(200).filter(|b| **b != b'\r'));
                answer.extend(b"\r\nContent-Type: ");
                answer.extend(bytes.iter().take(200).filter(|b| **b != b'\r'));
                answer.extend(format!("\r\nX-{text}: 1\r\nContent-Length: {}\r\n\r\n", bytes.len()).bytes());
                // The body comes in pieces.
                let mut steps = vec![Step::Bytes(answer)];
                steps.extend(bytes.chunks(3).take(200).map(|piece| Step::Bytes(piece.to_vec())));
                steps.push(Step::Close);
                steps
            }
            Some("text") => crate::fake_http::answer(200, "Content-Type: text/plain\r\n", text),
            Some("figures") => json(200, &format!("{{\"hits\":{word},\"misses\":1,\"figure\":{word}}}")),
            _ => {
                let body = format!(
                    "{{\"status\":{word},\"version\":{word},\"service\":{word},\"output\":{word},{word}:\"up\",\
                     \"checks\":{{{word}:{{\"status\":\"down\",\"output\":{word}}},\"db\":{word}}}}}"
                );
                json(503, &body)
            }
        }
    })
}

/// A Redis that puts a text into every field of INFO, or into its refusals.
fn hostile_redis(text: &str, refuses: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let line = text.replace(['\r', '\n'], "");
    let info = format!(
        "# Server\r\nredis_version:{line}\r\nrole:{line}\r\n{line}:1\r\nused_memory_human:{line}\r\ndb0:keys={line}\r\n"
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (info, line) = (info.clone(), line.clone());
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                let mut chunk = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut chunk) {
                    let asked = String::from_utf8_lossy(&chunk[..count]).to_uppercase();
                    for command in asked.split('*').skip(1) {
                        let answer = if refuses || command.contains("HELLO") {
                            format!("-ERR {line}\r\n")
                        } else if command.contains("INFO") {
                            format!("${}\r\n{info}\r\n", info.len())
                        } else {
                            format!("+{line}\r\n")
                        };
                        let _gone = stream.write_all(answer.as_bytes());
                    }
                }
            });
        }
    });
    address
}

/// Sessions of PostgreSQL with hostile names and queries; they end with it.
struct Sessions(Vec<Child>);

impl Drop for Sessions {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ended = child.kill().and_then(|()| child.wait());
        }
    }
}

/// Role and database names are at most 63 bytes; a statement holds any text.
fn hostile_sessions(server: &PostgresServer) -> Sessions {
    let mut children = Vec::new();
    let quoted_name = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let chosen = names().into_iter().filter(|name| !name.contains(['=', ':', '"', '\''])).step_by(9).take(5);
    for (number, name) in chosen.enumerate() {
        server.sql("postgres", &format!("CREATE ROLE {} LOGIN SUPERUSER", quoted_name(&name)));
        server.sql("postgres", &format!("CREATE DATABASE {}", quoted_name(&name)));
        let comment =
            texts().into_iter().skip(number * 17).take(17).filter(|t| t.len() < 999 && !t.contains(['\0', '*']));
        let sql = format!("SELECT /* {} */ {}, pg_sleep(600)", comment.collect::<String>(), "'x'");
        let child = Command::new("psql")
            .args(["-X", "-h", "127.0.0.1", "-p", &server.port().to_string(), "-U", &name, "-d", &name, "-c", &sql])
            .env("PGAPPNAME", name)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        children.push(child);
    }
    server.sql("postgres", "CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
    for text in texts().into_iter().filter(|t| t.len() < 999 && !t.contains(['\0', '\'', '*', '\\'])) {
        server.sql(
            "postgres",
            &format!("SELECT 1 AS \"{}\"", text.replace('"', "").chars().take(20).collect::<String>() + "x"),
        );
    }
    Sessions(children)
}

/// A configuration that names everything hostile, in a folder with hostile logs.
fn write_world(folder: &Path, http: &FakeHttp, database: Option<&PostgresServer>) {
    // A configuration may not name anything with control characters; whatever else hides it may.
    let name_of = |prefix: &str, text: &str| {
        let kept: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        quoted(&format!("{prefix}{kept}x"))
    };
    let mut toml = format!("name = {}\n", name_of("", "\u{202e}shop"));
    for (number, text) in texts().iter().enumerate().filter(|(_, t)| t.len() < 999) {
        let url = quoted(&http.url(&format!("/{number}/body")));
        toml += &format!(
            "[[service]]\nname = {}\nurl = {url}\ninterval = \"500ms\"\n",
            name_of(&format!("s{number} "), text)
        );
    }
    for number in 0..corpus().len() {
        for kind in ["raw", "text"] {
            let url = quoted(&http.url(&format!("/{number}/{kind}")));
            toml += &format!("[[service]]\nname = \"{kind} {number}\"\nurl = {url}\ninterval = \"500ms\"\n");
        }
    }
    for (number, text) in texts().iter().enumerate().filter(|(_, t)| t.len() < 999).step_by(4) {
        let url = quoted(&http.url(&format!("/{number}/figures")));
        let name = name_of(&format!("f{number} "), text);
        toml += &format!(
            "[[signal]]\nname = {name}\nurl = {url}\npointer = \"/figure\"\nunit = {}\n",
            name_of("", &text.chars().take(6).collect::<String>())
        );
        let redis = |refuses| quoted(&format!("redis://{}", hostile_redis(text, refuses)));
        toml += &format!("[[cache]]\nname = {name}\nredis = {}\ninterval = \"500ms\"\n", redis(false));
        toml += &format!("[[cache]]\nname = \"refuses {number}\"\nredis = {}\ninterval = \"500ms\"\n", redis(true));
        toml +=
            &format!("[[cache]]\nname = \"endpoint {number}\"\nurl = {url}\nhits = \"/hits\"\nmisses = \"/misses\"\n");
        let argv = format!("[\"printf\", \"%s\", {}]", quoted(&text.replace('\0', "")));
        toml += &format!("[[signal]]\nname = \"command {number}\"\ncommand = {argv}\n");
    }
    if let Some(server) = database {
        let url = format!("postgresql://{SUPERUSER}@127.0.0.1:{}/postgres?sslmode=disable", server.port());
        toml += &format!(
            "[[database]]\nname = \"main\"\nurl = {}\ninterval = \"1s\"\nstatements_interval = \"1s\"\n",
            quoted(&url)
        );
        let wrong = url.replace("/postgres?", "/%1b]0;x%07%e2%80%ae?");
        toml += &format!("[[database]]\nname = \"wrong\"\nurl = {}\n", quoted(&wrong));
    }
    let name = b"app-\x1b]0;x\x07\x9b2J\xe2\x80\xae.log";
    let path = folder.join(OsStr::from_bytes(name));
    toml += "[[log]]\nname = \"files\"\nfiles = \"*.log\"\n";
    toml += &format!("[[log]]\nname = {}\nfiles = \"none-\u{202e}-*.txt\"\n", name_of("", "\u{2066}none"));
    fs::write(folder.join("wall.toml"), toml).unwrap();
    let mut log = fs::File::create(path).unwrap();
    log.write_all(&hostile_log()).unwrap();
}

/// Every attack as a plain line, inside JSON, inside logfmt, and as keys.
fn hostile_log() -> Vec<u8> {
    let mut log = Vec::new();
    for bytes in corpus() {
        log.extend_from_slice(&bytes);
        log.push(b'\n');
        log.extend(
            [b"2026-01-01T00:00:00Z ERROR msg=\"", bytes.as_slice(), b"\" ", &bytes, b"=", &bytes, b"\n"].concat(),
        );
    }
    for text in texts() {
        let word = quoted(&text);
        log.extend(format!("{{\"time\":{word},\"level\":\"error\",\"message\":{word},\"service\":{word},{word}:{{{word}:{word}}}}}\n").bytes());
    }
    log
}

/// Looks at everything: each page, each row's detail, every overlay.
fn walk(session: &mut Session) {
    for (page, words) in [("2", "2 S"), ("3", "Sessions"), ("4", "Signals"), ("5", "Logs")] {
        session.press(page, words);
        for _ in 0..3 {
            // Esc with an arrow behind it: at once Esc, whatever comes next; it quits nothing where nothing opened.
            for key in ["\r", "jjjjjjjjjjjjjjjjjjjj", "\x1b\x1b[C", "j", "\x1b[6~", "\t", "l", "s"] {
                session.send(key);
            }
        }
        session.send("!");
        session.wait_for("wrong, off, assumed");
        session.send("GgjjjjG\x1b");
        session.wait_gone("wrong, off, assumed");
    }
    for _ in 0..40 {
        session.send("\x1b[5~\r");
        session.wait_for("Log line of");
        session.send("q");
        session.wait_gone("Log line of");
    }
    session.press("\x1b[24~", "own log");
    session.send("\x1b");
    session.wait_gone("own log");
}

fn end(mut session: Session) {
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    let seen = session.seen();
    assert_eq!(leaks(&seen.bytes, SIZE.0, SIZE.1, 0), [""; 0]);
    assert_eq!(seen.asked(), [""; 0]);
}

#[test]
fn nothing_hostile_reaches_the_terminal() {
    let (http, server) = (hostile_http(), PostgresServer::start(&[]));
    let _sessions = hostile_sessions(&server);
    let start = Start::new(&["--config", "wall.toml"]).size(SIZE.0, SIZE.1);
    write_world(start.world(), &http, Some(&server));
    let mut session = start.run();
    session.press("3", "active 5");
    session.press("5", "zalgo");
    walk(&mut session);
    session.press("3", "active 5");
    // What is pasted, and what is typed, comes back on the screen too.
    session.send("5/");
    session.wait_for("Enter find");
    for bytes in corpus().into_iter().filter(|b| b.len() < 999 && !b.windows(2).any(|w| w == b"\x1b[")) {
        session.send([b"\x15\x1b[200~".as_slice(), &bytes, b"\x1b[201~"].concat());
    }
    session.send("\x15done");
    session.wait_for("/done");
    end(session);
}

#[test]
fn nothing_hostile_reaches_an_ascii_terminal() {
    let http = hostile_http();
    let start = Start::new(&["--config", "wall.toml", "--ascii"]).size(SIZE.0, SIZE.1);
    write_world(start.world(), &http, None);
    let mut session = start.run();
    session.press("5", "zalgo");
    walk(&mut session);
    end(session);
}

#[test]
fn a_copy_holds_base64_of_safe_text_and_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.log");
    fs::write(&log, "\x1b]52;c;ZXZpbA==\x07 evil \u{202e}\n").unwrap();
    let mut session = Start::new(&[OsStr::new("--log"), log.as_os_str()]).size(SIZE.0, SIZE.1).run();
    session.press("5", "evil");
    session.send("k");
    session.send("y");
    session.wait_for("copied");
    session.wait_until("a copy", |seen| !seen.asked().is_empty());
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    let seen = session.seen();
    assert_eq!(leaks(&seen.bytes, SIZE.0, SIZE.1, 1), [""; 0]);
    assert!(!leaks(&seen.bytes, SIZE.0, SIZE.1, 0).is_empty(), "the copy is not seen by the oracle");
    assert!(seen.asked().len() == 1 && !seen.asked()[0].contains("ZXZpbA=="), "{:?}", seen.asked());
}

/// Runs the program without a terminal; its status, when nothing leaked.
#[track_caller]
fn told(folder: &Path, arguments: &[&OsStr]) -> (i32, Output) {
    let output = Command::new(BINARY)
        .args(arguments)
        .env_clear()
        .env("HOME", folder)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(leaks_of_text(&output.stdout), [""; 0], "{arguments:?}");
    assert_eq!(leaks_of_text(&output.stderr), [""; 0], "{arguments:?}");
    (output.status.code().unwrap(), output)
}

#[test]
fn nothing_hostile_reaches_a_pipe() {
    let (http, server) = (hostile_http(), PostgresServer::start(&[]));
    let _sessions = hostile_sessions(&server);
    let folder = tempfile::tempdir().unwrap();
    write_world(folder.path(), &http, Some(&server));
    let run = |line: &str| told(folder.path(), &line.split(' ').map(OsStr::new).collect::<Vec<_>>());
    let (_, output) = run("check --json --sample 500ms --config wall.toml");
    assert!(output.stdout.iter().all(|b| (0x20..0x7f).contains(b) || *b == b'\n'), "JSON is not ASCII");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], 1);
    let (_, output) = run("check --sample 500ms --config wall.toml");
    assert!(String::from_utf8(output.stdout).unwrap().contains(r"\x1b]0;"));
    assert_eq!(run("config check --config wall.toml").0, 0);
    assert_eq!(run("config show --config wall.toml").0, 0);
}

#[test]
fn nothing_hostile_comes_back_from_arguments_and_broken_files() {
    let folder = tempfile::tempdir().unwrap();
    for (number, bytes) in corpus().into_iter().enumerate().filter(|(_, b)| !b.contains(&0) && b.len() < 999) {
        let text = OsStr::from_bytes(&bytes);
        let url = [b"http://127.0.0.1:1/", bytes.as_slice()].concat();
        for arguments in [
            &[text][..],
            &[OsStr::new("config"), OsStr::new("show"), OsStr::from_bytes(&url)],
            &[OsStr::new("--config"), text],
            &[OsStr::new("config"), OsStr::new("check"), OsStr::new("--db"), text],
            &[OsStr::new("--profile"), text],
        ] {
            told(folder.path(), arguments);
        }
        let broken = [
            b"nmae = \"",
            bytes.as_slice(),
            b"\"\n[[service]]\n\"",
            &bytes,
            b"\" = 1\n[screen]\ntheme = \"",
            &bytes,
            b"\"\n",
        ];
        let path = folder.path().join(format!("broken-{number}.toml"));
        fs::write(&path, broken.concat()).unwrap();
        let (status, _) =
            told(folder.path(), &[OsStr::new("config"), OsStr::new("check"), OsStr::new("--config"), path.as_os_str()]);
        // 64: what is no UTF-8 is no configuration that was named.
        assert!(status == 78 || status == 64, "{bytes:?}");
        let escaped = format!(
            "{} = {}\n[[service]]\nname = 1\n",
            quoted(&String::from_utf8_lossy(&bytes)),
            quoted(&String::from_utf8_lossy(&bytes))
        );
        fs::write(&path, escaped).unwrap();
        told(folder.path(), &[OsStr::new("config"), OsStr::new("check"), OsStr::new("--config"), path.as_os_str()]);
    }
}
