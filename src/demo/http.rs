//! The smallest HTTP/1.1 client that serves the sample's own traffic: one request per connection, loopback only.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::error::{DemoError, Doing};

/// No answer of the sample is larger.
const LARGEST: u64 = 1024 * 1024;

/// Asks `method path` of a port on 127.0.0.1; the status and the body, or why there is none.
pub async fn ask(port: u16, method: &str, path: &str, deadline: Duration) -> Result<(u16, String), DemoError> {
    let asked = timeout(deadline, exchange(port, method, path)).await;
    asked.map_err(|_elapsed| DemoError::new(format!("no answer within {} ms", deadline.as_millis())))?
}

async fn exchange(port: u16, method: &str, path: &str) -> Result<(u16, String), DemoError> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.doing(&format!("connect to 127.0.0.1:{port}"))?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: sample-load\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.doing("send a request")?;
    let mut answer = Vec::new();
    stream.take(LARGEST).read_to_end(&mut answer).await.doing("read an answer")?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split_ascii_whitespace().nth(1).and_then(|code| code.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    status.map(|status| (status, body.to_owned())).ok_or_else(|| DemoError::new("the answer is not HTTP"))
}
