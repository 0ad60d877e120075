//! No secret in what is shown, recorded or told (invariant 7, fault 46): random secrets in every place of a configuration
//! through the whole pure program, and the real binary against servers that repeat whatever they are sent.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use proptest::prelude::*;
use quarterdeck::app::actions::{card, catalogue, headless, progress};
use quarterdeck::app::{Effect, Event};
use quarterdeck::config::arguments::Arguments;
use quarterdeck::config::environment::Variables;
use quarterdeck::config::{Inputs, Resolved, SourceFile, resolve};
use quarterdeck::domain::Cause;
use quarterdeck::remediation::action::Plan;
use quarterdeck::remediation::audit::{Chain, Writer};
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::step::{StepEnd, Work};

use crate::cards::CHORD;
use crate::fake_http::FakeHttp;
use crate::pty::{BINARY, Start};
use crate::stage::Stage;

/// A secret in the forms in which it could come out.
fn forms(secret: &str) -> Vec<String> {
    let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    vec![secret.to_owned(), percent, base64(secret.as_bytes()), base64(format!("ops:{secret}").as_bytes())]
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).peekable();
    let mut out = String::new();
    while bits.peek().is_some() {
        let six = (0..6).fold(0, |all, _| all << 1 | bits.next().unwrap_or(0));
        out.push(char::from(DIGITS[usize::from(six)]));
    }
    out
}

/// Which of the secrets stand in a text.
fn found_in(text: &str, secrets: &[String]) -> Vec<String> {
    // Frames and wrapped lines may break a word: it is looked for without them, too.
    let joined: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || "%+/=-_".contains(*c)).collect();
    let stands = |form: &String| text.contains(form) || joined.contains(form);
    secrets.iter().flat_map(|secret| forms(secret)).filter(stands).collect()
}

fn secret() -> impl Strategy<Value = String> {
    "Zq[A-Za-z0-9]{10,20}"
}

/// A configuration with a secret in each place that can hold one.
fn watched(secrets: &[String]) -> Resolved {
    let text = r#"
        [[service]]
        name = "api"
        url = "https://api.example.com/health"
        [[action]]
        name = "warm-cache"
        url = "https://api.example.com/cache/warm?all=1"
        level = "L2"
        target = "api"
        bearer = "env:TOKEN"
        headers = { X-Api-Key = "env:KEY", Cookie = "file:cookie" }
        environment = "production"
        [actions]
        allow = true
    "#;
    let arguments = Arguments {
        urls: vec![format!("https://ops:{}@web.example.com/health?token={}", secrets[0], secrets[1])],
        databases: vec![format!("postgresql://ops:{}@db.example.com/app", secrets[2])],
        redis: vec![format!("redis://:{}@cache.example.com:6379/0", secrets[3])],
        ..Arguments::default()
    };
    let variables = [("TOKEN", &secrets[4]), ("KEY", &secrets[5]), ("PGPASSWORD", &secrets[6])];
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).clone())).collect();
    let variables = Variables::new(variables, None);
    let file = Some(SourceFile { path: "world.toml".into(), text: text.to_owned() });
    let inputs = Inputs { arguments, variables, file, ..Inputs::default() };
    let mut resolved = resolve(&inputs).unwrap_or_else(|problems| panic!("{problems:#?}")).resolved;
    for action in &mut resolved.actions.own {
        let Plan::Steps(steps) = &mut action.plan else { continue };
        for step in steps {
            let Work::Http(http) = &mut step.work else { continue };
            http.url.set_query(Some(&format!("all=1&api_key={}", secrets[7])));
            http.url.set_password(Some(&secrets[0])).unwrap();
            http.body = Some(format!(r#"{{"all":true,"auth":{{"password":"{}"}}}}"#, secrets[8]));
        }
    }
    resolved
}

fn json_of(effects: &[Effect], stage: &Stage) -> String {
    let now = stage.world.moment();
    let lines = effects.iter().filter_map(|effect| match effect {
        Effect::Record { entry, .. } => Some(Chain::default().next(entry, &Writer::default(), now).bytes),
        _ => None,
    });
    lines.map(|bytes| String::from_utf8(bytes).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_secret_is_shown_or_recorded(secrets in prop::collection::vec(secret(), 9), fails in any::<bool>()) {
        let mut stage = Stage::of(&watched(&secrets));
        let mut told = headless::list(&stage.world.model).iter().map(ToString::to_string).collect::<String>();
        prop_assert!(stage.open_card("warm-cache"), "{}", stage.world.message());
        let shown = stage.card().unwrap().card.clone();
        told += &headless::lines(&stage.world.model, &shown).iter().map(ToString::to_string).collect::<String>();
        let offered = headless::offer(&shown, &"0123-0123".into(), &"again".into());
        told += &offered.iter().map(ToString::to_string).collect::<String>();
        for redact in [false, true] {
            let situation = catalogue::situation(&stage.world.model, None, &[]);
            told += &card::document(&shown, &stage.world.model, &situation, redact).plain();
        }
        told += &stage.picture();
        // Once wrongly confirmed, once rightly.
        stage.write("x");
        for _ in 0..2 {
            let effects = stage.tell(Event::KeyPressed(CHORD));
            told += &json_of(&effects, &stage);
            told += &stage.picture();
            if stage.card().is_some() {
                stage.fill_in();
            }
        }
        let run = stage.world.model.actions.current.as_ref().expect("it runs").id;
        let end = if fails {
            StepEnd::Failed(Cause::HttpStatus { status: 500 })
        } else {
            StepEnd::Done { fates: Vec::new(), said: vec!["HTTP 200".into()] }
        };
        for input in [Input::Held(Ok(())), Input::Recorded(Ok(())), Input::StepEnded { step: 0, end }] {
            let effects = stage.tell(Event::ActionHappened { run, input: Box::new(input) });
            told += &json_of(&effects, &stage);
            told += &stage.picture();
        }
        let current = stage.world.model.actions.current.as_ref().unwrap();
        told += &progress::document(&current.execution, stage.world.moment()).plain();
        for page in ["Esc", "1", "2", "3", "4", "7", "!", "Esc", "a"] {
            stage.press(page);
            told += &stage.picture();
        }
        prop_assert_eq!(found_in(&told, &secrets), Vec::<String>::new());
        prop_assert!(told.contains("api_key=***") && told.contains("all=1") && told.contains("env:TOKEN"), "{}", told);
    }

    /// What is not shown is bound all the same: the digest is over the true bytes.
    #[test]
    fn a_secret_that_changes_voids_the_card(secrets in prop::collection::vec(secret(), 9), which in 7usize..9) {
        let digest = |secrets: &[String]| {
            let mut stage = Stage::of(&watched(secrets));
            assert!(stage.open_card("warm-cache"));
            stage.card().unwrap().card.digest()
        };
        let mut other = secrets.clone();
        other[which].push('x');
        prop_assert_ne!(digest(&secrets), digest(&other));
        prop_assert_eq!(digest(&secrets), digest(&secrets));
    }
}

/// A PostgreSQL that asks for the password in the clear, and says which one was wrong.
fn telling_postgres() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut chunk = [0; 4096];
                // Asked for TLS it says no; then the startup packet comes, or came at once.
                while let Ok(count @ 1..) = stream.read(&mut chunk) {
                    let answer = match chunk[..count] {
                        [0, 0, 0, 8, 4, 210, 22, 47] => b"N".to_vec(),
                        [b'p', ..] => {
                            let password = String::from_utf8_lossy(&chunk[5..count - 1]).into_owned();
                            let words = format!("SFATAL\0C28P01\0Mpassword \"{password}\" is wrong\0\0");
                            let length = (words.len() as u32 + 4).to_be_bytes();
                            [b"E".as_slice(), &length, words.as_bytes()].concat()
                        }
                        _ => vec![b'R', 0, 0, 0, 8, 0, 0, 0, 3],
                    };
                    let _gone = stream.write_all(&answer);
                }
            });
        }
    });
    port
}

