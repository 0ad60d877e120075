//! A manager that takes long to answer on a machine that has much to do: what it says late is waited for, since nothing that
//! was asked for has failed yet.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{Told, code_in};

/// Its unit is restarted into another process. The look between consent and order, which is the first after the intent is on
/// disk, takes longer than any other.
const SYSTEMCTL: &str = r#"#!/bin/sh
home="${0%/*}/.."
if [ -e "$home/restarted" ]; then n=2; else n=1; fi
case "$*" in
  *restart*) touch "$home/restarted" ;;
  *show*)
    if [ $n = 1 ] && grep -qs '"event":"intent"' "$home"/audit/*; then sleep 11; fi
    printf '%s\n' Id=api.service LoadState=loaded ActiveState=active SubState=running Result=success MainPID=471$n \
    InvocationID=0123456789abcdef0123456789abcde$n NRestarts=0 ActiveEnterTimestampMonotonic=$n ;;
esac
"#;

#[test]
fn a_look_that_takes_long_is_no_failure() {
    let home = TempDir::with_prefix("quarterdeck-slow-").unwrap();
    fs::create_dir(home.path().join("bin")).unwrap();
    let path = home.path().join("bin/systemctl");
    fs::write(&path, SYSTEMCTL).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let text = format!(
        "[actions]\nallow = true\naudit = \"{}\"\nheadless = [\"restart\"]\n[[action]]\nname = \"restart\"\n\
         unit = \"api.service\"\nenvironment = \"staging\"\nstable = \"1s\"\nwithin = \"60s\"\ndeadline = \"2m\"\n",
        home.path().join("audit").display()
    );
    fs::write(home.path().join("quarterdeck.toml"), text).unwrap();
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().env("HOME", home.path()).stdin(Stdio::null());
        command.env("PATH", format!("{}:/usr/bin:/bin", home.path().join("bin").display()));
        command.arg("--config").arg(home.path().join("quarterdeck.toml"));
        Told::of(command.args(["run", "restart", "--target", "api.service"]).args(more).output().unwrap())
    };
    let card = run(&["--dry-run"]);
    assert_eq!(card.code, 0, "{card:?}");
    let ended = run(&["--confirm", &code_in(&card.out)]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(home.path().join("restarted").exists(), "{ended:?}");
}
