//! Hostile text on cards, in progress, reports and the audit (invariant 9, fault 47): from sessions of a real PostgreSQL, from
//! answers to requests, from a service's manager and from systemd. Not a byte of it reaches a terminal or a pipe.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_postgres::{Client, Config, NoTls};

use crate::escapes::{leaks, leaks_of_text};
use crate::fake_http::FakeHttp;
use crate::hostile::{corpus, names, texts};
use crate::postgres_server::PostgresServer;
use crate::pty::{BINARY, Session, Start};

const SIZE: (u16, u16) = (160, 50);
/// Lines of an answer: no more than are shown.
const LINES: usize = 6;

/// Lines of the corpus, others each time.
fn lines_of(number: usize) -> Vec<u8> {
    let all = corpus();
    let from = number * LINES % all.len();
    let chosen = all.iter().cycle().skip(from).take(LINES);
    chosen.flat_map(|bytes| [bytes.iter().take(900).copied().collect(), vec![b'\n']].concat()).collect()
}

/// An endpoint that answers a request with hostile lines, others each time.
fn endpoint() -> FakeHttp {
    let count = AtomicUsize::new(0);
    FakeHttp::start(move |_| {
        crate::fake_http::answer(200, "Content-Type: text/plain\r\n", lines_of(count.fetch_add(1, Ordering::SeqCst)))
    })
}

/// Sessions that stand idle in a transaction, with hostile names and queries.
async fn guests(server: &PostgresServer) -> Vec<Client> {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let comments: Vec<String> =
        texts().into_iter().filter(|text| text.len() < 999 && !text.contains(['\0', '*'])).collect();
    let users = names().into_iter().filter(|name| !name.contains(['=', ':', '"', '\'']));
    let mut guests = Vec::new();
    for ((user, application), comment) in users.step_by(4).zip(texts()).zip(comments.chunks(6).cycle()) {
        server.sql("postgres", &format!("CREATE ROLE {} LOGIN", quoted(&user)));
        let mut config = Config::new();
        config.host("127.0.0.1").port(server.port()).user(&user).dbname("postgres");
        config.application_name(application.replace('\0', "").chars().take(40).collect::<String>());
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("BEGIN; SELECT /* {} */ 1", comment.concat())).await.unwrap();
        guests.push(client);
    }
    guests
}

