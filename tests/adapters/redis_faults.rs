//! The Redis source against servers that misbehave on purpose, and against refusals that reading alone never meets:
//! those are taken word for word from a real server and played back.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quarterdeck::adapters::redis::RedisSource;
use quarterdeck::config::redis_url;
use quarterdeck::config::resolved::RedisCommand;
use quarterdeck::domain::Cause;
use quarterdeck::domain::cache::CacheReading;
use quarterdeck::domain::cause::Phase;
use quarterdeck::domain::source::SignalId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::redis_server::RedisServer;

/// For what is answered at once; a test that hangs fails by it.
const DEADLINE: Duration = Duration::from_secs(20);
/// For what is never answered.
const SHORT: Duration = Duration::from_millis(250);

/// What the server does once it was asked for `INFO`.
#[derive(Clone)]
enum Then {
    /// Sends this and falls silent.
    Silence(Vec<u8>),
    /// Sends this and closes.
    Close(Vec<u8>),
    /// Sends this, then single bytes for ever.
    Drip(Vec<u8>),
    /// Sends this, then as much as it can, and counts the bytes.
    Flood(Vec<u8>, Arc<AtomicU64>),
}

struct Fake {
    port: u16,
    serving: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn fake(then: Then) -> Fake {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            hear(&mut client, b"SETNAME").await;
            let _gone = client.write_all(b"+OK\r\n").await;
            hear(&mut client, b"INFO\r\n").await;
            misbehave(client, then.clone()).await;
        }
    });
    Fake { port, serving }
}

async fn hear(client: &mut TcpStream, word: &[u8]) {
    let mut heard = Vec::new();
    while !heard.windows(word.len()).any(|w| w == word) {
        match client.read_buf(&mut heard).await {
            Ok(1..) => {}
            _ => return,
        }
    }
}

async fn misbehave(mut client: TcpStream, then: Then) {
    match then {
        Then::Close(bytes) => {
            let _gone = client.write_all(&bytes).await;
        }
        Then::Silence(bytes) => {
            let _gone = client.write_all(&bytes).await;
            let _ended = client.read(&mut [0; 64]).await;
        }
        Then::Drip(bytes) => {
            let mut alive = client.write_all(&bytes).await.is_ok();
            while alive {
                tokio::time::sleep(Duration::from_millis(5)).await;
                alive = client.write_all(b"x").await.is_ok();
            }
        }
        Then::Flood(bytes, sent) => {
            let mut alive = client.write_all(&bytes).await.is_ok();
            let piece = vec![b'x'; 64 * 1024];
            while alive {
                alive = client.write_all(&piece).await.is_ok();
                sent.fetch_add(piece.len() as u64, Ordering::SeqCst);
            }
        }
    }
}

async fn read_within(port: u16, deadline: Duration) -> Result<CacheReading, Cause> {
    let target = redis_url::parse(&format!("redis://127.0.0.1:{port}")).unwrap();
    let mut source = RedisSource::new(target, vec![]);
    tokio::time::timeout(DEADLINE, source.read(deadline)).await.expect("the deadline is kept")
}

async fn read_from(then: Then) -> Result<CacheReading, Cause> {
    let fake = fake(then).await;
    read_within(fake.port, DEADLINE).await
}

fn bulk(text: &str) -> Vec<u8> {
    format!("${}\r\n{text}\r\n", text.len()).into_bytes()
}

#[tokio::test]
async fn silence_at_every_stage_ends_at_the_deadline() {
    let timeout = |phase| Err(Cause::Timeout { phase, after: SHORT });
    let mute = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    assert_eq!(read_within(mute.local_addr().unwrap().port(), SHORT).await, timeout(Phase::Login));
    for (bytes, phase) in
        [(&b""[..], Phase::Answer), (b"$", Phase::Body), (b"$500\r\n# Server\r\nredis_ver", Phase::Body)]
    {
        let fake = fake(Then::Silence(bytes.to_vec())).await;
        assert_eq!(read_within(fake.port, SHORT).await, timeout(phase));
    }
}

#[tokio::test]
async fn a_drip_does_not_stretch_the_deadline() {
    let fake = fake(Then::Drip(b"$100000\r\n".to_vec())).await;
    let dripped = read_within(fake.port, SHORT).await;
    assert_eq!(dripped, Err(Cause::Timeout { phase: Phase::Body, after: SHORT }));
}

