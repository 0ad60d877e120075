//! The thread that reads the rules files: a disk that does not answer holds up nobody but it. What it reads goes to whoever
//! started it; for how long it has been at it can be asked.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::adapters::rules_files::{self, Found, Look};
use crate::domain::Safe;

/// Pause between looks at the files.
const LOOK: Duration = Duration::from_secs(10);
/// A disk that takes longer does not answer.
const SILENT: Duration = Duration::from_secs(15);

/// The near end. Dropping it ends the thread, once what it reads has answered.
pub struct RulesReader {
    patterns: Vec<String>,
    orders: Sender<()>,
    busy: Arc<Mutex<Option<Instant>>>,
    /// So long it may take.
    patience: Duration,
    /// That it takes too long was told.
    told: bool,
}

/// Reads once: what it found; nothing where that need not be told again.
pub trait Read: FnMut(bool) -> Option<Vec<Found>> + Send + 'static {}
impl<F: FnMut(bool) -> Option<Vec<Found>> + Send + 'static> Read for F {}

/// Reads the files that patterns name, where they have changed or it must be.
pub fn files(patterns: Vec<String>) -> impl Read {
    let mut before: Option<Look> = None;
    move |must| {
        // Looked at first: what changes while it is read is read again.
        let look = rules_files::look(&patterns);
        if !must && before.as_ref() == Some(&look) {
            return None;
        }
        if before.replace(look).is_some() && !must {
            tracing::info!("the rules files have changed");
        }
        Some(rules_files::read(&patterns))
    }
}

impl RulesReader {
    /// Starts it; it reads at once. `tell` says whether anybody still listens.
    pub fn start(
        patterns: Vec<String>,
        mut read: impl Read,
        mut tell: impl FnMut(Vec<Found>) -> bool + Send + 'static,
    ) -> std::io::Result<RulesReader> {
        let (orders, waiting) = channel();
        let busy = Arc::new(Mutex::new(Some(Instant::now())));
        let shown = Arc::clone(&busy);
        std::thread::Builder::new().name("rules".to_owned()).spawn(move || {
            let mut must = true;
            let show = |at: Option<Instant>| *shown.lock().unwrap_or_else(PoisonError::into_inner) = at;
            loop {
                show(Some(Instant::now()));
                let found = read(must);
                show(None);
                if found.is_some_and(|found| !tell(found)) {
                    return;
                }
                must = match waiting.recv_timeout(LOOK) {
                    Ok(()) => true,
                    Err(RecvTimeoutError::Timeout) => false,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                while waiting.try_recv().is_ok() {}
            }
        })?;
        Ok(RulesReader { patterns, orders, busy, patience: SILENT, told: false })
    }

    /// Reads again, changed or not.
    pub fn read(&self) {
        let _has_ended = self.orders.send(());
    }

    /// Files that cannot be read because their disk does not answer: told once. What answers again is read again.
    pub fn silent(&mut self) -> Option<Vec<Found>> {
        let busy = *self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let is_silent = busy.is_some_and(|since| since.elapsed() >= self.patience);
        if is_silent == self.told {
            return None;
        }
        self.told = is_silent;
        if !is_silent {
            self.read();
            return None;
        }
        let words = Safe::of(format!("cannot be read: its disk has not answered for {} s", self.patience.as_secs()));
        Some(self.patterns.iter().map(|pattern| (pattern.clone(), Err(words.clone()))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const DEADLINE: Duration = Duration::from_secs(60);

    #[test]
    fn a_disk_that_does_not_answer_is_told_once_and_read_again_when_it_does() {
        let (answers, disk) = mpsc::channel::<&str>();
        let (told, heard) = mpsc::channel();
        let read = move |must: bool| {
            let text = disk.recv().ok()?;
            must.then(|| vec![("a.yml".to_owned(), Ok(text.to_owned()))])
        };
        let mut reader =
            RulesReader::start(vec!["a.yml".to_owned()], read, move |found| told.send(found).is_ok()).unwrap();
        assert_eq!(reader.silent(), None, "it has just begun");
        reader.patience = Duration::ZERO;
        let silent = reader.silent().expect("it does not answer");
        assert!(silent[0].1.as_ref().unwrap_err().as_str().contains("has not answered"), "{silent:?}");
        assert_eq!(reader.silent(), None, "once");
        answers.send("one").unwrap();
        assert_eq!(heard.recv_timeout(DEADLINE).unwrap()[0].1.as_deref(), Ok("one"));
        answers.send("two").unwrap();
        reader.patience = DEADLINE;
        assert_eq!(reader.silent(), None);
        assert_eq!(
            heard.recv_timeout(DEADLINE).unwrap()[0].1.as_deref(),
            Ok("two"),
            "what answers again is read again"
        );
    }
}
