//! Silences of a real Alertmanager, made and ended by `quarterdeck run`: the card says what is sent, nothing is sent before it is
//! agreed to, what was done is seen in a fresh reading, and all of it is in the audit.

use std::path::Path;
use std::process::{Command, Stdio};

use quarterdeck::adapters::alertmanager::Alertmanager;
use quarterdeck::adapters::http::HttpClients;
use quarterdeck::domain::served::RoutedSilence;

use crate::servers::{self, PATIENCE, Server};

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

#[tokio::test]
async fn a_silence_is_made_and_ended_with_card_proof_and_audit() {
    if !servers::are_there("silences of an Alertmanager") {
        return;
    }
    let (manager, home) = (servers::alertmanager(), tempfile::tempdir().unwrap());
    let config = format!(
        "environment = \"staging\"\nalertmanager = \"{}\"\n[actions]\nallow = true\naudit = \"{}\"\n\
         headless = [\"silence-alert\", \"expire-silence\"]\n",
        manager.url(),
        home.path().join("audit").display()
    );
    std::fs::write(home.path().join("config.toml"), config).unwrap();
    let until = "2200-01-02T15:00:00Z";
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
    for words in ["L2", "POST", "/api/v2/silences", "nobody is called for what it keeps back", until] {
        assert!(card.all.contains(words), "{words:?} in\n{}", card.all);
    }
    assert_eq!(silences(&manager).await, []);
    let told = run(home.path(), &[&make[..], &["--confirm", &code_in(&card)]].concat());
    assert_eq!(told.code, Some(0), "{}", told.all);
    assert!(told.all.contains("verified") && told.all.contains("silences in the Alertmanager"), "{}", told.all);
    let all = silences(&manager).await;
    let [silence] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(silence.matchers, "{alertname=\"Pool \\\"{exhausted}\\\"\"}");
    assert_eq!((silence.comment.as_str(), silence.ends_at), ("INC-7: {{upgrade}}", Some(7_258_258_800_000)));
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
