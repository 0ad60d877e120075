//! Files: which are found, which are believed. With real files, owners and modes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use quarterdeck::adapters::config_files::{Places, gather};
use quarterdeck::config::trust::Reader;
use quarterdeck::config::{Arguments, Inputs};
use tempfile::TempDir;

use super::{profile, urls};

struct Machine {
    folder: TempDir,
    places: Places,
}

impl Machine {
    fn new() -> Machine {
        let folder = TempDir::new().unwrap();
        let root = folder.path();
        for name in ["user/profiles", "system", "here"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        for name in ["", "user", "user/profiles", "system", "here"] {
            mode(&root.join(name), 0o755);
        }
        let places = Places {
            user: Some(root.join("user")),
            system: root.join("system"),
            home: Some(root.to_owned()),
            current: root.join("here"),
        };
        Machine { folder, places }
    }

    fn write(&self, name: &str, text: &str) -> std::path::PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        mode(&path, 0o600);
        path
    }

    fn gather(&self, arguments: Arguments) -> Result<Inputs, String> {
        self.gather_as(arguments, Reader { user: user(), through_sudo: false })
    }

    fn gather_as(&self, arguments: Arguments, reader: Reader) -> Result<Inputs, String> {
        gather(arguments, BTreeMap::new(), &self.places, reader).map_err(|p| p[0].line().to_string())
    }
}

fn mode(path: &Path, bits: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(bits)).unwrap();
}

fn user() -> u32 {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap())
}

fn config(path: &Path) -> Arguments {
    Arguments { config: Some(path.to_owned()), ..Arguments::default() }
}

#[test]
fn the_users_file_comes_before_the_systems_and_the_current_folder_never() {
    let machine = Machine::new();
    machine.write("here/config.toml", "name = \"here\"\n");
    assert!(machine.gather(Arguments::default()).unwrap().file.is_none());
    machine.write("system/config.toml", "name = \"system\"\n");
    assert!(machine.gather(Arguments::default()).unwrap().file.unwrap().text.contains("system"));
    machine.write("user/config.toml", "name = \"user\"\n");
    assert!(machine.gather(Arguments::default()).unwrap().file.unwrap().text.contains("user"));
    let named = machine.write("here/other.toml", "name = \"named\"\n");
    assert!(machine.gather(config(&named)).unwrap().file.unwrap().text.contains("named"));
}

#[test]
fn what_others_may_write_is_refused() {
    let machine = Machine::new();
    let path = machine.write("user/config.toml", "");
    for bits in [0o620, 0o602, 0o666] {
        mode(&path, bits);
        let said = machine.gather(Arguments::default()).unwrap_err();
        assert!(said.contains(&format!("may be written by others (mode {bits:04o}); chmod go-w")), "{said}");
    }
    mode(&path, 0o644);
    assert!(machine.gather(Arguments::default()).is_ok());
    mode(&machine.folder.path().join("user"), 0o777);
    let said = machine.gather(Arguments::default()).unwrap_err();
    assert!(said.contains("the folder ") && said.contains("may be written by others"), "{said}");
    mode(&machine.folder.path().join("user"), 0o1777);
    assert!(machine.gather(Arguments::default()).is_ok(), "in a sticky folder nobody can replace it");
}

#[test]
fn a_link_is_judged_by_where_it_leads() {
    let machine = Machine::new();
    let open = machine.folder.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::write(open.join("real.toml"), "").unwrap();
    mode(&open.join("real.toml"), 0o600);
    symlink(open.join("real.toml"), machine.folder.path().join("user/config.toml")).unwrap();
    mode(&open, 0o755);
    assert!(machine.gather(Arguments::default()).is_ok());
    mode(&open, 0o777);
    assert!(machine.gather(Arguments::default()).unwrap_err().contains("open may be written by others"));
}

#[test]
fn what_belongs_to_another_user_is_refused_and_under_sudo_passed_over() {
    let machine = Machine::new();
    let path = machine.write("user/config.toml", "");
    if chown(&path, Some(12345), None).is_err() {
        return; // only root can give a file away
    }
    let said = machine.gather(Arguments::default()).unwrap_err();
    assert!(said.contains("belongs to user 12345"), "{said}");
    let sudo = Reader { user: 0, through_sudo: true };
    let inputs = machine.gather_as(Arguments::default(), sudo).unwrap();
    assert!(inputs.file.is_none());
    assert!(inputs.notes[0].as_str().contains("through sudo only root's files count"), "{:?}", inputs.notes);
    assert!(machine.gather_as(config(&path), sudo).unwrap_err().contains("belongs to user 12345"), "asked for by name");
}

#[test]
fn what_is_no_file_or_too_large_or_no_text_is_refused() {
    let machine = Machine::new();
    let missing = machine.folder.path().join("none.toml");
    assert!(machine.gather(config(&missing)).unwrap_err().contains("none.toml: no such file"));
    assert!(machine.gather(config(&machine.folder.path().join("user"))).unwrap_err().contains("is not a regular file"));
    let large = machine.write("user/large.toml", &"#\n".repeat(600_000));
    assert!(machine.gather(config(&large)).unwrap_err().contains("larger than 1 MiB"));
    let path = machine.write("user/bytes.toml", "");
    fs::write(&path, b"name = \"\xff\"").unwrap();
    assert!(machine.gather(config(&path)).unwrap_err().contains("is not UTF-8 (byte 8)"));
    let fifo = machine.folder.path().join("user/fifo.toml");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    assert!(
        machine.gather(config(&fifo)).unwrap_err().contains("is not a regular file"),
        "and it does not wait for a writer"
    );
}

#[test]
fn a_users_profile_wins_over_the_embedded_one() {
    let machine = Machine::new();
    assert!(machine.gather(profile("pggit")).unwrap().profile.is_none());
    machine.write("user/profiles/pggit.toml", "name = \"mine\"\n");
    let inputs = machine.gather(profile("pggit")).unwrap();
    assert!(inputs.notes[0].as_str().starts_with("profile pggit is that of "));
    assert_eq!(super::resolved(&inputs).resolved.name.as_str(), "mine");
    let inputs = machine.gather(Arguments::default()).unwrap();
    assert!(inputs.profile.is_none());
    machine.write("user/config.toml", "profile = \"pggit\"\n");
    assert!(machine.gather(Arguments::default()).unwrap().profile.is_some());
}

#[test]
fn a_dotenv_is_read_only_for_loopback() {
    let machine = Machine::new();
    machine.write("here/.env", "DATABASE_URL=postgresql://localhost/shop\n");
    let read = |arguments: Arguments| {
        let inputs = machine.gather(arguments).unwrap();
        inputs.variables.get("DATABASE_URL").is_some()
    };
    assert!(read(urls(&["http://localhost:8000"])));
    assert!(!read(urls(&["http://api.example.com"])));
    assert!(!read(Arguments::default()));
    mode(&machine.folder.path().join("here/.env"), 0o666);
    assert!(!read(urls(&["http://localhost:8000"])), "others may write it");
    mode(&machine.folder.path().join("here/.env"), 0o600);
    assert!(read(urls(&["http://localhost:8000"])));
    machine.write("user/config.toml", "[discovery]\ndotenv = false\n");
    assert!(!read(urls(&["http://localhost:8000"])));
}
