//! A folder that cannot be trusted is refused with the line that mends it; one that cannot be written refuses actions.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::process::Command;

use quarterdeck::adapters::shared_folder::SharedFolder;
use quarterdeck::domain::Cause;

use super::child::Other;
use super::{GROUP, Lab, root};

#[test]
fn a_good_folder_is_filled_with_folders_that_only_owners_take_from() {
    let lab = Lab::new();
    assert!(!lab.open().covers_only_you());
    for name in ["holds", "slots", "cool-downs", "requests", "approvals"] {
        let inner = fs::metadata(lab.path().join(name)).unwrap();
        assert_eq!(inner.mode() & 0o7777, 0o3770, "{name}");
        assert_eq!(inner.gid(), fs::metadata(lab.path()).unwrap().gid(), "{name}");
    }
    lab.open();
}

#[test]
fn what_cannot_be_trusted_is_refused_with_the_line_that_mends_it() {
    let lab = Lab::new();
    let group = if root() { "users" } else { "" };
    let line = format!("install -d -m 3770 -g {group}");
    for (mode, says) in [(0o2777, "written by anybody"), (0o770, "no setgid"), (0o2700, "not open to its group")] {
        lab.mode(mode);
        let said = lab.refusal();
        assert!(said.contains(says) && said.contains(&line), "{mode:o}: {said}");
        assert!(said.contains(&lab.path().display().to_string()), "{said}");
    }
    let cause = SharedFolder::open(Some(&lab.path())).expect_err("refused");
    let Cause::Denied { fix, .. } = cause else { panic!("{cause}") };
    if root() {
        let mended = Command::new("sh").arg("-c").arg(fix[0].as_str()).status().unwrap();
        assert!(mended.success());
        lab.open();
    }
}

/// Whoever may remove the policy lifts it for everybody, whether there is one yet or not.
#[test]
fn without_the_sticky_bit_there_is_no_shared_folder() {
    let lab = Lab::new();
    lab.mode(0o2770);
    let said = lab.refusal();
    assert!(said.contains("(no sticky bit); this mends it: chmod +t ") && said.contains("the policy too"), "{said}");
    lab.mode(0o3770);
    lab.open();
}

/// Whoever may write a folder above puts another in its place.
#[test]
fn folders_above_are_looked_at_too() {
    let lab = Lab::new();
    let above = |mode| fs::set_permissions(lab.around.path(), fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o777, 0o775, 0o2770] {
        above(mode);
        let said = lab.refusal();
        let mends = format!("this mends it: chmod go-w {}", lab.around.path().display());
        assert!(said.contains(&format!("above it may be written by others (mode {mode:04o})")), "{said}");
        assert!(said.contains(&mends), "{said}");
    }
    above(0o1777);
    lab.open();
    if root() {
        chown(lab.around.path(), Some(12345), None).unwrap();
        assert!(
            lab.refusal().contains("above it belongs to user 12345; this mends it: chown root "),
            "{}",
            lab.refusal()
        );
        chown(lab.path(), Some(12345), Some(GROUP)).unwrap();
        lab.mode(0o3770);
        lab.open();
        // Through a link above, too: what it leads to is what counts, and where it stands.
        let other = tempfile::tempdir().unwrap();
        fs::set_permissions(other.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let link = other.path().join("link");
        symlink(lab.around.path(), &link).unwrap();
        assert!(SharedFolder::open(Some(&link.join("shared"))).is_err());
    }
}

#[test]
fn what_is_no_folder_is_refused() {
    let lab = Lab::new();
    let real = lab.around.path().join("real");
    fs::rename(lab.path(), &real).unwrap();
    assert!(lab.refusal().contains("does not exist; this mends it: install -d -m 3770 -g GROUP "), "{}", lab.refusal());
    symlink(&real, lab.path()).unwrap();
    assert!(lab.refusal().contains("is a symbolic link; this mends it: rm "), "{}", lab.refusal());
    fs::remove_file(lab.path()).unwrap();
    fs::write(lab.path(), "a file").unwrap();
    assert!(lab.refusal().contains("is not a folder"), "{}", lab.refusal());
}

#[test]
fn folders_inside_are_looked_at_too() {
    let lab = Lab::new();
    fs::create_dir(lab.path().join("holds")).unwrap();
    fs::set_permissions(lab.path().join("holds"), fs::Permissions::from_mode(0o2777)).unwrap();
    assert!(lab.refusal().contains("holds may be written by anybody"), "{}", lab.refusal());
    fs::remove_dir(lab.path().join("holds")).unwrap();
    symlink("/tmp", lab.path().join("holds")).unwrap();
    assert!(SharedFolder::open(Some(&lab.path())).is_err());
}

#[test]
fn without_a_folder_the_guards_cover_only_you() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("XDG_STATE_HOME", home.path()).env("QUARTERDECK_TEST_ALONE", "1");
    let ended = command.args(["--exact", "shared_folder::folder::alone", "--test-threads=1"]).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    let made = fs::metadata(home.path().join("quarterdeck/guards/holds")).unwrap();
    assert_eq!(made.mode() & 0o7777, 0o700);
}

/// The other side of the test above; for anybody else a test of nothing.
#[test]
fn alone() {
    if std::env::var_os("QUARTERDECK_TEST_ALONE").is_none() {
        return;
    }
    let folder = SharedFolder::open(None).expect("a folder of one's own");
    assert!(folder.covers_only_you());
    assert_eq!(folder.reach_words().as_str(), "guards cover only you");
    let _held = folder.hold("cache", &super::child::holder()).expect("free");
    assert!(folder.hold("cache", &super::child::holder()).is_err());
    let asked = folder.ask(&super::child::request("abcd")).expect_err("there is nobody to ask");
    assert!(asked.to_string().contains("needs a shared folder"), "{asked}");
}

/// In a namespace of its own: a small file system on the folder.
fn small(lab: &Lab, script: &str) -> Other {
    let mut command = Command::new("unshare");
    let mount = format!(
        "mount -t tmpfs -o size=64k,mode=3770,gid={GROUP} none {} && {script} exec \"$@\"",
        lab.path().display()
    );
    command.args(["--mount", "sh", "-c", &mount, "sh"]).arg(std::env::current_exe().unwrap());
    Other::start(command, &lab.path())
}

#[test]
fn a_full_disk_refuses() {
    if !root() {
        return crate::act::skipped("a full disk", "it needs root, to mount a small one");
    }
    let lab = Lab::new();
    let mut other = small(&lab, "");
    assert_eq!(other.ask("start before"), "done");
    assert_eq!(other.ask("hold cache"), "won");
    assert_eq!(other.ask("release"), "released");
    assert_eq!(other.ask(&format!("fill {}", lab.path().join("ballast").display())), "full");
    let said = other.ask("start after");
    assert!(said.starts_with("failed ") && said.contains("no space is left"), "{said}");
    let said = other.ask("hold cache");
    assert!(said.starts_with("lost ") && said.contains("no space is left"), "{said}");
    let said = other.ask("ask abcd");
    assert!(said.contains("no space is left"), "{said}");
}

#[test]
fn a_file_system_that_is_read_only_refuses() {
    if !root() {
        return crate::act::skipped("a read-only file system", "it needs root, to mount one");
    }
    let lab = Lab::new();
    let mut other = small(&lab, &format!("mount -o remount,ro {} &&", lab.path().display()));
    let said = other.ask("start flush");
    assert!(said.starts_with("closed ") && said.contains("read-only"), "{said}");
}
