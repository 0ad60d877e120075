//! Invariant 23 on the real folder: whoever asks for whatever target whenever, a target is held by one, and never more run on
//! the host than may; whoever is refused changed nothing, and what is let go is free.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use quarterdeck::adapters::shared_folder::{HeldBy, Hold, Holder, SharedFolder};
use quarterdeck::domain::Safe;

/// Operators, and targets.
const PEOPLE: usize = 4;
const TARGETS: usize = 6;

#[derive(Clone, Debug)]
enum Step {
    Wants { who: usize, target: usize },
    LetsGo(prop::sample::Index),
    Looks(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..PEOPLE, 0..TARGETS).prop_map(|(who, target)| Step::Wants { who, target }),
        3 => any::<prop::sample::Index>().prop_map(Step::LetsGo),
        1 => (0..TARGETS).prop_map(Step::Looks),
    ]
}

fn holder(who: usize, target: usize) -> Holder {
    Holder {
        user: Safe::of(format!("user{who}")),
        pid: std::process::id(),
        host: Safe::of("bastion"),
        tty: Safe::default(),
        since: DateTime::<Utc>::UNIX_EPOCH,
        action: Safe::of("flush"),
        target: Safe::of(format!("target{target}")),
    }
}

/// Asks for a target. One that is free may still be in the hands of a child that another test is just starting, for as long as
/// that takes: it is asked for again.
fn wants(folder: &SharedFolder, who: usize, target: usize, free: bool) -> Result<Hold, HeldBy> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let asked = folder.hold(&format!("target{target}"), &holder(who, target));
        if asked.is_ok() || !free || Instant::now() > until {
            return asked;
        }
        std::thread::yield_now();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn one_per_target_and_so_many_in_all(most in 1usize..4, steps in prop::collection::vec(step(), 1..40)) {
        let around = tempfile::tempdir().unwrap();
        let path = around.path().join("shared");
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o3770)).unwrap();
        let open = || SharedFolder::open(Some(&path)).unwrap().with_slots(most);
        let people: Vec<SharedFolder> = (0..PEOPLE).map(|_| open()).collect();
        let mut held: Vec<(usize, usize, Hold)> = Vec::new();
        for step in steps {
            match step {
                Step::Wants { who, target } => {
                    let taken = held.iter().find(|(_, held, _)| *held == target).map(|(by, ..)| *by);
                    let free = taken.is_none() && held.len() < most;
                    match wants(&people[who], who, target, free) {
                        Ok(hold) => {
                            prop_assert!(taken.is_none(), "held twice");
                            prop_assert!(held.len() < most, "more than {most} at a time");
                            held.push((who, target, hold));
                        }
                        Err(HeldBy::Other(by)) => {
                            prop_assert_eq!(by.map(|by| by.user), taken.map(|by| Safe::of(format!("user{by}"))));
                        }
                        Err(HeldBy::Full { most: told, holders }) => {
                            prop_assert!(taken.is_none() && held.len() == most && told == most);
                            prop_assert_eq!(holders.len(), most);
                        }
                        Err(HeldBy::Fault(cause)) => prop_assert!(false, "{cause}"),
                    }
                }
                Step::LetsGo(which) if !held.is_empty() => drop(held.remove(which.index(held.len()))),
                Step::LetsGo(_) => {}
                Step::Looks(target) => {
                    let by = people[0].holder(&format!("target{target}")).unwrap().map(|by| by.user);
                    let wanted = held.iter().find(|(_, held, _)| *held == target).map(|(by, ..)| Safe::of(format!("user{by}")));
                    prop_assert_eq!(by, wanted);
                }
            }
        }
    }
}
