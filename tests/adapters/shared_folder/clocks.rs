//! What an earlier program left behind of the clocks: only what its user alone can have written counts, and nothing of a time
//! that has not been yet.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::time::Duration;

use quarterdeck::domain::Moment;

use super::{Lab, only_file, root};

fn at(seconds: u64) -> Moment {
    let wall = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap() + Duration::from_secs(seconds);
    Moment { boot: Duration::from_secs(seconds), wall }
}

/// A record of the clocks, and where it lies.
fn kept(lab: &Lab, seconds: u64) -> PathBuf {
    lab.open().keep_clock(at(seconds)).unwrap();
    only_file(&lab.path().join("clocks"))
}

fn seen(lab: &Lab, seconds: u64) -> Option<u64> {
    lab.open().newest_clock(at(seconds)).unwrap().map(|at| at.boot.as_secs())
}

#[test]
fn what_is_kept_is_read_back_as_it_was() {
    let lab = Lab::new();
    assert_eq!(seen(&lab, 50), None);
    kept(&lab, 40);
    assert_eq!(lab.open().newest_clock(at(50)).unwrap(), Some(at(40)), "the reading itself, not that of its writing");
    kept(&lab, 45);
    assert_eq!(seen(&lab, 50), Some(45));
}

#[test]
fn a_record_of_a_time_to_come_says_nothing() {
    let lab = Lab::new();
    kept(&lab, 60);
    assert_eq!(seen(&lab, 59), None);
    assert_eq!(seen(&lab, 60), Some(60));
}

#[test]
fn ones_own_record_that_cannot_be_read_is_a_fault_and_that_of_another_none() {
    let lab = Lab::new();
    let file = kept(&lab, 40);
    let whole = fs::read(&file).unwrap();
    for torn in [&whole[..whole.len() / 2], b"", b"{}"] {
        fs::write(&file, torn).unwrap();
        let told = lab.open().newest_clock(at(50)).expect_err("nobody knows what it showed").to_string();
        assert!(told.contains(&file.display().to_string()), "{told}");
    }
    fs::write(&file, &whole).unwrap();
    let other = lab.path().join("clocks/4242");
    fs::write(&other, "torn").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o640)).unwrap();
    if root() {
        chown(&other, Some(4242), None).unwrap();
    }
    assert_eq!(seen(&lab, 50), Some(40));
}

#[test]
fn a_record_that_others_can_have_written_says_nothing() {
    let lab = Lab::new();
    let file = kept(&lab, 40);
    let other = lab.path().join("clocks/4242");
    let mode = |mode: u32| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    for open in [0o660, 0o606, 0o620] {
        mode(open);
        assert_eq!(seen(&lab, 50), None, "{open:o}");
    }
    mode(0o640);
    assert_eq!(seen(&lab, 50), Some(40));
    fs::hard_link(&file, &other).unwrap();
    assert_eq!(seen(&lab, 50), None, "by another name it can be written as well");
    fs::remove_file(&other).unwrap();
    // In the name of somebody else.
    let text = fs::read(&file).unwrap();
    fs::write(&other, text).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o640)).unwrap();
    fs::remove_file(&file).unwrap();
    assert_eq!(seen(&lab, 50), None, "whom its name tells is not its owner");
    if root() {
        chown(&other, Some(4242), None).unwrap();
        assert_eq!(seen(&lab, 50), Some(40));
    }
}
