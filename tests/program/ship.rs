//! A system with a bit of everything, told by ten minutes of events.

use quarterdeck::domain::certificate::Certificate;
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::signal::SignalValue;

use crate::world::World;
use crate::world::readings::{Postgres, answer, cause, counters, session, silence};

const WATCHED: &str = r#"
name = "pggit"

[[service]]
name = "api"
url = "https://api.example.com/health"

[[service]]
name = "api deep"
url = "https://api.example.com/health/deep"
interval = "10s"

[[service]]
name = "search"
url = "https://search.example.com/health"

[[service]]
name = "gateway"
url = "https://gateway.example.com/health"

[[service]]
name = "worker"
url = "http://worker.example.com:8081/health"

[[service]]
name = "billing"
url = "https://billing.example.com/health"

[[database]]
name = "main"
url = "postgresql://app@db.example.com/pggit"
interval = "10s"
hit_target = "99 %"

[[cache]]
name = "redis"
redis = "redis://cache.example.com:6379/0"

[[cache]]
name = "api cache"
url = "https://api.example.com/api/v1/cache/stats"
hits = "/hits"
misses = "/misses"

[[signal]]
name = "webhooks pending"
sql = "SELECT count(*) FROM webhooks WHERE state = 'pending'"
threshold = "> 1000 for 5m"

[[signal]]
name = "oldest delivery"
url = "https://api.example.com/api/v1/webhooks"
pointer = "/oldest"
unit = "s"
threshold = "older than 5m"

[[signal]]
name = "disk"
disk = "/"
threshold = "> 90 %"

[[signal]]
name = "load"
load = true

[[log]]
name = "api.log"
files = "/var/log/pggit/api.log"

[[log]]
name = "journal:worker"
command = ["journalctl", "-f", "-o", "json", "-u", "worker"]
"#;

/// Before the first answer.
pub fn in_port() -> World {
    let mut world = World::new(WATCHED);
    world.wait(1.0);
    world
}

/// After ten minutes.
pub fn at_sea() -> World {
    let mut world = World::new(WATCHED);
    for round in 0..60 {
        services(&mut world, round);
        caches(&mut world, round);
        database(&mut world, round);
        signals(&mut world, round);
        logs(&mut world, round);
        world.wait(if round < 59 { 10.0 } else { 1.0 });
    }
    world.tell(quarterdeck::app::Event::BytesWritten(1_000_000));
    world.wait(1.0);
    world
}

/// Everything fails, three times.
pub fn storm(world: &mut World) {
    for _ in 0..3 {
        for (name, why) in
            [("api", "refused"), ("api deep", "timeout"), ("search", "not json"), ("gateway", "forbidden")]
        {
            world.service(name, silence(cause(why)));
        }
        world.database("main", Err(cause("slots")));
        world.cache("redis", Err(cause("loading")));
        world.cache("api cache", Err(cause("refused")));
        for name in ["oldest delivery", "disk", "load"] {
            world.signal(name, Err(cause("timeout")));
        }
        world.wait(2.0);
    }
}

fn wave(round: u64, seed: u64) -> f64 {
    let noise = (round * 7 + seed * 13) % 11;
    noise as f64 + if (round + seed).is_multiple_of(17) { 40.0 } else { 0.0 }
}

