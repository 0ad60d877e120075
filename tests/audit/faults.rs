//! A disk that fails: at every operation, in every way. What is acknowledged is on disk; an intent that is acknowledged
//! has space for its outcome; a failed fsync is final (invariants 1, 2, 6).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use quarterdeck::adapters::audit_log::{AuditFault, Disk, RealDisk};
use quarterdeck::remediation::audit::AuditEvent;
use rustix::fs::{FlockOperation, Mode, OFlags, fstat};
use rustix::io::Errno;
use tempfile::TempDir;

use super::{all_good, bytes, entry, files, only_file, open, open_on, story};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Error(Errno),
    /// Half of it is written, then this.
    Short(Option<Errno>),
}

/// How many locks a file system gives: one without them, as some that are mounted over a network, gives none.
#[derive(Default)]
enum Locks {
    #[default]
    All,
    Few(u32),
}

#[derive(Default)]
struct State {
    locks: Locks,
    operations: Vec<&'static str>,
    /// At which operation, and what.
    fault: Option<(usize, Fault)>,
    /// What follows a short write.
    then: Option<Errno>,
    /// Further ones after it.
    later: Vec<usize>,
    /// The next fsync fails.
    loses: bool,
    /// No space but what is reserved.
    full: bool,
    reserved_to: u64,
    /// How much of the files has been made durable, by inode.
    durable: std::collections::BTreeMap<u64, u64>,
}

/// The real disk, with faults, and with a book of what would survive a power cut.
#[derive(Clone, Default)]
pub struct Faulty(Arc<Mutex<State>>);

impl Faulty {
    fn at(at: usize, fault: Fault) -> Faulty {
        let disk = Faulty::default();
        disk.0.lock().unwrap().fault = Some((at, fault));
        disk
    }

    /// The next fsync fails.
    pub fn loses(&self) {
        self.0.lock().unwrap().loses = true;
    }

    /// An operation yet to come fails, that many from now.
    pub fn fails_in(&self, operations: usize) {
        let mut state = self.0.lock().unwrap();
        state.later = vec![state.operations.len() + operations];
    }

    fn next(&self, what: &'static str) -> Option<Fault> {
        let mut state = self.0.lock().unwrap();
        state.operations.push(what);
        let at = state.operations.len() - 1;
        if state.later.contains(&at) {
            return Some(Fault::Error(Errno::IO));
        }
        state.fault.filter(|(wanted, _)| *wanted == at).map(|(_, fault)| fault)
    }

    fn error(&self, what: &'static str) -> io::Result<()> {
        match self.next(what) {
            Some(Fault::Error(errno)) => Err(errno.into()),
            _ => Ok(()),
        }
    }

    /// What of the file would be there after a power cut.
    pub fn durable(&self, folder: &TempDir, name: &str) -> Vec<u8> {
        use std::os::unix::fs::MetadataExt;
        let inode = std::fs::metadata(folder.path().join(name)).unwrap().ino();
        let length = self.0.lock().unwrap().durable.get(&inode).copied().unwrap_or(0);
        bytes(folder.path(), name)[..usize::try_from(length).unwrap()].to_vec()
    }
}

impl Disk for Faulty {
    fn open(&self, folder: BorrowedFd<'_>, name: &str, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        self.error("open")?;
        RealDisk.open(folder, name, flags, mode)
    }

    fn lock(&self, file: BorrowedFd<'_>, operation: FlockOperation) -> io::Result<()> {
        match self.0.lock().unwrap().locks {
            Locks::Few(0) => Err(Errno::NOLCK.into()),
            Locks::Few(ref mut left) => {
                *left -= 1;
                RealDisk.lock(file, operation)
            }
            Locks::All => RealDisk.lock(file, operation),
        }
    }

    fn write(&self, file: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
        let fault = self.next("write");
        let mut state = self.0.lock().unwrap();
        if let Some(errno) = state.then.take() {
            return Err(errno.into());
        }
        let end = fstat(file).unwrap().st_size as u64 + bytes.len() as u64;
        if state.full && end > state.reserved_to {
            return Err(Errno::NOSPC.into());
        }
        match fault {
            Some(Fault::Error(errno)) => Err(errno.into()),
            Some(Fault::Short(then)) => {
                state.then = then;
                RealDisk.write(file, &bytes[..bytes.len() / 2])
            }
            None => RealDisk.write(file, bytes),
        }
    }

