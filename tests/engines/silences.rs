//! Silences of a real Alertmanager, made and ended by `quarterdeck run`: the card says what is sent, what it keeps back and who
//! is called for that; nothing is sent before it is agreed to, what was done is seen in a fresh reading, and all of it is in the
//! audit.

use std::path::Path;
use std::process::{Command, Stdio};

use quarterdeck::adapters::alertmanager::Alertmanager;
use quarterdeck::adapters::http::HttpClients;
use quarterdeck::domain::served::RoutedSilence;
use serde_json::{Value, json};

use crate::servers::{self, PATIENCE, Server};
use crate::silences_in_doubt::{extend, send};

struct Told {
    code: Option<i32>,
    all: String,
}

fn run(home: &Path, arguments: &[&str]) -> Told {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    let said = command.arg("--config").arg(home.join("config.toml")).args(arguments).output().unwrap();
    let all = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    Told { code: said.status.code(), all }
}

async fn silences(manager: &Server) -> Vec<RoutedSilence> {
    Alertmanager::new(manager.spec(), &HttpClients::new()).read(PATIENCE).await.unwrap().silences
}

fn code_in(told: &Told) -> String {
    let line = told.all.lines().find_map(|line| line.strip_prefix("code "));
    line.unwrap_or_else(|| panic!("no code in\n{}", told.all)).trim().to_owned()
}

fn configure(home: &Path, manager: &Server, more: &str) {
    let config = format!(
        "environment = \"staging\"\nalertmanager = \"{}\"\n{more}[actions]\nallow = true\naudit = \"{}\"\n\
         headless = [\"silence-alert\", \"expire-silence\"]\n",
        manager.url(),
        home.join("audit").display()
    );
    std::fs::write(home.join("config.toml"), config).unwrap();
}

