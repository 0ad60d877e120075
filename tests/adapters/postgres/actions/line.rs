//! The kept connection: every slot taken, a restart between card and effect, a line that is cut, a server that hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quarterdeck::domain::Cause;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

#[tokio::test]
async fn with_every_slot_taken_both_work_over_the_kept_connection() {
    let server = stage(&["max_connections = 10", "superuser_reserved_connections = 2"]);
    let mut kept = ops(&server);
    preview(&mut kept, &idle(MOMENT), SessionVerb::Terminate).await;
    let mut leak = Vec::new();
    // Sessions of the superuser's tool that just ended may hold their slot a moment longer.
    while leak.len() < 7 {
        leak.extend(Guest::of(server.port(), "app", "shop", "leak").await.ok());
    }
    let refused = ops(&server).preview(&idle(MOMENT), SessionVerb::Terminate, CAP, DEADLINE).await.unwrap_err();
    assert!(matches!(refused, Cause::TooManyConnections(_)), "{refused}");
    let card = preview(&mut kept, &idle(MOMENT), SessionVerb::Terminate).await;
    assert_eq!(card.objects.len(), 7, "{card:?}");
    let fates = signal(&mut kept, &card, SessionVerb::Terminate).await;
    assert!(fates.values().all(|fate| *fate == Fate::Done), "{fates:?}");
    for guest in leak {
        assert_eq!(guest.ended().await, "57P01");
    }
    while kept.left(&card.identity, &keys(&card), SessionVerb::Cancel, DEADLINE).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    ops(&server).preview(&idle(MOMENT), SessionVerb::Terminate, CAP, DEADLINE).await.unwrap();
}

#[tokio::test]
async fn a_restart_between_card_and_effect_is_another_target() {
    let server = stage(&[]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let mut source = ops(&server);
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    server.restart();
    drop(guest);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let end = source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    assert!(matches!(&end, StepEnd::OtherTarget(what) if what.as_str().starts_with("started was")), "{end:?}");
    assert!(guest.is_alive().await);
    assert_eq!(
        source.left(&card.identity, &keys(&card), SessionVerb::Cancel, DEADLINE).await,
        Ok(0),
        "a restart ended all of them"
    );
    server.stop();
    let end = source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    assert!(matches!(end, StepEnd::Failed(Cause::Refused { .. })), "nothing was sent: {end:?}");
}

#[tokio::test]
async fn another_server_and_another_role_are_another_target() {
    let primary = stage(&[]);
    let standby = primary.standby();
    let guest = Guest::new(&standby, "app", "shop", "web").await;
    let mut there = ops(&standby);
    let on_primary = preview(&mut ops(&primary), &idle(MOMENT), SessionVerb::Terminate).await;
    let card = preview(&mut there, &idle(MOMENT), SessionVerb::Terminate).await;
    let end = there.signal(&on_primary.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    assert!(matches!(&end, StepEnd::OtherTarget(what) if what.as_str().starts_with("server was")), "{end:?}");
    let left = there.left(&on_primary.identity, &keys(&card), SessionVerb::Cancel, DEADLINE).await;
    assert!(left.unwrap_err().to_string().contains("another server"), "says nothing about the first one's sessions");
    standby.sql("postgres", "SELECT pg_promote()");
    let end = there.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    assert!(matches!(&end, StepEnd::OtherTarget(what) if what.as_str() == "role was replica, is primary"), "{end:?}");
    let nothing = quarterdeck::remediation::card::Identity::default();
    let end = there.signal(&nothing, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    assert!(matches!(end, StepEnd::OtherTarget(_)), "{end:?}");
    assert!(guest.is_alive().await);
    // On a replica it works as well.
    let card = preview(&mut there, &idle(MOMENT), SessionVerb::Terminate).await;
    assert_eq!(signal(&mut there, &card, SessionVerb::Terminate).await[&guest.id.pid], Fate::Done);
}

/// A way to a server that is cut when the answer to the effect comes back; or on which the effect is never passed on.
struct Scissors {
    port: u16,
    cut: Arc<AtomicBool>,
}

impl Scissors {
    async fn before(server: u16, pass_on: bool) -> Scissors {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                tokio::spawn(carry(near, far, Arc::clone(&flag), pass_on));
            }
        });
        Scissors { port, cut }
    }
}

async fn carry(mut near: TcpStream, mut far: TcpStream, cut: Arc<AtomicBool>, pass_on: bool) {
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            biased;
            read = near.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                let effect = up[..count].windows(24).any(|bytes| bytes == b"pg_terminate_backend(s.p");
                cut.fetch_or(effect, Ordering::SeqCst);
                if effect && !pass_on {
                    continue;
                }
                far.write_all(&up[..count]).await.unwrap();
            }
            read = far.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                if cut.load(Ordering::SeqCst) {
                    return;
                }
                near.write_all(&down[..count]).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn fault_39_a_line_cut_after_the_effect_is_unknown_and_nothing_is_sent_again() {
    let server = stage(&["log_statement = all"]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let pid = guest.id.pid;
    let line = Scissors::before(server.port(), true).await;
    let mut source = source(&format!("postgresql://ops@127.0.0.1:{}/shop?sslmode=disable", line.port));
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    let end = source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    assert!(matches!(end, StepEnd::Unknown(Cause::ConnectionLost(_))), "{end:?}");
    assert_eq!(guest.ended().await, "57P01", "it had its effect");
    until(&server, &format!("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = {pid}")).await;
    line.cut.store(false, Ordering::SeqCst);
    assert_eq!(
        source.left(&card.identity, &keys(&card), SessionVerb::Cancel, DEADLINE).await,
        Ok(0),
        "looking at it decides"
    );
    let log = std::fs::read_to_string(server.log()).unwrap();
    assert_eq!(log.matches("quarterdeck: signals sessions").count(), 1, "sent once");
}

#[tokio::test]
async fn no_answer_in_time_is_unknown_and_before_anything_was_sent_it_is_a_failure() {
    let server = stage(&[]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let line = Scissors::before(server.port(), false).await;
    let mut source = source(&format!("postgresql://ops@127.0.0.1:{}/shop?sslmode=disable", line.port));
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    let short = Duration::from_millis(400);
    let end = source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, short).await;
    assert!(matches!(end, StepEnd::Unknown(Cause::Timeout { .. })), "{end:?}");
    assert!(guest.is_alive().await);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut mute = super::source(&format!("postgresql://ops@{}/shop?sslmode=disable", silent.local_addr().unwrap()));
    let end = mute.signal(&card.identity, &keys(&card), SessionVerb::Terminate, short).await;
    assert!(matches!(end, StepEnd::Failed(Cause::Timeout { .. })), "{end:?}");
}

#[tokio::test]
async fn readings_have_their_own_patience_after_an_action() {
    let server = stage(&[]);
    let _guest = Guest::new(&server, "app", "shop", "web").await;
    let patience = "SELECT extract(epoch FROM current_setting('statement_timeout')::interval)";
    let mut source = crate::postgres::with_scalars(&url(&server, "ops", "shop"), &[patience]);
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, Duration::from_secs(2)).await;
    let reading = source.read(DEADLINE).await.unwrap();
    assert_eq!(reading.scalars[0].1, Ok(quarterdeck::domain::signal::SignalValue::Number(2.0)));
    assert!(reading.own_cost.statements > 5, "on the same connection");
}
