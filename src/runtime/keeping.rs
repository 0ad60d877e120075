//! What is kept of alerts over a restart, and what other windows of the same user keep of them beside. A thread of its own
//! reads, joins and writes it, so that no disk holds the loop up.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::adapters::kept_file::{KeptFile, Look};
use crate::adapters::{audit_log, operator};
use crate::app::Event;
use crate::app::alerts::Kept;
use crate::domain::Safe;

use super::inbox::Inbox;

/// Orders that wait at most; the newest is as good as all before it.
const WAITING: usize = 16;
/// The longest that one waits for another window.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause between looks at what other windows wrote.
const LOOK: Duration = Duration::from_secs(2);

/// The near end of the thread.
pub struct Keeping {
    orders: SyncSender<Box<Kept>>,
    thread: std::thread::JoinHandle<()>,
}

impl Keeping {
    /// Starts the thread: what was kept comes as an event. `base` is the state folder, the user's own where none is given.
    pub fn start(base: Option<PathBuf>, name: &Safe, inbox: Arc<Inbox>) -> std::io::Result<Keeping> {
        let (orders, waiting) = sync_channel(WAITING);
        let file = file(base, name);
        let work = move || {
            let operator = operator::identity().user;
            let Some(file) = file else {
                tracing::warn!("there is no home folder: what is said of alerts is not kept");
                inbox.tell(Event::AlertsKept { kept: None, trouble: None, operator });
                return;
            };
            let seen = file.look();
            let (kept, trouble) = match file.take_up() {
                Ok(kept) => (kept, None),
                Err(why) => (None, Some(why)),
            };
            inbox.tell(Event::AlertsKept { kept: kept.map(Box::new), trouble, operator });
            Far { file, seen, given: Kept::default(), told: None, unwritten: None, failing: false, inbox }
                .run(&waiting);
        };
        let thread = std::thread::Builder::new().name("keeping".to_owned()).spawn(work)?;
        Ok(Keeping { orders, thread })
    }

    /// Keeps this from now on.
    pub fn keep(&self, kept: Box<Kept>) {
        if self.orders.try_send(kept).is_err() {
            tracing::warn!("what is said of alerts could not be kept: the disk does not answer");
        }
    }

    /// Writes what still waits.
    pub fn finish(self) {
        drop(self.orders);
        let _panicked = self.thread.join();
    }
}

/// What is kept, for who looks once: nothing is set aside or taken over.
pub fn look(base: Option<PathBuf>, name: &Safe) -> Result<Option<Kept>, Safe> {
    file(base, name).map_or(Ok(None), |file| file.read())
}

/// A name of its own for each configuration.
fn file(base: Option<PathBuf>, name: &Safe) -> Option<KeptFile> {
    let folder = base.or_else(audit_log::default_folder)?.join("kept");
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = name.as_str().chars().take(40).map(plain).collect();
    Some(KeptFile::new(folder, format!("alerts-{name}.json"), "alerts"))
}

/// The far end.
struct Far {
    file: KeptFile,
    /// How the file looked when it was read or written last.
    seen: Option<Look>,
    /// What the program gave last that was written: what it does not give any more it took back.
    given: Kept,
    /// What was told last and has not become what the program gives.
    told: Option<Kept>,
    /// What could not be written: it is tried again.
    unwritten: Option<Kept>,
    /// That was told.
    failing: bool,
    inbox: Arc<Inbox>,
}

impl Far {
    fn run(mut self, waiting: &Receiver<Box<Kept>>) {
        loop {
            match waiting.recv_timeout(LOOK) {
                Ok(first) => {
                    self.unwritten = None;
                    let newest = waiting.try_iter().last().unwrap_or(first);
                    self.keep(*newest);
                }
                Err(RecvTimeoutError::Timeout) => match self.unwritten.take() {
                    Some(mine) => self.keep(mine),
                    None => self.look(),
                },
                Err(RecvTimeoutError::Disconnected) => {
                    if let Some(mine) = self.unwritten.take() {
                        self.keep(mine);
                    }
                    return;
                }
            }
        }
    }

