//! Flushing a database of real Redis servers: what the card says, what stays, and everything that must stop it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quarterdeck::adapters::redis::flush;
use quarterdeck::config::redis_url;
use quarterdeck::config::resolved::RedisTarget;
use quarterdeck::domain::{Cause, Safe};
use quarterdeck::remediation::card::Preview;
use quarterdeck::remediation::object::{Fate, ObjectKey};
use quarterdeck::remediation::step::{FlushStep, StepEnd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::redis_server::RedisServer;

const DEADLINE: Duration = Duration::from_secs(20);

fn at(server: &RedisServer, rest: &str) -> RedisTarget {
    redis_url::parse(&format!("redis://127.0.0.1:{}{rest}", server.port)).unwrap()
}

fn fill(server: &RedisServer, database: &str, keys: std::ops::Range<usize>) {
    let names: Vec<String> = keys.map(|n| format!("key:{n}")).collect();
    let mut mset = vec!["MSET"];
    names.iter().for_each(|name| mset.extend([name.as_str(), "1"]));
    server.ask_all(&[&["SELECT", database], &mset]);
}

fn size(server: &RedisServer, database: &str) -> String {
    server.ask_all(&[&["SELECT", database], &["DBSIZE"]])
}

async fn card(target: &RedisTarget) -> Preview {
    flush::preview(target, DEADLINE).await.unwrap()
}

async fn run(target: &RedisTarget, card: &Preview) -> StepEnd {
    let keys: Vec<ObjectKey> = card.objects.iter().map(|object| object.key.clone()).collect();
    let step = FlushStep { cache: 0, count: card.count.unwrap(), tolerance: 0.1 };
    flush::flush(target, &card.identity, &keys, &step, DEADLINE).await
}

fn told(lines: &[Safe]) -> String {
    lines.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n")
}

fn fact(card: &Preview, name: &str) -> String {
    let facts = &card.identity.facts;
    facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.one_line().to_string()).unwrap()
}

