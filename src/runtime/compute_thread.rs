//! The one thread for what takes longer than an event may: it runs pure jobs over shared immutable inputs, one after
//! the other. A newer job of the same kind replaces one that has not begun.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::app::Event;
use crate::app::job::{self, Job};

use super::inbox::Inbox;

/// Jobs that wait at most.
const WAITING: usize = 64;

/// The near end.
pub struct ComputeThread {
    jobs: SyncSender<Job>,
}

impl ComputeThread {
    /// Starts the thread; results go to the inbox.
    pub fn start(inbox: Arc<Inbox>) -> std::io::Result<ComputeThread> {
        let (jobs, waiting) = sync_channel(WAITING);
        std::thread::Builder::new().name("compute".to_owned()).spawn(move || work(&waiting, &inbox))?;
        Ok(ComputeThread { jobs })
    }

    /// Hands a job over. `false` when too many wait: the asker asks again with newer inputs.
    #[must_use]
    pub fn submit(&self, job: Job) -> bool {
        self.jobs.try_send(job).is_ok()
    }
}

fn work(waiting: &Receiver<Job>, inbox: &Inbox) {
    while let Ok(first) = waiting.recv() {
        let mut jobs = vec![first];
        jobs.extend(waiting.try_iter());
        while !jobs.is_empty() {
            let job = jobs.remove(0);
            if jobs.iter().any(|later| later.replaces(&job)) {
                continue;
            }
            inbox.tell(Event::JobFinished(Box::new(job::run(job))));
        }
    }
}
