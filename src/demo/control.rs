//! The manager's door: a socket in the sample's folder, one line asked, one line of JSON answered.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt},
    net::UnixListener,
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    error::{DemoError, Doing},
    manager::Order,
};

/// Longer than the manager takes to stop and to start a service.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens the door.
pub fn open(folder: &Path) -> Result<UnixListener, DemoError> {
    UnixListener::bind(folder.join("run").join("control")).doing("open the manager's socket")
}

/// Lets one caller in after the other.
pub async fn answer(door: UnixListener, orders: mpsc::Sender<Order>) {
    while let Ok((mut caller, _)) = door.accept().await {
        let served = async {
            let mut asked = String::new();
            let (reader, mut writer) = caller.split();
            tokio::io::BufReader::new(reader.take(200)).read_line(&mut asked).await.ok()?;
            let (verb, service) = asked.trim_end().split_once(' ')?;
            let (reply, answered) = oneshot::channel();
            let order = Order::Control { verb: verb.to_owned(), service: service.to_owned(), reply };
            orders.send(order).await.ok()?;
            writer.write_all(format!("{}\n", answered.await.ok()?).as_bytes()).await.ok()
        };
        // A caller that hangs must not keep the door shut.
        let _ = timeout(PATIENCE, served).await;
    }
}

/// The body of `quarterdeck demo --control FOLDER VERB SERVICE`: the manager's line of JSON, or why it refused.
pub fn control(folder: &Path, verb: &str, service: &str) -> Result<String, DemoError> {
    let socket = folder.join("run").join("control");
    let mut stream = UnixStream::connect(&socket).doing(&format!("reach the manager at {}", socket.display()))?;
    stream.set_read_timeout(Some(PATIENCE)).doing("set a deadline")?;
    stream.write_all(format!("{verb} {service}\n").as_bytes()).doing("ask the manager")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).doing("hear the manager's answer")?;
    let said: serde_json::Value = serde_json::from_str(&answer).doing("understand the manager's answer")?;
    if said["ok"] == true {
        return Ok(answer.trim_end().to_owned());
    }
    Err(DemoError::new(format!("{verb} {service}: {}", said["error"].as_str().unwrap_or("refused"))))
}
