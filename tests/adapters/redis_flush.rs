//! Flushing a database of real Redis servers: what the card says, what stays, and everything that must stop it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quarterdeck::adapters::redis::flush;
use quarterdeck::app::Model;
use quarterdeck::app::actions::catalogue;
use quarterdeck::config::resolved::{FlushOn, RedisTarget};
use quarterdeck::config::{Inputs, SourceFile, redis_url, resolve};
use quarterdeck::domain::{Cause, Moment, Safe};
use quarterdeck::remediation::approval::NO_POLICY;
use quarterdeck::remediation::card::{Card, Preview};
use quarterdeck::remediation::clock_trust::ClockTrust;
use quarterdeck::remediation::execution::{Execution, Input, Order, Phase};
use quarterdeck::remediation::guard::{Consent, Situation, review};
use quarterdeck::remediation::measure::{Evidence, Measure};
use quarterdeck::remediation::object::{Fate, ObjectKey};
use quarterdeck::remediation::outcome::Outcome;
use quarterdeck::remediation::step::{FlushStep, StepEnd, Work};
use quarterdeck::remediation::window::Window;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::leave;
use crate::support::redis_server::RedisServer;

const DEADLINE: Duration = Duration::from_secs(20);

fn at(server: &RedisServer, rest: &str) -> RedisTarget {
    redis_url::parse(&format!("redis://127.0.0.1:{}{rest}", server.port)).unwrap()
}