    fn fsync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        self.error("fsync")?;
        if std::mem::take(&mut self.0.lock().unwrap().loses) {
            return Err(Errno::IO.into());
        }
        let stat = fstat(file.as_fd()).unwrap();
        self.0.lock().unwrap().durable.insert(stat.st_ino, stat.st_size as u64);
        RealDisk.fsync(file)
    }

    fn reserve(&self, file: BorrowedFd<'_>, offset: u64, bytes: u64) -> io::Result<()> {
        self.error("reserve")?;
        let mut state = self.0.lock().unwrap();
        if state.full && offset + bytes > state.reserved_to {
            return Err(Errno::NOSPC.into());
        }
        state.reserved_to = offset + bytes;
        drop(state);
        RealDisk.reserve(file, offset, bytes)
    }
}

const FAULTS: [Fault; 6] = [
    Fault::Error(Errno::NOSPC),
    Fault::Error(Errno::IO),
    Fault::Error(Errno::INTR),
    Fault::Short(None),
    Fault::Short(Some(Errno::NOSPC)),
    Fault::Short(Some(Errno::INTR)),
];

/// One action, with a fault at one operation. `false` when it was never reached.
fn one_action(at: usize, fault: Fault) -> bool {
    let folder = TempDir::new().unwrap();
    let disk = Faulty::at(at, fault);
    let told = format!("operation {at}, {fault:?}");
    if let Ok((mut log, _)) = open_on(Box::new(disk.clone()), folder.path()) {
        let intent = log.append(&entry(AuditEvent::Intent, "a"), super::now());
        let durable = story(&disk.durable(&folder, &only_file(folder.path())));
        if intent.is_ok() {
            assert_eq!(durable, "intent:a", "{told}: acknowledged and not on disk");
            // From here on nothing may keep the outcome out but a file that is final.
            match log.append(&entry(AuditEvent::Outcome, "a"), super::now()) {
                Ok(_) => {}
                Err(error) => {
                    let final_ = error.fault == AuditFault::Degraded;
                    let _ = final_.then(|| log.new_segment(super::now()).unwrap());
                    log.append(&entry(AuditEvent::Outcome, "a"), super::now()).unwrap();
                }
            }
        } else if log.degraded().is_some() {
            let again = log.append(&entry(AuditEvent::Intent, "b"), super::now()).unwrap_err();
            assert_eq!(again.fault, AuditFault::Degraded, "{told}");
            log.new_segment(super::now()).unwrap();
            log.append(&entry(AuditEvent::Refused, "b"), super::now()).unwrap();
        }
    }
    // Whatever happened: on the next start everything verifies or is told, and no run is left open.
    let (_, opened) = open(folder.path()).unwrap();
    let (log, again) = open(folder.path()).unwrap();
    assert!(again.recovered.is_empty() && opened.recovered.len() <= 1, "{told}");
    let (all, wrong) = super::counted(folder.path());
    assert!(wrong.is_empty(), "{told}: {wrong:?} {all}");
    let ends = all.matches("outcome:a").count() + all.matches("recovered:a").count();
    assert_eq!(ends, all.matches("intent:a").count(), "{told}: {all}");
    drop(log);
    disk.0.lock().unwrap().operations.len() > at
}

#[test]
fn every_operation_may_fail_in_every_way() {
    let mut reached = 0;
    for fault in FAULTS {
        reached += (0..40).take_while(|at| one_action(*at, fault)).count();
    }
    assert!(reached >= 6 * 8, "only {reached} operations were made to fail");
}

#[test]
fn a_full_disk_refuses_the_intent_and_never_loses_an_outcome() {
    let folder = TempDir::new().unwrap();
    let disk = Faulty::default();
    let (mut log, _) = open_on(Box::new(disk.clone()), folder.path()).unwrap();
    log.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap();
    log.append(&entry(AuditEvent::Intent, "b"), super::now()).unwrap();
    disk.0.lock().unwrap().full = true;
    for event in [AuditEvent::Intent, AuditEvent::Refused, AuditEvent::Step] {
        let error = log.append(&entry(event, "c"), super::now()).unwrap_err();
        assert_eq!(error.fault, AuditFault::Full, "{event:?}: {error}");
        assert!(error.to_string().contains("no space"), "{error}");
    }
    assert_eq!(log.degraded(), None, "when there is room again it goes on");
    // The largest outcomes that there can be.
    for run in ["a", "b"] {
        let large = entry(AuditEvent::Outcome, run).with("said", "x".repeat(500_000));
        log.append(&large, super::now()).unwrap();
    }
    disk.0.lock().unwrap().full = false;
    log.append(&entry(AuditEvent::Intent, "c"), super::now()).unwrap();
    let told = story(&disk.durable(&folder, &only_file(folder.path())));
    assert_eq!(told, "intent:a intent:b outcome:a outcome:b intent:c");
}

