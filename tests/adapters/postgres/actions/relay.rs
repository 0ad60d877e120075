//! A way to a server that a test can cut so that only our side notices, hold up before a statement, and let tell other process
//! ids than the server's.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Only a failure reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Default)]
struct Rules {
    /// What has this in it waits.
    held: Option<&'static str>,
    /// The process id that sessions believe to have.
    alias: Option<i32>,
    cuts: usize,
    noticed: usize,
}

/// What went through from the client's side.
#[derive(Clone, Copy, Default)]
struct Seen {
    held: usize,
    looks: usize,
}

pub struct Relay {
    port: u16,
    rules: Arc<watch::Sender<Rules>>,
    seen: Arc<watch::Sender<Seen>>,
    listens: JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.listens.abort();
    }
}

impl Relay {
    pub async fn to(server: u16) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (rules, seen) =
            (Arc::new(watch::Sender::new(Rules::default())), Arc::new(watch::Sender::new(Seen::default())));
        let (told, tells) = (Arc::clone(&rules), Arc::clone(&seen));
        let listens = tokio::spawn(async move {
            let mut all = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                all.spawn(carry(client, server, told.subscribe(), Arc::clone(&tells)));
            }
        });
        Relay { port, rules, seen, listens }
    }

    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgresql://{user}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// Sessions that begin from now on believe to have this process id.
    pub fn is_told(&self, pid: i32) {
        self.rules.send_modify(|rules| rules.alias = Some(pid));
    }

    /// What has these words in it waits, or nothing does.
    pub fn holds(&self, words: Option<&'static str>) {
        self.rules.send_modify(|rules| rules.held = words);
    }

    /// Until something waits.
    pub async fn has_held(&self) {
        self.until(|seen| seen.held > 0).await;
    }

    /// How often it was looked who has a turn.
    pub fn looks(&self) -> usize {
        self.seen.borrow().looks
    }

    /// Until it was looked so often.
    pub async fn has_looked(&self, times: usize) {
        self.until(|seen| seen.looks >= times).await;
    }

    async fn until(&self, is: impl Fn(&Seen) -> bool) {
        let mut seen = self.seen.subscribe();
        tokio::time::timeout(PATIENCE, seen.wait_for(is)).await.expect("it never came").unwrap();
    }

    /// Cuts every connection that there is; the server's side stays open.
    pub fn cut(&self) {
        self.rules.send_modify(|rules| rules.cuts += 1);
    }

    /// The server notices.
    pub fn is_noticed(&self) {
        self.rules.send_modify(|rules| rules.noticed += 1);
    }
}

async fn carry(
    client: TcpStream,
    server: TcpStream,
    mut rules: watch::Receiver<Rules>,
    seen: Arc<watch::Sender<Seen>>,
) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let start = *rules.borrow_and_update();
    let (pid, own) = (watch::Sender::new(None), rules.clone());
    let mut parked = rules.clone();
    {
        let (mut to_server, mut from_server) = (to_server, from_server);
        tokio::select! {
            () = forth(from_client, &mut to_server, own, pid.subscribe(), start.alias, &seen) => return,
            () = back(&mut from_server, to_client, &pid, start.alias) => return,
            _cut = rules.wait_for(|now| now.cuts > start.cuts) => {}
        }
        // The halves of our side are gone; those of the server's stay.
        let _noticed = parked.wait_for(|now| now.noticed > start.noticed).await;
    }
}

async fn forth(
    mut from: OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    mut rules: watch::Receiver<Rules>,
    real: watch::Receiver<Option<i32>>,
    alias: Option<i32>,
    seen: &watch::Sender<Seen>,
) {
    let mut bytes = vec![0; 65536];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let mut sent = bytes[..count].to_vec();
        if has(&sent, "which other sessions hold a lock of actions") {
            seen.send_modify(|seen| seen.looks += 1);
        }
        let waits = |rules: &Rules| rules.held.is_some_and(|words| has(&sent, words));
        if waits(&rules.borrow()) {
            seen.send_modify(|seen| seen.held += 1);
            if rules.wait_for(|rules| !waits(rules)).await.is_err() {
                return;
            }
        }
        if let (Some(alias), Some(real)) = (alias, *real.borrow()) {
            renamed(&mut sent, alias, real);
        }
        if to.write_all(&sent).await.is_err() {
            return;
        }
    }
}

async fn back(from: &mut OwnedReadHalf, mut to: OwnedWriteHalf, real: &watch::Sender<Option<i32>>, alias: Option<i32>) {
    let mut bytes = vec![0; 65536];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let mut sent = bytes[..count].to_vec();
        let key = [b'K', 0, 0, 0, 12];
        if real.borrow().is_none()
            && let Some(at) = sent.windows(key.len()).position(|part| part == key)
        {
            real.send_replace(Some(i32::from_be_bytes(sent[at + 5..at + 9].try_into().unwrap())));
        }
        if let (Some(alias), Some(real)) = (alias, *real.borrow()) {
            renamed(&mut sent, real, alias);
        }
        if to.write_all(&sent).await.is_err() {
            return;
        }
    }
}

/// Another process id, where one stands by itself: as a value of four bytes, or in the key that a login tells.
fn renamed(bytes: &mut [u8], from: i32, to: i32) {
    for length in [4, 12] {
        let mut wanted = vec![0, 0, 0, length];
        wanted.extend(from.to_be_bytes());
        for at in 0..bytes.len().saturating_sub(7) {
            if bytes[at..at + 8] == wanted {
                bytes[at + 4..at + 8].copy_from_slice(&to.to_be_bytes());
            }
        }
    }
}

fn has(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|part| part == words.as_bytes())
}
