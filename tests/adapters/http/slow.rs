//! Faults 11 and 12: a server that takes its time. The deadline is one, over everything, and says where it passed.

use std::time::{Duration, Instant};

use quarterdeck::domain::cause::Phase;
use quarterdeck::domain::{Cause, Verdict};

use super::{probe, spec};
use crate::support::fake_http::{FakeHttp, Step};

const DEADLINE: Duration = Duration::from_millis(300);

async fn phase_of_timeout(steps: Vec<Step>) -> Phase {
    let server = FakeHttp::always(steps);
    let mut hasty = spec(&server.url("/health"));
    hasty.deadline = DEADLINE;
    let started = Instant::now();
    let reading = probe(hasty).await;
    assert!(started.elapsed() >= DEADLINE);
    assert_eq!((reading.verdict(), reading.latency), (Verdict::Down, None));
    match reading.result {
        Err(Cause::Timeout { phase, after }) if after == DEADLINE => phase,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn accepts_and_hangs() {
    assert_eq!(phase_of_timeout(vec![Step::Hang]).await, Phase::Answer);
}

#[tokio::test]
async fn headers_that_drip() {
    let head = Step::Bytes(b"HTTP/1.1 200 OK\r\n".to_vec());
    let drip = Step::Drip(b"X-A: b\r\n", Duration::from_millis(20));
    assert_eq!(phase_of_timeout(vec![head, drip]).await, Phase::Answer);
}

#[tokio::test]
async fn a_body_that_drips() {
    let head = Step::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec());
    assert_eq!(phase_of_timeout(vec![head, Step::Drip(b" ", Duration::from_millis(20))]).await, Phase::Body);
}

#[tokio::test]
async fn a_body_that_stops() {
    let head = Step::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{".to_vec());
    assert_eq!(phase_of_timeout(vec![head, Step::Hang]).await, Phase::Body);
}

#[tokio::test]
async fn a_redirect_gets_no_new_deadline() {
    let server = FakeHttp::start(|head| {
        let line = Step::Bytes(b"HTTP/1.1 200 OK\r\n".to_vec());
        let drip = Step::Drip(b"X: y\r\n", Duration::from_millis(10));
        let to = b"HTTP/1.1 302 x\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n".to_vec();
        if head.starts_with("GET /again") { vec![line, drip] } else { vec![Step::Bytes(to)] }
    });
    let mut hasty = spec(&server.url("/health"));
    hasty.deadline = DEADLINE;
    let cause = probe(hasty).await.result.unwrap_err();
    assert_eq!(cause, Cause::Timeout { phase: Phase::Answer, after: DEADLINE });
}

#[tokio::test]
async fn nobody_takes_the_connection() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(taken) =
        tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(address)).await
    {
        waiting.push(taken.unwrap());
        assert!(waiting.len() < 64, "the queue of the listener fills");
    }
    let mut hasty = spec(&format!("http://{address}/health"));
    hasty.deadline = DEADLINE;
    let cause = probe(hasty).await.result.unwrap_err();
    assert_eq!(cause, Cause::Timeout { phase: Phase::Connect, after: DEADLINE });
}