#[test]
fn a_failed_fsync_is_final_for_the_file() {
    let folder = TempDir::new().unwrap();
    let disk = Faulty::default();
    let (mut log, _) = open_on(Box::new(disk.clone()), folder.path()).unwrap();
    let (mut other, _) = open(folder.path()).unwrap();
    log.append(&entry(AuditEvent::Armed, ""), super::now()).unwrap();
    let next_fsync = {
        let mut state = disk.0.lock().unwrap();
        // reserve, write, fsync
        let at = state.operations.len() + 2;
        state.fault = Some((at, Fault::Error(Errno::IO)));
        at
    };
    let error = log.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap_err();
    assert_eq!(disk.0.lock().unwrap().operations[next_fsync], "fsync");
    assert_eq!(error.fault, AuditFault::Degraded);
    assert!(error.to_string().contains("fsync") && log.degraded().is_some(), "{error}");
    let done = disk.0.lock().unwrap().operations.len();
    for event in [AuditEvent::Intent, AuditEvent::Refused] {
        assert_eq!(log.append(&entry(event, "b"), super::now()).unwrap_err().fault, AuditFault::Degraded);
    }
    assert_eq!(disk.0.lock().unwrap().operations.len(), done, "the disk was not touched again");
    let error = other.append(&entry(AuditEvent::Intent, "o"), super::now()).unwrap_err();
    assert_eq!(error.fault, AuditFault::Degraded, "nor by the other dashboard of this operator: {error}");

    log.new_segment(super::now()).unwrap();
    log.append(&entry(AuditEvent::Intent, "b"), super::now()).unwrap();
    let names = files(folder.path());
    assert_eq!(names.len(), 2);
    let first = &super::records(&bytes(folder.path(), &names[1]))[0];
    assert_eq!(first.event.as_str(), "segment-lost");
    let continues = first.continues.clone().unwrap();
    assert_eq!((continues.file.as_str(), continues.seq, first.seq), (names[0].as_str(), 1, 3), "2 is used up");
    other.new_segment(super::now()).unwrap();
    other.append(&entry(AuditEvent::Refused, "o"), super::now()).unwrap();
    assert_eq!(files(folder.path()).len(), 2, "it goes on in the same file");
    assert_eq!(story(&bytes(folder.path(), &names[1])), "segment-lost: intent:b refused:o");
}

/// The file is lost, and so are the files that were to follow it: what nobody knows to be on disk is vouched for by none.
#[test]
fn what_may_not_be_on_disk_is_not_gone_on_from() {
    let mut failed = 0;
    for (vain, at) in [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4)] {
        let folder = TempDir::new().unwrap();
        let disk = Faulty::default();
        let (mut log, _) = open_on(Box::new(disk.clone()), folder.path()).unwrap();
        log.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap();
        disk.0.lock().unwrap().loses = true;
        let error = log.append(&entry(AuditEvent::Outcome, "a"), super::now()).unwrap_err();
        assert_eq!(error.fault, AuditFault::Degraded);
        for _ in 0..vain {
            let mut state = disk.0.lock().unwrap();
            state.later = vec![state.operations.len() + at];
            drop(state);
            failed += usize::from(log.new_segment(super::now()).is_err());
        }
        log.new_segment(super::now()).unwrap();
        log.append(&entry(AuditEvent::Outcome, "a"), super::now()).unwrap();
        drop(log);
        let told = format!("{vain} in vain, operation {at}");
        assert!(all_good(folder.path()), "{told}: before the power goes");
        after_a_power_cut(&disk, &folder);
        let (all, wrong) = super::counted(folder.path());
        assert!(wrong.is_empty(), "{told}: {wrong:?} {all}");
        assert_eq!(all.matches("outcome:a").count(), 1, "{told}: {all}");
    }
    // To open, to sync the name, to reserve, to write, to sync: each once, and twice.
    assert_eq!(failed, 5 + 10);
}

