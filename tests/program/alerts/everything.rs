//! A world in which everything can be good, bad or not read, a round every five seconds.

use std::time::Duration;

use quarterdeck::app::Event;
use quarterdeck::app::alerts::listing::{self, Stand};
use quarterdeck::app::alerts::words;
use quarterdeck::app::event::LogEvent;
use quarterdeck::domain::arrival::Reading;
use quarterdeck::domain::certificate::Certificate;
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::domain::source::{SourceId, SourceKind};
use quarterdeck::domain::{Arrival, Cause, Safe};
use quarterdeck::engine::Output;
use quarterdeck::engine::output::{PageTold, TargetTold};

use crate::world::World;
use crate::world::readings::{Postgres, answer, cause, counters, session, silence};

const WATCHED: &str = r#"
    prometheus = "http://127.0.0.1:9"
    [[service]]
    name = "api"
    url = "https://api.example.com/health"
    interval = "5s"
    [[database]]
    name = "main"
    url = "postgresql://ops@db.example.com/app"
    interval = "5s"
    statements_interval = "5s"
    [[cache]]
    name = "redis"
    redis = "redis://cache.example.com"
    interval = "5s"
    [[signal]]
    name = "jobs"
    sql = "SELECT 1"
    interval = "5s"
    threshold = "> 100"
    [[metrics]]
    name = "pages"
    url = "https://api.example.com/metrics"
    interval = "5s"
    [[log]]
    name = "worker"
    files = "/var/log/worker.log"
"#;

/// How everything is in a round.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Is {
    Good,
    Bad,
    Unread,
}

/// What grows from round to round.
#[derive(Default)]
struct Totals {
    commits: i64,
    rollbacks: i64,
    hit: i64,
    read: i64,
    deadlocks: i64,
    temp: i64,
    calls: i64,
    total_ms: f64,
    hits: u64,
    misses: u64,
    evicted: u64,
    expired: u64,
}

/// A world in which everything is watched, and one threshold.
pub struct Stage {
    pub world: World,
    totals: Totals,
}

impl Stage {
    pub fn new(when: &str) -> Stage {
        let world = World::new(&format!("{WATCHED}[[alert]]\nname = \"A\"\nwhen = \"{when}\"\n"));
        Stage { world, totals: Totals::default() }
    }

    pub fn round(&mut self, is: Is) {
        self.world.now += 5.0;
        self.service(is);
        self.database(is);
        self.cache(is);
        let world = &mut self.world;
        let jobs = SignalValue::Number(if is == Is::Bad { 400.0 } else { 3.0 });
        world.signal("jobs", if is == Is::Unread { Err(cause("login")) } else { Ok(jobs) });
        self.page(is);
        self.log(is);
        self.prometheus(is);
    }

    pub fn rounds(&mut self, is: Is, count: usize) {
        for _ in 0..count {
            self.round(is);
        }
    }