#[tokio::test]
async fn an_announced_half_gigabyte_is_refused_before_it_is_read() {
    let sent = Arc::new(AtomicU64::new(0));
    let fake = fake(Then::Flood(b"$536870912\r\n".to_vec(), Arc::clone(&sent))).await;
    let target = redis_url::parse(&format!("redis://127.0.0.1:{}", fake.port)).unwrap();
    let mut source = RedisSource::new(target, vec![]);
    let refused = source.read(DEADLINE).await;
    assert_eq!(refused, Err(Cause::TooLarge { what: "an answer of Redis".into(), limit: 1024 * 1024 }));
    // The connection is closed: what went out before lies in the buffers of the system, not in ours.
    drop(source);
    assert!(sent.load(Ordering::SeqCst) < 64 * 1024 * 1024, "{} bytes were taken", sent.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_line_without_end_is_refused() {
    for begin in [&b"+"[..], b"-", b":", b"$1"] {
        let sent = Arc::new(AtomicU64::new(0));
        let refused = read_from(Then::Flood(begin.to_vec(), sent)).await;
        assert!(matches!(refused, Err(Cause::TooLarge { limit: 4096, .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn broken_answers_are_said_to_be_broken() {
    let more = [bulk("role:master"), b"+extra\r\n".to_vec()].concat();
    for bytes in [
        b"*2\r\n$1\r\na\r\n$1\r\nb\r\n".to_vec(),
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        b"\0\xff\x1b[2J".to_vec(),
        b"$-9\r\n".to_vec(),
        b":1\r\n".to_vec(),
        b"$-1\r\n".to_vec(),
        bulk(""),
        bulk("no figures"),
        more,
    ] {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let said = read_from(Then::Silence(bytes)).await;
        assert!(matches!(said, Err(Cause::Protocol(_))), "{shown:?}: {said:?}");
        assert!(!said.unwrap_err().to_string().contains('\u{1b}'));
    }
    let lost = read_from(Then::Close(b"$10\r\nabc".to_vec())).await;
    assert!(matches!(lost, Err(Cause::ConnectionLost(_))), "{lost:?}");
}

#[tokio::test]
async fn a_server_that_tells_little_is_not_zero() {
    let reading = read_from(Then::Silence(bulk("redis_version:1.0\r\nkeyspace_hits:-1\r\n"))).await.unwrap();
    let figures = reading.redis.unwrap();
    assert_eq!((reading.hits, reading.misses, figures.keys, figures.used_memory), (None, None, None, None));
}

#[tokio::test]
async fn refusals_that_only_writing_meets_have_their_words_too() {
    let primary = RedisServer::start(&["--maxmemory", "1"]);
    let oom = primary.ask(&["SET", "a", "1"]);
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &primary.port.to_string()]);
    let read_only = replica.ask(&["SET", "a", "1"]);
    for (said, expected) in [(oom, Cause::OutOfMemory), (read_only, Cause::ReadOnlyReplica)] {
        assert_eq!(read_from(Then::Silence(format!("{said}\r\n").into_bytes())).await, Err(expected), "{said}");
    }
    let protected = "-DENIED Redis is running in protected mode because protected mode is enabled\r\n";
    let said = read_from(Then::Close(protected.into())).await;
    assert!(matches!(said, Err(Cause::Denied { .. })), "{said:?}");
}

#[tokio::test]
async fn a_signal_that_hangs_or_floods_does_not_pass_for_a_figure() {
    let scalar =
        RedisCommand { signal: SignalId(0), argv: ["GET", "x"].map(str::to_owned).to_vec(), interval: Duration::ZERO };
    let info = bulk("role:master\r\n");
    for (tail, expected) in [
        (&b"$3\r\n1"[..], Cause::Timeout { phase: Phase::Body, after: SHORT }),
        (b"$99999999\r\n", Cause::TooLarge { what: "an answer of Redis".into(), limit: 1024 * 1024 }),
    ] {
        let fake = fake(Then::Silence([info.as_slice(), tail].concat())).await;
        let target = redis_url::parse(&format!("redis://127.0.0.1:{}", fake.port)).unwrap();
        assert_eq!(RedisSource::new(target, vec![scalar.clone()]).read(SHORT).await, Err(expected));
    }
}

#[tokio::test]
async fn a_name_that_cannot_exist() {
    // No resolver is asked: a label of more than 63 characters is no name at all.
    let host = "x".repeat(64);
    let target = redis_url::parse(&format!("redis://{host}.invalid")).unwrap();
    let said = RedisSource::new(target, vec![]).read(DEADLINE).await.unwrap_err();
    assert!(matches!(said, Cause::NameNotFound(_)), "{said:?}");
}