    fn keep(&mut self, mine: Kept) {
        let before = &self.given;
        let kept = self.file.update(PATIENCE, |theirs: Option<Kept>| match theirs {
            Some(theirs) => {
                let joined = Kept::joined(&mine, before, &theirs);
                // What says the same need not be written again.
                if joined.says(&theirs) && !joined.ages() { theirs } else { joined }
            }
            None => mine.clone(),
        });
        match kept {
            Ok(kept) => {
                // What was not written was not given: missing from the file, nobody took it back.
                self.given = mine;
                self.failing = false;
                self.seen = self.file.look();
                self.tell(kept);
            }
            Err(why) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!("what is said of alerts is not kept: {why}");
                }
                self.unwritten = Some(mine);
            }
        }
    }

    /// Whether another window wrote.
    fn look(&mut self) {
        let seen = self.file.look();
        if seen == self.seen {
            return;
        }
        self.seen = seen;
        match self.file.read::<Kept>() {
            Ok(Some(kept)) => self.tell(kept),
            Ok(None) => {}
            Err(why) => tracing::warn!("{why}"),
        }
    }

    /// What says something else than the program knows goes to it, once: it may not want all of it.
    fn tell(&mut self, kept: Kept) {
        if kept.says_of_alerts(&self.given) {
            self.told = None;
        } else if self.told.as_ref().is_none_or(|told| !kept.says_of_alerts(told)) {
            self.told = Some(kept.clone());
            self.inbox.tell(Event::AlertsShared { kept: Box::new(kept), given: Box::new(self.given.clone()) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;
    use crate::app::alerts::kept::KeptSilence;

    const LONG: Duration = Duration::from_secs(60);

    fn kept(matchers: &[&str]) -> Kept {
        let silence = |matchers: &&str| KeptSilence {
            id: 0,
            matchers: (*matchers).into(),
            from: 1,
            until: 2_000,
            by: "mia".into(),
            comment: "deploy".into(),
        };
        Kept { at: 1, silences: matchers.iter().map(silence).collect(), ..Kept::default() }
    }

    /// A window: its thread, and what comes to it.
    struct Window {
        keeping: Keeping,
        inbox: Arc<Inbox>,
        kept: Option<Box<Kept>>,
        trouble: Option<Safe>,
    }

    fn started(base: &Path) -> Window {
        let inbox = Arc::new(Inbox::default());
        let keeping = Keeping::start(Some(base.to_owned()), &Safe::of("my shop"), Arc::clone(&inbox)).unwrap();
        loop {
            for event in inbox.wait(LONG, false) {
                if let Event::AlertsKept { kept, trouble, operator } = event {
                    assert!(!operator.as_str().is_empty());
                    return Window { keeping, inbox, kept, trouble };
                }
            }
        }
    }

    impl Window {
        /// What another window said.
        fn heard(&self) -> Kept {
            let until = std::time::Instant::now() + LONG;
            while std::time::Instant::now() < until {
                for event in self.inbox.wait(LONG, false) {
                    if let Event::AlertsShared { kept, .. } = event {
                        return *kept;
                    }
                }
            }
            panic!("nothing was heard");
        }
    }

    fn on_disk(base: &Path) -> Vec<String> {
        let kept = look(Some(base.to_owned()), &Safe::of("my shop")).unwrap().unwrap();
        kept.silences.into_iter().map(|silence| silence.matchers).collect()
    }

    #[test]
    fn what_is_kept_comes_back_and_belongs_to_the_user_alone() {
        let base = tempfile::tempdir().unwrap();
        let window = started(base.path());
        assert_eq!((window.kept, window.trouble), (None, None));
        assert!(!base.path().join("kept").exists(), "who says nothing writes nothing");
        window.keeping.keep(Box::new(kept(&["a=b"])));
        window.keeping.finish();
        let file = base.path().join("kept/alerts-my_shop.json");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let again = started(base.path());
        assert_eq!((again.kept, again.trouble), (Some(Box::new(kept(&["a=b"]))), None));
        again.keeping.finish();
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_told() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("kept");
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::write(folder.join("alerts-my_shop.json"), "{\"at\": 1").unwrap();
        let window = started(base.path());
        assert_eq!(window.kept, None);
        assert!(window.trouble.unwrap().as_str().contains("alerts-my_shop.json.broken"));
        window.keeping.keep(Box::new(kept(&["a=b"])));
        window.keeping.finish();
        assert_eq!(std::fs::read(folder.join("alerts-my_shop.json.broken")).unwrap(), b"{\"at\": 1");
        assert_eq!(on_disk(base.path()), ["a=b"]);
    }

    #[test]
    fn two_windows_keep_what_both_said_hear_each_other_and_take_back_what_is_theirs() {
        let base = tempfile::tempdir().unwrap();
        let (one, two) = (started(base.path()), started(base.path()));
        one.keeping.keep(Box::new(kept(&["a=one"])));
        assert_eq!(two.heard(), kept(&["a=one"]), "the other hears it");
        two.keeping.keep(Box::new(kept(&["a=one", "a=two"])));
        assert_eq!(one.heard(), kept(&["a=one", "a=two"]));
        // One that has not heard of it yet takes back its own alone.
        one.keeping.keep(Box::new(kept(&["a=three"])));
        one.keeping.finish();
        assert_eq!(on_disk(base.path()), ["a=three", "a=two"]);
        // What was ended elsewhere does not come back.
        two.keeping.keep(Box::new(kept(&["a=one", "a=two", "a=four"])));
        two.keeping.finish();
        let mut all = on_disk(base.path());
        all.sort();
        assert_eq!(all, ["a=four", "a=three", "a=two"]);
    }

    /// The far end without its thread.
    fn far(base: &Path) -> Far {
        let file = file(Some(base.to_owned()), &Safe::of("my shop")).unwrap();
        Far {
            file,
            seen: None,
            given: Kept::default(),
            told: None,
            unwritten: None,
            failing: false,
            inbox: Arc::new(Inbox::default()),
        }
    }

    #[test]
    fn what_could_not_be_written_was_not_given() {
        let base = tempfile::tempdir().unwrap();
        let mut far = far(base.path());
        far.keep(kept(&["a=one"]));
        let (folder, away) = (base.path().join("kept"), base.path().join("away"));
        std::fs::rename(&folder, &away).unwrap();
        std::fs::write(&folder, "in the way").unwrap();
        far.keep(kept(&["a=one", "a=lost"]));
        std::fs::remove_file(&folder).unwrap();
        std::fs::rename(&away, &folder).unwrap();
        assert_eq!(on_disk(base.path()), ["a=one"]);
        far.keep(kept(&["a=one", "a=lost", "a=new"]));
        assert_eq!(on_disk(base.path()), ["a=one", "a=lost", "a=new"]);
    }

    #[test]
    fn what_the_program_does_not_want_is_told_once() {
        let base = tempfile::tempdir().unwrap();
        far(base.path()).keep(kept(&["a=refused"]));
        let mut far = far(base.path());
        let told = |far: &Far| {
            let events = far.inbox.take_prompt().into_iter();
            events.filter(|event| matches!(event, Event::AlertsShared { .. })).count()
        };
        far.look();
        assert_eq!(told(&far), 1);
        far.keep(Kept::default());
        far.keep(kept(&["a=one"]));
        assert_eq!(told(&far), 1, "of the two, what is new since");
        far.keep(kept(&["a=one"]));
        assert_eq!(told(&far), 0);
        assert_eq!(on_disk(base.path()), ["a=one", "a=refused"], "it stays for who wants it");
        // What is wanted after all, taken back here and said again elsewhere is told again.
        far.keep(kept(&["a=one", "a=refused"]));
        far.keep(kept(&["a=one"]));
        assert_eq!(on_disk(base.path()), ["a=one"]);
        self::far(base.path()).keep(kept(&["a=refused"]));
        far.look();
        assert_eq!(told(&far), 1);
    }

    #[test]
    fn what_could_not_be_written_is_tried_again_though_nothing_happens() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("state");
        std::fs::write(&base, "no folder").unwrap();
        let window = started(&base);
        window.keeping.keep(Box::new(kept(&["a=\"b\""])));
        // It had its turn; what comes then is the next try.
        std::thread::sleep(Duration::from_millis(100));
        std::fs::remove_file(&base).unwrap();
        let begun = std::time::Instant::now();
        while !matches!(look(Some(base.clone()), &Safe::of("my shop")), Ok(Some(_))) {
            assert!(begun.elapsed() < LONG, "it is not tried again");
            std::thread::sleep(Duration::from_millis(20));
        }
        window.keeping.finish();
    }
}