/// How often the server was asked to flush.
fn flushes(server: &RedisServer) -> usize {
    let stats = server.ask(&["INFO", "commandstats"]);
    let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_flushdb:calls="));
    calls.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn the_card_tells_everything_and_writes_nothing() {
    let server = RedisServer::start(&[]);
    fill(&server, "0", 0..5);
    fill(&server, "3", 0..2);
    server.ask(&["EXPIRE", "key:0", "1000"]);
    let changes = |info: String| info.lines().find(|l| l.starts_with("rdb_changes")).map(str::to_owned);
    let before = changes(server.ask(&["INFO", "persistence"]));
    let card = card(&at(&server, "")).await;
    assert_eq!((card.count, card.objects.len(), card.obstacles.len()), (Some(5), 1, 0), "{:?}", card.obstacles);
    assert_eq!((fact(&card, "role"), fact(&card, "database"), fact(&card, "user")).0, "master");
    assert_eq!((fact(&card, "database"), fact(&card, "user"), fact(&card, "run id").len()).2, 40);
    assert_eq!(card.excluded.iter().map(|left| left.count).collect::<Vec<_>>(), [2]);
    let remarks = told(&card.remarks);
    for words in ["5 keys", "no limit", "4 of the keys never expire", "persistence: no append-only file"] {
        assert!(remarks.contains(words), "{words:?} in {remarks}");
    }
    assert_eq!(changes(server.ask(&["INFO", "persistence"])), before);
    assert_eq!((size(&server, "0"), flushes(&server)), ("5".to_owned(), 0));
}

#[tokio::test]
async fn it_empties_its_database_and_no_other() {
    let server = RedisServer::start(&[]);
    fill(&server, "0", 0..30);
    fill(&server, "3", 0..100);
    let target = at(&server, "/3");
    let card = card(&target).await;
    let effect: Vec<String> = card.effect.iter().map(|line| line.one_line().to_string()).collect();
    assert_eq!(effect, ["SELECT 3", "FLUSHDB ASYNC"]);
    // Within the tolerance.
    fill(&server, "3", 100..109);
    let StepEnd::Done { fates, .. } = run(&target, &card).await else { panic!("not done") };
    assert_eq!(fates, [(card.objects[0].key.clone(), Fate::Done)]);
    assert_eq!((size(&server, "3"), size(&server, "0")), ("0".to_owned(), "30".to_owned()));
    assert_eq!(flush::keys(&target, &card.identity, DEADLINE).await, Ok(0));
}

#[tokio::test]
async fn ten_times_the_keys_is_not_what_was_agreed_to() {
    let server = RedisServer::start(&[]);
    fill(&server, "0", 0..100);
    let target = at(&server, "");
    let card = card(&target).await;
    fill(&server, "0", 100..1000);
    let end = run(&target, &card).await;
    let StepEnd::OtherTarget(why) = end else { panic!("{end:?}") };
    assert!(why.as_str().contains("1000 keys now and 100 on the card"), "{why}");
    assert_eq!((size(&server, "0"), flushes(&server)), ("1000".to_owned(), 0));
}

#[tokio::test]
async fn another_server_on_the_same_port_is_left_alone() {
    let mut server = RedisServer::start(&[]);
    fill(&server, "0", 0..100);
    let target = at(&server, "");
    let card = card(&target).await;
    server.restart();
    fill(&server, "0", 0..100);
    let end = run(&target, &card).await;
    let StepEnd::OtherTarget(why) = end else { panic!("{end:?}") };
    assert!(why.as_str().contains("run id is"), "{why}");
    assert_eq!(size(&server, "0"), "100");
    assert!(flush::keys(&target, &card.identity, DEADLINE).await.is_err(), "no evidence from another server");
}

#[tokio::test]
async fn a_replica_and_a_cluster_are_refused() {
    let server = RedisServer::start(&[]);
    fill(&server, "0", 0..10);
    let target = at(&server, "");
    let before = card(&target).await;
    server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    let end = run(&target, &before).await;
    let StepEnd::OtherTarget(why) = end else { panic!("{end:?}") };
    assert!(why.as_str().contains("role is slave and was master"), "{why}");
    assert!(told(&card(&target).await.obstacles).contains("replica"));
    assert_eq!((size(&server, "0"), flushes(&server)), ("10".to_owned(), 0));

    let node = RedisServer::start(&["--cluster-enabled", "yes"]);
    assert!(told(&card(&at(&node, "")).await.obstacles).contains("cluster"));
}

#[tokio::test]
async fn a_missing_right_is_told_beforehand() {
    let server = RedisServer::start(&[]);
    fill(&server, "0", 0..10);
    server.ask(&["ACL", "SETUSER", "ops", "on", ">pw", "~*", "+@all", "-flushdb"]);
    let mut target = at(&server, "");
    target.user = Some("ops".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "pw").unwrap();
    target.password = Some(quarterdeck::domain::secret::SecretRef::File(file));
    let denied = card(&target).await;
    assert!(told(&denied.obstacles).contains("ACL SETUSER ops +flushdb"), "{:?}", denied.obstacles);
    let end = run(&target, &denied).await;
    assert!(matches!(end, StepEnd::Failed(Cause::NoPermission { .. })), "{end:?}");
    assert_eq!(size(&server, "0"), "10");

    // Whoever may do only what is needed cannot be told beforehand, and can do it.
    let lean = ["ACL", "SETUSER", "ops", "reset", "on", ">pw", "+info", "+dbsize", "+flushdb", "+client|setname"];
    server.ask(&lean);
    let card = card(&target).await;
    assert!(card.obstacles.is_empty() && told(&card.remarks).contains("cannot be asked"), "{card:?}");
    assert!(matches!(run(&target, &card).await, StepEnd::Done { .. }));
    assert_eq!(size(&server, "0"), "0");
}

#[tokio::test]
async fn without_a_login_there_is_no_card() {
    let server = RedisServer::start(&["--requirepass", "s3cret"]);
    assert_eq!(flush::preview(&at(&server, ""), DEADLINE).await.unwrap_err(), Cause::NoAuth);
}

/// Passes everything on, until a flush went through: then the line is cut before the answer.
async fn cutting(server: &RedisServer, seen: Arc<AtomicUsize>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (port, to) = (listener.local_addr().unwrap().port(), server.port);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
            let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
            loop {
                tokio::select! {
                    read = client.read(&mut asked) => match read {
                        Ok(n @ 1..) => {
                            server.write_all(&asked[..n]).await.unwrap();
                            if asked[..n].windows(7).any(|word| word == b"FLUSHDB") {
                                seen.fetch_add(1, Ordering::SeqCst);
                                // It was done when it is answered; the answer goes no further.
                                let _ = server.read(&mut answered).await;
                                break;
                            }
                        }
                        _ => break,
                    },
                    read = server.read(&mut answered) => match read {
                        Ok(n @ 1..) => client.write_all(&answered[..n]).await.unwrap(),
                        _ => break,
                    },
                }
            }
        }
    });
    port
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_never_sent_again() {
    let server = RedisServer::start(&[]);
    fill(&server, "0", 0..50);
    let seen = Arc::new(AtomicUsize::new(0));
    let port = cutting(&server, Arc::clone(&seen)).await;
    let target = redis_url::parse(&format!("redis://127.0.0.1:{port}/0")).unwrap();
    // The card is written without the word that the proxy waits for: its dry run is left out.
    let mut card = card(&at(&server, "")).await;
    let name = quarterdeck::domain::Untrusted::from(format!("127.0.0.1:{port}"));
    card.identity.facts.iter_mut().filter(|(fact, _)| *fact == "server").for_each(|(_, value)| *value = name.clone());
    let end = run(&target, &card).await;
    assert!(matches!(end, StepEnd::Unknown(Cause::ConnectionLost(_))), "{end:?}");
    assert_eq!((size(&server, "0"), seen.load(Ordering::SeqCst), flushes(&server)), ("0".to_owned(), 1, 1));
    assert_eq!(flush::keys(&target, &card.identity, DEADLINE).await, Ok(0), "a fresh reading says so");
}