fn fill(server: &RedisServer, database: &str, keys: std::ops::Range<usize>) {
    let names: Vec<String> = keys.map(|n| format!("key:{n}")).collect();
    let mut mset = vec!["MSET"];
    mset.extend(names.iter().flat_map(|name| [name.as_str(), "1"]));
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
    flush::flush(target, &card.identity, &keys, &step, &leave::whole(DEADLINE)).await
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
    let facts = ["role", "database", "user", "cluster"].map(|name| fact(&card, name));
    assert_eq!(facts, ["master", "0", "default", "no"]);
    assert_eq!(fact(&card, "run id").len(), 40);
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
async fn what_was_declared_is_flushed_and_loud_on_the_card() {
    let server = RedisServer::start(&[]);
    fill(&server, "0", 0..10);
    server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    let both = FlushOn { replica: true, cluster: true };
    let target = RedisTarget { flush_on: both, ..at(&server, "") };
    assert!(told(&card(&target).await.obstacles).contains("read-only"), "it would not take it");
    server.ask(&["CONFIG", "SET", "replica-read-only", "no"]);
    let declared = card(&target).await;
    assert!(declared.obstacles.is_empty(), "{:?}", declared.obstacles);
    assert!(told(&declared.warnings).contains("ITS ROLE IS slave"), "{:?}", declared.warnings);
    let end = run(&target, &declared).await;
    assert!(matches!(end, StepEnd::Done { .. }), "{end:?}");
    assert_eq!(size(&server, "0"), "0");
    let only = |replica, cluster| RedisTarget { flush_on: FlushOn { replica, cluster }, ..at(&server, "") };
    assert!(
        told(&card(&only(false, true)).await.obstacles).contains("flush_replica"),
        "the other word is not this one"
    );

    let node = RedisServer::start(&["--cluster-enabled", "yes"]);
    let declared = card(&RedisTarget { flush_on: both, ..at(&node, "") }).await;
    assert!(!told(&declared.obstacles).contains("cluster"), "{:?}", declared.obstacles);
    assert!(told(&declared.warnings).contains("IT IS A NODE OF A CLUSTER"), "{:?}", declared.warnings);
}

#[test]
fn a_configuration_declares_it_for_one_cache() {
    let text = "[[cache]]\nname = \"a\"\nredis = \"redis://a.example.com\"\nflush_replica = true\n\
                [[cache]]\nname = \"b\"\nredis = \"redis://b.example.com\"\nflush_cluster = true\n";
    let file = SourceFile { path: "q.toml".into(), text: text.to_owned() };
    let resolved = resolve(&Inputs { file: Some(file), ..Inputs::default() }).unwrap().resolved;
    let on: Vec<FlushOn> = resolved
        .caches
        .iter()
        .map(|cache| match &cache.source {
            quarterdeck::config::resolved::CacheSource::Redis { target, .. } => target.flush_on,
            other @ quarterdeck::config::resolved::CacheSource::Endpoint { .. } => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(on, [FlushOn { replica: true, cluster: false }, FlushOn { replica: false, cluster: true }]);
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
    // The card is read beside the proxy, which would take its dry run for the flush.
    let mut card = card(&at(&server, "")).await;
    let name = quarterdeck::domain::Untrusted::from(format!("127.0.0.1:{port}"));
    card.identity.facts.iter_mut().filter(|(fact, _)| *fact == "server").for_each(|(_, value)| *value = name.clone());
    let end = run(&target, &card).await;
    assert!(matches!(end, StepEnd::Unknown(Cause::ConnectionLost(_))), "{end:?}");
    assert_eq!((size(&server, "0"), seen.load(Ordering::SeqCst), flushes(&server)), ("0".to_owned(), 1, 1));
    assert_eq!(flush::keys(&target, &card.identity, DEADLINE).await, Ok(0), "a fresh reading says so");
}

/// The flush as the configuration offers it, with a card that was just read; `fixed(0)` is Friday at noon.
async fn offered(server: &RedisServer, windows: &str) -> (RedisTarget, Card, Vec<Window>) {
    let text = format!(
        "[[cache]]\nname = \"shop cache\"\nredis = \"redis://127.0.0.1:{}/0\"\n[actions]\nallow = true\nwindows = [{windows}]\n",
        server.port
    );
    let file = SourceFile { path: "flush.toml".into(), text };
    let resolved = resolve(&Inputs { file: Some(file), ..Inputs::default() }).unwrap().resolved;
    let now = Moment::fixed(0.0);
    let model = Model::new(&resolved, now, chrono::FixedOffset::east_opt(0).unwrap());
    let action = catalogue::all(&model).into_iter().find(|action| action.id.as_str() == "flush-redis").unwrap();
    let target = at(server, "/0");
    let preview = card(&target).await;
    (target, Card::new(action, preview, Vec::new(), now), resolved.actions.windows)
}

#[tokio::test]
async fn inside_a_window_it_is_flushed_and_proved_and_outside_nothing_is_sent() {
    for (windows, typed, allowed) in [
        ("\"Fri 11:00-13:00 UTC\"", "shop cache 40", true),
        ("\"Fri 11:00-13:00 UTC\"", "shop cache 4", false),
        ("\"Fri 11:00-13:00 UTC\"", "shop cache", false),
        ("\"Sat 11:00-13:00 UTC\"", "shop cache 40", false),
        ("\"Fri 11:00-12:00 UTC\"", "shop cache 40", false),
        ("", "shop cache 40", false),
    ] {
        let server = RedisServer::start(&[]);
        fill(&server, "0", 0..40);
        let (target, card, windows) = offered(&server, windows).await;
        let now = Moment::fixed(1.0);
        let clock = ClockTrust::begin(Moment::fixed(0.0));
        let (windows, clock) = (windows.as_slice(), &clock);
        let situation = Situation {
            now,
            armed: true,
            frozen: false,
            stale: None,
            running: None,
            readings: &[],
            windows,
            clock,
            policy: &NO_POLICY,
            approval: None,
        };
        let (digest, typed) = (card.digest(), typed.to_owned());
        let consent = Consent { digest, typed, reason: "the cache is poisoned".to_owned(), given_at: now };
        let Ok(warrant) = review(card, consent, &situation) else {
            assert!(!allowed);
            assert_eq!((size(&server, "0"), flushes(&server)), ("40".to_owned(), 0));
            continue;
        };
        assert!(allowed);
        let (mut execution, _) = Execution::begin(warrant, now);
        execution.step(Input::Held(Ok(())), now);
        let orders = execution.step(Input::Recorded(Ok(())), now);
        let [Order::Run { step: 0, approved }] = orders.as_slice() else { panic!("{orders:?}") };
        let Work::Flush(work) = &approved.step().work else { panic!("{approved:?}") };
        let leave = leave::whole(approved.step().deadline);
        let end = flush::flush(&target, approved.identity(), approved.objects(), work, &leave).await;
        let identity = approved.identity().clone();
        execution.step(Input::StepEnded { step: 0, end }, now);
        let at = Moment::fixed(2.0);
        let left = flush::keys(&target, &identity, DEADLINE).await.unwrap();
        let read =
            Evidence { measure: Measure::ObjectsLeft, value: Some(left as f64), at, words: Safe::of("0"), chance: 0.0 };
        execution.step(Input::Read(read), at);
        assert_eq!(execution.phase(), Phase::Closing(Outcome::Verified));
        assert_eq!((size(&server, "0"), flushes(&server)), ("0".to_owned(), 1));
    }
}

/// The look before it took so long, or the machine slept: the window may be over.
#[tokio::test]
async fn nothing_is_flushed_when_the_leave_is_over_after_the_look() {
    let server = RedisServer::start(&[]);
    fill(&server, "0", 0..40);
    let target = at(&server, "");
    let card = card(&target).await;
    let keys: Vec<ObjectKey> = card.objects.iter().map(|object| object.key.clone()).collect();
    let step = FlushStep { cache: 0, count: card.count.unwrap(), tolerance: 0.1 };
    let end = flush::flush(&target, &card.identity, &keys, &step, &leave::over_after(1, DEADLINE)).await;
    assert!(matches!(end, StepEnd::Failed(Cause::Timeout { .. })), "{end:?}");
    assert_eq!((size(&server, "0"), flushes(&server)), ("40".to_owned(), 0));
}

#[tokio::test]
async fn while_it_loads_its_dump_nothing_is_flushed() {
    let mut server = RedisServer::start(&[]);
    let text = "x".repeat(200);
    let names: Vec<String> = (0..400).map(|n| format!("key:{n}")).collect();
    let mut mset = vec!["MSET"];
    mset.extend(names.iter().flat_map(|name| [name.as_str(), text.as_str()]));
    server.ask(&mset);
    let target = at(&server, "");
    let before = card(&target).await;
    server.ask(&["SAVE"]);
    server.stop();
    let slowly = ["--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024"];
    server.spawn(&[slowly.as_slice(), &["--rdbcompression", "no"]].concat());
    assert!(server.wait_for("Loading RDB produced by"));
    let end = run(&target, &before).await;
    assert!(matches!(end, StepEnd::Failed(Cause::Loading { .. })), "{end:?}");
    assert!(matches!(flush::preview(&target, DEADLINE).await, Err(Cause::Loading { .. })));
    assert!(server.wait_for("Ready to accept connections"));
    assert_eq!((size(&server, "0"), flushes(&server)), ("400".to_owned(), 0));
}
