//! Whoever waits for a reading does not wait for its pace: signals that a connection carries once an hour are read at once
//! where a step of a runbook waits for them.

use super::redis_server::RedisServer;
use super::{Stage, code_in};

const STEP: &str = "[[runbook]]\nname = \"drain\"\ntarget = \"main\"\nlevel = \"L2\"\nwatch = \"signal backlog\"\n\
    expect = \"< 100\"\nsettle = \"0s\"\nstable = \"0s\"\nwithin = \"20s\"\n";
const WAIT: &str = "[[runbook.step]]\nwait = \"signal backlog < 100\"\nstable = \"0s\"\ndeadline = \"20s\"\n";

fn drained(stage: &Stage, signal: &str, step: &str) {
    let more = format!(
        "allow = true\nheadless = [\"drain\"]\n{STEP}{step}\n{WAIT}\
         [[signal]]\nname = \"backlog\"\n{signal}\ninterval = \"1h\"\n"
    );
    stage.configure("staging", &more);
    let card = stage.run(&["drain", "--target", "main"]);
    assert_eq!(card.code, 0, "{card:?}");
    let told = stage.run(&["drain", "--target", "main", "--confirm", &code_in(&card.out)]);
    assert_eq!(told.code, 0, "{told:?}");
}

#[tokio::test]
async fn what_a_database_carries() {
    let stage = Stage::new();
    stage.server.sql(
        "postgres",
        "CREATE TABLE backlog (n int); INSERT INTO backlog VALUES (500); GRANT SELECT, UPDATE ON backlog TO ops",
    );
    drained(
        &stage,
        "sql = \"SELECT n FROM backlog\"",
        "[[runbook.step]]\ntitle = \"drain\"\nstatement = \"UPDATE backlog SET n = 1\"",
    );
}

#[tokio::test]
async fn what_a_redis_carries() {
    let (stage, redis) = (Stage::new(), RedisServer::start(&[]));
    redis.ask(&["SET", "backlog", "500"]);
    let cache = format!(
        "[[cache]]\nname = \"redis\"\nredis = \"redis://127.0.0.1:{}\"\nenvironment = \"staging\"\n",
        redis.port
    );
    drained(
        &stage,
        "redis = [\"GET\", \"backlog\"]",
        &format!("[[runbook.step]]\ntitle = \"drain\"\nredis = [\"SET\", \"backlog\", \"1\"]\n{cache}"),
    );
    assert_eq!(redis.ask(&["GET", "backlog"]).trim(), "1");
}