    fn service(&mut self, is: Is) {
        let mut reading = match is {
            Is::Good => answer(200, r#"{"status":"ok","checks":{"db":"ok"}}"#, 12.0),
            Is::Bad => answer(503, r#"{"status":"down","checks":{"db":"down"}}"#, 900.0),
            Is::Unread => silence(cause("forbidden")),
        };
        let now = self.world.moment().wall;
        let days = if is == Is::Bad { 3 } else { 90 };
        let not_after = now + chrono::TimeDelta::days(days);
        let (subject, issuer) = (Safe::of("a"), Safe::of("b"));
        reading.certificate = Some(Certificate { not_before: now, not_after, subject, issuer });
        self.world.service("api", reading);
    }

    fn database(&mut self, is: Is) {
        if is == Is::Unread {
            return self.world.database("main", Err(cause("login")));
        }
        let bad = is == Is::Bad;
        let totals = &mut self.totals;
        totals.commits += if bad { 5000 } else { 50 };
        totals.rollbacks += if bad { 5000 } else { 5 };
        totals.hit += if bad { 100 } else { 1000 };
        totals.read += if bad { 900 } else { 1 };
        totals.deadlocks += i64::from(bad);
        totals.temp += if bad { 1 << 30 } else { 0 };
        totals.calls += if bad { 100 } else { 10 };
        totals.total_ms += if bad { 100_000.0 } else { 10.0 };
        let mut sessions = vec![session(1, SessionState::Active, 1, "SELECT 1")];
        if bad {
            for pid in 10..20 {
                sessions.push(session(pid, SessionState::Active, 4000, "SELECT 2"));
                sessions.push(session(pid + 10, SessionState::Idle, 4000, ""));
                sessions.push(session(pid + 20, SessionState::IdleInTransaction, 4000, ""));
                sessions.push(session(pid + 30, SessionState::IdleInTransactionAborted, 4000, ""));
            }
            for waiting in sessions.iter_mut().take(8) {
                waiting.wait = Some(Safe::of("Lock:relation"));
                waiting.blocked_by = vec![30];
            }
        }
        let statements = Some(Ok(vec![(7, totals.calls, totals.total_ms, "SELECT x")]));
        let (blocks_hit, blocks_read, commits) = (totals.hit, totals.read, totals.commits);
        let used = if bad { 95 } else { 12 };
        let postgres = Postgres {
            used,
            replica: bad,
            commits,
            blocks_hit,
            blocks_read,
            sessions,
            statements,
            ..Postgres::default()
        };
        let mut reading = postgres.reading();
        reading.server.clock_skew_seconds = if bad { -9.0 } else { 0.1 };
        if let Ok(counters) = &mut reading.counters {
            counters.rollbacks = totals.rollbacks;
            counters.deadlocks = totals.deadlocks;
            counters.temp_bytes = totals.temp;
            counters.size_bytes = Some(if bad { 900 << 30 } else { 1 << 30 });
        }
        if let Ok(all) = &mut reading.sessions {
            all.oldest_active = Some(Duration::from_secs(if bad { 4000 } else { 1 }));
        }
        self.world.database("main", Ok(reading));
    }

    fn cache(&mut self, is: Is) {
        if is == Is::Unread {
            return self.world.cache("redis", Err(cause("no password")));
        }
        let bad = is == Is::Bad;
        let totals = &mut self.totals;
        totals.hits += if bad { 100 } else { 10_000 };
        totals.misses += if bad { 50_000 } else { 10 };
        totals.evicted += if bad { 500 } else { 0 };
        totals.expired += if bad { 50_000 } else { 5 };
        let mut reading = counters(totals.hits, totals.misses, Some("a"), totals.evicted);
        if let Some(redis) = &mut reading.redis {
            redis.expired_keys = Some(totals.expired);
            redis.used_memory = Some(if bad { 500 << 20 } else { 100 << 20 });
            redis.clients = Some(if bad { 900 } else { 10 });
            redis.blocked_clients = Some(if bad { 90 } else { 0 });
            redis.keys = Some(if bad { 9_000_000 } else { 10 });
            redis.ops_per_second = Some(if bad { 90_000.0 } else { 10.0 });
            redis.role = Safe::of(if bad { "slave" } else { "master" });
            redis.primary_link = bad.then(|| Safe::of("down"));
        }
        self.world.cache("redis", Ok(reading));
    }

    fn page(&mut self, is: Is) {
        let bad = is == Is::Bad;
        let page = PageTold {
            bytes: if bad { 20 << 20 } else { 900 },
            samples: if bad { 3 } else { 300 },
            refused: usize::from(bad),
            made: 0,
        };
        let told = TargetTold {
            at: self.world.moment(),
            took: Duration::from_secs(if bad { 9 } else { 1 }),
            page: if is == Is::Unread { Err(cause("refused")) } else { Ok(page) },
            requests: None,
            cache: Some((if bad { 0.2 } else { 0.95 }, 1000.0)),
        };
        self.world.tell(Event::EngineTold(vec![Output::Target { target: 0, told }]));
    }

    fn log(&mut self, is: Is) {
        match is {
            Is::Good => self.world.log("worker", &["INFO all is well"]),
            Is::Bad => self.world.log("worker", &["WARN odd"; 30]),
            Is::Unread => {
                let state = Err(cause("refused"));
                self.world.tell(Event::LogHappened(LogEvent::State { log: 0, state }));
            }
        }
    }

    /// The engine does not answer.
    pub fn engine_refuses(&mut self) {
        self.prometheus(Is::Unread);
    }

    /// The engine and the page fail so.
    pub fn fails(&mut self, why: &str) {
        self.world.now += 5.0;
        self.asked(Err(cause(why)));
        let (at, took) = (self.world.moment(), Duration::from_secs(1));
        let told = TargetTold { at, took, page: Err(cause(why)), requests: None, cache: None };
        self.world.tell(Event::EngineTold(vec![Output::Target { target: 0, told }]));
    }

    fn prometheus(&mut self, is: Is) {
        self.asked(match is {
            Is::Good => Ok(Reading::Served(Box::default())),
            _ => Err(cause("refused")),
        });
    }

    fn asked(&mut self, outcome: Result<Reading, Cause>) {
        let (took, next_in) = (Duration::from_millis(12), Duration::from_secs(5));
        let source = SourceId::new(SourceKind::Prometheus, 0);
        let arrival = Arrival { source, outcome, took, begun: self.world.moment(), next_in };
        self.world.tell(Event::ReadingArrived(Box::new(arrival)));
    }

    /// How it stands, the worst, and its value where it has one.
    pub fn stand(&self) -> (Stand, String) {
        let now = self.world.model.now;
        let value = |entry| words::value(&entry, now).map(|value| value.to_string()).unwrap_or_default();
        let all = listing::all(&self.world.model.live, now).filter(|entry| entry.rule.name == "A");
        all.map(|entry| (entry.stand, value(entry))).min().expect("it is listed")
    }
}
