//! A process of its own that does what it is told, line by line: this very test program, started once more.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use quarterdeck::adapters::operator;
use quarterdeck::adapters::shared_folder::{Answer, Hold, Holder, SharedFolder};
use quarterdeck::domain::{Moment, Safe};
use quarterdeck::remediation::approval::{Policy, Request, Spending};
use quarterdeck::remediation::level::Level;

use chrono::Utc;

const FOLDER: &str = "QUARTERDECK_TEST_FOLDER";

/// A child that stands by.
pub struct Other {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Drop for Other {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Other {
    pub fn new(folder: &Path) -> Other {
        Other::start(Command::new(std::env::current_exe().unwrap()), folder)
    }

    /// As another user. `program` is a copy of this one that this user may run.
    pub fn of_user(uid: u32, program: &Path, folder: &Path) -> Other {
        let mut command = Command::new("setpriv");
        command
            .arg(format!("--reuid={uid}"))
            .arg(format!("--regid={}", super::GROUP))
            .arg("--clear-groups")
            .arg(program);
        Other::start(command, folder)
    }

    /// With something before it, such as a namespace of its own.
    pub fn start(mut command: Command, folder: &Path) -> Other {
        command.args(["--exact", "shared_folder::child::stands_by", "--test-threads=1"]).env(FOLDER, folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Other { child, to, from }
    }

    pub fn tell(&mut self, order: &str) {
        writeln!(self.to, "{order}").unwrap();
    }

    pub fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "the child ended");
            if let Some((_, answer)) = line.trim_end().split_once("child: ") {
                return answer.to_owned();
            }
        }
    }

    pub fn ask(&mut self, order: &str) -> String {
        self.tell(order);
        self.answer()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

pub fn holder() -> Holder {
    Holder {
        user: operator::identity().user,
        pid: std::process::id(),
        host: operator::host(),
        tty: operator::tty(),
        since: Utc::now(),
        action: "flush".into(),
        target: "cache".into(),
    }
}

/// The child's side; for anybody else a test of nothing.
#[test]
fn stands_by() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let opened = SharedFolder::open(Some(Path::new(&folder)));
    let mut held: Option<Hold> = None;
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let said = match &opened {
            Err(cause) => format!("closed {cause}"),
            Ok(folder) => obey(folder, &mut held, &words),
        };
        std::io::stdout().write_all(format!("child: {said}\n").as_bytes()).unwrap();
    }
}

pub fn now() -> Moment {
    let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Moment { boot: std::time::Duration::new(boot.tv_sec as u64, boot.tv_nsec as u32), wall: Utc::now() }
}

/// Of one account nobody knows whose it is.
fn policy() -> Policy {
    Policy { shared_accounts: vec!["bin".to_owned()], ..Policy::default() }
}

fn obey(folder: &SharedFolder, held: &mut Option<Hold>, words: &[&str]) -> String {
    match words {
        ["hold", key] => match folder.hold(key, &holder()) {
            Ok(won) => {
                *held = Some(won);
                "won".to_owned()
            }
            Err(by) => format!("lost {by}"),
        },
        ["release"] => {
            *held = None;
            "released".to_owned()
        }
        ["holder", key] => match folder.holder(key) {
            Ok(Some(holder)) => format!("held by {}", holder.pid),
            Ok(None) => "nobody".to_owned(),
            Err(cause) => format!("fault {cause}"),
        },
        ["start", action] => told(folder.started(action, "cache", now())),
        ["start-for-ever", action] => loop {
            if let Err(cause) = folder.started(action, "cache", now()) {
                return cause.to_string();
            }
            std::io::stdout().write_all(b"child: started\n").unwrap();
        },
        ["fill", path] => {
            let mut file = std::fs::File::create(path).unwrap();
            while file.write_all(&[b'x'; 512]).is_ok() {}
            "full".to_owned()
        }
        ["ask", id] => told(folder.ask(&request(id))),
        ["approve", id, typed] => match folder.request(id).unwrap() {
            None => "gone".to_owned(),
            Some(seen) => folder
                .approve(&seen, &operator::identity(), typed, &policy(), now())
                .map_or_else(|error| format!("refused {error}"), |()| "approved".to_owned()),
        },
        ["approval", id, digest] => match folder.approval(id, digest, &operator::identity(), &policy(), now()) {
            Ok(Answer::Waiting) => "waiting".to_owned(),
            Ok(Answer::Approved(approval)) => format!("approved by {}", approval.approver.user),
            Ok(Answer::Refused(refusal)) => format!("refused {refusal}"),
            Err(cause) => format!("fault {cause}"),
        },
        ["spend", id, digest] => {
            let terms = request(id).terms();
            let (id, digest) = ((*id).to_owned(), (*digest).to_owned());
            let spending = Spending { id, digest, terms, reason: Safe::default() };
            let spent = folder.spend(&spending, &operator::identity(), &policy(), now());
            spent
                .map_or_else(|error| format!("refused {error}"), |approval| format!("spent {}", approval.approver.user))
        }
        ["pending"] => {
            let pending = folder.pending(now()).unwrap();
            let ids: Vec<&str> = pending.requests.iter().map(|request| request.id.as_str()).collect();
            format!("{ids:?} and {}", pending.unreadable)
        }
        _ => panic!("{words:?}"),
    }
}

fn told(done: Result<(), quarterdeck::domain::Cause>) -> String {
    done.map_or_else(|cause| format!("failed {cause}"), |()| "done".to_owned())
}

pub fn request(id: &str) -> Request {
    Request {
        id: id.to_owned(),
        digest: "d1".to_owned(),
        bound: vec!["FLUSHDB".into()],
        card: vec!["flush the Redis database".into(), "812 keys".into()],
        requester: operator::identity(),
        asked_at: operator::in_this_boot(now()),
        level: Level::L3,
        action: "flush-redis".into(),
        target: "cache".into(),
        phrase: "cache-812".to_owned(),
        count: Some(812),
        agreed: quarterdeck::remediation::agreed::Agreed::default(),
    }
}
