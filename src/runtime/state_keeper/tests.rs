//! A disk that answers when the test lets it.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::adapters::alert_state::AlertState;

const DEADLINE: Duration = Duration::from_secs(60);

type Answer = Result<Option<Saved>, Safe>;

/// What the disk answers, in order, and what it was asked to keep.
struct Slow {
    answers: Receiver<Answer>,
    asked: Sender<i64>,
}

impl Disk for Slow {
    fn take_up(&mut self) -> Result<Option<Saved>, Safe> {
        self.peek()
    }

    fn peek(&self) -> Result<Option<Saved>, Safe> {
        self.answers.recv().unwrap_or(Ok(None))
    }

    fn forget(&mut self) {
        self.asked.send(-1).unwrap();
    }

    fn keep(&mut self, saved: &Saved) -> Result<(), Safe> {
        self.asked.send(saved.at).unwrap();
        self.peek().map(drop)
    }
}

fn slow() -> (Slow, Sender<Answer>, Receiver<i64>) {
    let ((answer, answers), (asked, heard)) = (channel(), channel());
    (Slow { answers, asked }, answer, heard)
}

fn saved(at: i64) -> Saved {
    Saved { at, rules: Vec::new() }
}

/// Waits until what is told is as wanted.
fn until(keeper: &StateKeeper, wanted: impl Fn(Option<&Safe>) -> bool) {
    let begun = Instant::now();
    while !wanted(keeper.trouble().as_ref()) {
        assert!(begun.elapsed() < DEADLINE, "it says {:?}", keeper.trouble());
        let slot = keeper.shared.slot();
        drop(keeper.shared.wait(slot, Duration::from_millis(10)));
    }
}

#[test]
fn a_disk_that_hangs_while_it_writes_holds_up_nobody_and_the_newest_is_written() {
    let (disk, answer, heard) = slow();
    let mut keeper = StateKeeper::start(disk, true).unwrap();
    keeper.silent = Duration::ZERO;
    answer.send(Ok(Some(saved(1)))).unwrap();
    assert_eq!(keeper.restored(), Some(saved(1)));
    keeper.keep(saved(2));
    assert_eq!(heard.recv_timeout(DEADLINE), Ok(2));
    until(&keeper, |told| told.is_some_and(|why| why.as_str().contains("has not answered")));
    for at in 3..9 {
        keeper.keep(saved(at));
    }
    answer.send(Ok(None)).unwrap();
    assert_eq!(heard.recv_timeout(DEADLINE), Ok(8), "those between were never asked for");
    answer.send(Ok(None)).unwrap();
    until(&keeper, |told| told.is_none());
    drop(keeper);
}

#[test]
fn a_disk_that_hangs_while_it_reads_is_told_and_what_it_gives_later_is_not_ended() {
    let (disk, answer, heard) = slow();
    let mut keeper = StateKeeper::start(disk, true).unwrap();
    keeper.reading = Duration::ZERO;
    assert_eq!(keeper.restored(), None);
    let told = keeper.trouble().unwrap();
    assert!(told.as_str().contains("begins anew"), "{told}");
    answer.send(Ok(Some(saved(1)))).unwrap();
    assert_eq!(heard.recv_timeout(DEADLINE), Ok(-1), "nobody took it up");
    keeper.keep(saved(2));
    assert_eq!(heard.recv_timeout(DEADLINE), Ok(2));
    answer.send(Ok(None)).unwrap();
    until(&keeper, |told| told.is_none());
}

#[test]
fn what_cannot_be_written_is_told_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("state");
    std::fs::write(&blocked, "no folder").unwrap();
    let state = || AlertState::of(Some(&blocked), "shop", &["a.yml".to_owned()]).unwrap();
    let mut keeper = StateKeeper::start(state(), true).unwrap();
    assert_eq!(keeper.restored(), None);
    keeper.keep(saved(1));
    until(&keeper, |told| told.is_some());
    std::fs::remove_file(&blocked).unwrap();
    keeper.keep(saved(2));
    until(&keeper, |told| told.is_none());
    drop(keeper);
    assert_eq!(state().peek(), Ok(Some(saved(2))));
}

#[test]
fn what_could_not_be_written_is_written_when_it_leaves() {
    let (disk, answer, heard) = slow();
    let mut keeper = StateKeeper::start(disk, true).unwrap();
    answer.send(Ok(None)).unwrap();
    assert_eq!(keeper.restored(), None);
    keeper.keep(saved(1));
    answer.send(Err(Safe::of("full"))).unwrap();
    until(&keeper, |told| told.is_some());
    answer.send(Ok(None)).unwrap();
    drop(keeper);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [1, 1]);
}
