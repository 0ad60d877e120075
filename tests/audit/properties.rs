//! What holds of the audit whatever is written, by whomever, with whatever text, and wherever a process ends: properties over
//! generated stories (invariants 3, 5 and 9).

use std::collections::BTreeMap;
use std::fs::File;

use proptest::prelude::*;
use quarterdeck::adapters::audit_log::{AuditLog, Folder, scan};
use quarterdeck::domain::Safe;
use quarterdeck::remediation::audit::{AuditEvent, Entry, Record};
use tempfile::TempDir;

use super::{bytes, counted, entry, hostile, now, only_file, open, records, story};

/// How often each record of a story is there.
fn tally(story: &str) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for told in story.split_whitespace() {
        *times.entry(told.to_owned()).or_default() += 1;
    }
    times
}

/// Every run that begins has one end, and none ends that did not begin.
fn each_run_ends_once(story: &str) -> bool {
    let times = tally(story);
    let of = |run: &str, events: &[&str]| {
        events.iter().map(|event| times.get(&format!("{event}:{run}")).copied().unwrap_or(0)).sum::<usize>()
    };
    let runs = story.split_whitespace().filter_map(|told| told.split_once(':')).filter(|(_, run)| run.starts_with('r'));
    runs.map(|(_, run)| run).all(|run| of(run, &["intent"]) == 1 && of(run, &["outcome", "recovered"]) == 1)
}

/// What one of several writers does next.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Begins(usize),
    Ends,
    Leaves,
    GoesOn,
}

fn doing() -> impl Strategy<Value = Doing> {
    prop_oneof![
        4 => (0..3000_usize).prop_map(Doing::Begins),
        4 => Just(Doing::Ends),
        1 => Just(Doing::Leaves),
        1 => Just(Doing::GoesOn),
    ]
}

/// Text as it may come from anywhere: attacks, any characters, any bytes.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(hostile::corpus()).prop_map(|bytes| bytes.into_iter().take(400).collect::<Vec<u8>>()),
        any::<String>().prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Invariant 3: killed at any byte of any record. What was whole stays, all of it counts, the torn end is told, and each run
    /// has its end after the next start.
    #[test]
    fn killed_at_any_byte_the_rest_holds_and_every_run_ends(
        runs in prop::collection::vec((any::<bool>(), 0..2000_usize), 1..8),
        at in any::<prop::sample::Index>(),
    ) {
        let folder = TempDir::new().unwrap();
        let (mut log, _) = open(folder.path()).unwrap();
        for (number, (ends, size)) in runs.iter().enumerate() {
            let run = format!("r{number}");
            log.append(&entry(AuditEvent::Intent, &run).with("card", "x".repeat(*size)), now()).unwrap();
            if *ends {
                log.append(&entry(AuditEvent::Outcome, &run), now()).unwrap();
            }
        }
        drop(log);
        let name = only_file(folder.path());
        let all = bytes(folder.path(), &name);
        let cut = at.index(all.len() + 1);
        File::options().write(true).open(folder.path().join(&name)).unwrap().set_len(cut as u64).unwrap();
        let whole = story(&all[..cut]);
        let torn = cut > 0 && all[cut - 1] != b'\n';
        drop(open(folder.path()).unwrap());
        let (told, wrong) = counted(folder.path());
        prop_assert!(wrong.is_empty(), "{wrong:?}");
        prop_assert!(told.starts_with(&whole), "{whole}\n{told}");
        prop_assert_eq!(told.contains("segment-lost"), torn, "{} of {}: {}", cut, all.len(), told);
        prop_assert!(each_run_ends_once(&told), "{told}");
    }

    /// Invariant 5: several dashboards, whose records come in any order, that leave, start again and begin files. One chain, in
    /// which each record that was acknowledged stands once.
    #[test]
    fn however_dashboards_take_turns_there_is_one_chain(
        turns in prop::collection::vec((0..3_usize, doing()), 1..30),
    ) {
        let folder = TempDir::new().unwrap();
        let begin = || open(folder.path()).unwrap().0;
        let mut writers: Vec<(AuditLog, Vec<String>)> = (0..3).map(|_| (begin(), Vec::new())).collect();
        let mut acknowledged = Vec::new();
        for (number, (who, doing)) in turns.into_iter().enumerate() {
            let (log, own) = &mut writers[who];
            match doing {
                Doing::Begins(size) => {
                    let run = format!("r{number}");
                    log.append(&entry(AuditEvent::Intent, &run).with("card", "x".repeat(size)), now()).unwrap();
                    acknowledged.push(format!("intent:{run}"));
                    own.push(run);
                }
                Doing::Ends => {
                    let Some(run) = own.pop() else { continue };
                    log.append(&entry(AuditEvent::Outcome, &run), now()).unwrap();
                    acknowledged.push(format!("outcome:{run}"));
                }
                Doing::Leaves => {
                    // The next one is another process: what this one left open is ended by it.
                    let open_runs = std::mem::take(own);
                    let before = writers.remove(who);
                    drop(before);
                    writers.insert(who, (begin(), Vec::new()));
                    acknowledged.extend(open_runs.iter().map(|run| format!("recovered:{run}")));
                }
                Doing::GoesOn => drop(log.new_segment(now()).unwrap()),
            }
        }
        drop(writers);
        drop(begin());
        let look = Folder::look(folder.path()).unwrap();
        let mut numbers = Vec::new();
        scan::chain(&look, &look.segments().unwrap(), &mut |_, record: &Record| numbers.push(record.seq));
        let (told, wrong) = counted(folder.path());
        prop_assert!(wrong.is_empty(), "{wrong:?}");
        prop_assert_eq!(&numbers, &(1..=numbers.len() as u64).collect::<Vec<_>>(), "{}", told);
        let times = tally(&told);
        for record in &acknowledged {
            prop_assert_eq!(times.get(record), Some(&1), "{}: {}", record, told);
        }
        prop_assert!(each_run_ends_once(&told), "{told}");
    }

    /// Invariant 9: whatever a name, a value or who writes says: lines of plain ASCII, one for each record, that come back as
    /// they were, and are inert on a terminal.
    #[test]
    fn whatever_is_written_is_inert(texts in prop::collection::vec((anything(), anything()), 1..5)) {
        let folder = TempDir::new().unwrap();
        let (mut log, _) = open(folder.path()).unwrap();
        for (name, value) in &texts {
            let (name, value) = (String::from_utf8_lossy(name).into_owned(), Safe::of_bytes(value));
            let entry = Entry::new(AuditEvent::Refused, value.clone()).with(&name, value.clone()).with("list", vec![value]);
            log.append(&entry, now()).unwrap();
        }
        drop(log);
        let written = bytes(folder.path(), &only_file(folder.path()));
        prop_assert!(written.iter().all(|byte| *byte == b'\n' || (0x20..0x7f).contains(byte)));
        let found = records(&written);
        prop_assert_eq!(found.len(), texts.len());
        prop_assert_eq!(written.split(|byte| *byte == b'\n').count(), texts.len() + 1);
        for (record, (_, value)) in found.iter().zip(&texts) {
            prop_assert_eq!(&record.run, &Safe::of_bytes(value).clipped(128));
            for told in [record.words(), record.json()] {
                prop_assert_eq!(&Safe::of(told.as_str()), &told);
                prop_assert!(!told.as_str().chars().any(char::is_control), "{told}");
            }
        }
    }
}