fn script(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A configuration of all that, and programs that say hostile things.
fn write_world(folder: &Path, http: &FakeHttp, server: &PostgresServer) {
    for number in 0..40 {
        std::fs::write(folder.join(format!("said-{number}")), lines_of(number)).unwrap();
        let text = &texts()[number * 3 % texts().len()];
        let word: String = text.chars().take(300).collect();
        let facts =
            serde_json::json!({ "state": format!("running {word}"), "pid": 7, "started_at": word, "restarts": 0 });
        std::fs::write(folder.join(format!("facts-{number}")), facts.to_string()).unwrap();
        let raw: Vec<u8> = corpus()[number * 5 % corpus().len()].iter().take(300).copied().collect();
        let shown = [
            b"LoadState=loaded\nActiveState=active\nMainPID=7\nInvocationID=".as_slice(),
            &raw,
            b"\nSubState=",
            &raw,
            b"\nRequiredBy=",
            &raw,
            b"\nResult=",
            &raw,
            b"\n",
        ];
        std::fs::write(folder.join(format!("shown-{number}")), shown.concat()).unwrap();
    }
    let here = folder.display();
    let next = format!("cd {here}\nn=$(cat count 2>/dev/null || echo 0)\necho $(((n + 1) % 40)) > count\n");
    script(
        &folder.join("ctl"),
        &format!(
            "#!/bin/sh\n{next}if [ \"$1\" = restart ]; then cat said-$n; cat said-$n >&2; else cat facts-$n; fi\n"
        ),
    );
    std::fs::create_dir(folder.join("bin")).unwrap();
    script(
        &folder.join("bin/systemctl"),
        &format!("#!/bin/sh\n{next}case \"$*\" in *show*) cat shown-$n;; *) cat said-$n >&2; exit 1;; esac\n"),
    );
    let mut toml = std::fs::File::create(folder.join("c.toml")).unwrap();
    let title = serde_json::to_string("ask \u{202e}dorp\u{202c} pr\u{200b}od").unwrap();
    write!(
        toml,
        r#"
        [[action]]
        name = "ask"
        title = {title}
        url = "{}"
        level = "L1"
        target = "api"
        cool_down = "0s"
        within = "0s"
        [[action]]
        name = "restart-managed"
        target = "managed"
        restart_command = ["{here}/ctl", "restart"]
        status_command = ["{here}/ctl", "status"]
        environment = "local"
        cool_down = "0s"
        within = "0s"
        stable = "1s"
        [[action]]
        name = "restart-unit"
        target = "unit"
        unit = "api.service"
        environment = "local"
        cool_down = "0s"
        [[database]]
        name = "main"
        url = "postgresql://ops@127.0.0.1:{}/postgres?sslmode=disable"
        environment = "local"
        [actions]
        allow = true
        audit = "{here}/audit"
        idle_in_transaction_older_than = "1s"
        headless = ["ask", "restart-managed", "restart-unit", "terminate-idle-in-transaction"]
        "#,
        http.url("/ask"),
        server.port()
    )
    .unwrap();
}

/// A run without a terminal; what it said, when nothing leaked.
#[track_caller]
fn told(folder: &Path, arguments: &[&str]) -> String {
    let path = format!("{}/bin:/usr/bin:/bin", folder.display());
    let output = Command::new(BINARY)
        .args(arguments)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", path)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(leaks_of_text(&output.stdout), [""; 0], "{arguments:?}");
    assert_eq!(leaks_of_text(&output.stderr), [""; 0], "{arguments:?}");
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

/// The card of an action, and its run.
fn runs(folder: &Path, action: &str, target: &str) -> String {
    let base = ["--config", "c.toml", "run", action, "--target", target];
    let card = told(folder, &[&base[..], &["--dry-run"]].concat());
    let code = card.lines().find_map(|line| line.strip_prefix("code ")).map(|code| code.trim().to_owned());
    let run = code.map(|code| told(folder, &[&base[..], &["--confirm", &code]].concat()));
    card + &run.unwrap_or_default()
}

fn choose(session: &mut Session, title: &str) {
    session.point_at(title);
    session.press("\r", "Ctrl-R reads anew");
    session.wait_gone("read it first");
    session.send("\x1b[6~\x1b[6~\x1b[6~");
}

#[tokio::test]
async fn no_hostile_byte_of_an_action_reaches_anybody() {
    let (http, server) = (endpoint(), PostgresServer::start(&[]));
    server.sql("postgres", "CREATE ROLE ops LOGIN; GRANT pg_signal_backend, pg_read_all_stats TO ops");
    let start = Start::new(&["--config", "c.toml"]).size(SIZE.0, SIZE.1);
    let folder = start.world().to_owned();
    write_world(&folder, &http, &server);
    let mut guests = guests(&server).await;
    assert!(guests.len() > 5);
    let aged = "SELECT bool_and(clock_timestamp() - state_change > '1.1 s') FROM pg_stat_activity WHERE state = 'idle in transaction'";
    while server.sql("postgres", aged) != "t" {
        tokio::task::yield_now().await;
    }

    let path = format!("{}/bin:/usr/bin:/bin", folder.display());
    let mut session = start.variable("PATH", &path).run();
    session.wait_for("ARMED");
    session.press("3", "Sessions");
    session.press("7", "armed:");
    choose(&mut session, "idle in transaction");
    session.send("main");
    session.wait_for("Ctrl-T runs it");
    session.press("\x14", "Before and after");
    session.wait_for("state              verified");
    session.send("\x1b[6~\x1b");
    session.wait_gone("Esc closes");
    for (title, phrase) in [("ask", ""), ("restart managed", "managed"), ("api.service", "unit")] {
        choose(&mut session, title);
        session.send(phrase);
        session.wait_for("Ctrl-T runs it");
        session.press("\x14", "it goes on");
        session.wait_until("its end", |seen| !seen.shows("c asks to stop"));
        session.send("\x1b");
        session.wait_gone("Esc closes");
    }
    session.press("7", "What ran from here");
    session.press("\x1b[24~", "own log");
    session.send("\x1b");
    session.wait_gone("own log");
    session.send("\x03");
    session.exit_code();
    {
        let seen = session.seen();
        assert_eq!(leaks(&seen.bytes, SIZE.0, SIZE.1, 0), [""; 0]);
        assert_eq!(seen.asked(), [""; 0]);
    }

    guests.truncate(0);
    let mut all = String::new();
    for _ in 0..=corpus().len().div_ceil(LINES) {
        all += &runs(&folder, "ask", "api");
    }
    for _ in 0..12 {
        all += &runs(&folder, "restart-managed", "managed");
        all += &runs(&folder, "restart-unit", "unit");
    }
    all += &told(&folder, &["--config", "c.toml", "run", "--list"]);
    for line in ["audit show", "audit show --json", "audit verify"] {
        let mut arguments: Vec<&str> = line.split(' ').collect();
        let audit = folder.join("audit");
        arguments.extend(["--folder", audit.to_str().unwrap()]);
        all += &told(&folder, &arguments);
    }
    for words in [r"\x1b]0;title", r"\u{202e}", "zalgo", "OK"] {
        assert!(all.contains(words), "{words:?} was never put to the test");
    }
    for entry in std::fs::read_dir(folder.join("audit")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(bytes.iter().all(|byte| (0x20..0x7f).contains(byte) || *byte == b'\n'), "the audit is not ASCII");
    }
}