/// A time that lies so many days ahead.
fn within(days: i64) -> String {
    let end = chrono::Utc::now() + chrono::TimeDelta::days(days);
    end.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[tokio::test]
async fn a_silence_is_made_and_ended_with_card_proof_and_audit() {
    if !servers::are_there("silences of an Alertmanager") {
        return;
    }
    let (manager, home) = (servers::alertmanager(), tempfile::tempdir().unwrap());
    configure(home.path(), &manager, "");
    let end = within(3);
    let until = end.as_str();
    let make = [
        "run",
        "silence-alert",
        "--target",
        "alertmanager",
        "--param",
        "alert=Pool \"{exhausted}\"",
        "--param",
        "comment=INC-7: {{upgrade}}",
        "--param",
        &format!("until={until}"),
    ];
    // Nothing is sent for a card.
    let card = run(home.path(), &[&make[..], &["--dry-run"]].concat());
    assert_eq!(card.code, Some(0), "{}", card.all);
    for words in [
        "L2",
        "POST",
        "/api/v2/silences",
        "nobody is called for what it keeps back",
        until,
        "longer than a day",
        "It would keep back now 0 of 0 alerts that are there",
        "known by its answer: Alertmanager",
    ] {
        assert!(card.all.contains(words), "{words:?} in\n{}", card.all);
    }
    assert_eq!(silences(&manager).await, []);
    let told = run(home.path(), &[&make[..], &["--confirm", &code_in(&card)]].concat());
    assert_eq!(told.code, Some(0), "{}", told.all);
    assert!(told.all.contains("verified") && told.all.contains("the silence"), "{}", told.all);
    let all = silences(&manager).await;
    let [silence] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(silence.matchers, "{alertname=\"Pool \\\"{exhausted}\\\"\"}");
    let ends = chrono::DateTime::parse_from_rfc3339(until).unwrap().timestamp_millis();
    assert_eq!((silence.comment.as_str(), silence.ends_at), ("INC-7: {{upgrade}}", Some(ends)));
    let end = ["run", "expire-silence", "--target", "alertmanager", "--param", &format!("silence={}", silence.id)];
    let card = run(home.path(), &[&end[..], &["--dry-run"]].concat());
    assert!(card.all.contains("DELETE") && card.all.contains(&silence.id), "{}", card.all);
    let told = run(home.path(), &[&end[..], &["--confirm", &code_in(&card)]].concat());
    assert_eq!(told.code, Some(0), "{}", told.all);
    assert_eq!(silences(&manager).await, []);
    let audit = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(["audit", "show", "--json", "--folder"])
        .arg(home.path().join("audit"))
        .output()
        .unwrap();
    let audit = String::from_utf8_lossy(&audit.stdout).into_owned();
    let count = |event: &str| audit.matches(&format!("\"event\":\"{event}\"")).count();
    assert_eq!((count("intent"), count("outcome")), (2, 2), "{audit}");
    assert!(audit.contains("silence-alert") && audit.contains("INC-7"), "{audit}");
}

/// An Alertmanager with alerts, and a silence by somebody else.
struct Stage {
    manager: Server,
    home: tempfile::TempDir,
    id: String,
}

impl Stage {
    fn start() -> Stage {
        let (manager, home) = (servers::alertmanager(), tempfile::tempdir().unwrap());
        configure(home.path(), &manager, "");
        let alert = |name: &str, instance: &str| json!({"labels": {"alertname": name, "instance": instance}, "annotations": {"summary": "x"}});
        let alerts = json!([alert("Pool", "a"), alert("Pool", "b"), alert("Queue", "a")]);
        assert_eq!(send(manager.port, "POST", "/api/v2/alerts", &alerts.to_string()).0, 200);
        let mut stage = Stage { manager, home, id: String::new() };
        stage.id = stage.make();
        stage
    }

    fn make(&self) -> String {
        let matcher = json!({"name": "alertname", "value": "Pool", "isRegex": false, "isEqual": true});
        let body = json!({"matchers": [matcher], "startsAt": "1970-01-01T00:00:00Z", "endsAt": within(1),
            "createdBy": "kim", "comment": "INC-9 upgrade"});
        let (status, answer) = send(self.manager.port, "POST", "/api/v2/silences", &body.to_string());
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["silenceID"].as_str().unwrap().to_owned()
    }

    fn end(&self, more: &[&str]) -> Told {
        let silence = format!("silence={}", self.id);
        let end = ["run", "expire-silence", "--target", "alertmanager", "--param", &silence];
        run(self.home.path(), &[&end[..], more].concat())
    }

    /// The Alertmanager knows by now which alerts it keeps back.
    async fn is_kept_back(&self, count: usize) {
        let manager = Alertmanager::new(self.manager.spec(), &HttpClients::new());
        let until = std::time::Instant::now() + PATIENCE;
        loop {
            let routed = manager.read(PATIENCE).await.unwrap();
            if routed.alerts.iter().filter(|alert| alert.silenced_by.contains(&self.id)).count() == count {
                return;
            }
            assert!(std::time::Instant::now() < until, "{routed:?}");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}

fn holds(told: &Told, all: &[&str]) {
    for words in all {
        assert!(told.all.contains(words), "{words:?} in\n{}", told.all);
    }
}

#[tokio::test]
async fn the_card_of_an_end_says_what_it_is_about_who_made_it_and_who_is_called_again() {
    if !servers::are_there("the card of a silence") {
        return;
    }
    let stage = Stage::start();
    stage.is_kept_back(2).await;
    let card = stage.end(&["--dry-run"]);
    assert_eq!(card.code, Some(0), "{}", card.all);
    holds(
        &card,
        &[
            "{alertname=\"Pool\"}",
            "kim",
            "INC-9 upgrade",
            "ends in",
            "It keeps back now 2 of 3 alerts that are there",
            "instance=a",
            "instance=b",
            "nobody (2) is called again for 2 of them",
            "known by its answer: Alertmanager",
            &format!("DELETE {}/api/v2/silence/{}", stage.manager.url().trim_end_matches('/'), stage.id),
        ],
    );
    assert!(!card.all.contains("Queue"), "{}", card.all);
    // The same of one that is to be made.
    let make = ["run", "silence-alert", "--target", "alertmanager", "--param", "alert=Queue"];
    let card = run(stage.home.path(), &[&make[..], &["--param", "comment=x", "--dry-run"]].concat());
    holds(
        &card,
        &["It would keep back now 1 of 3 alerts that are there", "nobody (1) is called no more for 1 of them"],
    );
}

#[tokio::test]
async fn a_silence_that_was_changed_meanwhile_is_not_ended() {
    if !servers::are_there("a silence that was changed") {
        return;
    }
    let stage = Stage::start();
    let card = stage.end(&["--dry-run"]);
    // The same id, and another end.
    extend(stage.manager.port, &stage.id);
    let told = stage.end(&["--confirm", &code_in(&card)]);
    assert_eq!(told.code, Some(10), "{}", told.all);
    assert_eq!(silences(&stage.manager).await.len(), 1);
    // One that is over, and one that nobody knows.
    assert_eq!(send(stage.manager.port, "DELETE", &format!("/api/v2/silence/{}", stage.id), "").0, 200);
    let told = stage.end(&["--dry-run"]);
    holds(&told, &["it is over since", "there is nothing to end"]);
    let unknown = Stage { id: "123e4567-e89b-12d3-a456-426614174000".to_owned(), ..stage };
    holds(&unknown.end(&["--dry-run"]), &["the Alertmanager knows no silence 123e4567"]);
}

#[tokio::test]
async fn a_silence_lasts_no_longer_than_the_configuration_lets_it() {
    if !servers::are_there("long silences") {
        return;
    }
    let (manager, home) = (servers::alertmanager(), tempfile::tempdir().unwrap());
    configure(home.path(), &manager, "");
    let make = |days: i64, more: &[&str]| {
        let until = format!("until={}", within(days));
        let make = ["run", "silence-alert", "--target", "alertmanager", "--param", "alert=Pool", "--param"];
        run(home.path(), &[&make[..], &["comment=x", "--param", &until], more].concat())
    };
    let told = make(8, &["--dry-run"]);
    holds(&told, &["it would last", "7d", "longest_alertmanager_silence"]);
    assert!(!told.all.lines().any(|line| line.starts_with("code ")), "{}", told.all);
    assert!(!make(0, &["--dry-run"]).all.contains("longer than a day"));
    configure(home.path(), &manager, "[alerts]\nlongest_alertmanager_silence = \"30d\"\n");
    let told = make(8, &["--dry-run"]);
    assert_eq!(told.code, Some(0), "{}", told.all);
    holds(&told, &["longer than a day"]);
}
