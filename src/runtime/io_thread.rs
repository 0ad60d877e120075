//! The one async worker: a thread with a small runtime on which every source has its task. Leaving does not wait for
//! hung look-ups.

use std::future::Future;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;

/// Threads that may hang in name look-ups or file systems at once.
const BLOCKING_THREADS: usize = 8;

/// The worker. Dropping it leaves at once.
pub struct IoThread {
    handle: Handle,
    leave: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl IoThread {
    /// Starts the thread.
    pub fn start() -> std::io::Result<IoThread> {
        let runtime: Runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_keep_alive(Duration::from_secs(2))
            .build()?;
        let handle = runtime.handle().clone();
        let leave = Arc::new(Notify::new());
        let told = Arc::clone(&leave);
        let thread = std::thread::Builder::new().name("io".to_owned()).spawn(move || {
            runtime.block_on(told.notified());
            runtime.shutdown_timeout(Duration::from_millis(50));
        })?;
        Ok(IoThread { handle, leave, thread: Some(thread) })
    }

    /// Runs a task until it ends or the program does.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }

    /// Runs what needs to know the worker, here and now.
    pub fn within<T>(&self, make: impl FnOnce() -> T) -> T {
        let _known = self.handle.enter();
        make()
    }
}

impl Drop for IoThread {
    fn drop(&mut self) {
        self.leave.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
