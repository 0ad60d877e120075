//! A restart after which health comes and goes: no single good answer makes it verified, only health that holds.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::fake_http::{FakeHttp, json};
use super::{Told, code_in};

/// A manager with a process that is another one after each restart, and whose service answers as `health` says of each probe
/// since then.
fn restarted(health: impl Fn(usize) -> bool + Send + Sync + 'static) -> Told {
    let home = TempDir::with_prefix("quarterdeck-run-").unwrap();
    let (manager, restarts) = (home.path().join("ctl"), home.path().join("restarts"));
    fs::write(&restarts, "").unwrap();
    let script = "#!/bin/sh\n[ \"$1\" = restart ] && echo >> RESTARTS\nn=$(wc -l < RESTARTS)\n\
                  echo \"{\\\"state\\\":\\\"running\\\",\\\"pid\\\":$((100 + n)),\\\"started_at\\\":\\\"2026-01-01T00:00:0${n}Z\\\",\\\"restarts\\\":0}\"\n";
    fs::write(&manager, script.replace("RESTARTS", &restarts.display().to_string())).unwrap();
    fs::set_permissions(&manager, fs::Permissions::from_mode(0o755)).unwrap();
    let (probes, since) = (Arc::new(AtomicUsize::new(0)), restarts.clone());
    let http = FakeHttp::start(move |_| {
        let is_new = fs::metadata(&since).is_ok_and(|found| found.len() > 0);
        if !is_new || health(probes.fetch_add(1, Ordering::SeqCst)) {
            json(200, r#"{"status":"ok"}"#)
        } else {
            json(503, r#"{"status":"down"}"#)
        }
    });
    let text = format!(
        "[[service]]\nname = \"api\"\nurl = \"{}\"\ninterval = \"500ms\"\n\
         [[action]]\nname = \"restart-api\"\ntarget = \"api\"\nrestart_command = [\"{manager}\", \"restart\"]\n\
         status_command = [\"{manager}\", \"status\"]\nstable = \"3s\"\nwithin = \"12s\"\nlevel = \"L2\"\n\
         [actions]\nallow = true\naudit = \"{}\"\nheadless = [\"restart-api\"]\n",
        http.url("/health"),
        home.path().join("audit").display(),
        manager = manager.display()
    );
    fs::write(home.path().join("quarterdeck.toml"), text).unwrap();
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().env("HOME", home.path()).env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        command.arg("--config").arg(home.path().join("quarterdeck.toml"));
        Told::of(command.args(["run", "restart-api", "--target", "api"]).args(more).output().unwrap())
    };
    let card = run(&["--dry-run"]);
    assert_eq!(card.code, 0, "{card:?}");
    run(&["--confirm", &code_in(&card.out)])
}

#[test]
fn health_that_comes_and_goes_is_not_verified() {
    let told = restarted(|_| true);
    assert_eq!(told.code, 0, "health that holds: {told:?}");
    let told = restarted(|probe| probe % 2 == 0);
    assert_eq!(told.code, 12, "{told:?}");
    // Longer spells of it, each shorter than it has to hold.
    let told = restarted(|probe| probe % 5 != 4);
    assert_eq!(told.code, 12, "{told:?}");
}
