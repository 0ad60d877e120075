//! Reads the files of the doctor on a thread of its own, one look at a time: a file system that hangs holds up nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::adapters::{act, documents};
use crate::app::Event;
use crate::config::resolved::KnowSpec;

use super::inbox::Inbox;

/// The near end.
pub struct Documents {
    know: Arc<KnowSpec>,
    busy: Arc<AtomicBool>,
    inbox: Arc<Inbox>,
}

impl Documents {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(know: &KnowSpec, inbox: Arc<Inbox>) -> Documents {
        Documents { know: Arc::new(know.clone()), busy: Arc::default(), inbox }
    }

    /// Reads them, and looks for the files of `programs`; the answer bears the number. While an earlier look hangs there is none: whoever asked asks again.
    pub fn read(&self, id: u64, programs: Vec<String>) {
        if self.busy.swap(true, Ordering::AcqRel) {
            tracing::warn!("the files of the doctor are still being read");
            return;
        }
        let (know, busy, inbox) = (Arc::clone(&self.know), Arc::clone(&self.busy), Arc::clone(&self.inbox));
        let thread = std::thread::Builder::new().name("documents".to_owned()).spawn(move || {
            let files = documents::read(&know);
            let with_file = |name: String| act::of_root(&name).map(|file| (name, file));
            let whole_paths = programs.into_iter().filter_map(with_file).collect();
            busy.store(false, Ordering::Release);
            inbox.tell(Event::DocumentsRead { id, files, whole_paths });
        });
        if let Err(error) = thread {
            self.busy.store(false, Ordering::Release);
            tracing::warn!("the files of the doctor cannot be read: {error}");
        }
    }
}
