//! Rights that are missing, end to end: the line that is told is limited to what was asked for, and once it is applied nothing
//! is told any more.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::folder;
use crate::live::{found, live};
use crate::postgres_server::{unprivileged, unprivileged_ids};
use crate::redis_server::RedisServer;

/// Where there is a systemd.
const SYSTEMCTL: &str = "/usr/bin/systemctl";

#[test]
fn a_redis_whose_acl_forbids_is_told_the_line_that_heals_it() {
    let server = RedisServer::start(&[]);
    server.ask(&["ACL", "SETUSER", "ops", "on", ">pw"]);
    let folder = folder(&[]);
    let url = format!("redis://ops:pw@127.0.0.1:{}", server.port);
    let (code, report, _) = live(folder.path(), &["--redis", &url]);
    let [grant] = found(&report, "QD-L002")[..] else { panic!("{report:#}") };
    assert_eq!(code, 1, "{report:#}");
    assert!(grant["file"].as_str().unwrap().starts_with("cache "), "{grant}");
    assert_eq!((&grant["why"], &grant["severity"]), (&"the ACL of this user forbids INFO".into(), &"warning".into()));
    let line = grant["instead"][0].as_str().unwrap();
    assert_eq!(line, "ACL SETUSER ops +info");
    assert_eq!(server.ask(&line.split(' ').collect::<Vec<_>>()), "OK");
    let (code, report, _) = live(folder.path(), &["--redis", &url]);
    assert_eq!((code, report["findings"].as_array().map(Vec::len)), (0, Some(0)), "{report:#}");
}

/// Whoever is not root is told the rule or the line for the unit and the verb of each order, for this user and nobody else.
#[test]
fn the_orders_of_somebody_without_rights_are_told_what_they_need() {
    let folder = folder(&[(
        "shop.toml",
        "[[service]]\nname = \"api\"\nurl = \"http://127.0.0.1:1/health\"\n\
         [[action]]\nname = \"restart-api\"\nunit = \"api.service\"\nwatch = \"service api\"\nexpect = \"ok\"\n\
         [[action]]\nname = \"stop-worker\"\nunit = \"worker.service\"\nverb = \"stop\"\nbecome = [\"sudo\", \"-n\"]\n",
    )]);
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let program = folder.path().join("quarterdeck");
    crate::program_copy::copied(env!("CARGO_BIN_EXE_quarterdeck"), &program);
    let id = unprivileged_ids().map_or_else(|| rustix::process::geteuid().as_raw(), |(user, _)| user).to_string();
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = users.lines().find(|line| line.split(':').nth(2) == Some(&id)).and_then(|line| line.split(':').next());
    let user = user.expect("the user has a name");
    let mut command = unprivileged(program.to_str().unwrap());
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder.path());
    let output = command.args(["doctor", "--live", "--json", "--config", "shop.toml"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {output:?}"));
    let lines = |action: &str| -> String {
        let of = found(&report, "QD-L006").into_iter().find(|finding| finding["file"] == format!("action {action}"));
        let of = of.unwrap_or_else(|| panic!("nothing of {action}: {report:#}"));
        assert_eq!(of["severity"], "note", "whether it is refused is only known when it is tried");
        of["instead"].as_array().unwrap().iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
    };
    let rule = lines("restart-api");
    for words in
        ["org.freedesktop.systemd1.manage-units", "== \"api.service\"", "== \"restart\"", &format!("== \"{user}\"")]
    {
        assert!(rule.contains(words), "{words} in {rule}");
    }
    assert!(!rule.contains("worker"), "{rule}");
    let line = lines("stop-worker");
    let file = if Path::new(SYSTEMCTL).exists() { SYSTEMCTL } else { "<whole path of systemctl>" };
    assert_eq!(line, format!("{user} ALL = (root) NOPASSWD: {file} --no-ask-password stop -- worker.service"));
}