fn services(world: &mut World, round: u64) {
    let version = if round < 40 { "1.2.3" } else { "1.2.4" };
    let body = format!(r#"{{"status":"ok","version":"{version}","uptime":{round}}}"#);
    let mut reading = answer(200, &body, 9.0 + wave(round, 1));
    let day = chrono::TimeDelta::days(1);
    reading.certificate = Some(Certificate {
        not_before: world.moment().wall - day * 60,
        not_after: world.moment().wall + day * 21,
        subject: "CN=api.example.com".into(),
        issuer: "CN=Example CA".into(),
    });
    world.service("api", reading);
    let deep = format!(
        r#"{{"status":"degraded","checks":{{"database":{{"status":"ok","latency_ms":{}}},"cache":{{"status":"down","error":"connection refused"}},"queue":{{"status":"ok","depth":{round}}}}}}}"#,
        round % 5
    );
    world.service("api deep", answer(200, &deep, 31.0 + wave(round, 2)));
    if (20..23).contains(&round) {
        world.service("search", silence(cause("timeout")));
    } else {
        world.service("search", answer(200, &format!(r#"{{"status":"UP","took":{round}}}"#), 18.0 + wave(round, 5)));
    }
    world.service("gateway", answer(200, r#"{"status":"ok"}"#, 4.0 + wave(round, 3) / 10.0));
    if round < 55 {
        world.service("worker", answer(200, "{\"status\":\"ok\"}", 7.0 + wave(round, 4)));
    } else {
        world.service("worker", silence(cause("refused")));
    }
    // Billing never answered yet.
}

fn caches(world: &mut World, round: u64) {
    let (hits, misses) = (1_000_000 + round * 714, 20_000 + round * 286);
    world.cache("redis", Ok(counters(hits, misses, Some("a"), round * 140)));
    world.cache("api cache", Ok(counters(5000 + round * 90, 100 + round * 10, None, 0)));
}

fn database(world: &mut World, round: u64) {
    let count = i64::try_from(round).unwrap();
    let states = [(SessionState::Active, 12), (SessionState::Idle, 61), (SessionState::IdleInTransaction, 14)];
    let mut sessions = Vec::new();
    for (state, many) in states {
        for n in 0..many {
            let pid = 20_000 + i32::try_from(sessions.len()).unwrap() * 7;
            let age = if state == SessionState::IdleInTransaction { 420 - n * 30 } else { n * 3 };
            let query = match state {
                SessionState::Active => {
                    "SELECT id, payload FROM webhooks WHERE state = $1 ORDER BY created_at LIMIT $2"
                }
                SessionState::IdleInTransaction => "UPDATE jobs SET state = 'running' WHERE id = 4711",
                _ => "COMMIT",
            };
            let mut one = session(pid, state, age, query);
            if state == SessionState::Active && n < 3 {
                one.wait = Some("Lock:transactionid".into());
                one.blocked_by = vec![20_511];
            }
            sessions.push(one);
        }
    }
    sessions.sort_by_key(|s| std::cmp::Reverse((s.state != SessionState::Idle, s.state_age)));
    let statements = vec![
        (
            1,
            5000 + count * 312,
            600_000.0 + count as f64 * 4120.0,
            "SELECT id, payload\n  FROM webhooks\n WHERE state = $1\n ORDER BY created_at\n LIMIT $2",
        ),
        (2, 900 + count * 90, 9_000.0 + count as f64 * 61.0, "UPDATE jobs SET state = $1 WHERE id = $2"),
        (
            3,
            40 + count,
            400.0 + count as f64 * 8.5,
            "SELECT count(*) FROM events WHERE title = '日本語' AND naïve = $1",
        ),
        (
            4,
            70_000 + count * 1200,
            7_000.0 + count as f64 * 140.0,
            "INSERT INTO audit (at, who, what) VALUES ($1, $2, $3)",
        ),
    ];
    let reading = Postgres {
        used: 88,
        commits: 1_000_000 + count * 3120,
        blocks_hit: 90_000_000 + count * 99_100,
        blocks_read: 400_000 + count * 900,
        sessions,
        statements: Some(Ok(statements)),
        ..Postgres::default()
    };
    let mut reading = reading.reading();
    let pending = SignalValue::Number(900.0 + count as f64 * 12.0);
    let id = quarterdeck::domain::source::SignalId(0);
    reading.scalars.push((id, Ok(pending)));
    world.database("main", Ok(reading));
}

fn signals(world: &mut World, round: u64) {
    let seconds = world.moment().wall.timestamp() as f64;
    world.signal("oldest delivery", Ok(SignalValue::Instant(seconds - 90.0)));
    world.signal("disk", Ok(SignalValue::Ratio(0.71 + round as f64 / 1000.0)));
    world.signal("load", Ok(SignalValue::Number(0.4 + wave(round, 6) / 20.0)));
}

fn logs(world: &mut World, round: u64) {
    let at = |part: u64| {
        (world.moment().wall + chrono::TimeDelta::milliseconds(i64::try_from(part * 118).unwrap()))
            .format("%Y-%m-%dT%H:%M:%S%.3fZ")
            .to_string()
    };
    let lines = [
        format!(
            r#"{{"timestamp":"{}","level":"info","message":"request done","context":{{"request_id":"8f{round:02x}","path":"/api/v1/webhooks"}},"latency_ms":{}}}"#,
            at(1),
            round + 3
        ),
        format!(
            r#"{{"timestamp":"{}","level":"{}","message":"{}","context":{{"request_id":"9a{round:02x}"}}}}"#,
            at(2),
            if round % 7 == 3 { "error" } else { "info" },
            if round % 7 == 3 { "pool timeout after 30s" } else { "cache hit" }
        ),
        format!(
            r#"{{"timestamp":"{}","level":"warn","message":"retrying delivery to größe.example.org 日本","attempt":{}}}"#,
            at(3),
            round % 4
        ),
    ];
    let worker = [format!("time={} level=info msg=\"job done\" job={round} took=12ms", at(4))];
    world.log("api.log", &lines);
    world.log("journal:worker", &worker);
}