/// A program that ends then, and one that starts: it reads a first record of which nobody knows whether it is on disk.
#[test]
fn a_file_that_was_closed_with_its_first_record_alone_vouches_for_nothing() {
    let folder = TempDir::new().unwrap();
    let disk = Faulty::default();
    let (mut log, _) = open_on(Box::new(disk.clone()), folder.path()).unwrap();
    log.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap();
    disk.0.lock().unwrap().loses = true;
    log.append(&entry(AuditEvent::Outcome, "a"), super::now()).unwrap_err();
    {
        let mut state = disk.0.lock().unwrap();
        // To open, to sync the name, to reserve, to write, to sync.
        state.later = vec![state.operations.len() + 4];
    }
    log.new_segment(super::now()).unwrap_err();
    drop(log);
    assert_eq!(files(folder.path()).len(), 2);
    let (log, opened) = open_on(Box::new(disk.clone()), folder.path()).unwrap();
    assert_eq!(opened.recovered.len(), 1);
    drop(log);
    assert!(all_good(folder.path()), "before the power goes");
    after_a_power_cut(&disk, &folder);
    let (all, wrong) = super::counted(folder.path());
    assert!(wrong.is_empty(), "{wrong:?} {all}");
    assert_eq!(all.matches("recovered:a").count(), 1, "{all}");
}

/// Of each file what was synced is there.
pub fn after_a_power_cut(disk: &Faulty, folder: &TempDir) {
    for name in files(folder.path()) {
        let (path, durable) = (folder.path().join(&name), disk.durable(folder, &name));
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(path, durable).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Invariant 6: whenever an fsync fails and whatever is asked for next: nothing is taken, the disk is not touched, until a
    /// new file was begun; what was acknowledged is on disk all the same.
    #[test]
    fn after_a_failed_fsync_nothing_is_taken(asked in prop::collection::vec((0usize..5, prop::bool::weighted(0.25)), 1..25)) {
        const EVENTS: [AuditEvent; 4] = [AuditEvent::Intent, AuditEvent::Refused, AuditEvent::Step, AuditEvent::Armed];
        let folder = TempDir::new().unwrap();
        let disk = Faulty::default();
        let (mut log, _) = open_on(Box::new(disk.clone()), folder.path()).unwrap();
        let (mut lost, mut taken) = (false, Vec::new());
        for (at, (what, loses)) in asked.into_iter().enumerate() {
            let Some(event) = EVENTS.get(what) else {
                if log.new_segment(super::now()).is_ok() {
                    lost = false;
                }
                continue;
            };
            disk.0.lock().unwrap().loses = loses && !lost;
            let before = disk.0.lock().unwrap().operations.len();
            let (run, written) = (format!("r{at}"), log.append(&entry(*event, &format!("r{at}")), super::now()));
            if lost {
                prop_assert_eq!(written.map(|_| ()).map_err(|error| error.fault), Err(AuditFault::Degraded));
                prop_assert_eq!(disk.0.lock().unwrap().operations.len(), before, "the disk was touched");
                continue;
            }
            prop_assert_eq!(written.is_err(), loses, "{:?}", written);
            lost = loses;
            prop_assert_eq!(log.degraded().is_some(), lost);
            taken.extend((!lost).then(|| format!("{}:{run}", event.word())));
        }
        disk.0.lock().unwrap().loses = false;
        let durable: String = files(folder.path()).iter().map(|name| story(&disk.durable(&folder, name)) + " ").collect();
        for record in taken {
            prop_assert!(durable.split(' ').any(|found| found == record), "{} is not on disk: {}", record, durable);
        }
    }
}

/// Some file systems over a network have no locks: two dashboards could write over each other. Nothing is recorded, whoever
/// wants to act is told so, and what was recorded can still be read.
#[test]
fn without_locks_nothing_is_recorded_and_it_is_told() {
    let folder = TempDir::new().unwrap();
    let (mut log, _) = open(folder.path()).unwrap();
    log.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap();
    log.append(&entry(AuditEvent::Outcome, "a"), super::now()).unwrap();
    drop(log);
    let before = bytes(folder.path(), &only_file(folder.path()));
    let disk = |locks: u32| {
        let disk = Faulty::default();
        disk.0.lock().unwrap().locks = Locks::Few(locks);
        disk
    };
    // The first lock is the turn's, the second says that this process lives.
    for locks in [0, 1] {
        let refused = open_on(Box::new(disk(locks)), folder.path()).map(|_| ()).unwrap_err();
        assert_eq!(refused.fault, AuditFault::Unusable, "{locks}");
        let words = refused.to_string();
        assert!(
            words.contains("cannot be locked on this file system") && words.contains("audit under [actions]"),
            "{words}"
        );
    }
    // They go away while it is open.
    let mut log = open_on(Box::new(disk(2)), folder.path()).unwrap().0;
    let refused = log.append(&entry(AuditEvent::Intent, "b"), super::now()).unwrap_err();
    assert_eq!(refused.fault, AuditFault::Unusable, "{refused}");
    assert_eq!(bytes(folder.path(), &only_file(folder.path())), before);
    assert_eq!(story(&before), "intent:a outcome:a");
}