/// A Redis that knows no command, and repeats each with what was in it.
fn telling_redis() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut chunk) {
                    let asked = String::from_utf8_lossy(&chunk[..count]).into_owned();
                    for command in asked.split('*').skip(1) {
                        let words: Vec<&str> = command.split("\r\n").skip(2).step_by(2).collect();
                        let told = format!("-ERR unknown command, with args beginning with: {}\r\n", words.join(" "));
                        let _gone = stream.write_all(told.as_bytes());
                    }
                }
            });
        }
    });
    port
}

/// An endpoint that repeats its request, as a stack trace with a header dump does.
fn telling_http() -> FakeHttp {
    FakeHttp::start(|head| {
        let key = head.lines().find(|line| line.to_lowercase().starts_with("x-api-key")).unwrap_or("none");
        let body = serde_json::json!({ "status": "ok", "output": head, "version": key, "echo": head }).to_string();
        match head.split(' ').nth(1) {
            Some("/fail") => crate::fake_http::answer(500, "Content-Type: text/plain\r\n", head),
            Some("/private") => crate::fake_http::answer(401, "Content-Type: text/plain\r\n", head),
            _ => crate::fake_http::answer(200, "Content-Type: application/json\r\n", &body),
        }
    })
}

const TOKEN: &str = "ZqTokenOfTheWarmer77";
const KEY: &str = "ZqKeyInAVariable77";
const COOKIE: &str = "ZqCookieFromAFile77";
const DATABASE: &str = "ZqDatabasePassword77";
const REDIS: &str = "ZqRedisPassword77";
const USER_INFO: &str = "ZqUserInfoOfTheUrl77";
const BODY: &str = "ZqSecretOfTheBody77";

fn write_configuration(folder: &Path, http: &FakeHttp) {
    let (warm, fail, health) = (http.url("/warm"), http.url("/fail"), http.url("/health"));
    let text = format!(
        r#"
        [[service]]
        name = "api"
        url = "{health}"
        headers = {{ X-Api-Key = "env:KEY" }}
        [[action]]
        name = "warm"
        url = "{warm}"
        level = "L1"
        target = "api"
        bearer = "env:TOKEN"
        headers = {{ X-Api-Key = "env:KEY", Cookie = "file:cookie" }}
        body = '{{"all":true,"secret":"{BODY}"}}'
        watch = "service api"
        within = "3s"
        [[action]]
        name = "fail"
        url = "{fail}"
        level = "L2"
        target = "api"
        bearer = "env:TOKEN"
        headers = {{ X-Api-Key = "env:KEY", Cookie = "file:cookie" }}
        cool_down = "0s"
        within = "1s"
        [[database]]
        name = "main"
        url = "postgresql://ops@127.0.0.1:{}/app?sslmode=disable"
        password = "env:DATABASE"
        [[cache]]
        name = "redis"
        redis = "redis://127.0.0.1:{}/0"
        password = "env:REDIS"
        [actions]
        allow = true
        headless = ["warm", "fail"]
        "#,
        telling_postgres(),
        telling_redis()
    );
    std::fs::write(folder.join("c.toml"), text).unwrap();
    std::fs::write(folder.join("cookie"), COOKIE).unwrap();
}

const VARIABLES: [(&str, &str); 4] = [("TOKEN", TOKEN), ("KEY", KEY), ("DATABASE", DATABASE), ("REDIS", REDIS)];

/// All that a run of the binary says, and its status.
fn said(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(BINARY)
        .args(arguments)
        .env_clear()
        .envs(VARIABLES)
        .env("HOME", folder)
        .env("PATH", "/usr/bin:/bin")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout) + &text(output.stderr))
}

/// Everything that was written below a folder, but for what we put there.
fn written(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            all += &written(&path);
        } else if !["c.toml", "cookie"].contains(&entry.file_name().to_str().unwrap()) {
            all += &String::from_utf8_lossy(&std::fs::read(path).unwrap());
        }
    }
    all
}

#[test]
fn no_secret_leaves_the_binary() {
    let http = telling_http();
    let user_info = http.url("/private").replace("http://", &format!("http://ops:{USER_INFO}@"));
    let start = Start::new(&["--config", "c.toml", &user_info]).size(160, 50);
    let folder = start.world().to_owned();
    write_configuration(&folder, &http);
    let mut all = String::new();
    for (action, status) in [("warm", 0), ("fail", 13)] {
        let base = ["--config", "c.toml", "run", action, "--target", "api"];
        let (_, card) = said(&folder, &[&base[..], &["--dry-run"]].concat());
        let code = card.lines().find_map(|line| line.strip_prefix("code ")).unwrap_or_else(|| panic!("{card}")).trim();
        let (ended, run) = said(&folder, &[&base[..], &["--confirm", code, "--reason", "INC-7"]].concat());
        assert_eq!(ended, status, "{run}");
        assert!(action == "fail" || run.contains("***"), "it was never put to the test: {run}");
        all = all + &card + &run;
    }
    for line in [
        "audit show",
        "audit show --json",
        "check --sample 500ms --config c.toml",
        "check --sample 500ms --json --config c.toml",
        "config show --config c.toml",
        "--config c.toml run --list",
    ] {
        let (_, told) = said(&folder, &line.split(' ').collect::<Vec<_>>());
        // The body is shown as the file has it: what a file holds in the clear is said in the clear, there alone.
        all += &if line.starts_with("config show") { told.replace(BODY, "") } else { told };
    }
    let mut session = VARIABLES.iter().fold(start, |start, (name, value)| start.variable(name, value)).run();
    session.wait_for("ARMED");
    for (page, words) in [("2", "Services"), ("3", "Sessions"), ("4", "Signals"), ("7", "armed:"), ("!", "assumed")] {
        session.press(page, words);
    }
    session.send("\x1b");
    session.wait_gone("assumed");
    session.press("2", "Services");
    session.press("\r", "Esc closes");
    session.send("q");
    session.press("a", "Enter shows the card");
    session.send("\x1b");
    session.wait_gone("Enter shows the card");
    session.send(":act fail on api\r");
    session.wait_for("Ctrl-R reads anew");
    session.wait_gone("read it first");
    session.send("api");
    session.wait_for("Ctrl-T runs it");
    session.press("\x14", "HTTP 500");
    session.send("\x1b");
    session.wait_gone("because");
    session.press("7", "armed:");
    session.press("\x1b[24~", "own log");
    session.send("\x1b");
    session.wait_gone("own log");
    session.send("\x03");
    session.exit_code();
    let seen = session.seen();
    let screen = String::from_utf8_lossy(&seen.bytes).into_owned();
    let secrets = [TOKEN, KEY, COOKIE, DATABASE, REDIS, USER_INFO, BODY].map(str::to_owned);
    assert!(http.requests().iter().any(|head| head.contains(TOKEN)), "they were sent");
    for (what, text) in [("said", all), ("on the screen", screen), ("on disk", written(&folder))] {
        assert_eq!(found_in(&text, &secrets), [""; 0], "{what}");
    }
}
